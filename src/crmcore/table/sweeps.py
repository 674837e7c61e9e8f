"""Sweeps: a table seen from many instants at once, as the events at which something of a row changes (O8, T4).

From one instant to a later one most rows look the same. So each row is cut into stretches of instants in which nothing
of it changes; a stretch gives an event that adds the row at its first instant, as it looks from there, and one that takes
it off again at the first instant of the next stretch. Sums of events up to an instant are what was there at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs
import numpy as np

from ..calendars import Zone
from ..domain.past import Revert
from .column import Array, Column, Mask
from .history import Log
from .stacked import joined
from .table import Table
from .views import existence, reset

__all__ = [
    "BUCKET",
    "SEEN_FROM",
    "SIGN",
    "Events",
    "Instants",
    "Stretches",
    "changes",
    "cut",
    "events",
    "seen_in",
    "stretches",
    "together",
]

SEEN_FROM = "seen from"
"""The column with the instant from which a row of events, or of stretches, is looked at."""
BUCKET = "event bucket"
"""The column with the number of the instant, from 1, at which an event counts."""
SIGN = "event sign"
"""The column with 1 where an event adds its row and -1 where it takes it off."""
_STREAMS = 16


@attrs.frozen(slots=True, eq=False)
class Instants:
    """Instants in order, with their local days, and the last day that has ended by each."""

    instants: Array
    days: Array
    ended: Array

    @classmethod
    def of(cls, instants: Sequence[int], zone: Zone) -> Instants:
        """Return instants given in microseconds."""
        days = [zone.local_day(t) for t in instants]
        ended = [d if t >= zone.end_of_day(d) else d - 1 for t, d in zip(instants, days, strict=True)]
        return cls(*(np.array(x, np.int64) for x in (instants, days, ended)))

    @property
    def size(self) -> int:
        return int(self.instants.size)


@attrs.frozen(slots=True, eq=False)
class Stretches:
    """Runs of instants in which a row looks the same: the row, its first instant, and the one after its last."""

    rows: Array
    first: Array
    stop: Array


def changes(column: Column, at: Instants, shift: int, unit: int) -> Iterable[Array]:
    """Yield, per row, the numbers of the instants from which a comparison with a date may come out otherwise.

    Args:
        column: dates; blank ones change nothing.
        at: the instants.
        shift: an amount of time that is added to the dates, over `unit` microseconds or days.
        unit: how much of it makes a microsecond of an instant, or a day of a date.
    """
    late = -(-shift // unit), shift // unit + 1
    against = at.instants if column.kind == "instant" else at.days
    data = column.data.astype(np.int64)
    found = [
        np.searchsorted(against, data + late[0], side="left"),
        np.searchsorted(against, data + late[1], side="left"),
    ]
    if column.kind == "day" and not np.array_equal(at.days, at.ended):
        found.append(np.searchsorted(at.ended, data + late[0], side="left"))
    seen: list[Array] = []
    dated = found if column.valid is None else [np.where(column.valid, bound, at.size) for bound in found]
    for bound in dated:
        if not any(np.array_equal(bound, other) for other in seen):
            seen.append(bound)
            yield bound


def stretches(table: Table, at: Instants, bounds: Iterable[Array], today: int) -> Stretches:
    """Return the stretches of the rows of a table.

    Args:
        table: all rows.
        at: the instants.
        bounds: the numbers of the instants at which something of each row may change.
        today: the number of the first instant at which undated rows are there (O9).
    """
    k, n = at.size, len(table)
    start = np.zeros(n, np.int64)
    made = existence(table)
    if made is not None:
        against = at.instants if made.kind == "instant" else at.ended
        start = np.searchsorted(against, made.data.astype(np.int64), side="left")
        if made.valid is not None:
            start = np.where(made.valid, start, today)
    width = np.int16 if k < 2**15 else np.int32
    cuts = [start.astype(width), *(np.where(bound > start, bound, k).astype(width) for bound in bounds)]
    edges = np.stack([*cuts, np.full(n, k, width)], axis=1)
    edges[:, 1:].sort(axis=1)
    rows, first, stop = [], [], []
    for j in range(edges.shape[1] - 1):
        there = np.flatnonzero(edges[:, j] < edges[:, j + 1])
        rows.append(there)
        first.append(edges[there, j])
        stop.append(edges[there, j + 1])
    return Stretches(*(np.concatenate(x).astype(np.int64) for x in (rows, first, stop)))


def cut(found: Stretches, pieces: Array, bounds: Array, size: int) -> tuple[Stretches, Array]:
    """Return stretches cut into shorter ones, and the stretch that each is a part of.

    Args:
        found: stretches, in any order.
        pieces: the numbers of the stretches that are cut.
        bounds: for each, the instant from which something is different; one outside of its stretch cuts nothing.
        size: how many instants there are.
    """
    inside = (bounds > found.first[pieces]) & (bounds < found.stop[pieces])
    shift = size.bit_length()
    whole = (np.arange(found.rows.size) << shift) + found.first
    keys = np.sort(np.concatenate([whole, (pieces[inside] << shift) + bounds[inside]]))
    keys = keys[np.append(keys[1:] != keys[:-1], [True])] if keys.size else keys
    of, first = keys >> shift, keys & ((1 << shift) - 1)
    stop = np.append(first[1:], 0)
    lasts = np.append(of[1:] != of[:-1], [True]) if of.size else np.zeros(0, bool)
    stop[lasts] = found.stop[of[lasts]]
    return Stretches(found.rows[of], first, stop), of


def seen_in(
    table: Table,
    found: Stretches,
    at: Instants,
    undone: Iterable[tuple[Revert, Column]],
    logs: Mapping[str, Log],
) -> Table:
    """Return the rows of stretches as they look from the first instant of each; what happens later is undone (O8)."""
    part = table.select(found.rows)
    columns: dict[str, Column] = {SEEN_FROM: Column("instant", at.instants[found.first])}
    for name, log in logs.items():
        columns[name] = log.pool.take(log.at_points(found.rows, found.first, at.instants))
    for revert, when in undone:
        dates = when.take(found.rows)
        by = at.instants if when.kind == "instant" else at.ended
        late: Mask = dates.data > by[found.first]
        late = late if dates.valid is None else late & dates.valid
        if late.any():
            for name, value in revert.resets.items():
                if name in part.columns and name not in logs:
                    columns[name] = reset(columns.get(name, part.columns[name]), late, value)
    return part.replace(columns)


@attrs.frozen(slots=True, eq=False)
class Events:
    """The events of some rows of a table: those that add one, and those that take one off.

    Args:
        rows: for each side, the positions of the rows.
        tables: for each side, the rows as they look, with the numbers of the instants at which the events count.
    """

    rows: tuple[Array, Array]
    tables: tuple[Table, Table]

    def moved(self, by: int) -> Events:
        """Return the events with rows that stand lower in the table."""
        adds, ends = self.rows
        return Events((adds + by, ends + by), self.tables)


def events(part: Table, found: Stretches, keep: Mask | None, size: int) -> Events:
    """Return the events of stretches.

    Args:
        part: the rows of the stretches, as `seen_in` gives them.
        found: the stretches.
        keep: which of them matter; None for all.
        size: how many instants there are; what lasts to the end is never taken off.
    """
    adds = np.arange(found.rows.size) if keep is None else np.flatnonzero(keep)
    ends = adds[found.stop[adds] < size]
    sides = (adds, found.first), (ends, found.stop)
    tables = [part.select(some).replace({BUCKET: _numbers(at[some] + 1)}) for some, at in sides]
    return Events((found.rows[adds], found.rows[ends]), (tables[0], tables[1]))


def _numbers(data: Array) -> Column:
    return Column("day", data.astype(np.int32))


def together(base: Table, parts: Sequence[Events], names: Iterable[str]) -> Table:
    """Return the events of all rows of a table: first those that add, then those that take off.

    Neighbours are far apart: rows that stand together were often created together and meet in one sum, and each addition
    waits for the one before.

    Args:
        base: the rows; all columns that the events do not have themselves are taken from it.
        parts: events of its rows.
        names: the columns that look otherwise in events than in `base`.
    """
    sides = [part for side in (0, 1) for part in parts], [side for side in (0, 1) for _ in parts]
    pairs = [(part.rows[side], part.tables[side]) for part, side in zip(*sides, strict=True)]
    adds = sum(len(part.rows[0]) for part in parts)
    size = sum(len(rows) for rows, _ in pairs)
    order = np.concatenate([_spread(adds), adds + _spread(size - adds)])
    sign = np.ones(size, np.int8)
    sign[adds:] = -1
    columns = {name: joined([table[name] for _, table in pairs]).take(order) for name in (*names, BUCKET)}
    rows = np.concatenate([rows for rows, _ in pairs])[order]
    return base.select(rows).replace({**columns, SIGN: Column("count", sign)}, clustered=SIGN)


def _spread(size: int) -> Array:
    """Return so many places, neighbours far apart."""
    even = size // _STREAMS * _STREAMS
    return np.concatenate([np.arange(even).reshape(_STREAMS, -1).T.reshape(-1), np.arange(even, size)])
