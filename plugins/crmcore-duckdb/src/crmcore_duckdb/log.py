"""The log as a Parquet file: one row for each entry, its values as JSON that keeps their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from crmcore.errors import StoreCorrupt
from crmcore.stores.codec import Row

from .forms import Field, arrow_types, decoded

__all__ = ["FIELDS", "SCHEMA", "batch_of_rows", "rows_of"]

FIELDS = tuple(
    Field(name, form, (name,))
    for name, form in (
        ("number", "whole"),
        ("table", "text"),
        ("id_text", "text"),
        ("id_number", "whole"),
        ("version", "whole"),
        ("values", "text"),
        ("old", "text"),
        ("at_instant", "instant"),
        ("at_day", "day"),
        ("recorded_at", "instant"),
        ("actor_text", "text"),
        ("actor_number", "whole"),
        ("sequence", "whole"),
        ("source", "text"),
        ("key", "text"),
    )
)
"""An id is text or a whole number, a moment an instant or a day: of each pair one is there."""
SCHEMA = pa.schema([(f.name, arrow_types(f)[0]) for f in FIELDS])


def batch_of_rows(rows: Sequence[Row]) -> Any:
    """Return entries, as cells, as a batch.

    Raises:
        ArrowInvalid, OverflowError: a sequence beyond 64 bits.
    """
    columns: list[list[Any]] = [
        [r.number for r in rows],
        [r.table for r in rows],
        *_parted([r.id for r in rows]),
        [r.version for r in rows],
        [r.values for r in rows],
        [r.old for r in rows],
        [r.at if isinstance(r.at, int) else None for r in rows],
        [date.fromisoformat(r.at) if isinstance(r.at, str) else None for r in rows],
        [r.recorded_at for r in rows],
        *_parted([r.actor for r in rows]),
        [r.sequence for r in rows],
        [r.source for r in rows],
        [r.key for r in rows],
    ]
    arrays = []
    for field, values in zip(SCHEMA, columns, strict=True):
        counted = pa.types.is_timestamp(field.type)
        array = pa.array(values, pa.int64() if counted else field.type)
        arrays.append(array.cast(field.type) if counted else array)
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def _parted(ids: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return ids as text and as numbers; each has None where the other has a value."""
    return [v if isinstance(v, str) else None for v in ids], [v if isinstance(v, int) else None for v in ids]


def rows_of(batch: Any) -> Iterator[Row]:
    """Yield the entries of a batch as cells.

    Raises:
        StoreCorrupt: a row that no entry is written as.
    """
    found = []
    for field, array in zip(FIELDS, batch.columns, strict=True):
        counted = field.form == "instant"
        found.append(array.cast(pa.int64()).to_pylist() if counted else decoded(field, [array]))
    for cells in zip(*found, strict=True):
        (
            number,
            table,
            text,
            whole,
            version,
            values,
            old,
            instant,
            day,
            recorded,
            actor,
            actor_no,
            order,
            source,
            key,
        ) = cells
        at = day.isoformat() if instant is None and day is not None else instant
        row = Row(
            number,
            table,
            text if whole is None else whole,
            version,
            values,
            old,
            at,
            recorded,
            actor if actor_no is None else actor_no,
            order,
            source,
            key,
        )
        if None in (number, table, row.id, version, values, old, at, recorded, order, source):
            raise StoreCorrupt(f"entry {number!r} of the log lacks a part")
        yield row
