"""The reference on what exists when: excluded records, the past rebuilt from dates, undated records (O3, O8, O9)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from crmcore.algebra import col, count, total
from crmcore.metric import Metric
from crmcore.testing import measure

DEALS = Metric("deals", count(), unit="count", anchor="created_at")
OPEN = Metric("open", count(col("outcome") == "open"), unit="count", anchor="stock")
WON = Metric("won", count(col("outcome") == "won"), unit="count", anchor="closed_at")
MADE = Metric("made", total("won_amount"), unit="money", anchor="closed_at")

BOOK = {
    "opportunity": [
        {
            "id": 1,
            "outcome": "won",
            "created_at": date(2026, 1, 1),
            "closed_at": date(2026, 2, 1),
            "won_amount": Decimal(9),
        },
        {
            "id": 2,
            "outcome": "lost",
            "created_at": date(2026, 1, 5),
            "closed_at": date(2026, 3, 1),
            "lost_reason": "price",
        },
        {"id": 3, "outcome": "open", "created_at": date(2026, 2, 15)},
    ]
}


def totals(records, *metrics, **query):
    """Return the totals of the metrics in order."""
    return list(measure(metrics, records, **query).total.values())


def test_deleted_merged_sample_and_test_records_count_nowhere() -> None:
    """O3: of five records four are left out; nor does their date make the as_of."""
    marks = ({}, {"deleted": True}, {"sample": True}, {"test": True}, {"merged_into": "d0"})
    rows = [{"id": f"d{i}", "outcome": "open", "created_at": date(2026, 1, 1 + i), **m} for i, m in enumerate(marks)]
    answer = measure([DEALS, OPEN], {"opportunity": rows})

    assert answer.total == {"deals": 1.0, "open": 1.0}
    assert answer.as_of == datetime(2026, 1, 1, 23, 59, 59, 999999, tzinfo=UTC)


def test_the_past_is_rebuilt_from_dates() -> None:
    """O8: on 31 January deals 1 and 2 were open, 3 was not there; on 28 February 1 was won, 2 and 3 open; today 3."""
    assert totals(BOOK, DEALS, OPEN, WON, MADE, as_of=date(2025, 12, 31)) == [0.0, 0.0, 0.0, 0.0]
    assert totals(BOOK, DEALS, OPEN, WON, MADE, as_of=date(2026, 1, 31)) == [2.0, 2.0, 0.0, 0.0]
    assert totals(BOOK, DEALS, OPEN, WON, MADE, as_of=date(2026, 2, 28)) == [3.0, 2.0, 1.0, 9.0]
    assert totals(BOOK, DEALS, OPEN, WON, MADE) == [3.0, 1.0, 1.0, 9.0]


def test_what_the_outcome_brought_is_undone_with_it() -> None:
    """O8: before it was lost, deal 2 had no reason why; before it was won, deal 1 had made nothing."""
    reasons = Metric("reasons", count("lost_reason"), unit="count", anchor="stock")
    made = Metric("made", count("won_amount"), unit="count", anchor="stock")

    assert totals(BOOK, reasons, made, as_of=date(2026, 1, 31)) == [0.0, 0.0]
    assert totals(BOOK, reasons, made, as_of=date(2026, 2, 28)) == [0.0, 1.0]
    assert totals(BOOK, reasons, made) == [1.0, 1.0]


def test_day_is_over_at_its_end() -> None:
    """T8: what bears the date 1 February is not yet there at noon of that day, and is at its last microsecond."""
    noon = datetime(2026, 2, 1, 12, tzinfo=UTC)

    assert totals(BOOK, WON, OPEN, as_of=noon) == [0.0, 2.0]
    assert totals(BOOK, WON, OPEN, as_of=date(2026, 2, 1)) == [1.0, 1.0]


def test_instants_are_compared_exactly() -> None:
    """O8: a deal created at 08:00 is there at 08:00 and not a microsecond before."""
    rows = {"opportunity": [{"id": 1, "outcome": "open", "created_at": datetime(2026, 2, 1, 8, tzinfo=UTC)}]}

    assert totals(rows, DEALS, as_of=datetime(2026, 2, 1, 8, tzinfo=UTC)) == [1.0]
    assert totals(rows, DEALS, as_of=datetime(2026, 2, 1, 7, 59, 59, 999999, tzinfo=UTC)) == [0.0]


def test_undated_records_belong_to_today_only() -> None:
    """O9: an opportunity without a creation date is in today's stock, in no cohort, in no past; and is counted."""
    rows = {"opportunity": [*BOOK["opportunity"], {"id": 4, "outcome": "open", "created_at": None}]}

    assert totals(rows, OPEN) == [2.0]
    assert totals(rows, OPEN, as_of=date(2026, 3, 1)) == [2.0]  # the newest recorded day is today
    assert totals(rows, OPEN, as_of=date(2026, 2, 28)) == [2.0]  # deals 2 and 3
    by_month = measure([OPEN, DEALS], rows, per="month")
    assert [(r["period"], r["open"], r["deals"]) for r in by_month.rows] == [
        ("2026-01", 2.0, 2.0),
        ("2026-02", 2.0, 1.0),
    ]
    assert by_month.total == {"open": 2.0, "deals": 3.0}
    assert by_month.excluded == {"undated": 1}


