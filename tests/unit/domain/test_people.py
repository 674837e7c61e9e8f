"""Membership holds in time, and the shares of a deal sum to one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import Membership, Money, Split, check_splits, split_amount, team_on
from crmcore.errors import DefinitionError


def split(seller: str, share: object, opportunity: str = "7", kind: str = "revenue") -> Split:
    """Return one line of a split."""
    return Split(opportunity=opportunity, seller=seller, share=share, kind=kind)


MOVES = [
    Membership(seller="anna", team="north", end=date(2026, 4, 1)),
    Membership(seller="anna", team="south", start=date(2026, 4, 1)),
    Membership(seller="ben", team="north", start=date(2026, 1, 1), end=date(2026, 2, 1)),
]


@pytest.mark.parametrize(
    ("seller", "day", "team"),
    [
        ("anna", date(2020, 1, 1), "north"),
        ("anna", date(2026, 3, 31), "north"),
        ("anna", date(2026, 4, 1), "south"),
        ("ben", date(2025, 12, 31), None),
        ("ben", date(2026, 1, 31), "north"),
        ("ben", date(2026, 2, 1), None),
        ("cleo", date(2026, 1, 1), None),
    ],
)
def test_membership_holds_in_time(seller: str, day: date, team: str | None) -> None:
    """M7: the team is that of the day; the end is the first day outside."""
    assert team_on(MOVES, seller, day) == team


def test_two_teams_on_one_day_are_refused() -> None:
    """M7: a seller in two teams at once has no team; the message names both."""
    with pytest.raises(DefinitionError, match="several teams on 2026-05-01: 'south', 'west'"):
        team_on([*MOVES, Membership(seller="anna", team="west")], "anna", date(2026, 5, 1))


def test_thirds_sum_to_one() -> None:
    """M6: three thirds as fractions sum to one exactly; 0.33 three times does not, and the message says the sum."""
    check_splits([split(s, Fraction(1, 3)) for s in "abc"])
    with pytest.raises(DefinitionError, match="opportunity '7' sum to 99/100, not to 1"):
        check_splits([split(s, Decimal("0.33")) for s in "abc"])


def test_each_opportunity_sums_for_itself_and_overlays_stand_apart() -> None:
    """M6: sums are per opportunity; an overlay of any size does not enter."""
    check_splits([split("a", 1), split("b", Decimal("0.5"), "8"), split("c", Decimal("0.5"), "8")])
    check_splits([split("a", 1), split("b", 2, kind="overlay")])
    with pytest.raises(DefinitionError, match="'8' sum to 1/2"):
        check_splits([split("a", 1), split("b", Decimal("0.5"), "8")])


def test_a_seller_has_one_share() -> None:
    """M6: two revenue lines of one seller in one deal are refused; a negative share too."""
    with pytest.raises(DefinitionError, match="two revenue splits of seller 'a'"):
        check_splits([split("a", Decimal("0.5")), split("a", Decimal("0.5"))])
    with pytest.raises(DefinitionError, match="share -1 is negative"):
        split("a", -1)


def test_an_amount_is_split_to_the_cent() -> None:
    """M6: 100.00 in thirds is 33.34, 33.33, 33.33, the odd cent with the first id, whatever the order of the lines."""
    lines = [split(s, Fraction(1, 3)) for s in ("cleo", "anna", "ben")] + [split("dan", 1, kind="overlay")]

    assert split_amount(Money("100", "USD"), lines) == {
        "anna": Money("33.34", "USD"),
        "ben": Money("33.33", "USD"),
        "cleo": Money("33.33", "USD"),
    }
    assert split_amount(Money("100", "USD"), lines[::-1]) == split_amount(Money("100", "USD"), lines)


def test_an_amount_is_split_within_one_opportunity() -> None:
    """M6: lines of two opportunities, or none, split nothing."""
    with pytest.raises(DefinitionError, match="sellers of one opportunity"):
        split_amount(Money(1), [split("a", 1), split("b", 1, "8")])
    with pytest.raises(DefinitionError, match="sellers of one opportunity"):
        split_amount(Money(1), [])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(-(10**9), 10**9))
def test_credits_sum_to_the_amount(parts: list[int], cents: int) -> None:
    """M6: whatever the shares, the credits sum to the amount exactly."""
    lines = [split(f"s{i}", Fraction(p, sum(parts))) for i, p in enumerate(parts)]
    amount = Money(Decimal(cents).scaleb(-2), "EUR")

    assert sum((m.amount for m in split_amount(amount, lines).values()), Decimal(0)) == amount.amount
