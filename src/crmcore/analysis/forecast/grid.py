"""Grid: amounts as whole numbers of a step, so that their total stays."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import attrs

__all__ = ["CELLS", "Grid", "put_on_grid"]

CELLS = 1 << 16
"""How many steps the open total has at most, unless another number is chosen."""


@attrs.frozen(slots=True)
class Grid:
    """Amounts as whole numbers of a step.

    Args:
        amounts: one whole number per deal, in the order given.
        unit: what 1 stands for, in minor units.
        step: the same where amounts were moved; 0 where every amount is a whole number of units.
        moved: no sum of some of the amounts is moved by more.
    """

    amounts: tuple[int, ...]
    unit: Fraction
    step: Fraction
    moved: Fraction


def put_on_grid(amounts: list[int], cells: int = CELLS) -> Grid:
    """Put amounts on a grid of at most `cells` steps over the sum of their sizes.

    Where all amounts are multiples of a number that is coarse enough, its multiples are the grid and nothing is moved; it is
    never finer than the minor unit. Else each amount is cut to the step below, and what is left over goes one step each to
    the largest remainders, so that the total is the same; with amounts below 0 among them, to half a step.

    Args:
        amounts: in minor units; those of equal remainder get steps in the order given.
        cells: how many steps at most.
    """
    size = sum(map(abs, amounts))
    common = gcd(*amounts)
    if common == 0 or size // common <= cells:
        unit = Fraction(common or 1)
        return Grid(tuple(a // (common or 1) for a in amounts), unit, Fraction(0), Fraction(0))
    unit = Fraction(size, cells)
    cut = [a * cells // size for a in amounts]
    rest = [a * cells % size for a in amounts]
    over = round(Fraction(sum(amounts) * cells, size)) - sum(cut)
    first = sorted(range(len(amounts)), key=lambda i: -rest[i])
    for i in first[:over]:
        cut[i] += 1
    shifts = [c * unit - a for c, a in zip(cut, amounts, strict=True)]
    up, down = (sum((s for s in shifts if (s > 0) is sign), Fraction(0)) for sign in (True, False))
    return Grid(tuple(cut), unit, unit, max(up, -down))
