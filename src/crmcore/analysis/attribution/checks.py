"""Checks of the choices that the models take."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite, nan
from numbers import Integral, Real

from ...errors import ArgumentError

__all__ = ["positive", "whole"]


def whole(name: str, value: object, *, least: int = 0) -> int:
    """Return the value of argument `name`, which has to be a whole number and at least `least`.

    Raises:
        ArgumentError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ArgumentError(f"{name} is a whole number, at least {least}, got {value!r}")
    return int(value)


def positive(name: str, value: object) -> float:
    """Return the value of argument `name`, which has to be a finite number above 0, or the text of one.

    Raises:
        ArgumentError: it is not.
    """
    try:
        number = float(value) if isinstance(value, Real | Decimal | str) and not isinstance(value, bool) else nan
    except ValueError:
        number = nan  # a text that is no number is refused with the others
    if not isfinite(number) or number <= 0:
        raise ArgumentError(f"{name} is a number above 0, got {value!r}")
    return number
