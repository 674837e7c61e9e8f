"""Ageing: how long open deals have been in their stage, beside the days that the stage allows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..algebra import maybe
from ..algebra.columns import Expr, col
from ..errors import HistoryUnavailable
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array, Mask, sort_key
from ..table.dates import micros
from ..table.history import ALWAYS, logs_of, visits_of
from ..table.stages import Stages
from ..units import DAY
from .clock import Clock, clock_of
from .coded import DAYS
from .grouped import groups_of
from .lasting import mean_days
from .order import heading
from .stays import stages_in
from .travels import STAGE, piped
from .view import Rows

if TYPE_CHECKING:
    from .view import View

__all__ = ["deal_ageing", "stage_ageing"]

DEAL = Heading("deal", labels={"en": "Deal", "zh": "商机"})
OPEN = Heading("open", "count", {"en": "Open", "zh": "进行中"})
FRESH = Heading("in_time", "count", {"en": "In time", "zh": "正常"})
LATE = Heading("late", "count", {"en": "Late", "zh": "超期"})
ROTTING = Heading("rotting", "count", {"en": "Rotting", "zh": "停滞"})
NO_LIMIT = Heading("no_limit", "count", {"en": "No limit", "zh": "无期限"})
UNKNOWN = Heading("unknown", "count", {"en": "Age unknown", "zh": "天数未知"})
AGE = Heading("age_days", "days", {"en": "Age in stage", "zh": "阶段停留天数"})
MEAN = Heading("mean_age_days", "days", {"en": "Mean age", "zh": "平均停留天数"})
OLDEST = Heading("oldest_days", "days", {"en": "Oldest", "zh": "最长停留天数"})
EXPECTED = Heading("expected_days", "days", {"en": "Expected", "zh": "预期天数"})
ALLOWED = Heading("rotting_days", "days", {"en": "Rotting after", "zh": "停滞期限天数"})
OVER = Heading("over_days", "days", {"en": "Beyond its limit", "zh": "超出期限天数"})
MADE = Heading("made", "count", {"en": "Beginning made up", "zh": "起点为推定"})
_WORDS = ("in_time", "late", "rotting", "no_limit", "unknown")
STATUS = Heading(
    "status",
    labels={"en": "Status", "zh": "状态"},
    values=dict(zip(_WORDS, (h.labels for h in (FRESH, LATE, ROTTING, NO_LIMIT, UNKNOWN)), strict=True)),
)
_IN_TIME, _LATE, _ROTTING, _NO_LIMIT, _UNKNOWN = range(len(_WORDS))
_METHOD = {
    "en": "late: longer in the stage than its expected days; rotting: longer than its rotting days.",
    "zh": "超期：在阶段内超过预期天数；停滞：超过停滞期限天数。",
}


@attrs.frozen(slots=True, eq=False)
class _Aged:
    """Open deals: how long each has been in its stage (-1 unknown), beside what the stage allows (nan where it says nothing)."""

    rows: Rows
    stage: Array
    known: Stages
    age: Array
    made: Mask
    expected: Array
    rotting: Array
    status: Array


def stage_ageing(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
) -> Listing:
    """Count the open deals of each stage that are in time, late and rotting.

    A deal is late when it has been in its stage for longer than the stage's `expected_days`, and rotting, not late, when for
    longer than its `rotting_days`; exactly as long is in time. Its age begins with its current visit; where the log does not
    tell, with `stage_entered_at`, and else with its creation, which is counted as made up (S5).

    Args:
        view: open deals with their stages; the limits are columns of the table stage.
        by: columns or expressions, such as "owner".
        days: calendar, or business for the time on working days alone, around the clock.
        weekdays: the working days of the week, 1 Monday to 7 Sunday; by default those of the workspace's calendar.
        holidays: dates that are no working days; by default those of the workspace's calendar.

    Returns: one row per group and stage, in the order of the newest version of the pipelines; open = in time + late + rotting + no limit + unknown.

    Undefined when: no age of a row is known (mean, oldest), or a stage has no such limit.

    Raises:
        ArgumentError: a choice that is none.
        NotFoundError: a column that is not there.

    Rules: O8, R2, S3, S5, T2, T8

    Source: T09; Odoo, Pipedrive, Django-CRM.
    """
    aged = _aged(view, clock_of(view.scope, days, weekdays, holidays))
    groups = groups_of(aged.rows, by)
    known = aged.known
    place = known.spots()
    cell = groups.code * len(place) + place[aged.stage]
    order = np.argsort(cell, kind="stable")
    edges = np.flatnonzero(np.diff(cell[order], prepend=-1))
    parts = np.split(order, edges[1:]) if len(order) else []
    codes = [int(aged.stage[p[0]]) for p in parts]
    counts = [np.bincount(aged.status[p], minlength=len(_WORDS)).tolist() for p in parts]
    ages = [aged.age[p][aged.age[p] >= 0] for p in parts]
    return Listing(
        [
            *groups.columns([int(groups.code[p[0]]) for p in parts]),
            *piped(known, codes, groups.names),
            (STAGE, [known.names[code] for code in codes]),
            (OPEN, [len(p) for p in parts]),
            *((h, [n[i] for n in counts]) for i, h in enumerate((FRESH, LATE, ROTTING, NO_LIMIT, UNKNOWN))),
            (MADE, [int(np.count_nonzero(aged.made[p])) for p in parts]),
            (MEAN, [mean_days(found) for found in ages]),
            (OLDEST, [int(found.max()) / DAY if found.size else None for found in ages]),
            (EXPECTED, np.array([aged.expected[p[0]] for p in parts], float)),
            (ALLOWED, np.array([aged.rotting[p[0]] for p in parts], float)),
        ],
        facts=[Fact("days", days, "label", {"en": "Days", "zh": "天数口径"}, values=DAYS)],
        notes=[_METHOD],
    )


def deal_ageing(
    view: View,
    *,
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
) -> Listing:
    """List the open deals by how far they are beyond what their stage allows.

    As `stage_ageing`, deal by deal. The limit is the stage's `rotting_days`, or where it has none its `expected_days`.

    Args:
        view: open deals with their stages; the limits are columns of the table stage.
        days: calendar or business.
        weekdays: the working days of the week; by default those of the workspace's calendar.
        holidays: dates that are no working days; the same.

    Returns: one row per open deal, the one farthest beyond its limit first, then those without one by age; ties by id. Below 0
        is the time that is left.

    Undefined when: the age is unknown, or the stage has no limit (beyond its limit).

    Raises:
        ArgumentError: a choice that is none.
        NotFoundError: a column that is not there.

    Rules: O8, R2, S3, S5, T2, T8

    Source: T09; Odoo, Pipedrive.
    """
    aged = _aged(view, clock_of(view.scope, days, weekdays, holidays))
    limit = np.where(np.isnan(aged.rotting), aged.expected, aged.rotting)
    age = np.where(aged.age >= 0, aged.age / DAY, np.nan)
    over = age - limit
    ids = aged.rows.ids()
    keys = [
        (np.isnan(o), 0.0 if np.isnan(o) else -o, np.isnan(a), 0.0 if np.isnan(a) else -a)
        for o, a in zip(over, age, strict=True)
    ]
    order = sorted(range(len(ids)), key=lambda i: (keys[i], sort_key(ids[i])))
    places = np.array(order, np.int64)
    codes = aged.stage[places].tolist()
    owner = aged.rows.key(maybe("owner"))
    return Listing(
        [
            (DEAL, [ids[i] for i in order]),
            (heading("owner"), [owner.labels[c] for c in owner.data[places].tolist()]),
            *piped(aged.known, codes),
            (STAGE, [aged.known.names[c] for c in codes]),
            (STATUS, [_WORDS[n] for n in aged.status[places].tolist()]),
            (AGE, age[places]),
            (OVER, over[places]),
        ],
        facts=[Fact("days", days, "label", {"en": "Days", "zh": "天数口径"}, values=DAYS)],
        notes=[_METHOD],
    )


def _aged(view: View, clock: Clock) -> _Aged:
    deals = view.rows("opportunity", where=col("outcome") == "open")
    stage = deals.key("stage")
    since, by_day, made = _entered(view, deals)
    known = since > ALWAYS
    moment = view.scope.as_of
    now = np.full(len(deals), 0 if moment is None else moment.instant)
    age = np.full(len(deals), -1)
    age[known] = clock.between(since[known], now[known], by_day[known])
    expected, rotting = (_limits(deals, name) for name in ("expected_days", "rotting_days"))
    status = np.full(len(deals), _IN_TIME)
    status[np.isnan(expected) & np.isnan(rotting)] = _NO_LIMIT
    status[age > expected * DAY] = _LATE
    status[age > rotting * DAY] = _ROTTING
    status[age < 0] = _UNKNOWN
    return _Aged(deals, stage.data, stages_in(view, stage.labels), age, made & (age >= 0), expected, rotting, status)


def _limits(deals: Rows, name: str) -> Array:
    """Return a limit of the stage of each deal in days; nan where there is none."""
    found = deals.values(maybe(f"stage.{name}"))
    return np.where(found.present(), found.data / found.scale, np.nan)


def _entered(view: View, deals: Rows) -> tuple[Array, Mask, Mask]:
    """Return since when each deal is in its stage, whether a date says so, and whether it was made up at its creation."""
    table, zone, moment = deals.table, view.scope.zone, view.scope.as_of
    places = np.arange(len(table)) if deals.places is None else deals.places
    since, by_day, made = np.full(len(table), ALWAYS), np.zeros(len(table), bool), np.zeros(len(table), bool)

    def says(column: str, rows: Array) -> Array:
        """Take the dates of a column for those of these rows that have one, and return which these are."""
        dates = table.columns.get(column)
        if dates is None:
            return rows[:0]
        there = rows[dates.present()[rows]]
        since[there], by_day[there] = micros(dates, zone)[there], dates.kind == "day"
        return there

    everyone = np.arange(len(table))
    made[says("created_at", everyone)] = True
    if "stage" in logs_of(view.scope.tables, zone).get("opportunity", {}):
        try:
            visits = visits_of(view.scope.tables, zone, 0 if moment is None else moment.instant)
        except HistoryUnavailable:
            pass  # the last change of each is in stage_entered_at
        else:
            now = np.flatnonzero((visits.ended == 0) & ~visits.made)
            rows = visits.rows[now]
            since[rows], by_day[rows], made[rows] = (
                visits.entered[now],
                view.scope.tables["change"]["at"].kind == "day",
                False,
            )
    made[says("stage_entered_at", everyone[made | (since == ALWAYS)])] = False
    return since[places], by_day[places], made[places]
