"""Backtest: what would have been forecast in past periods, by what was known then, beside what came (F3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ...algebra.columns import Expr
from ...errors import ArgumentError, HistoryUnavailable, TableNotFound
from ...state.listing import Fact, Heading, Listing
from ...table.history import logs_of
from ..choices import whole
from ..stage_chain import PRIOR
from .convolution import CERTAIN, revenue_outcomes
from .deals import OF_STAGE, OWN, WON, Deals, deals_of
from .revenue import methods_of

if TYPE_CHECKING:
    from ...calendars import Period
    from ...evaluate.rows import Rows
    from ..view import View

__all__ = ["METHODS", "forecast_backtest"]

METHODS = ("weighted", "commit", "best_case", "all_open", "won", "run_rate", "p50")
_EPOCH = date(1970, 1, 1)
_HEADINGS = (
    Heading("period", "label", {"en": "Period", "zh": "期间"}),
    Heading("made_on", "label", {"en": "Made on", "zh": "预测日期"}),
    Heading("forecast", "money", {"en": "Forecast", "zh": "预测金额"}),
    Heading("p10", "money", {"en": "P10", "zh": "P10"}),
    Heading("p90", "money", {"en": "P90", "zh": "P90"}),
    Heading("actual", "money", {"en": "Won", "zh": "实际赢单金额"}),
    Heading("error", "money", {"en": "Forecast less won", "zh": "预测减实际"}),
    Heading("deals", "count", {"en": "Open deals in it", "zh": "其中在手商机数"}),
    Heading("expected_wins", "number", {"en": "Wins expected", "zh": "预计赢单数"}),
    Heading("wins", "count", {"en": "Of these won in the period", "zh": "其中本期赢单数"}),
    Heading("visible", "money", {"en": "Won that was in sight", "zh": "预测时已可见的赢单金额"}),
)
_AS_TODAY = {
    "en": "No changes are known of: {names}. What these are today stands for what they were.",
    "zh": "未知变更历史：{names}。以当前值代替当时的值。",
}
_NOTE = {
    "en": "Each forecast is made from the data as they stood on its day and as they were known on it; what was won is what is "
    "known now.",
    "zh": "每个预测均基于当日状态及当日已知的数据；实际赢单金额以当前所知为准。",
}


@attrs.frozen(slots=True)
class _Judged:
    period: Period
    made_on: date
    forecast: Fraction | None
    low: Fraction
    high: Fraction
    actual: Fraction
    deals: int
    expected: float
    wins: int
    visible: Fraction


def forecast_backtest(
    view: View,
    *,
    per: str = "quarter",
    periods: int = 8,
    after: int = 0,
    method: str = "weighted",
    rates: str = "own",
    segment: str | Expr | None = None,
    prior: float = PRIOR,
) -> Listing:
    """Forecast past periods as they would have been forecast, and judge the forecasts by what came.

    A forecast is made from the data as they were at the end of its day, and as they were known then: stages, amounts,
    probabilities and closing dates of that day, and a stage chain of nothing later. So nothing of the period leaks into it.
    Where no changes of the probability are known, that of the stage then stands for it, as a deal that ended has 1 or 0.

    Args:
        view: with opportunities, and the changes of those columns that change.
        per: the kind of period: month, quarter, fiscal_quarter ...
        periods: how many of those that are over, at most; none that was forecast before the first deal.
        after: days of the period that are over when its forecast is made; 0 for the evening before.
        method: what of `revenue_forecast` is judged: weighted, commit, best_case, all_open, won, run_rate or p50.
        rates: "own" or "stages"; see `revenue_forecast`.
        segment: by which the chain of stages is learnt apart.
        prior: of that chain.

    Returns: one row per period with the forecast, P10 and P90 of independent deals, what was won, and how many of the deals that
        were in the forecast were won in it. Facts: WAPE = sum |F - A| / sum |A|, bias = sum (F - A) / sum A, the share of
        periods between P10 and P90 (of a good forecast some 80 %), and visibility: the share of what was won that
        was won or in sight when the forecast was made.

    Undefined when: nothing was won in any period (WAPE, bias, visibility); no period is over.

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.
        CurrencyError: amounts of several currencies.
        HistoryUnavailable: no changes of stages and probabilities are known (S5).

    Rules: F2, F3, O8, S5, R2, T1, M2, M3, M4.

    Source: Q07; backtest at points in time.
    """
    whole("periods", periods, least=1)
    whole("after", after)
    if method not in METHODS:
        raise ArgumentError(f"method is one of {', '.join(METHODS)}, got {method!r}")
    if "opportunity" not in view:
        raise TableNotFound("opportunity", view.scope.tables, where="in the dataset")
    won = view.rows("opportunity", at="closed_at", where=WON)
    known = _Won.of(won)
    over = _over(view, per, after)[-periods:]
    own, notes = _own(view) if over else (OWN, [])
    found = []
    for period in over:
        day = _EPOCH + timedelta(days=period.start - 1 + after)
        then = view.known_at(day)
        deals = deals_of(then, per=per, ahead=0 if after else 1, rates=rates, by=segment, prior=prior, own=own)
        found.append(_judged(then, deals, period, day, known, method, after))
    return Listing(list(zip(_HEADINGS, _columns(found), strict=True)), facts=_facts(found, per), notes=notes)


@attrs.frozen(slots=True)
class _Won:
    """What is known to have been won: id, day, amount."""

    deals: dict[Any, tuple[int, Fraction]]

    @classmethod
    def of(cls, rows: Rows) -> _Won:
        days, amounts = rows.days("closed_at"), rows.amounts()
        there = days.present()
        values = np.where(amounts.present(), amounts.data, 0).tolist()
        return cls(
            {
                id_: (day, Fraction(value, amounts.scale))
                for id_, day, value, dated in zip(rows.ids(), days.data.tolist(), values, there, strict=True)
                if dated
            }
        )

    def day(self, id_: Any) -> int:
        return self.deals[id_][0]

    def within(self, period: Period) -> dict[Any, Fraction]:
        return {id_: v for id_, (day, v) in self.deals.items() if period.start <= day < period.stop}


def _over(view: View, per: str, after: int) -> list[Period]:
    """Return the periods that are over, of which a forecast was made before they were, and not before the first deal."""
    calendar, moment = view.scope.calendar, view.scope.as_of
    calendar.axis(per)
    days = view.rows("opportunity").days("created_at")
    made = days.data[days.present()]
    if moment is None or not made.size:
        return []
    first = int(made.min())
    return [
        p
        for p in calendar.periods(first, moment.day, per)
        if p.stop <= moment.day + 1 and first < p.start + after < p.stop
    ]


def _own(view: View) -> tuple[Expr, list[dict[str, str]]]:
    """Return the probability that deals had then, and what the listing has to say.

    Raises:
        HistoryUnavailable: nothing tells of it (S5).
    """
    told = {*logs_of(view.scope.tables, view.scope.zone).get("opportunity", {})}
    if "change" in view:  # of some columns a source keeps the last change only
        told -= {name for name in told if f"opportunity.{name}" in view.scope.tables["change"].last_only}
    if not {"probability", "stage"} & told:
        raise HistoryUnavailable(
            "a forecast of the past needs the changes of the stage or of the probability of opportunities, and the table change "
            "has none; those of today know how deals ended (S5)"
        )
    unknown = [name for name in ("amount", "expected_close") if name not in told]
    notes = [_NOTE]
    if unknown:
        names = ", ".join(unknown)
        notes.append({"en": _AS_TODAY["en"].format(names=names), "zh": _AS_TODAY["zh"].format(names=names)})
    return (OWN if "probability" in told else OF_STAGE), notes


def _judged(then: View, deals: Deals, period: Period, day: date, won: _Won, method: str, after: int) -> _Judged:
    outcomes = revenue_outcomes(deals.amounts, deals.chances)
    low, middle, high = ((outcomes.quantile(q) + deals.won) / deals.scale for q in (0.1, 0.5, 0.9))
    value = middle * deals.scale if method == "p50" else methods_of(then, deals, 0 if after else 1)[method]
    came = won.within(period)
    mine, first = {*deals.ids} & came.keys(), period.start + after
    return _Judged(
        period,
        day,
        None if value is None else value / deals.scale,
        low,
        high,
        sum(came.values(), Fraction(0)),
        len(deals.ids),
        sum(deals.chances) / CERTAIN,
        len(mine),
        sum((value for id_, value in came.items() if id_ in mine or won.day(id_) < first), Fraction(0)),
    )


def _columns(found: Sequence[_Judged]) -> list[list[Any]]:
    return [
        [j.period.label for j in found],
        [j.made_on.isoformat() for j in found],
        [None if j.forecast is None else float(j.forecast) for j in found],
        [float(j.low) for j in found],
        [float(j.high) for j in found],
        [float(j.actual) for j in found],
        [None if j.forecast is None else float(j.forecast - j.actual) for j in found],
        [j.deals for j in found],
        [j.expected for j in found],
        [j.wins for j in found],
        [float(j.visible) for j in found],
    ]


def _facts(found: Sequence[_Judged], per: str) -> list[Fact]:
    judged = [j for j in found if j.forecast is not None]
    errors = [j.forecast - j.actual for j in judged if j.forecast is not None]
    total = sum((j.actual for j in judged), Fraction(0))
    size = sum((abs(j.actual) for j in judged), Fraction(0))
    all_won = sum((j.actual for j in found), Fraction(0))
    inside = sum(j.low <= j.actual <= j.high for j in found)

    def share(top: Fraction | int, below: Fraction | int) -> float | None:
        return float(Fraction(top) / below) if below else None

    return [
        Fact("per", per, "label", {"en": "Periods", "zh": "期间类型"}),
        Fact("periods", len(found), "count", {"en": "Periods judged", "zh": "已评估期间数"}),
        Fact("wape", share(sum(map(abs, errors), Fraction(0)), size), "ratio", {"en": "WAPE", "zh": "加权误差率"}),
        Fact("bias", share(sum(errors, Fraction(0)), total), "ratio", {"en": "Bias", "zh": "偏差率"}),
        Fact(
            "inside",
            share(inside, len(found)),
            "ratio",
            {"en": "Periods between P10 and P90", "zh": "实际落在P10至P90的比例"},
        ),
        Fact(
            "visibility",
            share(sum((j.visible for j in found), Fraction(0)), all_won),
            "ratio",
            {"en": "Visibility", "zh": "可见度"},
        ),
    ]
