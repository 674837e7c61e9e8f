"""The reference on periods and windows, worked out by hand on calendars one can look at (T4 to T8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count as numbers

import pytest

from crmcore.algebra import classify, col, count, elapsed, mean, period, span, total
from crmcore.calendars import Calendar
from crmcore.errors import ArgumentError
from crmcore.metric import Metric
from crmcore.testing import measure

WON = Metric("won", count(col("outcome") == "won"), unit="count", anchor="closed_at")
OPEN = Metric("open", count(col("outcome") == "open"), unit="count", anchor="stock")


def closed(*days, created=date(2020, 1, 1), owner="Ann"):
    """Return won deals, one closed on each day."""
    return [
        {
            "id": f"{owner}{i}",
            "owner": owner,
            "outcome": "won",
            "created_at": created,
            "closed_at": day,
            "amount": Decimal(10),
        }
        for i, day in zip(numbers(), days, strict=False)
    ]


def counted(metric, rows, **query):
    """Return the one number of a metric."""
    answer = measure(metric, {"opportunity": rows}, **query)
    assert len(answer.rows) == 1
    return answer.rows[0][metric.name]


def by_period(metric, rows, **query):
    """Return period -> number."""
    return {r["period"]: r[metric.name] for r in measure(metric, {"opportunity": rows}, **query).rows}


# -- which periods are shown ---------------------------------------------------------------------------


def test_empty_periods_between_first_and_last_are_shown() -> None:
    """T7: won in January and April: February and March are there with 0, and their rate is undefined; May is not."""
    rows = closed(date(2026, 1, 31), date(2026, 4, 1))
    rate = Metric("rate", count(col("outcome") == "won") / count(), unit="ratio", anchor="closed_at")
    answer = measure([WON, rate], {"opportunity": rows}, per="month", as_of=date(2026, 5, 20))

    assert answer.rows == [
        {"period": "2026-01", "won": 1.0, "rate": 1.0},
        {"period": "2026-02", "won": 0.0, "rate": None},
        {"period": "2026-03", "won": 0.0, "rate": None},
        {"period": "2026-04", "won": 1.0, "rate": 1.0},
    ]
    assert answer.total == {"won": 2.0, "rate": 1.0}


def test_every_group_shows_all_periods() -> None:
    """T7: Ann wins in January only and Bob in March only; both show January to March, group by group."""
    rows = closed(date(2026, 1, 5)) + closed(date(2026, 3, 5), owner="Bob")
    answer = measure(WON, {"opportunity": rows}, by="owner", per="month")

    assert [(r["owner"], r["period"], r["won"]) for r in answer.rows] == [
        ("Ann", "2026-01", 1.0),
        ("Ann", "2026-02", 0.0),
        ("Ann", "2026-03", 0.0),
        ("Bob", "2026-01", 0.0),
        ("Bob", "2026-02", 0.0),
        ("Bob", "2026-03", 1.0),
    ]


def test_no_row_makes_no_period() -> None:
    """T7: without a row there is no first period; the total is 0."""
    answer = measure([WON, OPEN], {"opportunity": []}, per="month")

    assert (answer.rows, answer.details, answer.total) == ([], [], {"won": 0.0, "open": 0.0})


def test_condition_narrows_the_periods() -> None:
    """T7: with Bob alone the periods are his: March."""
    rows = closed(date(2026, 1, 5)) + closed(date(2026, 3, 5), owner="Bob")

    assert by_period(WON, rows, per="month", where=col("owner") == "Bob") == {"2026-03": 1.0}


def test_day_belongs_to_the_local_period() -> None:
    """T1: 23:30 UTC on 31 January is 1 February in Shanghai."""
    rows = closed(datetime(2026, 1, 31, 23, 30, tzinfo=UTC))

    assert by_period(WON, rows, per="month") == {"2026-01": 1.0}
    assert by_period(WON, rows, per="month", timezone="Asia/Shanghai") == {"2026-02": 1.0}


@pytest.mark.parametrize(
    ("per", "calendar", "label"),
    [
        ("day", Calendar(), "2026-01-01"),
        ("week", Calendar(), "2026-W01"),
        ("quarter", Calendar(), "2026-Q1"),
        ("year", Calendar(), "2026"),
        ("fiscal_year", Calendar(fiscal_start=4), "FY2026"),
        ("fiscal_quarter", Calendar(fiscal_start=4), "FY2026-Q4"),
    ],
)
def test_periods_are_those_of_the_calendar(per, calendar, label) -> None:
    """T7: 1 January 2026, a Thursday, is in ISO week 1, and the last quarter of a year from April, named by its end."""
    assert by_period(WON, closed(date(2026, 1, 1)), per=per, calendar=calendar) == {label: 1.0}


def test_date_column_is_needed() -> None:
    """A metric without an anchor has no periods and no windows, which is said with its name; at once, rows or none."""
    nameless = Metric("deals", count(), unit="count")

    assert counted(nameless, closed(date(2026, 1, 1))) == 1.0
    with pytest.raises(ArgumentError, match=r"metric 'deals'.*no date column"):
        measure(nameless, {}, per="month")
    with pytest.raises(ArgumentError, match=r"metric 'deals_trailing_7_days'.*no date column"):
        measure(nameless.trailing(7), {})


def test_window_needs_an_as_of() -> None:
    """T8: nothing tells where trailing days end when nothing was recorded and no date is given."""
    for metric in (WON.trailing(7), WON.to_date("year"), WON.previous("month"), WON.change("year")):
        with pytest.raises(ArgumentError, match="needs an as_of"):
            measure(metric, {"opportunity": []})
    assert measure(WON.trailing(7), {}, as_of=date(2026, 1, 1)).total == {"won_trailing_7_days": 0.0}


# -- as_of ---------------------------------------------------------------------------------------------


def test_as_of_is_the_newest_recorded_value() -> None:
    """T8: the newest created or closed date counts, to the end of its day; never an expected one."""
    rows = [
        {"id": 1, "outcome": "open", "created_at": date(2026, 1, 3), "expected_close": date(2027, 1, 1)},
        {"id": 2, "outcome": "won", "created_at": date(2026, 1, 1), "closed_at": date(2026, 2, 2)},
    ]
    answer = measure(WON, {"opportunity": rows, "target": [{"start": date(2028, 1, 1), "end": date(2029, 1, 1)}]})

    assert answer.as_of == datetime(2026, 2, 2, 23, 59, 59, 999999, tzinfo=UTC)
    assert answer.source == "opportunity.closed_at"


def test_as_of_of_a_date_ends_with_the_local_day() -> None:
    """T8: 2 February in Shanghai ends at 15:59:59.999999 UTC; an instant is itself."""
    answer = measure(WON, {}, as_of=date(2026, 2, 2), timezone="Asia/Shanghai")
    exact = measure(WON, {}, as_of=datetime(2026, 2, 2, 8, tzinfo=UTC))

    assert (answer.as_of, answer.source) == (datetime(2026, 2, 2, 15, 59, 59, 999999, tzinfo=UTC), "given")
    assert exact.as_of == datetime(2026, 2, 2, 8, tzinfo=UTC)
    with pytest.raises(ArgumentError, match="no time zone"):
        measure(WON, {}, as_of=datetime(2026, 2, 2))


def test_nothing_recorded_means_no_as_of() -> None:
    """T8: without any recorded date there is no as_of, and every row counts, also as stock."""
    answer = measure([WON, OPEN], {"opportunity": [{"id": 1, "outcome": "open"}, {"id": 2, "outcome": "won"}]})

    assert (answer.as_of, answer.source) == (None, None)
    assert answer.total == {"won": 1.0, "open": 1.0}


# -- trailing and to date ------------------------------------------------------------------------------


def test_trailing_days_include_the_day_of_as_of() -> None:
    """T6: seven days to 10 March are the 4th to the 10th: of wins on the 3rd, 4th, 10th and 11th they hold two."""
    rows = closed(date(2026, 3, 3), date(2026, 3, 4), date(2026, 3, 10), date(2026, 3, 11))

    assert counted(WON.trailing(7), rows, as_of=date(2026, 3, 10)) == 2.0
    assert counted(WON.trailing(8), rows, as_of=date(2026, 3, 10)) == 3.0


def test_filter_on_dates_does_not_shorten_a_window() -> None:
    """T6: shown from April on, the trailing 60 days of April (from 2 March) still hold the win of 20 March."""
    rows = closed(date(2026, 2, 1), date(2026, 3, 20), date(2026, 4, 5), date(2026, 4, 30))
    shown = col("closed_at") >= date(2026, 4, 1)
    metric = WON.trailing(60)

    assert by_period(metric, rows, per="month", where=shown) == {"2026-04": 3.0}
    assert by_period(WON, rows, per="month", where=shown) == {"2026-04": 2.0}
    assert by_period(WON.previous("month"), rows, per="month", where=shown) == {"2026-04": 1.0}
    # a filter on anything else, another date included, is one on rows
    assert by_period(metric, rows, per="month", where=col("created_at") > date(2026, 1, 1)) == {}


def test_trailing_periods_start_with_the_period() -> None:
    """T6: three months to 10 March start on 1 January: a win on 31 December is out, one on 1 January in."""
    rows = closed(date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 10))

    assert counted(WON.trailing(3, "month"), rows) == 2.0


def test_trailing_window_ends_with_each_period() -> None:
    """T6: 30 days to 31 January start on the 2nd, to 28 February on 30 January, to 10 March (as_of) on 9 February."""
    rows = closed(
        date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 30), date(2026, 2, 8), date(2026, 2, 9), date(2026, 3, 10)
    )

    assert by_period(WON.trailing(30), rows, per="month") == {"2026-01": 2.0, "2026-02": 3.0, "2026-03": 2.0}


def test_to_date_starts_with_the_unit() -> None:
    """The year to date of each month: 1, 1 + 2, and in the running March up to as_of."""
    rows = closed(
        date(2025, 12, 31), date(2026, 1, 9), date(2026, 2, 9), date(2026, 2, 10), date(2026, 3, 9), date(2026, 3, 30)
    )
    answer = by_period(WON.to_date("year"), rows, per="month", as_of=date(2026, 3, 10))

    assert answer == {"2025-12": 1.0, "2026-01": 1.0, "2026-02": 3.0, "2026-03": 4.0}
    assert counted(WON.to_date("quarter"), rows, as_of=date(2026, 2, 9)) == 2.0


def test_ratio_of_trailing_sums() -> None:
    """R1: the mean of the trailing 60 days is their sum by their count, not a mean of months: (10 + 10 + 40) / 3."""
    rows = closed(date(2026, 1, 20), date(2026, 1, 21), date(2026, 2, 20))
    rows[2]["amount"] = Decimal(40)
    deal = Metric("deal", mean("amount"), unit="money", anchor="closed_at")

    assert counted(deal.trailing(60), rows) == 20.0


# -- previous ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "compared"),
    [
        (date(2026, 3, 15), "1 to 15 February"),
        (date(2026, 3, 27), "1 to 27 February"),
        (date(2026, 3, 30), "all of February"),
        (date(2026, 3, 31), "all of February"),
    ],
)
def test_running_month_compares_with_the_same_part_of_the_month_before(as_of, compared) -> None:
    """T5: March up to as_of compares with February up to the same day, at most its last; once it is over, with all."""
    rows = closed(date(2026, 2, 1), date(2026, 2, 15), date(2026, 2, 16), date(2026, 2, 28), date(2026, 3, 1))
    expected = {"1 to 15 February": 2.0, "1 to 27 February": 3.0, "all of February": 4.0}[compared]

    assert by_period(WON.previous("month"), rows, per="month", as_of=as_of)["2026-03"] == expected


def test_month_that_is_over_compares_with_a_longer_one() -> None:
    """T5: April is over on the 30th and compares with all 31 days of March; the day before, with 29 of them."""
    rows = closed(date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1))

    assert by_period(WON.previous("month"), rows, per="month", as_of=date(2026, 4, 30))["2026-04"] == 3.0
    assert by_period(WON.previous("month"), rows, per="month", as_of=date(2026, 4, 29))["2026-04"] == 1.0


def test_a_leap_day_a_year_ago_is_28_february() -> None:
    """T5: 29 February 2024 compares with 28 February 2023, and so does the 28th."""
    rows = closed(date(2023, 2, 27), date(2023, 2, 28), date(2024, 2, 28), date(2024, 2, 29))
    answer = by_period(WON.year_ago(), rows, per="day")

    assert (answer["2024-02-28"], answer["2024-02-29"]) == (1.0, 1.0)
    assert answer["2024-02-27"] == 1.0


def test_year_change_without_periods_is_the_running_year() -> None:
    """T5: three wins to 10 March 2026 against two to 10 March 2025 are + 50 %; later wins of 2025 are not compared."""
    rows = closed(
        date(2025, 1, 1),
        date(2025, 3, 10),
        date(2025, 3, 11),
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 3, 10),
    )

    assert counted(WON.change("year"), rows) == 0.5
    assert counted(WON.difference("year"), rows) == 1.0
    assert counted(WON.change("year"), rows, as_of=date(2026, 12, 31)) == -0.25


def test_change_falls_to_minus_one_and_uses_the_magnitude_of_the_base() -> None:
    """C01: from 2 to 0 is - 100 %; from - 10 to + 10 it is (10 + 10) / |- 10| = 200 %."""
    rows = closed(date(2026, 1, 5), date(2026, 1, 6), date(2026, 3, 5))
    assert by_period(WON.change("month"), rows, per="month") == {"2026-01": None, "2026-02": -1.0, "2026-03": None}

    two = closed(date(2026, 1, 5), date(2026, 2, 5))
    two[0]["amount"] = Decimal(-10)
    value = Metric("value", total("amount"), unit="money", anchor="closed_at")
    assert by_period(value.change("month"), two, per="month")["2026-02"] == 2.0


def test_trailing_window_a_month_earlier() -> None:
    """T5: the 30 days to 31 March, a month earlier, are the 30 days to 28 February: from 30 January."""
    rows = closed(date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31))

    assert counted(WON.trailing(30).previous("month"), rows, as_of=date(2026, 3, 31)) == 2.0


def test_days_of_a_trailing_window_move_one_by_one() -> None:
    """T5: seven days to 10 March moved by a month inside the window are 4 to 10 February."""
    rows = closed(date(2026, 2, 3), date(2026, 2, 4), date(2026, 2, 10), date(2026, 3, 10))
    inside = Metric("won", WON.formula.previous("month").trailing(7), unit="count", anchor="closed_at")

    assert counted(inside, rows, as_of=date(2026, 3, 10)) == 2.0


def test_groups_are_those_of_the_windows() -> None:
    """T6, T7: Ann won this week, Bob last year: the trailing week shows Ann, its change against last year both."""
    rows = closed(date(2026, 3, 9)) + closed(date(2025, 3, 9), owner="Bob")

    def owners(metric):
        return [r["owner"] for r in measure(metric, {"opportunity": rows}, by="owner").rows]

    assert owners(WON.trailing(7)) == ["Ann"]
    assert owners(WON.change("year")) == ["Ann", "Bob"]


def test_part_of_a_period_moves_on_as_that_part() -> None:
    """T5: April of the running quarter compares with April a year ago, and that with January, a quarter before."""
    rows = closed(date(2025, 1, 15), date(2025, 2, 15), date(2025, 4, 15), date(2026, 4, 30))
    earlier = Metric("won", WON.formula.previous("quarter").previous("year"), unit="count", anchor="closed_at")

    assert by_period(earlier, rows, per="quarter")["2026-Q2"] == 1.0


def test_windows_end_with_as_of_in_the_future_too() -> None:
    """T6: seen from 15 March, the 30 days before an expected May are those to today."""
    rows = [
        *closed(date(2026, 3, 10)),
        {"id": "x", "outcome": "open", "created_at": date(2026, 3, 15), "expected_close": date(2026, 5, 5)},
    ]
    expected = Metric("expected", count(), unit="count", anchor="expected_close")
    metrics = [expected, WON.trailing(30), WON.trailing(30).previous("month")]
    last = measure(metrics, {"opportunity": rows}, per="month").rows[-1]

    assert list(last.values()) == ["2026-05", 1.0, 1.0, 1.0]


# -- spans ---------------------------------------------------------------------------------------------


def test_days_of_a_period() -> None:
    """A running January has 31 days, of which 10 have elapsed and 21 remain; a December past has none left."""
    rows = closed(date(2025, 12, 1), date(2026, 1, 10))
    days = [
        Metric(kind, span(kind) * count(), unit="days", anchor="closed_at")
        for kind in ("length", "elapsed", "remaining")
    ]
    answer = measure(days, {"opportunity": rows}, per="month")

    assert answer.rows == [
        {"period": "2025-12", "length": 31.0, "elapsed": 31.0, "remaining": 0.0},
        {"period": "2026-01", "length": 31.0, "elapsed": 10.0, "remaining": 21.0},
    ]


def test_days_without_a_period_are_undefined() -> None:
    """R2: without a period there are no days of it; without an as_of none has elapsed or remains."""
    rows = [{"id": 1, "outcome": "open", "expected_close": date(2026, 1, 5)}]
    left = Metric("left", span("remaining") * count(), unit="days", anchor="expected_close")

    assert measure(left, {"opportunity": rows}).details[0]["left"]["reason"] == "needs a period"
    assert measure(left, {"opportunity": rows}, per="month").details[0]["left"]["reason"] == "no as_of"


def test_pace_is_attainment_against_the_elapsed_share() -> None:
    """On 10 January 40 of 100 are won and 10/31 of the month is gone: 0.4 x 31 / 10 = 1.24 times the pace."""
    records = {
        "opportunity": closed(*[date(2026, 1, 10)] * 4),
        "target": [{"metric": "won_value", "amount": Decimal(100), "start": date(2026, 1, 1), "end": date(2026, 2, 1)}],
    }
    share = total("amount") / total("amount", table="target", at="start") / (span("elapsed") / span("length"))
    metrics = [
        Metric("pace", share, anchor="closed_at"),
        Metric(
            "class",
            classify(share, [Decimal("0.8"), 1], ["behind", "at risk", "on track"]),
            unit="label",
            anchor="closed_at",
        ),
    ]
    (row,) = measure(metrics, records, per="month").rows

    assert row["pace"] == (40 / 100) / (10 / 31)
    assert row["class"] == "on track"


# -- stocks --------------------------------------------------------------------------------------------


STAGES = [
    {"id": 1, "outcome": "won", "created_at": date(2026, 1, 10), "closed_at": date(2026, 3, 1)},
    {"id": 2, "outcome": "open", "created_at": date(2026, 2, 28), "closed_at": None},
    {"id": 3, "outcome": "lost", "created_at": date(2026, 1, 31), "closed_at": date(2026, 2, 28)},
]


def test_stock_is_measured_at_the_end_of_each_period() -> None:
    """T4, O8: open at the end of January 1 and 3, of February 1 and 2 (3 was lost on its last day), now 2 alone.

    Over the whole span the stock is that of its end, not a sum.
    """
    answer = measure(OPEN, {"opportunity": STAGES}, per="month", as_of=date(2026, 3, 15))

    assert [(r["period"], r["open"]) for r in answer.rows] == [("2026-01", 2.0), ("2026-02", 2.0), ("2026-03", 1.0)]
    assert answer.total == {"open": 1.0}


def test_stock_under_a_window_is_that_of_its_last_day() -> None:
    """T4: the stock a month before 15 March is that of 15 February: deals 1 and 3."""
    assert counted(OPEN.previous("month"), STAGES, as_of=date(2026, 3, 15)) == 2.0
    assert counted(OPEN.difference("month"), STAGES, as_of=date(2026, 3, 15)) == -1.0


def test_age_of_a_stock_runs_to_its_own_instant() -> None:
    """T4: at the end of January deal 1 is 21 days old and deal 3 is 0; at the end of February 1 is 49 and 2 is 0."""
    from crmcore.algebra import as_of

    age = mean(elapsed("created_at", as_of()), where=col("outcome") == "open")
    answer = measure(
        Metric("age", age, unit="days", anchor="stock"), {"opportunity": STAGES}, per="month", as_of=date(2026, 2, 28)
    )

    assert [r["age"] for r in answer.rows] == [10.5, 24.5]


def test_stock_beside_a_flow_shows_the_periods_of_the_flow() -> None:
    """T4, T7: deals were closed in February and March; their months show the stock too, January does not."""
    closing = Metric("closed", count(), unit="count", anchor="closed_at")
    answer = measure([closing, OPEN], {"opportunity": STAGES}, per="month")

    assert [(r["period"], r["closed"], r["open"]) for r in answer.rows] == [
        ("2026-02", 1.0, 2.0),
        ("2026-03", 1.0, 1.0),
    ]


# -- expected dates ------------------------------------------------------------------------------------


def test_expected_dates_are_not_cut_by_as_of() -> None:
    """T8: what is expected to close in June counts there, though today is in March."""
    rows = [
        {
            "id": 1,
            "outcome": "open",
            "created_at": date(2026, 3, 1),
            "expected_close": date(2026, 3, 20),
            "amount": Decimal(5),
        },
        {
            "id": 2,
            "outcome": "open",
            "created_at": date(2026, 3, 9),
            "expected_close": date(2026, 6, 30),
            "amount": Decimal(7),
        },
    ]
    value = Metric("expected", total("amount"), unit="money", anchor="expected_close")

    assert by_period(value, rows, per="quarter") == {"2026-Q1": 5.0, "2026-Q2": 7.0}


def test_period_of_a_date_is_a_group() -> None:
    """T7: the quarter of creation makes cohorts beside the quarter of closing."""
    answer = measure(WON, {"opportunity": STAGES}, by=period("created_at", "month"), per="quarter")

    assert answer.rows == [{"month of created_at": "2026-01", "period": "2026-Q1", "won": 1.0}]
