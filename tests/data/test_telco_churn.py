"""telco_churn: 7,043 customers, a table of the host's own; churn by head and by revenue as metrics of the test's own."""

from __future__ import annotations

import pytest

import crmcore as cc

LEFT = cc.col("left") == "Yes"
MRR = cc.total("monthly")
METRICS = [
    cc.Metric("n", cc.count(), unit="count", table="plan_holder"),
    cc.Metric("churned", cc.count(LEFT), unit="count", table="plan_holder"),
    cc.Metric("churn_rate", cc.count(LEFT) / cc.count(), unit="ratio", better="lower", table="plan_holder"),
    cc.Metric("mrr_active", cc.total("monthly", where=~LEFT), unit="money", table="plan_holder"),
    cc.Metric("mrr_lost", cc.total("monthly", where=LEFT), unit="money", table="plan_holder"),
    cc.Metric("mrr_churn_rate", cc.total("monthly", where=LEFT) / MRR, unit="ratio", table="plan_holder"),
    cc.Metric("arpu_all", cc.mean("monthly"), unit="money", table="plan_holder"),
    cc.Metric("mean_tenure", cc.mean("months"), table="plan_holder"),
    cc.Metric("median_tenure", cc.median("months"), table="plan_holder"),
    cc.Metric("mean_tenure_churned", cc.mean("months", where=LEFT), table="plan_holder"),
]
NAMES = {m.name: m.name for m in METRICS}
EXACT = {"n", "churned", "mrr_active", "mrr_lost", "median_tenure"}
BANDS = cc.bins("months", [13, 25, 37, 49, 61], ["0-12", "13-24", "25-36", "37-48", "49-60", "61-72"])


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set."""
    return read_set("telco_churn")


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("telco_churn")


def test_overall(data, figures, agree) -> None:
    """Counts and money exact; rates are ratios of sums (R1)."""
    agree(cc.measure(METRICS, data).total, figures["overall"], names=NAMES, exact=EXACT)


def test_blank_charges_are_not_zero(data, figures) -> None:
    """M3, E36: eleven customers of no month have a blank amount, which is in no sum and no mean."""
    charged = cc.Metric("charged", cc.mean("charged"), unit="money", table="plan_holder")
    total = cc.Metric("all_charged", cc.total("charged"), unit="money", table="plan_holder")
    result = cc.measure([charged, total], data)

    assert result.excluded["plan_holder: unpriced"] == figures["overall"]["total_charges_blank"]
    assert result.total["all_charged"] == figures["overall"]["total_charges_sum"]
    assert result.total["charged"] == pytest.approx(figures["overall"]["total_charges_mean"], rel=1e-12)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("contract", "by_Contract"),
        ("internet", "by_InternetService"),
        ("payment", "by_PaymentMethod"),
        ("senior", "by_SeniorCitizen"),
        ("paperless", "by_PaperlessBilling"),
        ("support", "by_TechSupport"),
        (BANDS, "by_tenure_band"),
    ],
)
def test_by_group(data, figures, agree, by, key) -> None:
    """The share churned and the revenue lost, by contract and by what else there is."""
    result = cc.measure(METRICS, data, by=by)
    expected = figures[key]

    assert len(result) == len(expected)
    for row in result.rows():
        agree(row, expected[str(row[result.axes[0]])], names=NAMES, exact=EXACT)
