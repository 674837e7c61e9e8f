"""Rate: what one currency is worth in another, from a day on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import attrs

from ..errors import CurrencyError
from . import fields as column
from .fields import spec
from .money import Money
from .record import Id, Record, refuse

__all__ = ["Rate", "rate_on"]


@attrs.frozen(eq=False, repr=False)
class Rate(Record):
    """One unit of `from_currency` is worth `rate` units of `to_currency` from `valid_from` on.

    Args:
        valid_from: first day of the rate, which is already its own; it holds until the next one begins.
        rate: exact and above zero.

    Rules: M2
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    from_currency: str = attrs.field(kw_only=True, metadata=spec("key"))
    to_currency: str = attrs.field(kw_only=True, metadata=spec("key"))
    valid_from: date = attrs.field(kw_only=True, metadata=spec("day"))
    rate: Decimal = attrs.field(kw_only=True, metadata=spec("number"))
    source: str | None = column.key()

    def _check(self) -> None:
        if not isinstance(self.rate, Decimal):
            refuse(self, "rate", "is not a Decimal; a rate is the decimal number that was published")
        if self.rate <= 0:
            refuse(self, "rate", "is not above 0")
        if self.from_currency == self.to_currency:
            refuse(self, "to_currency", "is the same as from_currency; that needs no rate")

    def convert(self, money: Money) -> Money:
        """Return the amount in the other currency, not rounded (M1: rounding is for presentation).

        Raises:
            CurrencyError: an amount in another currency than `from_currency`.
        """
        if money.currency != self.from_currency:
            raise CurrencyError(f"{money!r} cannot be converted at {self!r}: it is not in {self.from_currency}")
        return Money((money * self.rate).amount, self.to_currency)


def rate_on(rates: Iterable[Rate], from_currency: str, to_currency: str, day: date) -> Rate | None:
    """Return the rate in force on a day, or None where there is none: counted, not priced.

    Rules: M2
    """
    held = [
        r for r in rates if r.from_currency == from_currency and r.to_currency == to_currency and r.valid_from <= day
    ]
    return max(held, key=lambda r: r.valid_from, default=None)
