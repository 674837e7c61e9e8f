"""Rates of groups with few cases: shrinking them towards what all groups share, and comparing two of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, inf, isinf, sqrt
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.interval import wilson
from ..table.column import Array

__all__ = [
    "Comparison",
    "Prior",
    "beta_prior_by_moments",
    "compared",
    "counts_of",
    "gamma_prior_by_moments",
    "newcombe",
]

Counts = Array | Sequence[int]


@attrs.frozen(slots=True)
class Prior:
    """What all groups share: a mean rate, and as how many cases it weighs.

    For proportions this is the beta distribution with `a = mean * strength` and `b = (1 - mean) * strength`, for counts
    by exposure the gamma distribution with that mean and the rate `strength`. A strength of inf says that the groups do
    not differ beyond chance, 0 that nothing is shared.
    """

    mean: float
    strength: float

    @property
    def a(self) -> float:
        """Cases of the numerator that the prior counts for."""
        return self.mean * self.strength

    @property
    def b(self) -> float:
        """Cases outside the numerator that the prior of a proportion counts for."""
        return (1 - self.mean) * self.strength

    def shrunken(self, k: Counts, n: Counts) -> Array:
        """Return the rate of each group, drawn towards the mean the more, the fewer cases it has.

        (k + mean * strength) / (n + strength)

        Args:
            k: numerator of each group, such as deals won.
            n: denominator of each group, such as deals decided.

        Returns: float64; the mean itself where the strength is inf, and where a group has no case.

        Undefined when: a group has no case and the strength is 0.

        Rules: R3.

        Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.1.
        """
        top, below = np.asarray(k, np.float64), np.asarray(n, np.float64)
        if isinf(self.strength):
            return np.full(below.shape, self.mean)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((top + self.mean * self.strength) / (below + self.strength))


@attrs.frozen(slots=True)
class Comparison:
    """The difference of two proportions with its z and two-sided p; None where undefined."""

    difference: float | None
    z: float | None
    p: float | None


def counts_of(k: Any, n: Any, *, proportion: bool = True) -> tuple[Array, Array]:
    """Return numerators and denominators of groups as int64, those with a denominator of 0 left out.

    Raises:
        ArgumentError: arrays of different lengths, numbers that are not whole or below 0, or k above n in a proportion.
    """
    top, below = np.asarray(k), np.asarray(n)
    if top.ndim != 1 or top.shape != below.shape:
        raise ArgumentError(
            f"k and n are one number per group, of one length, got shapes {top.shape} and {below.shape}"
        )
    for name, found in (("k", top), ("n", below)):
        bad = np.flatnonzero(~((found >= 0) & (found == np.floor(found)))) if found.size else found
        if bad.size:
            raise ArgumentError(
                f"{name} holds counts, whole and not below 0; group {bad[0]} has {found[bad[0]].item()!r}", row=bad[0]
            )
    if proportion and bool((top > below).any()):
        row = int(np.flatnonzero(top > below)[0])
        raise ArgumentError(
            f"k counts some of the n cases; group {row} has k = {top[row]!s} of n = {below[row]!s}", row=row
        )
    some = below > 0
    return top[some].astype(np.int64), below[some].astype(np.int64)


def beta_prior_by_moments(k: Counts, n: Counts) -> Prior:
    """Return the beta prior whose mean and variance are those of the groups' rates.

    mean = mean of k/n, unweighted; strength = mean * (1 - mean) / s^2 - 1, s^2 with one degree of freedom less

    The chance in each rate is part of s^2, so that few cases per group make the prior weaker than it should be;
    `betabinomial.beta_prior` separates the two. Where the groups' rates are all alike, or no beta distribution has these
    moments, the prior is the pooled rate with infinite strength: the groups are shrunk fully.

    Args:
        k: cases in the numerator, by group.
        n: cases, by group; groups without any take no part.

    Undefined when: no group has a case; mean is nan.

    Raises:
        ArgumentError: no counts, or k above n.

    Rules: R3.

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.1.
    """
    top, below = counts_of(k, n)
    if not top.size:
        return Prior(np.nan, inf)
    rates = top / below
    mean = float(rates.mean())
    spread = float(rates.var(ddof=1)) if rates.size > 1 else 0.0
    strength = mean * (1 - mean) / spread - 1 if spread > 0 else inf
    return Prior(mean, strength) if 0 < strength < inf else Prior(int(top.sum()) / int(below.sum()), inf)


def gamma_prior_by_moments(k: Counts, n: Counts) -> Prior:
    """Return the gamma prior of counts by exposure, k ~ Poisson(n * rate), whose moments are those of the groups.

    mean = sum(k) / sum(n); variance of the rates = sum(n * (k/n - mean)^2) / sum(n) - mean / (mean of n);
    strength = mean / variance

    Where that variance is not above 0, the groups do not differ beyond chance, and the strength is infinite.

    Args:
        k: events, by group, such as contacts made.
        n: exposure, by group, such as meetings; groups without any take no part.

    Undefined when: no group has exposure; mean is nan.

    Raises:
        ArgumentError: no counts.

    Rules: R3.

    Source: Marshall 1991, Applied Statistics 40(2), the global estimator.
    """
    top, below = counts_of(k, n, proportion=False)
    if not top.size:
        return Prior(np.nan, inf)
    events, exposure = int(top.sum()), int(below.sum())
    mean = events / exposure
    weighted = float((below * (top / below - mean) ** 2).sum()) / exposure
    variance = weighted - mean * below.size / exposure
    return Prior(mean, mean / variance if variance > 0 else inf)


def compared(a: tuple[int, int], b: tuple[int, int]) -> Comparison:
    """Return the difference of two proportions and how surprising it is if both are one.

    z = (p1 - p2) / sqrt(p * (1 - p) * (1/n1 + 1/n2)), p pooled; two-sided p of the normal distribution

    Args:
        a: (k, n) of the first.
        b: (k, n) of the second.

    Undefined when: one has no case; z and p also where all cases are alike.

    Raises:
        ArgumentError: no counts, or k above n.

    Rules: R2, R3.

    Source: vector rate-two-prop-z.
    """
    top, below = counts_of([a[0], b[0]], [a[1], b[1]])
    if top.size < 2:
        return Comparison(None, None, None)
    (k1, k2), (n1, n2) = top.tolist(), below.tolist()
    difference = k1 / n1 - k2 / n2
    pooled = (k1 + k2) / (n1 + n2)
    error = sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
    if error == 0:
        return Comparison(difference, None, None)
    z = difference / error
    return Comparison(difference, z, erfc(abs(z) / sqrt(2)))


def newcombe(k1: Counts, n1: Counts, k2: Counts, n2: Counts, confidence: float = 0.95) -> tuple[Array, Array]:
    """Return the interval of the difference of two proportions, element by element.

    low = d - sqrt((p1 - l1)^2 + (u2 - p2)^2), high = d + sqrt((u1 - p1)^2 + (p2 - l2)^2), with the Wilson bounds l, u

    Args:
        k1: cases in the first numerator.
        n1: cases of the first.
        k2: cases in the second numerator.
        n2: cases of the second.
        confidence: of the interval, between 0 and 1.

    Returns: low and high, within [-1, 1].

    Undefined when: one has no case; nan.

    Raises:
        ArgumentError: a confidence outside (0, 1).

    Rules: R3.

    Source: Newcombe 1998, Statistics in Medicine 17:873-890, method 10.
    """
    x1, m1, x2, m2 = (np.asarray(v, np.int64) for v in (k1, n1, k2, n2))
    low1, high1 = wilson(x1, m1, confidence)
    low2, high2 = wilson(x2, m2, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        p1, p2 = x1 / m1, x2 / m2
    difference = p1 - p2
    return difference - np.hypot(p1 - low1, high2 - p2), difference + np.hypot(high1 - p1, p2 - low2)