def test_undated_record_is_in_the_running_period_of_a_stock() -> None:
    """O9: a stock of the running month is that of today, with the undated deal; those before are without it."""
    rows = {"opportunity": [*BOOK["opportunity"], {"id": 4, "outcome": "open", "created_at": None}]}

    assert [r["open"] for r in measure(OPEN, rows, per="month").rows] == [2.0, 2.0, 2.0]
    assert [r["open"] for r in measure(OPEN, BOOK, per="month").rows] == [2.0, 2.0, 1.0]


def test_undated_record_counts_where_dates_are_not_looked_at() -> None:
    """O9: without periods a won deal that bears no closing date counts as won; with them it has no place."""
    rows = {"opportunity": [*BOOK["opportunity"], {"id": 4, "outcome": "won", "created_at": date(2026, 1, 9)}]}

    assert totals(rows, WON) == [2.0]
    assert totals(rows, WON, per="month") == [1.0]


def test_future_activities_and_costs_are_not_there_yet() -> None:
    """T8: a meeting next week and a cost dated tomorrow are not part of today."""
    records = {
        "activity": [{"at": date(2026, 3, 1), "done": date(2026, 3, 1)}, {"at": date(2026, 3, 8), "done": None}],
        "cost": [{"date": date(2026, 3, 1), "amount": Decimal(5)}, {"date": date(2026, 3, 2), "amount": Decimal(7)}],
    }
    spent = Metric("spent", total("amount"), unit="money", anchor="date", table="cost")
    held = Metric("held", count(), unit="count", anchor="at", table="activity")

    assert totals(records, spent, held) == [5.0, 1.0]
    assert totals(records, spent, held, as_of=date(2026, 3, 8)) == [12.0, 2.0]


def test_a_reference_is_followed_whether_or_not_it_existed_then() -> None:
    """O8: the seller of a deal is today's, also in a stock of last month and with or without a date of hiring."""
    records = {
        "opportunity": [
            {"id": 1, "owner": "a", "outcome": "open", "created_at": date(2026, 1, 1)},
            {"id": 2, "owner": "b", "outcome": "open", "created_at": date(2026, 2, 1)},
        ],
        "seller": [{"id": "a", "team": "East"}, {"id": "b", "team": "East", "hired": date(2026, 3, 1)}],
    }
    answer = measure(OPEN, records, by="owner.team", as_of=date(2026, 2, 15))

    assert answer.rows == [{"owner.team": "East", "period": None, "open": 2.0}]


def test_dates_of_a_reference_are_those_of_then() -> None:
    """O8: on 15 January the lead of the deal was not converted yet."""
    records = {
        "opportunity": [{"id": 1, "lead": "l", "created_at": date(2026, 1, 1)}],
        "lead": [{"id": "l", "created_at": date(2025, 12, 1), "converted_at": date(2026, 2, 1), "converted": True}],
    }
    converted = Metric("converted", count(col("lead.converted")), unit="count", anchor="stock")
    flagged = Metric("flagged", count(col("lead.converted") == True), unit="count", anchor="stock")  # noqa: E712

    assert totals(records, converted, flagged, as_of=date(2026, 1, 15)) == [1.0, 0.0]
    assert totals(records, converted, flagged) == [1.0, 1.0]


def test_flow_at_another_recorded_date_ends_with_as_of() -> None:
    """T8: a customer since March is no new customer of the view of February."""
    records = {
        "account": [
            {"id": 1, "created_at": date(2026, 1, 1), "customer_since": date(2026, 1, 20)},
            {"id": 2, "created_at": date(2026, 1, 2), "customer_since": date(2026, 3, 20)},
        ]
    }
    new = Metric("new", count("customer_since"), unit="count", anchor="customer_since", table="account")

    assert totals(records, new, as_of=date(2026, 2, 28)) == [1.0]
    assert totals(records, new) == [2.0]


def test_flow_at_a_recorded_date_that_nothing_undoes_ends_with_as_of_too() -> None:
    """T8: a subscription that runs since January and was recorded in March is a stock, and no flow, of February."""
    records = {"subscription": [{"id": 1, "start": date(2026, 1, 1), "created_at": date(2026, 3, 1)}]}
    signed = Metric("signed", count(), unit="count", anchor="created_at", table="subscription")
    running = Metric("running", count(), unit="count", anchor="stock", table="subscription")

    assert totals(records, signed, running, as_of=date(2026, 2, 28)) == [0.0, 1.0]
    assert totals(records, signed, running) == [1.0, 1.0]


def test_a_stock_without_any_date_of_existence_is_that_of_today() -> None:
    """O9: when only the closing of one deal is dated, the stock per month shows the month of as_of alone."""
    rows = [{"id": 1, "outcome": "won", "closed_at": date(2026, 2, 3)}, {"id": 2, "outcome": "open"}]

    assert measure(OPEN, {"opportunity": rows}, per="month").rows == [{"period": "2026-02", "open": 1.0}]
    undated = measure(OPEN, {"opportunity": [{"id": 2, "outcome": "open"}]}, per="month")
    assert (undated.rows, undated.total) == ([], {"open": 0.0})
