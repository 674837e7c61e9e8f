"""Time in stage: how long deals stay in each stage, over all visits, or by the latest or the first one (S3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ..algebra.columns import Expr
from ..calendars import Period
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array
from ..table.dates import local_days
from .clock import Clock, clock_of
from .coded import DAYS
from .grouped import By, groups_of
from .lasting import BIASED, Lasting, lasting, limit_of
from .stays import stages_in, stays_of
from .travels import STAGE, one_of, periods_from, piped

if TYPE_CHECKING:
    from .view import View

__all__ = ["time_in_stage", "time_in_stage_first", "time_in_stage_latest"]

PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
DEALS = Heading("deals", "count", {"en": "Deals", "zh": "商机数"})
VISITS = Heading("visits", "count", {"en": "Visits", "zh": "进入次数"})
ENDED = Heading("ended", "count", {"en": "Have left", "zh": "已离开"})
STILL_THERE = Heading("still_there", "count", {"en": "Still there", "zh": "仍在阶段"})
MADE = Heading("made", "count", {"en": "Beginning made up", "zh": "起点为推定"})
_MADE_UP = {
    "en": "Where the beginning is made up, nothing tells when the deal entered the stage: its creation is taken.",
    "zh": "起点为推定者，数据未记录进入阶段的时间，以商机创建时间代替。",
}
_ENDED_ALONE = {
    "en": "Of stays that have ended alone: who is still in a stage may stay for longer than these did.",
    "zh": "仅计已结束的停留；仍在阶段中的商机可能停留更久。",
}
_LEFT_OUT = (
    ("unknown", "Stays without a beginning, left out", "起点未知的停留（未计入）"),
    ("negative", "Stays that end before they begin, left out", "结束早于开始的停留（未计入）"),
)


def time_in_stage(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    of: str = "entered",
    per: str | None = None,
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
    until: float | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell how long deals stay in each stage, all visits of a deal added up.

    A deal that is in the stage as of the view has been there so far, and counts as censored: the median and the restricted
    mean of the Kaplan-Meier curve take it as somebody who lasts longer than that. The plain means stand beside them and
    are too short while deals are still there.

    Args:
        view: deals with changes of their stages.
        by: columns or expressions, such as "owner"; each deal is in the group that it has as of the view.
        of: which stays. "entered" are those that began in the period, however long they go on; "ended" those that ended in it,
            and none that still lasts. Of several visits it is the first that begins and the last that ends.
        per: one row for each period of this kind; by default one for all.
        days: calendar, or business for the time on working days alone, around the clock.
        weekdays: the working days of the week, 1 Monday to 7 Sunday; by default those of the workspace's calendar.
        holidays: dates that are no working days; by default those of the workspace's calendar.
        until: the limit of the restricted mean in days; by default the longest time of each row. Rows compare at one limit.
        confidence: of the interval of the median.

    Returns: one row per group, period and stage, in the order of the newest version of the pipelines. deals = have left + still there, of which the time is
        known; `visits` are all of theirs; `made` counts those with a beginning that was made up (S5); facts: what was left out.

    Undefined when: no deal has left (mean of ended); half of the curve or of its bounds is never reached (median and its
        interval); nobody was seen up to `until`, and some had not left when last seen (restricted mean).

    Raises:
        TableNotFound: no table of changes: from the last change alone nothing can be told of the past (S5).
        HistoryUnavailable: deals were closed and no change of a stage is known, or only the last one of each.
        ArgumentError: a choice that is none.

    Rules: R2, R5, S3, S4, S5, T2, T3, T8

    Source: T07; Kaplan and Meier 1958.
    """
    clock = clock_of(view.scope, days, weekdays, holidays)
    return _measured(view, "total", by, of, per, clock, until, confidence)


