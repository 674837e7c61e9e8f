"""Money: a decimal amount with its currency; no float ever enters."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, Overflow
from functools import total_ordering
from math import lcm
from numbers import Rational
from typing import Any

import attrs

from ..errors import CurrencyError, DefinitionError, RangeError

__all__ = ["Money", "minor_units"]

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_UNITS = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}

_LIMIT = 30
"""Digits before and after the point; far more than an int64 column holds at any scale."""
# Sums and products are exact or an error: nothing is rounded behind the caller's back (M1, Q3).
_EXACT = Context(prec=8 * _LIMIT, traps=[Inexact, InvalidOperation, Overflow])


def minor_units(currency: str | None) -> int:
    """Return how many decimals the minor unit of a currency has: JPY 0, KWD 3, 2 where nothing else is known.

    Source:
        ISO 4217.
    """
    return _MINOR_UNITS.get(currency or "", 2)


def _amount(value: Decimal | int | str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise DefinitionError(
            f"amount {value!r} is a {type(value).__name__}; money is made of Decimal, int or text, e.g. Decimal('12.50')",
            value=value,
        )
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise DefinitionError(f"amount {value!r} is not a decimal number such as '12.50'", value=value) from None
    if not amount.is_finite():
        raise DefinitionError(f"amount {value!r} is not finite; no amount is None, never NaN", value=value)
    if amount and (amount.adjusted() > _LIMIT or _decimals(amount) > _LIMIT):
        raise RangeError(f"amount {value!r} has more than {_LIMIT} digits on one side of the point", value=value)
    return amount


def _decimals(amount: Decimal) -> int:
    return max(0, -int(amount.as_tuple().exponent))


def _ratio(value: object, what: str) -> tuple[int, int]:
    """Return a number as numerator and denominator; a float is refused, since it is not the number one wrote."""
    if isinstance(value, Decimal) and not value.is_finite():
        raise DefinitionError(f"{what} {value!r} is not finite", value=value)
    if isinstance(value, Decimal | Rational) and not isinstance(value, bool):
        numerator, denominator = value.as_integer_ratio() if isinstance(value, Decimal) else _terms(value)
        return numerator, denominator
    raise DefinitionError(
        f"{what} {value!r} is a {type(value).__name__}; it must be an int, a Decimal or a Fraction", value=value
    )


def _terms(value: Rational) -> tuple[int, int]:
    return int(value.numerator), int(value.denominator)


def _half_even(numerator: int, denominator: int) -> int:
    """Return numerator / denominator as the nearest integer, ties to even (denominator > 0)."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


