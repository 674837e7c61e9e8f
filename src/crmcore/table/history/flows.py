"""Flows: how often deals moved from one stage to another, and how long they were there before, from narrow columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ...calendars import Zone
from ..column import Array, code_type, narrow
from ..table import Table
from .visits import ALWAYS, ENDED, Visits, parts_of

__all__ = ["Flows", "Matrix", "flows_of"]

_SECOND = 1_000_000
_STILL_THERE = 0
_LIMB = 31
_BLOCK = 17
"""At most so many bits of rows are added up at once."""


@attrs.frozen(slots=True, eq=False)
class Matrix:
    """Stays in stages by stage, stage that they moved to (0: none), and how they ended, a number of `ENDED`.

    Args:
        labels: code -> stage; code 0 is none.
        stays: how many there were.
        timed: of how many the length is known; of none that has not ended.
        time: how long those lasted together: whole microseconds.
    """

    labels: tuple[Any, ...]
    stays: Array
    timed: Array
    time: Array


@attrs.frozen(slots=True, eq=False)
class Flows:
    """Each stay as one number for its stage, next stage and end, and its length; derived once, added up often.

    Args:
        labels: code -> stage; code 0 is none.
        cell: of each stay, its place in a matrix.
        spent: its length in units; 0 where it is not known, or has not ended.
        unit: microseconds: of a second where all lengths are whole seconds, else 1.
        untimed: places of the stays that ended and whose length is not known, or that ended before they began (T3).

    Rules: S1, S3, T3
    """

    labels: tuple[Any, ...]
    cell: Array
    spent: Array
    unit: int
    untimed: Array

    @property
    def nbytes(self) -> int:
        """Bytes that the flows take."""
        return int(self.cell.nbytes + self.spent.nbytes + self.untimed.nbytes)

    @classmethod
    def of(cls, visits: Visits) -> Flows:
        """Return the flows of visits."""
        width, kinds = len(visits.labels), len(ENDED)
        cell = (visits.stage.astype(np.int64) * width + visits.into) * kinds + visits.ended
        spent = visits.left - visits.entered
        over = visits.ended != _STILL_THERE
        unknown = (visits.entered <= ALWAYS) | (spent < 0)
        spent[unknown | ~over] = 0
        untimed = np.flatnonzero(unknown & over)
        unit = 1 if (spent % _SECOND).any() else _SECOND
        spent //= unit
        return cls(visits.labels, cell.astype(code_type(width * width * kinds)), narrow(spent), unit, untimed)

    @classmethod
    def joined(cls, parts: Sequence[Flows]) -> Flows:
        """Return the flows of visits that come after one another."""
        unit = min(p.unit for p in parts)
        starts = np.cumsum([0, *(len(p.cell) for p in parts)])
        return cls(
            parts[0].labels,
            np.concatenate([p.cell for p in parts]),
            np.concatenate([p.spent if p.unit == unit else p.spent * np.int64(p.unit // unit) for p in parts]),
            unit,
            np.concatenate([p.untimed + start for p, start in zip(parts, starts.tolist(), strict=False)]),
        )

    def matrix(self) -> Matrix:
        """Return the stays and their times added up, exactly."""
        width, kinds = len(self.labels), len(ENDED)
        shape = (width, width, kinds)
        size = width * width * kinds
        most = int(self.spent.max(initial=0))
        stays, time = np.zeros(size, np.int64), np.zeros(size, object)
        for number, limb in enumerate(self._limbs(most)):
            counts, sums = _added(self.cell, limb, min(most >> number * _LIMB, (1 << _LIMB) - 1), size)
            stays = counts
            time += sums.astype(object) << number * _LIMB
        timed = stays - np.bincount(self.cell[self.untimed], minlength=size)
        timed[_STILL_THERE::kinds] = 0
        return Matrix(self.labels, *(x.reshape(shape) for x in (stays, timed, time * self.unit)))

    def _limbs(self, most: int) -> Iterator[Array]:
        """Yield the lengths in pieces of few bits, the lowest first."""
        if most < 1 << _LIMB:
            yield self.spent
            return
        for shift in range(0, most.bit_length(), _LIMB):
            yield (self.spent >> shift) & ((1 << _LIMB) - 1)


def _added(cell: Array, spent: Array, most: int, size: int) -> tuple[Array, Array]:
    """Return how many there are in each cell, and the sum; a count and a sum share one word while they fit."""
    bits = min(_BLOCK, (62 - most.bit_length()) // 2)
    shift = bits + most.bit_length()
    counts, sums = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for start in range(0, len(cell), 1 << bits):
        part = slice(start, start + (1 << bits))
        words = np.zeros(size, np.int64)
        np.add.at(words, cell[part].astype(np.int64), spent[part] + np.int64(1 << shift))
        counts += words >> shift
        sums += words & ((1 << shift) - 1)
    return counts, sums


def flows_of(tables: Mapping[str, Table], zone: Zone, last: int) -> Flows:
    """Return the flows of all opportunities, made once for these tables.

    Args:
        tables: those of a view: what is later than it is not in them.
        zone: where days end.
        last: the instant of the view, up to which a stay that has not ended lasts.

    Raises:
        HistoryUnavailable: the source keeps only the last change of a stage (S5).
        IngestError: a change to a value that its column cannot take.
    """
    keeper = tables.get("change", tables["opportunity"])
    key = ("flows", zone.name, last, tuple(table.serial for table in tables.values()))
    return keeper.kept(key, lambda: Flows.joined([Flows.of(part) for part in parts_of(tables, zone, last)]))
