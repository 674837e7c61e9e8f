"""Field changes: one row for each field that changed, as Salesforce's field history, Odoo's messages and Creme's diffs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from ...table.changes import History
from .breaks import breaks
from .lines import Lines, Values, check_values, order_of, read_lines, stated

__all__ = ["from_diffs", "from_field_changes", "from_messages", "percent"]

SALESFORCE = {"StageName": "stage", "Amount": "amount", "CloseDate": "expected_close"}
ODOO = {"stage_id": "stage", "expected_revenue": "amount", "date_deadline": "expected_close", "user_id": "owner"}
CREME = {
    "sales_phase_id": "stage",
    "estimated_sales": "amount",
    "chance_to_win": "probability",
    "expected_closing_date": "expected_close",
    "user_id": "owner",
}
_OLD = ("OldValue", "old_value_char")
_NEW = ("NewValue", "new_value_char")
_ACTOR = ("CreatedById", "author_id")
"""Defaults: a column that the caller did not name may be missing."""


def percent(text: str) -> Decimal:
    """Return a probability from 0 to 100 as one from 0 to 1, for `values={"probability": percent}`."""
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(f"{text!r} is no number of percent")
    return number / 100


def from_field_changes(
    rows: Any,
    *,
    record: str = "OpportunityId",
    field: str = "Field",
    old: str | Sequence[str] = "OldValue",
    new: str | Sequence[str] = "NewValue",
    at: str = "CreatedDate",
    actor: str | None = "CreatedById",
    recorded_at: str | None = None,
    sequence: str | None = None,
    fields: Mapping[str, str] | None = SALESFORCE,
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return the history that a log of field changes tells: one row for each field that changed.

    What a record had before its first change is the old value of that change, and what it has now where it has none (S5).

    Args:
        rows: in any shape that a dataset takes; the names of columns are by default those of Salesforce's
            OpportunityFieldHistory.
        record: column with the id of the record.
        field: column with the name of the field.
        old: column with the value before, or several, of which the first that says something counts. It may be missing
            from the rows: then it is the new value of the change before.
        new: column with the value after, or several.
        at: column with the instant or date.
        actor: column with who did it, if there is one.
        recorded_at: column with when it was written down, if that is not `at` (O8).
        sequence: column that orders the changes of one instant; without it the pipeline's order of stages does (S4).
        fields: their name of a field -> our column; rows of other fields are left out and counted. None: all, by their names.
        values: our column -> their value to ours, for labels in several languages, renamed stages, percentages.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.

    Rules: O8, S4, S5

    Examples:
        >>> import crmcore as cc
        >>> log = [
        ...     {
        ...         "OpportunityId": "006A",
        ...         "Field": "StageName",
        ...         "OldValue": "Discovery",
        ...         "NewValue": "Proposal",
        ...         "CreatedDate": "2026-02-09T10:00:00Z",
        ...     }
        ... ]
        >>> history = cc.histories.from_field_changes(log)
        >>> [(c["record"], c["field"], c["old"], c["new"]) for c in history]
        [('006A', 'stage', 'Discovery', 'Proposal')]
    """
    olds, news = _names(old), _names(new)
    if fields is not None:
        check_values(values, fields.values())
    kinds = dict.fromkeys([*olds, *news, field], "text") | {at: "moment", record: "key"}
    kinds |= {name: kind for name, kind in ((actor, "key"), (recorded_at, "moment"), (sequence, "text")) if name}
    known = {None, *_OLD, *_NEW, *_ACTOR}
    asked = [name for name in (recorded_at, sequence, actor, *olds, *news) if name not in known]
    lines = read_lines(
        rows, kinds.get, [record, field, news[0], at, *map(str, asked)], table=table, timezone=timezone, unit=unit
    )
    for name in (record, field, at):
        lines.need(name)
    named = [_named(name, fields) for name in lines.texts(field)]
    before, after = lines.texts(olds), lines.texts(news)
    _translate(lines, named, before, values, olds[0])
    _translate(lines, named, after, values, news[0])
    places = range(len(lines))
    order = order_of(lines.values(sequence)) if sequence else None
    return _history(lines, places, named, before, after, order, record=record, at=at, actor=actor, known=recorded_at)


