"""Strange changes: of records, columns and tables that are not there, and from before their record was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

import numpy as np

from ..calendars import Zone
from ..domain.schema import RECORDS
from .checks import Finding, backwards
from .column import Array, Column, Mask
from .ids import holder_of, like_ids
from .schema import schema_of

__all__ = ["strange_changes"]

_SHOWN = 10


def strange_changes(
    changes: Mapping[str, Column],
    tables: Mapping[str, Mapping[str, Column]],
    ids: Mapping[str, Column],
    keep: Mask | None,
    zone: Zone,
) -> Iterator[Finding]:
    """Yield the changes that are of nothing in the dataset, or of a record before its creation; they stay in the table.

    Args:
        changes: columns of the table of changes.
        tables: columns of the tables of the dataset.
        ids: ids of the records of each, also of those that count nowhere.
        keep: rows of the changes that count.
        zone: in which instants are compared with dates.

    Rules: T3
    """
    names, fields, records = (changes.get(name) for name in ("table", "field", "record"))
    if names is None or fields is None or records is None or {names.kind, fields.kind, records.kind} != {"key"}:
        return
    counted = np.ones(len(names), bool) if keep is None else keep
    for code in np.unique(names.data).tolist():
        name = names.labels[code]
        if name is None:
            continue
        mine: Mask = counted & (names.data == code)
        if name not in tables:
            if name not in RECORDS:
                yield Finding("unknown table", "table", np.flatnonzero(mine), f"no {name!r}{_near(name, RECORDS)}")
            continue
        known = {*schema_of(name).fields, *tables[name]}
        for number in np.unique(fields.data[mine]).tolist():
            field = fields.labels[number]
            if field is not None and field not in known:
                rows = np.flatnonzero(mine & (fields.data == number))
                yield Finding("unknown column", "field", rows, f"{name} has no {field!r}{_near(field, known)}")
        yield from _of_nobody(records, name, ids[name], mine)
        yield from _too_early(records, changes.get("at"), name, tables[name], mine, zone)


def _of_nobody(records: Column, table: str, ids: Column, mine: Mask) -> Iterator[Finding]:
    """Yield changes of records that the table does not have."""
    there = _held(records, ids)
    if there.all():
        return
    odd = np.flatnonzero(mine & ~np.append([True], there)[records.data])
    if odd.size:
        yield Finding("unknown reference", "record", odd, f"no {table} {_counted(records, odd)}")


def _too_early(
    records: Column, at: Column | None, table: str, columns: Mapping[str, Column], mine: Mask, zone: Zone
) -> Iterator[Finding]:
    """Yield changes from before the creation of their record: it was in no stage then (T3)."""
    created, ids = columns.get("created_at"), columns.get("id")
    if at is None or created is None or ids is None or not {at.kind, created.kind} <= {"day", "instant"}:
        return
    labels = like_ids(records, ids)
    spots = {label: row for row, label in reversed(list(enumerate(ids.data.tolist())))}
    place = np.array([spots.get(label, -1) for label in labels.labels], np.int64)[labels.data]
    rows = np.flatnonzero(mine & (place >= 0))
    odd = rows[backwards(created.take(place[rows]), at.take(rows), zone)]
    if odd.size:
        yield Finding("changed before created", "at", odd, f"{table} {_counted(records, odd)}")


def _counted(records: Column, rows: Array) -> str:
    """Return the records of some changes with how many each has, most first."""
    codes, counts = np.unique(records.data[rows], return_counts=True)
    some = np.argsort(-counts, kind="stable")[:_SHOWN]
    shown = ", ".join(f"{records.labels[c]!r} ({n})" for c, n in zip(codes[some], counts[some], strict=True))
    return f"{shown} and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else shown


def _held(records: Column, ids: Column) -> Array:
    """Return which of the labels of a column, but the blank one, are ids."""
    labels = records.labels[1:]
    kinds = set(map(type, labels))
    if ids.data.dtype != object and kinds == {int}:
        return np.isin(np.array(labels), ids.data)
    if ids.data.dtype == object and kinds == {str}:
        known = set(ids.data.tolist())
        return np.fromiter((label in known for label in labels), bool, len(labels))
    return np.array(holder_of(ids)(list(like_ids(records, ids).labels[1:])), bool)


def _near(name: str, known: Mapping[str, object] | set[str]) -> str:
    found = get_close_matches(name, sorted(known), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
