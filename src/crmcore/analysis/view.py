"""View: a dataset as an analysis sees it: from one instant, the rows that a condition keeps, in one currency."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import attrs
import numpy as np

from ..algebra.columns import Expr, col
from ..errors import ArgumentError, CurrencyError, TableNotFound
from ..evaluate import Scope, as_key, evaluate, holds, local_day
from ..evaluate.pricing import priced
from ..metric import Metric
from ..state.result import Result
from ..table.column import Array, Column, Mask
from ..table.table import Table
from ..table.views import existence

__all__ = ["Rows", "Run", "View"]


class Run(Protocol):
    """Measures metrics on the view's data, condition and instant."""

    def __call__(
        self,
        metrics: str | Metric | Iterable[str | Metric],
        *,
        by: str | Expr | Iterable[str | Expr] = (),
        per: str | None = None,
        where: Expr | None = None,
        interval: bool | float = False,
    ) -> Result: ...


@attrs.frozen(slots=True, eq=False)
class View:
    """What an analysis works on.

    Args:
        scope: the tables as seen from `scope.as_of`, with zone, calendar and rates.
        where: a condition on the rows of every table that is read.
        measure: measures metrics of the workspace on the same data, condition and instant.
    """

    scope: Scope
    where: Expr | None
    measure: Run

    def __contains__(self, table: str) -> bool:
        return table in self.scope.tables

    def rows(self, table: str, *, at: str | None = None, where: Expr | None = None) -> Rows:
        """Return the rows of a table that both conditions keep.

        Args:
            table: its name.
            at: the date column at whose rates amounts are converted (M2); None for those of as_of.
            where: a further condition.

        Raises:
            TableNotFound: no such table in the dataset.
            ArgumentError: a condition that is none.
        """
        if table not in self.scope.tables:
            raise TableNotFound(table, self.scope.tables, where="in the dataset")
        found = priced(self.scope.tables[table], at, self.scope)
        return self._kept(found, None, where)

    def undated(self, table: str, *, where: Expr | None = None) -> Rows:
        """Return the rows without a date that a view of the past has not (O9), to be counted among what is left out.

        A view of today has them, among its `rows`; then there are none here.
        """
        whole, seen = self.scope.known[table], self.scope.tables[table]
        made, here = existence(whole), existence(seen)
        if made is None or here is None or made.nulls == here.nulls:
            return Rows(seen, self.scope, np.empty(0, np.int64))
        return self._kept(whole, ~made.present(), where)

    def _kept(self, found: Table, keep: Mask | None, where: Expr | None) -> Rows:
        """Return the rows of a table that are kept so far, and by both conditions."""
        for condition in (self.where, where):
            if condition is not None and not isinstance(condition, Expr):
                raise ArgumentError(f"a condition is such as col('kind') == 'clicked', got {condition!r}")
            if condition is not None:
                mask = holds(condition, found, self.scope)
                keep = mask if keep is None else keep & mask
        places = None if keep is None or keep.all() else np.flatnonzero(keep)
        return Rows(found, self.scope, places)


@attrs.frozen(slots=True, eq=False)
class Rows:
    """Some rows of a table, with the values of expressions on them."""

    table: Table
    scope: Scope
    places: Array | None

    def __len__(self) -> int:
        return len(self.table) if self.places is None else int(self.places.size)

    def values(self, expr: str | Expr) -> Column:
        """Return the value of a column or expression for each row."""
        return self._taken(evaluate(_column(expr), self.table, self.scope))

    def key(self, expr: str | Expr) -> Column:
        """Return a column or expression as codes into labels; code 0 is blank."""
        found = _column(expr)
        return self._taken(as_key(evaluate(found, self.table, self.scope), self.table, found.key))

    def days(self, expr: str | Expr) -> Column:
        """Return the local day of a date per row (T1)."""
        return self._taken(local_day(evaluate(_column(expr), self.table, self.scope), self.scope.zone))

    def amounts(self, expr: str | Expr = "amount") -> Column:
        """Return amounts, which are all of one currency or of none.

        Raises:
            CurrencyError: amounts of several currencies (M2).
        """
        column = self.values(expr)
        if isinstance(column.currency, Column):
            used = np.unique(column.currency.data[column.present()])
            if used.size > 1:
                names = ", ".join(str(column.currency.labels[c] or "none") for c in used.tolist())
                raise CurrencyError(
                    f"{expr!r} of table {self.table.name!r} has amounts in several currencies ({names}); give rates to a "
                    "workspace with a currency, or keep one of them by a condition on it, such as col('currency') == 'EUR' (M2)"
                )
        return column

    def ids(self) -> list[object]:
        """Return the id of each row."""
        column = self.values("id")
        return column.data.tolist() if column.kind != "key" else [column.labels[c] for c in column.data.tolist()]

    def _taken(self, column: Column) -> Column:
        return column if self.places is None else column.take(self.places)


def _column(expr: object) -> Expr:
    if not isinstance(expr, (str, Expr)):
        raise ArgumentError(f"{expr!r} is no column, such as 'account', and no expression, such as day('at')")
    return col(expr) if isinstance(expr, str) else expr
