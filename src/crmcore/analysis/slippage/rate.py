"""Rate: of the deals that were to close in a period, how many moved out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...calendars import Period, date_of
from ...state.listing import Heading, Listing, Values
from ...state.operand import ZERO, Operand, ratio
from ...table.column import Array
from ...table.table import table_named
from ..choices import whole
from ..waterfall import BARS, booked, check_history, states_of
from ..waterfall.states import OPEN as OPEN_NOW

if TYPE_CHECKING:
    from ..view import View

__all__ = ["slip_rate"]

PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
DUE = Heading("due", "count", {"en": "Due at the start", "zh": "期初应成交商机数"})
CLOSED = Heading("closed", "count", {"en": "Closed", "zh": "已关闭"})
SLIPPED = Heading("slipped", "count", {"en": "Slipped", "zh": "推迟商机数"})
PULLED = Heading("pulled_out", "count", {"en": "Pulled out to earlier", "zh": "提前商机数"})
OPEN = Heading("still_open", "count", {"en": "Still open in it", "zh": "期末仍未关闭"})
DUE_VALUE = Heading("due_value", "money", {"en": "Value due", "zh": "期初应成交金额"})
SLIPPED_VALUE = Heading("slipped_value", "money", {"en": "Value slipped", "zh": "推迟金额"})
RATE = Heading("slip_rate", "ratio", {"en": "Slip rate", "zh": "推迟率"})
RATE_VALUE = Heading("slip_rate_by_value", "ratio", {"en": "Slip rate by value", "zh": "推迟率（按金额）"})
_RUNS = {
    "en": "The last period is not over: more of its deals can still slip.",
    "zh": "最后一个期间尚未结束：其商机仍可能推迟。",
}
_OUT, _EARLIER = ("pushed_out", "undated"), "pulled_out"


def slip_rate(view: View, *, per: str = "quarter", last: int = 4) -> Listing:
    """Follow the deals that were to close in each period: how many slipped out of it, in count and in value.

    slip rate = slipped / due at the start; by value, what slipped at its last amount / what was due

    Args:
        view: with opportunities; without changes nothing moves.
        per: the kind of period: month, quarter, year ...
        last: the number of periods, the one of as_of included.

    Returns: a row per period: the deals open at its start and expected to close in it; of these, those closed, pushed to later
        or left without a date, pulled to earlier, removed, and still open in it at its end. They are the bars of the waterfall
        of the period, but that a deal that closed has not slipped, whatever day it was expected on.

    Undefined when: nothing was due; then there is no rate.

    Raises:
        ArgumentError: no such kind of period, or a number that is none.
        CurrencyError: amounts of several currencies.
        HistoryUnavailable: a source that knows the last change alone (S5).

    Rules: W1, S5, R1, R2, R5, T1, M2, M3

    Source: Q11.
    """
    calendar, moment = view.scope.calendar, view.scope.as_of
    calendar.axis(per)
    table_named(view.scope.tables, "opportunity")
    check_history(view, ("expected_close", "amount"))
    count = whole("last", last, least=1)
    if moment is None:
        return _listing([], [], np.zeros((0, 9), object), [])
    periods = [calendar.period(moment.day, per)]
    while len(periods) < count:
        periods.insert(0, calendar.period(periods[0].start - 1, per))
    found = [_counted(view, period, moment.day) for period in periods]
    scales = [scale for _, scale in found]
    runs = moment.day < periods[-1].stop - 1
    return _listing(periods, scales, np.array([numbers for numbers, _ in found], object), [_RUNS] if runs else [])


def _counted(view: View, period: Period, today: int) -> tuple[list[int], int]:
    """Return the numbers of a period, and the scale of its amounts."""
    early = view.at(date_of(period.start - 1))
    late = view if today < period.stop - 1 else view.at(date_of(period.stop - 1))
    states = states_of(early, late, period, (), "amount")
    ledger = booked(states)

    def of(bar: str, *causes: str) -> Array:
        chosen: Array = ledger.bar == BARS.index(bar)
        if causes:
            chosen &= np.isin(ledger.cause, [ledger.causes.index(cause) for cause in causes])
        return chosen

    start = of("start")
    was = np.zeros(len(states), bool)
    was[ledger.deal[start]] = True
    # who closed has not slipped, whatever day stands in the deal
    ended = (states.end.outcome > OPEN_NOW)[ledger.deal]
    out, pulled = of("moved_out", *_OUT), of("moved_out", _EARLIER)
    closed = of("won") | of("lost") | of("abandoned") | ((out | pulled) & ended)
    out, pulled = out & ~ended, pulled & ~ended
    sums = [
        int(start.sum()),
        int((closed & was[ledger.deal]).sum()),
        int(out.sum()),
        int(pulled.sum()),
        int((of("end") & was[ledger.deal]).sum()),
        sum(ledger.value[start].tolist()),
        sum(ledger.value[out].tolist()),
    ]
    return sums, states.scale


def _listing(periods: list[Period], scales: list[int], numbers: Array, notes: list[dict[str, str]]) -> Listing:
    def counts(place: int) -> Array:
        return np.array([int(row[place]) for row in numbers.tolist()], np.int64)

    scale = int(np.lcm.reduce(scales)) if scales else 1

    def values(place: int) -> Operand:
        exact = [int(row[place]) * (scale // own) for row, own in zip(numbers.tolist(), scales, strict=True)]
        return Operand(np.array(exact, object), scale)

    due, slipped = Operand(counts(0)), Operand(counts(2))
    columns: list[tuple[Heading, Values]] = [
        (PERIOD, [p.label for p in periods]),
        (DUE, counts(0)),
        (CLOSED, counts(1)),
        (SLIPPED, counts(2)),
        (PULLED, counts(3)),
        (OPEN, counts(4)),
        (DUE_VALUE, values(5)),
        (SLIPPED_VALUE, values(6)),
        (RATE, ratio(slipped, due, ZERO)),
        (RATE_VALUE, ratio(values(6), values(5), ZERO)),
    ]
    return Listing(columns, notes=notes)
