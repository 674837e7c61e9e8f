"""Cycle: how long deals take to be won, lost or abandoned, the open ones among them (E54)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra.columns import Expr
from ..domain import OUTCOMES
from ..state.listing import Fact, Heading, Listing, Values
from ..table.column import Array
from ..units import DAY
from .choices import positive
from .clock import clock_of
from .cycles import Cycles, beginning, cycles_of
from .grouped import By
from .lasting import RESTRICTED, UNTIL, limit_of, mean_days, restricted
from .survival import Curve, incidence, kaplan_meier, log_rank, risk_table

if TYPE_CHECKING:
    from .view import View

__all__ = ["sales_cycle", "sales_cycle_curve"]

_WAYS = OUTCOMES[1:]
_WON = 1
DEALS = Heading("deals", "count", {"en": "Deals", "zh": "商机数"})
OPEN = Heading("open", "count", {"en": "Open", "zh": "进行中"})
COUNTS = (
    Heading("won", "count", {"en": "Won", "zh": "赢单"}),
    Heading("lost", "count", {"en": "Lost", "zh": "输单"}),
    Heading("abandoned", "count", {"en": "Abandoned", "zh": "放弃"}),
)
SHARES = (
    Heading("won_share", "ratio", {"en": "Share won", "zh": "赢单占比"}),
    Heading("lost_share", "ratio", {"en": "Share lost", "zh": "输单占比"}),
    Heading("abandoned_share", "ratio", {"en": "Share abandoned", "zh": "放弃占比"}),
)
OPEN_SHARE = Heading("open_share", "ratio", {"en": "Share still open", "zh": "仍进行占比"})
OPEN_LOW = Heading("open_share_low", "ratio", {"en": "Still open, low", "zh": "仍进行占比下限"})
OPEN_HIGH = Heading("open_share_high", "ratio", {"en": "Still open, high", "zh": "仍进行占比上限"})
WON_MEAN = Heading("won_mean_days", "days", {"en": "Mean of won", "zh": "赢单平均天数"})
WON_MEDIAN = Heading("won_median_days", "days", {"en": "Half of wins by", "zh": "半数赢单天数"})
MEDIAN = Heading("median_days", "days", {"en": "Half closed by", "zh": "半数关闭天数"})
LOW = Heading("median_low_days", "days", {"en": "Half closed, low", "zh": "半数关闭天数下限"})
HIGH = Heading("median_high_days", "days", {"en": "Half closed, high", "zh": "半数关闭天数上限"})
AGE = Heading("age_days", "days", {"en": "Age", "zh": "商机天数"})
AT_RISK = Heading("at_risk", "count", {"en": "Open until then", "zh": "届时仍在观察"})
_BIASED = {
    "en": "The plain mean of the won is too short while deals are open: those that take long are not won yet. The shares count "
    "an open deal for as long as it was seen, and being won, lost or abandoned as risks that compete.",
    "zh": "仍有进行中商机时，赢单的简单平均值偏短，因为耗时长的尚未赢单。各占比将进行中商机按已观察时长计入，并将赢单、输单、放弃视为竞争风险。",
}


def sales_cycle(
    view: View,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    since: str | date | None = None,
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
    until: float | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell how long deals take from creation to being won, lost or abandoned, with the open ones counted right.

    A deal that is open as of the view is censored at its age. Won, lost and abandoned compete: the shares are those of Aalen
    and Johansen, which with the share still open add up to 1. Taking lost deals for censored would overstate the won.

    Args:
        view: deals with creation, outcome and close.
        by: columns or expressions, such as "team"; blank is a group.
        since: from when on the records are complete: a date (its start, local), a text such as "2026-01-01" or an aware
            datetime. A deal created before enters at the age that it had then (left truncation), and one closed before is
            left out, as the others of its like are not in the records. None: all deals were followed from their creation.
        days: calendar, or business for the time on working days alone, around the clock.
        weekdays: the working days of the week, 1 Monday to 7 Sunday; by default those of the workspace's calendar.
        holidays: dates that are no working days; by default those of the workspace's calendar.
        until: the age in days up to which shares and restricted mean are told; by default the oldest of each row.
        confidence: of the interval of the median.

    Returns: one row per group. `won_mean_days` is the plain mean, as metric sales_cycle_days has it; `won_median_days` the age
        by which half of the wins up to `until` have come; `median_days` that by which half of all deals are closed, however;
        `restricted_mean_days` the mean time open up to `until`. Facts: with groups, the log-rank test of the time to win
        (other ends censored), as chi-square, degrees of freedom and p; what was left out.

    Undefined when: nothing was won (its mean and median); the curve or its bounds stay above one half (median); nobody was
        seen up to `until` and some were open when last seen (shares and restricted mean); one group (the test).

    Raises:
        ArgumentError: a choice that is none.
        NotFoundError: a column that is not there.

    Rules: O1, O6, R2, R5, T1, T2, T3, T8

    Source: T02; Aalen and Johansen 1978.
    """
    cycles, limit, level = _chosen(view, by, since, days, weekdays, holidays, until, confidence)
    parts = cycles.parts()
    rows = [_row(cycles, part, limit, level) for part in parts]
    headings = (DEALS, *COUNTS, OPEN, *SHARES, OPEN_SHARE, WON_MEAN, WON_MEDIAN, MEDIAN, LOW, HIGH, RESTRICTED, UNTIL)
    columns: list[tuple[Heading, Values]] = [(h, [row[i] for row in rows]) for i, h in enumerate(headings)]
    return Listing(
        [*cycles.groups.columns([int(cycles.group[p[0]]) for p in parts]), *columns],
        facts=[*_test(cycles, len(parts)), *cycles.facts(days)],
        notes=[_BIASED] if (cycles.cause == 0).any() else [],
    )


