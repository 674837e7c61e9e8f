"""Rows: some rows of a table, with the values of expressions on them."""

from __future__ import annotations

import attrs
import numpy as np

from ..algebra.columns import Expr, col
from ..errors import ArgumentError
from ..table.column import Array, Column, Mask
from ..table.currencies import check_one_currency, currencies_of
from ..table.table import Table
from .columns import evaluate, holds
from .keys import as_key
from .moments import local_day
from .scope import Scope

__all__ = ["Rows", "rows_of"]


def rows_of(table: Table, scope: Scope, *conditions: Expr | None, keep: Mask | None = None) -> Rows:
    """Return the rows of a table that all conditions keep.

    Args:
        table: whose rows.
        scope: what the conditions may look at.
        conditions: None keeps all.
        keep: the rows that are kept before; None for all.

    Raises:
        ArgumentError: a condition that is none.
    """
    for condition in conditions:
        if condition is None:
            continue
        if not isinstance(condition, Expr):
            raise ArgumentError(f"a condition is such as col('kind') == 'clicked', got {condition!r}")
        mask = holds(condition, table, scope)
        keep = mask if keep is None else keep & mask
    return Rows(table, scope, None if keep is None or keep.all() else np.flatnonzero(keep))


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
        check_one_currency(f"{expr!r} of table {self.table.name!r} has amounts", currencies_of(column))
        return column

    def ids(self) -> list[object]:
        """Return the id of each row."""
        column = self.values("id")
        return column.data.tolist() if column.kind != "key" else [column.labels[c] for c in column.data.tolist()]

    def at(self, places: Array) -> Rows:
        """Return some of the rows, by their positions among them."""
        return Rows(self.table, self.scope, places if self.places is None else self.places.take(places))

    def as_table(self) -> Table:
        """Return the rows as a table of their own."""
        return self.table if self.places is None else self.table.select(self.places)

    def _taken(self, column: Column) -> Column:
        return column if self.places is None else column.take(self.places)


def _column(expr: object) -> Expr:
    if not isinstance(expr, (str, Expr)):
        raise ArgumentError(f"{expr!r} is no column, such as 'account', and no expression, such as day('at')")
    return col(expr) if isinstance(expr, str) else expr
