"""Amounts of one currency never meet amounts of another, also across tables (M2)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

import crmcore as cc
from crmcore.domain import Rate
from crmcore.errors import CurrencyError

WON = {
    "id": 1,
    "outcome": "won",
    "amount": 50,
    "currency": "EUR",
    "created_at": date(2026, 1, 1),
    "closed_at": date(2026, 2, 1),
}


def quota(**more: object) -> dict[str, object]:
    """Return a quota of 200 for the quarter."""
    days = {"start": date(2026, 1, 1), "end": date(2026, 4, 1)}
    return {"id": 1, "scope": "organisation", "metric": "won_value", "amount": 200, **days, **more}


@pytest.mark.parametrize(("currency", "other"), [({"currency": "USD"}, "USD"), ({}, r"\(none\)")])
def test_euros_are_not_divided_by_another_currency(currency: dict[str, str], other: str):
    """M2: neither by dollars nor by amounts that name no currency."""
    data = cc.Dataset(opportunity=[WON], target=[quota(**currency)])

    with pytest.raises(CurrencyError, match=f"EUR meet amounts in {other}"):
        cc.measure("organisation_quota_attainment", data)


def test_one_currency_on_both_sides_is_divided():
    """50 of 200 euros."""
    data = cc.Dataset(opportunity=[WON], target=[quota(currency="EUR")])

    assert cc.measure("organisation_quota_attainment", data)["organisation_quota_attainment"].values.tolist() == [0.25]


def test_rates_bring_both_sides_together():
    """M2: 200 dollars at 0.5 are 100 euros, of which 50 are reached."""
    rate = Rate(from_currency="USD", to_currency="EUR", valid_from=date(2025, 1, 1), rate=Decimal("0.5"))
    workspace = cc.Workspace(currency="EUR", rates=[rate])
    data = cc.Dataset(opportunity=[WON], target=[quota(currency="USD")])

    result = workspace.measure("organisation_quota_attainment", data)

    assert result["organisation_quota_attainment"].values.tolist() == [0.5]


def test_counts_meet_amounts_of_any_currency():
    """A mean deal is euros by deals; nothing meets."""
    assert cc.measure("mean_won_deal", cc.Dataset(opportunity=[WON]))["mean_won_deal"].values.tolist() == [50.0]
