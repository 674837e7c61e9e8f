"""Snapshots: what people had forecast by certain days of a period, beside what came (F2, F3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs

from ...calendars import date_of
from ...errors import ArgumentError
from ...state.listing import Fact, Heading, Listing
from ..choices import several, whole
from .deals import alone
from .judging import accuracy, error_facts, share, spread_facts
from .submitted import Submitted, check_told, check_whose, in_force, submitted_by, won_of

if TYPE_CHECKING:
    from ...calendars import Period
    from ..view import View

__all__ = ["AFTER", "forecast_snapshot_errors", "forecast_snapshots"]

AFTER = (0, 30, 60)
"""Days of a quarter that are over when its forecasts are looked at."""
_PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
_MADE_ON = Heading("made_on", "label", {"en": "As of", "zh": "截至"})
_FORECAST = Heading("forecast", "money", {"en": "Forecast", "zh": "预测金额"})
_ACTUAL = Heading("actual", "money", {"en": "Won", "zh": "实际赢单金额"})
_ERROR = Heading("error", "money", {"en": "Forecast less won", "zh": "预测减实际"})
_ACCURACY = Heading("accuracy", "ratio", {"en": "Accuracy", "zh": "准确率"})
_WAPE = Heading("wape_by_entity", "ratio", {"en": "WAPE by entity", "zh": "加权误差率（按主体）"})
_COUNT = Heading("forecasts", "count", {"en": "Forecasts in force", "zh": "有效预测数"})
_KEPT = ("wape", "bias", "accuracy")
_DAYS = {"en": "Days over", "zh": "已过天数"}
_STEPS = {"en": "Parts over", "zh": "已过分段数"}
_NOTE = {
    "en": "Each forecast is the last that was submitted and known by the end of its day; what was won is what is known now.",
    "zh": "每个预测为截至当日已提交且已知的最新预测；实际赢单金额以当前所知为准。",
}


@attrs.frozen(slots=True, eq=False)
class _Snapshot:
    period: Period
    over: int
    day: date
    said: Submitted
    came: dict[Any, Fraction]

    @property
    def actual(self) -> Fraction:
        return sum(self.came.values(), Fraction(0))

    @property
    def error(self) -> Fraction | None:
        return None if self.said.total is None else self.said.total - self.actual

    @property
    def misses(self) -> Fraction:
        """What those who forecast missed by, each by themselves."""
        return sum((abs(f - self._of(who)) for who, f in self.said.amounts.items()), Fraction(0))

    @property
    def theirs(self) -> Fraction:
        """What those who forecast have won."""
        return sum((self._of(who) for who in self.said.amounts), Fraction(0))

    def _of(self, who: Any) -> Fraction:
        return self.came.get(who, Fraction(0))


def forecast_snapshots(
    view: View,
    *,
    per: str = "quarter",
    periods: int = 8,
    after: int | str | Sequence[int] = AFTER,
    population: str = "seller",
    category: str = "commit",
) -> Listing:
    """Judge the forecasts that people had submitted by certain days of each period by what was won in it.

    Of the forecasts of one person, team or the organisation for the same days, product and region, the one submitted last by
    the end of the day is in force; of several at one instant the last of the input. Where a forecast itself was changed, its
    amount is that of the day, as far as it was known then. A forecast of a longer span takes its share by days (M8).

    Args:
        view: with forecasts and opportunities.
        per: the kind of period that is judged: month, quarter, fiscal_quarter ...
        periods: how many of those that are over, at most; none before the first forecast.
        after: how many days of the period are over, one number or several; 0 is the evening before. Or the kind of period at
            whose ends to look, such as "month": the evening before, and each end of a month inside the period.
        population: whose forecasts, "seller", "team" or "organisation"; no two are added.
        category: commit, best_case, pipeline, closed or omitted: what is judged is the amount as it was given.

    Returns: one row per period and day: the forecast in force, what was won, the error, the accuracy 1 - |A - F| / A, and, as
        errors that offset each other hide in the total, WAPE over the sellers (teams) who had a forecast. The fact `undated`
        counts forecasts that say not when they were submitted, and are in none of the past (O9).

    Undefined when: nothing was forecast by then, or nothing won in the period (accuracy, WAPE). A forecast of 0 is one (M3).

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.
        CurrencyError: amounts of several currencies.
        HistoryUnavailable: nothing says what had been forecast by then (S5).

    Rules: F1, F2, F3, O8, O9, S5, R2, T1, M2, M3, M8.

    Source: Q07, lock-in snapshot accuracy.
    """
    found, left = _snapshots(view, per, periods, after, population, category)
    rows = [
        [
            s.period.label,
            s.over,
            s.day.isoformat(),
            None if s.said.total is None else float(s.said.total),
            float(s.actual),
            None if s.error is None else float(s.error),
            accuracy(s.actual, s.said.total),
            share(s.misses, s.theirs),
            s.said.count,
        ]
        for s in found
    ]
    headings = (_PERIOD, _over(after), _MADE_ON, _FORECAST, _ACTUAL, _ERROR, _ACCURACY, _WAPE, _COUNT)
    return Listing(
        [(heading, [row[place] for row in rows]) for place, heading in enumerate(headings)],
        facts=left,
        notes=[_NOTE],
    )


def forecast_snapshot_errors(
    view: View,
    *,
    per: str = "quarter",
    periods: int = 8,
    after: int | str | Sequence[int] = AFTER,
    population: str = "seller",
    category: str = "commit",
) -> Listing:
    """Say how good the forecasts of people are by the day on which they are looked at, over periods that are over.

    Args:
        view: with forecasts and opportunities.
        per: as in `forecast_snapshots`, whose rows are taken together.
        periods: as there.
        after: as there.
        population: as there.
        category: as there.

    Returns: one row per day of the period: the periods that had a forecast by then, what was forecast and won in them,
        WAPE = sum |F - A| / sum |A|, bias = sum (F - A) / sum A and the accuracy of the total, WAPE over the sellers (teams) of
        all periods, and the mean accuracy of a period with its standard deviation and variation (predictability). The fact
        `undated` is that of `forecast_snapshots`.

    Undefined when: nothing was won in these periods; fewer than two have an accuracy (standard deviation).

    Raises:
        CrmCoreError: as `forecast_snapshots`.

    Rules: F1, F2, F3, O8, O9, S5, R1, R2, T1, M2, M3, M8.

    Source: Q04, Q05, Q07, Q08.
    """
    found, left = _snapshots(view, per, periods, after, population, category)
    by_day: dict[int, list[_Snapshot]] = {}  # in order: a shorter period lacks only the last days
    for snapshot in found:
        by_day.setdefault(snapshot.over, []).append(snapshot)
    facts = [_errors(snapshots) for snapshots in by_day.values()]
    empty = _errors([])
    columns: list[tuple[Heading, list[Any]]] = [
        (Heading(fact.name, fact.unit, fact.labels), [row[place].value for row in facts])
        for place, fact in enumerate(empty)
    ]
    return Listing([(_over(after), [*by_day]), *columns], facts=left, notes=[_NOTE])


def _errors(snapshots: Sequence[_Snapshot]) -> list[Fact]:
    judged = [(s, s.said.total) for s in snapshots if s.said.total is not None]
    misses, theirs = (sum((getattr(s, n) for s, _ in judged), Fraction(0)) for n in ("misses", "theirs"))
    return [
        Fact("periods", len(judged), "count", {"en": "Periods with a forecast", "zh": "有预测的期间数"}),
        Fact("forecast", float(sum((f for _, f in judged), Fraction(0))), "money", _FORECAST.labels),
        Fact("actual", float(sum((s.actual for s, _ in judged), Fraction(0))), "money", _ACTUAL.labels),
        *(fact for fact in error_facts([(s.actual, f) for s, f in judged]) if fact.name in _KEPT),
        Fact(_WAPE.name, share(misses, theirs), "ratio", _WAPE.labels),
        *spread_facts([accuracy(s.actual, f) for s, f in judged]),
    ]


def _over(after: int | str | Sequence[int]) -> Heading:
    return Heading("after", "count", _STEPS if isinstance(after, str) else _DAYS)


def _snapshots(
    view: View, per: str, periods: int, after: int | str | Sequence[int], population: str, category: str
) -> tuple[list[_Snapshot], list[Fact]]:
    check_whose(population, category)
    whole("periods", periods, least=1)
    calendar, moment = view.scope.calendar, view.scope.as_of
    calendar.axis(per)
    days = _days(after)
    if isinstance(after, str):
        calendar.axis(after)
    won = won_of(view, population)
    rows = view.rows("forecast", where=submitted_by(population, category))
    starts = rows.days("start")
    known = starts.data[starts.present()]
    over: list[Period] = []
    if moment is not None and known.size:
        over = [p for p in calendar.periods(int(known.min()), moment.day, per) if p.stop <= moment.day + 1]
    if over:
        check_told(view)
    found, used = [], {*won.currency}
    for period in over[-periods:]:
        came = won.within(period)
        for number, day in _moments(view, period, after, days):
            then = view.known_at(date_of(day))
            said = in_force(then, period, population, category)
            used |= said.currency
            found.append(_Snapshot(period, number, date_of(day), said, came))
    alone(used)
    undated = rows.values("submitted_at").nulls if "submitted_at" in rows.table else 0
    unpriced = sum(s.said.unpriced for s in found)
    return found, [
        Fact("periods", len({s.period.start for s in found}), "count", {"en": "Periods judged", "zh": "已评估期间数"}),
        Fact("undated", undated, "count", _UNDATED, quiet=True),
        Fact("unpriced", unpriced, "count", _UNPRICED, quiet=True),
    ]


_UNDATED = {"en": "Forecasts that say not when they were submitted, left out", "zh": "无提交日期的预测（未计入）"}
_UNPRICED = {"en": "Forecasts in force without an amount, in no total", "zh": "有效但无金额的预测（未计入）"}


def _days(after: int | str | Sequence[int]) -> list[int]:
    """Return the days that are over, in order.

    Raises:
        ArgumentError: no number of days among them.
    """
    if isinstance(after, str):
        return []
    found = several(after) or ((after,) if isinstance(after, int) else ())
    if not found:
        raise ArgumentError(f"after is a number of days, several, or a kind of period such as 'month', got {after!r}")
    return sorted({whole("after", day) for day in found})


def _moments(
    view: View, period: Period, after: int | str | Sequence[int], days: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield how much of a period is over, and the day at whose end it is; none is the end of the period itself."""
    if not isinstance(after, str):
        yield from ((n, period.start - 1 + n) for n in days if n < period.stop - period.start)
        return
    yield 0, period.start - 1
    parts = view.scope.calendar.periods(period.start, period.stop - 1, after)
    inside = [part.stop for part in parts if part.stop < period.stop]
    yield from ((n, stop - 1) for n, stop in enumerate(inside, 1))
