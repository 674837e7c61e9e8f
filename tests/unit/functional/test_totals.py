"""The formula alone, on totals: `.of`."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crmcore as cc
from crmcore import functional as fn
from crmcore.errors import ArgumentError, ColumnNotFound

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "vectors.json"


def vector(name: str) -> dict[str, Any]:
    """Return one of the shared verification vectors."""
    if not VECTORS.is_file():
        pytest.skip("the shared vectors are not here")
    return next(v for v in json.loads(VECTORS.read_text("utf-8")) if v["id"] == name)


def test_a_rate_of_totals_by_hand() -> None:
    """8 won of 11 decided deals is 8/11, rounded once (Q4)."""
    assert 8 / 11 == fn.win_rate.of(won=8, lost=3)
    assert isinstance(fn.win_rate.of(won=8, lost=3), float)


def test_totals_are_arrays_element_by_element() -> None:
    """Arrays give arrays, single numbers beside them count for each element, zero over zero is undefined (R2)."""
    rates = fn.win_rate.of(won=np.array([8, 1, 0]), lost=np.array([3, 0, 0]))
    costs = fn.cac.of(spend_value=[[100], [300]], new_customers=[2, 4])

    assert rates.tolist()[:2] == [8 / 11, 1.0]
    assert np.isnan(rates[2])
    assert costs.tolist() == [[50.0, 25.0], [150.0, 75.0]]


def test_a_zero_denominator_is_undefined() -> None:
    """A rate over nothing is nan, never 0 (R2)."""
    assert np.isnan(fn.win_rate.of(won=0, lost=0))
    assert np.isnan(fn.win_rate.of(won=None, lost=3))
    assert np.isnan(fn.pipeline_coverage.of(open_value=10, quota_value=5, won_value=5))  # target met


def test_quotients_are_rounded_once_beyond_the_whole_floats() -> None:
    """Whole numbers of any size divide exactly, rounded once and not three times (Q3, Q4)."""
    won, lost = 2**53 + 1, 3 * 2**53 + 8

    assert float(Fraction(won, won + lost)) == fn.win_rate.of(won=won, lost=lost)
    assert float(Fraction(won, won + lost)) != float(won) / float(won + lost)
    assert fn.win_rate.of(won=2**70, lost=2**70) == 0.5


def test_decimals_and_fractions_are_exact_and_floats_are_floats() -> None:
    """0.1 of 0.1 + 0.7 in Decimals is an eighth; in floats it is what floats make of it (Q3)."""
    exact = fn.win_rate_by_value.of(won_value=Decimal("0.1"), lost_value=Decimal("0.7"))
    thirds = fn.win_rate_by_value.of(won_value=Fraction(1, 3), lost_value=Fraction(2, 3))
    floats = fn.win_rate_by_value.of(won_value=0.1, lost_value=0.7)

    assert exact == 1 / 8
    assert thirds == 1 / 3
    assert floats == 0.1 / (0.1 + 0.7) != 1 / 8


def test_the_articles_formulas() -> None:
    """Conversion, acquisition cost, lifetime value, attainment of the forecast and sales cycle as the article prints them."""
    v = vector("kpi-seed-formulas")
    x, expected = v["input"], v["expected"]
    spend = x["marketing_cost"] + x["sales_cost"]
    forecast_attainment = fn.MetricFunction(
        cc.Metric("forecast_attainment", cc.total("actual") / cc.total("forecast"), table="plan")
    )

    assert (
        100 * fn.lead_to_customer_rate.of(won_accounts=x["won"], leads_created=x["leads"]) == expected["conversion_pct"]
    )
    assert fn.cac.of(spend_value=spend, new_customers=x["new_customers"]) == expected["cac"]
    assert (
        fn.customer_lifetime_value_3_years.of(
            won_value=x["annual_revenue"] * x["won"],
            won_accounts=x["won"],
            spend_value=spend,
            new_customers=x["new_customers"],
        )
        == expected["cltv"]
    )
    assert 100 * forecast_attainment.of(actual=x["actual"], forecast=x["forecast"]) == pytest.approx(
        expected["forecast_accuracy_pct"], rel=v["tolerance"]
    )
    assert (
        fn.sales_cycle_from_first_contact_days.of(won_days=sum(x["cycles"]), won_timed=len(x["cycles"]))
        == expected["mean_cycle"]
    )


def test_velocity() -> None:
    """50 open deals x 20 % x 15,000 / 60 days are 2,500 a day."""
    v = vector("kpi-velocity")
    x = v["input"]
    won, lost = 2, 8
    assert won / (won + lost) == x["win_rate"]

    per_day = fn.sales_velocity.of(
        open=x["n"],
        won=won,
        lost=lost,
        won_value=won * x["avg_deal"],
        won_priced=won,
        won_days=won * x["cycle_days"],
        won_timed=won,
    )

    assert per_day == pytest.approx(v["expected"]["per_day"], rel=v["tolerance"])


def test_labels() -> None:
    """Pace 80/100 of the days is the class from 0.8 on, at its lower edge; nothing without a quota (M8)."""
    totals = {"days_in_period": 90, "days_elapsed": 45, "quota_value": 200}

    assert fn.pace_status.of(won_value=80, **totals) == "at risk"  # 80 / 200 over 45 / 90 is 0.8
    assert fn.pace_status.of(won_value=79, **totals) == "behind"
    assert fn.pace_status.of(won_value=np.array([100, 0]), **{**totals, "quota_value": [200, 0]}).tolist() == [
        "on track",
        None,
    ]


def test_shares_take_the_total_over_all_groups() -> None:
    """2 of 3 lost deals: the total over all groups is a total of its own."""
    assert fn.lost_reason_share.of(lost=np.array([2, 1]), lost_of_all=3).tolist() == [2 / 3, 1 / 3]
    # P(trait|won) / P(trait|lost) = (6/10) / (2/8)
    assert fn.won_trait_ratio.of(won=6, won_of_all=10, lost=2, lost_of_all=8) == (6 / 10) / (2 / 8)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"won": 1}, ArgumentError, "win_rate.of needs won, lost; lost is missing"),
        (
            {"won": 1, "lots": 2},
            ColumnNotFound,
            "no column named 'lots' among the totals of win_rate.of; did you mean 'lost'",
        ),
        ({"won": "8", "lost": 3}, ArgumentError, "won is a number or an array of numbers, got '8'"),
        ({"won": True, "lost": 3}, ArgumentError, "won is a number or an array of numbers, got"),
        ({"won": [1, "x"], "lost": 3}, ArgumentError, "won is a number or an array of numbers, got"),
        ({"won": np.array(["8"]), "lost": 3}, ArgumentError, "won is a number or an array of numbers, got <U1"),
        ({"won": [1, 2], "lost": [1, 2, 3]}, ArgumentError, r"totals of different shapes: won \(2,\), lost \(3,\)"),
    ],
)
def test_wrong_totals(given: dict[str, Any], error: type[Exception], says: str) -> None:
    """A total that is missing, unknown or no number is named."""
    with pytest.raises(error, match=says):
        fn.win_rate.of(**given)


def test_arithmetic_of_every_kind() -> None:
    """Magnitude, root, the smaller and the larger of two, and a constant: |3 - 8| + sqrt(16) + min(3, 8) + max(3, 8) + 1."""
    won, lost = cc.count(cc.col("outcome") == "won"), cc.count(cc.col("outcome") == "lost")
    root = cc.square_root(cc.count(cc.col("outcome") == "open"))
    metric = cc.Metric(
        "odd_sum", abs(won - lost) + root + cc.least(won, lost) + cc.greatest(won, lost) + 1, anchor="closed_at"
    )

    assert fn.MetricFunction(metric).of(won=3, lost=8, open=16) == 5 + 4 + 3 + 8 + 1


def test_arrays_of_any_number_type() -> None:
    """Unsigned, floating and mixed arrays count as what they are; blanks are undefined (Q3)."""
    large = np.array([2**64 - 1], np.uint64)

    assert fn.win_rate.of(won=large, lost=large).tolist() == [0.5]
    assert fn.win_rate.of(won=np.array([1.5]), lost=np.float32(0.5)).tolist() == [0.75]
    assert fn.win_rate.of(won=[np.int64(1), Decimal(1)], lost=[1, 3]).tolist() == [0.5, 0.25]
    mixed = fn.win_rate.of(won=[1, None, 0.5], lost=[1, 1, 0.5])
    assert mixed.tolist()[::2] == [0.5, 0.5]
    assert np.isnan(mixed[1])
    assert fn.win_rate.of(won=[], lost=[]).tolist() == []
    assert fn.pace_status.of(won_value=0.5, quota_value=1.0, days_in_period=90, days_elapsed=45) == "on track"


def test_a_single_aggregate_has_no_formula() -> None:
    """A count has no formula over totals, and says so; hasattr tells."""
    assert not hasattr(fn.won_deals, "of")
    with pytest.raises(AttributeError, match=r"won_deals has no \.of: it is one aggregate"):
        fn.won_deals.of


def test_what_of_says_about_itself() -> None:
    """Its signature lists the totals, its docstring what each of them is."""
    from inspect import signature

    assert str(signature(fn.win_rate.of)) == "(*, won, lost)"
    assert "lost: count(outcome == 'lost')" in fn.win_rate.of.__doc__
