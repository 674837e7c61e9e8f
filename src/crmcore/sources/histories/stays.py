"""Stays: rows that say how long a record had a value - intervals, and columns with when a stage was entered and left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ...errors import ArgumentError, ColumnNotFound
from ...table.changes import History
from ...table.column import Column
from ...table.values import values_of
from .lines import Line, Lines, Values, check_values, order_of, read_lines, stated

__all__ = ["from_entered_and_left", "from_intervals"]


class _Moment(NamedTuple):
    """A date or instant, and its place in the pool."""

    at: int
    place: int


class _Stay(NamedTuple):
    """One stay: its row, value, beginning, end and what came after it; `order` decides between stays of equal dates."""

    row: int
    value: str
    begin: _Moment | None
    end: _Moment | None
    into: str | None = None
    order: int = 0


def from_intervals(
    rows: Any,
    *,
    record: str = "parent",
    value: str = "from",
    begin: str = "from_date",
    end: str | None = "to_date",
    into: str | None = "to",
    actor: str | None = "log_owner",
    sequence: str | None = "idx",
    field: str = "stage",
    since_creation: bool = True,
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return the history that intervals tell: one row for each stay of a record in a stage, from when to when.

    A stay whose end is blank lasts. Where stays overlap, the record is in the one that began last; between stays that do not
    touch it is in none. A stay without a beginning begins where the one before it ended, the first with the record. The
    end of the last stay is no change of its own unless `into` says where the record went: closing a deal ends its stay.

    Args:
        rows: in any shape that a dataset takes; the names of columns are by default those of Frappe's CRM Status Change Log.
        record: column with the id of the record.
        value: column with the value that the record had.
        begin: column with the instant or date from which it had it.
        end: column with the instant or date to which; None, or missing: each stay lasts until the next one.
        into: column with the value that it had after, if there is one.
        actor: column with who ended the stay, if there is one.
        sequence: column that orders stays of equal dates, if there is one (S4).
        field: our column.
        since_creation: whether the first stay of a record is taken to last from its creation, whatever its row says, as
            hosts make that date up; else the time before it is in no stage.
        values: our column -> their value to ours, such as `{"stage": {"Negotiation": "S3"}}` for names instead of ids.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.

    Rules: S4, S5

    Examples:
        >>> import crmcore as cc
        >>> log = [
        ...     {"parent": "D1", "from": "new", "from_date": "2026-01-05", "to": "offer", "to_date": "2026-02-09"},
        ...     {"parent": "D1", "from": "offer", "from_date": "2026-02-09", "to": None, "to_date": None},
        ... ]
        >>> [(c["old"], c["new"], c["at"].isoformat()) for c in cc.histories.from_intervals(log)]
        [('new', 'offer', '2026-02-09')]
    """
    kinds = {record: "key", value: "text", begin: "moment"}
    kinds |= {n: k for n, k in ((end, "moment"), (into, "text"), (actor, "key"), (sequence, "text")) if n}
    check_values(values, [field])
    named = {"end": (end, "to_date"), "into": (into, "to")}
    asked = stated(**named, actor=(actor, "log_owner"), sequence=(sequence, "idx"))
    lines = read_lines(rows, kinds.get, [record, value, begin, *asked], table=table, timezone=timezone, unit=unit)
    for name in (record, value):
        lines.need(name)
    states = lines.translated(field, lines.texts(value), values, value)
    intos = lines.translated(field, lines.values(into), values, into or value)
    size = len(lines)
    moments = lines.moments(begin, end)
    dates = _places(moments)
    for row in range(size):
        first, last = dates[row], dates[size + row]
        if first is None and last is None:
            lines.refuse(row, begin, "no beginning and no end")
        elif first is not None and last is not None and last.at < first.at:
            lines.refuse(row, end or begin, "ends before it begins", _shown(moments, size + row))
    order = order_of(lines.values(sequence))
    people = lines.codes(record)
    stays: dict[int, list[_Stay]] = {}
    for row in lines.kept():
        stay = _Stay(row, states[row] or "", dates[row], dates[size + row], intos[row], order[row])
        stays.setdefault(people[row], []).append(stay)
    ordered = {who: _begun(some) for who, some in stays.items()}
    _odd(lines, ordered, begin)
    return lines.history(_changes(ordered, field, since_creation), moments, record=record, actor=actor)


