"""Instants and windows as analyses take them: a date, an instant, their text, a period's label or its two ends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ..calendars import Calendar, Period, day_of, parse_period
from ..calendars.moments import read_moment
from ..errors import ArgumentError
from .choices import several

__all__ = ["instant_of", "window_of"]


def instant_of(argument: str, value: Any) -> date:
    """Return a date or an aware datetime, which may be given as text such as 2026-06-30 or 2026-06-30T12:00+08:00.

    Raises:
        ArgumentError: neither.
    """
    found = read_moment(value) if isinstance(value, str) else value
    if not isinstance(found, date) or (isinstance(found, datetime) and found.tzinfo is None):
        raise ArgumentError(f"{argument} is a date such as 2026-06-30, or an aware datetime, got {value!r}")
    return found


def window_of(argument: str, value: Any, calendar: Calendar) -> Period:
    """Return the days of a period's label, such as 2026-Q2, or of a first and a last day.

    Raises:
        ArgumentError: neither, or a last day before the first.
    """
    if isinstance(value, Period):
        return value
    if isinstance(value, str | int) and not isinstance(value, bool):
        return parse_period(str(value), calendar)
    days = [instant_of(argument, day) for day in several(value)]
    if len(days) != 2 or any(isinstance(day, datetime) for day in days):
        raise ArgumentError(f"{argument} is the label of a period such as '2026-Q2', or two dates, got {value!r}")
    first, last = days
    if last < first:
        raise ArgumentError(f"{argument} ends on {last}, before it begins on {first}")
    return Period("day", day_of(first), day_of(last) + 1, f"{first} - {last}")
