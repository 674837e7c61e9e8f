"""Calendar days, weeks, months, quarters and years."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.calendars import GRAINS, MAX_DAY, MIN_DAY, Calendar, Period, date_of, day_of
from crmcore.errors import ArgumentError, RangeError


def day(text):
    return day_of(date.fromisoformat(text))


def shown(period):
    """Label, first day, last day."""
    return period.label, str(date_of(period.start)), str(date_of(period.stop - 1))


@pytest.mark.parametrize(
    ("when", "grain", "expected"),
    [
        ("2026-06-30", "day", ("2026-06-30", "2026-06-30", "2026-06-30")),
        ("2026-06-07", "week", ("2026-W23", "2026-06-01", "2026-06-07")),
        ("2026-06-30", "month", ("2026-06", "2026-06-01", "2026-06-30")),
        ("2024-02-29", "month", ("2024-02", "2024-02-01", "2024-02-29")),
        ("1900-02-28", "month", ("1900-02", "1900-02-01", "1900-02-28")),
        ("2000-02-01", "month", ("2000-02", "2000-02-01", "2000-02-29")),
        ("2026-06-30", "quarter", ("2026-Q2", "2026-04-01", "2026-06-30")),
        ("2026-12-31", "quarter", ("2026-Q4", "2026-10-01", "2026-12-31")),
        ("2026-01-01", "year", ("2026", "2026-01-01", "2026-12-31")),
        ("0800-05-05", "year", ("0800", "0800-01-01", "0800-12-31")),
    ],
)
def test_the_period_of_a_day(when, grain, expected):
    """T7: a day falls in the period of its calendar date."""
    assert shown(Calendar().period(day(when), grain)) == expected


def test_periods_are_half_open():
    """T1, E17: June is [1 June, 1 July); its last day is in it, the first of July is not."""
    june = Calendar().period(day("2026-06-15"), "month")
    assert june == Period("month", day("2026-06-01"), day("2026-07-01"), "2026-06")
    assert Calendar().period(day("2026-06-30"), "month") == june
    assert Calendar().period(day("2026-07-01"), "month").start == june.stop


@pytest.mark.parametrize(
    ("when", "label"),
    [
        ("2020-12-28", "2020-W53"),
        ("2021-01-03", "2020-W53"),
        ("2021-01-04", "2021-W01"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2027-01-04", "2027-W01"),
        ("2024-12-30", "2025-W01"),
        ("2005-01-01", "2004-W53"),
        ("2008-12-29", "2009-W01"),
    ],
)
def test_iso_weeks_around_new_year(when, label):
    """T7, E18: ISO 8601 weeks; 2004, 2020 and 2026 have 53, and the week's year is not always the date's."""
    assert Calendar().period(day(when), "week").label == label


@pytest.mark.parametrize(
    ("when", "label"),
    [
        ("2014-12-28", "2014-W53"),
        ("2015-01-03", "2014-W53"),
        ("2015-01-04", "2015-W01"),
        ("2020-12-27", "2020-W53"),
        ("2021-01-02", "2020-W53"),
        ("2021-01-03", "2021-W01"),
        ("2023-12-31", "2024-W01"),
    ],
)
def test_weeks_from_sunday_are_the_mmwr_weeks(when, label):
    """T7: weeks from Sunday count like the published MMWR weeks; 2014 and 2020 have 53."""
    assert Calendar(week_start=6).period(day(when), "week").label == label


@pytest.mark.parametrize("week_start", range(7))
def test_a_week_starts_on_its_weekday(week_start):
    """T7: whatever the first weekday is, the week starts on it and has seven days."""
    week = Calendar(week_start=week_start).period(day("2026-06-17"), "week")
    assert date_of(week.start).weekday() == week_start
    assert week.stop - week.start == 7


@pytest.mark.parametrize("grain", GRAINS)
def test_periods_are_listed_once_each_in_order(grain):
    """T1, T7: all periods of two years touch each other, and each is the period of its own days."""
    calendar = Calendar()
    listed = calendar.periods(day("2023-07-15"), day("2025-07-15"), grain)
    assert listed[0] == calendar.period(day("2023-07-15"), grain)
    assert listed[-1] == calendar.period(day("2025-07-15"), grain)
    assert [p.stop for p in listed[:-1]] == [p.start for p in listed[1:]]
    assert [calendar.period(p.stop - 1, grain) for p in listed] == listed


def test_counts_of_forty_years():
    """T7: 1990 to 2029 have 40 years, 160 quarters, 480 months, 14,610 days and 2,088 weeks they touch."""
    calendar, first, last = Calendar(), day("1990-01-01"), day("2029-12-31")
    counts = {grain: len(calendar.periods(first, last, grain)) for grain in GRAINS[:5]}
    assert counts == {"day": 14_610, "week": 2_088, "month": 480, "quarter": 160, "year": 40}


def test_no_period_where_last_is_before_first():
    """An empty span of days has no periods; a span of one day has one."""
    assert Calendar().periods(10, 9, "month") == []
    assert [p.label for p in Calendar().periods(10, 10, "month")] == ["1970-01"]


@pytest.mark.parametrize(
    ("when", "grain", "length"),
    [("2024-02-10", "month", 29), ("2026-02-10", "quarter", 90), ("2024-02-10", "year", 366), ("2026-02-10", "day", 1)],
)
def test_days_in_a_period(when, grain, length):
    """The number of days of the period around a day."""
    assert Calendar().days_in(day(when), grain) == length


@pytest.mark.parametrize(
    "calendar", [Calendar(), Calendar(week_start=2), Calendar(4), Calendar(7, "5-4-4", "start", 6)]
)
def test_the_ends_of_the_range_have_periods(calendar):
    """The first and the last day that a date can be have a period of every kind, which may reach beyond them."""
    for when in (MIN_DAY, MAX_DAY):
        for grain in GRAINS:
            period = calendar.period(when, grain)
            assert period.start <= when < period.stop


def test_a_day_out_of_range_has_no_period():
    """Outside the years 1 to 9999 every question gets the same clear error."""
    calendar = Calendar()
    for ask in (
        lambda: calendar.period(MAX_DAY + 1, "month"),
        lambda: calendar.periods(MIN_DAY - 1, 0, "month"),
        lambda: calendar.days_in(MIN_DAY - 1, "day"),
        lambda: calendar.shift(MAX_DAY + 1, "day", -1),
    ):
        with pytest.raises(RangeError, match="is out of range"):
            ask()


def test_an_unknown_grain_names_the_nearest():
    """A misspelt grain is answered with the nearest name."""
    with pytest.raises(ArgumentError, match="no grain named 'months'; did you mean 'month'") as caught:
        Calendar().period(0, "months")
    assert caught.value.nearest == ["month"]
    with pytest.raises(ArgumentError, match="no grain named 'x'; available: day, week, month, quarter, year"):
        Calendar().periods(0, 1, "x")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fiscal_start": 0}, "fiscal_start is a month from 1 to 12, not 0"),
        ({"fiscal_start": 13}, "fiscal_start is a month from 1 to 12, not 13"),
        ({"fiscal_start": 4.0}, r"fiscal_start is a month from 1 to 12, not 4\.0"),
        ({"fiscal_start": "April"}, "fiscal_start is a month from 1 to 12, not 'April'"),
        ({"week_start": 7}, r"week_start is a weekday from 0 \(Monday\) to 6 \(Sunday\), not 7"),
        ({"fiscal_pattern": "445"}, "no fiscal_pattern named '445'; did you mean '4-4-5'"),
        ({"fiscal_named_by": "begin"}, "no fiscal_named_by named 'begin'; available: end, start"),
        ({"fiscal_anchor": "nearst"}, "no fiscal_anchor named 'nearst'; did you mean 'nearest'"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    """A calendar that cannot mean anything fails when it is made, and says what would be right."""
    with pytest.raises(ArgumentError, match=message):
        Calendar(**settings)


@pytest.mark.parametrize("grain", GRAINS)
def test_each_axis_finds_the_number_in_a_year(grain):
    """T7: the unit found for a year and a number is the one counted from the first of that year."""
    axis = Calendar().axis(grain)
    first = axis.find(2024, 1)
    assert axis.index(day("2024-01-04")) in range(first, first + 4)
    expected = {"day": 366, "week": 52, "month": 12, "quarter": 4, "year": 1}[
        grain.replace("fiscal_", "").replace("period", "month")
    ]
    assert axis.find(2025, 1) - first == expected
    assert axis.find(2024, 3) - first == 2