def sales_cycle_curve(
    view: View,
    *,
    ages: float | Iterable[float] = (30, 60, 90, 180, 365),
    by: str | Expr | Iterable[str | Expr] = (),
    since: str | date | None = None,
    days: str = "calendar",
    weekdays: int | Iterable[int] | None = None,
    holidays: str | date | Iterable[str | date] | None = None,
    confidence: float = 0.95,
) -> Listing:
    """Tell which share of deals is won, lost, abandoned and still open by some ages.

    Args:
        view: deals with creation, outcome and close.
        ages: days since creation.
        by: columns or expressions; blank is a group.
        since: as in `sales_cycle`.
        days: calendar or business.
        weekdays: the working days of the week; by default those of the workspace's calendar.
        holidays: dates that are no working days; the same.
        confidence: of the bounds of the share still open, which are on the log-log scale of Greenwood's error.

    Returns: one row per group and age: how many deals were open and seen up to then (just before), the shares up to then, which
        add up to 1, and the bounds of the share still open.

    Undefined when: nobody was seen up to the age, and some were open when last seen; bounds also where the share is 0 or 1.

    Raises:
        ArgumentError: a choice that is none.
        NotFoundError: a column that is not there.

    Rules: O1, O6, R2, R5, T1, T2, T3, T8

    Source: T02; Kaplan and Meier 1958; Aalen and Johansen 1978.
    """
    listed = tuple(ages) if isinstance(ages, Iterable) and not isinstance(ages, str) else (ages,)
    points = np.array(sorted({positive("an age", age) * DAY for age in listed}))
    cycles, _, level = _chosen(view, by, since, days, weekdays, holidays, None, confidence)
    parts = cycles.parts()
    found: list[list[Any]] = [[] for _ in range(8)]
    for part in parts:
        curve, shares = _curves(cycles, part)
        low, high = curve.interval(level)
        time, entry = cycles.time[part], cycles.entry[part]
        for point in points.tolist():
            place = int(np.searchsorted(curve.times, point, side="right")) - 1
            told = _told(curve, point)
            values = _at(shares, curve, place) if told else [None] * 4
            bounds = [float(b[place]) if told and place >= 0 else None for b in (low, high)]
            seen = int(np.count_nonzero((time >= point) & (entry < point)))
            for column, value in zip(found, (point / DAY, seen, *values, *bounds), strict=True):
                column.append(value)
    headings = (AGE, AT_RISK, *SHARES, OPEN_SHARE, OPEN_LOW, OPEN_HIGH)
    groups = [int(cycles.group[p[0]]) for p in parts for _ in points]
    return Listing(
        [*cycles.groups.columns(groups), *zip(headings, found, strict=True)],
        facts=[
            *cycles.facts(days),
            Fact("confidence", level, "ratio", {"en": "Confidence of intervals", "zh": "区间置信度"}),
        ],
    )


