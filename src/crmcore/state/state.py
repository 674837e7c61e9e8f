"""State: aggregate values per group. The only thing that merges, is stored or travels.

A grid's state has one row per key combination that occurs and one column per bucket of days.
Numbers per cell are int64 (Python integers where they do not fit); values per cell are a run of
packed integers sorted by cell, so that a multiset needs no structure of its own.
"""

from __future__ import annotations

import attrs
import numpy as np

from ..table.column import Array, Column

__all__ = ["GridState", "Numbers", "Run", "State"]


@attrs.frozen(slots=True, eq=False)
class Numbers:
    """Sums per cell: the value is data / scale; `kind` is the kind of column summed."""

    data: Array
    scale: int = 1
    kind: str = "count"
    exact: bool = True


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
        if self.lookup is not None:
            return self.lookup[plain]
        return plain.astype(np.int64) + self.low


@attrs.frozen(slots=True, eq=False)
class GridState:
    """The state of one grid: `codes` has one row per key combination, into `keys`' labels.

    `numbers` and `runs` go by the request's number in the layout.
    """

    keys: tuple[Column, ...]
    codes: Array
    numbers: dict[int, Numbers]
    runs: dict[int, Run]

    @property
    def rows(self) -> int:
        """Number of key combinations."""
        return int(self.codes.shape[0])


State = dict[int, GridState]
"""The state of a layout: one entry per grid, by number."""
