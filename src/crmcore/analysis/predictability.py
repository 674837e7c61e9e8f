"""Predictability: how much the accuracy of forecasts varies from period to period."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, stdev
from typing import Any

import attrs

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing
from .view import View

__all__ = ["MEASURES", "Spread", "forecast_predictability", "spread_of"]

_OF_ANY = ("forecast_accuracy", "forecast_attainment", "forecast_bias")
MEASURES = (
    *(prefix + name for prefix in ("", "team_", "organisation_") for name in _OF_ANY),
    "forecast_accuracy_symmetric",
    "forecast_error",
    "forecast_wape",
    "forecast_mape",
)
"""The metrics by which the forecasts of a period can be judged."""
_LABELS = {
    "periods": ("Periods judged", "已评估期间数"),
    "undefined_periods": ("Periods without a judgment", "无法评估期间数"),
    "mean": ("Mean", "均值"),
    "standard_deviation": ("Standard deviation", "标准差"),
    "variation": ("Coefficient of variation", "变异系数"),
}
OVER = {
    "en": "Only periods that are over are judged; the mean is that of the periods, each weighing the same.",
    "zh": "仅评估已结束的期间；均值按期间计算，各期间权重相同。",
}


@attrs.frozen(slots=True)
class Spread:
    """How much the values of periods vary: their number, mean, standard deviation and its quotient by the mean."""

    n: int
    mean: float | None
    deviation: float | None
    variation: float | None


def spread_of(values: Iterable[float | None]) -> Spread:
    """Return the spread of the values that are defined.

    Undefined when: fewer than two are (deviation), none is (mean), the mean is 0 (variation).
    """
    known = [v for v in values if v is not None]
    mean = fmean(known) if known else None
    deviation = stdev(known) if len(known) > 1 else None
    return Spread(len(known), mean, deviation, deviation / abs(mean) if deviation is not None and mean else None)


def forecast_predictability(view: View, *, measure: str = "forecast_accuracy", per: str = "month") -> Listing:
    """Return the accuracy of the forecasts of each period, with its spread over the periods.

    coefficient of variation = standard deviation / |mean|, with the standard deviation of a sample (n - 1).

    Args:
        view: a dataset with the tables forecast and opportunity.
        measure: the metric that judges a period, such as "forecast_accuracy" or "team_forecast_attainment".
        per: the kind of period: week, month, quarter, year ...

    Returns: one row per period that is over as of the view's instant; the facts `periods`, `undefined_periods`, `mean`,
        `standard_deviation` and `variation` (lower is more predictable).

    Undefined when: fewer than two periods have a value (standard deviation), none has (mean), the mean is 0 (variation).

    Raises:
        ArgumentError: another metric, or no such kind of period.

    Rules: F2, R2, R4, T7, T8, M8.

    Source: Q08; the formula is ours.
    """
    if measure not in MEASURES:
        raise ArgumentError(f"measure is one of {', '.join(MEASURES)}, got {measure!r}")
    result = view.measure(measure, per=per)
    over = _over(view, per)
    judged = [
        (label, v) for label, v in zip(result.column("period"), result.plain(measure), strict=True) if label in over
    ]
    spread = spread_of(v for _, v in judged)
    facts: dict[str, tuple[Any, str]] = {
        "periods": (spread.n, "count"),
        "undefined_periods": (len(judged) - spread.n, "count"),
        "mean": (spread.mean, "ratio"),
        "standard_deviation": (spread.deviation, "ratio"),
        "variation": (spread.variation, "ratio"),
    }
    return Listing(
        [
            (Heading("period", labels={"en": "Period", "zh": "期间"}), [label for label, _ in judged]),
            (Heading(measure, "ratio", dict(result.metrics[0].labels)), [v for _, v in judged]),
        ],
        facts=[Fact(n, v, unit, dict(zip(("en", "zh"), _LABELS[n], strict=True))) for n, (v, unit) in facts.items()],
        notes=[OVER],
    )


def _over(view: View, per: str) -> set[str]:
    """Return the labels of the periods that are over, from the first with a forecast or a closed deal."""
    if view.scope.as_of is None:
        return set()
    today = view.scope.as_of.day
    firsts = []
    for table, column in (("forecast", "start"), ("opportunity", "closed_at")):
        days = view.rows(table).days(column)
        known = days.data[days.present()]
        firsts += [int(known.min())] if known.size else []
    periods = view.scope.calendar.periods(min(firsts, default=today), today, per)
    return {p.label for p in periods if p.stop <= today + 1}
