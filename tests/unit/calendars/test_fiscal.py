"""Fiscal years of months and of weeks."""

from __future__ import annotations

from datetime import date

import pytest

from crmcore.calendars import Calendar, date_of, day_of, parse_period
from crmcore.errors import ArgumentError

RETAIL = Calendar(fiscal_start=2, fiscal_pattern="4-5-4", fiscal_named_by="start", week_start=6)
"""The calendar of the National Retail Federation: it ends on the Saturday nearest to 31 January."""


def day(text):
    return day_of(date.fromisoformat(text))


def shown(period):
    """Label, first day, last day."""
    return period.label, str(date_of(period.start)), str(date_of(period.stop - 1))


@pytest.mark.parametrize(
    ("start", "when", "year", "quarter", "period"),
    [
        # fiscal years from April, as in the United Kingdom's public sector
        (4, "2026-03-31", "FY2026", "FY2026-Q4", "FY2026-P12"),
        (4, "2026-04-01", "FY2027", "FY2027-Q1", "FY2027-P01"),
        # from July, as in Australia
        (7, "2025-07-01", "FY2026", "FY2026-Q1", "FY2026-P01"),
        (7, "2026-06-30", "FY2026", "FY2026-Q4", "FY2026-P12"),
        # from October, as in the federal government of the United States
        (10, "2025-09-30", "FY2025", "FY2025-Q4", "FY2025-P12"),
        (10, "2025-10-01", "FY2026", "FY2026-Q1", "FY2026-P01"),
        (10, "2026-01-15", "FY2026", "FY2026-Q2", "FY2026-P04"),
        # from January: the calendar year
        (1, "2026-06-30", "FY2026", "FY2026-Q2", "FY2026-P06"),
    ],
)
def test_fiscal_years_of_months(start, when, year, quarter, period):
    """T7: a fiscal year bears the year in which it ends."""
    calendar = Calendar(fiscal_start=start)
    labels = [calendar.period(day(when), f"fiscal_{grain}").label for grain in ("year", "quarter", "period")]
    assert labels == [year, quarter, period]


def test_the_months_before_the_fiscal_start():
    """E18: with a fiscal year from April, January to March are the fourth quarter of the year before."""
    calendar = Calendar(fiscal_start=4)
    quarters = [shown(p) for p in calendar.periods(day("2025-12-31"), day("2026-04-01"), "fiscal_quarter")]
    assert quarters == [
        ("FY2026-Q3", "2025-10-01", "2025-12-31"),
        ("FY2026-Q4", "2026-01-01", "2026-03-31"),
        ("FY2027-Q1", "2026-04-01", "2026-06-30"),
    ]


def test_a_fiscal_year_may_bear_the_year_it_starts_in():
    """T7: named by its start, the year from April 2025 is FY2025 (India, Japan); from January both ways are one."""
    assert Calendar(4, fiscal_named_by="start").period(day("2026-03-31"), "fiscal_year").label == "FY2025"
    for named_by in ("start", "end"):
        assert Calendar(1, fiscal_named_by=named_by).period(day("2026-03-31"), "fiscal_year").label == "FY2026"


@pytest.mark.parametrize(
    ("label", "first", "last", "weeks"),
    [
        ("FY2006", "2006-01-29", "2007-02-03", 53),
        ("FY2012", "2012-01-29", "2013-02-02", 53),
        ("FY2016", "2016-01-31", "2017-01-28", 52),
        ("FY2017", "2017-01-29", "2018-02-03", 53),
        ("FY2022", "2022-01-30", "2023-01-28", 52),
        ("FY2023", "2023-01-29", "2024-02-03", 53),
        ("FY2024", "2024-02-04", "2025-02-01", 52),
    ],
)
def test_the_retail_years(label, first, last, weeks):
    """T7, E18: the published 4-5-4 retail years."""
    year = parse_period(label, RETAIL)
    assert shown(year) == (label, first, last)
    assert year.stop - year.start == 7 * weeks


def test_the_retail_years_of_53_weeks():
    """T7, E18: the retail federation names 2000, 2006, 2012, 2017 and 2023 as the years of 53 weeks."""
    long = [
        y.label for y in RETAIL.periods(day("2000-03-01"), day("2025-03-01"), "fiscal_year") if y.stop - y.start > 364
    ]
    assert long == ["FY2000", "FY2006", "FY2012", "FY2017", "FY2023"]


