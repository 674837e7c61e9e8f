"""View: a dataset as an analysis sees it: from one instant, the rows that a condition keeps, in one currency."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..errors import TableNotFound
from ..evaluate import Scope
from ..evaluate.pricing import priced
from ..evaluate.rows import Rows, rows_of
from ..metric import Metric
from ..state.result import Result
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


class Past(Protocol):
    """Gives the view's data as seen from another instant, with what the view knows, or with what was known then (O8)."""

    def __call__(self, moment: date, *, known: date = ...) -> Scope: ...


@attrs.frozen(slots=True, eq=False)
class View:
    """What an analysis works on.

    Args:
        scope: the tables as seen from `scope.as_of`, with zone, calendar and rates.
        where: a condition on the rows of every table that is read.
        measure: measures metrics of the workspace on the same data, condition and instant.
        past: the tables as seen from another instant.
    """

    scope: Scope
    where: Expr | None
    measure: Run
    past: Past

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
        return rows_of(found, self.scope, self.where, where)

    def at(self, moment: date) -> View:
        """Return the view from another instant, a date (its end) or an aware datetime, with the knowledge of this one (O8).

        Raises:
            ArgumentError: no instant.
        """
        return attrs.evolve(self, scope=self.past(moment))

    def known_at(self, moment: date) -> View:
        """Return the view from another instant, with the knowledge of that one, but no more than this view has (F3).

        Its `measure` stays that of this view.

        Raises:
            ArgumentError: no instant.
        """
        scope, mine = self.past(moment, known=moment), self.scope.as_of
        if mine is not None and scope.as_of is not None and mine.learnt < scope.as_of.instant:
            scope = self.past(moment)
        return attrs.evolve(self, scope=scope)

    def undated(self, table: str, *, where: Expr | None = None) -> Rows:
        """Return the rows without a date that a view of the past has not (O9), to be counted among what is left out.

        A view of today has them, among its `rows`; then there are none here.
        """
        whole, seen = self.scope.known[table], self.scope.tables[table]
        made, here = existence(whole), existence(seen)
        if made is None or here is None or made.nulls == here.nulls:
            return Rows(seen, self.scope, np.empty(0, np.int64))
        return rows_of(whole, self.scope, self.where, where, keep=~made.present())
