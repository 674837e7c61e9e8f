"""Arguments of scorers and evaluations, checked where they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from ..errors import ArgumentError, DefinitionError

__all__ = ["known_columns", "scorer_name", "two_languages", "weight", "whole"]


def whole(name: str, value: object, *, least: int = 0) -> int:
    """Return a whole number that is at least `least`.

    Raises:
        ArgumentError: something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name} is a whole number, at least {least}, got {value!r}")
    return value


def weight(name: str, value: object) -> float:
    """Return a finite number that is not below 0.

    Raises:
        ArgumentError: something else.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or value < 0:
        raise ArgumentError(f"{name} is a number, at least 0, got {value!r}")
    return float(value)


def known_columns(value: Any) -> tuple[str, ...]:
    """Return the names of columns that are known before the outcome.

    Raises:
        ArgumentError: something else than names.
    """
    found = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    if not all(isinstance(n, str) and n for n in found):
        raise ArgumentError(f"known takes names of columns that are known before the outcome, got {value!r}")
    return found


def scorer_name(value: object) -> str:
    """Return the name of a scorer.

    Raises:
        DefinitionError: no snake_case name.
    """
    if not isinstance(value, str) or not value.isidentifier():
        raise DefinitionError(f"scorer name {value!r} is no snake_case name", name=value)
    return value


def two_languages(labels: Mapping[str, str], name: str) -> dict[str, str]:
    """Return labels by language; without any, the name with spaces."""
    return dict(labels) or {"en": name.replace("_", " ").capitalize()}
