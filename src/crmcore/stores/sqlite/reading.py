"""Reading: the records of a table as they stand, in batches of columns."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ..contract import Batch, Cut
from ..scanning import batches, columns_of
from ..values import defaults_of
from .forms import readable
from .layout import Shape, load_own, places, quoted
from .past import as_it_was
from .states import used_fields

__all__ = ["past", "scan"]


def scan(
    connection: sqlite3.Connection, shape: Shape, tenant: int, columns: tuple[str, ...], size: int
) -> Iterator[Batch]:
    """Yield the records of a tenant's table in the order they were made."""
    used = set(used_fields(connection, tenant, shape))
    typed = [name for name in columns if name in used]
    outside = any(name not in shape.kinds for name in columns)
    cells = [*map(quoted, shape.columns_of(typed)), *(["_own"] if outside else [])]
    cursor = connection.execute(
        f"SELECT {', '.join(['_id', '_version', *cells])} FROM {shape.in_order} "
        f"WHERE {shape.scope} AND _place > ? AND _place < ? ORDER BY _place",
        (*shape.bound(tenant), *places(tenant)),
    )
    while rows := cursor.fetchmany(size):
        with readable(shape.kind):
            batch = _batch(shape, columns, typed, rows, own=outside)
        yield batch


def _batch(
    shape: Shape, columns: tuple[str, ...], typed: Sequence[str], rows: Sequence[Sequence[Any]], *, own: bool
) -> Batch:
    """Return rows of id, version, the cells of typed fields, and the host's own fields, as a batch."""
    defaults = defaults_of(shape.kind)
    taken: list[Sequence[Any]] = list(zip(*rows, strict=True))
    others = [{} if cell is None else load_own(cell) for cell in taken[-1]] if own else None
    at = 2
    read: dict[str, Sequence[Any]] = {}
    for name in typed:
        default, decode = defaults.get(name), shape.forms[name].decode
        if name in shape.money:
            read[name] = shape.money_of(name, taken[at], taken[at + 1])
            at += 1
        else:
            read[name] = [default if c is None else decode(c) for c in taken[at]]
        at += 1
    values = (_column(name, read, others, defaults.get(name), len(rows)) for name in columns)
    return Batch(("id", "version", *columns), (taken[0], taken[1], *values))


def past(
    connection: sqlite3.Connection,
    shape: Shape,
    tenant: int,
    columns: Sequence[str] | None,
    size: int,
    at: Cut | None,
    known: datetime | None,
) -> Iterator[Batch]:
    """Yield the records of a tenant's table as they were, in the order they were made."""
    names: list[str] = []
    if columns is None and _had_own(connection, shape, tenant):
        # own fields that were cleared since may have been there
        records = as_it_was(connection, shape, tenant, size, at, known)
        names = sorted({name for record in records for name in record.values})
    wanted = columns_of(shape.kind, columns, names)
    yield from batches(shape.kind, as_it_was(connection, shape, tenant, size, at, known), wanted, size)


def _had_own(connection: sqlite3.Connection, shape: Shape, tenant: int) -> bool:
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM field WHERE tenant = ? AND kind = ? AND records IS NOT NULL)",
        (tenant, shape.kind),
    ).fetchone()
    return bool(row[0])


def _column(
    name: str, read: dict[str, Sequence[Any]], own: list[dict[str, Any]] | None, default: Any, size: int
) -> Sequence[Any]:
    if name in read:
        return read[name]
    return [default] * size if own is None else [found.get(name, default) for found in own]
