"""Working days: the days of the week on which business is done, and the days that are off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from numbers import Integral
from typing import Any

from ..errors import ArgumentError

__all__ = ["WEEKDAYS", "days_off", "working_days"]

WEEKDAYS = (1, 2, 3, 4, 5)
"""Monday to Friday."""


def working_days(weekdays: Any) -> tuple[int, ...]:
    """Return the working days of the week in order, given as numbers from 1 (Monday) to 7 (Sunday), one or several.

    Raises:
        ArgumentError: something else, or none.
    """
    found = _listed(weekdays)
    for day in found:
        if isinstance(day, bool) or not isinstance(day, Integral) or not 1 <= int(day) <= 7:
            raise ArgumentError(f"a weekday is a whole number from 1 (Monday) to 7 (Sunday), got {day!r}")
    if not found:
        raise ArgumentError(f"weekdays are numbers from 1 (Monday) to 7 (Sunday), at least one, got {weekdays!r}")
    return tuple(sorted({int(day) for day in found}))


def days_off(holidays: Any) -> tuple[date, ...]:
    """Return the days that are off in order, given as dates or texts such as "2026-05-01", one or several, or none.

    Raises:
        ArgumentError: something else.
    """
    return () if holidays is None else tuple(sorted({_date(day) for day in _listed(holidays)}))


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)


def _date(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"a holiday is a date, or a text such as '2026-05-01', got {value!r}") from None
