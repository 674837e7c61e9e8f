"""Choices of analyses that are one thing or several, checked where they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ArgumentError

__all__ = ["mapping_of", "names_of", "several"]


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
