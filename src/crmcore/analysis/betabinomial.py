"""The beta prior of groups' rates by maximum likelihood of the beta-binomial distribution."""

from __future__ import annotations

from math import inf, lgamma, log

import attrs
import numpy as np

from ..errors import ArgumentError
from ..table.column import Array
from .rates import Counts, Prior, counts_of

__all__ = ["beta_prior", "log_likelihood"]

_GRID = 4.0 ** np.arange(-20, 11)
"""Overdispersions at which the likelihood is looked at before the best place is refined."""
_STEPS = 200
_ROUGH, _FINE = 1e-6, 1e-13
"""Relative precision of the mean on the grid, and of what is found."""


@attrs.frozen(slots=True, eq=False)
class _Tallies:
    """How many groups have more than j cases in the numerator, outside it, and in all, for j = 0, 1, 2 ...

    With the mean m and the overdispersion t = 1 / strength, the log-likelihood is, up to a constant,
    sum_j inside_j log(m + j t) + outside_j log(1 - m + j t) - all_j log(1 + j t): smooth down to t = 0, where it is
    that of one rate for all, and every sum is finite as the counts are whole.
    """

    inside: Array
    outside: Array
    every: Array

    @classmethod
    def of(cls, k: Array, n: Array) -> _Tallies:
        size = int(n.max()) + 1

        def above(counts: Array) -> Array:
            return np.asarray(counts.size - np.cumsum(np.bincount(counts, minlength=size))[:-1], np.float64)

        return cls(above(k), above(n - k), above(n))

    def value(self, m: float, t: float) -> float:
        j = np.arange(self.every.size) * t
        terms = self.inside * np.log(m + j) + self.outside * np.log(1 - m + j) - self.every * np.log1p(j)
        return float(terms.sum())

    def mean(self, t: float, near: float, precision: float = _FINE) -> float:
        """Return the mean of largest likelihood at an overdispersion: the root of a falling function in (0, 1)."""
        j = np.arange(self.every.size) * t
        low, high, m = 0.0, 1.0, near
        for _ in range(_STEPS):
            up, down = self.inside / (m + j), self.outside / (1 - m + j)
            slope = float(up.sum() - down.sum())
            low, high = (m, high) if slope > 0 else (low, m)
            bend = float((up / (m + j)).sum() + (down / (1 - m + j)).sum())
            step = m + slope / bend
            before, m = m, step if low < step < high else (low + high) / 2
            if abs(m - before) <= precision * m:
                break
        return m

    def slope(self, m: float, t: float) -> float:
        """Return the derivative of the likelihood by the overdispersion."""
        j = np.arange(self.every.size)
        each = self.inside * j / (m + j * t) + self.outside * j / (1 - m + j * t) - self.every * j / (1 + j * t)
        return float(each.sum())


def beta_prior(k: Counts, n: Counts) -> Prior:
    """Return the beta prior under which the counts of the groups are most likely.

    maximise sum(log C(n, k) + log B(k + a, n - k + b) - log B(a, b)) over a, b > 0

    Where one rate for all groups is at least as likely as any spread of rates, the strength is infinite and the mean
    the pooled rate; where each group is all or nothing, the strength is 0. Time and memory grow with the largest n.

    Args:
        k: cases in the numerator, by group.
        n: cases, by group; groups without any take no part.

    Undefined when: no group has a case; mean is nan.

    Raises:
        ArgumentError: no counts, or k above n.

    Rules: R3.

    Source: Griffiths 1973, Biometrics 29; Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.1.
    """
    top, below = counts_of(k, n)
    if not top.size:
        return Prior(np.nan, inf)
    hits, cases = int(top.sum()), int(below.sum())
    pooled = hits / cases
    if hits in (0, cases):
        return Prior(pooled, inf)
    tallies = _Tallies.of(top, below)
    whole = (top == 0) | (top == below)
    if bool(whole.all()):  # the likelihood rises without end, unless no group has two cases that could agree
        return Prior(float((top > 0).mean()), 0.0) if int(below.max()) > 1 else Prior(pooled, inf)
    spread = _overdispersion(tallies, pooled)
    return Prior(pooled, inf) if spread == 0 else Prior(tallies.mean(spread, pooled), 1 / spread)


def _overdispersion(tallies: _Tallies, pooled: float) -> float:
    """Return the overdispersion of largest likelihood, each with its own best mean; 0 where none is larger than at 0."""
    grid = [0.0, *_GRID.tolist()]
    means = [pooled]
    for t in grid[1:]:
        means.append(tallies.mean(t, means[-1], _ROUGH))
    values = [tallies.value(m, t) for m, t in zip(means, grid, strict=True)]
    best = max(range(len(grid)), key=values.__getitem__)
    rising = tallies.slope(pooled, 0.0)
    low, high, m = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], means[best]
    if low == 0 and rising <= 0:
        return 0.0
    return _turning(tallies, low, high, m)


def _turning(tallies: _Tallies, low: float, high: float, m: float) -> float:
    """Return where the likelihood turns from rising to falling between two overdispersions, by regula falsi (Illinois)."""
    up, down = tallies.slope(tallies.mean(low, m), low), tallies.slope(tallies.mean(high, m), high)
    t, side = high, 0
    for _ in range(_STEPS):
        if high - low <= _FINE * high:
            break
        inner = (low * down - high * up) / (down - up) if up > 0 > down else (low + high) / 2
        t, before = inner if low < inner < high else (low + high) / 2, t
        m = tallies.mean(t, m)
        slope = tallies.slope(m, t)
        if slope == 0 or abs(t - before) <= _FINE * t:
            break
        if slope > 0:
            low, up, down, side = t, slope, down / 2 if side > 0 else down, 1
        else:
            high, down, up, side = t, slope, up / 2 if side < 0 else up, -1
    return t


def log_likelihood(k: Counts, n: Counts, prior: Prior) -> float:
    """Return the log-likelihood of the groups' counts under a beta prior.

    sum(log C(n, k) + log B(k + a, n - k + b) - log B(a, b)); the binomial one where the strength is infinite

    Raises:
        ArgumentError: no counts, k above n, or a prior that has no beta distribution.

    Source: vector rate-beta-binomial-eb.
    """
    top, below = counts_of(k, n)
    a, b = prior.a, prior.b
    if not (a > 0 and b > 0):
        raise ArgumentError(f"a beta distribution has a mean between 0 and 1 and a strength above 0, got {prior!r}")
    whole = 0.0
    for x, m in zip(top.tolist(), below.tolist(), strict=True):
        whole += lgamma(m + 1) - lgamma(x + 1) - lgamma(m - x + 1)
        if prior.strength == inf:
            whole += x * log(prior.mean) + (m - x) * log(1 - prior.mean)
        else:
            whole += lgamma(x + a) + lgamma(m - x + b) - lgamma(m + a + b) - lgamma(a) - lgamma(b) + lgamma(a + b)
    return whole
