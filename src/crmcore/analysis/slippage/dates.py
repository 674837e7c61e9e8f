"""Dates: pushes, pulls and changes of amounts, by the period in which they were made (O7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...algebra.columns import Expr
from ...calendars import Period
from ...errors import ArgumentError
from ...state.listing import Fact, Heading, Listing, Values
from ...state.operand import NOTHING, Operand, ratio
from ...state.sums import sums_by
from ...table.column import Array
from ..grouped import groups_of
from .moves import Moves, amount_moves, date_moves

if TYPE_CHECKING:
    from ..view import View

__all__ = ["close_date_moves", "later_period"]

PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
PUSHES = Heading("pushes", "count", {"en": "Pushes", "zh": "推迟次数"})
PULLS = Heading("pulls", "count", {"en": "Pulls", "zh": "提前次数"})
PUSHED = Heading("deals_pushed", "count", {"en": "Deals pushed", "zh": "推迟商机数"})
DAYS_PUSHED = Heading("days_pushed", "count", {"en": "Days pushed", "zh": "推迟天数"})
DAYS_PULLED = Heading("days_pulled", "count", {"en": "Days pulled", "zh": "提前天数"})
MEAN = Heading("mean_days", "days", {"en": "Mean shift (days)", "zh": "平均移动天数"})
INCREASES = Heading("increases", "count", {"en": "Increases", "zh": "增额次数"})
DECREASES = Heading("decreases", "count", {"en": "Decreases", "zh": "减额次数"})
INCREASED = Heading("increased", "money", {"en": "Increased by", "zh": "增加金额"})
DECREASED = Heading("decreased", "money", {"en": "Decreased by", "zh": "减少金额"})
MOST = 5_000
_ASKED = {
    "en": "Every move counts, also one that was taken back; a waterfall shows what remains of them.",
    "zh": "每次变更均计入，包括后来撤回的；瀑布分析只显示净结果。",
}


def close_date_moves(
    view: View, *, per: str = "month", by: str | Expr | tuple[str | Expr, ...] = (), across: str = "day"
) -> Listing:
    """Count how often, and how far, the closing dates and amounts of open deals were moved in each period.

    mean shift = (days pushed - days pulled) / (pushes + pulls)

    Args:
        view: with opportunities and changes.
        per: the kind of period in which the moves were made: day, week, month, quarter, year ...
        by: columns or expressions of the deal as it is at as_of.
        across: a push leads to a later period of this kind, a pull to an earlier one: "day" for any other date, "month" as
            Salesforce counts pushes.

    Returns: a row per group and period, from the first move to as_of. A first date, and one that is taken away, is no move,
        nor is what changes with or after the close. A missing amount is 0.

    Raises:
        TableNotFound: no opportunities, or no changes.
        HistoryUnavailable: a source that knows the last change alone.
        ArgumentError: no such kind of period, or too many of them.
        CurrencyError: amounts of several currencies.

    Rules: O4, O7, O8, S5, T1, T7, M2, M3

    Source: T13; Salesforce.
    """
    calendar = view.scope.calendar
    for grain in (per, across):
        calendar.axis(grain)
    rows = view.rows("opportunity")
    groups = groups_of(rows, by)
    dates, amounts = date_moves(view, rows), amount_moves(view, rows)
    way = later_period(dates, view, across)
    dates, way = dates.select(np.flatnonzero(way)), way[way != 0]
    days = np.concatenate([dates.day, amounts.day])
    moment = view.scope.as_of
    last = int(days.max(initial=0)) if moment is None else moment.day
    periods = calendar.periods(int(days.min()), max(last, int(days.max())), per) if days.size else []
    if len(periods) > MOST:
        raise ArgumentError(f"per={per!r} makes {len(periods):,} periods; {MOST:,} are the most: take longer ones")
    used = np.unique(np.concatenate([groups.code[dates.deal], groups.code[amounts.deal]])).tolist()
    cells = _Cells(groups.code, used, periods)
    sign, shift = np.sign(dates.new - dates.old), dates.new - dates.old
    pushes, pulls = cells.sum(dates, sign > 0), cells.sum(dates, sign < 0)
    pushed, pulled = cells.sum(dates, np.maximum(shift, 0)), cells.sum(dates, np.maximum(-shift, 0))
    change = _difference(amounts)
    shown = [(g, p) for g in range(len(used)) for p in range(len(periods))]
    columns: list[tuple[Heading, Values]] = [
        *groups.columns([used[g] for g, _ in shown]),
        (PERIOD, [periods[p].label for _, p in shown]),
        (PUSHES, pushes),
        (PULLS, pulls),
        (PUSHED, cells.different(dates, sign > 0)),
        (DAYS_PUSHED, pushed),
        (DAYS_PULLED, pulled),
        (MEAN, ratio(Operand(pushed - pulled), Operand(pushes + pulls), NOTHING)),
        (INCREASES, cells.sum(amounts, change > 0)),
        (DECREASES, cells.sum(amounts, change < 0)),
        (INCREASED, Operand(cells.sum(amounts, np.where(change > 0, change, 0)), amounts.scale)),
        (DECREASED, Operand(cells.sum(amounts, np.where(change < 0, -change, 0)), amounts.scale)),
    ]
    facts = [
        Fact("deals_pushed", np.unique(dates.deal[sign > 0]).size, "count", PUSHED.labels),
        Fact("pushes", int(pushes.sum()), "count", PUSHES.labels),
        Fact("pulls", int(pulls.sum()), "count", PULLS.labels),
    ]
    return Listing(columns, facts=facts, notes=[_ASKED])


def later_period(moves: Moves, view: View, across: str) -> Array:
    """Return which moves lead to another period of a kind."""
    if across == "day" or not len(moves):
        return np.ones(len(moves), bool)
    different, place = np.unique(np.concatenate([moves.old, moves.new]), return_inverse=True)
    starts = np.array([view.scope.calendar.period(day, across).start for day in different.tolist()])[place]
    found: Array = starts[: len(moves)] != starts[len(moves) :]
    return found


def _difference(moves: Moves) -> Array:
    wide = moves.new if moves.new.dtype == object else moves.new.astype(object)
    exact: Array = wide - moves.old
    small = all(abs(v) < 2**62 for v in exact.tolist())
    return exact.astype(np.int64) if small else exact


class _Cells:
    """Groups x periods, into which moves are summed."""

    def __init__(self, code: Array, used: list[int], periods: list[Period]) -> None:
        self.code, self.used, self.width = code, np.array(used, np.int64), max(len(periods), 1)
        self.starts = np.array([p.start for p in periods], np.int64)
        self.size = len(used) * len(periods)

    def keys(self, moves: Moves) -> Array:
        group = np.searchsorted(self.used, self.code[moves.deal])
        found: Array = group * self.width + np.searchsorted(self.starts, moves.day, side="right") - 1
        return found

    def sum(self, moves: Moves, values: Array) -> Array:
        data = values.astype(np.int64) if values.dtype == bool else values
        return sums_by(self.keys(moves), data, self.size)

    def different(self, moves: Moves, which: Array) -> Array:
        keys = self.keys(moves)[which]
        pairs = np.unique(np.stack([keys, moves.deal[which]], axis=1), axis=0)
        return sums_by(pairs[:, 0], np.ones(len(pairs), np.int64), self.size)
