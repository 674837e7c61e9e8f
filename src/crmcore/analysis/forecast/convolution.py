"""Convolution: the distribution of the revenue of deals that are won or not, each independently of the others."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ...table.column import Array
from .grid import CELLS, put_on_grid
from .outcomes import Outcomes

__all__ = ["CERTAIN", "revenue_outcomes", "win_chances"]

CERTAIN = 10_000
"""Chances are whole numbers of 1/10,000, as probabilities are kept: this one is 1."""
_NEVER = 1e-30
"""Outcomes at the ends that are less likely are left out; together they are no digit of any number."""
_LOOK = 32
"""Deals after which the ends are looked at."""
_EXACT = 1 << 62


def win_chances(chances: Sequence[int]) -> Array:
    """Return the chances that 0, 1, 2 ... of the deals are won, each independently of the others.

    The Poisson binomial distribution, one deal after the other.

    Args:
        chances: of each deal, in 1/10,000.

    Returns: one more than there are deals; the same for every order of them.

    Source: Hong 2013.
    """
    found = np.zeros(len(chances) + 1)
    low, likely = _convolved([(1, chance) for chance in chances])
    found[low : low + len(likely)] = likely
    return found


def revenue_outcomes(amounts: Sequence[int], chances: Sequence[int], *, cells: int = CELLS) -> Outcomes:
    """Return the distribution of the sum of the amounts that are won, each independently of the others.

    Exact where all sums of the amounts that may or may not come, or all multiples of their common divisor, are no more than
    `cells`; else on a grid of `cells` steps over the total of their sizes, of which each is parted where that is cheap.

    Args:
        amounts: of each deal, in minor units.
        chances: of each deal, in 1/10,000.
        cells: of the grid.

    Returns: in minor units; the same for every order of the deals.

    Rules: M4.
    """
    pairs = sorted(zip(amounts, chances, strict=True), key=lambda pair: (abs(pair[0]), pair))
    sure = Fraction(sum(a for a, c in pairs if c == CERTAIN))
    unsure = [(a, c) for a, c in pairs if 0 < c < CERTAIN and a]
    sums = [a for a, _ in unsure]
    if 1 << min(len(unsure), 64) <= cells and sum(map(abs, sums)) < _EXACT:
        values, found = _all_sums(unsure)
        return Outcomes(values, found, base=sure)
    grid = put_on_grid(sums, [c for _, c in unsure], cells)
    low, found = _convolved([(k, c) for k, (_, c) in zip(grid.amounts, unsure, strict=True)])
    return Outcomes(np.arange(low, low + len(found)), found, grid.unit, sure, grid.step, grid.moved)


def _all_sums(deals: Sequence[tuple[int, int]]) -> tuple[Array, Array]:
    """Return every sum that can come out with its chance, from all ways to win."""
    sums, chances = np.zeros(1, np.int64), np.ones(1)
    for amount, chance in deals:
        sums = np.concatenate([sums, sums + amount])
        chances = np.concatenate([chances * ((CERTAIN - chance) / CERTAIN), chances * (chance / CERTAIN)])
    values, where = np.unique(sums, return_inverse=True)
    return values, np.bincount(where, chances, len(values))


def _convolved(deals: Sequence[tuple[int, int]]) -> tuple[int, Array]:
    """Return the smallest sum on the grid that can come out, and the chance of it and of each step above."""
    # an amount below 0 that is won is one above 0 that is not, on a base that is lower
    low = sum(k for k, _ in deals if k < 0)
    steps = sorted((abs(k), c if k > 0 else CERTAIN - c) for k, c in deals if k)
    room = np.zeros(sum(k for k, _ in steps) + 1)
    room[0] = 1.0
    won = np.empty_like(room)
    a, b = 0, 1  # what can come out so far
    for n, (k, chance) in enumerate(steps, 1):
        np.multiply(room[a:b], chance / CERTAIN, out=won[a:b])
        room[a:b] *= (CERTAIN - chance) / CERTAIN
        room[a + k : b + k] += won[a:b]
        b += k
        if n % _LOOK == 0:
            likely = np.flatnonzero(room[a:b] > _NEVER)
            first, last = a + int(likely[0]), a + int(likely[-1]) + 1
            room[last:b] = 0  # is added to again; what is below is never looked at
            a, b = first, last
    return low + a, room[a:b]
