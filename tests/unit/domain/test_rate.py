"""The rate in force on a day, and conversion without rounding."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crmcore.domain import Money, Rate, rate_on
from crmcore.errors import CurrencyError, DefinitionError


def rate(value: object, day: date, source: str = "EUR", to: str = "USD") -> Rate:
    """Return a rate from EUR to USD."""
    return Rate(from_currency=source, to_currency=to, valid_from=day, rate=value)


RATES = [
    rate(Decimal("1.42"), date(2026, 2, 1)),
    rate(Decimal("1.39"), date(2026, 1, 1)),
    rate(Decimal(9), date(2026, 1, 1), to="CNY"),
    rate(Decimal(8), date(2026, 1, 1), source="GBP"),
]


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2025, 12, 31), None),
        (date(2026, 1, 1), "1.39"),
        (date(2026, 1, 31), "1.39"),
        (date(2026, 2, 1), "1.42"),
        (date(2030, 1, 1), "1.42"),
    ],
)
def test_the_first_day_belongs_to_the_new_rate(day: date, value: str | None) -> None:
    """M2: 1.39 holds until 31 January, 1.42 from 1 February; before the first rate there is none."""
    found = rate_on(RATES, "EUR", "USD", day)

    assert (None if found is None else str(found.rate)) == value


def test_conversion_is_exact() -> None:
    """M1, M2: 12.34 EUR at 1.421 are 17.53514 USD, unrounded; another currency is refused."""
    assert rate(Decimal("1.421"), date(2026, 1, 1)).convert(Money("12.34", "EUR")) == Money("17.53514", "USD")
    with pytest.raises(CurrencyError, match="it is not in EUR"):
        RATES[0].convert(Money(1, "USD"))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Decimal(0), "not above 0"),
        (Decimal(-1), "not above 0"),
        (Fraction(1, 3), "not a Decimal"),
        (1.42, "an int, a Decimal"),
    ],
)
def test_a_rate_is_a_positive_decimal(value: object, why: str) -> None:
    """M2: zero, negative and inexact rates are refused."""
    with pytest.raises(DefinitionError, match=why):
        rate(value, date(2026, 1, 1))


def test_a_currency_needs_no_rate_to_itself() -> None:
    """M2: a rate from a currency to itself is refused."""
    with pytest.raises(DefinitionError, match="needs no rate"):
        rate(Decimal(1), date(2026, 1, 1), to="EUR")