def test_the_periods_of_the_retail_year_2023():
    """T7: 4-5-4 weeks in each quarter; the 53rd week makes the last period one of five."""
    periods = RETAIL.periods(day("2023-01-29"), day("2024-02-03"), "fiscal_period")
    assert [(p.stop - p.start) // 7 for p in periods] == [4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 5]
    assert shown(periods[1]) == ("FY2023-P02", "2023-02-26", "2023-04-01")
    assert shown(periods[11]) == ("FY2023-P12", "2023-12-31", "2024-02-03")
    quarters = RETAIL.periods(day("2023-01-29"), day("2024-02-03"), "fiscal_quarter")
    assert [(p.stop - p.start) // 7 for p in quarters] == [13, 13, 13, 14]


def test_a_published_4_4_5_year():
    """T7: the 4-4-5 year from Sunday 3 January 2010 to 1 January 2011, period by period."""
    calendar = Calendar(fiscal_pattern="4-4-5", week_start=6)
    ends = [str(date_of(p.stop - 1)) for p in calendar.periods(day("2010-01-03"), day("2011-01-01"), "fiscal_period")]
    assert ends == [
        "2010-01-30", "2010-02-27", "2010-04-03", "2010-05-01", "2010-05-29", "2010-07-03",
        "2010-07-31", "2010-08-28", "2010-10-02", "2010-10-30", "2010-11-27", "2011-01-01",
    ]  # fmt: skip
    assert calendar.period(day("2011-01-02"), "fiscal_year").label == "FY2011"


def test_a_year_that_ends_on_the_last_saturday():
    """T7: ending on the last Saturday of August: 26 August 2006, 25 August 2007, 30 August 2008 after 53 weeks."""
    calendar = Calendar(9, "4-4-5", "end", 6, "last")
    years = [shown(y) for y in calendar.periods(day("2006-08-27"), day("2008-08-30"), "fiscal_year")]
    assert years == [("FY2007", "2006-08-27", "2007-08-25"), ("FY2008", "2007-08-26", "2008-08-30")]
    assert calendar.days_in(day("2008-01-01"), "fiscal_year") == 53 * 7


def test_the_two_anchors_differ():
    """T7: with the end of the year on Thursday 31 December 2026, the nearest Saturday is 2 January, the last 26 December."""
    nearest, last = Calendar(1, "4-4-5", week_start=6), Calendar(1, "4-4-5", week_start=6, fiscal_anchor="last")
    assert date_of(parse_period("FY2026", nearest).stop - 1) == date(2027, 1, 2)
    assert date_of(parse_period("FY2026", last).stop - 1) == date(2026, 12, 26)


@pytest.mark.parametrize("year", range(1995, 2045))
def test_a_year_of_weeks_from_january_is_the_iso_year(year):
    """T7: the Monday nearest to 1 January starts ISO week 1, so such a fiscal year is the ISO week-year."""
    start = parse_period(f"FY{year}", Calendar(fiscal_pattern="5-4-4")).start
    assert date_of(start) == date.fromisocalendar(year, 1, 1)


def test_weeks_of_a_quarter_follow_the_pattern():
    """T7: the three patterns order the long period last, in the middle, first."""
    for pattern, weeks in (("4-4-5", [4, 4, 5]), ("4-5-4", [4, 5, 4]), ("5-4-4", [5, 4, 4])):
        calendar = Calendar(fiscal_pattern=pattern)
        periods = calendar.periods(day("2025-01-15"), day("2025-03-15"), "fiscal_period")
        assert [(p.stop - p.start) // 7 for p in periods] == weeks


def test_a_fiscal_label_names_its_period_in_the_error():
    """A fiscal year has twelve periods and four quarters."""
    with pytest.raises(ArgumentError, match="'FY2026-P13': that year has 12 periods, there is no 13"):
        parse_period("FY2026-P13", RETAIL)
    with pytest.raises(ArgumentError, match="'FY2026-Q5': that year has 4 quarters, there is no 5"):
        parse_period("FY2026-Q5", RETAIL)
