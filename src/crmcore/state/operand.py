"""Operands: exact integers over a scale, or float64, with where they are defined and why not (R2, Q4)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import attrs
import numpy as np

from ..table.column import Array, Mask

__all__ = [
    "NOTHING",
    "REASONS",
    "ZERO",
    "Operand",
    "add",
    "maximum",
    "minimum",
    "multiply",
    "ratio",
    "reason",
    "root",
    "unary",
]

NOTHING, ZERO, PERIOD, NEGATIVE, NO_AS_OF, OTHER, NO_WHOLE = 1, 2, 3, 4, 5, 6, 7
REASONS = {
    NOTHING: "nothing to measure",
    ZERO: "denominator is zero",
    PERIOD: "needs a period",
    NEGATIVE: "negative",
    NO_AS_OF: "no as_of",
    NO_WHOLE: "total not above zero",
}
_EXACT_FLOAT = 2**53
_LIMIT = 2**63


def reason(code: int) -> str:
    """Return why a value is undefined."""
    return REASONS[code]


@attrs.frozen(slots=True, eq=False)
class Operand:
    """Numbers per cell. Exact: integers `data` over `scale`. Not exact: float64 (`scale` 1).

    `why` is 0 where the number is defined, else a reason's code; None when all are defined. No exact |data| is
    larger than `bound`; None when that is not known.
    """

    data: Array
    scale: int = 1
    exact: bool = True
    why: Array | None = None
    bound: int | None = None

    def limit(self) -> int:
        """Return a bound of |data|."""
        return reach(self.data) if self.bound is None else self.bound

    def floats(self) -> Array:
        """Return the numbers as float64, each rounded once (Q4); undefined ones are whatever."""
        if not self.exact:
            return self.data
        small = self.data.dtype != object and self.scale <= _EXACT_FLOAT and self._below(_EXACT_FLOAT)
        if small:
            return self.data / self.scale
        return np.array([v / self.scale for v in self.data.ravel().tolist()], np.float64).reshape(self.data.shape)

    def because(self, where: Mask, code: int) -> Operand:
        """Return the operand undefined where `where` is true, for a reason; earlier reasons stay."""
        if not where.any():
            return self
        if self.why is None and where.shape == self.data.shape:
            return Operand(self.data, self.scale, self.exact, where.astype(np.int8) * np.int8(code), self.bound)
        why = np.zeros(self.data.shape, np.int8) if self.why is None else self.why.copy()
        why[where & (why == 0)] = code
        return Operand(self.data, self.scale, self.exact, why, self.bound)

    def _below(self, limit: int, factor: int = 1) -> bool:
        """Is |data| * factor certainly at most `limit`? Looks at the data when the bound does not tell."""
        return (self.bound is not None and self.bound * factor <= limit) or reach(self.data) * factor <= limit


def reach(data: Array) -> int:
    """Return the largest magnitude in an integer array."""
    if data.size == 0:
        return 0
    return max(abs(int(data.min())), abs(int(data.max())))


def scaled(operand: Operand, factor: int) -> Array:
    """Return exact data * factor without overflow: as Python integers where int64 is too small."""
    if factor == 1:
        return operand.data
    if operand.data.dtype != object and factor < _LIMIT and operand._below(_LIMIT - 1, factor):
        return operand.data * factor
    return operand.data.astype(object) * factor


def _why(a: Operand, b: Operand) -> Array | None:
    """Return the reasons of both, the left one first."""
    if a.why is None:
        return b.why
    return a.why if b.why is None else np.where(a.why != 0, a.why, b.why).astype(np.int8)


def _aligned(a: Operand, b: Operand) -> tuple[Array, Array, int, int]:
    """Return both sides at one scale, the scale, and a bound of the sum of their magnitudes."""
    if a.scale == b.scale:
        return a.data, b.data, a.scale, a.limit() + b.limit()
    scale = lcm(a.scale, b.scale)
    x, y = scale // a.scale, scale // b.scale
    return scaled(a, x), scaled(b, y), scale, a.limit() * x + b.limit() * y


def add(a: Operand, b: Operand, sign: int = 1) -> Operand:
    """Return a + b, or a - b."""
    why = _why(a, b)
    if not (a.exact and b.exact):
        left, right = a.floats(), b.floats()
        return Operand(left + right if sign > 0 else left - right, 1, False, why)
    x, y, scale, bound = _aligned(a, b)
    if bound >= _LIMIT:
        x, y = x.astype(object), y.astype(object)
    return Operand(x + y if sign > 0 else x - y, scale, True, why, bound)


def multiply(a: Operand, b: Operand) -> Operand:
    """Return a * b."""
    why = _why(a, b)
    if not (a.exact and b.exact):
        return Operand(a.floats() * b.floats(), 1, False, why)
    bound = a.limit() * b.limit()
    x, y = a.data, b.data
    if bound >= _LIMIT:
        x, y = x.astype(object), y.astype(object)
    return Operand(x * y, a.scale * b.scale, True, why, bound)


def _chosen(choose: Callable[[Any, Any], Any]) -> Callable[[Operand, Operand], Operand]:
    def pick(a: Operand, b: Operand) -> Operand:
        why = _why(a, b)
        if not (a.exact and b.exact):
            return Operand(choose(a.floats(), b.floats()), 1, False, why)
        x, y, scale, bound = _aligned(a, b)
        return Operand(choose(x, y), scale, True, why, bound)

    return pick


minimum = _chosen(np.minimum)
maximum = _chosen(np.maximum)


def ratio(a: Operand, b: Operand, empty: int = ZERO) -> Operand:
    """Return a / b: one correctly rounded quotient of exact sides; undefined where b is zero (R2)."""
    zero = np.asarray(b.data == 0, bool)
    none = bool(zero.any())
    if a.exact and b.exact:
        data = _quotient(a, b, zero if none else None)
    else:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            data = np.asarray(a.floats() / b.floats())
            if none:
                data = np.where(zero, 0.0, data)
    result = Operand(data, 1, False, _why(a, b))
    return result.because(zero, empty) if none else result


def _quotient(a: Operand, b: Operand, zero: Mask | None) -> Array:
    common = gcd(a.scale, b.scale)
    top, below = scaled(a, b.scale // common), scaled(b, a.scale // common)
    if zero is not None:
        below = np.where(zero, 1, below)
    small = object not in (top.dtype, below.dtype) and a._below(_EXACT_FLOAT, b.scale // common)
    if small and b._below(_EXACT_FLOAT, a.scale // common):
        # numpy divides float64, and so rounds once, only while both sides are exact as float64
        quotient: Array = top / below
        return quotient
    shape = np.broadcast_shapes(top.shape, below.shape)
    pairs = zip(
        np.broadcast_to(top, shape).ravel().tolist(), np.broadcast_to(below, shape).ravel().tolist(), strict=True
    )
    data = np.array([x / y for x, y in pairs], np.float64).reshape(shape)
    return data if zero is None else np.where(zero, 0.0, data)


def unary(op: str, a: Operand) -> Operand:
    """Return -a or |a|."""
    return attrs.evolve(a, data=-a.data if op == "neg" else abs(a.data))


def root(a: Operand, n: int) -> Operand:
    """Return the n-th root of a; undefined below zero."""
    values = a.floats()
    below = values < 0
    known = np.where(below, 0.0, values)
    if n == 2:
        return Operand(np.sqrt(known), 1, False, a.why).because(below, NEGATIVE)
    # the power of the C library, one by one: numpy's differs in the last bit from machine to machine
    found = np.array([v ** (1 / n) for v in known.ravel().tolist()], np.float64).reshape(known.shape)
    return Operand(found, 1, False, a.why).because(below, NEGATIVE)


def constant(value: Fraction, shape: tuple[int, ...]) -> Operand:
    """Return an exact constant for each cell."""
    kind: Any = np.int64 if abs(value.numerator) < _LIMIT else object
    return Operand(np.full(shape, value.numerator, kind), value.denominator, bound=abs(value.numerator))
