"""Errors of forecasts against what came, on plain arrays: mean, absolute, squared, relative, scaled, by quantile."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite, sqrt
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array

__all__ = ["forecast_errors", "pinball_loss"]

Numbers = Array | Sequence[Any]

_FACTS: dict[str, tuple[str, str, str]] = {
    "n": ("count", "Pairs", "样本数"),
    "mean_error": ("number", "Mean error (ME)", "平均误差（ME）"),
    "mae": ("number", "Mean absolute error (MAE)", "平均绝对误差（MAE）"),
    "rmse": ("number", "Root mean squared error (RMSE)", "均方根误差（RMSE）"),
    "mpe": ("ratio", "Mean relative error (MPE)", "平均百分比误差（MPE）"),
    "mape": ("ratio", "Mean absolute relative error (MAPE)", "平均绝对百分比误差（MAPE）"),
    "smape_200": ("number", "Symmetric MAPE, 0 to 200 (sMAPE)", "对称平均绝对百分比误差（sMAPE，0至200）"),
    "wape": ("ratio", "Weighted absolute error (WAPE)", "加权绝对百分比误差（WAPE）"),
    "mase": ("number", "Mean absolute scaled error (MASE)", "平均绝对标度误差（MASE）"),
    "bias": ("ratio", "Bias", "偏差率"),
    "attainment": ("ratio", "Attainment", "达成率"),
    "accuracy": ("ratio", "Accuracy of the total", "总体准确率"),
    "accuracy_of_forecast": ("ratio", "Accuracy, on the forecast", "准确率（按预测）"),
    "accuracy_symmetric": ("ratio", "Accuracy, symmetric", "准确率（对称）"),
}


def forecast_errors(actual: Numbers, forecast: Numbers, *, train: Numbers | None = None, season: int = 1) -> Listing:
    """Return the usual measures of forecasts against what came, as facts beside the pairs.

    With error e = actual A - forecast F: `mean_error` mean e, `mae` mean |e|, `rmse` sqrt(mean e^2), `mpe` mean e / A,
    `mape` mean |e| / |A|, `smape_200` mean of 200 |e| / (|A| + |F|), `wape` sum |e| / sum |A|, `mase` mae / the mean
    |A_t - A_(t - season)| of `train`. Of the totals: `bias` (F - A) / A, `attainment` A / F, `accuracy` 1 - |A - F| / A,
    `accuracy_of_forecast` 1 - |A - F| / F, `accuracy_symmetric` 1 - |A - F| / max(A, F). The bias has the sign of the
    forecast, the mean error that of what came.

    Args:
        actual: what came, any unit; no blanks.
        forecast: what had been forecast, one per actual.
        train: what came before the forecasts, in order of time; gives `mase` its scale.
        season: length of the season in steps, 1 for none; 12 for months of a year.

    Returns: one row per pair (actual, forecast, error, relative error); the measures are facts, relative ones as ratios.

    Undefined when: there is no pair; what divides is zero (`mape` and `mpe` with any actual of zero); `mase` without
    `train`, or where it never changes.

    Raises:
        ArgumentError: lengths that differ, a value that is blank or no number, a season that `train` does not exceed.

    Rules: F2, R2, R4, M3.

    Source: Q01-Q06; Hyndman and Athanasopoulos, Forecasting: principles and practice.

    Examples:
        >>> found = forecast_errors([80], [100])
        >>> found.fact("accuracy"), found.fact("attainment"), found.fact("bias")
        (0.75, 0.8, 0.25)
    """
    a, f = _pairs(actual, forecast)
    e = a - f
    size, n = np.abs(a), a.size
    miss, real, said = fsum(np.abs(e)), fsum(a), fsum(f)
    both = size + np.abs(f)
    off = abs(real - said)
    found: dict[str, float | int | None] = {
        "n": n,
        "mean_error": _over(fsum(e), n),
        "mae": _over(miss, n),
        "rmse": sqrt(fsum(e * e) / n) if n else None,
        "mpe": _mean_ratio(e, a),
        "mape": _mean_ratio(np.abs(e), size),
        "smape_200": _mean_ratio(200 * np.abs(e), both),
        "wape": _over(miss, fsum(size)),
        "mase": _over(_over(miss, n), _scale(train, season)),
        "bias": _over(said - real, real),
        "attainment": _over(real, said),
        "accuracy": _over(real - off, real),
        "accuracy_of_forecast": _over(said - off, said),
        "accuracy_symmetric": _over(max(real, said) - off, max(real, said)),
    }
    relative = np.divide(e, a, out=np.full(n, np.nan), where=a != 0)
    facts = [Fact(name, found[name], unit, {"en": en, "zh": zh}) for name, (unit, en, zh) in _FACTS.items()]
    columns = [
        (Heading("actual", "number", {"en": "Actual", "zh": "实际"}), a),
        (Heading("forecast", "number", {"en": "Forecast", "zh": "预测"}), f),
        (Heading("error", "number", {"en": "Error", "zh": "误差"}), e),
        (Heading("relative_error", "ratio", {"en": "Relative error", "zh": "相对误差"}), relative),
    ]
    return Listing(columns, facts=facts)


def pinball_loss(actual: Numbers, forecast: Numbers, q: float) -> float | None:
    """Return the mean loss of forecasts of a quantile.

    mean of q x e where e = actual - forecast is positive, and of (q - 1) x e where it is negative.

    Args:
        actual: what came.
        forecast: the q quantile that had been forecast, one per actual.
        q: between 0 and 1.

    Returns: in the unit of the values, 0 at best; None over no pair.

    Raises:
        ArgumentError: a q outside 0 to 1, lengths that differ, a value that is blank or no number.

    Rules: R2, M3.

    Source: Koenker and Bassett 1978.

    Examples:
        >>> pinball_loss([1, 2, 3], [1, 2, 4], 0.9)
        0.03333333333333333
    """
    _check_share(q)
    a, f = _pairs(actual, forecast)
    e = a - f
    return _over(fsum(np.where(e > 0, q * e, (q - 1) * e)), a.size)


def _pairs(actual: Numbers, forecast: Numbers) -> tuple[Array, Array]:
    a, f = _numbers("actual", actual), _numbers("forecast", forecast)
    if a.size != f.size:
        raise ArgumentError(f"actual has {a.size} values and forecast has {f.size}; give one forecast per actual")
    return a, f


def _numbers(name: str, values: Numbers) -> Array:
    """Return values as float64."""
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    for place, value in enumerate(listed):
        if isinstance(value, (str, bool)) or value is None or not hasattr(value, "__float__") or not isfinite(value):
            raise ArgumentError(f"{name}[{place}] is {value!r}; give numbers, and leave out pairs that lack one (M3)")
    return np.array([float(v) for v in listed], np.float64)


def _over(top: float | None, below: float | None) -> float | None:
    """Return a quotient; None where the divisor is zero or either is undefined (R2)."""
    return None if top is None or not below else top / below


def _mean_ratio(top: Array, below: Array) -> float | None:
    """Return the mean of quotients; None where any divisor is zero (R2)."""
    if not below.size or not below.all():
        return None
    return fsum(top / below) / below.size


def _scale(train: Numbers | None, season: int) -> float | None:
    """Return the mean change over a season: what the seasonal naive forecast misses by inside `train`."""
    _check_season(season)
    if train is None:
        return None
    known = _numbers("train", train)
    if known.size <= season:
        raise ArgumentError(f"train has {known.size} values; a season of {season} needs more")
    return fsum(np.abs(known[season:] - known[:-season])) / (known.size - season)


def _check_share(q: object) -> None:
    if isinstance(q, bool) or not isinstance(q, (int, float)) or not 0 <= q <= 1:
        raise ArgumentError(f"q lies between 0 and 1, got {q!r}")


def _check_season(season: object) -> None:
    if isinstance(season, bool) or not isinstance(season, int) or season < 1:
        raise ArgumentError(f"season is a whole number of steps, at least 1, got {season!r}")
