"""Cycles: of each deal, how long it was followed from its creation, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..domain import OUTCOMES
from ..evaluate.moments import constant
from ..state.listing import Fact
from ..table.column import Array
from ..table.dates import micros
from .clock import Clock
from .coded import DAYS
from .grouped import By, Groups, groups_of
from .instants import instant_of

if TYPE_CHECKING:
    from .view import View

__all__ = ["Cycles", "beginning", "cycles_of"]

_LEFT_OUT = {
    "undated": ("Deals without a creation date, left out", "无创建日期商机（未计入）"),
    "closed_undated": ("Closed deals without a close date, left out", "无关闭日期的已关闭商机（未计入）"),
    "without_outcome": ("Deals without an outcome, left out", "无结果商机（未计入）"),
    "negative": ("Deals closed before they were created, left out", "关闭早于创建的商机（未计入）"),
    "closed_before_since": ("Deals closed before the records begin, left out", "记录开始前已关闭的商机（未计入）"),
}


@attrs.frozen(slots=True, eq=False)
class Cycles:
    """Deals with how long they were followed.

    Args:
        time: microseconds from creation to close, or to the instant of the view.
        entry: the age after which it was in the records; 0 for those that were followed from their creation, age 0 included.
        cause: what became of it: 0 open, 1 won, 2 lost, 3 abandoned.
        group: number of its group in `groups`.
        groups: their labels.
        late: how many entered late.
        left_out: how many deals were left out, by reason.
    """

    time: Array
    entry: Array
    cause: Array
    group: Array
    groups: Groups
    late: int
    left_out: dict[str, int]

    def parts(self) -> list[Array]:
        """Return the rows of each group that has some."""
        order = np.argsort(self.group, kind="stable")
        edges = np.flatnonzero(np.diff(self.group[order], prepend=-1))
        return np.split(order, edges[1:]) if len(order) else []

    def facts(self, days: str) -> list[Fact]:
        """Return how days are counted, and what was left out."""
        return [
            Fact("days", days, "label", {"en": "Days", "zh": "天数口径"}, values=DAYS),
            Fact("late", self.late, "count", {"en": "Deals that enter late", "zh": "延迟进入的商机"}, quiet=True),
            *(
                Fact(name, n, "count", {"en": _LEFT_OUT[name][0], "zh": _LEFT_OUT[name][1]}, quiet=True)
                for name, n in self.left_out.items()
            ),
        ]


def beginning(since: Any) -> tuple[str, int] | None:
    """Return from when on the records are complete, as ("day", number) or ("instant", microseconds).

    Raises:
        ArgumentError: no date, and no text or datetime with a zone of one.
    """
    return None if since is None else constant(instant_of("since", since))


def cycles_of(view: View, by: By, since: tuple[str, int] | None, clock: Clock) -> Cycles:
    """Return the deals of a view that have a creation, and a close where they are closed.

    Args:
        view: deals with creation, outcome and close.
        by: what the groups are by.
        since: from when on the records are complete, as `beginning` gives it; None for ever.
        clock: what counts as time.
    """
    deals, zone, moment = view.rows("opportunity"), view.scope.zone, view.scope.as_of
    created, closed, outcome = deals.values("created_at"), deals.values("closed_at"), deals.key("outcome")
    groups = groups_of(deals, by)
    numbers = {word: n for n, word in enumerate(OUTCOMES)}
    cause = np.array([numbers.get(label, -1) for label in outcome.labels], np.int64)[outcome.data]
    now = 0 if moment is None else moment.instant
    start, end = micros(created, zone), np.where(cause > 0, micros(closed, zone), now)
    dates = (cause > 0) & (closed.kind == "day") | (created.kind == "day")
    undated = ~created.present()
    closed_undated = ~undated & (cause > 0) & ~closed.present()
    without = ~undated & (cause < 0)
    kept = np.flatnonzero(~(undated | closed_undated | without))
    start, end, dates = start[kept], end[kept], dates[kept]
    time = clock.between(start, end, dates)
    entry, late, before = np.zeros(len(kept)), np.zeros(len(kept), bool), np.zeros(len(kept), bool)
    if since is not None:
        first = zone.start_of_day(since[1]) if since[0] == "day" else since[1]
        by_day = np.full(len(kept), created.kind == "day")
        late = start < first
        # the age just before, and half a microsecond: who closes at that very moment, or on that very day, is in the records,
        # and who enters at an age of 0 was not at risk at it
        entry[late] = clock.between(start[late], np.full(int(late.sum()), first - 1), by_day[late]) + 0.5
        before = late & ((end < first) | (time <= entry))
    negative = time < 0
    before &= ~negative
    left_out = {
        "undated": int(np.count_nonzero(undated)) + len(view.undated("opportunity")),
        "closed_undated": int(np.count_nonzero(closed_undated)),
        "without_outcome": int(np.count_nonzero(without)),
        "negative": int(np.count_nonzero(negative)),
        "closed_before_since": int(np.count_nonzero(before)),
    }
    used = ~(negative | before)
    return Cycles(
        time[used],
        entry[used],
        cause[kept][used],
        groups.code[kept][used],
        groups,
        int(np.count_nonzero(late[used])),
        left_out,
    )