def from_messages(
    rows: Any,
    *,
    record: str = "res_id",
    field: str = "field",
    old: str | Sequence[str] = "old_value_char",
    new: str | Sequence[str] = "new_value_char",
    at: str = "date",
    actor: str | None = "author_id",
    recorded_at: str | None = None,
    sequence: str | None = None,
    fields: Mapping[str, str] | None = ODOO,
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return the history that a log of messages tells: which field changed from what to what, but not what it was first.

    The values of such a log are what people read: labels, in the language of the time. `values` says which stage each of them
    means; one that it does not name is a stage of its own (S1).

    Args:
        rows: one for each tracked value, with the date of its message; the names of columns are by default those of Odoo's
            `mail.tracking.value` beside its `mail.message`.
        record: column with the id of the record.
        field: column with the name of the field.
        old: column with the value before, or several, of which the first that says something counts.
        new: column with the value after, or several.
        at: column with the instant or date.
        actor: column with who did it, if there is one.
        recorded_at: column with when it was written down, if that is not `at` (O8).
        sequence: column that orders the messages of one instant, such as their id (S4).
        fields: their name of a field -> our column; rows of other fields are left out and counted. None: all, by their names.
        values: our column -> their value to ours.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.

    Rules: O8, S4, S5

    Examples:
        >>> import crmcore as cc
        >>> log = [
        ...     {
        ...         "res_id": 7,
        ...         "field": "stage_id",
        ...         "old_value_char": "Neu",
        ...         "new_value_char": "Offerte",
        ...         "date": "2026-02-09T10:00:00Z",
        ...     }
        ... ]
        >>> history = cc.histories.from_messages(log, values={"stage": {"Neu": "new", "Offerte": "offer"}})
        >>> [(c["record"], c["old"], c["new"]) for c in history]
        [(7, 'new', 'offer')]
    """
    return from_field_changes(
        rows,
        record=record,
        field=field,
        old=old,
        new=new,
        at=at,
        actor=actor,
        recorded_at=recorded_at,
        sequence=sequence,
        fields=fields,
        values=values,
        table=table,
        timezone=timezone,
        unit=unit,
    )


def from_diffs(
    rows: Any,
    *,
    record: str = "entity_id",
    diff: str = "value",
    at: str = "date",
    actor: str | None = "username",
    sequence: str | None = "id",
    fields: Mapping[str, str] | None = CREME,
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return the history that lines with a JSON diff tell: one line for each edit, with all fields it changed.

    A diff is a list in which `[field, old, new]` is a change and `[field, new]` one of a field that was blank; anything else
    in it, as the name of the record, is passed over. The line of a creation has no values and gives no change.

    Args:
        rows: in any shape that a dataset takes; the names are by default those of Creme's `creme_core_historyline`.
        record: column with the id of the record.
        diff: column with the diff as JSON text.
        at: column with the instant or date.
        actor: column with who did it, if there is one.
        sequence: column that orders the edits of one instant, if there is one (S4).
        fields: their name of a field -> our column; other fields are left out and counted. None: all, by their names.
        values: our column -> their value to ours; by default Creme's chance to win becomes a probability from 0 to 1.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.

    Rules: O8, S4, S5

    Examples:
        >>> import crmcore as cc
        >>> line = {"id": 31, "entity_id": 7, "date": "2026-02-09T10:00:00Z"}
        >>> line["value"] = '["Deal 7", ["sales_phase_id", 1, 2], ["chance_to_win", 30]]'
        >>> [(c["field"], c["old"], c["new"]) for c in cc.histories.from_diffs([line])]
        [('stage', '1', '2'), ('probability', None, '0.3')]
    """
    if values is None and fields is CREME:
        values = {"probability": percent}
    if fields is not None:
        check_values(values, fields.values())
    kinds = {record: "key", diff: "text", at: "moment"} | {n: k for n, k in ((actor, "key"), (sequence, "text")) if n}
    asked = stated(actor=(actor, "username"), sequence=(sequence, "id"))
    lines = read_lines(rows, kinds.get, [record, diff, at, *asked], table=table, timezone=timezone, unit=unit)
    for name in (record, at):
        lines.need(name)
    named: list[str | None] = []
    before: list[str | None] = []
    after: list[str | None] = []
    places: list[int] = []
    for row, text in enumerate(lines.values(diff)):
        for name, *sides in _parts(lines, row, diff, text, fields):
            first, then = (
                None if v is None or v == "" else str(v) for v in (sides if len(sides) == 2 else [None, *sides])
            )
            named.append(_named(name, fields))
            before.append(first)
            after.append(then)
            places.append(row)
    _translate(lines, named, before, values, diff, places)
    _translate(lines, named, after, values, diff, places)
    order = order_of(lines.values(sequence)) if lines.has(sequence) else None
    return _history(lines, places, named, before, after, order, record=record, at=at, actor=actor)


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _named(name: str | None, fields: Mapping[str, str] | None) -> str | None:
    return name if fields is None or name is None else fields.get(name)


def _parts(lines: Lines, row: int, column: str, text: str | None, fields: Mapping[str, str] | None) -> list[list[Any]]:
    """Return the changes of fields in a diff; a line that is none, or in which one of our fields has no values, is rejected."""
    if text is None:
        return []
    try:
        found = _DIFF.decode(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        lines.refuse(row, column, "not a diff", text[:80])
        return []
    parts = []
    for part in found:
        if not (isinstance(part, list) and part and isinstance(part[0], str)):
            continue
        if len(part) in {2, 3} and not any(isinstance(v, list | dict) for v in part):
            parts.append(part)
        elif fields is None or part[0] in fields:
            lines.refuse(row, column, "not the old and new value of a field", str(part)[:80])
            return []
    return parts


def _no_number(text: str) -> None:
    raise ValueError(text)


_DIFF = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def _translate(
    lines: Lines,
    named: Sequence[str | None],
    side: list[str | None],
    values: Values | None,
    column: str,
    places: Sequence[int] | None = None,
) -> None:
    """Put the values of ours in place of theirs, in the fields of which something is said."""
    for ours in values or {}:
        mine = [place for place, name in enumerate(named) if name == ours]
        rows = mine if places is None else [places[place] for place in mine]
        for place, value in zip(
            mine, lines.translated(ours, [side[place] for place in mine], values, column, rows), strict=True
        ):
            side[place] = value


def _history(
    lines: Lines,
    places: Sequence[int],
    named: Sequence[str | None],
    before: Sequence[str | None],
    after: Sequence[str | None],
    order: Sequence[int] | None,
    *,
    record: str,
    at: str,
    actor: str | None,
    known: str | None = None,
) -> History:
    """Return the changes of the rows that are kept, numbered within each record and instant by what orders them."""
    kept = np.zeros(len(lines), bool)
    kept[lines.kept()] = True
    mine = [i for i, row in enumerate(places) if kept[row]]
    taken = [i for i in mine if named[i]]
    if len(taken) < len(mine):
        lines.excluded["other field"] = lines.excluded.get("other field", 0) + len(mine) - len(taken)
    rows = np.array([places[i] for i in taken], np.int64)
    moments = lines.moments(at)
    numbers = np.zeros(len(taken), np.int64)
    if order is not None and taken:
        keys = np.stack([np.array(order)[rows], moments.data[rows], lines.draft.columns[record].data[rows]])
        steps = np.lexsort(keys)
        new = np.diff(keys[:, steps], axis=1, prepend=keys[:, steps[:1]]) != 0
        grouped, ahead = new[1:].any(axis=0), np.cumsum(new[0])
        starts = np.maximum.accumulate(np.where(grouped, np.arange(len(steps)), 0))
        numbers[steps] = ahead - ahead[starts]
    staged = [place for place, i in enumerate(taken) if named[i] == "stage"]
    people = lines.draft.columns[record].data[rows[staged]] if staged else rows[staged]
    sides = ([side[taken[place]] for place in staged] for side in (before, after))
    odd = breaks(people, moments.data[rows[staged]], numbers[staged], *sides)
    detail = "the stage before is not the one of the change before: a change is missing, or a stage was renamed"
    lines.listed("changes do not follow", at, sorted(int(rows[staged[place]]) for place in odd), detail)
    return lines.history(
        (
            (row, named[i] or "", before[i], after[i], row, number, row)
            for i, row, number in zip(taken, rows.tolist(), numbers.tolist(), strict=True)
        ),
        moments,
        record=record,
        actor=actor,
        recorded_at=known,
    )
