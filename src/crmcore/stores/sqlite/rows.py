"""Rows: what both ways of writing entries and states have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from .layout import Shape
from .states import used_fields

__all__ = ["LOG", "write_fields"]

LOG = (
    "INSERT INTO log (tenant, place, kind, id, version, body, old, at, recorded, actor, sequence, source, key, digest, "
    "previous, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FIELD = (
    "INSERT INTO field (tenant, kind, name, records) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (tenant, kind, name) DO UPDATE SET records = records + excluded.records"
)


def write_fields(
    connection: sqlite3.Connection, tenant: int, shape: Shape, typed: Iterable[str], own: Mapping[str, int]
) -> None:
    """Keep the list of fields that records of a table have.

    Args:
        connection: in a transaction.
        tenant: whose.
        shape: of the table.
        typed: fields with a column of their own that have been written.
        own: fields of the host's own, with how many records more, or fewer, have each.
    """
    used = set(used_fields(connection, tenant, shape))
    rows: list[tuple[object, ...]] = [(tenant, shape.kind, name, None) for name in typed if name not in used]
    rows += [(tenant, shape.kind, name, count) for name, count in own.items() if count]
    if rows:
        connection.executemany(_FIELD, rows)
