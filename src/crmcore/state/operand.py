"""Operands: exact integers over a scale, or float64, with where they are defined and why not (R2, Q4)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import attrs
import numpy as np

from ..table.column import Array, Mask

__all__ = ["NOTHING", "REASONS", "ZERO", "Operand", "add", "maximum", "minimum", "multiply", "ratio", "reason", "unary"]

NOTHING, ZERO, PERIOD, NEGATIVE, NO_AS_OF, OTHER = 1, 2, 3, 4, 5, 6
REASONS = {
    NOTHING: "nothing to measure",
    ZERO: "denominator is zero",
    PERIOD: "needs a period",
    NEGATIVE: "negative",
    NO_AS_OF: "no as_of",
}
_EXACT_FLOAT = 2**53
_LIMIT = 2**63


def reason(code: int) -> str:
    """Return why a value is undefined."""
    return REASONS[code]


@attrs.frozen(slots=True, eq=False)
class Operand:
    """Numbers per cell. Exact: integers `data` over `scale`. Not exact: float64 (`scale` 1).

    `why` is 0 where the number is defined, else a reason's code; None when all are defined.
    """

    data: Array
    scale: int = 1
    exact: bool = True
    why: Array | None = None

    def floats(self) -> Array:
        """Return the numbers as float64, each rounded once (Q4); undefined ones are whatever."""
        if not self.exact:
            return self.data
        return divide(self.data, 1, self.scale)

    def because(self, where: Mask, code: int) -> Operand:
        """Return the operand undefined where `where` is true, for a reason; earlier reasons stay."""
        if not where.any():
            return self
        why = np.zeros(np.shape(self.data), np.int8) if self.why is None else self.why.copy()
        why[where & (why == 0)] = code
        return attrs.evolve(self, why=why)


def reach(data: Array) -> int:
    """Return the largest magnitude in an integer array."""
    if data.size == 0:
        return 0
    return max(abs(int(data.min())), abs(int(data.max())))


def scaled(data: Array, factor: int) -> Array:
    """Return data * factor without overflow: as Python integers where int64 is too small."""
    if factor == 1:
        return data
    if data.dtype == object or reach(data) * abs(factor) >= _LIMIT:
        return data.astype(object) * factor
    return data * factor


def divide(a: Array, b: Array | int, factor: int) -> Array:
    """Return a / (b * factor) as float64, each quotient rounded once (Q4). Zero divisors give anything."""
    if isinstance(b, int):
        below = b * factor
        if a.dtype != object and below <= _EXACT_FLOAT and reach(a) <= _EXACT_FLOAT:
            return a / below
        return np.array([v / below for v in a.ravel().tolist()], np.float64).reshape(a.shape)
    below_data = scaled(b, factor)
    if a.dtype != object and below_data.dtype != object and reach(a) <= _EXACT_FLOAT and reach(below_data) <= _EXACT_FLOAT:
        with np.errstate(divide="ignore", invalid="ignore"):
            return a / below_data
    pairs = zip(a.ravel().tolist(), below_data.ravel().tolist(), strict=True)
    return np.array([x / y if y else np.nan for x, y in pairs], np.float64).reshape(a.shape)


def _why(a: Operand, b: Operand) -> Array | None:
    """Return the reasons of both, the left one first."""
    if a.why is None:
        return b.why
    return a.why if b.why is None else np.where(a.why != 0, a.why, b.why).astype(np.int8)


def _aligned(a: Operand, b: Operand) -> tuple[Array, Array, int]:
    scale = lcm(a.scale, b.scale)
    return scaled(a.data, scale // a.scale), scaled(b.data, scale // b.scale), scale


def add(a: Operand, b: Operand, sign: int = 1) -> Operand:
    """Return a + b, or a - b."""
    why = _why(a, b)
    if not (a.exact and b.exact):
        left, right = a.floats(), b.floats()
        return Operand(left + right if sign > 0 else left - right, 1, False, why)
    x, y, scale = _aligned(a, b)
    if x.dtype != object and y.dtype != object and reach(x) + reach(y) >= _LIMIT:
        x, y = x.astype(object), y.astype(object)
    return Operand(x + y if sign > 0 else x - y, scale, True, why)


def multiply(a: Operand, b: Operand) -> Operand:
    """Return a * b."""
    why = _why(a, b)
    if not (a.exact and b.exact):
        return Operand(a.floats() * b.floats(), 1, False, why)
    x, y = a.data, b.data
    if x.dtype != object and y.dtype != object and reach(x) * reach(y) >= _LIMIT:
        x, y = x.astype(object), y.astype(object)
    return Operand(x * y, a.scale * b.scale, True, why)


def _chosen(choose: Callable[[Any, Any], Any]) -> Callable[[Operand, Operand], Operand]:
    def pick(a: Operand, b: Operand) -> Operand:
        why = _why(a, b)
        if not (a.exact and b.exact):
            return Operand(choose(a.floats(), b.floats()), 1, False, why)
        x, y, scale = _aligned(a, b)
        return Operand(choose(x, y), scale, True, why)

    return pick


minimum = _chosen(np.minimum)
maximum = _chosen(np.maximum)


def ratio(a: Operand, b: Operand, empty: int = ZERO) -> Operand:
    """Return a / b: one correctly rounded quotient of exact sides; undefined where b is zero (R2)."""
    result_why = _why(a, b)
    zero = np.asarray(b.data == 0, bool)
    if a.exact and b.exact:
        common = gcd(a.scale, b.scale)
        top = scaled(a.data, b.scale // common)
        data = divide(top, b.data, a.scale // common)
    else:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            data = np.asarray(a.floats() / b.floats())
    if zero.any():
        data = np.where(zero, 0.0, data)
    return Operand(data, 1, False, result_why).because(zero, empty)


def unary(op: str, a: Operand) -> Operand:
    """Return -a, |a| or sqrt(a); the root is undefined below zero."""
    if op == "neg":
        return attrs.evolve(a, data=-a.data)
    if op == "abs":
        return attrs.evolve(a, data=abs(a.data))
    values = a.floats()
    below = values < 0
    with np.errstate(invalid="ignore"):
        return Operand(np.sqrt(values), 1, False, a.why).because(below, NEGATIVE)


def constant(value: Fraction, shape: tuple[int, ...]) -> Operand:
    """Return an exact constant for each cell."""
    kind: Any = np.int64 if abs(value.numerator) < _LIMIT else object
    return Operand(np.full(shape, value.numerator, kind), value.denominator)