def _chosen(
    view: View, by: By, since: Any, days: str, weekdays: Any, holidays: Any, until: object, confidence: object
) -> tuple[Cycles, float | None, float]:
    clock = clock_of(view.scope, days, weekdays, holidays)
    limit, level = limit_of(until, confidence)
    return cycles_of(view, by, beginning(since), clock), limit, level


def _curves(cycles: Cycles, part: Array) -> tuple[Curve, Array]:
    """Return who is still open, and the shares of each end, of some deals."""
    entry = cycles.entry[part]
    risk = risk_table(
        cycles.time[part], cycles.cause[part], causes=len(_WAYS), entry=entry if (entry > 0).any() else None
    )
    return kaplan_meier(risk), incidence(risk)


def _told(curve: Curve, point: float) -> bool:
    """Return whether the curve tells of an age: somebody was seen up to it, or all had ended before."""
    return curve.risk.size > 0 and (curve.risk.last >= point or (len(curve.share) > 0 and float(curve.share[-1]) == 0))


def _at(shares: Array, curve: Curve, place: int) -> list[float]:
    """Return the shares of each end, and of the open, after the events of one place of the curve."""
    if place < 0:
        return [0.0] * len(_WAYS) + [1.0]
    return [*shares[:, place].tolist(), float(curve.share[place])]


def _row(cycles: Cycles, part: Array, until: float | None, confidence: float) -> Sequence[Any]:
    cause = cycles.cause[part]
    curve, shares = _curves(cycles, part)
    limit = curve.risk.last if until is None else until
    place = int(np.searchsorted(curve.times, limit, side="right")) - 1
    told = _told(curve, limit)
    won = shares[_WON - 1][: place + 1]
    half = np.flatnonzero(won >= won[-1] / 2 - 1e-12) if won.size and won[-1] > 0 and told else np.zeros(0, np.int64)
    by_then = float(curve.times[half[0]]) if half.size else None
    middle = (curve.median, *curve.quantile_interval(confidence=confidence), restricted(curve, limit), limit)
    counts = np.bincount(cause, minlength=len(OUTCOMES)).tolist()
    return [
        len(part),
        *counts[1:],
        counts[0],
        *(_at(shares, curve, place) if told else [None] * 4),
        mean_days(cycles.time[part][cause == _WON]),
        *(None if v is None else v / DAY for v in (by_then, *middle)),
    ]


def _test(cycles: Cycles, groups: int) -> list[Fact]:
    """Return the log-rank test of the time to win between groups, other ends censored."""
    if not cycles.groups.names:
        return []
    found = None
    if groups > 1:
        found = log_rank(cycles.time, cycles.cause == _WON, cycles.group, entry=cycles.entry)
    tested = found is not None and found.freedom > 0
    values = (found.statistic, found.freedom, found.p) if found is not None and tested else (None, None, None)
    words = (
        ("log_rank", "number", "Log-rank test of the time to win, chi-square", "赢单时间对数秩检验卡方值"),
        ("log_rank_freedom", "count", "Degrees of freedom", "自由度"),
        (
            "log_rank_p",
            "number",
            "Chance of a difference as large where there is none (p)",
            "无差异时出现同样差异的概率（p值）",
        ),
    )
    return [Fact(n, v, unit, {"en": en, "zh": zh}) for (n, unit, en, zh), v in zip(words, values, strict=True)]
