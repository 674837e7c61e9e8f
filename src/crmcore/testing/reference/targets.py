"""Targets: what of an amount belongs to a run of days (M8)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from ...calendars import Calendar
from .frames import Frame

__all__ = ["SHARED", "allocate", "share"]

SHARED = ("amount", "quantity")
"""The columns of a target that are shared out over its days."""


def share(amount: Fraction, digits: int, start: int, stop: int, frame: Frame, calendar: Calendar) -> Fraction:
    """Return what of the amount of a target for the days [start, stop) belongs to the frame.

    All of it where the target lies inside. Else the target is shared out by days among the periods of the frame's grain
    that it overlaps, and the frame takes those inside it; a frame that cuts through periods takes its days against the
    days outside.
    """
    days = frame.days(cut=False)
    if days is None or (days[0] <= start and stop <= days[1]):
        return amount
    low, high = days
    cuts = [start, max(start, low), min(stop, high), stop]
    if frame.grain is not None:
        periods = calendar.periods(start, stop - 1, frame.grain)
        edges = {p.start for p in periods} | {p.stop for p in periods}
        if {max(low, periods[0].start), min(high, periods[-1].stop)} <= edges:
            cuts = [start, *(p.start for p in periods[1:]), stop]
    parts = allocate(amount, digits, [b - a for a, b in pairwise(cuts)])
    return sum((p for p, (a, b) in zip(parts, pairwise(cuts), strict=True) if low <= a and b <= high), Fraction(0))


def allocate(amount: Fraction, digits: int, weights: Sequence[int]) -> list[Fraction]:
    """Return the amount in parts in proportion to the weights, in units of `digits` decimals, that sum to it exactly.

    The units left over go to the largest remainders, the earlier part first.
    """
    units, whole = abs(amount) * 10**digits, sum(weights)
    exact = [units * w / whole for w in weights]
    parts = [e.numerator // e.denominator for e in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: int(units) - sum(parts)]:
        parts[i] += 1
    sign = -1 if amount < 0 else 1
    return [Fraction(sign * p, 10**digits) for p in parts]