def from_entered_and_left(
    rows: Any,
    *,
    record: str = "id",
    entered: str = "hs_date_entered_{}",
    left: str | None = "hs_date_exited_{}",
    field: str = "stage",
    since_creation: bool = False,
    values: Values | None = None,
    table: str = "opportunity",
    timezone: str | None = None,
    unit: str | None = None,
) -> History:
    """Return the history that columns tell: for each stage one with when a record entered it, and one with when it left.

    Such columns hold one stay of a record in a stage. A record that came back has left before it entered: it is there
    again since it entered, and that its earlier stay is lost is listed as an issue.

    Args:
        rows: one for each record, in any shape that a dataset takes; the names of columns are by default HubSpot's.
        record: column with the id of the record.
        entered: names of the columns with when a stage was entered; {} stands for the stage.
        left: names of the columns with when it was left; None: each stay lasts until the next one.
        field: our column.
        since_creation: whether the first stay of a record is taken to last from its creation; else the time before it is in
            no stage.
        values: our column -> their value to ours, such as `{"stage": {"appointmentscheduled": "S1"}}`.
        table: the table that the records are of.
        timezone: IANA name of the zone of timestamps that have none.
        unit: unit of timestamps that are numbers, counted from 1970-01-01 UTC.

    Raises:
        ArgumentError: `entered` or `left` has no {}, or more than one.
        ColumnNotFound: there is no column of records, or none with when a stage was entered, or left.
        IngestError: rows that cannot be read at all.

    Rules: S4, S5

    Examples:
        >>> import crmcore as cc
        >>> deals = [{"id": 7, "hs_date_entered_new": "2026-01-05", "hs_date_exited_new": "2026-02-09"}]
        >>> deals[0] |= {"hs_date_entered_offer": "2026-02-09", "hs_date_exited_offer": None}
        >>> [(c["old"], c["new"], c["at"].isoformat()) for c in cc.histories.from_entered_and_left(deals)]
        [(None, 'new', '2026-01-05'), ('new', 'offer', '2026-02-09')]
    """
    check_values(values, [field])
    patterns = [_pattern(pattern) for pattern in (entered, left) if pattern is not None]

    def kind(name: str) -> str | None:
        return "key" if name == record else "moment" if any(_stage(name, p) for p in patterns) else None

    lines = read_lines(rows, kind, [record], table=table, timezone=timezone, unit=unit)
    lines.need(record)
    pairs = _pairs(lines, *patterns)
    if not pairs and len(lines):
        raise ColumnNotFound(entered.replace("{}", "..."), lines.draft.columns, where="in the rows of the history")
    if (
        left is not None
        and left != "hs_date_exited_{}"
        and len(lines)
        and all(end is None for _, end in pairs.values())
    ):
        raise ColumnNotFound(left.replace("{}", "..."), lines.draft.columns, where="in the rows of the history")
    lines.once(record)
    stages = lines.translated(field, list(pairs), values, record, [0] * len(pairs)) if len(lines) else []
    size, people = len(lines), lines.codes(record)
    moments = lines.moments(*(name for pair in pairs.values() for name in pair))
    dates = _places(moments)
    stays: dict[int, list[_Stay]] = {}
    again: list[int] = []
    for row in lines.kept():
        mine = stays.setdefault(people[row], [])
        for number, stage in enumerate(stages):
            first, last = dates[2 * number * size + row], dates[(2 * number + 1) * size + row]
            if first is None and last is None:
                continue
            if first is not None and last is not None and last.at < first.at:
                again.append(row)
                last = None
            mine.append(_Stay(row, stage or "", first, last))
    lines.listed("earlier stay not kept", entered, again, "left before it was entered: there again since")
    ordered = {who: _begun(some) for who, some in stays.items()}
    _odd(lines, ordered, entered)
    return lines.history(_changes(ordered, field, since_creation), moments, record=record)


def _pattern(pattern: str) -> tuple[str, str]:
    before, found, after = pattern.partition("{}")
    if not found or "{}" in after:
        raise ArgumentError(
            f"{pattern!r} names no columns; {{}} stands once for the stage, as in 'hs_date_entered_{{}}'"
        )
    return before, after


def _stage(name: str, pattern: tuple[str, str]) -> str | None:
    before, after = pattern
    fits = name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after)
    return name[len(before) : len(name) - len(after)] if fits else None


