"""Logs: the change table of a dataset as one log per column (O8, S4, S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ...calendars import Zone
from ...errors import IngestError
from ..column import Array, Column, Mask
from ..dates import micros
from ..ids import like_ids
from ..table import Table
from .complete import complete
from .decode import Codes, blank, coded, in_currency, pooled, used
from .log import Log, values_before
from .money import with_currencies
from .order import ordered, pieces
from .whole import whole

__all__ = ["Logs", "logged", "logs_of", "times_of"]

Logs = Mapping[str, Mapping[str, Log]]
"""Table -> column -> its log; rows of the log are those of the whole table."""

_NONE: Logs = MappingProxyType({})
_DENSE = 8
"""Numbers between the lowest and the highest id, for each id, up to which there is a place for each of them."""


def logs_of(tables: Mapping[str, Table], zone: Zone, *, strict: bool = True, known: int | None = None) -> Logs:
    """Return the logs of the columns that changed, made once for these tables.

    Changes of records that no table has are not in them.

    Args:
        tables: those of a dataset; without a table `change` there are no logs.
        zone: where days end.
        strict: False to take a value that its column cannot take as blank.
        known: the instant at which they are looked at with `Log.seen`, for what follows from them follows from what was known.

    Raises:
        IngestError: a change to such a value.
    """
    changes = tables.get("change")
    if changes is None or not len(changes):
        return _NONE
    key = ("logs", zone.name, tuple(table.serial for name, table in tables.items() if name != "change"))
    logs, wrong, derived = changes.kept(key, lambda: _made(changes, tables, zone))
    if strict and wrong:
        raise IngestError(wrong[0])
    if known is None or not derived or not _gaps(logs["opportunity"], known):
        return with_currencies(logs, tables, zone, known)
    own = {name: log for name, log in logs["opportunity"].items() if name not in derived}
    deals = changes.kept((*key, known), lambda: complete(tables, "opportunity", own, zone, known))
    return with_currencies({**logs, "opportunity": deals}, tables, zone, known)


def _gaps(deals: Mapping[str, Log], known: int) -> bool:
    return any(deals[name].gaps(known) for name in ("stage", "outcome") if name in deals)


def logged(tables: Mapping[str, Table]) -> frozenset[str]:
    """Return the tables of which changes are known."""
    changes = tables.get("change")
    if changes is None or not len(changes):
        return frozenset()
    return changes.kept("logged", lambda: frozenset(_labels(changes["table"])))


def times_of(changes: Table, zone: Zone) -> tuple[Array, Array]:
    """Return when changes became true, and when they were recorded: the same where the source does not say (O8)."""
    at, recorded = micros(changes["at"], zone), changes.columns.get("recorded_at")
    if recorded is None or not recorded.present().any():
        return at, at
    return at, np.where(recorded.present(), micros(recorded, zone), at)


def _labels(column: Column) -> list[str]:
    return [column.labels[code] for code in np.unique(column.data).tolist() if code]


def _made(changes: Table, tables: Mapping[str, Table], zone: Zone) -> tuple[Logs, list[str], frozenset[str]]:
    """Return the logs, what could not be read, and the columns of opportunities whose logs follow from others."""
    at, known = times_of(changes, zone)
    sequence = changes["sequence"].data if "sequence" in changes else None
    tables_at, fields_at = changes["table"], changes["field"]
    ranks = _stage_ranks(tables.get("stage"))
    found: dict[str, dict[str, Log]] = {}
    wrong: list[str] = []
    for code, name in enumerate(tables_at.labels):
        if name is None or name not in tables or name == "change":
            continue
        table = whole(tables[name], zone)
        mine = _among(slice(None), tables_at.data == code)
        rows = _positions(changes["record"], table, mine)
        known_to = rows >= 0
        mine, rows = _among(mine, known_to), rows[_among(slice(None), known_to)]
        logs: dict[str, Log] = {}
        fields = fields_at.data[mine]
        for number in used(fields, len(fields_at.labels)):
            if not number:
                continue
            field, here = fields_at.labels[number], fields == number
            part = _among(mine, here)
            texts = coded(part, changes["old"], changes["new"])
            logs[field] = _log(
                table,
                field,
                rows[_among(slice(None), here)],
                at[part],
                None if known is at else known[part],
                None if sequence is None else sequence[part],
                texts,
                zone,
                ranks if field == "stage" else {},
                wrong,
            )
        found[name] = logs
    whole_logs = {name: complete(tables, name, logs, zone) for name, logs in found.items()}
    derived = whole_logs.get("opportunity", {}).keys() - found.get("opportunity", {}).keys()
    return whole_logs, wrong, frozenset(derived)


def _among(places: Array | slice, chosen: Mask) -> Array | slice:
    """Return those of some places that a mask chooses; they themselves where it chooses all."""
    if chosen.all():
        return places
    return np.flatnonzero(chosen) if isinstance(places, slice) else places[chosen]


def _log(
    table: Table,
    field: str,
    rows: Array,
    at: Array,
    known: Array | None,
    sequence: Array | None,
    texts: Sequence[Codes],
    zone: Zone,
    ranks: Mapping[Any, int],
    wrong: list[str],
) -> Log:
    today = table.columns.get(field)
    if today is None:
        today = blank(table.name, field, len(table))
    if today.kind == "money":
        texts = in_currency(texts, rows, today)
    old, new = texts
    pool = pooled(today, new.texts, table.name, field, zone, wrong)
    nothing = len(pool) - 1
    names = np.argsort(np.argsort(np.array([*new.texts, ""], object)))
    places = np.array([*(ranks.get(text, len(ranks)) for text in new.texts), len(ranks)], np.int64)

    def ties(tied: Array) -> list[Array]:
        told = [] if sequence is None else [sequence[tied]]
        return [*told, places[new.codes[tied]], names[new.codes[tied]], names[old.codes[tied]]]

    order = ordered(rows, at, ties)
    values = np.append(np.arange(len(new.texts)) + len(today), [nothing]).astype(np.int32)
    before, after = (_taken(values, side.codes, order.places) for side in (old, new))
    # many sources say only the new value: the old one is that of the change before it
    silent = np.flatnonzero(before == nothing)
    silent = silent[(silent > 0) & (order.rows[silent] == order.rows[silent - 1])]
    before[silent] = after[silent - 1]
    if field in table:  # since its last change a row is what it is today, whatever that change says
        last = np.flatnonzero(np.append(order.rows[1:] != order.rows[:-1], [True])) if len(rows) else silent
        after[last] = order.rows[last]
    return Log(
        pool,
        values_before(np.arange(len(table), dtype=np.int32), order.rows, before),
        order.rows,
        order.at,
        order.at if known is None else known[order.places],
        np.broadcast_to(np.int64(0), len(rows)) if sequence is None else sequence[order.places],
        before,
        after,
    )


def _taken(values: Array, codes: Array, places: Array) -> Array:
    """Return the values of codes at these places; the last value is that of code -1."""
    found = np.empty(len(places), values.dtype)
    for piece in pieces(len(places)):
        values.take(codes[places[piece]], out=found[piece], mode="wrap")
    return found


def _positions(records: Column, table: Table, changes: Array | slice) -> Array:
    """Return the row of the record of each of these changes, -1 where there is none."""
    ids = table["id"]
    if ids.data.dtype != object and len(ids) and set(map(type, records.labels[1:])) == {int}:
        found = _rows_of(np.array(records.labels[1:]), ids.data)
    else:
        records = like_ids(records, ids)
        spots = {label: row for row, label in enumerate(ids.data.tolist())}
        found = np.array([spots.get(label, -1) for label in records.labels[1:]], np.int64)
    return np.append([-1], found).astype(np.int32)[records.data[changes]]


def _rows_of(numbers: Array, ids: Array) -> Array:
    """Return the row that has each of some whole numbers for its id, -1 where none has."""
    low, high = int(ids.min()), int(ids.max())
    if high - low < _DENSE * len(ids):  # a row for each number in between costs less than sorting
        rows = np.full(high - low + 1, -1)
        rows[ids - low] = np.arange(len(ids))
        inside = (numbers >= low) & (numbers <= high)
        return np.where(inside, rows[np.where(inside, numbers, low) - low], -1)
    order = np.argsort(ids, kind="stable")
    places = order[np.searchsorted(ids[order], numbers, side="right") - 1]
    return np.where(ids[places] == numbers, places, -1)


def _stage_ranks(stages: Table | None) -> dict[Any, int]:
    """Return the place of each stage in its pipeline, by its id as text (S4)."""
    if stages is None or "order" not in stages:
        return {}
    order = stages["order"]
    places = np.where(order.present(), order.data, np.iinfo(np.int64).max)
    ranked = np.unique(places, return_inverse=True)[1]
    return dict(zip(map(str, stages["id"].data.tolist()), ranked.tolist(), strict=True))
