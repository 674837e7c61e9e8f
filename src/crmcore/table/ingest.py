"""Ingest: from drafts to tables. Rows are rejected, left out or listed here; nothing is repaired, nothing dropped silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np

from ..calendars import Zone
from ..domain import OUTCOMES
from ..domain.schema import ASSUMED
from . import table as tables
from .builders import Bad
from .checks import Finding, check_table
from .column import Array, Column, Mask
from .columns import Columns
from .draft import Draft
from .ids import holder_of, like_ids, repeated
from .issue import EXAMPLES, Issue, Rejected
from .outcomes import filled, outcome_of, stage_kinds
from .schema import schema_of
from .strange import strange_changes
from .table import Table
from .unfit import unfit_changes
from .values import values_of

__all__ = ["Assembly", "assemble"]

_HINTS = {
    "naive timestamp": "it has no time zone; state one: Dataset(timezone=...), or in the profile",
    "date out of range": "dates lie between 1900 and 2199",
    "duplicate id": "the first row with the id is kept",
    "unknown outcome": f"outcomes are {', '.join(OUTCOMES)}",
    "float amount": "read as the shortest decimal that the float denotes",
    "unclear local time": "the clock is set back or forward: the first occurrence, or moved forward",
    "midnight read as a date": "timestamps without zone, all at midnight",
}
_SHOWN = 3
_NEEDED = {
    "table": "a change has to say of which table",
    "record": "a change has to say of which record",
    "field": "a change has to say of which field",
    "at": "a change has to say when",
}


@attrs.frozen(slots=True, eq=False)
class Assembly:
    """The tables of a dataset, with what was noticed."""

    tables: Mapping[str, Table]
    issues: tuple[Issue, ...]
    rejected: tuple[Rejected, ...]
    left_out: Mapping[str, Table]
    """Rows that enter no number (O3), by table."""


def assemble(drafts: Iterable[Draft], timezone: str | None = None) -> Assembly:
    """Return the tables that drafts become.

    Rows with cells that could not be converted, and second rows of one id, are rejected; deleted, merged, sample and test
    records are left out and counted (O3); references and dates are checked; large tables of opportunities are ordered
    by outcome.

    Args:
        drafts: tables as they were read, of different names.
        timezone: zone in which instants are compared with dates; UTC by default.
    """
    zone = Zone(timezone or "UTC")
    works = {d.name: _Work(d) for d in drafts}
    stages = works.get("stage")
    kinds = stage_kinds(stages.draft.columns) if stages is not None else {}
    for work in works.values():
        work.give_ids()
        work.reject()
        work.leave_out()
        work.give_currencies()
        if work.draft.name == "opportunity":
            work.give_outcome(kinds)
        work.give_assumed()
    for work in works.values():
        work.refer(works)
        for finding in check_table(work.draft.name, work.draft.columns, work.keep, zone):
            work.kept(finding)
    if "change" in works:
        known = {name: work.known for name, work in works.items() if work.known is not None}
        columns = {name: work.draft.columns for name, work in works.items()}
        for finding in strange_changes(columns["change"], columns, known, works["change"].keep, zone):
            works["change"].kept(finding)
        works["change"].reject_unfit(columns, zone)
    made = {name: work.table() for name, work in works.items()}
    aside = {name: table.aside for name, table in made.items() if table.aside is not None}
    issues = [issue for work in works.values() for issue in work.issues]
    return Assembly(made, tuple(issues), tuple(r for work in works.values() for r in work.rejected), aside)


class _Work:
    """One draft on its way to a table."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.keep: Mask | None = None
        self.references: dict[str, str] = {}
        self.excluded: dict[str, int] = dict(draft.excluded)
        self.issues = list(draft.issues)
        self.rejected = list(draft.rejected)
        self.known: Column | None = None
        """Ids that a reference may hold: also those of rows that are left out."""
        self.aside: list[Array] = []
        """Rows that are left out."""

    # --- rows that are not taken

    def give_ids(self) -> None:
        """Number the rows of a table without ids, from 1."""
        if "id" not in self.draft.columns:
            self.draft.columns = {"id": Column("id", np.arange(1, self.draft.length + 1)), **self.draft.columns}

    def reject(self) -> None:
        """Reject rows that do not fit, rows with cells that could not be converted, and rows whose id is taken."""
        found: dict[int, str] = {}
        misfits = {bad.row for bad in self.draft.bad.get("", ())}
        for column, bads in self.draft.bad.items():
            by_kind: dict[str, list[Bad]] = {}
            for bad in bads:
                if not column or bad.row not in misfits:
                    by_kind.setdefault(bad.kind, []).append(bad)
                    found.setdefault(bad.row, _reason(column, bad))
            for kind, some in by_kind.items():
                self._list(kind, column, np.array([b.row for b in some], np.int64), _quoted(some), rejected=True)
        if found:
            self._drop(np.array(list(found), np.int64))
        twice = repeated(self.draft.columns["id"], self.keep)
        if twice.size:
            labels = values_of(self.draft.columns["id"], twice)
            detail = ", ".join(map(repr, dict.fromkeys(labels[:_SHOWN])))
            self._list("duplicate id", "id", twice, detail, rejected=True)
            found |= {row: f"id: duplicate id {label!r}" for row, label in zip(twice.tolist(), labels, strict=True)}
            self._drop(twice)
        if self.draft.name == "change":
            found |= self._incomplete()
        if found:
            self.rejected += [self._rejected(row, found[row]) for row in sorted(found)]
        for column, notes in self.draft.notes.items():
            for kind, note in notes.items():
                rows = self._numbers(np.array(note.rows, np.int64))
                self.issues.append(
                    Issue(kind, self.draft.name, column, note.count, rows=rows, detail=_HINTS.get(kind, ""))
                )

    def _incomplete(self) -> dict[int, str]:
        """Drop changes that do not say of what, or when: nothing can be made of them; return why."""
        found: dict[int, str] = {}
        for name in ("table", "record", "field", "at"):
            column = self.draft.columns.get(name)
            if column is None:
                continue
            blank = ~column.present()
            rows = np.flatnonzero(blank if self.keep is None else blank & self.keep)
            if rows.size:
                self._list("blank", name, rows, _NEEDED[name], rejected=True)
                found |= dict.fromkeys(rows.tolist(), f"{name}: blank")
                self._drop(rows)
        return found

    def reject_unfit(self, tables: Mapping[str, Mapping[str, Column]], zone: Zone) -> None:
        """Reject changes to, or from, values that the column that changed cannot take."""
        found: dict[int, str] = {}
        for unfit in list(unfit_changes(self.draft.columns, tables, self.keep, zone)):
            rows = unfit.finding.rows
            self._list(unfit.finding.kind, unfit.finding.column, rows, unfit.finding.detail, rejected=True)
            found = dict(zip(rows.tolist(), unfit.reasons, strict=True)) | found
        if found:
            self.rejected += [self._rejected(row, found[row]) for row in sorted(found)]
            self._drop(np.array(list(found), np.int64))

    def leave_out(self) -> None:
        """Leave out what counts nowhere, by the first reason that holds, and count it (O3)."""
        columns = self.draft.columns
        self.known = columns["id"] if self.keep is None else columns["id"].take(self.keep)
        for reason, name in (("deleted", "deleted"), ("merged", "merged_into"), ("sample", "sample"), ("test", "test")):
            column = columns.get(name)
            if column is None or column.kind not in {"flag", "key", "id"}:
                continue
            gone = column.data & column.present() if column.kind == "flag" else column.present()
            rows = np.flatnonzero(gone if self.keep is None else gone & self.keep)
            if rows.size:
                self.excluded[reason] = self.excluded.get(reason, 0) + int(rows.size)
                self.aside.append(rows)
                self._drop(rows)

    def _drop(self, rows: Array) -> None:
        if self.keep is None:
            self.keep = np.ones(self.draft.length, bool)
        self.keep[rows] = False

    def _rejected(self, row: int, reason: str) -> Rejected:
        record = self.draft.records.get(row)
        if record is None:  # found only once the whole column was there
            place = np.array([row])
            record = {name: values_of(column, place)[0] for name, column in self.draft.columns.items()}
        return Rejected(self.draft.name, self._numbers(np.array([row]))[0], reason, record)

    # --- columns that follow from others

    def give_currencies(self) -> None:
        """Give amounts that name no currency the one that stands beside them."""
        columns = self.draft.columns
        for name, column in columns.items():
            if column.kind == "money" and column.currency is None:
                beside = columns.get(f"{name}_currency") or columns.get("currency")
                if beside is not None and beside.kind == "key":
                    one = len(beside.labels) == 2 and bool(beside.data.all())
                    columns[name] = column.replace(currency=beside.labels[1] if one else beside)

    def give_outcome(self, kinds: Mapping[Any, str | None]) -> None:
        """Take the outcome from the host's flags or stages where it is not given, as a column or in a cell (O2)."""
        given = self.draft.columns.get("outcome")
        if given is not None and given.present().all():
            return
        found = outcome_of(self.draft.columns, kinds)
        if found is None:
            return
        outcome, source = found
        derived = np.ones(self.draft.length, bool)
        if given is not None:
            outcome, derived = filled(given, outcome)
        self.draft.columns["outcome"] = outcome
        rows = np.flatnonzero(derived if self.keep is None else derived & self.keep)
        if rows.size or given is None:
            self._list("outcome derived", "outcome", rows, f"from {source}")

    def give_assumed(self) -> None:
        """Fill in columns that the source leaves out and that follow from others, or have one usual meaning."""
        name, columns, length = self.draft.name, self.draft.columns, self.draft.length
        if name == "lead" and "converted" not in columns and "converted_at" in columns:
            columns["converted"] = Column("flag", columns["converted_at"].present())
            rows = np.arange(length) if self.keep is None else np.flatnonzero(self.keep)
            self._list("converted derived", "converted", rows, "from converted_at")
        if name == "change":  # many a log says only what was after
            for column in ("old", "new"):
                columns.setdefault(column, Column("text", np.full(length, None, object)))
        for column, value in ASSUMED.get(name, {}).items():
            if column not in columns and length:
                columns[column] = (
                    Column("key", np.ones(length, np.int8), labels=(None, value))
                    if isinstance(value, str)
                    else Column("count", np.full(length, value, np.int64))
                )

    def refer(self, works: Mapping[str, _Work]) -> None:
        """Find the tables that key columns refer to, and list labels that are no id there."""
        fields = schema_of(self.draft.name).fields
        columns = self.draft.columns
        for name, column in columns.items():
            target = fields[name].references if name in fields else name
            if target not in works or column.kind != "key" or target is None:
                continue
            ids = works[target].known
            assert ids is not None
            self.references[name] = target
            columns[name] = like_ids(column, ids)
            self._check_labels(name, columns[name], target, ids)

    def _check_labels(self, name: str, column: Column, target: str, ids: Column) -> None:
        unknown = [code for code, held in enumerate(holder_of(ids)(list(column.labels[1:])), 1) if not held]
        if not unknown:
            return
        codes = column.data if self.keep is None else column.data[self.keep]
        counts = np.bincount(codes, minlength=len(column.labels))
        used = sorted((code for code in unknown if counts[code]), key=lambda code: -int(counts[code]))
        if not used:
            return
        is_unknown = np.zeros(len(column.labels), bool)
        is_unknown[used] = True
        odd = is_unknown.take(column.data)
        rows = np.flatnonzero(odd if self.keep is None else odd & self.keep)
        shown = ", ".join(f"{column.labels[code]!r} ({counts[code]})" for code in used[:10])
        more = f" and {len(used) - 10} more" if len(used) > 10 else ""
        self._list("unknown reference", name, rows, f"no {target} {shown}{more}")

    # --- what is told

    def kept(self, finding: Finding) -> None:
        """List rows that are odd, and kept."""
        if finding.rows.size:
            self._list(finding.kind, finding.column, finding.rows, finding.detail)

    def _list(self, kind: str, column: str, rows: Array, detail: str = "", *, rejected: bool = False) -> None:
        hint = _HINTS.get(kind, "")
        words = f"{detail}; {hint}" if detail and hint else detail or hint
        shown = self._numbers(rows[:EXAMPLES])
        self.issues.append(Issue(kind, self.draft.name, column, int(rows.size), rejected, shown, words))

    def _numbers(self, rows: Array) -> tuple[int, ...]:
        """Return the row numbers of positions as people count them, from 1."""
        numbers = rows if self.draft.numbers is None else self.draft.numbers[rows]
        return tuple((numbers + 1).tolist())

    # --- the table

    def table(self) -> Table:
        """Return the table of the rows that are taken."""
        draft = self.draft
        clustered = self._clustering()
        rows = None if self.keep is None else np.flatnonzero(self.keep)
        if clustered is not None:
            rows = _ordered(draft.columns[clustered].data, rows)
        columns: Mapping[str, Column] = draft.columns
        numbers = draft.numbers
        if rows is not None:
            columns = Columns.of(draft.columns, rows)
            numbers = rows if numbers is None else numbers[rows]
        return Table(
            draft.name,
            columns,
            length=draft.length if rows is None else len(rows),
            references=self.references,
            excluded=self.excluded,
            rows=numbers,
            clustered=clustered,
            aside=self.table_aside() if self.aside else None,
            last_only=_last_only(draft) if draft.name == "change" else frozenset(),
        )

    def table_aside(self) -> Table:
        """Return the table of the rows that are left out, gathered: it holds nothing of the others."""
        draft, rows = self.draft, np.sort(np.concatenate(self.aside))
        columns = {name: column.take(rows) for name, column in draft.columns.items()}
        numbers = rows if draft.numbers is None else draft.numbers[rows]
        return Table(draft.name, columns, length=len(rows), rows=numbers)

    def _clustering(self) -> str | None:
        size = self.draft.length if self.keep is None else int(np.count_nonzero(self.keep))
        large = size >= tables.CLUSTER_FROM and self.draft.name == "opportunity"
        return "outcome" if large and "outcome" in self.draft.columns else None


