"""The interval of a mean rests on its exact sums (R3)."""

from __future__ import annotations

from datetime import UTC, datetime
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


def test_one_duration_has_no_interval() -> None:
    """R2, R3: the spread of one time to the microsecond is undefined; its scale, squared, does not fit 64 bits."""
    opened, closed = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, 12, tzinfo=UTC)
    data = cc.Dataset(opportunity=[{"id": 1, "outcome": "won", "created_at": opened, "closed_at": closed}])

    result = cc.measure("sales_cycle_days", data, interval=True)["sales_cycle_days"]

    assert result.values.tolist() == [31.5]
    assert str(result.low.tolist()) == str(result.high.tolist()) == "[nan]"


def nps_of(promoters, passives, detractors, *, by_factor=100):
    """Return NPS, written as a difference of two shares times a factor, over so many answers."""
    rows = [{"kind": "nps", "score": s} for s in [9] * promoters + [7] * passives + [6] * detractors]
    answered = cc.col("kind") == "nps"
    plus, minus = (cc.count(answered & c) for c in (cc.col("score") >= 9, cc.col("score") <= 6))
    metric = cc.Metric("nps", by_factor * (plus - minus) / cc.count(answered), unit="points", table="response")
    return cc.measure(metric, cc.Dataset(response=rows), interval=True)


def test_a_difference_of_two_shares_has_the_published_interval(vector) -> None:
    """R3: adjusted Wald of NPS; ten promoters of ten leave a doubt."""
    published = vector("nps-ci")
    for case in published["input"]["cases"]:
        expected = published["expected"][",".join(map(str, case))]

        result = nps_of(*case)

        assert result["nps"].values.tolist() == [expected["nps"]]
        bounds = [*result["nps"].low.tolist(), *result["nps"].high.tolist()]
        assert bounds == pytest.approx(expected["adjusted_wald"], abs=published["tolerance"])


def test_a_negative_factor_turns_the_interval_round() -> None:
    """R3: what is counted the other way round lies between the same bounds, negated; of no answer there are none."""
    plain, turned, none = nps_of(5, 3, 2), nps_of(5, 3, 2, by_factor=-100), nps_of(0, 0, 0)

    assert turned["nps"].low.tolist() == [-plain["nps"].high.tolist()[0]]
    assert turned["nps"].high.tolist() == [-plain["nps"].low.tolist()[0]]
    assert str(none["nps"].low.tolist()[0]) == "nan"


def test_shares_that_overlap_vary_less() -> None:
    """R3: who is in both shares moves neither: of 8 answers 4 are in the first, 4 in the second, 2 in both."""
    rows = [{"kind": "nps", "score": s} for s in (1, 1, 2, 2, 3, 3, 0, 0)]
    plus, minus = cc.col("score").isin([1, 2]), cc.col("score").isin([2, 3])
    metric = cc.Metric("m", (cc.count(plus) - cc.count(minus)) / cc.count(), unit="ratio", table="response")

    result = cc.measure(metric, cc.Dataset(response=rows), interval=True)["m"]

    # with 3 made-up answers of 11: shares 4.75/11 each, 2/11 in both, so variance 2 x 4.75/11 - 2 x 2/11 = 5.5/11
    reach = NormalDist().inv_cdf(0.975) * (0.5 / 11) ** 0.5
    assert result.values.tolist() == [0.0]
    assert result.high.tolist() == [pytest.approx(reach)]
    assert result.low.tolist() == [pytest.approx(-reach)]
