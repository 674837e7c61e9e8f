"""Reading: what is asked of a connection that is in a transaction of a tenant already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import ServerCursor, sql

from crmcore.domain.record import Id
from crmcore.stores.codec import Row
from crmcore.stores.contract import Consumer
from crmcore.stores.fold import Held

from .connections import Connection
from .layout import id_out
from .rows import ENTRY, Tables, row_in

__all__ = ["consumer_of", "entries_of", "held_of", "stream"]

_CURSOR = "crmcore"


def stream(
    connection: Connection, query: sql.Composed, asked: Mapping[str, Any], size: int, *, name: str = _CURSOR
) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Yield rows in batches through a cursor on the server, so that no more than one batch is in memory (K14)."""
    with _cursor(connection, name) as cursor:
        cursor.execute(query, asked)
        while rows := cursor.fetchmany(size):
            yield rows


@contextmanager
def _cursor(connection: Connection, name: str) -> Iterator[ServerCursor[tuple[Any, ...]]]:
    cursor = connection.cursor(name=name)
    try:
        yield cursor
    finally:
        try:
            cursor.close()
        except (
            psycopg.Error
        ):  # the connection is lost, which its commit tells; a cursor counts as open until it is closed
            connection.close()
            cursor.close()


def entries_of(
    connection: Connection, tables: Tables, where: sql.Composable, asked: Mapping[str, Any], *, size: int = 1_000
) -> Iterator[Row]:
    """Yield the entries that a condition on `_entry` and an order ask for."""
    query = sql.SQL("SELECT {} FROM {} WHERE {}").format(ENTRY, tables.entry, where)
    for rows in stream(connection, query, asked, size):
        yield from map(row_in, rows)


def held_of(connection: Connection, tables: Tables, tenant: str, table: str, ids: Iterable[Id]) -> dict[Id, Held]:
    """Return the records of some ids, those that are there."""
    of = tables.of(table)
    # one lookup for each id, whatever the planner believes of a table that was just filled
    query = sql.SQL(
        "SELECT t.* FROM unnest(%(ids)s::text[]) AS x (id) "
        "CROSS JOIN LATERAL (SELECT {} FROM {} t WHERE {} AND t._id = x.id OFFSET 0) t"
    ).format(of.select, of.home, of.where)
    asked = {"tenant": tenant, "table": table, "ids": [id_out(id_) for id_ in ids]}
    return dict(tables.found(table, connection.execute(query, asked).fetchall()))


def consumer_of(connection: Connection, tables: Tables, tenant: str, name: str) -> Consumer:
    """Return how far a consumer is."""
    query = sql.SQL("SELECT cursor, state FROM {} WHERE _tenant = %s AND name = %s").format(tables.consumer)
    found: Any = connection.execute(query, (tenant, name)).fetchone()
    return Consumer(name, 0, None) if found is None else Consumer(name, *found)
