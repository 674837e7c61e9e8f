"""What a day or a period is compared with (T5)."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.calendars import MAX_DAY, MIN_DAY, Calendar, date_of, day_of, parse_period
from crmcore.errors import ArgumentError, RangeError

PLAIN = Calendar()
RETAIL = Calendar(fiscal_start=2, fiscal_pattern="4-5-4", fiscal_named_by="start", week_start=6)


def day(text):
    return day_of(date.fromisoformat(text))


def run(label, calendar=PLAIN):
    period = parse_period(label, calendar)
    return period.start, period.stop


def days(first, last):
    """A half-open run of days, given by its first and its last one."""
    return day(first), day(last) + 1


@pytest.mark.parametrize(
    ("when", "grain", "n", "expected"),
    [
        ("2026-01-31", "month", 1, "2026-02-28"),
        ("2024-01-31", "month", 1, "2024-02-29"),
        ("2026-03-31", "month", -1, "2026-02-28"),
        ("2026-01-15", "month", -1, "2025-12-15"),
        ("2026-05-31", "quarter", -1, "2026-02-28"),
        ("2026-05-20", "quarter", -1, "2026-02-20"),
        ("2024-02-29", "year", -1, "2023-02-28"),
        ("2024-02-29", "year", -4, "2020-02-29"),
        ("2023-02-28", "year", 1, "2024-02-28"),
        ("2026-06-30", "day", -30, "2026-05-31"),
        ("2026-06-30", "week", 2, "2026-07-14"),
        ("2026-06-30", "month", 0, "2026-06-30"),
    ],
)
def test_the_same_day_n_units_away(when, grain, n, expected):
    """T5, E18: the same calendar day, at most the last of its month; 29 February is 28 February a year before."""
    assert date_of(PLAIN.shift(day(when), grain, n)) == date.fromisoformat(expected)


def test_fiscal_units_of_months_move_like_months():
    """T5: a fiscal quarter before 31 May is 28 February, whatever the month the fiscal year starts in."""
    for start in (1, 4, 10):
        calendar = Calendar(fiscal_start=start)
        assert date_of(calendar.shift(day("2026-05-31"), "fiscal_quarter", -1)) == date(2026, 2, 28)
        assert date_of(calendar.shift(day("2026-05-31"), "fiscal_period", 1)) == date(2026, 6, 30)
        assert date_of(calendar.shift(day("2024-02-29"), "fiscal_year", -1)) == date(2023, 2, 28)


@pytest.mark.parametrize(
    ("when", "grain", "n", "expected"),
    [
        # the first Sunday, and the tenth day, of FY2024 and of FY2023
        ("2024-02-04", "fiscal_year", -1, "2023-01-29"),
        ("2024-02-13", "fiscal_year", -1, "2023-02-07"),
        # week 53 of FY2023 has no counterpart: the last day of FY2022 and FY2024
        ("2024-01-30", "fiscal_year", -1, "2023-01-28"),
        ("2024-01-30", "fiscal_year", 1, "2025-02-01"),
        # the 30th day of the five-week March is beyond the four weeks of February
        ("2023-03-27", "fiscal_period", -1, "2023-02-25"),
        ("2023-05-01", "fiscal_quarter", -1, "2023-01-30"),
    ],
)
def test_years_of_weeks_keep_the_day_of_the_unit(when, grain, n, expected):
    """T5: in a 4-5-4 calendar the same day counted from the start of the unit, at most its last."""
    assert date_of(RETAIL.shift(day(when), grain, n)) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("label", "grain", "n", "expected"),
    [
        ("2026-02", "month", -1, "2026-01"),
        ("2026-03", "month", -1, "2026-02"),
        ("2026-01", "month", -1, "2025-12"),
        ("2025-02", "year", -1, "2024-02"),
        ("2026-Q2", "quarter", -1, "2026-Q1"),
        ("2026-Q1", "quarter", -1, "2025-Q4"),
        ("2026-Q1", "year", -1, "2025-Q1"),
        ("2025", "year", -1, "2024"),
        ("2026-05", "quarter", -1, "2026-02"),
        ("2026-W01", "week", -1, "2025-W52"),
        ("2026-03-01", "day", -1, "2026-02-28"),
        ("2024-02-29", "year", -1, "2023-02-28"),
        ("FY2026-Q1", "fiscal_quarter", -1, "FY2025-Q4"),
        ("FY2026-P03", "fiscal_year", -1, "FY2025-P03"),
        ("FY2026", "year", -1, "FY2025"),
    ],
)
def test_whole_periods_map_to_whole_periods(label, grain, n, expected):
    """T5, E17: the period before has all its days, also where it is longer or shorter."""
    for calendar in (PLAIN, Calendar(fiscal_start=4)):
        assert calendar.shift_period(*run(label, calendar), grain, n) == run(expected, calendar)


@pytest.mark.parametrize(
    ("label", "grain", "n", "expected"),
    [
        ("FY2024", "fiscal_year", -1, "FY2023"),
        ("FY2023-Q4", "fiscal_year", -1, "FY2022-Q4"),
        ("FY2023-P12", "fiscal_year", -1, "FY2022-P12"),
        ("FY2023-P02", "fiscal_period", -1, "FY2023-P01"),
        ("FY2024-Q1", "fiscal_quarter", -1, "FY2023-Q4"),
        # a unit of the other kind: the run says which periods it is made of
        ("FY2024-Q1", "year", -1, "FY2023-Q1"),
        ("FY2024-P01", "month", -1, "FY2023-P12"),
        ("2026-05", "fiscal_year", -1, "2025-05"),
        ("2025-02", "fiscal_quarter", -4, "2024-02"),
    ],
)
def test_whole_fiscal_periods_of_weeks(label, grain, n, expected):
    """T5: periods of four and five weeks, and years of 52 and 53, map to each other whole."""
    assert RETAIL.shift_period(*run(label, RETAIL), grain, n) == run(expected, RETAIL)


def test_half_a_year_moves_as_months():
    """T5: several whole months stay whole months: January to June 2024 a year before, and a month later."""
    half = days("2024-01-01", "2024-06-30")
    assert PLAIN.shift_period(*half, "year", -1) == days("2023-01-01", "2023-06-30")
    assert PLAIN.shift_period(*half, "month", 1) == days("2024-02-01", "2024-07-31")


@pytest.mark.parametrize(
    ("monday", "n", "expected"),
    [("2026-02-23", -1, "2025-02-23"), ("2024-02-26", -1, "2023-02-26"), ("2023-02-27", 1, "2024-02-27")],
)
def test_an_iso_week_a_year_away_keeps_its_seven_days(monday, n, expected):
    """T5: an ISO week starts on the same date of the other year and has seven days, also across a 29 February."""
    week, start = (day(monday), day(monday) + 7), day(expected)
    assert PLAIN.shift_period(*week, "year", n) == (start, start + 7)
    assert PLAIN.elapsed(*week, week[0] + 5, "year", n) == (start, start + 5)


def test_a_week_a_fiscal_year_away_is_a_week_of_that_year():
    """T5: week 1 of retail year 2024 compares with week 1 of 2023, week 53 of 2023 with the last week of 2022."""
    assert RETAIL.shift_period(*days("2024-02-04", "2024-02-10"), "fiscal_year", -1) == days("2023-01-29", "2023-02-04")
    assert RETAIL.shift_period(*days("2024-01-28", "2024-02-03"), "fiscal_year", -1) == days("2023-01-22", "2023-01-28")


def test_other_runs_move_their_first_and_last_day():
    """T5, E17: 15 to 31 March a month before is 15 to 28 February: not a day short, not a day into March."""
    assert PLAIN.shift_period(*days("2026-03-15", "2026-03-31"), "month", -1) == days("2026-02-15", "2026-02-28")
    assert PLAIN.shift_period(*days("2026-03-10", "2026-03-30"), "month", -1) == days("2026-02-10", "2026-02-28")
    assert PLAIN.shift_period(*days("2026-06-10", "2026-07-09"), "year", -1) == days("2025-06-10", "2025-07-09")
    assert PLAIN.shift_period(*days("2026-06-10", "2026-07-09"), "day", -30) == days("2026-05-11", "2026-06-09")
    assert PLAIN.shift_period(*days("2026-02-01", "2026-02-28"), "week", -1) == days("2026-01-25", "2026-02-21")


def test_seven_days_that_are_no_week_move_as_days():
    """T5: a run of seven days that does not start with the week moves its ends: 25 February to 3 March 2024."""
    moved = PLAIN.shift_period(*days("2024-02-25", "2024-03-02"), "year", -1)
    assert moved == days("2023-02-25", "2023-03-02")
    assert moved[1] - moved[0] == 6


def test_a_run_without_days_stays_without_days():
    """T1: an empty run moves to an empty run."""
    for grain in ("day", "week", "month", "fiscal_year"):
        start, stop = PLAIN.shift_period(day("2026-03-31"), day("2026-03-31"), grain, -1)
        assert start == stop


@pytest.mark.parametrize(
    ("label", "as_of", "grain", "expected"),
    [
        # 20 days of May, 20 days of April
        ("2026-05", "2026-05-20", "month", ("2026-04-01", "2026-04-20")),
        # 30 March: February ends on its 28th
        ("2026-03", "2026-03-30", "month", ("2026-02-01", "2026-02-28")),
        # 27 February is running: up to 27 January; 28 February 2026 is the end: all of January
        ("2026-02", "2026-02-27", "month", ("2026-01-01", "2026-01-27")),
        ("2026-02", "2026-02-28", "month", ("2026-01-01", "2026-01-31")),
        # second month of the quarter, 20th day
        ("2026-Q2", "2026-05-20", "quarter", ("2026-01-01", "2026-02-20")),
        ("2026-Q2", "2026-05-20", "year", ("2025-04-01", "2025-05-20")),
        # the leap day falls out, and is not waited for
        ("2024", "2024-02-29", "year", ("2023-01-01", "2023-02-28")),
        ("2024", "2024-03-01", "year", ("2023-01-01", "2023-03-01")),
        ("2025", "2025-02-28", "year", ("2024-01-01", "2024-02-28")),
        # weeks by days
        ("2026-W23", "2026-06-03", "week", ("2026-05-25", "2026-05-27")),
    ],
)
def test_a_running_period_compares_with_the_same_part(label, as_of, grain, expected):
    """T5: up to the same day of the period before, at most its last."""
    start, stop = run(label)
    assert PLAIN.elapsed(start, stop, day(as_of) + 1, grain, -1) == days(*expected)


@pytest.mark.parametrize(
    ("label", "as_of", "grain", "expected"),
    [
        ("FY2024", "2024-02-13", "fiscal_year", ("2023-01-29", "2023-02-07")),
        ("FY2024-Q1", "2024-02-13", "year", ("2023-01-29", "2023-02-07")),
        ("FY2023-P12", "2024-01-30", "fiscal_year", ("2023-01-01", "2023-01-28")),
        ("FY2023-P02", "2023-03-27", "fiscal_period", ("2023-01-29", "2023-02-25")),
    ],
)
def test_a_running_fiscal_period_of_weeks(label, as_of, grain, expected):
    """T5: in a 4-5-4 calendar the same day counted from the start of the period."""
    start, stop = run(label, RETAIL)
    assert RETAIL.elapsed(start, stop, day(as_of) + 1, grain, -1) == days(*expected)


def test_a_running_run_of_days():
    """T5: a campaign from 15 March to 14 April, seen on 31 March: 15 to 28 February."""
    campaign = days("2026-03-15", "2026-04-14")
    assert PLAIN.elapsed(*campaign, day("2026-03-31") + 1, "month", -1) == days("2026-02-15", "2026-02-28")


@pytest.mark.parametrize("grain", ["day", "week", "month", "fiscal_year"])
def test_before_and_after_the_period(grain):
    """T5, E19: seen before it begins, a period compares with no day; seen after its end, with the whole period."""
    start, stop = run("2026-05")
    whole = PLAIN.shift_period(start, stop, grain, -1)
    assert PLAIN.elapsed(start, stop, start - 3, grain, -1) == (whole[0], whole[0])
    assert PLAIN.elapsed(start, stop, stop + 3, grain, -1) == whole


def test_a_period_of_one_day():
    """E19: a period of a single day is either not begun or over."""
    start, stop = run("2026-05-31")
    assert PLAIN.elapsed(start, stop, stop, "month", -1) == days("2026-04-30", "2026-04-30")
    assert PLAIN.elapsed(start, stop, start, "month", -1) == (day("2026-04-30"), day("2026-04-30"))


@pytest.mark.parametrize(
    ("when", "grain", "n"),
    [
        (MAX_DAY, "day", 1),
        (MIN_DAY, "week", -1),
        (MAX_DAY, "month", 1),
        (MIN_DAY, "year", -1),
        (0, "year", 10**9),
        (0, "month", 10**30),
        (MAX_DAY, "fiscal_year", 1),
    ],
)
@pytest.mark.parametrize("calendar", [PLAIN, RETAIL])
def test_no_day_beyond_the_dates(calendar, when, grain, n):
    """A day moved out of the years 1 to 9999 is an error, not an overflow."""
    with pytest.raises(RangeError):
        calendar.shift(when, grain, n)


def test_no_period_beyond_the_dates():
    """A period moved out of the years 1 to 9999 is an error; the last year itself can be reached."""
    with pytest.raises(RangeError, match=r"moved by 1 x year leave the years 1 to 9999"):
        PLAIN.shift_period(*run("9999"), "year", 1)
    with pytest.raises(RangeError, match="out of range"):
        PLAIN.shift_period(MIN_DAY, MIN_DAY + 1, "day", -1)
    with pytest.raises(RangeError, match="out of range"):
        PLAIN.shift_period(0, MAX_DAY + 2, "month", 1)
    assert PLAIN.shift_period(*run("9998"), "year", 1) == run("9999")


def test_a_run_does_not_end_before_it_starts():
    """The ends of a run in the wrong order are an error that shows them."""
    with pytest.raises(ArgumentError, match=r"days \[10, 9\) end before they start"):
        PLAIN.shift_period(10, 9, "month", 1)