@total_ordering
@attrs.frozen(repr=False)
class Money:
    """An amount in one currency, or in none when none is declared.

    Equality is numeric (12.5 equals 12.50); amounts of two currencies are never equal, and neither added nor ordered.

    Args:
        amount: Decimal, int or decimal text, in major units.
        currency: upper-case code such as "USD", or None; no currency never meets another (M2).

    Raises:
        DefinitionError: a float, NaN, or a currency that is not an upper-case code.
        RangeError: more digits than any column could hold.

    Rules: M1, M2, M6
    """

    amount: Decimal = attrs.field(converter=_amount)
    currency: str | None = None

    def __attrs_post_init__(self) -> None:
        code: Any = self.currency
        if code is None:
            return
        if not isinstance(code, str) or not code or code != "".join(code.split()).upper():
            raise DefinitionError(f"currency {code!r} is not an upper-case code such as 'USD'", value=code)

    def __repr__(self) -> str:
        currency = "" if self.currency is None else f", {self.currency!r}"
        return f"Money('{self.amount:f}'{currency})"

    def __str__(self) -> str:
        """Show the amount with at least the decimals of its minor unit; nothing is rounded away."""
        digits = max(minor_units(self.currency), _decimals(self.amount)) if self.currency else _decimals(self.amount)
        shown = f"{self.amount:.{digits}f}"
        return f"{shown} {self.currency}" if self.currency else shown

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        self._meet(other, "added to")
        return Money(_EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        self._meet(other, "subtracted from")
        return Money(_EXACT.subtract(self.amount, other.amount), self.currency)

    def __neg__(self) -> Money:
        return Money(_EXACT.minus(self.amount), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        """Return the exact product; a Fraction has none in decimals, so `times` rounds it."""
        if isinstance(factor, Money):
            return NotImplemented
        if isinstance(factor, bool) or not isinstance(factor, int | Decimal):
            raise DefinitionError(
                f"money cannot be multiplied by {factor!r} exactly; use an int or a Decimal, or times(factor)",
                value=factor,
            )
        _ratio(factor, "factor")
        return Money(_EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        self._meet(other, "compared with")
        return self.amount < other.amount

    def _meet(self, other: Money, verb: str) -> None:
        if self.currency != other.currency:
            raise CurrencyError(
                f"{other!r} cannot be {verb} {self!r}: convert one of them at a rate first",
                currencies=(self.currency, other.currency),
            )

    def times(self, factor: Any, *, digits: int | None = None) -> Money:
        """Return the amount times an int, Decimal or Fraction, rounded once, half-even.

        Args:
            factor: an exact number; a float is refused.
            digits: decimals of the result; the currency's minor unit by default.

        Rules: M1
        """
        digits = minor_units(self.currency) if digits is None else digits
        top, bottom = _ratio(factor, "factor")
        over, under = self.amount.as_integer_ratio()
        return Money(
            Decimal(_half_even(over * top * 10**digits, under * bottom)).scaleb(-digits, _EXACT), self.currency
        )

    def quantize(self, digits: int | None = None) -> Money:
        """Return the amount at `digits` decimals (the minor unit by default), rounded half-even.

        Rules: M1
        """
        digits = minor_units(self.currency) if digits is None else digits
        context = Context(prec=_EXACT.prec, rounding=ROUND_HALF_EVEN)
        return Money(self.amount.quantize(Decimal(1).scaleb(-digits), context=context), self.currency)

    def allocate(self, weights: Sequence[Any], *, digits: int | None = None) -> tuple[Money, ...]:
        """Return the amount shared out in proportion to `weights`, so that the parts sum to it exactly.

        Each part is its exact share cut to the minor unit; the units left over go one each to the largest
        remainders, the first line first where remainders are equal. A negative amount is shared like its
        positive twin, so that a credit note cancels its invoice line by line.

        Args:
            weights: int, Decimal or Fraction, none negative, not all zero.
            digits: decimals of the parts; the minor unit by default, or as many as the amount has.

        Raises:
            DefinitionError: weights that share out nothing, or an amount finer than `digits`.

        Rules: M6, W3
        """
        if not weights:
            raise DefinitionError(f"{self!r} cannot be allocated to no one: weights are empty")
        terms = [_ratio(weight, "weight") for weight in weights]
        common = lcm(*(bottom for _, bottom in terms))
        shares = [top * (common // bottom) for top, bottom in terms]
        total = sum(shares)
        if min(shares) < 0 or total == 0:
            raise DefinitionError(
                f"weights {list(weights)!r} share out nothing; none may be negative, one must be above 0"
            )
        decimals = _decimals(self.amount.normalize(_EXACT))
        digits = max(minor_units(self.currency), decimals) if digits is None else digits
        if decimals > digits:
            raise DefinitionError(f"{self!r} has more than {digits} decimals; quantize it first, or allocate finer")
        units = abs(int(self.amount.scaleb(digits, _EXACT)))
        parts, rests = zip(*(divmod(units * share, total) for share in shares), strict=True)
        counts = list(parts)
        # sorted() is stable: among equal remainders the first line wins
        for line in sorted(range(len(counts)), key=lambda i: -rests[i])[: units - sum(counts)]:
            counts[line] += 1
        sign = -1 if self.amount < 0 else 1
        return tuple(Money(Decimal(sign * n).scaleb(-digits, _EXACT), self.currency) for n in counts)
