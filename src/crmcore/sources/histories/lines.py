"""Lines: the rows of a history as a host keeps them, typed, on their way to changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np

from ...calendars import Zone
from ...errors import ArgumentError, ColumnNotFound
from ...table.builders import Bad, ColumnSpec, builder
from ...table.changes import History
from ...table.column import Array, Column
from ...table.draft import Draft
from ...table.ingest import assemble
from ...table.issue import EXAMPLES, Issue
from ...table.rows import drafted
from ...table.schema import Reading, schema_of
from ...table.stacked import stacked
from ...table.values import values_of

__all__ = ["Line", "Lines", "Values", "check_values", "order_of", "read_lines", "stated"]

Values = Mapping[str, Mapping[Any, Any] | Callable[[str], Any]]
"""Our column -> their value to ours: a mapping, in which what it does not name stays, or a function of the text."""
Line = tuple[int, str, str | None, str | None, int, int, int]
"""One change: row of its record, field, old, new, place of its moment in the pool, sequence, row of its actor or -1."""

_HOST = "rows of a history"
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?")
_WIDE = 10**18
_FIRST = Decimal("-Infinity")


class _Kinds(dict[str, Mapping[str, Any]]):
    """How each column is read, by its name; what is not asked for is not understood either."""

    def __init__(self, of: Callable[[str], str | None], unit: str | None) -> None:
        super().__init__()
        self.of, self.unit = of, unit

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ARG002 - that of a dict
        """Return how a column is read."""
        kind = self.of(name) or "text"
        return {"kind": kind, "unit": self.unit} if kind == "moment" else {"kind": kind}


class Lines:
    """The rows that were read: columns by the host's names, and what was noticed so far."""

    def __init__(self, draft: Draft, table: str, timezone: str | None = None) -> None:
        self.draft, self.table = draft, table
        self.zone = Zone(timezone or "UTC")
        self.excluded = dict(draft.excluded)
        self._bad = {bad.row for bads in draft.bad.values() for bad in bads}

    def __len__(self) -> int:
        return self.draft.length

    def has(self, name: str | None) -> bool:
        """Is there such a column?"""
        return name is not None and name in self.draft.columns

    def values(self, name: str | None) -> list[Any]:
        """Return the values of a column, None where there is none."""
        if name is None or name not in self.draft.columns:
            return [None] * len(self)
        return values_of(self.draft.columns[name])

    def codes(self, name: str) -> list[int]:
        """Return the codes of a key column; they are in the order in which its values are first met."""
        return self.draft.columns[name].data.tolist() if self.has(name) else [0] * len(self)

    def texts(self, names: str | Sequence[str]) -> list[str | None]:
        """Return the first text that one of these columns has, None where all are blank."""
        found: list[str | None] = [None] * len(self)
        for name in (names,) if isinstance(names, str) else names:
            told = self.values(name)
            if self.has(name) and self.draft.columns[name].kind not in ("text", "key"):
                told = _as_texts(told)  # a profile may say of what kind a column is
            found = [a if a is not None else b for a, b in zip(found, told, strict=True)]
        return found

    def refuse(self, row: int, column: str, kind: str, text: str = "") -> None:
        """Reject a row; it is listed with the others when the history is made."""
        if row not in self._bad:
            self._bad.add(row)
            self.draft.bad.setdefault(column, []).append(Bad(row, kind, text))

    def need(self, name: str) -> None:
        """Reject the rows in which a column is blank."""
        if self.has(name):
            for row in np.flatnonzero(~self.draft.columns[name].present()).tolist():
                self.refuse(row, name, "blank")

    def listed(self, kind: str, column: str, rows: Sequence[int], detail: str) -> None:
        """List rows that are odd, and kept."""
        if rows:
            shown = tuple(self.number(row) for row in rows[:EXAMPLES])
            self.draft.issues.append(Issue(kind, "change", column, len(rows), rows=shown, detail=detail))

    def once(self, record: str) -> None:
        """List the rows of records that have one already, where a row is a record."""
        if self.has(record):
            codes = self.draft.columns[record].data
            first = np.unique(codes, return_index=True)[1]
            more: list[int] = np.setdiff1d(np.flatnonzero(codes), first).tolist()
            self.listed("record twice", record, more, "a row is a record here; what each of its rows says is taken")

    def translated(
        self,
        field: str,
        texts: Sequence[str | None],
        values: Values | None,
        column: str,
        places: Sequence[int] | None = None,
    ) -> list[str | None]:
        """Return values of a field as ours; a row with one that cannot be translated is rejected.

        Args:
            field: ours.
            texts: the values as texts, None where blank.
            values: what is said of them.
            column: the host's, for what is noticed.
            places: the row of each of them; None for one in each row.
        """
        said = (values or {}).get(field)
        if said is None:
            return list(texts)
        read = _texts(said) if isinstance(said, Mapping) else {}
        wrong: set[str] = set()
        found: list[str | None] = []
        for place, text in enumerate(texts):
            if text is None:
                found.append(None)
                continue
            if text not in read:
                read[text] = text
                if callable(said):
                    try:
                        read |= _texts({text: said(text)})
                    except (ValueError, TypeError, ArithmeticError, LookupError):
                        wrong.add(text)
            if text in wrong:
                self.refuse(place if places is None else places[place], column, f"not a value of {field}", text)
            found.append(read[text])
        return found

    def kept(self) -> list[int]:
        """Return the rows that were not rejected; after this none is."""
        draft = self.draft
        for bads in draft.bad.values():
            for bad in bads:
                if bad.row not in draft.records:
                    place = np.array([bad.row])
                    draft.records[bad.row] = {n: values_of(c, place)[0] for n, c in draft.columns.items()}
        number: Mapping[str, Column] = {"id": Column("id", np.arange(1, draft.length + 1))}
        made = assemble([attrs.evolve(draft, columns=dict(number))])
        draft.issues = [attrs.evolve(issue, table="change") for issue in made.issues]
        draft.rejected = [attrs.evolve(row, table="change") for row in made.rejected]
        found: list[int] = (made.tables[draft.name]["id"].data - 1).tolist()
        return found

    def number(self, row: int) -> int:
        """Return the number of a row in the input, from 1."""
        return (row if self.draft.numbers is None else int(self.draft.numbers[row])) + 1

    def moments(self, *names: str | None) -> Column:
        """Return columns with dates one below the other, to be places in; where some have times and others not, as days."""
        some = [self.draft.columns[name] for name in names if name is not None and name in self.draft.columns]
        dated = [column for column in some if column.present().any()]
        kinds = {column.kind for column in dated}
        if len(kinds) > 1:
            timed = sum(len(column) - column.nulls for column in dated if column.kind == "instant")
            detail = "other columns of the history have dates without a time"
            self.draft.issues.append(Issue("time of day left out", "change", names[0] or "", timed, detail=detail))
        kind = kinds.pop() if len(kinds) == 1 else "day"
        size, found = len(self), _blank(kind, 0)
        for name in names:
            column = None if name is None else self.draft.columns.get(name)
            one = _blank(kind, size) if column is None or not column.present().any() else column
            found = stacked(found, one, self.zone)
        return found

    def history(
        self,
        told: Iterable[Line],
        moments: Column,
        *,
        record: str,
        actor: str | None = None,
        recorded_at: str | None = None,
        last_only: Iterable[str] = (),
    ) -> History:
        """Return changes as a history, with what was noticed of the rows they were made of.

        Args:
            told: the changes.
            moments: what their moments are places in.
            record: column with the records.
            actor: column with who made them.
            recorded_at: column with when they were written down.
            last_only: our columns of which only the last change is known.
        """
        parts = list(zip(*told, strict=True)) or [()] * 7
        rows, places, sequence, by = (np.array(parts[n], np.int64) for n in (0, 4, 5, 6))
        size, columns = len(rows), self.draft.columns
        fields = list(dict.fromkeys(parts[1]))
        codes = {field: code for code, field in enumerate(fields, 1)}
        marked = frozenset(f"{self.table}.{field}" for field in last_only)
        known, people = (columns.get(name) if name else None for name in (recorded_at, actor))
        if people is not None:
            nobody = stacked(people, Column("key", np.zeros(1, np.int8), labels=(None,)), self.zone)
            people = nobody.take(np.where(by < 0, len(people), by))
        made = {
            "table": Column("key", np.ones(size, np.int8), labels=(None, self.table)),
            "record": columns[record].take(rows) if record in columns else Column("key", rows, labels=(None,)),
            "field": Column("key", np.array([codes[f] for f in parts[1]], np.int32), labels=(None, *fields)),
            "old": Column("text", _objects(parts[2])),
            "new": Column("text", _objects(parts[3])),
            "at": moments.take(places),
            "recorded_at": _blank(moments.kind, size) if known is None else known.take(rows),
            "sequence": Column("count", sequence),
            "actor": Column("key", np.zeros(size, np.int8), labels=(None,)) if people is None else people,
            "last_only": Column("flag", np.full(size, bool(marked))),
        }
        noticed = self.draft
        return History(
            Draft(
                "change",
                made,
                size,
                issues=noticed.issues,
                rejected=noticed.rejected,
                excluded=self.excluded,
                last_only=marked,
            )
        )


