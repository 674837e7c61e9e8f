"""kag_ads: 1,143 advertisements, a table of the host's own; costs per enquiry and customer as metrics of the test's own."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction

import pytest

import crmcore as cc

SPEND, ENQUIRIES, PURCHASES = (cc.total(name, table="ad") for name in ("spend", "enquiries", "purchases"))
METRICS = [
    cc.Metric("ads", cc.count(table="ad"), unit="count"),
    cc.Metric("clicks", cc.total("clicks", table="ad"), unit="count"),
    cc.Metric("spend", SPEND, unit="money"),
    cc.Metric("cost_per_enquiry", SPEND / ENQUIRIES, unit="money", better="lower"),
    cc.Metric("cost_per_customer", SPEND / PURCHASES, unit="money", better="lower"),
    cc.Metric("enquiry_to_purchase", PURCHASES / ENQUIRIES, unit="ratio", better="higher"),
    cc.Metric("click_rate", cc.total("clicks", table="ad") / cc.total("impressions", table="ad"), unit="ratio"),
]
NAMES = {
    "ads": "ads",
    "clicks": "clicks",
    "spend": "spend",
    "cost_per_enquiry": "cost_per_enquiry",
    "cost_per_customer": "cac",
    "enquiry_to_purchase": "enquiry_to_purchase",
    "click_rate": "ctr",
}


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("kag_ads")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("kag_ads")


@pytest.fixture(scope="module")
def rows_of_file(shared_data):
    """Return the rows of the file."""
    with (shared_data / "kag_ads" / "KAG_conversion_data.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_overall_to_the_last_digit(data, figures, agree, rows_of_file) -> None:
    """M1, Q3: spend is the exact sum of nine decimals, and the costs are its exact quotients, rounded once (Q4)."""
    total = cc.measure(METRICS, data).total
    spend = sum((Fraction(Decimal(row["Spent"])) for row in rows_of_file), Fraction(0))

    agree(total, figures["overall"], names=NAMES, exact={"ads", "clicks"})
    assert total["spend"] == float(spend)
    assert total["cost_per_enquiry"] == float(spend / 3264)
    assert total["cost_per_customer"] == float(spend / 1079)


@pytest.mark.parametrize(
    ("by", "figure"),
    [("campaign", "by_xyz_campaign_id"), ("age", "by_age"), ("gender", "by_gender"), ("interest", "by_interest")],
)
def test_groups(data, figures, agree, by, figure) -> None:
    """R1: ratios of sums in every group; where nobody bought, the cost of a customer is undefined (R2)."""
    rows = {str(row[by]): row for row in cc.measure(METRICS, data, by=by).rows()}

    assert rows.keys() == figures[figure].keys()
    for label, expected in figures[figure].items():
        agree(rows[label], expected, names=NAMES, exact={"ads", "clicks"})


def test_three_keys(data, figures, agree) -> None:
    """Campaign, age and gender together, as published."""
    rows = cc.measure(METRICS, data, by=["campaign", "age", "gender"]).rows()

    assert len(rows) == len(figures["by_campaign_age_gender"])
    for row in rows:
        label = f"{row['campaign']}|{row['age']}|{row['gender']}"
        agree(row, figures["by_campaign_age_gender"][label], names=NAMES, exact={"ads", "clicks"})


def test_ratio_of_sums_is_not_the_mean_of_ratios(data, figures) -> None:
    """R1: the click rate of all ads is that of their sums; the mean of the ads' own rates is another number."""
    rate = cc.measure(METRICS, data).total["click_rate"]

    assert rate == 38_165 / 213_434_828
    assert rate != pytest.approx(figures["mean_of_ad_ctr_TRAP"], rel=1e-3)


def test_zero_purchases_are_undefined_not_zero(data, rows_of_file) -> None:
    """R2: an ad without a purchase has no cost per customer; its reason says so."""
    result = cc.measure(METRICS, data, by="id")
    without = sum(row["Approved_Conversion"] == "0" for row in rows_of_file)

    assert sum(v is None for v in result.plain("cost_per_customer")) == without > 0
    row = result.plain("cost_per_customer").index(None)
    assert result["cost_per_customer"].reason(row) == "denominator is zero"
