"""Judging: accuracy, errors and their spread over periods, and shares of few cases with their interval (F2, R2, R3)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs
import numpy as np

from ...state.interval import wilson
from ...state.listing import Fact
from ..accuracy import forecast_errors
from ..predictability import spread_of

__all__ = ["CONFIDENCE", "accuracy", "between", "error_facts", "nothing_judged", "share", "spread_facts"]

CONFIDENCE = 0.95
_ERRORS = ("wape", "bias", "attainment", "accuracy", "accuracy_symmetric", "mape", "mae", "rmse")
_IN_MONEY = ("mae", "rmse")
_NO_PERIOD = {
    "en": "No period is judged: none is over that was forecast after the first deal was created. Ask as of a later day, take shorter "
    "periods (per), or forecasts made later in theirs (after).",
    "zh": "没有可评估的期间：在首个商机创建之后预测的期间均未结束。请选择更晚的日期、更短的期间 (per)，或期间内更晚的预测日 (after)。",
}
_NO_DEAL = {
    "en": "No deal is judged: at the end of the day on which these forecasts were made, no open deal was expected to close in their "
    "period. Choose a later day of the period (after).",
    "zh": "没有可评估的商机：在预测日结束时，没有在手商机预计在相应期间内成交。请选择期间内更晚的预测日 (after)。",
}


def nothing_judged(deals: Sequence[int]) -> list[dict[str, str]]:
    """Return the note that says why nothing was judged; none where something was.

    Args:
        deals: how many deals were in each forecast.
    """
    if any(deals):
        return []
    return [_NO_DEAL if deals else _NO_PERIOD]


def share(top: Fraction | int, below: Fraction | int) -> float | None:
    """Return an exact quotient, rounded once; None where the divisor is zero (R2)."""
    return float(Fraction(top) / below) if below else None


def accuracy(actual: Fraction, forecast: Fraction | None) -> float | None:
    """Return 1 - |A - F| / A; None without a forecast, and where nothing came (F2, R2)."""
    return None if forecast is None else share(actual - abs(actual - forecast), actual)


def between(k: int, n: int) -> tuple[float | None, float | None]:
    """Return the Wilson interval of k of n cases; None of no case (R3)."""
    if not n:
        return None, None
    low, high = wilson(np.array([k]), np.array([n]), CONFIDENCE)
    return float(low[0]), float(high[0])


def error_facts(pairs: Sequence[tuple[Fraction, Fraction]]) -> list[Fact]:
    """Return the measures of forecasts against what came, as facts.

    Args:
        pairs: what came and what had been forecast, of each period.
    """
    found = forecast_errors([float(a) for a, _ in pairs], [float(f) for _, f in pairs])
    facts = {fact.name: fact for fact in found.facts}
    return [attrs.evolve(facts[name], unit="money") if name in _IN_MONEY else facts[name] for name in _ERRORS]


def spread_facts(accuracies: Sequence[float | None]) -> list[Fact]:
    """Return the mean accuracy of periods and how much it varies between them: lower is more predictable."""
    spread = spread_of(accuracies)
    return [
        Fact("accuracy_mean", spread.mean, "ratio", {"en": "Mean accuracy of a period", "zh": "各期间准确率均值"}),
        Fact(
            "accuracy_standard_deviation",
            spread.deviation,
            "ratio",
            {"en": "Standard deviation of the accuracy", "zh": "准确率标准差"},
        ),
        Fact(
            "accuracy_variation",
            spread.variation,
            "ratio",
            {"en": "Predictability: variation of the accuracy", "zh": "可预测性：准确率变异系数"},
        ),
    ]
