"""Journeys: touches in order of time on the way to conversions, in compact arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from ...errors import ArgumentError
from ...state.listing import Fact
from ...state.operand import reach
from ...table.column import Array, Column, sort_key

__all__ = ["Journeys", "exact_sum", "in_order", "runs"]

_LIMIT = 2**63


def _frozen(counts: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType(dict(counts))


@attrs.frozen(slots=True, eq=False)
class Journeys:
    """What an attribution model works on; `from_paths` and `from_touches` make them.

    Journey i is the touches `offsets[i]` up to `offsets[i + 1]`, the earliest first. A channel that is touched twice
    running is two touches.

    Args:
        channels: the labels in order, blank (None) last.
        codes: per touch, the place of its channel in `channels`.
        offsets: where each journey starts, and the end of the last one; each has at least one touch.
        conversions: how often each journey ended in a conversion.
        nulls: how often it ended in none.
        value: amount of its conversions together; None where there are no amounts.
        ages: per touch, the time from it to the end of its journey; None where touches have no times.
        lead: per journey, the place in it of the touch that made the lead, from 0; -1 for none; None where unknown.
        opportunity: the same of the touch that made the opportunity.
        untouched: conversions that no touch came before.
        untouched_value: their amount, at the scale of `value`.
        unpriced: conversions without an amount (M3).
        left_out: rows of the input that are in no journey, by reason.
        choices: what was chosen where they were made, such as a window.

    Raises:
        ArgumentError: arrays that do not fit together, a negative count, an amount without a conversion.

    Rules: M3, W3.
    """

    channels: tuple[Any, ...] = attrs.field(converter=tuple)
    codes: Array
    offsets: Array
    conversions: Array
    nulls: Array
    value: Column | None = None
    ages: Column | None = None
    lead: Array | None = None
    opportunity: Array | None = None
    untouched: int = 0
    untouched_value: int = 0
    unpriced: int = 0
    left_out: Mapping[str, int] = attrs.field(factory=dict, converter=_frozen)
    choices: tuple[Fact, ...] = ()

    def __attrs_post_init__(self) -> None:
        n = len(self)
        per_journey = {
            "conversions": self.conversions,
            "nulls": self.nulls,
            "value": None if self.value is None else self.value.data,
            "lead": self.lead,
            "opportunity": self.opportunity,
        }
        for name, data in per_journey.items():
            if data is not None and data.size != n:
                raise ArgumentError(f"{name} has {data.size} values, there are {n} journeys")
        lengths = self.lengths
        if self.offsets[0] != 0 or self.offsets[-1] != self.codes.size or (n and int(lengths.min()) < 1):
            raise ArgumentError("offsets rise from 0 to the number of touches; every journey has at least one touch")
        if self.codes.size and not 0 <= int(self.codes.min()) <= int(self.codes.max()) < len(self.channels):
            raise ArgumentError(f"codes are places in channels, 0 to {len(self.channels) - 1}")
        for name, counts in (("conversions", self.conversions), ("nulls", self.nulls)):
            if n and int(counts.min()) < 0:
                raise ArgumentError(f"{name} are counts, at least 0, got {int(counts.min())!r}")
        for name, places in (("lead", self.lead), ("opportunity", self.opportunity)):
            wrong = [] if places is None else np.flatnonzero((places < -1) | (places >= lengths)).tolist()
            if wrong and places is not None:
                raise ArgumentError(
                    f"{name}[{wrong[0]}] is {int(places[wrong[0]])!r}; it is the place of a touch of the journey, which has "
                    f"{int(lengths[wrong[0]])}, counted from 0, or -1"
                )
        if self.value is not None:
            paid = np.flatnonzero((self.value.data != 0) & (self.conversions == 0)).tolist()
            if paid:
                raise ArgumentError(
                    f"journey {paid[0]} has a value and no conversion; a value belongs to conversions", row=paid[0]
                )

    def __len__(self) -> int:
        return int(self.offsets.size) - 1

    def __repr__(self) -> str:
        return (
            f"Journeys({len(self):,}; {self.codes.size:,} touches of {len(self.channels)} channels, "
            f"{self.credited:,} conversions, {int(self.nulls.sum()):,} without)"
        )

    @property
    def lengths(self) -> Array:
        """Touches per journey."""
        return np.diff(self.offsets)

    @property
    def last(self) -> Array:
        """The place of the last touch of each journey among all touches."""
        found: Array = self.offsets[1:] - 1
        return found

    @property
    def owners(self) -> Array:
        """The journey of each touch."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def credited(self) -> int:
        """Conversions that there is somebody to credit for."""
        return int(self.conversions.sum())

    @property
    def worth(self) -> Fraction:
        """Their amount, exactly; 0 where there are no amounts."""
        return Fraction(0) if self.value is None else Fraction(exact_sum(self.value.data), self.value.scale)


def exact_sum(amounts: Array) -> int:
    """Return the sum of whole numbers, whatever its size (Q3)."""
    if amounts.dtype == object or reach(amounts) * amounts.size >= _LIMIT:
        return sum(amounts.tolist())
    return int(amounts.sum())


def in_order(labels: Iterable[Any]) -> list[Any]:
    """Return labels in their order, each once: numbers, then text, blank (None) last."""
    return sorted(dict.fromkeys(labels), key=lambda label: (label is None, sort_key(label)))


def runs(starts: Array, lengths: Array) -> Array:
    """Return the places of many runs behind one another: starts[0], starts[0] + 1 ... starts[1] ..."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    found: Array = np.repeat(starts - (ends - lengths), lengths) + np.arange(total)
    return found
