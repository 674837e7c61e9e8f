"""Time in stage: how long deals stay in each stage, over all visits, or by the latest or the first one (S3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from ..algebra.columns import Expr
from ..state.listing import Fact, Heading, Listing
from .clock import WEEKDAYS, clock_of
from .grouped import groups_of
from .lasting import BIASED, Lasting, lasting, limit_of
from .stays import stage_order, stays_of

if TYPE_CHECKING:
    from .view import View

__all__ = ["time_in_stage", "time_in_stage_first", "time_in_stage_latest"]

STAGE = Heading("stage", labels={"en": "Stage", "zh": "阶段"})
DEALS = Heading("deals", "count", {"en": "Deals", "zh": "商机数"})
VISITS = Heading("visits", "count", {"en": "Visits", "zh": "进入次数"})
ENDED = Heading("ended", "count", {"en": "Have left", "zh": "已离开"})
STILL_THERE = Heading("still_there", "count", {"en": "Still there", "zh": "仍在阶段"})
MADE = Heading("made", "count", {"en": "Beginning made up", "zh": "起点为推定"})
_MADE_UP = {
    "en": "Where the beginning is made up, nothing tells when the deal entered the stage: its creation is taken.",
    "zh": "起点为推定者，数据未记录进入阶段的时间，以商机创建时间代替。",
}
_LEFT_OUT = (
    ("unknown", "Stays without a beginning, left out", "起点未知的停留（未计入）"),
    ("negative", "Stays that end before they begin, left out", "结束早于开始的停留（未计入）"),
)


def time_in_stage(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    days: str = "calendar",
    weekdays: Iterable[int] = WEEKDAYS,
    holidays: str | date | Iterable[str | date] = (),
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
        days: calendar, or business for the time on working days alone, around the clock.
        weekdays: the working days of the week, 1 Monday to 7 Sunday.
        holidays: dates that are no working days.
        until: the limit of the restricted mean in days; by default the longest time of each row. Rows compare at one limit.
        confidence: of the interval of the median.

    Returns: one row per group and stage, in the order of the pipeline. deals = have left + still there, of which the time is
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
    return _measured(view, "total", by, days, weekdays, holidays, until, confidence)


def time_in_stage_latest(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    days: str = "calendar",
    weekdays: Iterable[int] = WEEKDAYS,
    holidays: str | date | Iterable[str | date] = (),
    until: float | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell how long deals stayed in each stage when they were last in it.

    As `time_in_stage`, of the latest visit of each deal alone. A deal that is there again counts with the visit that runs.

    Rules: R2, R5, S3, S4, S5, T2, T3, T8

    Source: T07; HubSpot, whose latest time shows the visit before while the deal is inside.
    """
    return _measured(view, "latest", by, days, weekdays, holidays, until, confidence)


def time_in_stage_first(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    days: str = "calendar",
    weekdays: Iterable[int] = WEEKDAYS,
    holidays: str | date | Iterable[str | date] = (),
    until: float | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell how long deals stayed in each stage when they were in it for the first time.

    As `time_in_stage`, of the first visit of each deal alone.

    Rules: R2, R5, S3, S4, S5, T2, T3, T8

    Source: T07.
    """
    return _measured(view, "first", by, days, weekdays, holidays, until, confidence)


def _measured(
    view: View,
    policy: str,
    by: str | Expr | Iterable[str | Expr],
    days: str,
    weekdays: Iterable[int],
    holidays: str | date | Iterable[str | date],
    until: float | None,
    confidence: float,
) -> Listing:
    clock = clock_of(view.scope.zone, days, weekdays, holidays)
    limit, level = limit_of(until, confidence)
    stays = stays_of(view, policy, clock)
    deals = view.rows("opportunity")
    groups = groups_of(deals, by)
    group_of = np.full(len(deals.table), -1)
    group_of[slice(None) if deals.places is None else deals.places] = groups.code
    stays = stays.select(np.flatnonzero(group_of[stays.rows] >= 0))
    counts = [int(np.count_nonzero(marked)) for marked in (stays.unknown, stays.negative & ~stays.unknown)]
    stays = stays.select(np.flatnonzero(stays.known))

    place = stage_order(view.scope.tables.get("stage"), stays.labels)
    cell = group_of[stays.rows] * len(place) + place[stays.stage]
    order = np.argsort(cell, kind="stable")
    edges = np.flatnonzero(np.diff(cell[order], prepend=-1))
    parts = np.split(order, edges[1:]) if len(order) else []
    found = [lasting(stays.time[p], stays.ended[p], until=limit, confidence=level) for p in parts]
    ended = [int(np.count_nonzero(stays.ended[p])) for p in parts]
    made = [int(np.count_nonzero(stays.made[p])) for p in parts]
    facts = [
        Fact("days", days, "label", {"en": "Days", "zh": "天数口径"}),
        Fact("confidence", level, "ratio", {"en": "Confidence of intervals", "zh": "区间置信度"}),
        *(
            Fact(n, c, "count", {"en": en, "zh": zh}, quiet=True)
            for (n, en, zh), c in zip(_LEFT_OUT, counts, strict=True)
        ),
    ]
    notes = [BIASED] if len(stays.ended) > sum(ended) else []
    return Listing(
        [
            *groups.columns([int(group_of[stays.rows[p[0]]]) for p in parts]),
            (STAGE, [stays.labels[stays.stage[p[0]]] for p in parts]),
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
