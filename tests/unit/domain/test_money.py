"""Money is exact, of one currency, and shared out to the minor unit."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import Money, minor_units
from crmcore.errors import CurrencyError, DefinitionError, RangeError

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False)
weights = st.lists(
    st.integers(0, 10**6) | st.fractions(0, 100, max_denominator=997) | st.decimals(0, 1, places=4),
    min_size=1,
    max_size=12,
).filter(any)


def test_minor_units_follow_the_standard() -> None:
    """JPY has no decimals, KWD three, USD and CNY two; an unknown or missing currency two. Source: ISO 4217."""
    assert [minor_units(c) for c in ("USD", "CNY", "JPY", "KWD", "CLF", "ABC", None)] == [2, 2, 0, 3, 4, 2, 2]


@pytest.mark.parametrize(
    ("value", "rounded"), [("2.675", "2.68"), ("2.665", "2.66"), ("-2.675", "-2.68"), ("1.005", "1.00")]
)
def test_rounding_is_half_even_in_decimals(value: str, rounded: str) -> None:
    """M1: ties go to the even neighbour, on the decimal as written (a float would give 2.67 for 2.675)."""
    assert Money(value, "USD").quantize() == Money(rounded, "USD")
    assert Money(value, "USD").times(1) == Money(rounded, "USD")
    assert str(Money(value, "USD").quantize().amount) == rounded


def test_rounding_follows_the_currency_or_the_caller() -> None:
    """M1: the minor unit of the currency is the default, `digits` overrides it."""
    assert Money("1234.5", "JPY").quantize().amount == 1234
    assert Money("1.23456", "KWD").quantize().amount == Decimal("1.235")
    assert Money("1.23456", "USD").quantize(4).amount == Decimal("1.2346")


@pytest.mark.parametrize(
    ("amount", "factor", "digits", "product"),
    [
        ("100", Fraction(1, 3), None, "33.33"),
        ("0.05", Fraction(1, 2), None, "0.02"),  # 2.5 cents: the even neighbour
        ("0.15", Fraction(1, 2), None, "0.08"),  # 7.5 cents
        ("-0.05", Fraction(1, 2), None, "-0.02"),
        ("10", Decimal("0.12345"), 4, "1.2345"),
        ("19.99", 3, None, "59.97"),
    ],
)
def test_times_rounds_once(amount: str, factor: object, digits: int | None, product: str) -> None:
    """M1: a product with a fraction is rounded once, half-even, to the minor unit or the digits asked for."""
    assert Money(amount, "USD").times(factor, digits=digits) == Money(product, "USD")


def test_products_by_operator_are_exact() -> None:
    """M1: int and Decimal factors give the exact product, nothing is rounded."""
    assert (Money("0.10", "USD") * 3).amount == Decimal("0.30")
    assert (2 * Money("1.005", "USD")).amount == Decimal("2.010")
    assert (Money("1.001", "USD") * Decimal("0.001")).amount == Decimal("0.001001")


def test_sums_and_differences_are_exact() -> None:
    """M1: 0.1 + 0.2 is 0.3, and 28 digits are not the end."""
    assert Money("0.1") + Money("0.2") == Money("0.3")
    assert Money("0.30", "EUR") - Money("0.1", "EUR") == Money("0.2", "EUR")
    long = Money("123456789012345678901234567890.123456789012345678901234567891", "EUR")
    assert str((long - long + long).amount) == "123456789012345678901234567890.123456789012345678901234567891"
    assert -Money("2", "EUR") == Money("-2", "EUR")


@pytest.mark.parametrize("other", [Money(1, "EUR"), Money(1)])
def test_currencies_never_meet(other: Money) -> None:
    """M2: amounts of two currencies, or of one and none, are neither added nor ordered, and never equal."""
    usd = Money(1, "USD")
    with pytest.raises(CurrencyError, match="cannot be added to Money"):
        usd + other
    with pytest.raises(CurrencyError, match="cannot be subtracted from"):
        usd - other
    with pytest.raises(CurrencyError, match="cannot be compared with"):
        usd < other
    assert usd != other


def test_order_is_numeric_within_a_currency() -> None:
    """Amounts of one currency are ordered by number; 12.5 equals 12.50, with one hash."""
    assert Money("2", "USD") < Money("10", "USD") <= Money("10.0", "USD")
    assert Money("10", "USD") > Money("2", "USD") >= Money("2.00", "USD")
    assert {Money("12.5", "USD"), Money("12.50", "USD")} == {Money("12.5", "USD")}


@pytest.mark.parametrize("operation", [lambda m: m + 1, lambda m: m - 1, lambda m: m < 1, lambda m: m * m])
def test_bare_numbers_are_not_money(operation) -> None:
    """A number without a currency is neither added to nor compared with money, and money not multiplied by money."""
    with pytest.raises(TypeError):
        operation(Money(1, "USD"))


@pytest.mark.parametrize("value", [1.5, True, None, Fraction(1, 3)])
def test_floats_and_the_like_are_refused(value: object) -> None:
    """M1, Q3: an amount is a Decimal, an int or text; the message names the type and what would be right."""
    with pytest.raises(DefinitionError, match=rf"is a {type(value).__name__}; money is made of Decimal, int or text"):
        Money(value)


@pytest.mark.parametrize(
    ("value", "why"), [("12,50", "is not a decimal number"), ("NaN", "not finite"), ("Infinity", "not finite")]
)
def test_text_that_is_no_amount_is_refused(value: str, why: str) -> None:
    """An amount that is not a finite decimal number is refused with its repr."""
    with pytest.raises(DefinitionError, match=f"{value!r} is {why}" if "is" not in why else f"{value!r} {why}"):
        Money(value)


@pytest.mark.parametrize("value", ["1e31", "1e-31"])
def test_amounts_without_end_are_refused(value: str) -> None:
    """More digits than any column holds are an error of range, before they cost memory."""
    with pytest.raises(RangeError, match="more than 30 digits"):
        Money(value)


@pytest.mark.parametrize("currency", ["usd", "", "U SD", 1])
def test_currency_is_an_upper_case_code(currency: object) -> None:
    """A currency in another spelling would be a second currency, so it is refused."""
    with pytest.raises(DefinitionError, match="upper-case code such as 'USD'"):
        Money(1, currency)


@pytest.mark.parametrize("factor", [0.5, True])
def test_float_factors_are_refused(factor: object) -> None:
    """M1: a float factor is refused by the operator, by times and by allocate."""
    with pytest.raises(DefinitionError, match="exactly"):
        Money(1, "USD") * factor
    with pytest.raises(DefinitionError, match="must be an int, a Decimal or a Fraction"):
        Money(1, "USD").times(factor)
    with pytest.raises(DefinitionError, match="must be an int, a Decimal or a Fraction"):
        Money(1, "USD").allocate([factor])
    with pytest.raises(DefinitionError, match="not finite"):
        Money(1, "USD").times(Decimal("NaN"))


def test_text_shows_the_minor_unit_and_rounds_nothing_away() -> None:
    """str() fills up to the minor unit of the currency and keeps finer decimals; repr() reads back."""
    assert str(Money("12.5", "USD")) == "12.50 USD"
    assert str(Money("12.345", "USD")) == "12.345 USD"
    assert str(Money("1E+3", "JPY")) == "1000 JPY"
    assert str(Money("7.5")) == "7.5"
    assert repr(Money("1E+3", "JPY")) == "Money('1000', 'JPY')"
    assert repr(Money("7.50")) == "Money('7.50')"


def test_money_is_frozen_and_can_be_copied() -> None:
    """An amount cannot be changed; a copy and a pickled one are equal to it."""
    money = Money("7.50", "EUR")
    with pytest.raises(AttributeError):
        money.amount = Decimal(1)
    assert copy.deepcopy(money) == money == pickle.loads(pickle.dumps(money))


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        ("100.00", [1, 1, 1], ["33.34", "33.33", "33.33"]),
        ("0.05", [3, 7], ["0.02", "0.03"]),  # 1.5 and 3.5 cents: equal remainders, the first line wins
        ("-0.05", [3, 7], ["-0.02", "-0.03"]),
        ("100", [Fraction(1, 3), Fraction(2, 3)], ["33.33", "66.67"]),
        ("10", [Decimal("0.5"), 0, Decimal("0.5")], ["5.00", "0.00", "5.00"]),
        ("0", [1, 2], ["0", "0"]),
        ("0.001", [1, 1], ["0.001", "0.000"]),  # finer than a cent: shared out at its own decimals
    ],
)
def test_allocation_by_largest_remainder(amount: str, shares: list[object], parts: list[str]) -> None:
    """M6: parts are cut to the minor unit; what is left goes to the largest remainders. Source: Fowler, Money."""
    assert Money(amount, "USD").allocate(shares) == tuple(Money(p, "USD") for p in parts)


def test_allocation_knows_currencies_without_cents() -> None:
    """M6: yen are shared out in whole yen, dinars in thousandths."""
    assert [p.amount for p in Money(100, "JPY").allocate([1, 1, 1])] == [34, 33, 33]
    assert [str(p.amount) for p in Money(1, "KWD").allocate([1, 1, 1])] == ["0.334", "0.333", "0.333"]
    assert [p.amount for p in Money(100, "USD").allocate([1, 1, 1], digits=0)] == [34, 33, 33]


@pytest.mark.parametrize(
    ("shares", "digits", "why"),
    [
        ([], None, "weights are empty"),
        ([0, 0], None, "share out nothing"),
        ([2, -1], None, "share out nothing"),
        ([1], 1, "more than 1 decimals"),
    ],
)
def test_allocation_refuses_what_cannot_add_up(shares: list[int], digits: int | None, why: str) -> None:
    """M6: no weight, only zeros, a negative one, or decimals too coarse for the amount are refused."""
    with pytest.raises(DefinitionError, match=why):
        Money("0.25", "USD").allocate(shares, digits=digits)


@given(amounts, weights)
def test_parts_sum_to_the_amount_and_stay_near_their_share(amount: Decimal, shares: list[Fraction]) -> None:
    """M6, W3: the parts sum to the amount exactly, each less than one cent from its exact share, and nobody
    with weight zero gets anything."""
    parts = Money(amount, "EUR").allocate(shares)
    exact = [Fraction(s) * Fraction(amount) / sum(map(Fraction, shares)) for s in shares]

    assert sum(Fraction(p.amount) for p in parts) == Fraction(amount)
    assert all(abs(Fraction(p.amount) - e) < Fraction(1, 100) for p, e in zip(parts, exact, strict=True))
    assert all(p.amount == 0 for p, s in zip(parts, shares, strict=True) if s == 0)


@given(amounts, weights)
def test_a_credit_note_cancels_its_invoice(amount: Decimal, shares: list[Fraction]) -> None:
    """M6: a negative amount is shared like its positive twin, line by line."""
    plus, minus = Money(amount, "EUR").allocate(shares), Money(-amount, "EUR").allocate(shares)

    assert [p + m for p, m in zip(plus, minus, strict=True)] == [Money(0, "EUR")] * len(shares)


@given(amounts, amounts)
def test_sums_agree_with_fractions(a: Decimal, b: Decimal) -> None:
    """M1: sums and differences equal those of exact fractions."""
    assert Fraction((Money(a) + Money(b)).amount) == Fraction(a) + Fraction(b)
    assert Fraction((Money(a) - Money(b)).amount) == Fraction(a) - Fraction(b)


@given(amounts, st.fractions(-100, 100, max_denominator=999), st.integers(0, 6))
def test_rounding_agrees_with_fractions(amount: Decimal, factor: Fraction, digits: int) -> None:
    """M1: `times` is the exact product rounded by Python's own half-even rounding of fractions."""
    assert Fraction(Money(amount).times(factor, digits=digits).amount) == round(Fraction(amount) * factor, digits)
