"""Tiers by rank: the published cut, its rounding, ties, and what is measured."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.tiers import TIERS, tier_counts, tiered, tiers
from crmcore.errors import ArgumentError

SHORT = {"best": "best_in_class", "average": "average", "laggard": "laggard"}


def test_the_vector_is_reached(vector) -> None:
    """C02: of ten scores the first two are best in class, five average, three laggards."""
    known = vector("tier-aberdeen")
    scores = known["input"]["scores"]

    found = tiers(scores, [f"firm {i}" for i in range(10)])

    assert found.tolist() == [SHORT[word] for word in known["expected"]]


@pytest.mark.parametrize(
    ("n", "counts"),
    [(0, (0, 0, 0)), (1, (1, 0, 0)), (2, (1, 1, 0)), (3, (1, 2, 0)), (4, (1, 2, 1)), (5, (1, 3, 1)), (6, (2, 3, 1)),
     (10, (2, 5, 3)), (30, (6, 15, 9)), (35, (7, 18, 10))],
)  # fmt: skip
def test_who_stands_on_a_cut_is_on_the_better_side(n, counts) -> None:
    """Exact cuts, rounded up: ceil(n / 5) are best, ceil(7 n / 10) best or average."""
    assert tier_counts(n) == counts


@given(st.integers(0, 300), st.integers(0, 20), st.integers(0, 20))
def test_counts_sum_to_all(n, first, second) -> None:
    """Each subject is in one tier; the cuts are those of exact arithmetic, 0.3 being three tenths."""
    cuts = (first / 40, Decimal(second) / 40)

    best, average, laggard = tier_counts(n, cuts)

    assert best + average + laggard == n
    assert best == ceil(Fraction(first, 40) * n)
    assert best + average == ceil(Fraction(first + second, 40) * n)
    assert min(best, average, laggard) >= 0


def test_ties_go_by_label_and_the_undefined_take_no_part() -> None:
    """Of equal scores the first label is the better; an undefined score has no tier and does not count (R2)."""
    assert tiers([1, nan, 1, 1], ["c", "x", "b", "a"], cuts=("1/3", "1/3")).tolist() == [
        "laggard",
        None,
        "average",
        "best_in_class",
    ]
    assert tiers([], []).tolist() == []
    assert tiers([3, 1], ["赢", "输"], better="lower").tolist() == ["average", "best_in_class"]


@given(st.lists(st.integers(0, 4), max_size=9), st.randoms())
def test_the_order_of_the_input_decides_nothing(scores, random) -> None:
    """Each subject has its tier wherever it stands."""
    rows = list(enumerate(scores))
    shuffled = [*rows]
    random.shuffle(shuffled)

    first, second = (
        dict(zip([i for i, _ in r], tiers([s for _, s in r], [i for i, _ in r]), strict=True)) for r in (rows, shuffled)
    )

    assert first == second


def deals(values) -> cc.Dataset:
    """Return a won deal for each seller."""
    return cc.Dataset(
        opportunity=[
            {"id": i, "owner": o, "outcome": "won", "amount": a, "closed_at": f"2026-01-0{i % 9 + 1}"}
            for i, (o, a) in enumerate(values)
        ]
    )


def test_tiers_of_sellers_by_hand() -> None:
    """Five sellers by won value: one best in class, three average, one laggard; nobody's deal makes no seller."""
    data = deals([("e", 10), ("a", 50), ("b", 50), ("c", 20), ("d", 15), (None, 99), ("c", 1)])

    found = cc.analyse("seller_tiers", data)

    assert found.rows() == [
        {"rank": 1, "owner": "a", "won_value": 50.0, "tier": "best_in_class"},
        {"rank": 2, "owner": "b", "won_value": 50.0, "tier": "average"},
        {"rank": 3, "owner": "c", "won_value": 21.0, "tier": "average"},
        {"rank": 4, "owner": "d", "won_value": 15.0, "tier": "average"},
        {"rank": 5, "owner": "e", "won_value": 10.0, "tier": "laggard"},
    ]
    assert [found.fact(name) for name in (*TIERS, "unranked")] == [1, 3, 1, 0]
    assert "the best 20 %; average: the next 50 %" in str(found)


def test_who_won_nothing_is_ranked_too() -> None:
    """R2: deals that are lost or open make 0 won, which is a number, and the last in rank."""
    rows = [
        {"id": 1, "owner": "a", "outcome": "won", "amount": 5},
        {"id": 2, "owner": "b", "outcome": "lost", "amount": 9},
    ]

    found = cc.analyse("seller_tiers", cc.Dataset(opportunity=[*rows, {"id": 3, "owner": "c"}]))

    assert [(r["owner"], r["won_value"]) for r in found] == [("a", 5), ("b", 0), ("c", 0)]


def test_cuts_are_a_choice_that_is_stated() -> None:
    """Other cuts give other tiers, and the note says which."""
    found = cc.analyse("seller_tiers", deals([("a", 3), ("b", 2), ("c", 1), ("d", 0)]), cuts=("0.5", 0.25))

    assert list(found["tier"]) == ["best_in_class", "best_in_class", "average", "laggard"]
    assert "the best 50 %; average: the next 25 %" in str(found)
    assert "前50 %" in str(found.told("zh"))


def test_any_measured_number_has_tiers() -> None:
    """A metric of which less is better ranks from below; who has no number has no tier and is counted (R2)."""
    rows = [
        {"id": i, "owner": o, "outcome": "won", "created_at": "2026-01-01", "closed_at": d}
        for i, (o, d) in enumerate([("a", "2026-01-09"), ("b", "2026-01-03"), ("c", None)])
    ]
    result = cc.measure("sales_cycle_days", cc.Dataset(opportunity=rows), by="owner")

    found = tiered(result, "sales_cycle_days")

    assert [(r["owner"], r["sales_cycle_days"], r["tier"]) for r in found] == [
        ("b", 2, "best_in_class"),
        ("a", 8, "average"),
    ]
    assert found.fact("unranked") == 1


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        (("0.2",), "cuts are two shares"),
        (("0.6", "0.5"), "cuts sum to at most 1"),
        (("20 %", "0.5"), "a cut is a share from 0 to 1, such as '0.2', got '20 %'"),
        ((-0.1, "0.5"), "got -0.1"),
        ((20, 50), "got 20"),
        ((nan, 0.5), "got nan"),
    ],
)
def test_cuts_that_mean_nothing_are_refused(cuts, message) -> None:
    """Percentages, negative shares and sums above the whole are errors at the call."""
    with pytest.raises(ArgumentError, match=message):
        tier_counts(10, cuts)


def test_a_class_is_no_number_to_rank_by() -> None:
    """A metric whose values are labels, or that has no direction, has no tiers."""
    data = cc.Dataset(
        opportunity=[{"id": 1, "owner": "a", "outcome": "won", "amount": 1, "closed_at": "2026-01-01", "created_at": "2026-01-01"}],
        target=[{"kind": "quota", "scope": "seller", "owner": "a", "metric": "won_value", "amount": 1, "start": "2026-01-01", "end": "2026-02-01"}],
    )  # fmt: skip
    with pytest.raises(ArgumentError, match="'pace_status' is a class, not a number"):
        tiered(cc.measure("pace_status", data, by="owner"), "pace_status")
    with pytest.raises(ArgumentError, match="no better direction"):
        tiered(cc.measure("won_trait_lift", data, by="owner"), "won_trait_lift")
