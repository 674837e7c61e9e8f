"""The calendar of a business: which period a day falls in, and what a period is compared with."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import attrs

from ..errors import ArgumentError, RangeError
from .axes import PATTERNS, Axis, Days, FiscalWeeks, Months, Weeks
from .days import MAX_DAY, MIN_DAY, check_day
from .suggest import unknown
from .working import WEEKDAYS, days_off, working_days

__all__ = ["GRAINS", "Calendar", "Period"]

GRAINS: tuple[str, ...] = ("day", "week", "month", "quarter", "year", "fiscal_period", "fiscal_quarter", "fiscal_year")
"""The kinds of period."""

_SIZES = {"month": 1, "quarter": 3, "year": 12, "fiscal_period": 1, "fiscal_quarter": 3, "fiscal_year": 12}


@attrs.frozen(slots=True)
class Period:
    """A run of days from `start` up to, not including, `stop` (T1); its label is unique within a calendar."""

    grain: str
    start: int
    stop: int
    label: str


@attrs.frozen(slots=True)
class Calendar:
    """Fold days into periods, and periods into the ones they are compared with.

    Args:
        fiscal_start: month in which the fiscal year starts, 1 for January.
        fiscal_pattern: "months", or the weeks of each quarter's periods: "4-4-5", "4-5-4", "5-4-4". A year of weeks
            has 52 or 53 of them; the 53rd belongs to the last period.
        fiscal_named_by: a fiscal year bears the year in which it ends ("end") or starts ("start"), by the months: a
            year of weeks that starts on 29 January counts as one that starts in February when `fiscal_start` is 2.
        week_start: first day of the week, 0 for Monday. A week belongs to the year of its fourth day: ISO 8601 from
            Monday; other weeks bear the same kind of label, by their own count. Years of weeks start on that day too.
        fiscal_anchor: a year of weeks starts on the `week_start` day "nearest" to the first of `fiscal_start`
            (the retail calendar: it ends on the Saturday nearest to 31 January), or on the "last" one on or before it.
        weekdays: the working days of the week, from 1 for Monday to 7 for Sunday: what counts as business days.
        holidays: dates, or texts such as "2026-05-01", that are no working days.

    Raises:
        ArgumentError: a setting out of its range.

    Rules: T1, T5, T7.
    """

    fiscal_start: int = 1
    fiscal_pattern: str = "months"
    fiscal_named_by: str = "end"
    week_start: int = 0
    fiscal_anchor: str = "nearest"
    weekdays: tuple[int, ...] = attrs.field(default=WEEKDAYS, converter=working_days, kw_only=True)
    holidays: tuple[date, ...] = attrs.field(default=(), converter=days_off, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check_number("fiscal_start", self.fiscal_start, range(1, 13), "a month from 1 to 12")
        _check_number("week_start", self.week_start, range(7), "a weekday from 0 (Monday) to 6 (Sunday)")
        for field, allowed in (
            ("fiscal_pattern", ("months", *PATTERNS)),
            ("fiscal_named_by", ("end", "start")),
            ("fiscal_anchor", ("nearest", "last")),
        ):
            if getattr(self, field) not in allowed:
                raise unknown(field, getattr(self, field), allowed)

    def axis(self, grain: str) -> Axis:
        """Return how this calendar numbers the units of `grain`.

        Raises:
            ArgumentError: no such grain; the message lists them.
        """
        if grain == "day":
            return Days()
        if grain == "week":
            return Weeks(self.week_start)
        if grain not in GRAINS:
            raise unknown("grain", grain, GRAINS)
        return self._months(_SIZES[grain], fiscal=grain.startswith("fiscal"))

    def _months(self, size: int, *, fiscal: bool) -> Months | FiscalWeeks:
        if not fiscal:
            return Months(size)
        ahead = int(self.fiscal_named_by == "end" and self.fiscal_start > 1)
        if self.fiscal_pattern == "months":
            return Months(size, self.fiscal_start, ahead)
        pattern = PATTERNS[self.fiscal_pattern]
        return FiscalWeeks(size, self.fiscal_start, ahead, self.week_start, self.fiscal_anchor == "nearest", pattern)

    def period(self, day: int, grain: str) -> Period:
        """Return the period that contains the day.

        Raises:
            ArgumentError: no such grain.
            RangeError: a day outside the years 1 to 9999.

        Rules: T1, T7.
        """
        axis = self.axis(grain)
        unit = axis.index(check_day(day))
        return Period(grain, axis.start(unit), axis.start(unit + 1), axis.label(unit))

    def periods(self, first: int, last: int, grain: str) -> list[Period]:
        """Return all periods that contain a day from `first` to `last`, both included, in order.

        Returns: periods without gap or overlap; none when `last` is before `first`.

        Raises:
            ArgumentError: no such grain.
            RangeError: a day outside the years 1 to 9999.

        Rules: T1, T7.
        """
        axis = self.axis(grain)
        low, high = axis.index(check_day(first)), axis.index(check_day(last))
        if last < first:
            return []
        starts = [axis.start(unit) for unit in range(low, high + 2)]
        return [
            Period(grain, start, stop, axis.label(unit))
            for unit, (start, stop) in zip(range(low, high + 1), pairwise(starts), strict=True)
        ]

    def days_in(self, day: int, grain: str) -> int:
        """Return the number of days of the period that contains the day."""
        axis = self.axis(grain)
        unit = axis.index(check_day(day))
        return axis.start(unit + 1) - axis.start(unit)

    def shift(self, day: int, grain: str, n: int) -> int:
        """Return the same day n units later (earlier when n is negative).

        Units of months keep the day of the month; years of weeks keep the day of the unit. Where that day does not
        exist, it is the last one: 31 January and a month is 28 February, 29 February less a year is 28 February.

        Raises:
            ArgumentError: no such grain.
            RangeError: the day, or where it lands, is outside the years 1 to 9999.

        Rules: T5.
        """
        return self.axis(grain).shift(check_day(day), n)

    def shift_period(self, start: int, stop: int, grain: str, n: int) -> tuple[int, int]:
        """Return the run of days [start, stop) n units later (earlier when n is negative).

        Whole months map to whole months, whole fiscal periods to whole fiscal periods: February a month before is all
        of January, the second quarter a quarter before is the first. In a calendar of weeks a whole fiscal period
        moves by fiscal years, also when `grain` says "year", and a whole month by years when it says "fiscal_year".
        One week moved by months or years starts on the same calendar day and keeps its seven days. Any other run
        moves its first and its last day.

        Raises:
            ArgumentError: no such grain, or `stop` before `start`.
            RangeError: a day outside the years 1 to 9999.

        Rules: T1, T5.
        """
        axis = self._check_run(start, stop, grain)
        if isinstance(axis, Months | FiscalWeeks) and stop > start:
            if whole := self._whole(axis, start, stop):
                axis, low, high = whole
                unit = attrs.evolve(axis, size=1)
                moved = unit.start(low + axis.size * n), unit.start(high + axis.size * n)
            elif not self._one_week(start, stop):
                moved = axis.shift(start, n), axis.shift(stop - 1, n) + 1
            elif isinstance(axis, FiscalWeeks):
                end = axis.shift(stop - 1, n) + 1  # from the end, so that a fifth or 53rd week lands on the last one
                moved = end - 7, end
            else:
                begin = axis.shift(start, n)
                moved = begin, begin + 7
        else:
            begin = axis.shift(start, n)
            moved = begin, begin + stop - start
        if moved[0] < MIN_DAY or moved[1] > MAX_DAY + 1:
            raise RangeError(f"days [{start}, {stop}) moved by {n} x {grain} leave the years 1 to 9999", day=moved[0])
        return moved

    def elapsed(self, start: int, stop: int, until: int, grain: str, n: int) -> tuple[int, int]:
        """Return what the running period [start, stop), elapsed up to but not including `until`, compares with.

        It starts where the period n units away starts and ends on the same day of it, at most its last. A period that
        is over compares with the whole one, also where that is longer; one that has not begun, with no day.

        Raises:
            ArgumentError: no such grain, or `stop` before `start`.
            RangeError: a day outside the years 1 to 9999.

        Rules: T5.
        """
        begin, end = self.shift_period(start, stop, grain, n)
        if until >= stop:
            return begin, end
        if until <= start:
            return begin, begin
        axis = self.axis(grain)
        if not isinstance(axis, Months | FiscalWeeks):
            return begin, begin + until - start
        if whole := self._whole(axis, start, stop):
            axis = whole[0]
        elif self._one_week(start, stop):
            return begin, begin + until - start
        return begin, axis.shift(until - 1, n) + 1  # moving keeps the order of days, so this is at most the end

    def _check_run(self, start: int, stop: int, grain: str) -> Axis:
        axis = self.axis(grain)
        if stop < start:
            raise ArgumentError(f"days [{start!r}, {stop!r}) end before they start", start=start, stop=stop)
        check_day(start)
        if stop > start:
            check_day(stop - 1)
        return axis

    def _whole(self, axis: Months | FiscalWeeks, start: int, stop: int) -> tuple[Months | FiscalWeeks, int, int] | None:
        """Find whether the run is a number of whole months or fiscal periods: the axis it moves on, and its ends."""
        other = self._months(axis.size, fiscal=isinstance(axis, Months))
        for each in (axis, other):
            unit = attrs.evolve(each, size=1)
            low, high = unit.index(start), unit.index(stop - 1) + 1
            if unit.start(low) == start and unit.start(high) == stop:
                return each, low, high
        return None

    def _one_week(self, start: int, stop: int) -> bool:
        weeks = Weeks(self.week_start)
        return stop - start == 7 and weeks.start(weeks.index(start)) == start


def _check_number(field: str, value: object, allowed: range, meaning: str) -> None:
    if not isinstance(value, int) or value not in allowed:  # 4.0 is in the range, and no month
        raise ArgumentError(f"{field} is {meaning}, not {value!r}", field=field, value=value)
