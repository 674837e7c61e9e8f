"""Forecasts are judged on a store by what it held then; expected values are worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.domain import Forecast, Money, Pipeline, Stage

TODAY = date(2026, 4, 5)


def noon(year, month, day):
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture(params=["memory://", "sqlite:///{}/crm.db"])
def kept(request, tmp_path):
    """A forecast of 100 that is changed to 130, and a deal of 100 that is changed to 150 and won."""
    offer = Stage("offer", probability=Decimal("0.5"), forecast_category="commit")
    said = {"start": date(2026, 1, 1), "end": date(2026, 4, 1), "submitted_at": noon(2025, 12, 20)}
    with cc.Workspace(store=request.param.format(tmp_path)) as workspace:
        workspace.put(Pipeline("P", stages=(offer, Stage("won", kind="won"))), at=noon(2025, 11, 1))
        workspace.put(Forecast(id="F", owner="Ann", amount=Money(100, "EUR"), **said), at=noon(2025, 12, 20))
        workspace.change("forecast", "F", {"amount": Money(130, "EUR")}, at=noon(2026, 1, 10))
        workspace.create(
            "D",
            pipeline="P",
            at=noon(2025, 11, 5),
            amount=Money(100, "EUR"),
            owner="Ann",
            expected_close=date(2026, 3, 3),
        )
        workspace.change("opportunity", "D", {"amount": Money(150, "EUR")}, at=noon(2026, 2, 20))
        workspace.win("D", at=noon(2026, 3, 9), stage="won")
        yield workspace


def test_what_was_submitted(kept) -> None:
    """F3: 100 stood on the eve of the quarter, 130 after 30 days; 150 came."""
    found = kept.analyse("forecast_snapshots", as_of=TODAY)

    assert (found.plain("forecast"), found.plain("actual")) == ([100, 130, 130], [150, 150, 150])


def test_deals(kept) -> None:
    """F3: on the eve the deal was 100, at 50 % and in commit by its stage; it is won, for 150."""
    backtest = kept.analyse("forecast_backtest", as_of=TODAY, method="commit").rows()[0]
    chances = kept.analyse("forecast_calibration", as_of=TODAY, bands=2).rows()[1]
    commit = kept.analyse("category_conversion", as_of=TODAY).rows()[0]

    assert (backtest["forecast"], backtest["actual"], backtest["visible"]) == (100, 150, 150)
    assert (chances["deals"], chances["mean_chance"], chances["won"]) == (1, 0.5, 1)
    assert (commit["value"], commit["won_value"], commit["conversion"]) == (100, 100, 1)
