"""How days fall into numbered units: one small class per kind of unit.

An axis numbers its units without gaps: `index(day)` is the unit of a day, `start(i)` the first day of unit i (which ends
where unit i + 1 starts, T1), `find(year, number)` the unit a label speaks of, `shift(day, n)` the
same place n units away.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeAlias

import attrs
from dateutil.relativedelta import relativedelta

from ..errors import RangeError
from .days import check_day, date_of, day_of, month_of, month_start, weekday

__all__ = ["PATTERNS", "Axis", "Days", "FiscalWeeks", "Months", "Weeks"]

PATTERNS: dict[str, tuple[int, int, int]] = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4), "5-4-4": (5, 4, 4)}
"""Weeks of the three periods of a quarter."""


@attrs.frozen(slots=True)
class Days:
    """Each day is a unit."""

    def index(self, day: int) -> int:
        return day

    def start(self, unit: int) -> int:
        return unit

    def label(self, unit: int) -> str:
        return date_of(unit).isoformat()

    def find(self, year: int, number: int) -> int:
        return month_start(year * 12) + number - 1

    def shift(self, day: int, n: int) -> int:
        return check_day(day + n)


@attrs.frozen(slots=True)
class Weeks:
    """Weeks from one weekday to the next.

    A week belongs to the year that holds its fourth day, hence most of its days, and week 1 is the first such week.
    From Monday that is ISO 8601; from Sunday it is the week of epidemiological reports (MMWR).
    """

    first: int = 0

    def index(self, day: int) -> int:
        return (day + 3 - self.first) // 7

    def start(self, unit: int) -> int:
        return 7 * unit - 3 + self.first

    def label(self, unit: int) -> str:
        middle = self.start(unit) + 3
        year = month_of(middle) // 12
        return f"{year:04d}-W{(middle - month_start(year * 12)) // 7 + 1:02d}"

    def find(self, year: int, number: int) -> int:
        return self.index(month_start(year * 12) + 3) + number - 1

    def shift(self, day: int, n: int) -> int:
        return check_day(day + 7 * n)


@attrs.frozen(slots=True)
class Months:
    """Calendar months in groups of `size`, in years that start with month `first`.

    `ahead` is what a fiscal year's name adds to the year it starts in; None for the plain year, which has no FY in its name.
    """

    size: int
    first: int = 1
    ahead: int | None = None

    def index(self, day: int) -> int:
        # floor division is right in the months before the first one too (E18)
        return (month_of(day) - self.first + 1) // self.size

    def start(self, unit: int) -> int:
        return month_start(unit * self.size + self.first - 1)

    def label(self, unit: int) -> str:
        return name(self.size, unit, self.ahead)

    def find(self, year: int, number: int) -> int:
        return (year - (self.ahead or 0)) * (12 // self.size) + number - 1

    def shift(self, day: int, n: int) -> int:
        moment, months = date_of(day), self.size * n
        try:
            return day_of(moment + relativedelta(months=months))  # at most the last day of the month it lands in (T5)
        except (ValueError, OverflowError):
            raise RangeError(f"{moment} moved by {months} months leaves the years 1 to 9999", day=day) from None


@attrs.frozen(slots=True)
class FiscalWeeks:
    """Fiscal periods of four or five whole weeks, in groups of `size`, in years of 52 or 53 weeks.

    The year starts on weekday `weekstart`: the one nearest to the first day of month `first`, or the last one on or
    before it. Equivalently it ends on the day before that weekday, nearest to, or last in, the month before. The 53rd
    week belongs to the last period.
    """

    size: int
    first: int
    ahead: int
    weekstart: int
    nearest: bool
    pattern: tuple[int, int, int]

    def year_start(self, year: int) -> int:
        """Return the first day of the fiscal year that starts around `first` of that year."""
        nominal = month_start(year * 12 + self.first - 1)
        back = (weekday(nominal) - self.weekstart) % 7
        return nominal - back + (7 if self.nearest and back > 3 else 0)

    def index(self, day: int) -> int:
        year = (month_of(day) - self.first + 1) // 12
        if day < self.year_start(year):
            year -= 1
        elif day >= self.year_start(year + 1):
            year += 1
        week = (day - self.year_start(year)) // 7
        quarter = min(week // 13, 3)  # the 53rd week stays in the last quarter, and in its last period
        a, b, _ = self.pattern
        period = quarter * 3 + bisect_right((a, a + b), week - quarter * 13)
        return (year * 12 + period) // self.size

    def start(self, unit: int) -> int:
        year, period = divmod(unit * self.size, 12)
        quarter, place = divmod(period, 3)
        return self.year_start(year) + 7 * (13 * quarter + sum(self.pattern[:place]))

    def label(self, unit: int) -> str:
        return name(self.size, unit, self.ahead)

    def find(self, year: int, number: int) -> int:
        return (year - self.ahead) * (12 // self.size) + number - 1

    def shift(self, day: int, n: int) -> int:
        # same day of the unit, at most its last: units differ by a week (T5)
        unit = self.index(check_day(day))
        return check_day(min(self.start(unit + n) + day - self.start(unit), self.start(unit + n + 1) - 1))


Axis: TypeAlias = Days | Weeks | Months | FiscalWeeks


def name(size: int, unit: int, ahead: int | None) -> str:
    """Return the label of a unit of `size` months or fiscal periods."""
    year, place = divmod(unit, 12 // size)
    text = f"{year:04d}" if ahead is None else f"FY{year + ahead:04d}"
    if size == 12:
        return text
    if size == 3:
        return f"{text}-Q{place + 1}"
    return f"{text}-{place + 1:02d}" if ahead is None else f"{text}-P{place + 1:02d}"
