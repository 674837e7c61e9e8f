"""Datasets of a store: its tables as they stand, or as they stood, ready to be measured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ..calendars import Zone
from ..domain.change import moment_key
from ..domain.schema import RECORDS, fields_of
from ..table.dataset import Dataset
from ..table.rows import Rows
from ..table.table import Table
from .beginnings import is_beginning
from .moments import check_moment, cut_at, end_of

if TYPE_CHECKING:
    from ..stores.contract import Store
    from ..stores.entry import Entry

__all__ = ["Datasets", "change_rows"]


class Datasets:
    """The datasets of a store; that of now is kept until the log moves on.

    Args:
        store: the tenant's store.
        zone: where days end.
    """

    def __init__(self, store: Store, zone: Zone) -> None:
        self._store = store
        self._zone = zone
        self._last = -1
        self._now: dict[tuple[str, ...], Dataset] = {}
        self._changes: Table | None = None

    def of(
        self, at: date | None = None, known: date | None = None, *, history: bool = False, blank: bool = True
    ) -> Dataset:
        """Return the tables as they stand, or as they stood."""
        found = self._of(at, known, history=history)
        return found if blank else _filled(found)

    def _of(self, at: date | None, known: date | None, *, history: bool) -> Dataset:
        if at is None and known is None:
            return self._current(("change",) if history else ())
        cut = None if at is None else cut_at(check_moment(at, "at"), self._zone)
        until = None if known is None else end_of(check_moment(known, "known"), self._zone)
        found = _cleared(self._store.dataset(at=cut, known=until))
        return self._with_changes(found, cut, until) if history else found

    def holding(self, tables: Iterable[str], *, history: bool = False) -> Dataset:
        """Return the tables as they stand, those of the domain among `tables` also where they have no record yet."""
        there = self._current(())
        missing = tuple(sorted(name for name in tables if name not in there and name in RECORDS and name != "change"))
        return self._current((*missing, "change") if history else missing)

    def _current(self, more: tuple[str, ...]) -> Dataset:
        """Return the dataset of now with more tables: the changes, or tables without rows."""
        last = self._store.last()
        if last != self._last:
            self._now.clear()
            self._changes = None
            self._last = last
        if () not in self._now:
            self._now[()] = _cleared(self._store.dataset())
        if more not in self._now:
            found = self._now[()]
            empty: dict[str, Any] = {name: [] for name in more if name != "change"}
            if empty:
                found = Dataset.of({**found.tables, **Dataset(**empty).tables}, found.issues, found.rejected)
            if "change" in more:
                if self._changes is None:
                    self._changes = self._with_changes(found)["change"]
                found = Dataset.of({**found.tables, "change": self._changes}, found.issues, found.rejected)
            self._now[more] = found
        return self._now[more]

    def _with_changes(self, data: Dataset, cut: Any = None, known: datetime | None = None) -> Dataset:
        changes = Dataset(change=change_rows(self._store, cut, known))
        return Dataset.of({**data.tables, **changes.tables}, data.issues, data.rejected)


def change_rows(store: Store, cut: Any = None, known: datetime | None = None) -> Rows:
    """Return the log as rows of changes, one for each field that an entry changed; values as text.

    Where a record was first seen after its creation, or has no date of it, how it was then is no change (O8, S5): it is what
    is known of the time before, too. Nor is what an import says was there before the changes it brings.
    """
    from ..stores.fold import within
    from .texts import text_of

    names: Any = ("id", "table", "record", "field", "old", "new", "at", "recorded_at", "sequence", "actor")

    def rows() -> Iterable[tuple[Any, ...]]:
        for e in store.entries():
            if (known is not None and e.recorded_at > known) or (cut is not None and not within(e.at, cut)):
                continue
            if is_beginning(e) or (e.version == 1 and _seen_late(e)):
                continue
            for field, new in sorted(e.values.items()):  # in the same order on every store
                old = e.old.get(field)
                yield (
                    f"{e.number}:{field}",
                    e.table,
                    e.id,
                    field,
                    None if old is None else text_of(old),
                    None if new is None else text_of(new),
                    e.at,
                    e.recorded_at,
                    e.sequence,
                    e.actor,
                )

    return Rows(names, rows())


def _seen_late(first: Entry) -> bool:
    """Tell whether the first entry of a record of the domain is a picture of one that was there before."""
    if first.table not in RECORDS:
        return False
    field = _creation(first.table)
    made = None if field is None else first.values.get(field)
    return made is None or (made != first.at and moment_key(made) < moment_key(first.at))


@cache
def _creation(table: str) -> str | None:
    """Return the field that says when a record of the domain came to exist."""
    return next((f.name for f in fields_of(RECORDS[table]) if f.exists), None)


def _cleared(data: Dataset) -> Dataset:
    """Return the dataset without columns of creation that no record has: such records were there always (O9)."""
    found: dict[str, Table] = {}
    for name, table in data.tables.items():
        made = [f.name for f in (fields_of(RECORDS[name]) if name in RECORDS else ()) if f.exists]
        blank = [n for n in made if n in table.columns and len(table) and not table.columns[n].present().any()]
        found[name] = without(table, blank) if blank else table
    return Dataset.of(found, data.issues, data.rejected)


def _filled(data: Dataset) -> Dataset:
    """Return the dataset without columns in which no record has anything: nobody keeps them."""
    found: dict[str, Table] = {}
    for name, table in data.tables.items():
        blank = [n for n, column in table.columns.items() if len(table) and not column.present().any()]
        found[name] = without(table, blank) if blank else table
    return Dataset.of(found, data.issues, data.rejected)


def without(table: Table, names: Iterable[str]) -> Table:
    """Return a table without some of its columns."""
    gone = set(names)
    return Table(
        table.name,
        {n: c for n, c in table.columns.items() if n not in gone},
        length=len(table),
        references={k: v for k, v in table.references.items() if k not in gone},
        excluded=table.excluded,
        rows=table.rows,
        clustered=table.clustered if table.clustered not in gone else None,
        last_only=table.last_only,
    )
