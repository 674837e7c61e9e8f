"""Columns by name: the table's own, or those of a table it refers to."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ColumnNotFound, HistoryUnavailable
from ..table.column import Column
from ..table.schema import schema_of
from ..table.sweeps import SEEN_FROM
from ..table.table import Table
from .scope import Scope

__all__ = ["resolve", "unknown_before"]


def resolve(name: str, table: Table, scope: Scope) -> Column:
    """Return a column by name, through many-to-one references where the name has dots.

    Raises:
        ColumnNotFound: no such column, with the nearest names.
        HistoryUnavailable: a view of the past, and a source that keeps only a later change of the column (S5).
    """
    column = table.columns.get(name)
    head, _, rest = name.partition(".")
    if table.last_only and table.name != "change":
        _refuse(name if column is not None else head, table)
    if column is not None:
        return column
    refers = table.references.get(head) or _by_the_domain(table.name, head)
    if rest and refers is not None and head in table.columns:
        target = scope.known.get(refers)
        if target is not None and head in table.references:
            return table.kept(
                ("reference", name, scope.world), lambda: _through(table.columns[head], rest, target, scope)
            )
        raise ColumnNotFound(
            name,
            table.columns,
            where=f"for table {table.name!r}",
            hint=f"{head!r} refers to table {refers!r}, which the dataset does not have",
        )
    available = [n for n in table.columns if n != SEEN_FROM]
    for key, other in table.references.items():
        if key in table.columns and other in scope.known:
            available += [f"{key}.{n}" for n in scope.known[other].columns if n != "id"]
    raise ColumnNotFound(name, available, where=f"in table {table.name!r}")


def _refuse(name: str, table: Table) -> None:
    """Refuse a column that is not known at the instant of a view."""
    if name in table.last_only:
        raise unknown_before(f"{table.name}.{name}")


def unknown_before(field: str) -> HistoryUnavailable:
    """Return the error of a question about a time before the only change that is known (S5)."""
    return HistoryUnavailable(
        f"what {field} was then is not known: of it, or of what it follows from, the source keeps only the last change, which "
        "some rows had later (S5); ask as of a later day, leave out what reads it, or give the table change with every change",
        field=field,
    )


def _by_the_domain(table: str, column: str) -> str | None:
    """Return the table that a column of a record refers to, also where the dataset does not have it."""
    field = schema_of(table).fields.get(column)
    return None if field is None else field.references


def _through(head: Column, rest: str, target: Table, scope: Scope) -> Column:
    """Follow the reference in `head` to column `rest` of `target`."""
    value = resolve(rest, target, scope)
    ids = target["id"]
    rows = target.kept(("rows by id",), lambda: _rows_by_id(ids))
    found = np.array([rows.get(label, -1) for label in head.labels] or [-1], np.int64)
    found[0] = -1
    known = found >= 0
    spots = np.maximum(found, 0)
    per_label = value.data[spots] if len(target) else np.zeros(len(found), value.data.dtype)
    blank: Any = None if value.kind == "text" else 0
    per_label = np.where(known, per_label, blank)
    if value.kind not in ("text", "id"):
        per_label = per_label.astype(value.data.dtype, copy=False)
    data = per_label[head.data]
    if value.kind in ("key", "text"):
        return value.replace(data=data, valid=None)
    there = known if value.valid is None or len(target) == 0 else known & value.valid[spots]
    currency = value.currency
    if isinstance(currency, Column):
        codes = np.where(known, currency.data[spots] if len(target) else 0, 0).astype(currency.data.dtype)
        currency = currency.replace(data=codes[head.data])
    return value.replace(data=data, valid=there[head.data], currency=currency)


def _rows_by_id(ids: Column) -> dict[Any, int]:
    listed = ids.data.tolist() if ids.kind != "key" else [ids.labels[k] for k in ids.data.tolist()]
    return {v: i for i, v in enumerate(listed)}
