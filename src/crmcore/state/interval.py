"""Intervals: how far a rate or a mean from a sample may be off (R3)."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from ..errors import ArgumentError
from ..table.column import Array

__all__ = ["mean_interval", "quantile_of_normal", "wilson"]


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
