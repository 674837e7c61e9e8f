"""Points: exact decimals in thousandths, from how a host writes them to the whole numbers that are added."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import DefinitionError
from ..table.column import Array

__all__ = ["LARGEST", "LIMIT", "SCALE", "decayed", "milli", "optional_points", "points"]

SCALE = 1000
"""Points are kept in thousandths."""
LIMIT = 10**9
"""Points one rule, cap or floor may have, so that sums stay exact."""
LARGEST = 2**63 - 1
"""Thousandths that are added exactly."""


def points(value: Any) -> Decimal:
    """Return points as an exact decimal.

    Raises:
        DefinitionError: a float, what is no number, one with more than three decimals, or one beyond a thousand million.
    """
    if isinstance(value, float):
        raise DefinitionError(f"points are exact, got the float {value!r}; write Decimal('{value!r}') or whole points")
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise DefinitionError(f"points are a whole number or a Decimal, got {value!r}")
    try:
        found = Decimal(value)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > LIMIT:
        raise DefinitionError(f"points are a number of at most {LIMIT:,}, got {value!r}")
    if found * SCALE % 1:
        raise DefinitionError(f"points have at most three decimals, got {value!r}")
    return found


def optional_points(value: Any) -> Decimal | None:
    """Return points, or None."""
    return None if value is None else points(value)


def milli(value: Decimal | None) -> int:
    """Return points in thousandths; 0 where there are none."""
    return 0 if value is None else int(value * SCALE)


@lru_cache(maxsize=64)
def decayed(each: int, half_life: int, oldest: int) -> Array:
    """Return what a row of each age is worth, in thousandths, from 0 to `oldest` days.

    each x 2 ** (-age / half_life), rounded half to even once per age, so that the sum over rows is exact

    Args:
        each: thousandths of a new row.
        half_life: days after which half is left.
        oldest: the last age.
    """
    steps = [Decimal(2) ** (-Decimal(day) / half_life) for day in range(min(half_life, oldest + 1))]
    found = [round(each * steps[age % half_life] / (1 << (age // half_life))) for age in range(oldest + 1)]
    return np.array(found, np.int64)
