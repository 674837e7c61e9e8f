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


EURO = {
    "outcome": "won",
    "amount": 30,
    "currency": "EUR",
    "account": "A",
    "owner": "Ann",
    "closed_at": date(2026, 1, 5),
}
LOST_EURO = EURO | {"outcome": "lost", "amount": 10, "account": "B"}
YEN = {
    "outcome": "lost",
    "amount": 500,
    "currency": "JPY",
    "account": "C",
    "owner": "Bob",
    "closed_at": date(2026, 1, 6),
}
MIXED = cc.Dataset(opportunity=[{"id": i, **row} for i, row in enumerate((EURO, LOST_EURO, YEN))])


def test_groups_of_one_currency_each_are_divided_each_in_its_own():
    """M2, R2: 30 of 40 euros were won, and no yen of 500; that nothing was won in yen is no other currency."""
    result = cc.measure("win_rate_by_value", MIXED, by="currency")

    assert result.rows() == [
        {"currency": "EUR", "win_rate_by_value": 0.75},
        {"currency": "JPY", "win_rate_by_value": 0.0},
    ]


def test_groups_whose_sides_cross_are_not_divided():
    """M2: the same two currencies stand on both sides, but Ann's yen would divide her euros."""
    costs = [
        {"id": 1, "amount": 5, "currency": "JPY", "owner": "Ann", "date": date(2026, 1, 5)},
        {"id": 2, "amount": 5, "currency": "EUR", "owner": "Bob", "date": date(2026, 1, 5)},
    ]
    data = cc.Dataset(opportunity=MIXED["opportunity"], cost=costs)
    ratio = cc.total("amount") / cc.total("amount", table="cost", at="date")

    with pytest.raises(CurrencyError, match="EUR meet amounts in JPY"):
        cc.measure(cc.Metric("paid", ratio, unit="ratio", anchor="closed_at"), data, by="owner")


def test_a_share_of_all_groups_needs_one_currency():
    """M2: 40 euros are no share of 540 of anything; among the euros alone, A has three quarters."""
    share = cc.Metric("part", cc.total("amount").share(), unit="ratio", anchor="closed_at")

    with pytest.raises(CurrencyError, match="EUR, JPY"):
        cc.measure(share, MIXED, by="currency")
    euros = cc.measure(share, MIXED, by="account", where=cc.col("currency") == "EUR")

    assert euros.rows() == [{"account": "A", "part": 0.75}, {"account": "B", "part": 0.25}]


@pytest.mark.parametrize("make", [cc.total, cc.median, cc.largest, cc.gini])
def test_entities_of_two_currencies_are_not_added(make: type[cc.Aggregate]):
    """M2: each account has one currency, and the accounts together have two; by currency each group has one."""
    rolled = make(cc.each("account", cc.total("amount")))
    metric = cc.Metric("of_accounts", rolled, unit="ratio" if make is cc.gini else "money", anchor="closed_at")

    with pytest.raises(CurrencyError, match="EUR, JPY"):
        cc.measure(metric, MIXED)
    assert len(cc.measure(metric, MIXED, by="currency")) == 2


def test_entities_of_any_currency_are_counted():
    """Three accounts have an amount."""
    metric = cc.Metric("accounts", cc.count(cc.each("account", cc.total("amount"))), unit="count", anchor="closed_at")

    assert cc.measure(metric, MIXED)["accounts"].values.tolist() == [3.0]
