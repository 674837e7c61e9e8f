"""State: aggregate values per group. The only thing that merges, is stored or travels.

A grid's cells are its key combinations times its buckets of days. Where most of them are empty, only
those that occur are listed, and one empty cell more, which stands for all the others. Numbers per
cell are int64 (Python integers where they do not fit); values per cell are a run of packed integers
sorted by cell, so that a multiset needs no structure of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np

from ..table.column import Array, Column
from .currencies import Currencies

__all__ = ["GridState", "Numbers", "Run", "State"]


@attrs.frozen(slots=True, eq=False)
class Numbers:
    """Sums per cell: the value is data / scale; `kind` is the kind of column summed; no |data| exceeds `bound`."""

    data: Array
    scale: int = 1
    kind: str = "count"
    exact: bool = True
    bound: int | None = None


@attrs.frozen(slots=True, eq=False)
class Run:
    """The values of each cell, sorted within it: `counts[cell]` of them, cell after cell.

    A value is `lookup[packed & mask]`, or `low + (packed & mask)`, over `scale`.
    """

    packed: Array
    bits: int
    low: int
    counts: Array
    scale: int = 1
    kind: str = "count"
    lookup: Array | None = None

    def values(self, positions: Array | slice | None = None) -> Array:
        """Return stored values (before the scale) at positions of the run."""
        part = self.packed if positions is None else self.packed[positions]
        plain = part & ((1 << self.bits) - 1)
        found: Array = plain.astype(np.int64) + self.low if self.lookup is None else self.lookup[plain]
        return found


@attrs.frozen(slots=True, eq=False)
class GridState:
    """The state of one grid: `codes` has one row per key combination, into `keys`' labels.

    `numbers` and `runs` go by the request's number in the layout; they have `rows` x `buckets` cells, or as many
    as `listed` has (positions in rows x buckets, ascending) and one empty cell at the end. `currencies` are those of
    the amounts that a request read.
    """

    keys: tuple[Column, ...]
    codes: Array
    buckets: int
    numbers: dict[int, Numbers]
    runs: dict[int, Run]
    listed: Array | None = None
    currencies: Mapping[int, Currencies] = attrs.field(factory=dict)

    @property
    def rows(self) -> int:
        """Number of key combinations."""
        return int(self.codes.shape[0])

    def dense(self, data: Array) -> Array:
        """Return numbers per cell as rows x buckets."""
        if self.listed is None:
            return data
        full = np.zeros(self.rows * self.buckets, data.dtype)
        full[self.listed] = data[:-1]
        return full.reshape(self.rows, self.buckets)

    def dense_run(self, run: Run) -> Run:
        """Return a run with its counts as rows x buckets."""
        return run if self.listed is None else attrs.evolve(run, counts=self.dense(run.counts))

    def per_bucket(self, number: int) -> Array:
        """Return the sums of a request's counts over all rows, per bucket."""
        data = self.numbers[number].data
        if self.listed is None:
            per_bucket: Array = data.sum(0)
            return per_bucket
        sums = np.zeros(self.buckets, np.int64)
        np.add.at(sums, self.listed % self.buckets, data[:-1])
        return sums

    def any_in(self, number: int, buckets: Array | None) -> Array:
        """Return which rows have a count in these buckets (a mask; None: all of them)."""
        data = self.numbers[number].data
        if self.listed is None:
            return np.asarray((data if buckets is None else data[:, buckets]).any(1), bool)
        hit = data[:-1] > 0
        if buckets is not None:
            hit &= buckets[self.listed % self.buckets]
        there = np.zeros(self.rows, bool)
        there[self.listed[hit] // self.buckets] = True
        return there

    def running_in(self, number: int, buckets: Array | None) -> Array:
        """Return which rows have a sum of events above 0 up to one of these buckets (a mask; None: any of them)."""
        if buckets is None:
            return self._added_in(number)
        running = np.cumsum(self.dense(self.numbers[number].data), axis=1)
        return np.asarray((running[:, buckets] > 0).any(1), bool)

    def _added_in(self, number: int) -> Array:
        """Return which rows have a bucket in which more is added than taken off: in the first one nothing is taken off."""
        data = self.numbers[number].data
        if self.listed is None:
            return np.asarray((data > 0).any(1), bool)
        there = np.zeros(self.rows, bool)
        there[self.listed[data[:-1] > 0] // self.buckets] = True
        return there


State = dict[int, GridState]
"""The state of a layout: one entry per grid, by number."""
