"""Backtest: what would have been forecast in past periods, by what was known then, beside what came (F3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ...algebra.columns import Expr
from ...errors import ArgumentError
from ...state.listing import Fact, Heading, Listing
from ...table.currencies import currencies_of
from ..stage_chain import PRIOR
from .convolution import CERTAIN, revenue_outcomes
from .deals import WON, alone
from .fates import WON_IN, Fates
from .judging import accuracy, between, error_facts, nothing_judged, share, spread_facts
from .past import Made, left_out, made_in_the_past
from .revenue import methods_of

if TYPE_CHECKING:
    from ...calendars import Period
    from ...evaluate.rows import Rows
    from ..view import View

__all__ = ["METHODS", "forecast_backtest"]

METHODS = ("weighted", "commit", "best_case", "all_open", "won", "run_rate", "p50")
_BY_CATEGORY = ("commit", "best_case")
_HEADINGS = (
    Heading("period", "label", {"en": "Period", "zh": "期间"}),
    Heading("made_on", "label", {"en": "Made on", "zh": "预测日期"}),
    Heading("forecast", "money", {"en": "Forecast", "zh": "预测金额"}),
    Heading("p10", "money", {"en": "P10", "zh": "P10"}),
    Heading("p90", "money", {"en": "P90", "zh": "P90"}),
    Heading("actual", "money", {"en": "Won", "zh": "实际赢单金额"}),
    Heading("error", "money", {"en": "Forecast less won", "zh": "预测减实际"}),
    Heading("accuracy", "ratio", {"en": "Accuracy", "zh": "准确率"}),
    Heading("deals", "count", {"en": "Open deals in it", "zh": "其中在手商机数"}),
    Heading("expected_wins", "number", {"en": "Wins expected", "zh": "预计赢单数"}),
    Heading("wins", "count", {"en": "Of these won in the period", "zh": "其中本期赢单数"}),
    Heading("slipped", "count", {"en": "Of these slipped", "zh": "其中推迟商机数"}),
    Heading("visible", "money", {"en": "Won that was in sight", "zh": "预测时已可见的赢单金额"}),
)


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
    slipped: int
    due: Fraction
    slipped_value: Fraction
    visible: Fraction

    @property
    def error(self) -> Fraction | None:
        return None if self.forecast is None else self.forecast - self.actual

    @property
    def inside(self) -> bool:
        return self.low <= self.actual <= self.high


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

    Returns: one row per period with the forecast, P10 and P90 of independent deals, what was won, the accuracy 1 - |A - F| / A,
        and how many of the deals that were in the forecast were won in it, and how many slipped: were open at its end and
        expected later or on no day. Facts, over the periods: the errors of `forecast_errors`, such as
        WAPE = sum |F - A| / sum |A| and bias = sum (F - A) / sum A; the mean accuracy of a period with its standard deviation
        and variation (predictability); the share of periods between P10 and P90 (of a good forecast some 80 %) with its
        Wilson interval; the slip rate of the deals that were in the forecasts, by count and by value; and visibility: the share
        of what was won that was won or in sight when the forecast was made. Quiet ones count what was left out of the forecasts,
        such as open deals that were expected before the period (E56).

    Undefined when: nothing was won in any period (WAPE, bias, visibility), or in this one (its accuracy); no period is over;
        no deal was in a forecast (slip rate).

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.
        CurrencyError: amounts of several currencies.
        HistoryUnavailable: no changes of stages and probabilities are known, or of stages and categories for a method by
            category (S5).

    Rules: F2, F3, O8, S5, R2, R3, T1, M2, M3, M4.

    Source: Q07; backtest at points in time.
    """
    if method not in METHODS:
        raise ArgumentError(f"method is one of {', '.join(METHODS)}, got {method!r}")
    reads = ("probability", *(["forecast_category"] if method in _BY_CATEGORY else []))
    past, notes = made_in_the_past(
        view, per=per, periods=periods, after=after, rates=rates, segment=segment, prior=prior, reads=reads
    )
    won = view.rows("opportunity", at="closed_at", where=WON)
    known, fates, used = _Won.of(won), Fates.of(view), currencies_of(won.amounts())
    found, left = [], []
    for made in past:
        left.append(made.deals.facts)
        used |= made.deals.currency
        found.append(_judged(made, known, fates, method, after))
    alone(used)
    return Listing(
        list(zip(_HEADINGS, _columns(found), strict=True)),
        facts=[*_facts(found, per), *left_out(left)],
        notes=[*notes, *nothing_judged([judged.deals for judged in found])],
    )


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


