"""Tables: records as they stand, as the columns of a dataset; of most cells no Python value is made."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from ...table.builders import Block, Builder
from ...table.builders.decimals import MAX_DECIMALS
from ...table.builders.money import MoneyBuilder
from ...table.builders.pack import ints64
from ...table.column import Array, Mask
from ...table.dataset import Dataset
from ...table.draft import Draft, TableBuilder
from ...table.ingest import assemble
from ...table.schema import Reading, schema_of
from ..scanning import columns_of
from ..values import defaults_of
from .forms import WHOLE, readable
from .layout import Shape, load_own, places, quoted
from .states import own_fields, used_fields

__all__ = ["dataset_in"]

_CHUNK = 4096
"""Rows that are converted at once: their Python values stay in the cache."""
_TENS = np.array([10**n for n in range(MAX_DECIMALS + 1)], np.int64)


def dataset_in(connection: sqlite3.Connection, tenant: int, shapes: Iterable[Shape]) -> Dataset:
    """Return the tables of a tenant as a dataset, without those that have no records: what `Dataset` makes of their scans."""
    drafts = (_draft(connection, tenant, shape) for shape in shapes)
    made = assemble(draft for draft in drafts if draft.length)
    return Dataset.of(made.tables, made.issues, made.rejected, made.left_out)


def _draft(connection: sqlite3.Connection, tenant: int, shape: Shape) -> Draft:
    with readable(shape.kind):
        return _read(connection, tenant, shape)


def _read(connection: sqlite3.Connection, tenant: int, shape: Shape) -> Draft:
    typed, own = used_fields(connection, tenant, shape), own_fields(connection, tenant, shape)
    columns = columns_of(shape.kind, None, own)
    reading = Reading(schema_of(shape.kind))
    table = TableBuilder(shape.kind, [reading.spec(name) for name in ("id", *columns)])
    defaults = defaults_of(shape.kind)
    cells = ["_id", *map(quoted, shape.columns_of(typed)), *(["_own"] if own else [])]
    cursor = connection.execute(
        f"SELECT {', '.join(cells)} FROM {shape.in_order} WHERE {shape.scope} AND _place > ? AND _place < ? ORDER BY _place",
        (*shape.bound(tenant), *places(tenant)),
    )
    blank = [name for name in columns if name not in typed and name not in own]
    while rows := cursor.fetchmany(_CHUNK):
        read = iter(range(1, len(cells)))
        table.builders["id"].add(_column(rows, 0))
        for name in typed:
            made, first = table.builders[name], _column(rows, next(read))
            if name in shape.money:
                _add_money(made, shape, name, first, _column(rows, next(read)))
            else:
                _add(made, shape, name, first, defaults.get(name))
        if own:
            found = [{} if cell is None else load_own(cell) for cell in _column(rows, next(read))]
            for name in own:
                default = defaults.get(name)
                table.builders[name].add([values.get(name, default) for values in found])
        for name in blank:
            _add_default(table.builders[name], defaults.get(name), len(rows))
        table.rows(len(rows), _row_of(rows, shape, typed, columns, own=bool(own)))
    return table.finish()


def _column(rows: Sequence[Sequence[Any]], place: int) -> list[Any]:
    return list(map(itemgetter(place), rows))


def _row_of(
    rows: list[Any], shape: Shape, typed: Sequence[str], columns: Sequence[str], *, own: bool
) -> Callable[[int], Mapping[str, Any]]:
    def row(place: int) -> Mapping[str, Any]:
        id_, *cells = rows[place]
        values = shape.values(typed, cells if own else [*cells, None])
        return {"id": id_} | {name: values.get(name, defaults_of(shape.kind).get(name)) for name in columns}

    return row


def _add_default(made: Builder, default: Any, size: int) -> None:
    if default is None:
        made.add_blank(size)
    else:
        made.add([default] * size if isinstance(default, str) else np.full(size, default))


def _add(made: Builder, shape: Shape, name: str, cells: list[Any], default: Any) -> None:
    """Give a builder the next rows of a field."""
    block = _BLOCKS.get(shape.kinds[name], _no_block)(cells) if default is None else None
    if block is not None:
        made.add_block(block)
        return
    decode = shape.forms[name].decode
    if shape.kinds[name] in {"key", "text", "count"} and bytes not in set(map(type, cells)):
        made.add(cells if default is None else [default if cell is None else cell for cell in cells])
    else:
        made.add([default if cell is None else decode(cell) for cell in cells])


def _add_money(made: Builder, shape: Shape, name: str, cells: list[Any], currencies: list[Any]) -> None:
    block = _exact(cells)
    if block is not None and isinstance(made, MoneyBuilder):
        made.add_amounts(block, currencies)
    else:
        made.add(shape.money_of(name, cells, currencies))


# --- cells as typed blocks, None where that cannot be


def _no_block(cells: list[Any]) -> Block | None:  # noqa: ARG001
    return None


def _numbers(cells: list[Any]) -> tuple[Array, Mask | None] | None:
    """Return cells that are whole numbers or blank as an array; None where others, or nothing but blanks, are among them."""
    kinds = set(map(type, cells))
    if kinds == {int}:
        return ints64(cells), None
    if kinds != {int, type(None)}:
        return None
    return ints64([0 if cell is None else cell for cell in cells]), np.array([cell is not None for cell in cells], bool)


def _moments(cells: list[Any]) -> Block | None:
    """Return dates, or instants: the last bit tells."""
    found = _numbers(cells)
    if found is None:
        return None
    data, valid = found
    odd = (data & 1).astype(bool)
    dates = odd if valid is None else odd[valid]
    if dates.any() and not dates.all():
        return None
    return Block("day" if dates.any() else "instant", data >> 1, valid, lasting=True)


def _exact(cells: list[Any]) -> Block | None:
    """Return decimals at one number of decimals: the last four bits tell how many each has."""
    found = _numbers(cells)
    if found is None:
        return None
    data, valid = found
    decimals = data & 15
    decimals[decimals == WHOLE] = 0
    most = int(decimals.max())
    if most > MAX_DECIMALS:
        return None
    data = data >> 4
    if int(decimals.min()) != most:
        factors = _TENS[most - decimals]
        if (np.abs(data) > (2**63 - 1) // factors).any():
            return None
        data *= factors
    return Block("decimal", data, valid, decimals=most, lasting=True)


def _spans(cells: list[Any]) -> Block | None:
    found = _numbers(cells)
    return None if found is None else Block("span", *found, lasting=True)


_BLOCKS: dict[str, Callable[[list[Any]], Block | None]] = {
    "moment": _moments,
    "day": _moments,
    "number": _exact,
    "probability": _exact,
    "duration": _spans,
}