def _texts(values: Mapping[Any, Any]) -> dict[str, str | None]:
    """Return values by text as texts, as a table of changes holds them."""
    return dict(zip(map(str, values), _as_texts(list(values.values())), strict=True))


def _as_texts(values: list[Any]) -> list[str | None]:
    making = builder(ColumnSpec("value", "text"))
    making.add(values)
    found: list[str | None] = making.finish().data.tolist()
    return found


def _objects(values: Sequence[Any]) -> Array:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _blank(kind: str, size: int) -> Column:
    return Column(kind, np.zeros(size, np.int64 if kind == "instant" else np.int32), np.zeros(size, bool))


def read_lines(
    rows: Any,
    kinds: Callable[[str], str | None],
    needed: Iterable[str],
    *,
    table: str,
    timezone: str | None,
    unit: str | None,
) -> Lines:
    """Return rows of any shape that a dataset takes.

    Args:
        rows: dicts, tuples with their names, {column: array}, a dataframe ...
        kinds: name of a column -> its kind, None for columns that do not matter.
        needed: columns that have to be there, unless there are no rows.
        table: the table that the changes are of.
        timezone: zone of timestamps that have none.
        unit: unit of timestamps that are numbers.

    Raises:
        ColumnNotFound: a column is not there.
        IngestError: rows that cannot be read at all.
    """
    draft = drafted(Reading(schema_of(_HOST), timezone, _Kinds(kinds, unit)), rows)
    if draft.length:
        for name in needed:
            if name not in draft.columns:
                raise ColumnNotFound(name, draft.columns, where="in the rows of the history")
    draft.bad = {n: bads for n, bads in draft.bad.items() if not n or kinds(n)}
    draft.notes = {n: notes for n, notes in draft.notes.items() if kinds(n)}
    return Lines(draft, table, timezone)


