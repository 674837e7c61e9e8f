"""Operands: exact integers over a scale stay exact, whatever their size; quotients are rounded once (Q3, Q4)."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from crmcore.state.operand import (
    NEGATIVE,
    NOTHING,
    ZERO,
    Operand,
    add,
    constant,
    maximum,
    minimum,
    multiply,
    ratio,
    reach,
    scaled,
    unary,
)
from crmcore.state.operand import root as nth_root

SIZES = (1, 3, 2**31, 2**32 + 1, 2**40, 2**53 + 1, 2**62, 2**63 - 1)
NUMBERS = [sign * size for size in SIZES for sign in (1, -1)]


def operand(value, scale=1):
    """Return one number as an operand."""
    return Operand(np.array([[value]], np.int64), scale)


def exact(found):
    """Return the one number of an operand, as a fraction."""
    return Fraction(found.data.tolist()[0][0]) / found.scale


@pytest.mark.parametrize("a", NUMBERS)
def test_arithmetic_never_wraps(a) -> None:
    """Q3: sums, differences, products, smaller and larger of numbers up to 2^63, at different scales, as Python gives them."""
    for b in NUMBERS:
        for p, q in ((1, 1), (100, 1), (1, 86_400_000_000), (100, 360)):
            left, right = operand(a, p), operand(b, q)
            x, y = Fraction(a, p), Fraction(b, q)
            assert exact(add(left, right)) == x + y
            assert exact(add(left, right, -1)) == x - y
            assert exact(multiply(left, right)) == x * y
            assert exact(minimum(left, right)) == min(x, y)
            assert exact(maximum(left, right)) == max(x, y)


@pytest.mark.parametrize("a", NUMBERS)
def test_quotients_are_rounded_once(a) -> None:
    """Q4: numpy's division of 64-bit integers is not correctly rounded beyond 2^53; Python's is."""
    for b in NUMBERS:
        for p, q in ((1, 1), (100, 1), (1, 100), (7, 3)):
            found = ratio(operand(a, p), operand(b, q))
            assert found.data.tolist() == [[float(Fraction(a, p) / Fraction(b, q))]]
            assert not found.exact


def test_numbers_are_shown_rounded_once() -> None:
    """Q4: 2^53 + 1 hundredths, and a third of it."""
    assert operand(2**53 + 1, 100).floats().tolist() == [[float(Fraction(2**53 + 1, 100))]]
    assert operand(2**62 + 1, 3 * 10**6).floats().tolist() == [[float(Fraction(2**62 + 1, 3 * 10**6))]]


def test_a_zero_denominator_is_undefined_for_its_reason() -> None:
    """R2: of several cells only those with a zero, and a reason that was there before stays, the left one's first."""
    top = Operand(np.array([[1, 0, 5]])).because(np.array([[False, False, True]]), NOTHING)
    below = Operand(np.array([[2, 0, 0]]))

    assert ratio(top, below).why.tolist() == [[0, ZERO, NOTHING]]
    assert ratio(top, below, NOTHING).why.tolist() == [[0, NOTHING, NOTHING]]
    assert ratio(below, Operand(np.array([[1, 1, 1]]))).why is None
    undefined = Operand(np.array([[1]])).because(np.array([[True]]), ZERO)
    assert add(undefined, operand(1).because(np.array([[True]]), NOTHING)).why.tolist() == [[ZERO]]
    assert multiply(operand(1), undefined).why.tolist() == [[ZERO]]


def test_floats_stay_floats() -> None:
    """Q4: as soon as one side is a float, the other is rounded and the operation is that of floats, in its order."""
    third = ratio(operand(1), operand(3))

    assert add(third, operand(1, 10)).data.tolist() == [[1 / 3 + 0.1]]
    assert multiply(operand(1, 10), third).data.tolist() == [[0.1 * (1 / 3)]]
    assert minimum(third, operand(1, 10)).data.tolist() == [[0.1]]
    assert ratio(third, operand(1, 10)).data.tolist() == [[(1 / 3) / 0.1]]
    assert ratio(third, add(third, third, -1)).why.tolist() == [[ZERO]]


def test_signs_and_roots() -> None:
    """The negative, the magnitude and the root; a root of a negative number is undefined."""
    values = Operand(np.array([[4, -9]]), 1)

    assert unary("neg", values).data.tolist() == [[-4, 9]]
    assert unary("abs", values).data.tolist() == [[4, 9]]
    root = nth_root(values, 2)
    assert (root.data[0, 0], root.why.tolist()) == (2.0, [[0, NEGATIVE]])
    assert nth_root(operand(2**62 + 1, 7), 2).data.tolist() == [[sqrt(float(Fraction(2**62 + 1, 7)))]]


def test_constants_of_any_size() -> None:
    """A fraction, and an integer beyond 64 bits."""
    assert exact(constant(Fraction(1, 3), (1, 1))) == Fraction(1, 3)
    assert exact(constant(Fraction(2**70 + 1, 3), (1, 1))) == Fraction(2**70 + 1, 3)


def test_scaling_goes_to_python_integers_where_64_bits_end() -> None:
    """2^62 times 2 leaves 64 bits, 2^62 - 1 times 2 does not."""
    assert scaled(operand(2**62), 2).tolist() == [[2**63]]
    assert scaled(operand(2**62 - 1), 2).dtype == np.int64
    assert scaled(operand(0), 2**63).tolist() == [[0]]
    assert scaled(operand(0), 2**70).tolist() == [[0]]
    assert reach(np.array([-(2**63), 5])) == 2**63
    assert reach(np.zeros((0, 3), np.int64)) == 0
