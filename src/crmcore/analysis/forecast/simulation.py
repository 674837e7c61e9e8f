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


def simulated_outcomes(
    amounts: Sequence[int], chances: Sequence[int], *, correlation: float, draws: int = DRAWS, seed: int = 0
) -> Outcomes:
    """Return the distribution of the sum of the amounts that are won, where deals have a common factor.

    A deal is won where sqrt(r) x the quarter + sqrt(1 - r) x its own luck is low enough, both standard normal; so each
    is won with its own chance, and any two have the correlation r of what stands behind them.

    Args:
        amounts: of each deal, in minor units.
        chances: of each deal, in 1/10,000.
        correlation: r, at least 0 and below 1.
        draws: how often.
        seed: of numpy's PCG64; the same seed gives the same numbers.

    Returns: in minor units; the same for every order of the deals.

    Source: Vasicek 1987 (one factor).
    """
    pairs = sorted(zip(amounts, chances, strict=True))
    sure = sum(a for a, c in pairs if c == CERTAIN)
    unsure = [(a, c) for a, c in pairs if 0 < c < CERTAIN and a]
    size = sum(abs(a) for a, _ in unsure)
    worth: Array = np.array([a for a, _ in unsure], np.int64 if size < 2**62 else object)
    normal = NormalDist()
    needed = np.array([normal.inv_cdf(c / CERTAIN) for _, c in unsure])
    source = np.random.Generator(np.random.PCG64(seed))
    found: Array = np.zeros(draws, worth.dtype)
    block = max(_BLOCK // max(len(unsure), 1), 1)
    for first in range(0, draws, block):
        part = found[first : first + block]
        quarter = source.standard_normal((len(part), 1)) * sqrt(correlation)
        luck = source.standard_normal((len(part), len(unsure))) * sqrt(1 - correlation)
        part[:] = (quarter + luck < needed) @ worth
    values, times = np.unique(found, return_counts=True)
    return Outcomes(values, times / draws, base=Fraction(sure))
