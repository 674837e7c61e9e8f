"""Frames and what windows make of them (T4-T7), on the calendar of 2024, a leap year, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.algebra import count
from crmcore.algebra.formulas import Window
from crmcore.calendars import Calendar, date_of, day_of
from crmcore.errors import ArgumentError
from crmcore.plan.frames import Frame, frame_of, range_of, span_of

CALENDAR = Calendar()


def day(text):
    """Return the number of a day."""
    return day_of(date.fromisoformat(text))


def period(text, grain, today=None):
    """Return the frame of the period that a day lies in, as seen from another."""
    return frame_of(CALENDAR.period(day(text), grain), None if today is None else day(today), grain)


def window(kind, unit="day", n=1):
    """Return a window; what is measured in it does not matter here."""
    return Window(kind, count(), unit, n)


def shown(frame):
    """Return the days of a frame that recorded things count on, first and last."""
    return f"{date_of(frame.start)} {date_of(frame.until - 1)}"


def through(frame, *windows, today=None, calendar=CALENDAR):
    """Return the days that windows make of a frame, outermost window first."""
    return shown(range_of(frame, windows, calendar, None if today is None else day(today)))


# -- trailing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "n", "unit", "days"),
    [
        ("2024-05-15", 1, "day", "2024-05-31 2024-05-31"),
        ("2024-05-15", 30, "day", "2024-05-02 2024-05-31"),
        ("2024-03-01", 31, "day", "2024-03-01 2024-03-31"),
        ("2024-02-10", 29, "day", "2024-02-01 2024-02-29"),
        ("2024-05-15", 1, "week", "2024-05-27 2024-05-31"),
        ("2024-05-15", 3, "month", "2024-03-01 2024-05-31"),
        ("2024-05-15", 2, "quarter", "2024-01-01 2024-05-31"),
        ("2024-05-15", 1, "year", "2024-01-01 2024-05-31"),
    ],
)
def test_trailing_ends_with_the_last_day_of_the_month(frame, n, unit, days) -> None:
    """T6: n days are exactly n local days, the last one included; n other units start where the first of them starts."""
    assert through(period(frame, "month", "2024-12-31"), window("trailing", unit, n), today="2024-12-31") == days


def test_trailing_in_a_running_month_ends_with_as_of() -> None:
    """T6: on 15 May, the seven days of the running month are 9 to 15 May."""
    assert through(period("2024-05-01", "month", "2024-05-15"), window("trailing", "day", 7), today="2024-05-15") == (
        "2024-05-09 2024-05-15"
    )


def test_trailing_without_periods_ends_with_as_of() -> None:
    """T6: without `per` the window ends with the day looked from; without an as_of there is none."""
    unbounded = Frame(None, None, None)

    assert through(unbounded, window("trailing", "day", 90), today="2024-03-31") == "2024-01-02 2024-03-31"
    with pytest.raises(ArgumentError, match="a trailing window needs an as_of"):
        range_of(unbounded, (window("trailing", "day", 90),), CALENDAR, None)


# -- to date -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "days"),
    [
        ("month", "2024-05-01 2024-05-31"),
        ("quarter", "2024-04-01 2024-05-31"),
        ("year", "2024-01-01 2024-05-31"),
        ("week", "2024-05-27 2024-05-31"),
    ],
)
def test_to_date_starts_with_the_unit(unit, days) -> None:
    """The unit that the period's last day lies in, up to that day."""
    assert through(period("2024-05-15", "month", "2024-12-31"), window("to_date", unit), today="2024-12-31") == days


def test_fiscal_year_to_date() -> None:
    """T7: a fiscal year from April: May is its second month."""
    fiscal = Calendar(fiscal_start=4)

    assert through(
        period("2024-05-15", "month", "2024-12-31"),
        window("to_date", "fiscal_year"),
        today="2024-12-31",
        calendar=fiscal,
    ) == ("2024-04-01 2024-05-31")


def test_a_coming_period_is_measured_to_as_of() -> None:
    """A window over a month that has not begun ends with the day looked from, not in the future."""
    assert through(period("2024-07-15", "month", "2024-05-15"), window("trailing", "day", 7), today="2024-05-15") == (
        "2024-05-09 2024-05-15"
    )


# -- previous ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grain", "frame", "unit", "n", "days"),
    [
        ("month", "2024-03-15", "month", 1, "2024-02-01 2024-02-29"),
        ("month", "2024-03-15", "year", 1, "2023-03-01 2023-03-31"),
        ("month", "2024-02-15", "year", 1, "2023-02-01 2023-02-28"),
        ("month", "2024-03-15", "month", 3, "2023-12-01 2023-12-31"),
        ("quarter", "2024-05-15", "quarter", 1, "2024-01-01 2024-03-31"),
        ("quarter", "2024-05-15", "year", 1, "2023-04-01 2023-06-30"),
        ("day", "2024-02-29", "year", 1, "2023-02-28 2023-02-28"),
        ("day", "2024-03-31", "month", 1, "2024-02-29 2024-02-29"),
        ("week", "2024-05-15", "week", 1, "2024-05-06 2024-05-12"),
        ("year", "2024-05-15", "year", 2, "2022-01-01 2022-12-31"),
    ],
)
def test_a_whole_period_compares_with_the_whole_one_before(grain, frame, unit, n, days) -> None:
    """T5: the same calendar unit earlier, however long it is; 29 February maps to 28 February."""
    assert through(period(frame, grain, "2024-12-31"), window("previous", unit, n), today="2024-12-31") == days


