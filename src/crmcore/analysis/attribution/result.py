"""Attribution: what each channel gets under one model, as shares and as money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from ...domain import Money
from ...domain.money import minor_units
from ...errors import ArgumentError
from ...state.listing import Fact, Listing
from ...table.column import Array
from ..choices import whole
from .credit import Share, credited
from .journeys import Journeys

__all__ = ["Attribution", "attributed"]


def _fractions(values: Iterable[Fraction]) -> tuple[Fraction, ...]:
    return tuple(values)


@attrs.frozen(slots=True, eq=False)
class Attribution:
    """The credit of each channel, in the order of their labels.

    Args:
        model: its name, such as "linear".
        journeys: what was credited.
        exact: per channel, its conversions.
        exact_value: per channel, its amount; None where the journeys have none.
        says: how the model works, in one sentence by language.
        choices: what was chosen, and other numbers of the model.
        removal_effect: per channel, under the Markov model.
    """

    model: str
    journeys: Journeys
    exact: tuple[Fraction, ...] = attrs.field(converter=_fractions)
    exact_value: tuple[Fraction, ...] | None = attrs.field(converter=attrs.converters.optional(_fractions))
    says: Mapping[str, str]
    choices: Sequence[Fact] = ()
    removal_effect: Array | None = None

    def __repr__(self) -> str:
        return f"Attribution({self.model}; {len(self.channels)} channels, {self.journeys.credited:,} conversions)"

    @property
    def channels(self) -> tuple[Any, ...]:
        """Labels of the channels, in order, blank (None) last."""
        return self.journeys.channels

    @property
    def conversions(self) -> Array:
        """Conversions credited to each channel; they sum to those of all journeys."""
        return np.array([float(c) for c in self.exact], np.float64)

    @property
    def conversion_share(self) -> Array:
        """Share of each channel in the conversions; nan where there are none (R2)."""
        return _shares(self.exact, Fraction(self.journeys.credited))

    @property
    def value(self) -> Array | None:
        """Amount credited to each channel, as float64."""
        return None if self.exact_value is None else np.array([float(v) for v in self.exact_value], np.float64)

    @property
    def value_share(self) -> Array | None:
        """Share of each channel in the amount; nan where that is 0 (R2)."""
        return None if self.exact_value is None else _shares(self.exact_value, self.journeys.worth)

    def allocated(self, digits: int | None = None) -> dict[Any, Money]:
        """Return the amount of each channel as money that adds up to the whole, to the last unit.

        Each channel gets its credit cut to the unit; what is left over goes one unit each to the largest remainders,
        the first label first where they are equal. A negative whole is shared like its positive twin.

        Args:
            digits: decimals of the parts; the minor unit by default, or as many as the amounts need. To fewer, the whole
                is rounded first, once, half to even.

        Raises:
            ArgumentError: the journeys have no amounts, or digits that are no whole number from 0.

        Rules: M1, M6, W3.
        """
        value = self.journeys.value
        if value is None or self.exact_value is None:
            raise ArgumentError(f"there is no money to allocate by {self.model}: the journeys were given no value")
        assert value.currency is None or isinstance(value.currency, str)
        total = self.journeys.worth
        digits = (
            max(minor_units(value.currency), _decimals(total, value.scale))
            if digits is None
            else whole("digits", digits)
        )
        units = round(total * 10**digits)
        if not self.channels:
            return {}
        sign = -1 if units < 0 else 1
        parts = _whole_parts([sign * v * 10**digits for v in self.exact_value], sign * units)
        assert sum(parts) == sign * units  # W3
        return {
            channel: Money(Decimal(sign * part).scaleb(-digits), value.currency)
            for channel, part in zip(self.channels, parts, strict=True)
        }

    def listing(self, language: str = "en") -> Listing:
        """Return the credits as rows: channel, conversions, their share, and where there are amounts value, its share,
        and `allocated`, the value to the minor unit.
        """
        from .listing import listed

        return listed(self, language)


def attributed(
    model: str,
    journeys: Journeys,
    shares: Sequence[Share],
    says: Mapping[str, str],
    choices: Sequence[Fact] = (),
) -> Attribution:
    """Return the credits that shares of whole journeys make, exactly."""
    value = journeys.value
    worth = None if value is None else [v / value.scale for v in credited(journeys, shares, value.data)]
    return Attribution(model, journeys, credited(journeys, shares, journeys.conversions), worth, says, choices)


def _shares(parts: Sequence[Fraction], whole: Fraction) -> Array:
    return np.array([float(part / whole) if whole else np.nan for part in parts], np.float64)


def _decimals(total: Fraction, scale: int) -> int:
    """Return how many decimals a total of amounts at a scale, a power of ten, needs."""
    return next(digits for digits in range(len(str(scale))) if (total * 10**digits).denominator == 1)


def _whole_parts(exact: Sequence[Fraction], whole: int) -> list[int]:
    """Return whole numbers near the exact parts that sum to `whole`, by largest remainder, the first one first."""
    parts = [part.numerator // part.denominator for part in exact]
    each, left = divmod(whole - sum(parts), len(parts))  # `each` is 0, unless the parts miss the whole by many units
    order = sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])
    for i in order[:left]:
        parts[i] += 1
    return [part + each for part in parts]
