"""Last change: a host that remembers only when a field changed last. History is unavailable then, and this is carried along."""

from __future__ import annotations

from typing import Any

from ...table.changes import History
from .lines import Values, check_values, read_lines

__all__ = ["from_last_change"]


def from_last_change(
    rows: Any,
    *,
    record: str = "id",
    value: str = "stage",
    at: str = "stage_changed_at",
    field: str = "stage",
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return what a source knows that keeps only the last change of a field: since when it is what it is.

    What was before is not known, and is blank in a view of the past. The history is marked: what needs every stay of a deal in a
    stage - time in stage, funnels by stage - raises `HistoryUnavailable` instead of giving a wrong number (S5).

    Args:
        rows: one for each record, in any shape that a dataset takes; the names are by default those of BottleCRM.
        record: column with the id of the record.
        value: column with the value that the field has.
        at: column with when it changed last; where it is blank, the field never changed.
        field: our column.
        values: our column -> their value to ours.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.

    Rules: S5

    Examples:
        >>> import crmcore as cc
        >>> deals = [{"id": "D1", "stage": "offer", "stage_changed_at": "2026-02-09"}]
        >>> [(c["new"], c["last_only"]) for c in cc.histories.from_last_change(deals)]
        [('offer', True)]
    """
    check_values(values, [field])
    kinds = {record: "key", value: "text", at: "moment"}
    lines = read_lines(rows, kinds.get, [record, value, at], table=table, timezone=timezone, unit=unit)
    lines.need(record)
    lines.once(record)
    states = lines.translated(field, lines.texts(value), values, value)
    moments = lines.moments(at)
    there = moments.present().tolist()
    changed = ((row, field, None, states[row], row, 0, -1) for row in lines.kept() if there[row])
    return lines.history(changed, moments, record=record, last_only=[field])
