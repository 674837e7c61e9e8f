"""Exact decimal numbers: from text, Python numbers and arrays of floats to whole numbers at a scale.

A float is read as the shortest decimal that denotes it, which is what its text shows: 0.1 is one tenth.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from ..column import Array, Mask
from .build import Refused
from .spec import ColumnSpec

__all__ = ["BEYOND", "MAX_DECIMALS", "Exact", "digits_of", "exact_of", "exact_text", "floats", "half_even", "written"]

MAX_DECIMALS = 9
"""Decimals that an exact column can have."""
BEYOND = "number beyond the scale"
"""Kind of issue of a number that no exact column holds."""

Exact = tuple[int, int]
"""A number as (digits, decimals): digits / 10 ** decimals."""

_WIDE = Context(prec=100, traps=[Inexact, InvalidOperation])
_SURE = 10.0**15
"""Up to 15 digits a decimal and its nearest float determine each other."""
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " "})


def half_even(digits: int, decimals: int, to: int) -> tuple[int, bool]:
    """Return the digits at `to` decimals, rounded half-even, and whether anything was lost."""
    if decimals <= to:
        return digits * 10 ** (to - decimals), False
    unit: int = 10 ** (decimals - to)
    whole, rest = divmod(digits, unit)
    return whole + (2 * rest > unit or (2 * rest == unit and whole % 2 == 1)), rest != 0


def written(digits: int, decimals: int) -> str:
    """Return digits and decimals as text."""
    sign, figures = "-" * (digits < 0), str(abs(digits)).rjust(decimals + 1, "0")
    return f"{sign}{figures[:-decimals]}.{figures[-decimals:]}" if decimals else f"{sign}{figures}"


def digits_of(values: Sequence[Decimal | None], decimals: int) -> list[int] | None:
    """Return Decimals as whole numbers at `decimals` decimals (None as 0), or None if one of them needs more."""
    unit, zero = Decimal(10**decimals), Decimal()
    multiply = _WIDE.multiply
    try:
        scaled = [zero if v is None else multiply(v, unit) for v in values]
        digits = list(map(int, scaled))
    except (ArithmeticError, ValueError):
        return None
    return digits if digits == scaled else None


def _exact_decimal(value: Decimal) -> Exact:
    """Return a Decimal as digits and as few decimals as it needs."""
    if not value.is_finite():
        raise Refused("not a number")
    sign, figures, exponent = value.as_tuple()
    decimals = -int(exponent)
    if not any(figures):
        return 0, 0
    if value.adjusted() < -60:
        return (-1 if sign else 1), 61  # next to nothing: finer than any column, and rounded it is 0
    if value.adjusted() > 60 or len(figures) > 100:
        raise Refused(BEYOND)
    digits = int("".join(map(str, figures)))
    while decimals > 0 and digits % 10 == 0:
        digits //= 10
        decimals -= 1
    if decimals < 0:
        digits, decimals = digits * 10**-decimals, 0
    return (-digits if sign else digits), decimals


def exact_of(value: Any) -> Exact:
    """Return a Python number as digits and decimals.

    Raises:
        Refused: not a number, or none with an end in decimals.
    """
    if isinstance(value, bool | np.bool_):
        raise Refused("not a number")
    if isinstance(value, int | np.integer):
        return int(value), 0
    if isinstance(value, Decimal):
        return _exact_decimal(value)
    if isinstance(value, float | np.floating):
        return _exact_decimal(Decimal(repr(float(value))))
    if isinstance(value, Fraction):
        for decimals in range(MAX_DECIMALS + 1):
            if 10**decimals % value.denominator == 0:
                return value.numerator * (10**decimals // value.denominator), decimals
        raise Refused(BEYOND)
    raise Refused("not a number")


@lru_cache(maxsize=64)
def _pattern(mark: str, thousands: str) -> re.Pattern[str]:
    whole = r"\d+"
    if thousands:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    return re.compile(
        rf"[+-]?(?:{whole}(?:{re.escape(mark)}\d*)?|{re.escape(mark)}\d+)(?:[eE][+-]?\d{{1,3}})?", re.ASCII
    )


def exact_text(text: str, spec: ColumnSpec) -> Exact:
    """Return a number in text, with the marks that the spec declares, as digits and decimals.

    Raises:
        Refused: not a number.
    """
    if spec.thousands == " ":
        text = text.translate(_SPACES)
    if _pattern(spec.decimal_mark, spec.thousands).fullmatch(text) is None:
        raise Refused("not a number")
    if spec.thousands:
        text = text.replace(spec.thousands, "")
    if spec.decimal_mark != ".":
        text = text.replace(spec.decimal_mark, ".")
    return _exact_decimal(Decimal(text))


def floats(values: Array, least: int) -> tuple[Array, int, Mask]:
    """Return finite floats as whole numbers at one scale, that scale, and for which values this way cannot tell.

    Each value gets as many decimals as the shortest text of it has, at least `least`; the block gets those of the value
    that needs the most. Where the mask is true the value has too many digits, or decimals, to be sure of here: 0.
    """
    large = np.abs(values) > _SURE
    if large.any():
        digits, decimals, unsure = floats(np.where(large, 0.0, values), least)
        return digits, decimals, unsure | large
    scaled = np.rint(values * 10.0**least)
    # scaled / 10**k is the float nearest to that decimal: equal means that the value denotes it
    done = (scaled / 10.0**least == values) & (np.abs(scaled) <= _SURE)
    if done.all():
        return scaled.astype(np.int64), least, ~done
    decimals = least
    places = np.full(values.shape, least, np.int64)
    for more in range(least + 1, MAX_DECIMALS + 1):
        left = np.flatnonzero(~done)
        if not left.size:
            break
        tried = np.rint(values[left] * 10.0**more)
        fits = (tried / 10.0**more == values[left]) & (np.abs(tried) <= _SURE)
        found = left[fits]
        if found.size:
            scaled[found], places[found], done[found] = tried[fits], more, True
            decimals = more
    digits = np.where(done, scaled, 0.0).astype(np.int64)
    factors = 10 ** (decimals - places)
    wide = np.abs(digits) > (2**63 - 1) // factors
    digits[wide] = 0
    return digits * factors, decimals, ~done | wide


def nearest(values: Array, decimals: int) -> tuple[Array, Mask]:
    """Return floats rounded to whole numbers at `decimals`, and where the rounding is too close to a tie to tell."""
    large = np.abs(values) > 10.0 ** (9 - decimals)  # the product would be off by more than a tie is recognised by
    scaled = np.where(large, 0.0, values) * 10.0**decimals
    unsure = large | (np.abs(scaled - np.floor(scaled) - 0.5) < 1e-6)
    return np.where(unsure, 0.0, np.rint(scaled)).astype(np.int64), unsure
