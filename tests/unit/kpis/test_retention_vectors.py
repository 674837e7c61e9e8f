"""Retention and lifetime value against published figures."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import crmcore as cc

LAST, END = date(2026, 3, 31), date(2026, 3, 10)


def test_net_and_gross_retention_are_the_published_ones(vector) -> None:
    """M21: of 20,000 at the start 1,200 leave, 800 are cut and 3,000 come on top: 90 % and 105 %."""
    published = vector("retention-nrr-grr")
    start, churn, contraction, expansion = published["input"].values()
    parts = {"leaves": churn, "shrinks": 5 * contraction, "grows": start - churn - 5 * contraction}
    rows = [
        {"account": who, "start": date(2026, 1, 1), "end": END, "recurring": amount, "term_months": 1}
        for who, amount in parts.items()
    ]
    after = {"shrinks": 4 * contraction, "grows": parts["grows"] + expansion}
    rows += [{"account": who, "start": END, "end": None, "recurring": x, "term_months": 1} for who, x in after.items()]
    names = ("gross_revenue_retention_month", "net_revenue_retention_month")

    (row,) = cc.measure(names, cc.Dataset(subscription=rows), as_of=LAST).rows()

    assert [row[name] for name in names] == [published["expected"]["grr"], published["expected"]["nrr"]]


def test_lifetime_value_is_the_published_one(vector) -> None:
    """M18, M19: 1,200 a year for 4 years less 900; a lifetime of 4 years is a churn of a quarter."""
    published = vector("clv-simple")
    given = published["input"]
    revenue, years, cost, churn = (given[k] for k in ("annual_revenue", "lifetime_years", "cac", "churn"))
    assert published["expected"]["lifetime_from_churn"] == 1 / Fraction(churn) == years
    deals = [{"id": 1, "outcome": "won", "account": "a", "amount": revenue, "closed_at": LAST}]
    costs = [{"kind": "spend", "amount": cost, "date": LAST}]
    accounts = [{"id": "a", "customer_since": LAST}]
    metric = cc.kpis.customer_lifetime_value(years)

    (row,) = cc.measure(metric, cc.Dataset(opportunity=deals, cost=costs, account=accounts)).rows()

    assert row[metric.name] == published["expected"]["seed_cltv"]
