"""Quotients per row and roots of formulas: exact where they can be, undefined where they have no meaning."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

import crmcore as cc
from crmcore.algebra import col, each, root, square_root, total
from crmcore.errors import DefinitionError, UnitError
from crmcore.testing.reference import measure

START = date(2026, 1, 1)
ROWS = [
    {"id": 1, "account": "a", "start": START, "recurring": Decimal("100.00"), "term_months": 12},
    {"id": 2, "account": "a", "start": START, "recurring": Decimal("10.00"), "term_months": 1},
    {"id": 3, "account": "b", "start": START, "recurring": Decimal("100.00"), "term_months": 7},
    {"id": 4, "account": "b", "start": START, "recurring": Decimal("5.00"), "term_months": None},
    {"id": 5, "account": "b", "start": START, "recurring": None, "term_months": 3},
]
MONTHLY = cc.Metric("monthly", total(col("recurring") / col("term_months")), unit="money", table="subscription")


def of(metric, rows, **kwargs):
    """Return a metric's numbers, which are those of the reference."""
    result = cc.measure(metric, cc.Dataset(**rows), **kwargs)
    assert result.plain(metric.name) == [row[metric.name] for row in measure(metric, rows, **kwargs).rows]
    return result.plain(metric.name)


def test_a_quotient_per_row_is_exact_until_the_sum_is_rounded() -> None:
    """Q3, Q4: 100/12 + 10 + 100/7 is a fraction; rounded once. A blank side leaves the row out (M3)."""
    exact = Fraction(100, 12) + 10 + Fraction(100, 7)

    assert of(MONTHLY, {"subscription": ROWS}) == [float(exact)]
    assert of(MONTHLY, {"subscription": ROWS}, by="account") == [float(Fraction(100, 12) + 10), float(Fraction(100, 7))]


def test_divisors_with_a_large_common_multiple_stay_exact() -> None:
    """Q3: divisors 1 to 60 have a common multiple of 25 digits, beyond int64."""
    rows = [
        {"id": n, "account": "a", "start": START, "recurring": Decimal(n + 1), "term_months": n} for n in range(1, 61)
    ]

    assert of(MONTHLY, {"subscription": rows}) == [float(sum(Fraction(n + 1, n) for n in range(1, 61)))]


def test_a_divisor_of_zero_gives_no_value() -> None:
    """R2: a row with the divisor 0 has no quotient."""
    rows = [{"id": 1, "amount": 6, "reopened": 0}, {"id": 2, "amount": 6, "reopened": 4}]
    metric = cc.Metric("m", total(col("amount") / col("reopened")), unit="money")

    assert of(metric, {"opportunity": rows}) == [1.5]


@pytest.mark.parametrize(
    "expr",
    [
        col("amount") / col("amount"),
        col("amount") / col("probability"),
        col("amount") / Decimal("0.5"),
        col("score") / 2,
    ],
)
def test_only_whole_numbers_divide(expr) -> None:
    """Q3: a divisor that is no whole number, and a score above one, are refused: their quotients are not exact."""
    data = cc.Dataset(opportunity=[{"id": 1, "amount": 6, "probability": Decimal("0.5"), "score": 0.5}])

    with pytest.raises(UnitError, match="exact"):
        cc.measure(cc.Metric("m", total(expr), unit="money"), data)


def test_an_entity_s_quotient_is_exact_in_a_roll_up() -> None:
    """Two terms of one account: each account has its own exact monthly amount."""
    metric = cc.Metric(
        "least_monthly", cc.smallest(each("account", MONTHLY.formula)), unit="money", table="subscription"
    )

    assert of(metric, {"subscription": ROWS}) == [float(Fraction(100, 7))]


@pytest.mark.parametrize(("n", "expected"), [(1, 64.0), (2, 8.0), (3, 64 ** (1 / 3)), (6, 64 ** (1 / 6))])
def test_a_root_is_that_of_its_degree(n, expected) -> None:
    """The n-th root of 64; the first is the number itself."""
    metric = cc.Metric("m", root(total("quantity", table="activity"), n))

    assert of(metric, {"activity": [{"quantity": 60}, {"quantity": 4}]}) == [expected]


def test_a_root_of_a_negative_number_is_undefined() -> None:
    """R2: with its reason."""
    data = {"activity": [{"quantity": -8}]}
    metric = cc.Metric("m", root(total("quantity", table="activity"), 3))

    assert of(metric, data) == [None]
    assert cc.measure(metric, cc.Dataset(**data))["m"].reason(0) == "negative"


def test_a_root_is_taken_of_a_power_of_units() -> None:
    """The square root of money squared is money; of money alone there is none."""
    rows = {"opportunity": [{"id": 1, "amount": 9}]}
    square = total("amount") * total("amount")

    assert of(cc.Metric("m", square_root(square), unit="money"), rows) == [9.0]
    for measured in (lambda m: cc.measure(m, cc.Dataset(**rows)), lambda m: measure(m, rows)):
        with pytest.raises(UnitError, match="no root"):
            measured(cc.Metric("m", root(square, 3), unit="money"))


def test_a_root_has_a_degree() -> None:
    """A degree below 1, or a fraction, means nothing."""
    for n in (0, -1, Fraction(1, 2), True):
        with pytest.raises(DefinitionError, match=r"root\(\) takes a whole number"):
            root(total("amount"), n)


def test_a_root_reads_as_one() -> None:
    """As text, and filled with numbers."""
    metric = cc.Metric("m", root(total("quantity", table="activity"), 3))
    result = cc.measure(metric, cc.Dataset(activity=[{"quantity": 8}]))

    assert repr(metric.formula) == "root(total(quantity), 3)"
    assert "m = root(8, 3) = 2" in result.explain("m")
