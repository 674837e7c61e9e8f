"""Best in class: four changes over the year before, their ranks, the composite and its tiers."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.analysis.best import average_ranks, best_in_class, composite_rank
from crmcore.errors import ArgumentError, TableNotFound

SCORES = st.lists(st.integers(0, 4), max_size=9)

# won value, days of the cycle, deals lost, hours of administration of eight - in 2022 and in 2023
YEARS = {
    "A": ((50, 20, 1, 4), (100, 10, 0, 2)),  # attainment 1/2 -> 1, cycle 20 -> 10, win rate 1/2 -> 1, admin 1/2 -> 1/4
    "B": ((100, 10, 0, 4), (100, 10, 0, 4)),  # nothing changes
    "C": ((100, 10, 1, 2), (50, 20, 1, 4)),  # 1 -> 1/2, 10 -> 20, 1/2 -> 1/2, 1/4 -> 1/2
    "D": ((10, 40, 3, None), (100, 1, 0, 0)),  # better than all of them, but its time was not recorded in 2022
}
AS_OF = date(2023, 12, 31)


def records(years=YEARS):
    """Return the deals, activities and quotas of sellers, each a team of its own."""
    deals, work, quotas = [], [], []
    for who, both in years.items():
        own = {"owner": who, "team": f"team {who}"}
        for year, (won, days, lost, admin) in zip((2022, 2023), both, strict=True):
            close = {"created_at": date(year, 3, 1), "closed_at": date.fromordinal(date(year, 3, 1).toordinal() + days)}
            deals.append({"id": f"{who}{year}", "outcome": "won", "amount": won} | own | close)
            deals += [{"id": f"{who}{year}-{i}", "outcome": "lost", "amount": 1} | own | close for i in range(lost)]
            if admin is not None:
                hours = {"administration": admin, "meeting": 8 - admin}
                work += [
                    {"kind": k, "at": date(year, 5, 1), "duration": timedelta(hours=h)} | own for k, h in hours.items()
                ]
            for scope, of in (("seller", {"owner": who}), ("team", {"team": f"team {who}"})):
                span = {"start": date(year, 1, 1), "end": date(year + 1, 1, 1)}
                quotas.append({"kind": "quota", "scope": scope, "metric": "won_value", "amount": 100} | of | span)
    return deals, work, quotas


def dataset(years=YEARS) -> cc.Dataset:
    """Return them as a dataset."""
    deals, work, quotas = records(years)
    return cc.Dataset(opportunity=deals, activity=work, target=quotas)


def test_four_sellers_by_hand() -> None:
    """C01, C02, T6: 2023 against 2022; B and C tie in the win rate, ranks (2 + 3) / 2; who lacks a change is not ranked.

    A ranks 1, 1, 1, 1; B 2, 2, 2.5, 2: 17/8; C 3, 3, 2.5, 3: 23/8. Of three, one is best in class and two are average.
    """
    found = cc.analyse("best_in_class", dataset(), as_of=AS_OF)

    assert list(found["owner"]) == ["A", "B", "C", "D"]
    assert found.plain("rank") == [1, 2, 3, None]
    assert found.plain("composite_rank") == [1.0, float(Fraction(17, 8)), float(Fraction(23, 8)), None]
    assert found.plain("attainment_change") == [1.0, 0.0, -0.5, pytest.approx(9, rel=1e-14)]
    assert found.plain("cycle_change") == [-0.5, 0.0, 1.0, pytest.approx(-39 / 40, rel=1e-14)]
    assert found.plain("win_rate_change") == [1.0, 0.0, 0.0, 3.0]
    assert found.plain("admin_time_change") == [-0.5, 0.0, 1.0, None]
    assert list(found["tier"]) == ["best_in_class", "average", "average", None]
    assert list(found["lacks"]) == ["", "", "", "admin_time: denominator is zero"]
    assert [found.fact(n) for n in ("best_in_class", "average", "laggard", "unranked")] == [1, 2, 0, 1]


def test_teams_have_quotas_of_their_own() -> None:
    """M8: by team the quotas of teams are taken; here each seller is one, and the ranks are the same."""
    found = cc.analyse("best_in_class", dataset(), as_of=AS_OF, by="team", cuts=("0.5", "0.25"))

    assert list(found["team"]) == ["team A", "team B", "team C", "team D"]
    assert found.plain("composite_rank") == [1.0, 17 / 8, 23 / 8, None]
    assert list(found["tier"]) == ["best_in_class", "best_in_class", "average", None]  # ceil(3 / 2), ceil(9 / 4)


def test_the_days_are_those_up_to_as_of() -> None:
    """T6, T8: looked from the end of 2022 the year before has nothing, so nobody has a change."""
    found = cc.analyse("best_in_class", dataset(), as_of=date(2022, 12, 31))

    assert found.plain("rank") == [None] * 4
    assert list(found["owner"]) == ["A", "B", "C", "D"]
    assert found.fact("unranked") == 4
    assert found["lacks"][0].startswith("attainment: denominator is zero; cycle: nothing to measure")


@given(st.randoms())
def test_the_order_of_rows_does_not_matter(random) -> None:
    """Shuffled records give the same listing."""
    years = list(YEARS.items())
    random.shuffle(years)

    assert (
        cc.analyse("best_in_class", dataset(dict(years)), as_of=AS_OF).rows()
        == cc.analyse("best_in_class", dataset(), as_of=AS_OF).rows()
    )


def test_a_leap_day_makes_no_year_longer() -> None:
    """T5, T6: 365 days up to 31 December 2024 begin on 2 January, and so do not see a deal of New Year's Day."""
    deals, work, quotas = records({"A": ((50, 20, 1, 4), (100, 10, 0, 2))})
    later = timedelta(days=366 + 365)  # 2022 and 2023 become 2024 and 2025, a day and a leap day apart
    shifted = [
        [r | {k: v + later for k, v in r.items() if isinstance(v, date)} for r in t] for t in (deals, work, quotas)
    ]
    names = ("opportunity", "activity", "target")
    early = {
        "id": "x",
        "owner": "A",
        "outcome": "won",
        "amount": 7,
        "created_at": date(2024, 1, 1),
        "closed_at": date(2024, 1, 1),
    }
    plain = cc.Dataset(**dict(zip(names, shifted, strict=True)))
    seen = cc.Dataset(**dict(zip(names, [[*shifted[0], early], *shifted[1:]], strict=True)))

    first, second = (cc.analyse("best_in_class", d, as_of=date(2025, 12, 31)).rows() for d in (plain, seen))

    assert first == second


