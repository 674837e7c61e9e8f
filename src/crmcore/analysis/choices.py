"""Choices of analyses, checked where they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite, nan
from numbers import Integral, Real
from typing import Any

from ..errors import ArgumentError

__all__ = ["mapping_of", "names_of", "positive", "several", "whole"]


def names_of(argument: str, value: Any) -> tuple[str, ...]:
    """Return the names that are given, one as text or several.

    Raises:
        ArgumentError: something else than names.
    """
    found = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    for name in found:
        if not isinstance(name, str):
            raise ArgumentError(f"{argument} takes a name, or several in a list, got {value!r}")
    return found


def several(value: Any) -> tuple[Any, ...]:
    """Return the items of a list or the like; none of what is no list, such as a number, None or a text."""
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()


def mapping_of(argument: str, value: Any, example: str) -> Mapping[str, Any]:
    """Return a mapping as it is given.

    Raises:
        ArgumentError: something else.
    """
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{argument} is a mapping such as {example}, got {value!r}")
    return value


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
