"""From the label of a period back to the period."""

from __future__ import annotations

import re

from ..errors import ArgumentError, RangeError
from .calendar import Calendar, Period
from .days import MAX_DAY, MIN_DAY, month_start

__all__ = ["parse_period"]

_FORMS = re.compile(
    r"""(?P<fiscal>FY)?(?P<year>[0-9]{4,5})
        (?: -Q(?P<quarter>[0-9]) | -W(?P<week>[0-9]{2}) | -P(?P<period>[0-9]{2})
          | -(?P<month>[0-9]{2}) (?: -(?P<day>[0-9]{2}) )? )?""",
    re.VERBOSE,
)
_SHOWN = "2026, 2026-Q2, 2026-06, 2026-W23, 2026-06-30, FY2026, FY2026-Q1, FY2026-P03"


def parse_period(label: str, calendar: Calendar) -> Period:
    """Return the period that bears the label in the calendar.

    Raises:
        ArgumentError: no such form, or no such month, week or day in that year.
        RangeError: a period outside the years 1 to 9999.

    Rules: T1, T7.

    Examples:
        >>> parse_period("2026-Q2", Calendar())
        Period(grain='quarter', start=20544, stop=20635, label='2026-Q2')
    """
    match = _FORMS.fullmatch(str(label))
    parts = {key: text for key, text in match.groupdict().items() if text} if match else {}
    fiscal, year = parts.pop("fiscal", ""), int(parts.pop("year", "0"))
    if match is None or (fiscal and not parts.keys() <= {"quarter", "period"}) or (not fiscal and "period" in parts):
        raise ArgumentError(f"{label!r} is no label of a period; labels look like {_SHOWN}", label=label)
    if "day" in parts:
        period = _day(label, year, int(parts["month"]), int(parts["day"]))
    else:
        grain, number = next(iter(parts.items()), ("year", "1"))
        period = _unit(label, calendar, f"fiscal_{grain}" if fiscal else grain, year, int(number))
    if period.stop <= MIN_DAY or period.start > MAX_DAY:
        raise RangeError(f"{label!r} is outside the years 1 to 9999", label=label)
    if period.label != label:  # 02026
        raise ArgumentError(f"{label!r} is no label of a period; did you mean {period.label!r}?", label=label)
    return period


def _unit(label: str, calendar: Calendar, grain: str, year: int, number: int) -> Period:
    axis = calendar.axis(grain)
    first, after = axis.find(year, 1), axis.find(year + 1, 1)
    if not 1 <= number <= after - first:
        raise ArgumentError(
            f"{label!r}: that year has {after - first} {grain.removeprefix('fiscal_')}s, there is no {number}",
            label=label,
        )
    unit = first + number - 1
    return Period(grain, axis.start(unit), axis.start(unit + 1), axis.label(unit))


def _day(label: str, year: int, month: int, day: int) -> Period:
    if not 1 <= month <= 12:
        raise ArgumentError(f"{label!r}: a year has 12 months, there is no {month}", label=label)
    first, after = month_start(year * 12 + month - 1), month_start(year * 12 + month)
    if not 1 <= day <= after - first:
        raise ArgumentError(f"{label!r}: that month has {after - first} days, there is no {day}", label=label)
    start = first + day - 1
    return Period("day", start, start + 1, f"{year:04d}-{month:02d}-{day:02d}")
