"""Intervals: how far a rate or a mean from a sample may be off (R3)."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from ..errors import ArgumentError
from ..table.column import Array

__all__ = ["balance_interval", "mean_interval", "quantile_of_normal", "wilson"]


def quantile_of_normal(confidence: float) -> float:
    """Return the z that leaves (1 - confidence) / 2 on each side.

    Raises:
        ArgumentError: a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ArgumentError(f"confidence lies between 0 and 1, got {confidence!r}; 0.95 is usual")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(successes: Array, n: Array, confidence: float) -> tuple[Array, Array]:
    """Return the Wilson score interval of a proportion; nan where n is 0.

    Source: Wilson 1927.
    """
    z = quantile_of_normal(confidence)
    k, m = successes.astype(float), n.astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / m
        width = z * np.sqrt(p * (1 - p) / m + z * z / (4 * m * m))
        centre = p + z * z / (2 * m)
        below = 1 + z * z / m
        low, high = (centre - width) / below, (centre + width) / below
    # at the ends the interval starts or stops exactly there, which rounding may miss by a hair
    return np.where(k == 0, np.where(m > 0, 0.0, np.nan), low), np.where((k == m) & (m > 0), 1.0, high)


def mean_interval(mean: Array, variance: Array, n: Array, confidence: float) -> tuple[Array, Array]:
    """Return the normal interval of a mean from the variance of its sample; nan where n is below 2."""
    z = quantile_of_normal(confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = z * np.sqrt(np.maximum(variance, 0) / n)  # a variance of inexact numbers may miss 0 by a hair
    few = n < 2
    return np.where(few, np.nan, mean - error), np.where(few, np.nan, mean + error)


def balance_interval(plus: Array, minus: Array, both: Array, n: Array, confidence: float) -> tuple[Array, Array]:
    """Return the adjusted Wald interval of a difference of two shares of the same n rows; nan where n is 0.

    Three made-up answers are added, 3/4 of one to each share: without them ten promoters of ten would leave no doubt.

    Source: Rocks 2016, The American Statistician.
    """
    z = quantile_of_normal(confidence)
    size = n + 3.0
    p, m, shared = (plus + 0.75) / size, (minus + 0.75) / size, both / size
    error = z * np.sqrt((p + m - 2 * shared - (p - m) ** 2) / size)
    few = n == 0
    low, high = np.maximum(p - m - error, -1.0), np.minimum(p - m + error, 1.0)
    return np.where(few, np.nan, low), np.where(few, np.nan, high)