def time_in_stage_latest(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    of: str = "entered",
    per: str | None = None,
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
    until: float | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell how long deals stayed in each stage when they were last in it.

    As `time_in_stage`, of the latest visit of each deal alone. A deal that is there again counts with the visit that runs.

    Rules: R2, R5, S3, S4, S5, T2, T3, T8

    Source: T07; HubSpot, whose latest time shows the visit before while the deal is inside.
    """
    clock = clock_of(view.scope, days, weekdays, holidays)
    return _measured(view, "latest", by, of, per, clock, until, confidence)


def time_in_stage_first(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    of: str = "entered",
    per: str | None = None,
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
    until: float | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell how long deals stayed in each stage when they were in it for the first time.

    As `time_in_stage`, of the first visit of each deal alone.

    Rules: R2, R5, S3, S4, S5, T2, T3, T8

    Source: T07.
    """
    clock = clock_of(view.scope, days, weekdays, holidays)
    return _measured(view, "first", by, of, per, clock, until, confidence)


def _measured(
    view: View,
    policy: str,
    by: By,
    of: str,
    per: str | None,
    clock: Clock,
    until: float | None,
    confidence: float,
) -> Listing:
    one_of("of", of, ("entered", "ended"))
    limit, level = limit_of(until, confidence)
    stays = stays_of(view, policy, clock)
    deals = view.rows("opportunity")
    groups = groups_of(deals, by)
    group_of = np.full(len(deals.table), -1)
    group_of[slice(None) if deals.places is None else deals.places] = groups.code
    stays = stays.select(np.flatnonzero(group_of[stays.rows] >= 0))
    counts = [int(np.count_nonzero(marked)) for marked in (stays.unknown, stays.negative & ~stays.unknown)]
    stays = stays.select(np.flatnonzero(stays.known & (stays.ended if of == "ended" else True)))
    period, periods = _periods(view, stays.left if of == "ended" else stays.entered, per)

    known = stages_in(view, stays.labels)
    place = known.spots()
    rows, parts = _cells(group_of[stays.rows], period, place[stays.stage], max(len(periods), 1))
    codes = np.argsort(place)[[stage for _, _, stage in rows]].tolist()
    found = [lasting(stays.time[p], stays.ended[p], until=limit, confidence=level) for p in parts]
    ended = [int(np.count_nonzero(stays.ended[p])) for p in parts]
    made = [int(np.count_nonzero(stays.made[p])) for p in parts]
    facts = [
        Fact(
            "days",
            "calendar" if clock.weekdays is None else "business",
            "label",
            {"en": "Days", "zh": "天数口径"},
            values=DAYS,
        ),
        Fact("confidence", level, "ratio", {"en": "Confidence of intervals", "zh": "区间置信度"}),
        *(
            Fact(n, c, "count", {"en": en, "zh": zh}, quiet=True)
            for (n, en, zh), c in zip(_LEFT_OUT, counts, strict=True)
        ),
    ]
    notes = [_ENDED_ALONE] if of == "ended" else [BIASED] if len(stays.ended) > sum(ended) else []
    return Listing(
        [
            *groups.columns([group for group, _, _ in rows]),
            *([] if per is None else [(PERIOD, [periods[n].label for _, n, _ in rows])]),
            *piped(known, codes, groups.names),
            (STAGE, [known.names[code] for code in codes]),
            (DEALS, [len(p) for p in parts]),
            (VISITS, [int(stays.visits[p].sum()) for p in parts]),
            (ENDED, ended),
            (STILL_THERE, [len(p) - n for p, n in zip(parts, ended, strict=True)]),
            (MADE, made),
            *Lasting.columns(found),
        ],
        facts=facts,
        notes=[*notes, _MADE_UP] if any(made) else notes,
    )


def _periods(view: View, at: Array, per: str | None) -> tuple[Array, list[Period]]:
    """Return the number of the period of each instant, and the periods; all are in one where none are asked for."""
    if per is None:
        return np.zeros(len(at), np.int64), []
    days = local_days(at, view.scope.zone)
    periods = periods_from(view, at, per)
    starts = np.array([p.start for p in periods], np.int64)
    return np.searchsorted(starts, days, side="right") - 1, periods


def _cells(group: Array, period: Array, stage: Array, periods: int) -> tuple[list[tuple[int, int, int]], list[Array]]:
    """Return (group, period, stage) of each row in order, and its stays: each group has its stages in all periods (T7)."""
    pairs, number = np.unique(np.stack([group, stage]), axis=1, return_inverse=True)
    slot = number.reshape(-1) * periods + period
    order = np.argsort(slot, kind="stable")
    size = pairs.shape[1] * periods
    parts = np.split(order, np.searchsorted(slot[order], np.arange(1, size))) if size else []
    listed = [(g, n, s) for g, s in pairs.T.tolist() for n in range(periods)]
    ranked = sorted(range(size), key=listed.__getitem__)
    return [listed[n] for n in ranked], [parts[n] for n in ranked]
