"""Reading: the records of a table as they stand, in batches of columns."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...domain import Money
from ..contract import Batch
from ..values import defaults_of
from .layout import Shape, load_own, places, quoted
from .states import used_fields

__all__ = ["scan"]


def scan(
    connection: sqlite3.Connection, shape: Shape, tenant: int, columns: tuple[str, ...], size: int
) -> Iterator[Batch]:
    """Yield the records of a tenant's table in the order they were made."""
    used = set(used_fields(connection, tenant, shape))
    typed = [name for name in columns if name in used]
    outside = any(name not in shape.kinds for name in columns)
    cells = [*map(quoted, shape.columns_of(typed)), *(["_own"] if outside else [])]
    cursor = connection.execute(
        f"SELECT {', '.join(['_id', '_version', *cells])} FROM {shape.name} "
        f"WHERE {shape.scope} AND _place > ? AND _place < ? ORDER BY _place",
        (*shape.bound(tenant), *places(tenant)),
    )
    defaults = defaults_of(shape.kind)
    while rows := cursor.fetchmany(size):
        taken: list[Sequence[Any]] = list(zip(*rows, strict=True))
        own = [{} if cell is None else load_own(cell) for cell in taken[-1]] if outside else None
        at = 2
        read: dict[str, Sequence[Any]] = {}
        for name in typed:
            default, decode = defaults.get(name), shape.forms[name].decode
            if name in shape.money:
                read[name] = _money(taken[at], taken[at + 1], decode)
                at += 1
            else:
                read[name] = [default if c is None else decode(c) for c in taken[at]]
            at += 1
        yield Batch(
            ("id", "version", *columns),
            (taken[0], taken[1], *(_column(name, read, own, defaults.get(name), len(rows)) for name in columns)),
        )


def _column(
    name: str, read: dict[str, Sequence[Any]], own: list[dict[str, Any]] | None, default: Any, size: int
) -> Sequence[Any]:
    if name in read:
        return read[name]
    return [default] * size if own is None else [found.get(name, default) for found in own]


def _money(amounts: Sequence[Any], currencies: Sequence[Any], decode: Callable[[Any], Any]) -> list[Any]:
    return [None if a is None else Money(decode(a), c) for a, c in zip(amounts, currencies, strict=True)]
