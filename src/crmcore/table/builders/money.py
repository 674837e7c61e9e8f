"""Builder of amounts of money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ...domain import Money
from ...errors import CrmCoreError
from ..column import Column
from .build import Block
from .keys import KeyBuilder
from .numbers import NumberBuilder
from .spec import ColumnSpec

__all__ = ["MoneyBuilder", "money_of"]

_NO = type(None)


class MoneyBuilder(NumberBuilder):
    """Amounts, with the currencies that `Money` values bring along.

    Attributes:
        currencies: builder of the currency column, once a value named a currency.
    """

    least = 2
    beyond = finer = "amount beyond the scale"
    inexact = "float amount"
    fractions = False

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self.currencies: KeyBuilder | None = None

    def add_amounts(self, amounts: Block, codes: Sequence[str | None]) -> None:
        """Take a typed block of amounts with the currency of each: the same as `Money` values, without making any."""
        self._currency(list(codes))
        self.add_block(amounts)

    def _objects(self, values: Sequence[Any]) -> None:
        kinds = set(map(type, values))
        if Money in kinds:
            if kinds <= {Money, _NO}:
                self._currency([None if v is None else v.currency for v in values])
                values = [None if v is None else v.amount for v in values]
                kinds = {Decimal, _NO} if _NO in kinds else {Decimal}
            else:
                self._currency([v.currency if isinstance(v, Money) else None for v in values])
                values = [v.amount if isinstance(v, Money) else v for v in values]
                kinds = set(map(type, values))
        self._typed(values, kinds)

    def _currency(self, codes: list[str | None]) -> None:
        if self.currencies is None:
            if codes.count(None) == len(codes):
                return
            self.currencies = KeyBuilder(ColumnSpec(f"{self.spec.name} currency", "key"))
        self.currencies.add_blank(self.length - self.currencies.length)
        self.currencies.add(codes)

    def finish(self) -> Column:
        column = super().finish()
        currency: str | Column | None = self.spec.currency
        if self.currencies is not None:
            self.currencies.add_blank(self.length - self.currencies.length)
            codes = self.currencies.finish()
            there = codes.data[column.present()]
            one = len(codes.labels) == 2 and (there != 0).all()
            currency = codes.labels[1] if one else codes
        return column.replace(currency=currency)


def money_of(text: str) -> Money | str:
    """Return an amount with its currency, as in "12.50 EUR"; the text where it is none, for the builder to refuse."""
    amount, _, currency = text.partition(" ")
    try:
        return Money(amount, currency.strip() or None)
    except CrmCoreError:
        return text
