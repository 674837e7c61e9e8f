"""Rewind: rows with what was overwritten since put back, where a table of changes says what it was (O8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..calendars import Zone
from ..domain import Money
from ..domain.schema import RECORDS, fields_of
from ..errors import CrmCoreError
from ..table.builders import ColumnSpec, builder
from ..table.column import Array, Column, Mask, code_type
from ..table.table import Table
from .instants import instants

__all__ = ["rewound"]

CHANGE = ("table", "record", "field", "old", "at")
"""What a table of changes needs for values to be put back."""


def rewound(table: Table, limit: Array, tables: Mapping[str, Table], zone: Zone) -> Table:
    """Return a table in which each field has the value it had at an instant of each row.

    A change that became true, or was written down, later than that is undone: the field gets the old value of the first of
    them. A step that tells when the record was created wrote the whole record, and is no change. An old value that cannot be
    read is blank.

    Args:
        table: rows with ids.
        limit: the instant that each row is seen from.
        tables: those of the dataset; without a table `change` that says of what to what, nothing is put back.
        zone: where days end.

    Rules: O8, S4.
    """
    changes = tables.get("change")
    if changes is None or "id" not in table or not all(n in changes for n in CHANGE):
        return table
    if changes["old"].nulls == len(changes):  # nothing says what was before
        return table
    rows, places, order = _undone(changes, table, limit, zone)
    field = changes["field"]
    codes = field.data[rows]
    found: dict[str, Column] = {}
    for code in np.unique(codes).tolist():
        name = field.labels[code]
        if name not in table.columns or name == "id":
            continue
        mine = np.flatnonzero(codes == code)
        mine = mine[np.argsort(order[mine], kind="stable")]
        at, first = np.unique(places[mine], return_index=True)  # of each row the earliest change that is undone
        found[name] = _with(table[name], at, _texts(changes["old"], rows[mine[first]]), zone)
    return table.replace(found) if found else table


def _undone(changes: Table, table: Table, limit: Array, zone: Zone) -> tuple[Array, Array, Array]:
    """Return the changes of these rows that are undone: their places, those of their rows, and their order."""
    of = changes["table"].index.get(table.name, 0)
    rows = np.flatnonzero(changes["table"].data == of) if of else np.zeros(0, np.int64)
    place_of = {str(i): p for p, i in enumerate(_ids(table))}
    record = changes["record"]
    by_code = np.array([place_of.get(str(label), -1) if label is not None else -1 for label in _labels(record)])
    places = by_code[_codes(record, rows)] if rows.size else np.zeros(0, np.int64)
    rows, places = rows[places >= 0], places[places >= 0]
    at = instants(changes["at"], zone)[0][rows]
    learnt = at
    if "recorded_at" in changes:
        written, dated = instants(changes["recorded_at"], zone)
        learnt = np.where(dated[rows], written[rows], at)
    order = np.zeros(rows.size, np.int64)
    sequence = changes["sequence"].data[rows] if "sequence" in changes else np.zeros(rows.size, np.int64)
    order[np.lexsort((sequence, at))] = np.arange(rows.size)
    late = (np.maximum(at, learnt) > limit[places]) & ~_beginnings(changes, table, rows, places, at, sequence)
    return rows[late], places[late], order[late]


def _beginnings(changes: Table, table: Table, rows: Array, places: Array, at: Array, sequence: Array) -> Mask:
    """Return which changes belong to a step that tells when its record was created."""
    made = [f.name for f in (fields_of(RECORDS[table.name]) if table.name in RECORDS else ()) if f.exists]
    codes = [changes["field"].index[n] for n in made if n in changes["field"].index]
    tells = np.isin(changes["field"].data[rows], codes)
    if not tells.any():
        return tells
    steps = np.stack([places, at, sequence], 1)
    _, step = np.unique(steps, axis=0, return_inverse=True)
    return np.isin(step, step[tells])


def _ids(table: Table) -> Sequence[Any]:
    column = table["id"]
    data = column.data.tolist()
    return [column.labels[c] for c in data] if column.kind == "key" else data


def _labels(column: Column) -> Sequence[Any]:
    return column.labels if column.kind == "key" else [None, *column.data.tolist()]


def _codes(column: Column, rows: Array) -> Array:
    return np.asarray(column.data[rows] if column.kind == "key" else rows + 1)


def _texts(column: Column, rows: Array) -> list[Any]:
    found = column.data[rows].tolist()
    return [column.labels[c] for c in found] if column.kind == "key" else found


def _with(column: Column, at: Array, texts: Sequence[Any], zone: Zone) -> Column:
    """Return a column with other values, given as text, at some places."""
    if column.kind == "key":
        whole = all(isinstance(x, int) for x in column.labels[1:])
        labels = [*column.labels]
        index = dict(column.index)
        data = column.data.astype(np.int64)
        for place, text in zip(at.tolist(), texts, strict=True):
            value = None if text in (None, "") else int(text) if whole and str(text).lstrip("-").isdigit() else text
            if value not in index:
                index[value] = len(labels)
                labels.append(value)
            data[place] = index[value]
        return column.replace(data=data.astype(code_type(len(labels))), labels=labels)
    if column.kind == "text":
        data = column.data.copy()
        data[at] = texts
        return column.replace(data=data)
    made = builder(ColumnSpec("old", column.kind, timezone=zone.name))
    if column.kind == "money":
        made.add([_money(text, column.currency) for text in texts])
    else:
        made.add_text(["" if text is None else str(text) for text in texts])
    return _merged(column, at, made.finish())


def _money(text: Any, currency: Any) -> Any:
    if text is None:
        return None
    amount, _, code = str(text).partition(" ")
    try:
        return Money(amount, code or (currency if isinstance(currency, str) else None))
    except CrmCoreError:
        return None


def _merged(column: Column, at: Array, old: Column) -> Column:
    """Return a column with the values of another at some places, at the finer of their scales."""
    scale = max(column.scale, old.scale)
    data = column.data * (scale // column.scale) if scale > column.scale else column.data.copy()
    valid = column.present().copy()
    values = old.data.astype(np.float64 if data.dtype.kind == "f" else np.int64) * (scale // old.scale)
    data = data.astype(np.result_type(data, np.int64)) if data.dtype.kind == "i" else data
    data[at] = np.where(old.present(), values, 0)
    valid[at] = old.present()
    currency = column.currency
    if isinstance(currency, Column):
        currency = _with_currency(currency, at, old)
    return column.replace(data=data, valid=valid, scale=scale, currency=currency)


def _with_currency(currency: Column, at: Array, old: Column) -> Column:
    given = old.currency
    if isinstance(given, Column):
        texts: list[Any] = [given.labels[c] for c in given.data.tolist()]
    else:
        texts = [given] * len(old)
    keep = [currency.labels[c] for c in currency.data[at].tolist()]
    return _with(currency, at, [t if t is not None else k for t, k in zip(texts, keep, strict=True)], Zone("UTC"))
