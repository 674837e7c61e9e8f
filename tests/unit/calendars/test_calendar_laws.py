"""Laws that hold in every calendar."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.calendars import GRAINS, MAX_DAY, MIN_DAY, Calendar, date_of, day_of, parse_period

calendars = st.builds(
    Calendar,
    fiscal_start=st.integers(1, 12),
    fiscal_pattern=st.sampled_from(["months", "4-4-5", "4-5-4", "5-4-4"]),
    fiscal_named_by=st.sampled_from(["end", "start"]),
    week_start=st.integers(0, 6),
    fiscal_anchor=st.sampled_from(["nearest", "last"]),
)
grains = st.sampled_from(GRAINS)
anywhere = st.integers(MIN_DAY, MAX_DAY)
recent = st.integers(day_of(date(1950, 1, 1)), day_of(date(2090, 1, 1)))
lengths = {"month": 31, "quarter": 92, "year": 366, "fiscal_period": 42, "fiscal_quarter": 98, "fiscal_year": 371}


@given(calendars, grains, anywhere)
def test_a_period_contains_its_day(calendar, grain, day):
    """T1, T7: a day is in its period, every other day of the period too, and the next period starts where it stops."""
    period = calendar.period(day, grain)
    assert period.start <= day < period.stop
    for other in (max(period.start, MIN_DAY), min(period.stop - 1, MAX_DAY)):
        assert calendar.period(other, grain) == period
    if period.stop <= MAX_DAY:
        assert calendar.period(period.stop, grain).start == period.stop
    assert calendar.days_in(day, grain) == period.stop - period.start


@given(calendars, grains, recent, st.integers(0, 1500))
def test_periods_tile(calendar, grain, first, span):
    """T1, T7: periods follow each other without gap or overlap, cover the span, and bear a label each."""
    listed = calendar.periods(first, first + span, grain)
    assert listed[0].start <= first
    assert first + span < listed[-1].stop
    assert all(a.stop == b.start for a, b in pairwise(listed))
    assert len({p.label for p in listed}) == len(listed)
    assert all(0 < p.stop - p.start <= lengths.get(grain, 7) for p in listed)


@given(calendars, grains, anywhere)
def test_labels_read_back(calendar, grain, day):
    """T7: the label of a period, read in the same calendar, is the period."""
    period = calendar.period(day, grain)
    assert parse_period(period.label, calendar) == period


@given(calendars, recent)
def test_labels_of_different_grains_differ(calendar, day):
    """T7: no two kinds of period share a label."""
    assert len({calendar.period(day, grain).label for grain in GRAINS}) == len(GRAINS)


@given(anywhere)
def test_weeks_are_those_of_the_standard_library(day):
    """T7: the label of a week from Monday is the ISO week of its days."""
    year, week, _ = date_of(day).isocalendar()
    assert Calendar().period(day, "week").label == f"{year:04d}-W{week:02d}"


@given(calendars, st.sampled_from(["fiscal_period", "fiscal_quarter", "fiscal_year"]), recent)
def test_fiscal_periods_nest(calendar, grain, day):
    """T7: a fiscal year is four fiscal quarters of three fiscal periods each."""
    year = calendar.period(day, "fiscal_year")
    parts = calendar.periods(year.start, year.stop - 1, grain)
    assert len(parts) == {"fiscal_period": 12, "fiscal_quarter": 4, "fiscal_year": 1}[grain]
    assert (parts[0].start, parts[-1].stop) == (year.start, year.stop)


@given(calendars, recent)
def test_a_year_of_weeks_starts_near_the_first_of_its_month(calendar, day):
    """T7: such a year starts on the week's first day, at most three days from the first of the month, or six before it."""
    year = calendar.period(day, "fiscal_year")
    start = date_of(year.start)
    if calendar.fiscal_pattern == "months":
        assert (start.month, start.day) == (calendar.fiscal_start, 1)
        return
    firsts = [date(start.year + k, calendar.fiscal_start, 1) for k in (-1, 0, 1)]
    distance = min((start - first).days for first in firsts if abs((start - first).days) <= 6)
    assert start.weekday() == calendar.week_start
    assert -3 <= distance <= 3 if calendar.fiscal_anchor == "nearest" else -6 <= distance <= 0
    assert year.stop - year.start in (364, 371)


@given(calendars, grains, recent, st.integers(-30, 30))
def test_a_shift_and_back_loses_at_most_the_clamp(calendar, grain, day, n):
    """T5: there and back is the same day, or an earlier one of the same period where the day was clamped."""
    there = calendar.shift(day, grain, n)
    back = calendar.shift(there, grain, -n)
    assert back <= day
    longest_clamp = 3 if grain not in GRAINS[5:] or calendar.fiscal_pattern == "months" else 14
    assert day - back <= longest_clamp
    if grain in {"day", "week"}:
        assert back == day
    assert calendar.period(back, grain) == calendar.period(day, grain)


@given(calendars, grains, recent, st.integers(-30, 30))
def test_a_shift_lands_in_the_shifted_period(calendar, grain, day, n):
    """T5: the same day n units away lies in the period n units away, which the list of periods counts out."""
    period = calendar.period(day, grain)
    there = calendar.shift(day, grain, n)
    moved = calendar.period(there, grain)
    assert calendar.shift_period(period.start, period.stop, grain, n) == (moved.start, moved.stop)
    low, high = sorted((day, there))
    assert len(calendar.periods(low, high, grain)) == abs(n) + 1


@given(calendars, grains, grains, recent, st.integers(-8, 8), st.integers(0, 370))
def test_the_elapsed_part_grows_with_the_day(calendar, shown, grain, day, n, passed):
    """T5: seen a day later, the part compared with is the same or longer; it starts and ends within the whole."""
    period = calendar.period(day, shown)
    until = period.start + passed
    whole = calendar.shift_period(period.start, period.stop, grain, n)
    now = calendar.elapsed(period.start, period.stop, until, grain, n)
    later = calendar.elapsed(period.start, period.stop, until + 1, grain, n)
    assert now[0] == later[0] == whole[0]
    assert whole[0] <= now[1] <= later[1] <= whole[1]


@given(calendars, grains, recent, st.integers(1, 400), st.integers(-5, 5))
def test_a_moved_run_has_days(calendar, grain, start, length, n):
    """T5: a run of days moves to a run of days that starts where its first day moves, and is about as long."""
    begin, end = calendar.shift_period(start, start + length, grain, n)
    assert begin < end
    assert abs(end - begin - length) <= 14


@pytest.mark.parametrize("grain", GRAINS)
def test_every_day_of_a_century_once(grain):
    """T1, T7: day by day from 1970 to 2069, each day lies in the one period that the list gives for it."""
    calendar = Calendar(fiscal_start=2, fiscal_pattern="4-5-4", week_start=6)
    first, last = 0, day_of(date(2069, 12, 31))
    expected = [calendar.period(day, grain).label for day in range(first, last + 1)]
    listed = calendar.periods(first, last, grain)
    counted = [p.label for p in listed for _ in range(max(p.start, first), min(p.stop, last + 1))]
    assert counted == expected