@pytest.mark.parametrize(
    ("grain", "today", "unit", "days"),
    [
        ("month", "2024-03-15", "month", "2024-02-01 2024-02-15"),
        # the day itself, at most the last one: the 30th of March compares with all of February
        ("month", "2024-03-30", "month", "2024-02-01 2024-02-29"),
        ("month", "2024-02-29", "year", "2023-02-01 2023-02-28"),
        ("quarter", "2024-05-15", "quarter", "2024-01-01 2024-02-15"),
        ("quarter", "2024-05-31", "quarter", "2024-01-01 2024-02-29"),
        ("year", "2024-02-29", "year", "2023-01-01 2023-02-28"),
        ("year", "2024-07-04", "year", "2023-01-01 2023-07-04"),
        ("week", "2024-05-15", "week", "2024-05-06 2024-05-08"),
    ],
)
def test_a_running_period_compares_with_its_same_part(grain, today, unit, days) -> None:
    """T5: the same elapsed part, which ends on the same day of the period, at most its last."""
    running = period(today, grain, today)

    assert running.running
    assert through(running, window("previous", unit), today=today) == days


def test_the_part_of_a_part_stays_that_part() -> None:
    """T5: two years before a running year, one step at a time, is the same part of it."""
    running = period("2024-05-15", "year", "2024-05-15")

    assert through(running, window("previous", "year"), window("previous", "year"), today="2024-05-15") == (
        "2022-01-01 2022-05-15"
    )


def test_without_periods_previous_starts_from_the_running_one() -> None:
    """`change("month")` without `per` compares the running month with the same part of the one before."""
    unbounded = Frame(None, None, None)

    assert through(unbounded, window("current", "month"), today="2024-03-15") == "2024-03-01 2024-03-15"
    assert through(unbounded, window("previous", "month"), today="2024-03-15") == "2024-02-01 2024-02-15"
    with pytest.raises(ArgumentError, match="needs an as_of"):
        range_of(unbounded, (window("previous", "month"),), CALENDAR, None)


def test_current_is_the_period_that_is_shown() -> None:
    """Inside periods, `current` changes nothing."""
    may = period("2024-05-15", "month", "2024-12-31")

    assert range_of(may, (window("current", "quarter"),), CALENDAR, day("2024-12-31")) == may


# -- windows in windows --------------------------------------------------------------------------------


def test_the_outer_window_comes_first() -> None:
    """The trailing quarter of a year ago, and the year-ago days of a trailing week, are different days in a leap year."""
    february = period("2024-02-15", "month", "2024-12-31")
    seven, year = window("trailing", "day", 7), window("previous", "year")

    assert through(february, year, seven, today="2024-12-31") == "2023-02-22 2023-02-28"
    assert through(february, seven, year, today="2024-12-31") == "2023-02-23 2023-02-28"


def test_a_cut_range_shifts_both_its_ends_as_days() -> None:
    """T5: 9 to 15 May a month earlier are 9 to 15 April; 25 to 31 March a month earlier are 25 to 29 February."""
    week = window("trailing", "day", 7)
    month = window("previous", "month")

    assert through(period("2024-05-01", "month", "2024-05-15"), week, month, today="2024-05-15") == (
        "2024-04-09 2024-04-15"
    )
    assert through(period("2024-03-01", "month", "2024-12-31"), week, month, today="2024-12-31") == (
        "2024-02-25 2024-02-29"
    )


# -- frames --------------------------------------------------------------------------------------------


def test_the_running_period_ends_with_as_of_for_what_is_recorded() -> None:
    """T4: the frame of May on 15 May is May, of which recorded things have seen up to the 15th."""
    may = period("2024-05-01", "month", "2024-05-15")

    assert (date_of(may.start), date_of(may.stop), date_of(may.until)) == (
        date(2024, 5, 1),
        date(2024, 6, 1),
        date(2024, 5, 16),
    )
    assert (may.label, may.running, may.whole, may.grain) == ("2024-05", True, True, "month")
    assert not period("2024-04-01", "month", "2024-05-15").running


def test_a_total_spans_the_first_to_the_last_period() -> None:
    """T7: from the start of the first to the end of the last, running if the last is; without periods it is all there is."""
    frames = [period(m, "month", "2024-05-15") for m in ("2024-03-01", "2024-04-01", "2024-05-01")]
    span = span_of(frames, day("2024-05-15"))

    assert (date_of(span.start), date_of(span.stop), span.running) == (date(2024, 3, 1), date(2024, 6, 1), True)
    assert span.grain == "month"
    assert span_of([Frame(None, None, None)], None) == Frame(None, None, None)
    assert span_of([], None).start == span_of([], None).stop
