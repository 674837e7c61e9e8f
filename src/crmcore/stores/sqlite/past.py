"""The log: entries by number, the entries of a record, and records as they were."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ..codec import Row, entry_of
from ..contract import Cut, Stored
from ..entry import Entry
from ..fold import fold, stored
from .layout import Shape, number_in, place, places

__all__ = ["ENTRY", "as_it_was", "entries", "entry_in", "histories", "history"]

ENTRY = "place, kind, id, version, body, old, at, recorded, actor, sequence, source, key"
"""The columns of `codec.Row`, the place for the number."""
_BATCH = 1_000


def entry_in(cells: Sequence[Any]) -> Entry:
    """Return the entry that the cells of `ENTRY` stand for."""
    return entry_of(Row(number_in(cells[0]), *cells[1:12]))


def entries(connection: sqlite3.Connection, tenant: int, after: int, limit: int | None) -> Iterator[Entry]:
    """Yield the log of a tenant after an entry's number."""
    cursor = connection.execute(
        f"SELECT {ENTRY} FROM log WHERE tenant = ? AND place > ? AND place < ? ORDER BY place LIMIT ?",
        (tenant, place(tenant, after), places(tenant)[1], -1 if limit is None else limit),
    )
    while rows := cursor.fetchmany(_BATCH):
        yield from map(entry_in, rows)


def history(connection: sqlite3.Connection, tenant: int, last: int) -> list[Entry]:
    """Return the entries of a record in order of number, from its last one back."""
    found = connection.execute(
        "WITH RECURSIVE past (place) AS (VALUES (?) UNION ALL "
        "SELECT (log.tenant << 40) | log.previous FROM past JOIN log USING (place) "
        "WHERE log.tenant = ? AND log.previous IS NOT NULL) "
        f"SELECT {ENTRY} FROM past JOIN log USING (place) WHERE log.tenant = ? ORDER BY place",
        (place(tenant, last), tenant, tenant),
    )
    return [entry_in(row) for row in found]


def histories(
    connection: sqlite3.Connection, shape: Shape, tenant: int, first: int, size: int, columns: str = ENTRY
) -> tuple[list[Any], int | None]:
    """Return the log rows of some records of a table in order of number, and the place of the last of those records.

    Args:
        connection: in a transaction, so that all is of one moment.
        shape: of the table.
        tenant: whose.
        first: the place after which the records stand.
        size: records at most.
        columns: what is read of the log.
    """
    bound = (*shape.bound(tenant), first, places(tenant)[1], size)
    some = f"SELECT _place, _last FROM {shape.in_order} WHERE {shape.scope} AND _place > ? AND _place < ? ORDER BY _place LIMIT ?"
    (end,) = connection.execute(f"SELECT max(_place) FROM ({some})", bound).fetchone()
    if end is None:
        return [], None
    found = connection.execute(
        f"WITH RECURSIVE some AS ({some}), past (place) AS (SELECT (? << 40) | _last FROM some UNION ALL "
        "SELECT (log.tenant << 40) | log.previous FROM past JOIN log USING (place) "
        "WHERE log.tenant = ? AND log.previous IS NOT NULL) "
        f"SELECT {columns} FROM past JOIN log USING (place) WHERE log.tenant = ? ORDER BY place",
        (*bound, tenant, tenant, tenant),
    )
    return found.fetchall(), end


def as_it_was(
    connection: sqlite3.Connection, shape: Shape, tenant: int, size: int, at: Cut | None, known: datetime | None
) -> Iterator[Stored]:
    """Yield the records of a table as they were, in the order they were made; `size` of them are held at once."""
    first: int | None = places(tenant)[0]
    while first is not None:
        rows, first = histories(connection, shape, tenant, first, size)
        folded = fold(map(entry_in, rows), at=at, known=known)
        for (table, id_), held in folded.items():
            yield stored(table, id_, held)
