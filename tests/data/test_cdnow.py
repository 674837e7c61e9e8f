"""cdnow: 69,659 purchases of 23,570 customers who came in the first quarter of 1997, against the published figures."""

from __future__ import annotations

from datetime import date
from math import sqrt
from statistics import NormalDist, mean, median

import pytest

import crmcore as cc
from crmcore.analysis.cohorts import triangle

BY_DAY = cc.day("at")
"""The set has no order numbers: who buys on a day buys once."""


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("cdnow")


@pytest.fixture(scope="module")
def figures(published):
    """Return the figures of its large file."""
    return published("cdnow")["master"]


def test_every_row_is_read(data, figures) -> None:
    """69,659 rows, of which 80 have the amount 0, which is an amount (M3, E36); 255 stand there twice and are kept."""
    lines = data["order_line"]

    assert (len(lines), data.rejected) == (figures["rows"], ())
    assert (lines["amount"].nulls, int((lines["amount"].data == 0).sum())) == (0, figures["zero_dollar_rows"])


def test_repeat_rate_by_days(data, figures) -> None:
    """R1, R3, T1: of 23,570 customers 12,054 bought on one day only, so 48.858718710224863 % came back on another."""
    result = cc.measure("repeat_rate_days", data, interval=True)
    back = figures["customers"] - figures["one_time_customers_by_days"]

    assert result.total["repeat_rate_days"] == figures["repeat_rate_by_days"] == 0.48858718710224863 == back / 23570
    # Wilson 1927, with p = 11516 / 23570
    p, n, z = back / 23570, 23570, NormalDist().inv_cdf(0.975)
    middle, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    details = result.details["repeat_rate_days"]
    assert details.low[0] == pytest.approx((middle - half) / (1 + z * z / n), rel=1e-12)
    assert details.high[0] == pytest.approx((middle + half) / (1 + z * z / n), rel=1e-12)


def test_totals(data, figures) -> None:
    """M1, Q2: money and counts exactly, ratios to 1e-12."""
    names = ["order_value", "customers_buying", "units_sold", "value_per_customer"]
    (row,) = cc.measure(names, data).rows()

    assert row["order_value"] == figures["revenue"] == 2_500_315.63
    assert (row["customers_buying"], row["units_sold"]) == (figures["customers"], figures["cds"])
    assert row["value_per_customer"] == pytest.approx(figures["mean_monetary"], rel=1e-12, abs=0)


def test_months(data, figures) -> None:
    """T1, T4: value, customers, lines and pieces of each of the 18 months."""
    lines = cc.Metric("lines", cc.count(), unit="count", anchor="at", table="order_line")
    found = cc.measure(["order_value", "customers_buying", "units_sold", lines], data, per="month").rows()

    assert [row["period"] for row in found] == list(figures["monthly"])
    for row in found:
        wanted = figures["monthly"][row["period"]]
        assert row["order_value"] == pytest.approx(wanted["revenue"], rel=1e-12, abs=0)
        assert (row["customers_buying"], row["lines"], row["units_sold"]) == (
            wanted["customers"],
            wanted["lines"],
            wanted["cds"],
        )


def test_concentration(data, figures) -> None:
    """R2: the best fifth, 4,714 customers, brought 67.8 %; the Gini coefficient counts those who paid nothing too."""
    (row,) = cc.measure(["top_customers_share", "customer_gini"], data).rows()

    assert row["top_customers_share"] == pytest.approx(figures["top20_share"], rel=1e-12, abs=0)
    assert row["customer_gini"] == pytest.approx(figures["gini"], rel=1e-12, abs=0)


def test_cohorts(data, figures) -> None:
    """R2, R5, T7: three months brought all customers; each cohort has every month up to the end of the set."""
    found = cc.analyse("cohort_retention", data)

    assert found["cohort"].tolist()[::-1][0] == "1997-03"
    assert set(found["cohort"].tolist()) == set(figures["cohorts"])
    for label, wanted in figures["cohorts"].items():
        rows = found.only(cohort=label)
        ages = len(rows)
        assert set(rows["customers"].tolist()) == {wanted["size"]}
        assert rows["active"].tolist() == wanted["active"][:ages]
        assert rows["retention"].tolist() == pytest.approx(wanted["retention"][:ages], rel=1e-12, abs=0)
        assert wanted["active"][ages:] == [0] * (18 - ages)  # months that the set does not have
    assert found["days_to_come"].max() == 0  # 30 June 1998 is the last day of its month
    assert sum(found["value"]) == pytest.approx(figures["revenue"], rel=1e-12)


def test_cohorts_of_quarters_are_one(data) -> None:
    """T7: by quarters there is one cohort, and the triangle has one row of six numbers."""
    table = triangle(cc.analyse("cohort_retention", data, per="quarter"), "active")

    assert table["cohort"].tolist() == ["1997-Q1"]
    assert table["customers"].tolist() == table["age_0"].tolist() == [23570]
    assert "age_5" in table
    assert "age_6" not in table


def test_recency_and_frequency(data, figures) -> None:
    """T8: days up to 1 July 1998, different days of purchase, dollars."""
    found = cc.analyse("rfm_quintile", data, order=BY_DAY, as_of=date(1998, 7, 1))

    assert len(found) == figures["customers"]
    assert mean(found["recency_days"].tolist()) == pytest.approx(figures["mean_recency_days"], rel=1e-12, abs=0)
    assert median(found["recency_days"].tolist()) == figures["median_recency_days"]
    assert mean(found["orders"].tolist()) == pytest.approx(figures["mean_frequency_days"], rel=1e-12, abs=0)
    assert median(found["value"].tolist()) == pytest.approx(figures["median_monetary"], rel=1e-12, abs=0)


def test_ntile_has_equal_fifths(data) -> None:
    """R4: 23,570 customers are 5 x 4,714: by rank every score has as many, by quintile equal ones stay together."""
    by_rank = cc.analyse("rfm_ntile", data, order=BY_DAY)
    by_edges = cc.analyse("rfm_quintile", data, order=BY_DAY)

    for score in "rfm":
        assert [int((by_rank[score] == n).sum()) for n in range(1, 6)] == [4714] * 5
    once = by_edges["orders"] == 1
    assert set(by_edges["f"][once].tolist()) == {1}
    assert len(set(by_rank["f"][once].tolist())) > 1
