"""What an attribution gives: shares, money to the last unit, and a listing that says what was left out."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.analysis import attribution as at
from crmcore.domain import Money
from crmcore.errors import ArgumentError
from crmcore.table.column import Column


def money(cents: list[int], currency: str | None = None, scale: int = 100) -> Column:
    """Return a column of amounts."""
    return Column("money", np.array(cents, np.int64), scale=scale, currency=currency)


def amounts(found: at.Attribution, digits: int | None = None) -> dict[object, str]:
    """Return what is allocated, as text."""
    return {channel: str(m) for channel, m in found.allocated(digits).items()}


def test_cents_left_over_go_to_the_largest_remainders_ties_by_label() -> None:
    """W3, M6: 100.00 over three touches is 33.34 for the first label and 33.33 for the others."""
    journeys = at.from_paths(["c > a > b"], [1], value=money([10_000], "EUR"))

    assert amounts(at.linear(journeys)) == {"a": "33.34 EUR", "b": "33.33 EUR", "c": "33.33 EUR"}
    # 10.01 at 2/3 and 1/3: 6.673... and 3.336...; the larger remainder is the second one's
    journeys = at.from_paths(["a > a > b"], [1], value=money([1_001]))
    assert amounts(at.linear(journeys)) == {"a": "6.67", "b": "3.34"}


def test_minor_units_are_those_of_the_currency() -> None:
    """M1: yen have no decimals, dinars three; amounts that are finer keep their own."""
    for currency, value, expected in (
        ("JPY", money([100], "JPY", 1), ["34 JPY", "33 JPY", "33 JPY"]),
        ("KWD", money([100], "KWD", 1), ["33.334 KWD", "33.333 KWD", "33.333 KWD"]),
        (None, money([100_0001], None, 10_000), ["33.3334", "33.3334", "33.3333"]),
    ):
        found = at.linear(at.from_paths(["a > b > c"], [1], value=value))
        assert list(amounts(found).values()) == expected, currency


def test_fewer_digits_round_the_whole_once() -> None:
    """M1: 10.005 is 10.00 to the cent, half to even, and the parts add up to that."""
    found = at.linear(at.from_paths(["a > b > c"], [1], value=money([10_005], None, 1_000)))

    assert amounts(found, 2) == {"a": "3.34", "b": "3.33", "c": "3.33"}
    assert amounts(found) == {"a": "3.335", "b": "3.335", "c": "3.335"}
    assert amounts(found, 0) == {"a": "4", "b": "3", "c": "3"}


def test_a_negative_whole_is_shared_like_its_positive_twin() -> None:
    """M3, M6: a refund cancels what was credited, channel by channel."""
    paths = ["a > b > c", "c"]
    plus = at.linear(at.from_paths(paths, [1, 1], value=money([10_000, 55]))).allocated()
    minus = at.linear(at.from_paths(paths, [1, 1], value=money([-10_000, -55]))).allocated()

    assert {channel: -m for channel, m in plus.items()} == minus


def test_credits_of_both_signs_add_up_too() -> None:
    """W3: a refund over one channel and a sale over others; a part may be negative, the sum is the whole."""
    journeys = at.from_paths(["a > b > c", "c"], [1, 1], value=money([100, -100]))
    found = at.linear(journeys).allocated()

    assert {c: m.amount for c, m in found.items()} == {
        "a": Decimal("0.34"),
        "b": Decimal("0.33"),
        "c": Decimal("-0.67"),
    }
    assert sum(m.amount for m in found.values()) == 0


@given(
    rows=st.lists(
        st.tuples(st.lists(st.sampled_from("abcde"), min_size=1, max_size=5), st.integers(0, 10**9)),
        min_size=1,
        max_size=6,
    ),
    currency=st.sampled_from([None, "EUR", "KWD"]),
)
def test_allocation_is_that_of_money(rows, currency) -> None:
    """W3: for amounts of one sign the parts equal `Money.allocate` of the total by the exact credits."""
    journeys = at.from_paths([p for p, _ in rows], [1] * len(rows), value=money([v for _, v in rows], currency))
    found = at.position_based(journeys)
    total = Money(Decimal(sum(v for _, v in rows)).scaleb(-2), currency)

    if total.amount:
        assert tuple(found.allocated().values()) == total.allocate(found.exact_value)
    else:
        assert {m.amount for m in found.allocated().values()} == {0}


@given(
    first=st.lists(st.tuples(st.lists(st.sampled_from("ab展"), min_size=1), st.integers(0, 3)), max_size=4),
    second=st.lists(st.tuples(st.lists(st.sampled_from("abc"), min_size=1), st.integers(0, 3)), max_size=4),
)
def test_credits_of_two_sets_add_up_to_those_of_both(first, second) -> None:
    """Q3: credit is a sum over journeys, so credits of parts of the data merge exactly."""

    def credit(rows):
        found = at.linear(at.from_paths([p for p, _ in rows], [n for _, n in rows]))
        return dict(zip(found.channels, found.exact, strict=True))

    one, two = credit(first), credit(second)
    assert credit(first + second) == {c: one.get(c, 0) + two.get(c, 0) for c in one.keys() | two.keys()}


def test_shares_and_what_is_undefined() -> None:
    """R2: shares divide the exact credits once; of nothing there is no share."""
    found = at.linear(at.from_paths(["a > b > b", "a"], [3, 0], value=money([0, 0])))

    assert found.conversion_share.tolist() == [1 / 3, 2 / 3]
    assert np.isnan(found.value_share).all()
    assert found.exact == (Fraction(1), Fraction(2))
    none = at.linear(at.from_paths(["a"], [0]))
    assert np.isnan(none.conversion_share).all()
    assert (none.value, none.value_share) == (None, None)


@pytest.mark.parametrize(
    ("value", "digits", "message"),
    [
        (None, None, "no money to allocate by linear: the journeys were given no value"),
        (money([1]), -1, "digits is a whole number, at least 0, got -1"),
        (money([1]), 2.0, "digits is a whole number, at least 0, got 2.0"),
        (money([1]), True, "got True"),
    ],
)
def test_allocating_what_cannot_be(value, digits, message) -> None:
    """Without amounts there is no money; digits are a whole number."""
    found = at.linear(at.from_paths(["a"], [1], value=value))

    with pytest.raises(ArgumentError, match=message):
        found.allocated(digits)


def test_listing_has_credits_shares_and_money() -> None:
    """Rows by label; float credits beside the money that adds up; facts say what nobody is credited for (M3)."""
    journeys = at.from_paths(
        ["b > a > 展会", "", "b"], [1, 2, 1], nulls=[0, 0, 7], value=money([10_000, 500, 1], "CNY")
    )
    listing = at.linear(journeys).listing()

    assert listing.names == ("channel", "conversions", "conversion_share", "value", "value_share", "allocated")
    assert listing["channel"].tolist() == ["a", "b", "展会"]
    assert listing["conversions"].tolist() == [1 / 3, 4 / 3, 1 / 3]
    assert listing["value"].tolist() == [100 / 3, float(Fraction(10_003, 300)), 100 / 3]
    assert listing["allocated"].tolist() == [33.34, 33.34, 33.33]
    facts = {f.name: f.value for f in listing.facts}
    assert facts == {
        "conversions": 2,
        "value": 100.01,
        "currency": "CNY",
        "journeys_without_conversion": 7,
        "conversions_without_touch": 2,
        "value_without_touch": 5.0,
        "conversions_without_amount": 0,
    }
    assert json.loads(listing.to_json())["facts"] == facts


def test_listing_without_amounts_speaks_of_conversions_alone() -> None:
    """No value, no money columns; in Chinese all headings and facts are Chinese."""
    found = at.markov(at.from_paths(["a > b"], [1]))
    listing = found.listing("zh")

    assert listing.names == ("channel", "conversions", "conversion_share", "removal_effect")
    assert str(listing).splitlines()[0].split() == ["渠道", "转化", "转化占比", "移除效应"]
    assert "按移除效应分配" in str(listing)
    assert all(set(h.labels) == {"en", "zh"} for h in listing.headings)
    assert all(set(f.labels) == {"en", "zh"} for f in listing.facts)


def test_what_is_printed() -> None:
    """Journeys and attributions say in one line what they are."""
    journeys = at.from_paths(["a > b"], [1_000], nulls=[5])

    assert repr(journeys) == "Journeys(1; 2 touches of 2 channels, 1,000 conversions, 5 without)"
    assert repr(at.linear(journeys)) == "Attribution(linear; 2 channels, 1,000 conversions)"
