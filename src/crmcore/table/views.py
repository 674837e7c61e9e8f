"""Views: the tables as they were at an instant, rebuilt from the records' own dates (O8, O9)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..calendars import Zone
from ..domain.past import Revert
from ..domain.schema import RECORDS, REVERTS, Field, fields_of
from .column import Column, Mask, code_type
from .history import Log, gone, known_since, logs_of, times_of, whole
from .table import Table

__all__ = [
    "Seen",
    "existence",
    "is_after",
    "is_late",
    "is_recorded",
    "newest",
    "reset",
    "view",
]

_FIELDS: dict[str, tuple[Field, ...]] = {}
_NONE: Mapping[str, Log] = MappingProxyType({})


def fields(table: str) -> tuple[Field, ...]:
    """Return what the domain says about a table's columns; nothing for a host's own table."""
    if table not in _FIELDS:
        _FIELDS[table] = fields_of(RECORDS[table]) if table in RECORDS else ()
    return _FIELDS[table]


def is_recorded(table: str, column: str) -> bool:
    """Is it a date at which something was recorded or came to exist, so that nothing of it lies after as_of?"""
    return any(f.recorded or f.exists for f in fields(table) if f.name == column)


def is_late(table: Table, column: str, instant: int, zone: Zone) -> bool:
    """Has a recorded column of a view values after the instant all the same?"""
    if not is_recorded(table.name, column) or column not in table.columns:
        return False
    latest = _latest(table.columns[column], zone)
    return latest is not None and latest > instant


def existence(table: Table) -> Column | None:
    """Return the column with the dates at which the rows came to exist."""
    for field in fields(table.name):
        if field.exists and field.name in table.columns:
            return table.columns[field.name]
    return None


def newest(tables: Mapping[str, Table], zone: Zone) -> tuple[int, str] | None:
    """Return the newest recorded instant and the column it stands in; a date means the end of that local day (T8)."""
    best: tuple[int, str] | None = None
    for name, column in _recorded(tables):
        at = _latest(column, zone)
        if at is not None and (best is None or at > best[0]):
            best = at, name
    return best


def _recorded(tables: Mapping[str, Table]) -> Iterator[tuple[str, Column]]:
    for table in tables.values():
        for field in fields(table.name):
            if field.recorded and field.name in table.columns:
                yield f"{table.name}.{field.name}", table.columns[field.name]


def _latest(column: Column, zone: Zone) -> int | None:
    kept: dict[str, int | None] = column.__dict__.setdefault("_latest", {})
    if zone.name not in kept:
        present = column.data if column.valid is None else column.data[column.valid]
        if not present.size:
            kept[zone.name] = None
        else:
            last = int(present.max())
            kept[zone.name] = last if column.kind == "instant" else zone.end_of_day(last)
    return kept[zone.name]


class Seen(Mapping[str, Table]):
    """Tables as something makes them of others, each when it is first looked at.

    `world` identifies what references are looked up in, without any table being made.
    """

    def __init__(
        self, tables: Mapping[str, Table], make: Callable[[Table], Table], world: tuple[Hashable, ...]
    ) -> None:
        self._tables, self._make, self.world = tables, make, world
        self._made: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        if name not in self._made:
            self._made[name] = self._make(self._tables[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._tables

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def view(
    tables: Mapping[str, Table],
    instant: int,
    day: int,
    zone: Zone,
    *,
    today: bool,
    kept: bool = False,
    known: int | None = None,
) -> tuple[Seen, Seen]:
    """Return the tables as they were at an instant whose local day is `day`, and the same with the rows still to come.

    Rows that came to exist later are absent, undated rows unless it is `today` (O9), and what happened
    later has not happened. What changed is as it was then, as far as it was `known` by an instant, by default the same;
    without a log of changes, amounts, stages and owners are those of the record (O8). The second tables are for
    references: who refers to a record knows it. Where the views are `kept`, the tables keep what was derived, for an
    instant that is looked from again.
    """
    by = instant if known is None else known
    logs, learnt = logs_of(tables, zone), logs_of(tables, zone, known=by)
    # of what only the record's own dates tell, nothing is known that happened after the knowledge ends
    until, last = (instant, day) if by >= instant else (by, zone.local_day(by))

    def of(table: Table) -> Mapping[str, Log]:
        return {n: learnt[table.name][n] for n, log in logs.get(table.name, _NONE).items() if log.hides(instant, by)}

    def made(table: Table, mine: Mapping[str, Log]) -> Table:
        found = _reverted(table, mine, instant, by, (until, last), zone)
        unknown = (
            _unknown(found, tables, logs.get(table.name, _NONE), instant, by, (until, last), zone) if mine else None
        )
        return found.unknown(unknown) if unknown else found

    def reverted(table: Table) -> Table:
        mine = of(table)
        if not kept:
            return made(table, mine)
        key = ("reverted", instant, by, zone.name, tables["change"].serial if mine else None)
        return table.kept(key, lambda: made(table, mine))

    def there(table: Table) -> Table:
        if table.name == "change":
            return table.kept(("recorded by", instant, by, zone.name), lambda: _recorded_by(table, instant, by, zone))
        known_as = seen[table.name]
        if not kept:
            return _there(known_as, until, last, zone, today=today)
        key = ("there", until, zone.name, today)
        return known_as.kept(key, lambda: _there(known_as, until, last, zone, today=today))

    world = tuple(
        (t.serial, instant, by, zone.name) if of(t) or any(True for _ in _undone(t, until, zone)) else t.serial
        for t in tables.values()
    )
    seen = Seen(tables, reverted, world)
    return Seen(tables, there, world), seen


def _recorded_by(changes: Table, instant: int, known: int, zone: Zone) -> Table:
    """Return the changes that had happened by an instant and were recorded by another."""
    at, recorded = times_of(changes, zone)
    kept = (at <= instant) & (recorded <= known)
    return changes if kept.all() else changes.select(np.flatnonzero(kept))


def is_after(column: Column, instant: int, day: int, zone: Zone) -> Mask:
    """Return which dates lie after an instant, whose local day is `day`; a date means the end of its day (T8)."""
    ended = day if instant >= zone.end_of_day(day) else day - 1
    late: Mask = column.data > (instant if column.kind == "instant" else ended)
    return late if column.valid is None else late & column.valid


def _undone(table: Table, instant: int, zone: Zone) -> Iterator[tuple[Revert, Column]]:
    """Yield what has to be undone for an instant, with the column that says when it happened."""
    for revert in REVERTS.get(table.name, ()):
        when = table.columns.get(revert.when)
        latest = None if when is None or when.kind not in ("instant", "day") else _latest(when, zone)
        if when is not None and latest is not None and latest > instant:
            yield revert, when


def _reverted(
    table: Table, logs: Mapping[str, Log], instant: int, known: int, until: tuple[int, int], zone: Zone
) -> Table:
    everything = whole(table, zone) if logs else table
    changes: dict[str, Column] = {
        name: log.pool.take(log.seen(known).at_instant(instant)) for name, log in logs.items()
    }
    for revert, when in _undone(everything, until[0], zone):
        late = is_after(when, *until, zone)
        for name, value in revert.resets.items():
            if name in everything.columns and name not in logs:
                changes[name] = reset(changes.get(name, everything.columns[name]), late, value)
    found = everything.replace(changes) if changes else everything
    if not logs:
        if found is table or table.aside is None:
            return found
        return found.beside(_reverted(table.aside, logs, instant, known, until, zone))
    left_out = gone(found)
    if not left_out.any():
        return found
    return found.select(np.flatnonzero(~left_out)).beside(found.select(np.flatnonzero(left_out)))


def _unknown(
    table: Table,
    tables: Mapping[str, Table],
    logs: Mapping[str, Log],
    instant: int,
    known: int,
    until: tuple[int, int],
    zone: Zone,
) -> list[str]:
    """Return the columns of a table as it was of which only a later change of some row is known, that was there (S5)."""
    since = known_since(tables, table.name, logs, zone, known)
    if not since:
        return []
    made = existence(table)
    there = np.ones(len(table), bool) if made is None else made.present() & ~is_after(made, *until, zone)
    everything = whole(tables[table.name], zone)
    numbers = everything.row_numbers(np.arange(len(everything)))
    spots = np.zeros(int(numbers.max(initial=-1)) + 1, np.int64)
    spots[numbers] = np.arange(len(numbers))
    places = spots[table.row_numbers(np.flatnonzero(there))]
    return [column for column, first in since.items() if (first[places] > instant).any()]


def _there(table: Table, instant: int, day: int, zone: Zone, *, today: bool) -> Table:
    made = existence(table)
    if made is None:
        return table
    aside = None if table.aside is None else _there(table.aside, instant, day, zone, today=today)
    latest = _latest(made, zone)
    late = np.zeros(len(table), bool)
    if not ((latest is None or latest <= instant) and (today or not made.nulls)):
        late = is_after(made, instant, day, zone)
        if not today:
            late |= ~made.present()
    if not late.any() and aside is table.aside:
        return table
    found = table.select(np.flatnonzero(~late)) if late.any() else table.replace({})
    return found.beside(aside)


def reset(column: Column, rows: Mask, value: Any) -> Column:
    """Return the column with these rows set to a value, None for blank."""
    if column.kind == "key":
        labels = list(column.labels)
        if value is not None and value not in labels:
            labels.append(value)
        data = column.data.astype(code_type(len(labels)))
        data[rows] = 0 if value is None else labels.index(value)
        return column.replace(data=data, labels=labels)
    data, valid = column.data.copy(), column.present().copy()
    if value is None:
        data[rows] = None if column.kind == "text" else 0
        valid[rows] = False
    else:
        data[rows], valid[rows] = value, True
    return column.replace(data=data, valid=None if column.kind == "text" else valid)