def _pairs(
    lines: Lines, entered: tuple[str, str], left: tuple[str, str] = ("", "")
) -> Mapping[str, tuple[str | None, str | None]]:
    """Return the columns with when a stage was entered and left, by stage."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for name in lines.draft.columns:
        stage = _stage(name, entered)
        if stage is not None:
            found[stage] = (name, found.get(stage, (None, None))[1])
        elif left != ("", "") and (stage := _stage(name, left)) is not None:
            found[stage] = (found.get(stage, (None, None))[0], name)
    return found


def _odd(lines: Lines, stays: Mapping[int, Sequence[_Stay]], column: str) -> None:
    """List the stays that begin while another one lasts, after a time in none, or where the one before did not lead."""
    over: list[int] = []
    after: list[int] = []
    broken: list[int] = []
    if not any(stay.end is not None for some in stays.values() for stay in some):
        return  # where nothing says when a stay ended, each lasts until the next one
    for some in stays.values():
        last = some[0].end
        for before, stay in pairwise(some):
            last = last if before.end is None or (last is not None and last.at >= before.end.at) else before.end
            if before.end is None or last is None or stay.begin is None or stay.begin.at < last.at:
                over.append(stay.row)
            elif stay.begin.at > last.at:
                after.append(stay.row)
            elif before.into not in (None, stay.value) and _lasts(before) and _lasts(stay):
                broken.append(stay.row)
    lines.listed("stays overlap", column, sorted(over), "of those that last at one time the one that began last counts")
    lines.listed("time in no stay", column, sorted(after), "the stay before it ended earlier: in between it is in none")
    detail = "the stage before says that it led to another one: a stay is missing, or a stage was renamed"
    lines.listed("changes do not follow", column, sorted(broken), detail)


def _lasts(stay: _Stay) -> bool:
    """Does a stay take any time? Of those that take none, what came first is not always known."""
    return stay.begin is None or stay.end is None or stay.begin.at < stay.end.at


def _places(moments: Column) -> list[_Moment | None]:
    """Return the moments of a pool, None where there is none."""
    there = moments.present().tolist()
    return [_Moment(at, place) if there[place] else None for place, at in enumerate(moments.data.tolist())]


def _shown(moments: Column, place: int) -> str:
    return str(values_of(moments, np.array([place]))[0])


def _changes(stays: Mapping[int, list[_Stay]], field: str, since_creation: bool) -> Iterator[Line]:
    """Yield the changes of records that stayed in values for a while, in the order of their beginnings."""
    for some in stays.values():
        yield from _moves(some, field, since_creation)


def _begun(stays: list[_Stay]) -> list[_Stay]:
    """Return the stays of a record in the order of their beginnings; one without begins where the one before it ended."""
    unsaid = sorted((s for s in stays if s.begin is None), key=_span)
    ends = [s.end for s in unsaid]
    later = [s._replace(begin=end) for s, end in zip(unsaid[1:], ends, strict=False)]
    return unsaid[:1] + sorted([*(s for s in stays if s.begin is not None), *later], key=_span)


def _span(stay: _Stay) -> tuple[int, bool, int, int, str, str]:
    begin, end = (0 if moment is None else moment.at for moment in (stay.begin, stay.end))
    return begin, stay.end is None, end, stay.order, stay.value, stay.into or ""


def _moves(stays: Sequence[_Stay], field: str, since_creation: bool) -> Iterator[Line]:
    """Yield the changes of one record: at each beginning, and at each end after which no other stay runs on."""
    events: list[tuple[bool, int, bool, int, _Moment | None]] = []
    for place, stay in enumerate(stays):
        events.append((stay.begin is not None, stay.begin.at if stay.begin else 0, False, place, stay.begin))
        if stay.end is not None:
            events.append((True, stay.end.at, True, place, stay.end))
    running: list[int] = []
    now: str | None = None
    then: str | None
    last = len(stays) - 1
    for count, (*_, ending, place, moment) in enumerate(sorted(events, key=lambda event: event[:4])):
        stay = stays[place]
        if not ending:
            running.append(place)
            if moment is None or (count == 0 and since_creation):
                now = stay.value
                continue
            then = stay.value
        else:
            top = running[-1] == place
            running.remove(place)
            if not top:
                continue
            then = stays[running[-1]].value if running else stay.into
            if not running and stay.into is None and place == last:
                continue
        if then != now:
            assert moment is not None
            yield stay.row, field, now, then, moment.place, count, stay.row if ending else -1
            now = then