def test_ties_of_the_composite_go_by_label() -> None:
    """Two sellers alike in everything share no rank: the label decides."""
    found = cc.analyse("best_in_class", dataset({"乙": YEARS["B"], "b": YEARS["B"], "甲": YEARS["B"]}), as_of=AS_OF)

    assert list(found["owner"]) == ["b", "乙", "甲"]
    assert found.plain("composite_rank") == [2.0, 2.0, 2.0]
    assert list(found["tier"]) == ["best_in_class", "average", "average"]


@given(SCORES)
def test_ranks_sum_to_those_of_any_order(scores) -> None:
    """Ties averaged: the sum is n (n + 1) / 2, equal scores have equal ranks, and a better one has a smaller rank."""
    ranks = average_ranks(scores)

    assert ranks.sum() == len(scores) * (len(scores) + 1) / 2
    for a, x in zip(scores, ranks.tolist(), strict=True):
        above = sum(b > a for b in scores)
        alike = sum(b == a for b in scores)
        assert x == above + (alike + 1) / 2
    assert (average_ranks([-s for s in scores], "lower") == ranks).all()


def test_composite_of_arrays_by_hand() -> None:
    """Among who has both measures: 3 before 1, and the shorter before the longer; who lacks one is out of both."""
    found = composite_rank([[3, 1, 9, 2], [10, 20, nan, 20]], ["higher", "lower"])

    assert np.array_equal(found, [1.0, (3 + 2.5) / 2, nan, (2 + 2.5) / 2], equal_nan=True)


def test_empty_and_one() -> None:
    """R2: nothing dated, no row; one seller is the best of one."""
    empty = cc.Dataset(opportunity=[], activity=[], target=[])

    assert cc.analyse("best_in_class", empty).rows() == []
    assert cc.analyse("best_in_class", empty, as_of=AS_OF).rows() == []
    (row,) = cc.analyse("best_in_class", dataset({"A": YEARS["A"]}), as_of=AS_OF).rows()
    assert (row["rank"], row["tier"], row["composite_rank"]) == (1, "best_in_class", 1.0)


def test_wrong_choices_are_refused() -> None:
    """An error says what would be right; a table that a measure needs is named."""
    with pytest.raises(ArgumentError, match="by is 'owner' or 'team', who have quotas of their own, got 'region'"):
        cc.analyse("best_in_class", dataset(), by="region")
    with pytest.raises(ArgumentError, match="cuts sum to at most 1"):
        cc.analyse("best_in_class", dataset(), cuts=(1, 1))
    with pytest.raises(ArgumentError, match="1 of 2 are undefined"):
        average_ranks([1, nan])
    with pytest.raises(ArgumentError, match="better is 'higher' or 'lower', got 'up'"):
        composite_rank([[1, 2]], ["up"])
    with pytest.raises(ArgumentError, match=r"one length with a direction each, got lengths \[2, 1\]"):
        composite_rank([[1, 2], [1]], ["higher", "lower"])
    with pytest.raises(TableNotFound, match="'target'"):
        best_in_class(cc.Workspace().view(cc.Dataset(opportunity=records()[0], activity=[]), as_of=AS_OF))
