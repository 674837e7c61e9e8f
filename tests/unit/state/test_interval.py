"""The interval of a mean rests on its exact sums (R3)."""

from __future__ import annotations

from decimal import Decimal
from statistics import NormalDist, mean, stdev

import pytest

import crmcore as cc

AMOUNTS = (Decimal(10**9), Decimal(10**9) + 1, Decimal(10**9) + Decimal("2.5"), Decimal(10**9) - 4)


def test_large_values_that_differ_by_little_keep_their_spread():
    """R3, Q3: amounts of a milliard spread by a few units; their squares, as floats, tell hundreds apart."""
    data = cc.Dataset(
        opportunity=[{"id": i, "outcome": "won", "owner": "ABA"[i % 3], "amount": a} for i, a in enumerate(AMOUNTS)]
    )
    metric = cc.Metric("mean_amount", cc.mean("amount"), unit="money")

    result = cc.measure(metric, data, interval=True)

    reach = NormalDist().inv_cdf(0.975) * float(stdev(AMOUNTS)) / len(AMOUNTS) ** 0.5
    assert result["mean_amount"].low.tolist() == [pytest.approx(float(mean(AMOUNTS)) - reach, abs=1e-6)]
    assert result["mean_amount"].high.tolist() == [pytest.approx(float(mean(AMOUNTS)) + reach, abs=1e-6)]


def test_two_values_have_an_interval_and_one_has_none():
    """R3: of 2 and 4 the mean is 3 and s / sqrt(n) is 1, so that it lies within 1.96 of 3; 7 alone has no spread."""
    rows = [("A", 2), ("A", 4), ("B", 7)]
    data = cc.Dataset(opportunity=[{"id": i, "owner": o, "amount": a} for i, (o, a) in enumerate(rows)])
    metric = cc.Metric("mean_amount", cc.mean("amount"), unit="money")

    result = cc.measure(metric, data, by="owner", interval=True)["mean_amount"]

    assert result.low.round(3).tolist()[0] == 1.04
    assert result.high.round(3).tolist()[0] == 4.96
    assert str(result.low.tolist()[1]) == str(result.high.tolist()[1]) == "nan"
