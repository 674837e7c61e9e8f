"""Timeline: touches ordered by key, time and channel, and the runs of them that lie between two moments."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from ...calendars import Zone
from ...evaluate import local_day
from ...table.column import Array, Column
from ...units import DAY

__all__ = ["Ticks", "Timeline"]

_BITS = 62
_BEFORE_ALL = -(2**62)
_LONGEST = 10_000_000
"""Days of a window that looks back over all there is."""


@attrs.frozen(slots=True, eq=False)
class Ticks:
    """Moments as small numbers in their order: steps of a unit, or places in the list of all moments.

    Args:
        base: the first moment.
        unit: what a step is long; 0 where `times` lists the moments.
        size: the number after the last one.
    """

    base: int
    unit: int
    size: int
    times: Array

    @classmethod
    def of(cls, moments: Array, bits: int) -> Ticks:
        """Return ticks of at most so many bits where whole seconds, milliseconds or the moments themselves allow it."""
        if not moments.size:
            return cls(0, 1, 0, moments)
        base = int(moments.min())
        past = moments - base
        unit = next(u for u in (1_000_000, 1_000, 1) if u == 1 or not (past % u).any())
        size = int(past.max()) // unit + 1
        if size.bit_length() <= bits:
            return cls(base, unit, size, moments[:0])
        times = np.unique(moments)
        return cls(base, 0, times.size, times)

    def first_from(self, moments: Array) -> Array:
        """Return the first tick that is not before each moment; `size` where all are."""
        found = -((self.base - moments) // self.unit) if self.unit else np.searchsorted(self.times, moments)
        return np.asarray(np.clip(found, 0, self.size))

    def last_by(self, moments: Array) -> Array:
        """Return the last tick that is not after each moment; -1 where all are."""
        if self.unit:
            return np.asarray(np.clip((moments - self.base) // self.unit, -1, self.size - 1))
        return np.searchsorted(self.times, moments, side="right") - 1

    def moments(self, ticks: Array) -> Array:
        """Return the moments of ticks."""
        found: Array = self.base + ticks * self.unit if self.unit else self.times[ticks]
        return found


@attrs.frozen(slots=True, eq=False)
class Timeline:
    """Touches in order of key, time and channel; which of equal rows comes first makes no difference.

    Args:
        spots: per touch, its key and its tick as one number.
        shift: bits of the tick.
        channel: per touch, the code of its channel.
        kind: "day" or "instant".
    """

    spots: Array
    shift: int
    channel: Array
    ticks: Ticks
    kind: str
    zone: Zone

    @classmethod
    def of(cls, key: Array, at: Column, channel: Array, channels: int, zone: Zone) -> Timeline:
        """Return the timeline of touches in any order; codes of channels lie below `channels`."""
        low = max(channels - 1, 0).bit_length()
        high = int(key.max(initial=0)).bit_length()
        moments = at.data.astype(np.int64)
        ticks = Ticks.of(moments, _BITS - low - high)
        shift = ticks.size.bit_length()
        spots = (key.astype(np.int64) << shift) + ticks.last_by(moments)
        if low + shift + high <= _BITS:
            packed = np.sort((spots << low) | channel)
            codes, spots = packed & ((1 << low) - 1), packed >> low
        else:
            order = np.lexsort((channel, spots))
            codes, spots = channel[order], spots[order]
        return cls(spots, shift, codes.astype(np.min_scalar_type(max(channels - 1, 0))), ticks, at.kind, zone)

    def __len__(self) -> int:
        return int(self.spots.size)

    # -- moments ------------------------------------------------------------------------------------

    def ends(self, moments: Column) -> Array:
        """Return moments as the last instant or day that is not after them; a day lasts to its end (T2, T8)."""
        if self.kind == moments.kind:
            return moments.data.astype(np.int64)
        return local_day(moments, self.zone).data if self.kind == "day" else _each(moments.data, self.zone.end_of_day)

    def window(self, days: Array, within: int | None) -> Array:
        """Return the first moment of the `within` local days that end with each day (T6)."""
        if within is None or not len(self):
            return np.full(days.size, _BEFORE_ALL)
        first = self.ticks.base if self.kind == "day" else self.zone.local_day(self.ticks.base)
        starts = np.maximum(days.astype(np.int64) - (min(within, _LONGEST) - 1), first)
        return starts if self.kind == "day" else _each(starts, self.zone.start_of_day)

    def moments(self, places: Array) -> Column:
        """Return when touches were."""
        found = self.ticks.moments(self.spots[places] & ((1 << self.shift) - 1))
        return Column(self.kind, found)

    def ages(self, places: Array, lengths: Array, ends: Column, others: Array) -> Column:
        """Return the time from each touch to the end of its journey (T2).

        Args:
            places: the touches, journey by journey.
            lengths: touches per journey.
            ends: when the first journeys ended.
            others: the touches with which the other journeys end.
        """
        exact = self.kind == ends.kind == "instant"

        def number(moments: Column) -> Array:
            return (moments if exact else local_day(moments, self.zone)).data.astype(np.int64)

        end = np.concatenate([number(ends), number(self.moments(others))])
        return Column("duration", np.repeat(end, lengths) - number(self.moments(places)), scale=DAY if exact else 1)

    # -- runs ---------------------------------------------------------------------------------------

    def slices(self, keys: Array, low: Array, high: Array) -> tuple[Array, Array]:
        """Return where the touches of each key between two moments start and stop; an unknown key (-1) has none."""
        at = keys.astype(np.int64) << self.shift
        starts = np.searchsorted(self.spots, at + self.ticks.first_from(low))
        stops = np.searchsorted(self.spots, at + self.ticks.last_by(high), side="right")
        return np.where(keys < 0, 0, starts), np.where(keys < 0, 0, np.maximum(stops, starts))

    def whole(self) -> tuple[Array, Array, Array]:
        """Return each key with where its touches start and stop."""
        keys = self.spots >> self.shift
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        return keys[starts], starts, np.append(starts[1:], keys.size)[: starts.size]

    def last_by(self, keys: Array, moments: Array) -> Array:
        """Return the last touch of each key that is not after a moment."""
        at = keys.astype(np.int64) << self.shift
        found: Array = np.searchsorted(self.spots, at + self.ticks.last_by(moments), side="right") - 1
        return found

    def covered(self, starts: Array, stops: Array) -> int:
        """Return how many touches lie in any of the runs."""
        change = np.zeros(len(self) + 1, np.int64)
        np.add.at(change, starts, 1)
        np.add.at(change, stops, -1)
        return int(np.count_nonzero(np.cumsum(change)))


def _each(days: Array, edge: Callable[[int], int]) -> Array:
    """Return an edge of each day, worked out once for every different one."""
    distinct, which = np.unique(days, return_inverse=True)
    return np.array([edge(day) for day in distinct.tolist()], np.int64)[which]
