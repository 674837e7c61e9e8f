"""Log: the changes of one column, as typed arrays, and what the column was at any instant."""

from __future__ import annotations

from functools import cached_property

import attrs
import numpy as np

from ..column import Array, Column, Mask
from ..dates import numbers_among
from .order import firsts

__all__ = ["Log"]

_NEVER = np.iinfo(np.int64).min


@attrs.frozen(eq=False, slots=True)
class Log:
    """The changes of one column of a table: by row, and in each row in the order in which they happened (S4).

    Args:
        pool: values: first those that the rows have today, then those that changes name. `before`, `old` and `new` are
            positions in it.
        before: for each row of the table, its value before all of its changes: the old one of the first (S5).
        rows: of each change, the position of its row; ascending.
        at: when it became true, microseconds; ascending within a row. A date counts from the end of its day (T8).
        known: when it was recorded, microseconds; `at` where the source does not say (O8).
        sequence: its place among the changes of one record at one instant.
        old: the value before it.
        new: the value after it.
        told: False for an amount of which the source tells changes of the currency alone: the number is that of today.

    Rules: O8, S4, S5
    """

    pool: Column
    before: Array
    rows: Array
    at: Array
    known: Array
    sequence: Array
    old: Array
    new: Array
    told: bool = True

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def latest(self) -> int:
        """When the last change was; before all time where there is none."""
        return int(self.at.max()) if len(self) else _NEVER

    @cached_property
    def newest(self) -> int:
        """When the last one was recorded."""
        return int(self.known.max()) if len(self) else _NEVER

    def hides(self, instant: int, known: int) -> bool:
        """Does somebody who looks at an instant with the knowledge of another see less than all changes?"""
        return self.latest > instant or self.newest > known

    def gaps(self, known: int) -> bool:
        """May somebody who looks with the knowledge of an instant see a change, and not one before it?"""
        if self.newest <= known or self.known is self.at:
            return False
        unseen = self.known > known
        return not unseen.all() and bool(self.at[unseen].min() <= self.at[~unseen].max())

    def seen(self, known: int) -> Log:
        """Return the log as it was known at an instant: what was recorded later is not in it."""
        return self if self.newest <= known else self.select(self.known <= known)

    def select(self, kept: Mask) -> Log:
        """Return the log with some of its changes."""
        rows, old = self.rows[kept], self.old[kept]
        return Log(
            self.pool,
            values_before(self.before, rows, old),
            rows,
            self.at[kept],
            self.known[kept],
            self.sequence[kept],
            old,
            self.new[kept],
            self.told,
        )

    def between(self, start: int, stop: int) -> Log:
        """Return the log with the changes of the rows from one up to, but without, another."""
        a, b = np.searchsorted(self.rows, np.array([start, stop], self.rows.dtype))
        kept = slice(a, b)
        return Log(
            self.pool,
            self.before,
            self.rows[kept],
            self.at[kept],
            self.known[kept],
            self.sequence[kept],
            self.old[kept],
            self.new[kept],
            self.told,
        )

    def part(self, start: int, stop: int) -> Log:
        """Return the log of the rows from one up to, but without, another, as if they were all."""
        found = self.between(start, stop)
        return attrs.evolve(found, before=self.before[start:stop], rows=found.rows - start)

    def at_instant(self, instant: int) -> Array:
        """Return the position in the pool of the value that each row of the table had at an instant."""
        found = self.before.copy()
        there = np.flatnonzero(self.at <= instant)
        found[self.rows[there]] = self.new[there]  # of several changes of a row the last one stays
        return found

    def at_points(self, rows: Array, points: Array, instants: Array) -> Array:
        """Return the position in the pool of the value that each of these rows had at one of some instants.

        Args:
            rows: of the table, ascending.
            points: for each, the number of an instant.
            instants: microseconds, ascending.
        """
        found = self.before[rows]
        if len(self):
            width = len(instants) + 1
            keys = self.rows.astype(np.int64) * width + numbers_among(instants, self.at)
            last = np.searchsorted(keys, rows.astype(np.int64) * width + points, side="right") - 1
            hit = (last >= 0) & (self.rows.take(last, mode="clip") == rows)
            found[hit] = self.new[last[hit]]
        return found


def values_before(before: Array, rows: Array, old: Array) -> Array:
    """Return what each row had before changes that stand in order: where it has one, the old value of the first."""
    first = firsts(rows)
    found = before.copy()
    found[rows[first]] = old[first]
    return found
