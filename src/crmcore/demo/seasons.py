"""Seasons: on which days deals are created and closed; weekends rest, quarters end with a rush, August is quiet."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from ..table.column import Array
from .company import CRM_SINCE, LAST_DAY, QUARTERS
from .draws import Draws

__all__ = ["DAY", "EPOCH", "business_day", "closing_days", "created_days", "instants", "number_of"]

EPOCH = date(1970, 1, 1)
DAY = 86_400_000_000
_CLOSING = {1: 70, 2: 86, 3: 138, 4: 78, 5: 96, 6: 146, 7: 66, 8: 58, 9: 128, 10: 88, 11: 112, 12: 172}
_CREATING = {1: 104, 2: 102, 3: 108, 4: 98, 5: 100, 6: 98, 7: 86, 8: 70, 9: 110, 10: 114, 11: 110, 12: 74}
_OPENS, _HOURS = 8 * 3600 + 1800, 34_200


def number_of(day: date) -> int:
    """Return a date as days since 1970-01-01."""
    return (day - EPOCH).days


@cache
def _weighted(first: date, last: date, growth: int, closing: bool) -> tuple[Array, Array]:
    """Return the working days from `first` to `last` and how many deals fall on each, in parts."""
    months = _CLOSING if closing else _CREATING
    days, weights = [], []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        if day.weekday() < 5 and (day.month, day.day) not in ((1, 1), (5, 1), (12, 25), (12, 26)):
            days.append(number_of(day))
            rush = 150 if closing and day.month % 3 == 0 and day.day > 20 else 100
            weights.append(months[day.month] * rush * (100 + growth * n // 365))
    return np.array(days, np.int64), np.array(weights, np.int64)


def closing_days(draws: Draws, name: str) -> Array:
    """Return days within the two years on which deals are closed."""
    days, weights = _weighted(QUARTERS[0], LAST_DAY, 16, closing=True)
    found: Array = days[draws.pick(name, weights)]
    return found


def created_days(draws: Draws, name: str) -> Array:
    """Return days since the CRM was introduced on which leads come in."""
    days, weights = _weighted(CRM_SINCE, LAST_DAY, 13, closing=False)
    found: Array = days[draws.pick(name, weights)]
    return found


def business_day(days: Array) -> Array:
    """Return days with weekends moved back to the Friday before."""
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
    found: Array = days - np.maximum(weekday - 4, 0)
    return found


def instants(draws: Draws, name: str, days: Array, offset_hours: Array) -> Array:
    """Return instants in the working hours of these days, as microseconds; a working day is local to its team."""
    seconds = _OPENS + draws.below(name, _HOURS) - offset_hours * 3600
    found: Array = days * DAY + seconds * 1_000_000
    return found
