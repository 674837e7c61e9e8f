"""Moves: each change of the closing day, and of the amount, of a deal while it was open (O4, O7)."""

from __future__ import annotations

from math import lcm

import attrs
import numpy as np

from ...errors import HistoryUnavailable, TableNotFound
from ...evaluate import Scope, local_day
from ...evaluate.arithmetic import scaled
from ...evaluate.pricing import converted
from ...table.column import Array, Column, Mask
from ...table.currencies import check_one_currency, currencies_of
from ...table.history import Log, logs_of
from ...table.table import Table
from ..view import Rows, View

__all__ = ["Moves", "amount_moves", "date_moves"]


@attrs.frozen(slots=True, eq=False)
class Moves:
    """Changes of one column, by deal and in the order in which they happened.

    Args:
        deal: the place of the deal among the rows; ascending.
        day: the local day of the change.
        old: the value before: a day, or an amount.
        new: the value after.
        scale: amounts are old / scale.
    """

    deal: Array
    day: Array
    old: Array
    new: Array
    scale: int = 1

    def __len__(self) -> int:
        return len(self.deal)

    def select(self, kept: Array) -> Moves:
        """Return some of them."""
        return Moves(self.deal[kept], self.day[kept], self.old[kept], self.new[kept], self.scale)


def date_moves(view: View, rows: Rows) -> Moves:
    """Return where the day on which an open deal is expected to close went from one day to another.

    A first date, and one that is taken away, is no move.

    Args:
        view: with opportunities and changes.
        rows: the deals.

    Raises:
        TableNotFound: no table of changes.
        HistoryUnavailable: a source that knows the last change alone.
    """
    found = _changes(view, rows, "expected_close")
    if found is None:
        return _none()
    log, deal = found
    days = local_day(log.pool, view.scope.zone)
    old, new = days.data[log.old].astype(np.int64), days.data[log.new].astype(np.int64)
    known = days.present()
    moved = known[log.old] & known[log.new] & (old != new)
    return Moves(deal, _days(log, view.scope), old, new).select(np.flatnonzero(moved))


def amount_moves(view: View, rows: Rows) -> Moves:
    """Return where the amount of an open deal changed; one that was, or is, missing is 0 (W1, M3).

    Raises:
        TableNotFound: no table of changes.
        HistoryUnavailable: a source that knows the last change alone.
        CurrencyError: amounts of several currencies, and no rates (M2).
    """
    found = _changes(view, rows, "amount")
    if found is None or not len(found[0]):
        return _none()
    log, deal = found
    days = _days(log, view.scope)
    sides = [_priced(log.pool.take(side), days, view.scope) for side in (log.old, log.new)]
    check_one_currency("amounts changed", currencies_of(*sides))
    scale = lcm(*(side.scale for side in sides))
    old, new = (np.where(side.present(), scaled(side, scale), 0) for side in sides)
    return Moves(deal, days, old, new, scale).select(np.flatnonzero(old != new))


def _none() -> Moves:
    nothing = np.zeros(0, np.int64)
    return Moves(nothing, nothing, nothing, nothing)


def _changes(view: View, rows: Rows, field: str) -> tuple[Log, Array] | None:
    """Return the changes of a field of the rows after which the deal was open, and the deal of each."""
    scope = view.scope
    if "change" not in scope.tables:
        raise TableNotFound("change", scope.tables, hint="moves are read from the changes of deals (S5)")
    if f"opportunity.{field}" in scope.tables["change"].last_only:
        raise HistoryUnavailable(
            f"the source keeps only the last change of opportunity.{field}: how often it was moved is unavailable (S5)"
        )
    logs = logs_of(scope.tables, scope.zone).get("opportunity", {})
    log = logs.get(field)
    if log is None:
        return None
    size = len(log.before)
    place = np.full(size, -1)
    here = np.arange(len(rows.table)) if rows.places is None else rows.places
    place[here] = np.arange(len(here))
    kept: Mask = place[log.rows] >= 0
    kept[kept] = _open_after(logs.get("outcome"), rows.table, log.select(kept), scope)
    mine = log.select(kept)
    return mine, place[mine.rows]


def _open_after(outcome: Log | None, deals: Table, changes: Log, scope: Scope) -> Mask:
    """Return after which of the changes the deal was open."""
    if outcome is None:
        column = deals["outcome"]
        still: Mask = (column.data == column.index.get("open", -1))[changes.rows]
        if "closed_at" not in deals:
            return still
        closed = deals["closed_at"]
        data = closed.data[changes.rows]
        later = data > (changes.at if closed.kind == "instant" else _days(changes, scope))
        found: Mask = still | (closed.present()[changes.rows] & later)
        return found
    instants, points = np.unique(changes.at, return_inverse=True)
    codes = outcome.pool.data[outcome.at_points(changes.rows, points, instants)]
    open_then: Mask = codes == outcome.pool.index.get("open", -1)
    return open_then


def _days(log: Log, scope: Scope) -> Array:
    found: Array = local_day(Column("instant", log.at), scope.zone).data
    return found.astype(np.int64)


def _priced(amounts: Column, days: Array, scope: Scope) -> Column:
    """Return amounts at the rates of the day of the change."""
    if scope.rates is None or amounts.currency is None:
        return amounts
    table = Table("change", {"at": Column("day", days.astype(np.int32)), "amount": amounts})
    return converted(amounts, "at", table, scope)
