"""Beginnings: how records began whose changes are imported: what their first changes say was there before, and what no
change tells of, which has always been as it is in the picture (S5, O8).
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ..domain.change import moment_key
from ..domain.schema import RECORDS, REVERTS, fields_of
from ..errors import CrmCoreError
from ..stores.entry import Write
from ..stores.values import LONGEST_NAME, checked
from .cells import cells_of
from .moments import end_of

if TYPE_CHECKING:
    from ..calendars import Zone
    from ..domain.record import Id, Moment
    from ..stores.entry import Entry
    from ..table.dataset import Dataset
    from ..table.table import Table

__all__ = ["Beginnings", "is_beginning", "key_of"]

BEGAN = "began "
"""Start of the keys of beginnings."""
_SIZE = 2_000
"""Records whose cells are read at a time."""


class Beginnings:
    """The first values of records, noted change by change in their order, and given once for each.

    Args:
        data: with the tables whose records say when they were created.
        zone: where days end.
        source: the entries bear it.
    """

    def __init__(self, data: Dataset, zone: Zone, source: str) -> None:
        self._data, self._zone, self._source = data, zone, source
        self._first: dict[tuple[str, Id], dict[str, Any]] = {}
        self._created: dict[str, tuple[str, dict[str, Moment]]] = {}
        self._unread: dict[str, dict[str, None]] = {}
        self._cells: dict[tuple[str, str], dict[str, Any]] = {}
        self._parts: dict[str, list[tuple[Table, dict[str, int]]]] = {}

    def note(self, table: str | None, record: Id | None, field: str | None, old: Any) -> None:
        """Take the old value of a change, where it is the first of its field."""
        if table is not None and record is not None and field is not None:
            if (table, record) not in self._first:
                self._unread.setdefault(table, {})[str(record)] = None
            self._first.setdefault((table, record), {}).setdefault(field, old)

    def of(self, first: Write, record: Id, *, in_time: bool) -> list[Write]:
        """Return how a record was before its first change, and what is dated by itself; nothing where it was given before.

        Args:
            first: the change.
            record: its id in the dataset.
            in_time: the host wrote its changes down as they happened, so the beginning too.
        """
        noted = self._first.pop((first.table, record), None)
        if noted is None:
            return []
        values = {name: cell for name, cell in self._row(first.table, str(record)).items() if name not in noted}
        values |= {name: old for name, old in noted.items() if old is not None}
        field, created = self._made(first.table)
        at = created.get(str(record))
        if at is not None and moment_key(at) <= moment_key(first.at):
            values[field] = at
        elif values:
            at = first.at
        else:
            return []
        told = [(at, values)]
        for when, later in _later(first.table, values, noted, at).items():
            told.append((when, {name: values.pop(name) for name in later}))
        return [
            Write(
                first.table,
                first.id,
                found,
                when,
                self._learnt(when, first.recorded_at, is_first=when is at) if in_time else first.recorded_at,
                None,
                min(first.sequence, 0),
                None,
                BEGAN + _digest(key_of(first.table, first.id, "*", when, 0)),
                self._source,
            )
            for when, found in told
        ]

    def _learnt(self, when: Moment, recorded_at: datetime, *, is_first: bool) -> datetime:
        """Return when something was learnt that was written down as it happened."""
        ended = end_of(when, self._zone)
        return min(recorded_at, ended) if is_first else ended

    def _row(self, table: str, record: str) -> dict[str, Any]:
        """Return what the tables have of a record, without blanks; those noted next are read with it."""
        unread = self._unread.get(table, {})
        while record in unread:
            some = list(islice(unread, _SIZE))
            for name in some:
                del unread[name]
            for part, places in self._places(table):
                here = [name for name in some if name in places]
                rows = part.select(np.array([places[name] for name in here], np.int64))
                for name, column in rows.columns.items():
                    if name == "id" or not _kept(table, name):
                        continue
                    for id_, cell in zip(here, cells_of(column, 0, len(here)), strict=True):
                        if cell is not None:
                            self._cells.setdefault((table, id_), {})[name] = cell
        return self._cells.pop((table, record), {})

    def _places(self, table: str) -> list[tuple[Table, dict[str, int]]]:
        """Return the table, and its rows that were left out, with the place of each record by its id as text."""
        if table not in self._parts:
            parts = (self._data.tables.get(table), self._data.left_out.get(table))
            self._parts[table] = [
                (part, {str(id_): row for row, id_ in enumerate(cells_of(part["id"], 0, len(part)))})
                for part in parts
                if part is not None
            ]
        return self._parts[table]

    def _made(self, table: str) -> tuple[str, dict[str, Moment]]:
        """Return the field with the date of creation, and the date of each record by its id as text."""
        if table not in self._created:
            there = self._data.tables.get(table)
            names = [f.name for f in (fields_of(RECORDS[table]) if table in RECORDS else ()) if f.exists]
            name = next((n for n in names if there is not None and n in there), "")
            dates: dict[str, Moment] = {}
            for part in (there, self._data.left_out.get(table)):
                if name and part is not None and name in part:
                    size = len(part)
                    pairs = zip(cells_of(part["id"], 0, size), cells_of(part[name], 0, size), strict=True)
                    dates |= {str(id_): at for id_, at in pairs if at is not None}
            self._created[table] = (name, dates)
        return self._created[table]


def is_beginning(entry: Entry) -> bool:
    """Tell whether an entry is what an import says of a record beside the changes it brings."""
    return entry.key is not None and entry.key.startswith(BEGAN)


def _later(table: str, values: Mapping[str, Any], noted: Container[str], at: Moment) -> dict[Moment, list[str]]:
    """Return the fields that no change tells of and that happened after a moment, by when they did (O8)."""
    found: dict[Moment, list[str]] = {}
    seen: set[str] = set()
    for revert in REVERTS.get(table, ()):
        when = None if revert.when in noted else values.get(revert.when)
        if when is not None and moment_key(when) > moment_key(at):
            names = [name for name in revert.resets if name in values and name not in noted and name not in seen]
            seen.update(names)
            found.setdefault(when, []).extend(names)
    return found


def _kept(table: str, name: str) -> bool:
    """Tell whether a store keeps a column of this name."""
    try:
        checked(table, 0, {name: None})
    except CrmCoreError:
        return False
    return True


def key_of(table: str, record: Id, field: str, at: Moment, sequence: int) -> str:
    """Return the key of a change that has no id: what it is about and when, told apart from every other (K4)."""
    moment = at.astimezone(UTC) if isinstance(at, datetime) else at
    parts = json.dumps([table, record, field, moment.isoformat(), sequence], ensure_ascii=False)
    if len(parts) <= LONGEST_NAME and parts.isprintable():
        return parts
    return f"change {_digest(parts)}"


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
