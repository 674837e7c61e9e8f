"""Traits of won deals: rates with intervals, against the rest, and how much they bring."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ArgumentError, ColumnNotFound, CurrencyError
from crmcore.kpis import CATALOGUE

# existing: one won of 100, three lost; new: three won of 100, 100 and 200, one lost
KINDS = [("existing", "won", 100), *[("existing", "lost", 50)] * 3]
KINDS += [("new", "won", 100), ("new", "won", 100), ("new", "won", 200), ("new", "lost", 50), ("open", "open", 1)]
DEALS = [{"id": i, "kind": k, "outcome": o, "amount": a} for i, (k, o, a) in enumerate(KINDS)]
Z2 = 1.959963984540054**2


def wilson(k: int, n: int) -> tuple[float, float]:
    """Return the Wilson interval by its formula."""
    p, half = k / n, sqrt(Z2 * (k / n) * (1 - k / n) / n + Z2 * Z2 / (4 * n * n))
    return (p + Z2 / (2 * n) - half) / (1 + Z2 / n), (p + Z2 / (2 * n) + half) / (1 + Z2 / n)


def test_two_kinds_by_hand() -> None:
    """F18, R3: new wins 3 of 4, existing 1 of 4; ratios (3/4) / (1/4) and its inverse; 400 of 500 won; few deals are said to be."""
    found = cc.analyse("won_traits", cc.Dataset(opportunity=DEALS), traits=["kind"])
    new, existing = found.rows()

    assert [(r["trait"], r["value"], r["decided"], r["won"], r["win_rate"]) for r in (new, existing)] == [
        ("kind", "new", 4, 3, 0.75),
        ("kind", "existing", 4, 1, 0.25),
    ]
    assert (new["won_trait_ratio"], existing["won_trait_ratio"]) == (3.0, 1 / 3)
    assert (new["won_value_share"], existing["won_value_share"]) == (0.8, 0.2)
    assert (new["low"], new["high"]) == pytest.approx(wilson(3, 4), rel=1e-12)
    (l1, u1), (l2, u2) = wilson(3, 4), wilson(1, 4)
    assert new["against_rest"] == 0.5
    assert new["against_rest_low"] == pytest.approx(0.5 - sqrt((0.75 - l1) ** 2 + (u2 - 0.25) ** 2), rel=1e-12)
    assert new["against_rest_high"] == pytest.approx(0.5 + sqrt((u1 - 0.75) ** 2 + (0.25 - l2) ** 2), rel=1e-12)
    assert existing["against_rest_low"] == pytest.approx(-new["against_rest_high"], rel=1e-12)
    assert {new["sample"], existing["sample"]} == {"small"}
    assert found.fact("small") == 2


def test_few_deals_do_not_come_first() -> None:
    """R3, E53: 1 of 1 stands behind 60 of 100, whose lower bound is larger; with `few` at 1 no sample is small."""
    rows = [
        {"id": i, "kind": "a" if i < 100 else "b", "outcome": "won" if i % 100 < 60 else "lost", "amount": 1}
        for i in range(101)
    ]
    found = cc.analyse("won_traits", cc.Dataset(opportunity=rows), traits=["kind"], few=1)

    assert [(r["value"], r["decided"], r["sample"]) for r in found] == [("a", 100, "enough"), ("b", 1, "enough")]


def test_by_default_what_the_data_has() -> None:
    """Industry and size of the account and the source of the deal are looked at where they are columns; the rest is named."""
    deals = [
        {"id": 1, "account": "x", "source": "网站", "outcome": "won", "amount": 5},
        {"id": 2, "account": None, "outcome": "lost"},
    ]
    accounts = [{"id": "x", "industry": "retail"}]
    found = cc.analyse("won_traits", cc.Dataset(opportunity=deals, account=accounts))

    assert [(r["trait"], r["value"]) for r in found] == [
        ("account.industry", "retail"), ("account.industry", None), ("source", "网站"), ("source", None),
    ]  # fmt: skip
    assert "Not in the data: account.size." in str(found)
    alone = cc.analyse("won_traits", cc.Dataset(opportunity=DEALS))
    assert "Not in the data: account.industry, account.size" in str(alone)
    assert "数据中没有：account.industry、account.size" in str(alone.told("zh"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_catalogue_has_is_called_as_there(language) -> None:
    """One number has one name: win rate, won trait ratio and won deals, in both languages."""
    found = cc.analyse("won_traits", cc.Dataset(opportunity=DEALS), traits="kind")
    called = {h.name: h.label(language) for h in found.headings}

    for column, metric in (("win_rate", "win_rate"), ("won_trait_ratio", "won_trait_ratio"), ("won", "won_deals")):
        assert called[column] == CATALOGUE[metric].label(language)


def test_the_only_value_has_no_rest() -> None:
    """R2: where all deals have one value there is no rest, and where none of it is lost no ratio."""
    (row,) = cc.analyse("won_traits", cc.Dataset(opportunity=DEALS[4:7]), traits="kind").rows()

    assert (row["win_rate"], row["against_rest"], row["against_rest_low"], row["won_trait_ratio"]) == (
        1.0,
        None,
        None,
        None,
    )


def test_any_expression_is_a_trait() -> None:
    """Classes of the amount."""
    found = cc.analyse("won_traits", cc.Dataset(opportunity=DEALS), traits=cc.bins("amount", [60]))

    assert [(r["value"], r["won"], r["decided"]) for r in found] == [(">= 60", 4, 4), ("< 60", 0, 4)]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "赢", None]), st.sampled_from(["won", "lost", "open"]), st.integers(0, 9))
    ),
    st.randoms(),
)
def test_parts_add_up_in_any_order(deals, random) -> None:
    """R1: decided and won deals add up to those of all, shares of won value to 1, and the order of rows decides nothing."""
    rows = [{"id": i, "kind": k, "outcome": o, "amount": a} for i, (k, o, a) in enumerate(deals)]
    shuffled = [*rows]
    random.shuffle(shuffled)
    found = cc.analyse("won_traits", cc.Dataset(opportunity=rows), traits=["kind"])

    assert found["won"].sum() == sum(o == "won" for _, o, _ in deals)
    assert found["decided"].sum() == sum(o != "open" for _, o, _ in deals)
    if sum(a for _, o, a in deals if o == "won"):
        assert found["won_value_share"].sum() == pytest.approx(1)
    assert found.rows() == cc.analyse("won_traits", cc.Dataset(opportunity=shuffled), traits=["kind"]).rows()


def test_wrong_choices_are_refused() -> None:
    """A trait that is asked for has to be there; no trait is none; amounts of two currencies have no shares (M2)."""
    data = cc.Dataset(opportunity=DEALS)
    with pytest.raises(ColumnNotFound, match="'sector'"):
        cc.analyse("won_traits", data, traits=["sector"])
    with pytest.raises(ArgumentError, match="traits are columns or expressions"):
        cc.analyse("won_traits", data, traits=[])
    for few in (-1, 2.5, True):
        with pytest.raises(ArgumentError, match="few is a whole number of deals"):
            cc.analyse("won_traits", data, few=few)
    mixed = cc.Dataset(opportunity=[d | {"currency": "EUR" if d["id"] else "USD"} for d in DEALS])
    with pytest.raises(CurrencyError):
        cc.analyse("won_traits", mixed, traits=["kind"])
