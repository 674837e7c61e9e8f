"""Scan: the records of a table in bounded batches, as they are and as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from psycopg import sql

from crmcore.errors import ArgumentError
from crmcore.stores.codec import entry_of, instant, load
from crmcore.stores.contract import Batch, Cut, Stored
from crmcore.stores.fold import fold, stored
from crmcore.stores.scanning import batches, columns_of
from crmcore.stores.values import defaults_of

from .connections import Connection, Connections
from .layout import OTHERS, id_in
from .reading import stream
from .rows import ENTRY, Tables, row_in

__all__ = ["counts", "scan_now", "scan_past"]


def scan_now(
    connections: Connections, tables: Tables, tenant: str, table: str, columns: Sequence[str] | None, size: int
) -> Iterator[Batch]:
    """Return the records of a table as they stand; what cannot be asked for is refused at once."""
    _check_size(size)
    if columns is not None:
        columns_of(table, columns, ())
    return _now(connections, tables, tenant, table, columns, size)


def _now(
    connections: Connections, tables: Tables, tenant: str, table: str, columns: Sequence[str] | None, size: int
) -> Iterator[Batch]:
    asked = {"tenant": tenant, "table": table}
    fields, of = tables.layout.fields(table), tables.of(table)
    with connections.reading(tenant) as connection:
        names = columns_of(table, columns, _Own(connection, tables, tenant, table))
        kept = [name for name in names if name in fields]
        cells = [c.name for name in kept for c in fields[name][1]]
        chosen = sql.SQL("").join(sql.SQL(", t.{}").format(sql.Identifier(name)) for name in cells)
        query = sql.SQL("SELECT t._id, t._version, t._extra::text{} FROM {} t WHERE {} ORDER BY t._made").format(
            chosen, of.home, of.where
        )
        for rows in stream(connection, query, asked, size):
            yield _batch(tables, table, names, kept, rows)


def _batch(
    tables: Tables, table: str, names: tuple[str, ...], kept: list[str], rows: Sequence[tuple[Any, ...]]
) -> Batch:
    ids, versions, extras, *cells = map(list, zip(*rows, strict=True))
    fields, defaults = tables.layout.fields(table), defaults_of(table)
    found: dict[str, list[Any]] = {}
    place = 0
    for name in kept:
        how, columns = fields[name]
        found[name] = how.back(*cells[place : place + len(columns)])
        place += len(columns)
    for name in names:
        if name not in found:
            found[name] = [None] * len(rows)
    for row, extra in enumerate(extras):
        if extra is not None:
            for name, value in load(extra).items():
                if name in found:
                    found[name][row] = value
    for name, default in defaults.items():
        if name in found:
            found[name] = [default if value is None else value for value in found[name]]
    return Batch(("id", "version", *names), ([id_in(cell) for cell in ids], versions, *(found[n] for n in names)))


class _Own:
    """The names in `_extra` of a table's records; read only where they are needed."""

    def __init__(self, connection: Connection, tables: Tables, tenant: str, table: str) -> None:
        self._asked = connection, tables, tenant, table

    def __iter__(self) -> Iterator[str]:
        connection, tables, tenant, table = self._asked
        of = tables.of(table)
        query = sql.SQL("SELECT DISTINCT json_object_keys(t._extra) FROM {} t WHERE {} AND t._extra IS NOT NULL")
        rows = connection.execute(query.format(of.home, of.where), {"tenant": tenant, "table": table})
        return (row[0] for row in rows)


def scan_past(
    connections: Connections,
    tables: Tables,
    tenant: str,
    table: str,
    columns: Sequence[str] | None,
    size: int,
    at: Cut | None,
    known: datetime | None,
) -> Iterator[Batch]:
    """Return the records of a table as they were, from the log; what cannot be asked for is refused at once."""
    _check_size(size)
    if columns is not None:
        columns_of(table, columns, ())
    asked = {
        "tenant": tenant,
        "table": table,
        "instant": None if at is None else at.instant,
        "day": None if at is None else at.day,
        "known": None if known is None else instant(known),
    }
    return _past(connections, tables, table, columns, size, asked, (at, known))


def _past(
    connections: Connections,
    tables: Tables,
    table: str,
    columns: Sequence[str] | None,
    size: int,
    asked: dict[str, Any],
    when: tuple[Cut | None, datetime | None],
) -> Iterator[Batch]:
    with connections.reading(asked["tenant"]) as connection:
        own: set[str] = set()
        if columns is None:  # the names have to be known before the first batch
            for record in _records(connection, tables, table, asked, when):
                own.update(record.values)
        names = columns_of(table, columns, own)
        yield from batches(table, _records(connection, tables, table, asked, when), names, size)


_PAST = sql.SQL(
    "SELECT {entry} FROM (SELECT *, min(number) OVER (PARTITION BY id) AS made FROM {log} "
    "WHERE _tenant = %(tenant)s AND kind = %(table)s) e "
    "WHERE (%(known)s::numeric IS NULL OR recorded_us <= %(known)s::numeric) "
    "AND (%(instant)s::numeric IS NULL OR at_us <= %(instant)s::numeric OR at_day - date '1970-01-01' <= %(day)s::numeric) "
    "ORDER BY made, number"
)


def _records(
    connection: Connection,
    tables: Tables,
    table: str,
    asked: dict[str, Any],
    when: tuple[Cut | None, datetime | None],
) -> Iterator[Stored]:
    """Yield records as their entries make them, one record in memory at a time."""
    query = _PAST.format(entry=ENTRY, log=tables.entry)
    rows = (row for some in stream(connection, query, asked, 1_000) for row in some)
    for _, group in groupby(rows, key=lambda row: row[2]):
        for (_, id_), held in fold((entry_of(row_in(row)) for row in group), at=when[0], known=when[1]).items():
            yield stored(table, id_, held)


def counts(connection: Connection, tables: Tables, tenant: str, *, up_to: int | None = None) -> dict[str, int]:
    """Return how many records each table has, of those that have any; with `up_to`, count no further in those of the domain."""
    homes = [home for home in tables.layout.homes() if home != OTHERS]
    count = sql.SQL("SELECT {}, count(*) FROM (SELECT FROM {} WHERE _tenant = %(tenant)s LIMIT %(up_to)s) r")
    each = sql.SQL(" UNION ALL ").join(
        count.format(sql.Literal(home), sql.Identifier(tables.schema, home)) for home in homes
    )
    query = sql.SQL(
        "SELECT * FROM ({} UNION ALL SELECT _kind, count(*) FROM {} WHERE _tenant = %(tenant)s GROUP BY 1) c WHERE count > 0"
    )
    asked = {"tenant": tenant, "up_to": up_to}
    rows: Any = connection.execute(query.format(each, sql.Identifier(tables.schema, OTHERS)), asked).fetchall()
    return dict(rows)


def _check_size(size: int) -> None:
    if type(size) is not int or size < 1:
        raise ArgumentError(f"size is a whole number from 1, got {size!r}")
