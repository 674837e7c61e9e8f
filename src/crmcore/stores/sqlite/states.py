"""States: records as they stand, read by their ids."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, NamedTuple

from ...domain.record import Id
from ..fold import Held
from .forms import readable
from .layout import Shape, held_in, shape_of

__all__ = ["State", "own_fields", "states", "used_fields"]


class State(NamedTuple):
    """A record as it stands: its place, the number of its last entry, and its state."""

    place: int
    last: int
    held: Held


def states(connection: sqlite3.Connection, tenant: int, table: str, ids: Collection[Id]) -> dict[Id, State]:
    """Return the records of a tenant with these ids, by id; those that are not there are left out."""
    shape = shape_of(table)
    fields = used_fields(connection, tenant, shape)
    statement = shape.select(fields, f" AND _id IN ({', '.join('?' * len(ids))})")
    rows = connection.execute(statement, (*shape.bound(tenant), *ids))
    with readable(table):
        return {row[1]: state_in(shape, fields, row) for row in rows}


def state_in(shape: Shape, fields: list[str], row: Any) -> State:
    """Return a record from its row, as `Shape.select` reads it."""
    return State(row[0], row[5], held_in(shape, fields, row))


def used_fields(connection: sqlite3.Connection, tenant: int, shape: Shape) -> list[str]:
    """Return the typed fields that any record of a tenant's table has ever had, in the order of the layout."""
    if shape.own:
        return []
    found = connection.execute(
        "SELECT name FROM field WHERE tenant = ? AND kind = ? AND records IS NULL", (tenant, shape.kind)
    )
    used = {name for (name,) in found}
    return [name for name in shape.kinds if name in used]


def own_fields(connection: sqlite3.Connection, tenant: int, shape: Shape) -> list[str]:
    """Return the host's own fields that records of a tenant's table have, sorted."""
    found = connection.execute(
        "SELECT name FROM field WHERE tenant = ? AND kind = ? AND records > 0", (tenant, shape.kind)
    )
    return sorted(name for (name,) in found)
