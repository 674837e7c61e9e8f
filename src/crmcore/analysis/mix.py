"""Mix and rate: what each group has to do with the difference of a quotient, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import attrs

__all__ = ["Groups", "Part", "parts_of", "whole_of"]

Groups = dict[tuple[Any, ...], tuple[Fraction, Fraction]]
"""Labels of a group -> its numerator and denominator."""

HALF = Fraction(1, 2)
NONE = (Fraction(0), Fraction(0))


@attrs.frozen(slots=True)
class Part:
    """What one group has to do with the difference; all numbers are exact.

    Args:
        group: its labels, one for each key.
        before: numerator and denominator before; 0 and 0 where it was absent.
        after: the same afterwards.
        weights: its share of all denominators, before and after; None where those are 0.
        mix: by its weight; None where the number before or after is undefined, or where there are only sums.
        rate: by its own number; None like `mix`.
        contribution: mix + rate; of sums, the difference.
    """

    group: tuple[Any, ...]
    before: tuple[Fraction, Fraction]
    after: tuple[Fraction, Fraction]
    weights: tuple[Fraction | None, Fraction | None]
    mix: Fraction | None
    rate: Fraction | None
    contribution: Fraction | None


def parts_of(before: Groups, after: Groups, *, sums: bool = False) -> tuple[Part, ...]:
    """Return what each group has to do with the difference, the largest contribution first, ties by label.

    Args:
        before: labels of a group -> its numerator and denominator.
        after: the same afterwards.
        sums: the numerators are the numbers; there are no denominators, hence no mix.
    """
    sides = before, after
    numbers = [whole_of(side.values(), sums=sums) for side in sides]
    totals = [sum((pair[1] for pair in side.values()), Fraction(0)) for side in sides]
    found = []
    for group in dict.fromkeys((*before, *after)):
        n0, d0 = before.get(group, NONE)
        n1, d1 = after.get(group, NONE)
        mix = rate = contribution = w0 = w1 = None
        if sums:
            contribution = n1 - n0
        else:
            w0, w1 = (d / total if total else None for d, total in zip((d0, d1), totals, strict=True))
        if w0 is not None and w1 is not None and numbers[0] is not None and numbers[1] is not None:
            here = n1 / totals[1] - n0 / totals[0]
            rate = (n1 / d1 - n0 / d0) * (w0 + w1) * HALF if d0 and d1 else Fraction(0)
            contribution = here - (w1 - w0) * (numbers[0] + numbers[1]) * HALF
            mix = contribution - rate
        found.append(Part(group, (n0, d0), (n1, d1), (w0, w1), mix, rate, contribution))
    return tuple(sorted(found, key=lambda p: (-abs(p.contribution or 0), [_order(x) for x in p.group])))


def _order(label: Any) -> tuple[bool, bool, Any]:
    """Order labels of mixed types: numbers, text, blank."""
    number = isinstance(label, (int, float))
    return label is None, not number, label if number else str(label)


def whole_of(pairs: Iterable[tuple[Fraction, Fraction]], *, sums: bool) -> Fraction | None:
    """Return the number of all groups together; None where its denominator is 0 (R2)."""
    listed = [*pairs]
    top = sum((n for n, _ in listed), Fraction(0))
    below = Fraction(1) if sums else sum((d for _, d in listed), Fraction(0))
    return top / below if below else None
