"""Labels of periods, read back."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.calendars import Calendar, Period, day_of, parse_period
from crmcore.errors import ArgumentError, RangeError


@pytest.mark.parametrize(
    ("label", "grain", "start", "stop"),
    [
        ("2026", "year", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-Q2", "quarter", date(2026, 4, 1), date(2026, 7, 1)),
        ("2026-06", "month", date(2026, 6, 1), date(2026, 7, 1)),
        ("2026-W23", "week", date(2026, 6, 1), date(2026, 6, 8)),
        ("2026-W53", "week", date(2026, 12, 28), date(2027, 1, 4)),
        ("2026-06-30", "day", date(2026, 6, 30), date(2026, 7, 1)),
        ("FY2026", "fiscal_year", date(2025, 4, 1), date(2026, 4, 1)),
        ("FY2026-Q1", "fiscal_quarter", date(2025, 4, 1), date(2025, 7, 1)),
        ("FY2026-P03", "fiscal_period", date(2025, 6, 1), date(2025, 7, 1)),
    ],
)
def test_each_form_of_label(label, grain, start, stop):
    """T1, T7: every form of label is read back as its half-open period."""
    assert parse_period(label, Calendar(fiscal_start=4)) == Period(grain, day_of(start), day_of(stop), label)


@pytest.mark.parametrize(
    "label",
    [
        "2026-06-30T00:00",
        " 2026",
        "2026\n",
        "June 2026",
        "٢٠٢٦",
        "",
        "26",
        "2026-6",
        "2026-q2",
        "2026Q2",
        "2026-W3",
        "2026-P01",
        "FY2026-06",
        "FY2026-W03",
        "FY2026-06-30",
        "FY26",
    ],
)
def test_other_texts_are_refused(label):
    """What is no label is refused with the forms that are."""
    with pytest.raises(
        ArgumentError, match="is no label of a period; labels look like 2026, 2026-Q2, 2026-06, 2026-W23"
    ):
        parse_period(label, Calendar())


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("2026-13", "'2026-13': that year has 12 months, there is no 13"),
        ("2026-00", "there is no 0"),
        ("2026-Q5", "'2026-Q5': that year has 4 quarters, there is no 5"),
        ("2025-W53", "'2025-W53': that year has 52 weeks, there is no 53"),
        ("2026-W00", "that year has 53 weeks, there is no 0"),
        ("2026-02-29", "'2026-02-29': that month has 28 days, there is no 29"),
        ("2026-02-00", "there is no 0"),
        ("2026-13-01", "a year has 12 months, there is no 13"),
        ("02026", "did you mean '2026'"),
        ("02026-06-30", "did you mean '2026-06-30'"),
    ],
)
def test_a_period_that_does_not_exist(label, message):
    """E18: the error says how many there are; 2025 has no week 53, February 2026 no 29th."""
    with pytest.raises(ArgumentError, match=message):
        parse_period(label, Calendar())


@pytest.mark.parametrize("label", ["0000", "10000", "10000-01-01", "0000-12", "FY0000", "99999-W01"])
def test_a_period_out_of_range(label):
    """A period with no day in the years 1 to 9999 is out of range."""
    with pytest.raises(RangeError, match="outside the years 1 to 9999"):
        parse_period(label, Calendar(fiscal_start=4))


def test_the_label_follows_the_calendar():
    """T7: the same label is another run of days in another calendar."""
    assert parse_period("2026-W23", Calendar()).start == day_of(date(2026, 6, 1))
    assert parse_period("2026-W23", Calendar(week_start=6)).start == day_of(date(2026, 6, 7))
    assert parse_period("FY2026", Calendar(10, fiscal_named_by="start")).start == day_of(date(2026, 10, 1))
