"""Reductions of a list of values to one number, exact on exact values (Q1, Q2, Q3)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, fsum

from ...algebra.aggregates import Aggregate
from ...errors import DefinitionError
from .values import Value, number_of

__all__ = ["EMPTY", "ZERO", "Number", "reduction"]

Number = Fraction | float
EMPTY, ZERO, NO_WHOLE = "nothing to measure", "denominator is zero", "total not above zero"
"""Why a number is undefined (R2)."""


def reduction(aggregate: Aggregate, values: Sequence[Value], *, inexact: bool) -> tuple[Number | None, str | None]:
    """Return what the aggregate makes of the values that are there, or None and the reason.

    Values are numbers, or anything for a count and distinct; those of a score are `inexact`, and so is their sum, even
    over none.
    """
    op = aggregate.op
    if op == "count":
        return Fraction(len(values)), None
    if op == "distinct":
        return Fraction(len(set(values))), None
    numbers = [_number(aggregate, v) for v in values]
    if op in ("total", "squares"):
        return (_float_sum if inexact else _exact_sum)(numbers, square=op == "squares"), None
    if not numbers:
        return None, EMPTY
    numbers.sort()
    found: Number | None
    if op in ("top_share", "gini"):
        found = _concentration(aggregate, [Fraction(n) for n in numbers])
    else:
        found = _ranked(aggregate, numbers)
    if found is None:
        return None, NO_WHOLE
    return (float(found) if inexact else Fraction(found)), None


def _number(aggregate: Aggregate, value: Value) -> Number:
    number = number_of(value)
    if number is None:
        raise DefinitionError(f"{aggregate!r}: {value!r} is no number")
    return number


def _exact_sum(numbers: Sequence[Number], *, square: bool) -> Fraction:
    return sum((Fraction(n) ** (2 if square else 1) for n in numbers), Fraction(0))


def _float_sum(numbers: Sequence[Number], *, square: bool) -> float:
    return fsum(float(n) * float(n) if square else float(n) for n in numbers)


def _ranked(aggregate: Aggregate, numbers: Sequence[Number]) -> Number:
    """Return the value at a rank of ascending numbers: smallest, largest, or a quantile (Q1)."""
    if aggregate.op == "smallest":
        return numbers[0]
    if aggregate.op == "largest":
        return numbers[-1]
    q = aggregate.q
    assert q is not None
    if aggregate.method == "discrete":  # type 1: the first value at which a share q is reached
        return numbers[max(ceil(q * len(numbers)) - 1, 0)]
    place = q * (len(numbers) - 1)  # type 7
    low = floor(place)
    below, above = Fraction(numbers[low]), Fraction(numbers[min(low + 1, len(numbers) - 1)])
    return below + (above - below) * (place - low)


def _concentration(aggregate: Aggregate, numbers: Sequence[Fraction]) -> Fraction | None:
    """Return the share held by the largest, or the Gini coefficient, of ascending numbers; None where they sum to 0."""
    n, whole = len(numbers), sum(numbers)
    if whole <= 0:  # E40
        return None
    if aggregate.op == "top_share":
        assert aggregate.q is not None
        return sum(numbers[n - max(ceil(aggregate.q * n), 1) :], Fraction(0)) / whole
    return sum(((2 * i - n - 1) * x for i, x in enumerate(numbers, 1)), Fraction(0)) / (n * whole)
