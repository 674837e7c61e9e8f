"""Visits a day: the norm that the best sellers set, and each seller's own figure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.norms import quartiles
from crmcore.errors import ArgumentError, TableNotFound

ONE, TWO = date(2026, 3, 2), date(2026, 3, 3)
DEALS = [
    {"id": 1, "owner": "P", "outcome": "won", "amount": 300, "closed_at": TWO},
    {"id": 2, "owner": "Q", "outcome": "won", "amount": 200, "closed_at": TWO},
    {"id": 3, "owner": "R", "outcome": "won", "amount": 100, "closed_at": TWO},
    {"id": 4, "owner": "S", "outcome": "lost", "amount": 900, "closed_at": TWO},
    {"id": 5, "owner": None, "outcome": "won", "amount": 999, "closed_at": TWO},
]
VISITS = [
    {"id": 1, "kind": "visit", "owner": "P", "at": ONE, "quantity": 2},
    {"id": 2, "kind": "visit", "owner": "P", "at": TWO},
    {"id": 3, "kind": "visit", "owner": "P", "at": ONE},
    {"id": 4, "kind": "visit", "owner": "Q", "at": ONE, "quantity": 2},
    {"id": 5, "kind": "visit", "owner": "S", "at": ONE, "quantity": 7},
    {"id": 6, "kind": "call", "owner": "P", "at": TWO, "quantity": 40},
    {"id": 7, "kind": "visit", "owner": "P", "at": None},
    {"id": 8, "kind": "visit", "owner": None, "at": ONE},
    {"id": 9, "kind": "visit", "owner": "Q", "at": TWO, "quantity": 0},
]
NORM = ("norm_lower_quartile", "norm_median", "norm_upper_quartile", "norm_mean", "norm_days", "norm_sellers")


def norm(found) -> list[object]:
    """Return the facts of the norm."""
    return [found.fact(name) for name in NORM]


def test_the_norm_by_hand() -> None:
    """Q1, T1: the best two of three winners, P with 3 and 1 visits on a day and Q with 2: quartiles of 1, 2, 3; mean 2.

    A day with no visit is none of the days; S has no won deal and sets no norm; a visit of nobody or without a date is
    left out and counted.
    """
    data = cc.Dataset(opportunity=DEALS, activity=VISITS)

    found = cc.analyse("visits_per_day_norm", data, best="0.4")

    assert norm(found) == [1.5, 2.0, 2.5, 2.0, 3, 2]
    assert found.rows() == [
        row("P", 300, "yes", 2, 4, 2.0, 2.0),
        row("Q", 200, "yes", 1, 2, 2.0, 2.0),
        row("R", 100, "no", 0, 0, None, None),
        row("S", 0, "no", 1, 7, 7.0, 7.0),
    ]
    assert (found.fact("undated"), found.fact("without_seller")) == (1, 1)
    assert "the best 40 %" in str(found)


def row(owner, value, sets, days, visits, mean, median) -> dict[str, object]:
    """Return a row of the listing."""
    names = ("owner", "won_value", "sets_norm", "days", "visits", "mean_per_day", "median_per_day")
    return dict(zip(names, (owner, float(value), sets, days, visits, mean, median), strict=True))


def test_at_least_one_sets_the_norm() -> None:
    """A fifth of three winners is one, P; of equal won values the first label leads."""
    data = cc.Dataset(opportunity=DEALS, activity=VISITS)
    level = [d | {"amount": 5} for d in DEALS]

    assert norm(cc.analyse("visits_per_day_norm", data))[-2:] == [2, 1]
    tied = cc.analyse("visits_per_day_norm", cc.Dataset(opportunity=level[::-1], activity=VISITS))
    assert [(r["owner"], r["sets_norm"]) for r in tied][:2] == [("P", "yes"), ("Q", "no")]


def test_other_kinds_of_activity() -> None:
    """The kind is a choice: 40 calls on one day."""
    found = cc.analyse("visits_per_day_norm", cc.Dataset(opportunity=DEALS, activity=VISITS), kind="call")

    assert norm(found) == [40.0, 40.0, 40.0, 40.0, 1, 1]
    assert "'call'" in str(found)


def test_days_are_local() -> None:
    """T1, E14: 15:30 and 16:30 UTC are one day in UTC and two in Shanghai."""
    visits = [{"id": h, "kind": "visit", "owner": "P", "at": datetime(2026, 3, 2, h, 30, tzinfo=UTC)} for h in (15, 16)]
    data = cc.Dataset(opportunity=DEALS, activity=visits)

    assert norm(cc.analyse("visits_per_day_norm", data))[3:5] == [2.0, 1]
    assert norm(cc.Workspace(timezone="Asia/Shanghai").analyse("visits_per_day_norm", data))[3:5] == [1.0, 2]


def test_the_condition_holds_for_deals_and_visits() -> None:
    """`where` keeps rows of both tables."""
    team = {"team": "北京"}
    data = cc.Dataset(
        opportunity=[*DEALS[:2], DEALS[2] | team], activity=[*VISITS, VISITS[4] | {"owner": "R", "id": 10} | team]
    )

    found = cc.analyse("visits_per_day_norm", data, where=cc.col("team") == "北京")

    assert [(r["owner"], r["visits"], r["sets_norm"]) for r in found] == [("R", 7, "yes")]


@given(
    st.lists(st.tuples(st.sampled_from(["P", "Q", "X", None]), st.integers(1, 5), st.integers(0, 3)), max_size=12),
    st.randoms(),
)
def test_visits_add_up_in_any_order(rows, random) -> None:
    """The visits of each seller are those of the metric `visits`, however the rows are shuffled."""
    visits = [
        {"id": i, "kind": "visit", "owner": o, "at": date(2026, 3, d), "quantity": q}
        for i, (o, d, q) in enumerate(rows)
    ]
    shuffled = [*visits]
    random.shuffle(shuffled)
    data = cc.Dataset(opportunity=DEALS, activity=visits)

    found = cc.analyse("visits_per_day_norm", data, best=1)

    measured = {r["owner"]: r["visits"] for r in cc.measure("visits", data, by="owner").rows() if r["visits"]}
    assert {r["owner"]: r["visits"] for r in found if r["visits"]} == {
        k: v for k, v in measured.items() if k is not None
    }
    assert (
        found.to_dict()
        == cc.analyse("visits_per_day_norm", cc.Dataset(opportunity=DEALS, activity=shuffled), best=1).to_dict()
    )


@given(st.lists(st.integers(0, 50), min_size=2, max_size=12))
def test_quartiles_are_those_of_type_7(values) -> None:
    """Q1: the standard library's inclusive quantiles of fractions, rounded once."""
    exact = quantiles([Fraction(v) for v in values], n=4, method="inclusive")

    assert quartiles(values) == tuple(float(q) for q in exact)


def test_nothing_and_no_visits() -> None:
    """R2: no deal and no visit, no norm; winners without visits set none; one value is each of its quartiles."""
    assert norm(cc.analyse("visits_per_day_norm", cc.Dataset(opportunity=[], activity=[]))) == [None] * 4 + [0, 0]
    assert norm(cc.analyse("visits_per_day_norm", cc.Dataset(opportunity=DEALS, activity=[]))) == [None] * 4 + [0, 1]
    assert quartiles([]) is None
    assert quartiles([3]) == (3.0, 3.0, 3.0)


def test_wrong_choices_are_refused() -> None:
    """An error says what would be right."""
    data = cc.Dataset(opportunity=DEALS, activity=VISITS)
    for best in (0, "20 %", 1.5):
        with pytest.raises(ArgumentError, match="best is a share"):
            cc.analyse("visits_per_day_norm", data, best=best)
    with pytest.raises(ArgumentError, match="kind is a kind of activity, such as 'visit', got ''"):
        cc.analyse("visits_per_day_norm", data, kind="")
    with pytest.raises(TableNotFound, match="'activity'"):
        cc.analyse("visits_per_day_norm", cc.Dataset(opportunity=DEALS))
