"""Clock: how long it is from one instant to another, in calendar days or in business days."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..calendars import Zone, day_of, days_off, working_days
from ..errors import ArgumentError
from ..evaluate import Scope
from ..table.column import Array, Mask
from ..table.dates import local_days
from ..units import DAY

__all__ = ["Clock", "clock_of"]

_MONDAY = 3
"""Day 0, 1970-01-01, was a Thursday: the day with this number added, modulo 7, is 0 on Mondays."""


@attrs.frozen(slots=True, eq=False)
class Clock:
    """Measures durations in a zone.

    In business days only what lies on working days counts, around the clock: from Friday 18:00 to Monday 09:00 it is 15
    hours. So the parts of a duration add up to the whole, as they do in calendar days.

    Args:
        zone: where days begin and end.
        weekdays: the working days of the week, 1 Monday to 7 Sunday; None for calendar days.
        holidays: numbers of the days that are off beside the others.

    Rules: T1, T2, T3
    """

    zone: Zone
    weekdays: tuple[int, ...] | None = None
    holidays: tuple[int, ...] = ()

    def between(self, start: Array, end: Array, dates: Mask) -> Array:
        """Return how long it is from each start to its end, in microseconds; below 0 where the end comes first.

        Args:
            start: instants, microseconds.
            end: the same.
            dates: where one of the two is a date: there whole days are counted (T2), those after the first one.
        """
        exact: Array = end - start
        if self.weekdays is None and not dates.any():
            return exact
        first, last = local_days(start, self.zone), local_days(end, self.zone)
        if self.weekdays is None:
            found: Array = np.where(dates, (last - first).astype(np.int64) * DAY, exact)
            return found
        if not start.size:
            return exact
        low = int(min(first.min(), last.min()))
        days = np.arange(low, int(max(first.max(), last.max())) + 1)
        works = np.isin((days + _MONDAY) % 7 + 1, self.weekdays) & ~np.isin(days, self.holidays)
        begins = self._midnights(np.append(days, days[-1] + 1))
        whole_days = np.append([0], np.cumsum(works))
        worked = np.append([0], np.cumsum(np.diff(begins) * works))
        first, last = first - low, last - low

        def up_to(instants: Array, day: Array) -> Array:
            passed: Array = worked[day] + np.maximum(instants - begins[day], 0) * works[day]
            return passed

        counted = (whole_days[last + 1] - whole_days[first + 1]) * DAY
        return np.where(dates, counted, up_to(end, last) - up_to(start, first))

    def _midnights(self, days: Array) -> Array:
        """Return the first instant of each local day."""
        readings = days.astype(np.int64) * DAY
        starts, offsets = self.zone.wall_offsets(int(readings[0]), int(readings[-1]))
        which = np.searchsorted(np.array(starts, np.int64), readings, side="right") - 1
        return readings - np.array(offsets, np.int64)[which]


def clock_of(scope: Scope, days: Any, weekdays: Any, holidays: Any) -> Clock:
    """Return the clock that the choices of an analysis ask for.

    Args:
        scope: its zone, where days begin and end, and its calendar, whose working days and holidays count by default.
        days: "calendar" or "business".
        weekdays: working days of the week, 1 Monday to 7 Sunday; None for those of the calendar.
        holidays: dates, or texts such as "2026-05-01", that are no working days; None for those of the calendar.

    Raises:
        ArgumentError: something else, or holidays where all days count.
    """
    if days not in ("calendar", "business"):
        raise ArgumentError(f"days is 'calendar' or 'business', got {days!r}")
    off = scope.calendar.holidays if holidays is None else days_off(holidays)
    if days == "calendar":
        if weekdays is not None or (off and holidays is not None):
            raise ArgumentError("holidays and weekdays tell business days apart; give days='business' with them")
        return Clock(scope.zone)
    working = scope.calendar.weekdays if weekdays is None else working_days(weekdays)
    return Clock(scope.zone, working, tuple(map(day_of, off)))
