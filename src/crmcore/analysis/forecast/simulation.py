"""Simulation: revenue of deals that are won or lost together, as a quarter is good or bad for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import sqrt
from statistics import NormalDist

import numpy as np

from ...table.column import Array
from .convolution import CERTAIN
from .outcomes import Outcomes

__all__ = ["DRAWS", "simulated_outcomes"]

DRAWS = 20_000
_BLOCK = 1 << 20
"""Numbers drawn at a time."""
_NORMAL = NormalDist()
_FAR, _POINTS = 9, 256
"""Chances between so many points per standard deviation are straight lines, which is right to 5e-7."""


def simulated_outcomes(
    amounts: Sequence[int], chances: Sequence[int], *, correlation: float, draws: int = DRAWS, seed: int = 0
) -> Outcomes:
    """Return the distribution of the sum of the amounts that are won, where deals have a common factor.

    A deal is won where sqrt(r) x the quarter + sqrt(1 - r) x its own luck is low enough, both standard normal; so each
    is won with its own chance, and any two have the correlation r of what stands behind them. The quarter is drawn, then
    each deal with the chance that it has in such a quarter. The time it takes is that of draws x deals.

    Args:
        amounts: of each deal, in minor units.
        chances: of each deal, in 1/10,000.
        correlation: r, at least 0 and below 1.
        draws: how often.
        seed: of numpy's PCG64; the same seed gives the same numbers.

    Returns: in minor units; the same for every order of the deals.

    Source: Vasicek 1987 (one factor).
    """
    pairs = sorted(zip(chances, amounts, strict=True))
    sure = sum(a for c, a in pairs if c == CERTAIN)
    unsure = [(c, a) for c, a in pairs if 0 < c < CERTAIN and a]
    size = sum(abs(a) for _, a in unsure)
    worth: Array = np.array([a for _, a in unsure], np.int64 if size < 2**62 else object)
    levels, alike = np.unique([c for c, _ in unsure], return_counts=True)
    needed = np.array([_NORMAL.inv_cdf(c / CERTAIN) for c in levels.tolist()])
    points = np.linspace(-_FAR, _FAR, 2 * _FAR * _POINTS + 1)
    below = [_NORMAL.cdf(x) for x in points.tolist()]
    source = np.random.Generator(np.random.PCG64(seed))
    found: Array = np.zeros(draws, worth.dtype)
    block = max(_BLOCK // max(len(unsure), 1), 1)
    for first in range(0, draws, block):
        part = found[first : first + block]
        quarter = source.standard_normal((len(part), 1)) * sqrt(correlation)
        then = np.interp((needed - quarter) / sqrt(1 - correlation), points, below)
        part[:] = (source.random((len(part), len(unsure))) < np.repeat(then, alike, axis=1)) @ worth
    values, times = np.unique(found, return_counts=True)
    return Outcomes(values, times / draws, base=Fraction(sure))
