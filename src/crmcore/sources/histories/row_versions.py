"""Row versions: every state of the whole row, as Tryton's history tables and Salesforce's OpportunityHistory keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...table.changes import History
from ...table.issue import EXAMPLES, Issue
from .lines import Line, Values, check_values, order_of, read_lines, stated

__all__ = ["from_row_versions"]

TRYTON = {
    "state": "stage",
    "amount": "amount",
    "conversion_probability": "probability",
    "employee": "owner",
    "end_date": "expected_close",
}


def from_row_versions(
    rows: Any,
    *,
    record: str = "id",
    at: str = "write_date",
    version: str | None = "__id",
    created: str | None = "create_date",
    actor: str | None = "write_uid",
    recorded_at: str | None = None,
    fields: Mapping[str, str] = TRYTON,
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return the history that versions of whole rows tell: where two that follow each other differ, a field changed.

    The first version of a record is its state since its creation (S5); a version equal to the one before says nothing.

    Args:
        rows: in any shape that a dataset takes, in any order; the names of columns are by default those of Tryton's
            `sale_opportunity__history`.
        record: column with the id of the record.
        at: column with the instant or date from which the version holds.
        version: column that orders the versions of one instant, if there is one. Without it their order is not known: they
            are listed as an issue, and the one with the larger values is taken as the later.
        created: column with the date that stands in where `at` is blank, as it is before the first edit.
        actor: column with who wrote the version, if there is one.
        recorded_at: column with when it was written down, if that is not `at` (O8).
        fields: their column -> ours.
        values: our column -> their value to ours.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ArgumentError: `fields` names no column, or two for one of ours.
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.

    Rules: O8, S4, S5

    Examples:
        >>> import crmcore as cc
        >>> versions = [
        ...     {"__id": 1, "id": 7, "state": "lead", "write_date": None, "create_date": "2026-01-05"},
        ...     {"__id": 2, "id": 7, "state": "offer", "write_date": "2026-02-09", "create_date": "2026-01-05"},
        ... ]
        >>> history = cc.histories.from_row_versions(versions, fields={"state": "stage"})
        >>> [(c["old"], c["new"], c["at"].isoformat()) for c in history]
        [('lead', 'offer', '2026-02-09')]
    """
    kinds = dict.fromkeys(fields, "text") | {record: "key", at: "moment"}
    some = ((version, "text"), (created, "moment"), (actor, "key"), (recorded_at, "moment"))
    kinds |= {name: kind for name, kind in some if name}
    check_values(values, fields.values())
    twice = next((name for name, count in Counter(fields.values()).items() if count > 1), None)
    if twice is not None or not fields:
        one = f"{twice!r} comes from two columns" if fields else "fields names none"
        raise ArgumentError(f"{one}; name one column of the host for each of ours, as in {{'state': 'stage'}}")
    asked = fields if fields is not TRYTON else ["state"]
    more = stated(version=(version, "__id"), created=(created, "create_date"), actor=(actor, "write_uid"))
    needed = [record, at, *asked, *more, *([recorded_at] if recorded_at else [])]
    lines = read_lines(rows, kinds.get, needed, table=table, timezone=timezone, unit=unit)
    lines.need(record)
    moments = lines.moments(at, created)
    there = moments.present()
    size = len(lines)
    places = np.where(there[:size], np.arange(size), size + np.arange(size))
    for row in np.flatnonzero(~there[places]).tolist():
        lines.refuse(row, at, "blank")
    states = {
        ours: lines.translated(ours, lines.texts(theirs), values, theirs)
        for theirs, ours in fields.items()
        if lines.has(theirs) or theirs in asked
    }
    order = order_of(lines.values(version))
    people = lines.codes(record)
    shown = [tuple(str(column[row]) for column in states.values()) for row in range(len(lines))]
    keys = list(zip(people, moments.data[places].tolist(), order, strict=True))
    rows_in_order = sorted(lines.kept(), key=lambda row: (keys[row], shown[row]))
    tied = [b for a, b in pairwise(rows_in_order) if keys[a] == keys[b] and shown[a] != shown[b]]
    if tied:
        detail = "versions of one record and instant that nothing orders; name a column of versions"
        numbers = tuple(sorted(map(lines.number, tied))[:EXAMPLES])
        lines.draft.issues.append(Issue("versions not ordered", "change", at, len(tied), rows=numbers, detail=detail))
    changes = _changes(rows_in_order, people, places.tolist(), states)
    return lines.history(changes, moments, record=record, actor=actor, recorded_at=recorded_at)


def _changes(
    rows: Sequence[int], people: Sequence[int], places: Sequence[int], states: Mapping[str, Sequence[str | None]]
) -> Iterator[Line]:
    """Yield what differs between versions that follow each other."""
    for number, (before, row) in enumerate(pairwise(rows)):
        if people[before] == people[row]:
            for field, column in states.items():
                if column[before] != column[row]:
                    yield row, field, column[before], column[row], places[row], number, row