def order_of(values: Sequence[Any]) -> list[int]:
    """Return places that order what a host counts by: numbers as numbers, also where they are text; blank is first."""
    texts = ["" if v is None else str(v) for v in values]
    if not any(texts):
        return [0] * len(texts)
    numbers = _numbers(texts)
    if numbers is not None:
        places: list[int] = np.unique(numbers, return_inverse=True)[1].tolist()
        return places
    keys: list[Any] = texts
    if all(_NUMBER.fullmatch(t) for t in texts if t):
        keys = [Decimal(t) if t else _FIRST for t in texts]
    place = {key: place for place, key in enumerate(sorted(set(keys)))}
    return [place[key] for key in keys]


def _numbers(texts: Sequence[str]) -> Array | None:
    """Return texts as numbers, the least of all where they are blank; None where they are no whole numbers of 18 digits."""
    try:
        found = np.array([int(t) if t else -_WIDE for t in texts], np.int64) if max(map(len, texts)) < 19 else None
    except ValueError:
        return None
    return found


def check_values(values: Values | None, ours: Iterable[str]) -> None:
    """Refuse values of columns that a history does not tell of: they would do nothing.

    Raises:
        ArgumentError: such a column.
    """
    columns = list(ours)
    for name in values or {}:
        if name not in columns:
            raise ArgumentError(f"values speak of {name!r}, but the history tells of {', '.join(map(repr, columns))}")


def stated(**names: tuple[str | None, str | None]) -> list[str]:
    """Return the columns that the caller names, of pairs of a name and its default: those have to be there."""
    return [name for name, default in names.values() if name is not None and name != default]
