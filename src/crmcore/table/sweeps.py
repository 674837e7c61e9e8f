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
from .table import Table
from .views import existence, reset

__all__ = ["BUCKET", "SEEN_FROM", "SIGN", "Instants", "Stretches", "changes", "cut", "events", "seen_in", "stretches"]

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
    width = size + 1
    whole = np.arange(found.rows.size) * width + found.first
    keys = np.sort(np.concatenate([whole, pieces[inside] * width + bounds[inside]]))
    keys = keys[np.append(keys[1:] != keys[:-1], [True])] if keys.size else keys
    of, first = np.divmod(keys, width)
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


def events(part: Table, found: Stretches, keep: Mask | None, size: int) -> Table:
    """Return the events of stretches: those that add rows, then those that take them off.

    Args:
        part: the rows of the stretches, as `seen_in` gives them.
        found: the stretches.
        keep: which of them matter; None for all.
        size: how many instants there are; what lasts to the end is never taken off.
    """
    adds = _spread(np.arange(found.rows.size) if keep is None else np.flatnonzero(keep))
    ends = adds[found.stop[adds] < size]
    bucket = np.concatenate([found.first[adds], found.stop[ends]]) + 1
    sign = np.ones(bucket.size, np.int8)
    sign[adds.size :] = -1
    table = part.select(np.concatenate([adds, ends]))
    return table.replace({BUCKET: Column("day", bucket.astype(np.int32)), SIGN: Column("count", sign)}, clustered=SIGN)


def _spread(rows: Array) -> Array:
    """Return rows in an order in which neighbours are far apart.

    Rows that stand together were often created together and meet in one sum, and each addition waits for the one before.
    """
    even = len(rows) // _STREAMS * _STREAMS
    return np.concatenate([rows[:even].reshape(_STREAMS, -1).T.reshape(-1), rows[even:]])
