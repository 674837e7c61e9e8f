"""Numbers for human eyes: by unit, rounded once, half to even (M1)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from math import isfinite
from typing import Any

__all__ = ["UNDEFINED", "places_of", "shown", "shown_range"]

UNDEFINED = "-"

_FIXED = {"ratio": 1, "days": 1, "hours": 1, "minutes": 1, "points": 1, "score": 3, "count/day": 2}
"""Decimals of a unit; of the others, 2 unless all numbers are whole."""


def places_of(unit: str, values: Iterable[Any]) -> int:
    """Return how many decimals the numbers of one column show: all the same."""
    if unit in _FIXED:
        return _FIXED[unit]
    return 0 if all(v is None or not isfinite(v) or float(v).is_integer() for v in values) else 2


def shown(value: Any, unit: str, places: int) -> str:
    """Return a number as a reader expects it: 63.2 %, 4,966,215.50; `-` where it is undefined; labels as they are."""
    if value is None:
        return UNDEFINED
    if isinstance(value, str):
        return value
    return _digits(value, unit, places) + (" %" if unit == "ratio" else "")


def shown_range(value: Any, low: Any, high: Any, unit: str, places: int) -> str:
    """Return a number with its interval: 61.9 % [56.6, 66.9]."""
    text = shown(value, unit, places)
    if value is None or low is None or high is None:
        return text
    return f"{text} [{_digits(low, unit, places)}, {_digits(high, unit, places)}]"


def _digits(value: Any, unit: str, places: int) -> str:
    if not isfinite(value):
        return str(value)
    # the shortest text of a float is what it was rounded from, so that 2.675 rounds as a reader of 2.675 expects
    exact = Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))
    if unit == "ratio":
        exact *= 100
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) if exact.adjusted() < 24 else exact
    return f"{rounded or abs(rounded):,f}"  # no -0.0