def _judged(made: Made, won: _Won, fates: Fates, method: str, after: int) -> _Judged:
    deals, period = made.deals, made.period
    outcomes = revenue_outcomes(deals.amounts, deals.chances)
    low, middle, high = ((outcomes.quantile(q) + deals.won) / deals.scale for q in (0.1, 0.5, 0.9))
    value = middle * deals.scale if method == "p50" else methods_of(made.then, deals, made.ahead)[method]
    came, ids, first = won.within(period), {*deals.ids}, period.start + after
    became = fates.of_forecast(made)
    slipped = [fate.slipped for fate in became if fate.slipped is not None]
    return _Judged(
        period,
        made.day,
        None if value is None else value / deals.scale,
        low,
        high,
        sum(came.values(), Fraction(0)),
        len(deals.ids),
        sum(deals.chances) / CERTAIN,
        sum(fate.end == WON_IN for fate in became),
        len(slipped),
        Fraction(sum(deals.amounts), deals.scale),
        sum(slipped, Fraction(0)),
        sum((value for id_, value in came.items() if id_ in ids or won.day(id_) < first), Fraction(0)),
    )


def _columns(found: Sequence[_Judged]) -> list[list[Any]]:
    return [
        [j.period.label for j in found],
        [j.made_on.isoformat() for j in found],
        [None if j.forecast is None else float(j.forecast) for j in found],
        [float(j.low) for j in found],
        [float(j.high) for j in found],
        [float(j.actual) for j in found],
        [None if j.error is None else float(j.error) for j in found],
        [accuracy(j.actual, j.forecast) for j in found],
        [j.deals for j in found],
        [j.expected for j in found],
        [j.wins for j in found],
        [j.slipped for j in found],
        [float(j.visible) for j in found],
    ]


def _facts(found: Sequence[_Judged], per: str) -> list[Fact]:
    inside, n = sum(j.inside for j in found), len(found)
    low, high = between(inside, n)
    deals, slipped = sum(j.deals for j in found), sum(j.slipped for j in found)

    def over(top: str, below: str) -> float | None:
        return share(*(sum((getattr(j, name) for j in found), Fraction(0)) for name in (top, below)))

    return [
        Fact("per", per, "label", {"en": "Periods", "zh": "期间类型"}),
        Fact("periods", n, "count", {"en": "Periods judged", "zh": "已评估期间数"}),
        *error_facts([(j.actual, j.forecast) for j in found if j.forecast is not None]),
        *spread_facts([accuracy(j.actual, j.forecast) for j in found]),
        Fact(
            "inside", share(inside, n), "ratio", {"en": "Periods between P10 and P90", "zh": "实际落在P10至P90的比例"}
        ),
        Fact("inside_low", low, "ratio", {"en": "At least, with 95 %", "zh": "95%置信下限"}),
        Fact("inside_high", high, "ratio", {"en": "At most, with 95 %", "zh": "95%置信上限"}),
        Fact(
            "slip_rate",
            share(slipped, deals),
            "ratio",
            {"en": "Slip rate of the deals in it", "zh": "预测内商机推迟率"},
        ),
        Fact(
            "slip_rate_by_value",
            over("slipped_value", "due"),
            "ratio",
            {"en": "Slip rate by value", "zh": "推迟率（按金额）"},
        ),
        Fact("visibility", over("visible", "actual"), "ratio", {"en": "Visibility", "zh": "可见度"}),
    ]
