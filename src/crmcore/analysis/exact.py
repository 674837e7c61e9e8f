"""Numbers of any kind as whole numbers over one scale (Q3)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import isfinite, lcm
from numbers import Integral, Rational
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..table.column import Array

__all__ = ["Numbers", "whole_numbers"]

Numbers = Array | Sequence[int | float | Decimal | Fraction]

_LIMIT = 2**63
_CERTAIN = 1e15
"""Below this a float stands for one decimal of 15 digits."""
_STEPS = (1, 100, 1_000, 1_000_000)


def whole_numbers(values: Numbers, name: str = "values") -> tuple[Array, int]:
    """Return numbers as whole numbers and their scale: value = number / scale, exactly.

    A float is read as the shortest decimal that stands for it: 0.1 is a tenth.

    Args:
        values: int, float, Decimal or Fraction; none blank.
        name: what they are called in an error.

    Returns: int64, or Python integers where int64 is too small.

    Raises:
        ArgumentError: a value that is no finite number, or an array of more than one dimension.

    Rules: Q3.
    """
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ArgumentError(f"{name} has shape {values.shape}; give one number after another")
        if values.dtype.kind == "i" or (values.dtype.kind == "u" and values.dtype.itemsize < 8):
            found = values.astype(np.int64, copy=False)
            # -2**63 has no opposite in int64, and callers turn numbers round
            return (found.astype(object), 1) if found.size and int(found.min()) == -_LIMIT else (found, 1)
        if values.dtype.kind == "f":
            decimals = _decimals(values.astype(np.float64, copy=False))
            if decimals is not None:
                return decimals
        values = values.tolist()
    exact = [_fraction(v, i, name) for i, v in enumerate(values)]
    scale = lcm(*(f.denominator for f in exact))
    whole = [f.numerator * (scale // f.denominator) for f in exact]
    wide: Any = np.int64 if all(-_LIMIT < v < _LIMIT for v in whole) else object
    return np.array(whole, wide), scale


def _decimals(values: Array) -> tuple[Array, int] | None:
    """Return floats with few decimals as whole numbers; None where some have more."""
    if not bool((np.abs(values) < _CERTAIN).all()):
        return None
    for step in _STEPS:
        scaled = np.rint(values * step)
        if bool((np.abs(scaled) < _CERTAIN).all()) and bool((scaled / step == values).all()):
            return scaled.astype(np.int64), step
    return None


def _fraction(value: Any, place: int, name: str) -> Fraction:
    if isinstance(value, (Integral, Rational)) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, Decimal) and value.is_finite():
        return Fraction(value)
    if isinstance(value, (float, np.floating)) and isfinite(value):
        return Fraction(repr(float(value)))
    raise ArgumentError(f"{name}[{place}] is {value!r}; give finite numbers, and leave out rows without one (M3)")
