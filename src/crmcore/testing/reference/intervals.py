"""Intervals of proportions and means from their counts and sums (R3)."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from statistics import NormalDist

from ...errors import ArgumentError

__all__ = ["mean_interval", "wilson"]


def _deviations(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ArgumentError(f"confidence lies between 0 and 1, e.g. 0.95, not {confidence!r}", confidence=confidence)
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the Wilson score interval of k successes among n; None among none.

    The proportions p at which k lies `z` standard deviations of a binomial away: |k/n - p| = z sqrt(p (1 - p) / n).

    Rules: R3
    """
    if not 0 <= k <= n:
        raise ArgumentError(f"a proportion counts 0 to n of n, not {k!r} of {n!r}", k=k, n=n)
    if n == 0:
        return None
    z = _deviations(confidence)
    middle = (k + z * z / 2) / (n + z * z)
    reach = z * sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    # at the ends one bound is 0 or 1 itself, which floats only come near to
    return (0.0 if k == 0 else middle - reach, 1.0 if k == n else middle + reach)


def mean_interval(n: int, total: Fraction, squares: Fraction, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the normal interval of a mean from exact sums; None of fewer than two values.

    mean -+ z s / sqrt(n), s the sample's standard deviation, s^2 = (squares - total^2 / n) / (n - 1).

    Rules: R3
    """
    if n < 2:
        return None
    mean, variance = Fraction(total) / n, (Fraction(squares) - Fraction(total) ** 2 / n) / (n - 1)
    reach = _deviations(confidence) * sqrt(variance / n)
    return (float(mean) - reach, float(mean) + reach)
