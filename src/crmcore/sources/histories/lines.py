"""Lines: the rows of a history as a host keeps them, typed, on their way to changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ...domain.change import moment_key
from ...errors import ColumnNotFound
from ...table.builders import Bad
from ...table.changes import History
from ...table.column import Column
from ...table.draft import Draft
from ...table.ingest import assemble
from ...table.rows import draft_of, drafted
from ...table.schema import Reading, schema_of
from ...table.values import values_of

__all__ = ["Line", "Lines", "Values", "order_of", "read_lines", "when"]

Values = Mapping[str, Mapping[Any, Any] | Callable[[str], Any]]
"""Our column -> their value to ours: a mapping, in which what it does not name stays, or a function of the text."""
Line = tuple[Any, str, Any, Any, Any, Any, int, Any]
"""One change: record, field, old, new, at, recorded_at, sequence, actor."""

_HOST = "rows of a history"
_NAMES = ("table", "record", "field", "old", "new", "at", "recorded_at", "sequence", "actor", "last_only")


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

    def __init__(self, draft: Draft, table: str) -> None:
        self.draft, self.table = draft, table
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

    def texts(self, names: str | Sequence[str]) -> list[str | None]:
        """Return the first text that one of these columns has, None where all are blank."""
        found: list[str | None] = [None] * len(self)
        for name in (names,) if isinstance(names, str) else names:
            found = [a if a is not None else b for a, b in zip(found, self.values(name), strict=True)]
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

    def translated(
        self,
        field: str,
        texts: Sequence[Any],
        values: Values | None,
        column: str,
        places: Sequence[int] | None = None,
    ) -> list[Any]:
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
        read = {str(k): v for k, v in said.items()} if isinstance(said, Mapping) else {}
        wrong: set[str] = set()
        found: list[Any] = []
        for place, text in enumerate(texts):
            if text is not None and text not in read:
                read[text] = text
                if callable(said):
                    try:
                        read[text] = said(text)
                    except (ValueError, TypeError, ArithmeticError, LookupError):
                        wrong.add(text)
            if text in wrong:
                self.refuse(place if places is None else places[place], column, f"not a value of {field}", text)
            found.append(None if text is None else read[text])
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

    def history(self, lines: Iterable[Line], *, last_only: Iterable[str] = ()) -> History:
        """Return the changes as a history, with what was noticed of the rows they were made of."""
        marked = frozenset(f"{self.table}.{field}" for field in last_only)
        only = bool(marked)
        made = draft_of("change", (list(_NAMES), ((self.table, *line, only) for line in lines)))
        made.issues = self.draft.issues
        made.rejected = self.draft.rejected
        made.excluded = self.excluded
        made.last_only = marked
        return History(made)


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
    return Lines(draft, table)


def when(at: Any) -> tuple[int, int]:
    """Return a key that orders dates and instants, what has neither first."""
    return (-1, 0) if at is None else moment_key(at)


def order_of(values: Sequence[Any]) -> list[Any]:
    """Return keys that order what a host counts by: numbers as numbers, also where they are text; blank is first."""
    texts = ["" if v is None else str(v) for v in values]
    if all(not t or t.lstrip("-").isdigit() for t in texts):
        return [(t != "", int(t or 0)) for t in texts]
    return [(t != "", t) for t in texts]
