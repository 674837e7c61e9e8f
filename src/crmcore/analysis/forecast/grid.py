"""Grid: amounts as whole numbers of a step, so that their total and their weighted value stay."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from math import gcd

import attrs

__all__ = ["CELLS", "MOST_CELLS", "Grid", "put_on_grid"]

CELLS = 1 << 16
"""How many steps the open total has at most, unless another number is chosen."""
MOST_CELLS = 1 << 24
"""More would take more memory than any figure is worth."""
_WORK = 1 << 25
"""Deals x parts of steps that a convolution takes in its stride."""
_PER_DEAL = 4
"""Parts of steps that a deal has at least, on average: with fewer, most are nothing or one, and spread as if all were alike."""


@attrs.frozen(slots=True)
class Grid:
    """Amounts as whole numbers of a unit.

    Args:
        amounts: one whole number per deal, in the order given.
        unit: what 1 stands for, in minor units.
        step: that was asked for, a multiple of the unit; 0 where every amount is a whole number of units.
        moved: no sum of some of the amounts is moved by more.
    """

    amounts: tuple[int, ...]
    unit: Fraction
    step: Fraction
    moved: Fraction


def put_on_grid(amounts: Sequence[int], chances: Sequence[int], cells: int = CELLS) -> Grid:
    """Put amounts on a grid of at most `cells` steps over the sum of their sizes.

    Where all amounts are multiples of a number that is coarse enough, its multiples are the grid and nothing is moved; it is
    never finer than the minor unit. Else each amount is cut to what is below, and what is left over goes one each to the
    largest remainders, deals of the same chance among themselves. What those have together is shared by the running sum in
    the order of chances, to the nearest. So the total stays the same, and the sum of amount x chance does to half a unit;
    with amounts below 0 among them, the total does to half a unit and the other to one.

    A step is parted in 2, 4, 8 ... until no sum of amounts is moved by more than a step, or until there is too much to do:
    that is with the default of cells beyond some 50 deals. There `moved`, at worst half a unit per deal, is a bound that is
    far from what is seen: P10, P50 and P90 within a step.

    Args:
        amounts: in minor units; those of equal remainder get units in the order given.
        chances: of each.
        cells: how many steps at most.
    """
    size = sum(map(abs, amounts))
    common = gcd(*amounts)
    if common == 0:
        return Grid(tuple(amounts), Fraction(1), Fraction(0), Fraction(0))
    deals = len(amounts)
    most = max(cells, _WORK // deals)
    parts = -(-_PER_DEAL * deals // cells)
    while True:
        if size // common <= max(cells * parts, most):
            return Grid(tuple(a // common for a in amounts), Fraction(common), Fraction(0), Fraction(0))
        found, moved = _rounded(amounts, chances, size, cells * parts)
        if moved * cells <= size or 2 * cells * parts > most:
            return Grid(found, Fraction(size, cells * parts), Fraction(size, cells), moved)
        parts *= 2


def _rounded(amounts: Sequence[int], chances: Sequence[int], size: int, cells: int) -> tuple[tuple[int, ...], Fraction]:
    """Return the amounts in units of size / cells, and by how much a sum of them is moved at most."""
    cut = [a * cells // size for a in amounts]
    running = before = 0
    for _, places in groupby(sorted(range(len(amounts)), key=chances.__getitem__), key=chances.__getitem__):
        alike = list(places)
        running += sum(amounts[i] for i in alike)
        now = (2 * running * cells + size) // (2 * size)  # to the nearest, a half up
        over = now - before - sum(cut[i] for i in alike)
        before = now
        for i in sorted(alike, key=lambda i: -(amounts[i] * cells % size))[:over]:
            cut[i] += 1
    shifts = [k * size - a * cells for k, a in zip(cut, amounts, strict=True)]
    up, down = sum(s for s in shifts if s > 0), -sum(s for s in shifts if s < 0)
    return tuple(cut), Fraction(max(up, down), cells)
