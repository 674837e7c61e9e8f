"""Classes A, B and C: the published vector, a brute force in fractions, and what has no shares."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.classes import abc, classes_of
from crmcore.errors import ArgumentError, MetricNotFound

DEALS = [
    ("d1", "won", "acme", "anna", 500),
    ("d2", "won", "beta", "ben", 300),
    ("d3", "won", "客户", "anna", Decimal("79.99")),
    ("d4", "won", "客户", "anna", Decimal("0.01")),
    ("d5", "won", "delta", "ben", 80),
    ("d6", "won", "eta", "ben", 40),
    ("d7", "won", None, "ben", 1000),
    ("d8", "lost", "zeta", "ben", 9000),
    ("d9", "won", "theta", "ben", None),
]
"""Won: acme 500, beta 300, 客户 and delta 80 each, eta 40; zeta lost, and theta has no amount."""


def dataset(deals=DEALS):
    """Return won deals as a dataset."""
    names = ("id", "outcome", "account", "owner", "amount")
    dates = {"created_at": date(2026, 1, 1), "closed_at": date(2026, 2, 1)}
    return cc.Dataset(opportunity=[dict(zip(names, deal, strict=True)) | dates for deal in deals])


def test_published_vector(vector, shared_data) -> None:
    """Ten revenues: 500 and 300 are exactly 80 %, so that the third is B; cumulative shares, top fifth, Gini, Herfindahl."""
    known = vector("conc-pareto")
    revenue, wanted = known["input"]["revenue"], known["expected"]
    ids = [f"c{i:02d}" for i in range(len(revenue))]
    on = {"at": date(2026, 1, 1)}
    data = cc.Dataset(order_line=[{"account": i, "amount": v} | on for i, v in zip(ids, revenue, strict=True)])
    found = cc.analyse("abc_classes", data, metric="order_value")
    (row,) = cc.measure(["top_customers_share", "customer_gini", "customer_hhi"], data).rows()
    shares = [{"account": i, "amount": v} | on for i, v in enumerate(known["input"]["hhi_shares"])]

    assert abc(revenue, ids).tolist() == wanted["class"] == found["class"].tolist()
    assert found["cumulative_share"].tolist() == pytest.approx(wanted["cum_share"], abs=known["tolerance"])
    assert row["top_customers_share"] == pytest.approx(wanted["top20_share"], abs=known["tolerance"])
    assert row["customer_gini"] == pytest.approx(wanted["gini"], abs=known["tolerance"])
    assert row["customer_hhi"] == pytest.approx(wanted["hhi"], abs=known["tolerance"])
    assert cc.measure("customer_hhi", cc.Dataset(order_line=shares)).total["customer_hhi"] == wanted["hhi_doj"]


def test_by_hand() -> None:
    """M3, R2: of 1,000 acme and beta are A up to exactly 80 %; 客户 and delta, of 80 each, stand by label; eta is C."""
    found = cc.analyse("abc_classes", dataset())

    assert [tuple(row.values()) for row in found] == [
        ("acme", 500.0, 0.5, 0.5, "A"),
        ("beta", 300.0, 0.3, 0.8, "A"),
        ("delta", 80.0, 0.08, 0.88, "B"),
        ("客户", 80.0, 0.08, 0.96, "B"),
        ("eta", 40.0, 0.04, 1.0, "C"),
        # theta's won deal has no amount: it brings nothing that is known
        ("theta", 0.0, 0.0, 1.0, "C"),
    ]
    assert {f.name: f.value for f in found.facts} == {
        "total": 1000.0,
        "class_a": 2,
        "class_b": 2,
        "class_c": 2,
        "unnamed": 1000.0,
    }


def test_other_choices() -> None:
    """R4: who is classed, by what, and where the classes end are choices that the listing states."""
    sellers = cc.analyse("abc_classes", dataset(), by="owner", metric="won_deals", cuts=["0.5"])

    assert [(row["owner"], row["won_deals"], row["class"]) for row in sellers] == [("ben", 5, "A"), ("anna", 3, "B")]
    assert "A below 50 %, B the rest" in str(sellers)
    assert "A类低于50 %" in str(sellers.told("zh"))
    two = cc.analyse("abc_classes", dataset(), by=["owner", "account"])
    assert two["owner"].tolist()[0] == "anna"
    metric = cc.Metric("value", cc.total("amount"), unit="money", anchor="closed_at")
    assert cc.analyse("abc_classes", dataset(), metric=metric)["account"].tolist()[0] == "zeta"


def test_result_of_a_host() -> None:
    """A result that was measured anyway can be classed; zeta, which lost a deal, is then among its groups."""
    result = cc.measure(["won_value", "win_rate"], dataset(), by="account")
    found = classes_of(result, "won_value")

    assert found.only(account="zeta")["class"].tolist() == ["C"]
    assert found.rows()[:-1] == cc.analyse("abc_classes", dataset()).rows()


def test_nothing_above_zero_has_no_classes() -> None:
    """R2, E40: where all is given back there are no shares; negative ones come last and are C."""
    back = dataset([("d1", "won", "acme", "anna", 100), ("d2", "won", "beta", "anna", -100)])
    some = dataset([("d1", "won", "acme", "anna", 100), ("d2", "won", "beta", "anna", -10)])
    found = cc.analyse("abc_classes", back)

    assert (found.plain("share"), found["class"].tolist()) == ([None, None], [None, None])
    assert cc.analyse("abc_classes", some)["class"].tolist() == ["A", "C"]
    assert len(cc.analyse("abc_classes", cc.Dataset(opportunity=[]))) == 0
    assert abc([0, 0], "ab").tolist() == abc([2, -5], "ab").tolist() == [None, None]
    assert abc([], []).tolist() == []
    assert abc([5], ["a"]).tolist() == ["A"]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cc.analyse("abc_classes", dataset(), metric="win_rate"), ArgumentError, "do not add up"),
        (lambda: cc.analyse("abc_classes", dataset(), metric="median_won_deal"), ArgumentError, "do not add up"),
        (lambda: cc.analyse("abc_classes", dataset(), metric="won_valu"), MetricNotFound, "won_value"),
        (lambda: cc.analyse("abc_classes", dataset(), cuts=["0.95", "0.8"]), ArgumentError, "ascending"),
        (lambda: cc.analyse("abc_classes", dataset(), cuts="0.8"), ArgumentError, "ascending"),
        (lambda: cc.analyse("abc_classes", dataset(), cuts=[]), ArgumentError, "ascending"),
        (lambda: cc.analyse("abc_classes", dataset(), cuts=["0"]), ArgumentError, "ascending"),
        (lambda: cc.analyse("abc_classes", dataset(), cuts=["80"]), ArgumentError, "from 0 to 1"),
        (lambda: classes_of(cc.measure("won_value", dataset()), "won_value"), ArgumentError, "by"),
        (lambda: abc([1, 2], "aa"), ArgumentError, "id 'a' stands for two"),
        (lambda: abc([1, 2], "a"), ArgumentError, "2 values need as many ids"),
        (lambda: abc([1, None], "ab"), ArgumentError, r"values\[1\] is None"),
    ],
)
def test_wrong_arguments(call, error, message: str) -> None:
    """R1: what has no share of a total, or no classes, is refused with what would be right."""
    with pytest.raises(error, match=message):
        call()


@given(
    st.lists(st.one_of(st.integers(-5, 60), st.fractions(-5, 60, max_denominator=6)), max_size=20),
    st.lists(st.fractions(Fraction(1, 10), 1, max_denominator=20), min_size=1, max_size=3, unique=True),
    st.randoms(),
)
def test_brute_force(values, cuts, shuffle: random.Random) -> None:
    """M28 in fractions: a class ends where the share of those before reaches its cut; order decides nothing."""
    cuts = sorted(cuts)
    labels = [f"l{i:02d}" for i in range(len(values))]
    order, before, whole = sorted(range(len(values)), key=lambda i: (-values[i], labels[i])), Fraction(0), sum(values)
    wanted: dict[str, str | None] = {}
    for i in order:
        wanted[labels[i]] = "ABCD"[sum(before / whole >= c for c in cuts)] if whole > 0 else None
        before += values[i]
    mixed = list(range(len(values)))
    shuffle.shuffle(mixed)

    found = abc([values[i] for i in mixed], [labels[i] for i in mixed], cuts=cuts)

    assert dict(zip([labels[i] for i in mixed], found.tolist(), strict=True)) == wanted


def test_floats_and_large_numbers() -> None:
    """Q3: 0.3 + 0.5 is exactly 80 % of 1.0 although floats say otherwise; sums past 2**63 do not overflow."""
    assert abc(np.array([0.5, 0.3, 0.1, 0.1]), "abcd").tolist() == ["A", "A", "B", "B"]
    assert abc([2**62, 2**62, 2**62], "abc").tolist() == ["A", "A", "A"]
    assert abc(np.array([2**62, 2**62, 1]), "abc").tolist() == ["A", "A", "C"]