def _last_only(changes: Draft) -> frozenset[str]:
    """Return the fields, as "opportunity.stage", of which a source keeps only the last change (S5)."""
    marks, table, field = (changes.columns.get(name) for name in ("last_only", "table", "field"))
    if marks is None or table is None or field is None or marks.kind != "flag":
        return changes.last_only
    rows = np.flatnonzero(marks.data & marks.present())
    pairs = np.unique(np.stack([table.data[rows], field.data[rows]]), axis=1)
    return changes.last_only | {f"{table.labels[t]}.{field.labels[f]}" for t, f in pairs.T.tolist() if t and f}


def _ordered(codes: Array, rows: Array | None) -> Array | None:
    """Return the rows stably ordered by their code, or None where all rows stand in order already."""
    some = codes if rows is None else codes[rows]
    if (some[1:] >= some[:-1]).all():
        return rows
    parts = [np.flatnonzero(some == code) for code in range(int(some.max()) + 1)]
    order = np.concatenate(parts)
    return order if rows is None else rows[order]


def _reason(column: str, bad: Bad) -> str:
    where = f"{column}: {bad.kind}" if column else bad.kind
    return f"{where} {bad.text!r}" if bad.text else where


def _quoted(bads: list[Bad]) -> str:
    texts = list(dict.fromkeys(b.text for b in bads if b.text))
    return ", ".join(map(repr, texts[:_SHOWN])) + (" …" if len(texts) > _SHOWN else "")
