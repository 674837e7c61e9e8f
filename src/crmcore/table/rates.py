"""Rates: dated exchange rates as arrays, for the conversion of amounts (M2)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..calendars import day_of
from ..errors import CurrencyError
from .column import Array, Column, Mask

__all__ = ["Rates"]


class Rates:
    """Exchange rates into one currency, each in force from its first day until the next one's.

    Args:
        currency: the currency that amounts are converted into.
        rates: records with `from_currency`, `to_currency`, `valid_from` (a date) and `rate` (Decimal):
            one unit of the first is `rate` units of the second. A missing direction is not inverted.

    Raises:
        CurrencyError: a rate that is not above zero, or two rates of one pair for one day.
    """

    def __init__(self, currency: str, rates: Iterable[Any]) -> None:
        self.currency = currency
        found: dict[str, dict[int, Fraction]] = {}
        for r in rates:
            if r.to_currency != currency:
                continue
            value = Fraction(Decimal(r.rate))
            day = day_of(r.valid_from)
            if value <= 0:
                raise CurrencyError(
                    f"rate {r.from_currency} to {r.to_currency} from {r.valid_from}: {r.rate!r} is not above zero"
                )
            if found.setdefault(r.from_currency, {}).setdefault(day, value) != value:
                raise CurrencyError(f"two rates {r.from_currency} to {r.to_currency} from {r.valid_from}")
        from math import lcm

        self.scale = lcm(1, *(v.denominator for days in found.values() for v in days.values()))
        self._days = {c: np.array(sorted(days), np.int64) for c, days in found.items()}
        self._values = {c: np.array([int(found[c][d] * self.scale) for d in sorted(found[c])], np.int64) for c in found}

    def on(self, currencies: Column, days: Array) -> tuple[Array, Mask]:
        """Return the rate (times `scale`) of each row's currency on its day, and where there is one."""
        rate = np.zeros(len(currencies), np.int64)
        there = np.zeros(len(currencies), bool)
        for code, name in enumerate(currencies.labels):
            rows = np.flatnonzero(currencies.data == code)
            if name is None or not rows.size:
                continue
            if name == self.currency:
                rate[rows], there[rows] = self.scale, True
            elif name in self._days:
                spot = np.searchsorted(self._days[name], days[rows], side="right") - 1
                rate[rows] = np.where(spot >= 0, self._values[name][np.maximum(spot, 0)], 0)
                there[rows] = spot >= 0
        return rate, there
