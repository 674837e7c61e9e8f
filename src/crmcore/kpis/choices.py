"""Checks of the choices that the building functions take."""

from __future__ import annotations

from ..errors import ArgumentError

__all__ = ["plural", "whole"]


def whole(name: str, value: object, *, least: int = 1) -> int:
    """Return the value of argument `name`, which has to be a whole number and at least `least`.

    Raises:
        ArgumentError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name} is a whole number, at least {least}, got {value!r}")
    return value


def plural(n: int, unit: str) -> str:
    """Return '1 month', '2 months'."""
    return f"{n} {unit}" if n == 1 else f"{n} {unit}s"
