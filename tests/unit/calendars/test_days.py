"""Days as numbers."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.calendars import MAX_DAY, MIN_DAY, date_of, day_of
from crmcore.calendars.days import CYCLE_DAYS, month_of, month_start, weekday
from crmcore.errors import ArgumentError, RangeError

days = st.integers(MIN_DAY, MAX_DAY)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (date(1970, 1, 1), 0),
        (date(1969, 12, 31), -1),
        (date(2000, 3, 1), 11_017),
        (date(2026, 6, 30), 20_634),
        (date(1, 1, 1), -719_162),
        (date(9999, 12, 31), 2_932_896),
    ],
)
def test_known_days(value, day):
    """Day 0 is 1970-01-01; the others are published counts of days since then."""
    assert day_of(value) == day
    assert date_of(day) == value


@given(days)
def test_dates_and_days_are_inverse(day):
    """A day turned into a date and back is the same day, and dates are counted from 1970."""
    assert date_of(day) == date(1970, 1, 1) + timedelta(days=day)
    assert day_of(date_of(day)) == day


@pytest.mark.parametrize("day", [MIN_DAY - 1, MAX_DAY + 1, 10**30])
def test_a_day_beyond_the_dates_is_refused(day):
    """Outside the years 1 to 9999 the error says the day and the range."""
    with pytest.raises(RangeError, match=rf"day {day} is out of range: -719162 \(0001-01-01\) to 2932896") as caught:
        date_of(day)
    assert caught.value.day == day


def test_an_instant_is_not_a_date():
    """T1: the day of an instant depends on the time zone, so no day is taken from it silently."""
    with pytest.raises(ArgumentError, match=r"is not a date; the day of an instant is Zone"):
        day_of(datetime(2026, 6, 30, 12))
    with pytest.raises(ArgumentError, match="'2026-06-30' is not a date"):
        day_of("2026-06-30")


def test_a_fraction_of_a_day_is_refused():
    """A day is a whole number; half a day is an error, not rounded."""
    with pytest.raises(ArgumentError, match=r"whole number of days since 1970-01-01, not 1\.5"):
        date_of(1.5)


@given(days)
def test_months_and_weekdays_agree_with_the_standard_library(day):
    """The month, its first day and the weekday of any day are those of datetime.date."""
    value = date_of(day)
    assert month_of(day) == value.year * 12 + value.month - 1
    assert month_start(month_of(day)) == day_of(value.replace(day=1))
    assert weekday(day) == value.weekday()


@given(st.integers(-3 * CYCLE_DAYS, -1), st.integers(1, 3 * CYCLE_DAYS))
def test_months_go_on_beyond_the_dates(before, after):
    """Outside the dates the calendar repeats every 400 years, so that a period may reach beyond its last day."""
    for day in (MIN_DAY + before, MAX_DAY + after):
        assert month_start(month_of(day)) <= day < month_start(month_of(day) + 1)
        assert month_of(day + CYCLE_DAYS) == month_of(day) + 4800
