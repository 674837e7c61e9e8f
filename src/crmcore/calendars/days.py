"""Days as whole numbers: 0 is 1970-01-01, in the Gregorian calendar prolonged both ways.

Months are whole numbers too: year x 12 + month - 1, so that a month before January needs no special case.
"""

from __future__ import annotations

from datetime import date, datetime
from operator import index

from ..errors import ArgumentError, RangeError

__all__ = ["CYCLE_DAYS", "MAX_DAY", "MIN_DAY", "check_day", "date_of", "day_of", "month_of", "month_start", "weekday"]

CYCLE_DAYS = 146_097
"""Days in 400 years; dates, weekdays and leap years repeat after that many."""

_EPOCH = date(1970, 1, 1).toordinal()
MIN_DAY = date.min.toordinal() - _EPOCH
"""The day 0001-01-01."""
MAX_DAY = date.max.toordinal() - _EPOCH
"""The day 9999-12-31."""

_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)  # days before a month, February having 28


def check_day(day: int) -> int:
    """Return the day as a plain int.

    Raises:
        ArgumentError: not a whole number.
        RangeError: before 0001-01-01 or after 9999-12-31.
    """
    try:
        number = index(day)
    except TypeError:
        raise ArgumentError(f"a day is a whole number of days since 1970-01-01, not {day!r}", day=day) from None
    if not MIN_DAY <= number <= MAX_DAY:
        raise RangeError(
            f"day {number} is out of range: {MIN_DAY} (0001-01-01) to {MAX_DAY} (9999-12-31)",
            day=number,
            low=MIN_DAY,
            high=MAX_DAY,
        )
    return number


def day_of(value: date) -> int:
    """Return the day number of a date.

    Raises:
        ArgumentError: an instant instead of a date: its day depends on the time zone (T1).
    """
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ArgumentError(f"{value!r} is not a date; the day of an instant is Zone(...).local_day(...)", value=value)
    return value.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """Return the date of a day number.

    Raises:
        RangeError: before 0001-01-01 or after 9999-12-31.
    """
    return date.fromordinal(check_day(day) + _EPOCH)


def weekday(day: int) -> int:
    """Return the day of the week, 0 for Monday to 6 for Sunday."""
    return (day + 3) % 7  # 1970-01-01 was a Thursday


def month_of(day: int) -> int:
    """Return the number of the month that holds the day.

    The first and last periods of the range reach beyond what a `date` holds; such days are moved by 400 years.
    """
    cycles = 0
    if day < MIN_DAY or day > MAX_DAY:
        cycles = day // CYCLE_DAYS
        day -= cycles * CYCLE_DAYS
    moment = date.fromordinal(day + _EPOCH)
    return (moment.year + 400 * cycles) * 12 + moment.month - 1


def month_start(month: int) -> int:
    """Return the first day of a month given by its number."""
    year, place = divmod(month, 12)
    before = year - 1
    leap = place > 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 365 * before + before // 4 - before // 100 + before // 400 + _BEFORE[place] + leap + 1 - _EPOCH
