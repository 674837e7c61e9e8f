"""online_retail_2011: 541,909 lines of invoices of a shop, against the published figures."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

import crmcore as cc
from crmcore.algebra import each, top_share
from crmcore.analysis.tiles import quantile_edges
from crmcore.table.dataset import Dataset

VALID = (cc.col("quantity") > 0) & (cc.col("price") > 0) & cc.col("account").not_null()
DAY_AFTER = date(2011, 12, 10)


@pytest.fixture(scope="module")
def data(read_set):
    """Return the set; the amount of a line is its quantity x price, in whole thousandths of a pound."""
    read = read_set("online_retail_2011")
    lines = read["order_line"]
    amount = cc.Workspace().view(read).rows("order_line").values(cc.col("quantity") * cc.col("price"))
    return Dataset(order_line=lines.replace({"amount": amount}))


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("online_retail_2011")


def close(value):
    """Return a figure that was computed in floats."""
    return pytest.approx(value, rel=1e-12, abs=0)


def test_every_row_is_read(data, figures) -> None:
    """541,909 lines of 25,900 invoices; 135,080 name no customer."""
    raw, lines = figures["raw"], data["order_line"]
    (row,) = cc.measure(["orders", "customers_buying"], data).rows()

    assert (len(lines), data.rejected) == (raw["rows"], ())
    assert row == {"orders": raw["invoices"], "customers_buying": raw["customers"]}
    assert lines["account"].nulls == raw["blank_customer_rows"]


def test_gross_returns_and_net(data, figures) -> None:
    """M1, M3, E40: sales, returns and what is left of them, exactly at three decimals."""
    raw, amount = figures["raw"], cc.col("amount")
    gross, back, net = (
        cc.measure("order_value", data, where=where).total["order_value"] for where in (amount > 0, amount < 0, None)
    )

    assert (gross, -back, net) == (raw["gross_all"], raw["returns_all"], raw["net_all"])
    assert net == 9_747_747.934


def test_valid_lines(data, figures) -> None:
    """M1, R1, Q2: 397,884 lines of 18,532 orders come to 8,911,407.904 exactly; no cancelled invoice is among them."""
    valid = figures["valid"]
    names = "order_value orders customers_buying units_sold average_order_value median_order_value lines_per_order"
    result = cc.measure([*names.split(), "orders_per_customer", "value_per_customer"], data, where=VALID)
    (row,) = result.rows()

    assert result.used == {"order_line": valid["lines"]}
    assert row["order_value"] == valid["revenue"] == 8_911_407.904
    assert [row[n] for n in ("orders", "customers_buying", "units_sold")] == [
        valid["orders"],
        valid["customers"],
        valid["units"],
    ]
    assert row["median_order_value"] == 303.04  # the float of the figures is 303.03999999999996 (Q1)
    assert row["median_order_value"] == close(valid["median_order"])
    assert row["average_order_value"] == close(valid["aov"])
    assert row["lines_per_order"] == close(valid["lines_per_order"])
    assert row["orders_per_customer"] == close(valid["orders_per_customer"])
    assert row["value_per_customer"] == close(valid["revenue_per_customer"])
    orders = data["order_line"]["order"]
    kept = cc.Workspace().view(data, where=VALID).rows("order_line").values("order").data
    assert not any(str(orders.labels[code]).startswith("C") for code in np.unique(kept).tolist())


def test_countries(data, figures) -> None:
    """R1: value, customers and orders by country."""
    found = cc.measure(["order_value", "customers_buying", "orders"], data, by="country", where=VALID).rows()

    assert {row["country"] for row in found} == set(figures["by_country"])
    for row in found:
        wanted = figures["by_country"][row["country"]]
        assert (row["order_value"], row["customers_buying"], row["orders"]) == (
            close(wanted["revenue"]),
            wanted["customers"],
            wanted["orders"],
        )


def test_repeat_rate_and_churn(data, figures) -> None:
    """R1, R4: customers with two or more orders; those whose last order is more than 90 days back."""
    rfm = figures["rfm"]
    scored = cc.analyse("rfm_quintile", data, where=VALID, as_of=DAY_AFTER)

    assert cc.measure("repeat_rate", data, where=VALID).total["repeat_rate"] == rfm["repeat_rate"]
    assert float((scored["recency_days"] > 90).mean()) == close(rfm["churn_90"])


def test_cohorts(data, figures) -> None:
    """R2, R5, T7: thirteen cohorts; what is of December 2011 can still grow, as the set ends on the 9th."""
    found = cc.analyse("cohort_retention", data, where=VALID)

    assert list(dict.fromkeys(found["cohort"].tolist())) == list(figures["cohorts"])
    for label, wanted in figures["cohorts"].items():
        rows = found.only(cohort=label)
        assert set(rows["customers"].tolist()) == {wanted["size"]}
        assert rows["active"].tolist() == wanted["active"]
        assert rows["retention"].tolist() == close(wanted["retention"])
    assert set(found.only(period="2011-12")["days_to_come"].tolist()) == {22}
    assert int((found["days_to_come"] > 0).sum()) == len(figures["cohorts"])


def test_months_are_new_and_returning(data, figures) -> None:
    """R2, M1: age 0 of a cohort is what its month has of new customers, the other ages are the returning ones."""
    found = cc.analyse("cohort_retention", data, where=VALID)
    sums = cc.measure(["order_value", "orders", "customers_buying", "units_sold"], data, per="month", where=VALID)
    names = {"order_value": "revenue", "orders": "orders", "customers_buying": "customers", "units_sold": "units"}
    months = {row["period"]: row for row in sums.rows()}

    assert list(months) == list(figures["monthly"])
    for label, wanted in figures["monthly"].items():
        assert {n: months[label][n] for n in names} == {n: close(wanted[w]) for n, w in names.items()}
        rows = found.only(period=label)
        new = rows["age"] == 0
        assert (rows["active"][new].sum(), rows["active"][~new].sum()) == (
            wanted["new_customers"],
            wanted["returning_customers"],
        )
        assert rows["value"][new].sum() == close(wanted["revenue_from_new"])
        assert rows["value"][~new].sum() == close(wanted["revenue_from_returning"])


def test_rfm_quintile(data, figures) -> None:
    """Q1, R4, T8: edges at the linear quantiles, the number of customers of every score and of all 125 cells."""
    rfm = figures["rfm"]
    found = cc.analyse("rfm_quintile", data, where=VALID, as_of=DAY_AFTER)

    assert len(found) == figures["valid"]["customers"]
    for column, short in (("recency_days", "r"), ("orders", "f"), ("value", "m")):
        assert [float(e) for e in quantile_edges(found[column], 5)] == close(rfm["edges"][short])
        counts = Counter(found[short].tolist())
        assert {str(k): n for k, n in counts.items()} == rfm["score_counts"][short.upper()]
    assert Counter(found["rfm"].tolist()) == rfm["cells"]
    assert found["recency_days"].max() == rfm["max"]["recency"]
    assert found["orders"].max() == rfm["max"]["frequency"]
    assert found["value"].max() == rfm["max"]["monetary"]
    assert [float(found[c].mean()) for c in ("recency_days", "orders", "value")] == close([*rfm["mean"].values()])


def test_rfm_by_rank_differs_where_there_are_ties(data) -> None:
    """R4: by rank the scores have 868, 868, 868, 867 and 867 customers, best first; 1,493 with one order share no score."""
    found = cc.analyse("rfm_ntile", data, where=VALID, as_of=DAY_AFTER)

    for score in "rfm":
        assert [int((found[score] == n).sum()) for n in (5, 4, 3, 2, 1)] == [868, 868, 868, 867, 867]
    once = found["orders"] == 1
    assert set(found["f"][once].tolist()) == {1, 2}
    # equal ones are in the order of their ids: those with the small ids have the better score
    assert max(found["customer"][once & (found["f"] == 2)]) < min(found["customer"][once & (found["f"] == 1)])


def test_concentration(data, figures) -> None:
    """R2: shares of the best fifth and of the best hundredth, Gini coefficient, classes of 1,133, 1,469 and 1,736."""
    wanted = figures["concentration"]
    hundredth = cc.Metric(
        "top_hundredth",
        top_share(each("account", cc.total("amount")), Fraction(1, 100)),
        unit="ratio",
        anchor="at",
        table="order_line",
    )
    (row,) = cc.measure(["top_customers_share", hundredth, "customer_gini"], data, where=VALID).rows()
    classes = cc.analyse("abc_classes", data, metric="order_value", where=VALID)

    assert row["top_customers_share"] == close(wanted["top20_share"])
    assert row["top_hundredth"] == close(wanted["top1pct_share"])
    assert row["customer_gini"] == close(wanted["gini"])
    assert {c: classes.fact(f"class_{c.lower()}") for c in "ABC"} == wanted["abc_80_95"]
    assert len(classes) == wanted["n"]
    assert classes.fact("total") == 8_911_407.904
    assert int((classes["share"] > 0).sum()) == wanted["n"]
    top = classes.top(wanted["k"])
    assert top["cumulative_share"][-1] == close(wanted["top20_share"])


def test_products(data, figures) -> None:
    """M28: the five products that bring the most, in order."""
    top = cc.analyse("abc_classes", data, by="product", metric="order_value", where=VALID).top(5)

    assert dict(zip(top["product"].tolist(), top["order_value"].tolist(), strict=True)) == {
        k: close(v) for k, v in figures["top5_products"].items()
    }
