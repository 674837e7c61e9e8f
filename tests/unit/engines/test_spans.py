"""Forecasts belong to the days they are for, as targets do (M8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import crmcore as cc
from crmcore.testing.reference import measure

FORECASTS = [
    {
        "id": 1, "owner": "anna", "amount": Decimal("100.00"), "category": "commit",
        "start": date(2026, 1, 1), "end": date(2026, 4, 1), "submitted_at": date(2025, 12, 20),
    },
    {
        "id": 2, "owner": "ben", "amount": Decimal("31.00"), "category": "commit",
        "start": date(2026, 2, 1), "end": date(2026, 3, 1), "submitted_at": date(2026, 1, 20),
    },
]  # fmt: skip
VALUE = cc.Metric("forecast", cc.total("amount"), unit="money", anchor="start", table="forecast")
DEALS = [{"id": 1, "outcome": "won", "amount": 50, "closed_at": datetime(2026, 3, 31, 9, tzinfo=UTC)}]


def both(**kwargs):
    """Return the rows of the engine, which are those of the reference."""
    rows = {"forecast": FORECASTS, "opportunity": DEALS}
    metrics = [VALUE, cc.Metric("won", cc.total("amount"), unit="money", anchor="closed_at")]
    result = cc.measure(metrics, cc.Dataset(**rows), **kwargs)
    expected = measure(metrics, rows, **kwargs).rows
    assert [(r["forecast"], r["won"]) for r in result.rows()] == [(r["forecast"], r["won"]) for r in expected]
    return result


def test_a_quarter_s_forecast_is_shared_out_over_its_months() -> None:
    """M8: 100.00 over 31, 28 and 31 of 90 days is 34.44, 31.11 and 34.44, and the cent left goes to the first."""
    result = both(per="month")

    assert result.plain("forecast") == [34.45, 31.11 + 31, 34.44]
    assert result.settings["pro_rata"] is True


def test_a_forecast_counts_whole_in_a_period_that_holds_it() -> None:
    """M8: both in the first quarter and in the year."""
    assert both(per="quarter").plain("forecast") == [131.0]
    assert both(per="year").plain("forecast") == [131.0]
    assert both().plain("forecast") == [131.0]


def test_a_forecast_not_yet_submitted_is_unknown() -> None:
    """O8: on 10 January nobody had forecast for ben."""
    assert both(as_of=date(2026, 1, 10)).plain("forecast") == [100.0]


def test_records_of_a_source_without_creation_dates_are_always_there() -> None:
    """O9: the deals have no column of creation; on 10 January all of them are there, and none is closed yet."""
    assert both(as_of=date(2026, 1, 10)).plain("won") == [50.0]
