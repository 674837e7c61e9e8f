"""Import: a dataset, or records, into a store; what it has already is not written again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..calendars.moments import utc_of
from ..domain.schema import RECORDS, fields_of, table_of
from ..errors import ArgumentError, CrmCoreError, DefinitionError, KeyConflict, VersionConflict
from ..stores.codec import instant
from ..stores.entry import Write
from ..stores.values import check_write, checked, defaults_of
from ..table.dataset import Dataset
from ..table.dates import micros
from ..table.issue import Issue, Rejected
from ..table.table import Table
from ..table.views import newest
from .beginnings import Beginnings, key_of
from .cells import cells_of
from .changes import Changes
from .derived import derived_changes
from .ids import Ids
from .moments import check_moment
from .records import Clock, fields_kept, recorded

if TYPE_CHECKING:
    from ..calendars import Zone
    from ..domain.record import Id, Moment
    from ..stores.contract import Store

__all__ = ["Imported", "Progress", "bring"]

SIZE = 5_000
"""Writes of a transaction."""
Progress = Callable[[int, int | None], object]
"""Called with the rows that are done and the rows there are in all, None where nobody knows, after each transaction."""
_REFUSALS = (DefinitionError, ArgumentError, KeyConflict, VersionConflict)
_Row = tuple[Write, int]
_LEANS: Mapping[str, tuple[str, Any, str]] = {
    "opportunity": ("outcome", "open", "closed_at"),
    "lead": ("converted", False, "converted_at"),
}
"""Table -> a field, the value with which another field has none, and that one (O4, O5)."""


@attrs.frozen(slots=True, eq=False)
class Imported:
    """What became of an import.

    Args:
        rows: rows that were handed over and could be read.
        applied: rows that wrote an entry: new ones, and what differs from what was there.
        repeated: changes that were there by their key (K4).
        unchanged: rows that were there as they are.
        rejected: rows that were not taken, with the reason: those of the dataset, then those the store refused.
        issues: what else was noticed.
    """

    rows: int
    applied: int
    repeated: int
    unchanged: int
    rejected: tuple[Rejected, ...]
    issues: tuple[Issue, ...]

    def __str__(self) -> str:
        return (
            f"{self.rows:,} rows: {self.applied:,} written, {self.unchanged + self.repeated:,} were there, "
            f"{len(self.rejected):,} rejected"
        )


def bring(
    store: Store,
    source: Any,
    *,
    zone: Zone,
    clock: Clock | None,
    at: Moment | None,
    recorded_at: datetime | None,
    name: str,
    progress: Progress | None,
) -> Imported:
    """Write what a source has and a store has not; see `Workspace.import_data`."""
    if isinstance(source, str | Path):
        return _replayed(store, Path(source), (at, recorded_at), progress)
    work = _Import(store, name, progress)
    if isinstance(source, Mapping) and not isinstance(source, Dataset):
        source = Dataset(timezone=zone.name, **source)
    if isinstance(source, Dataset):
        work.total = sum(map(len, source.tables.values())) + sum(map(len, source.left_out.values()))
        work.dataset(source, zone, at, recorded_at, clock)
        return work.done(source.rejected, source.issues)
    if isinstance(source, bytes) or not isinstance(source, Iterable):
        raise ArgumentError(
            "import_data() takes a Dataset, tables by name, records such as Lead(...), or the path of an export, got "
            f"{type(source).__name__}"
        )
    work.records(iter(source), at, recorded_at, clock)
    return work.done((), ())


def _replayed(store: Store, path: Path, moments: tuple[Any, ...], progress: Progress | None) -> Imported:
    """Write the log of an exported store."""
    from .replaying import log_in, replay

    log = log_in(path)
    if log is None:
        raise ArgumentError(
            f"{str(path)!r} has no log.jsonl, as an export has; other files are read first: import_data(crmcore.read(path))"
        )
    if any(moment is not None for moment in moments):
        raise ArgumentError("the entries of a log say themselves when they became true and were learnt")
    total, written = replay(store, log, progress)
    return Imported(total, written, total - written, 0, (), ())


class _Import:
    """An import on its way.

    Args:
        store: where it goes.
        name: of the source, which its entries bear.
        progress: is told after each transaction.
    """

    def __init__(self, store: Store, name: str, progress: Progress | None) -> None:
        self._store = store
        self._name = name
        self._progress = progress
        self.total: int | None = None
        self._rows = self._applied = self._repeated = self._unchanged = 0
        self._rejected: list[Rejected] = []
        self._issues: list[Issue] = []

    def done(self, rejected: Iterable[Rejected], issues: Iterable[Issue]) -> Imported:
        """Return what became of it."""
        return Imported(
            self._rows,
            self._applied,
            self._repeated,
            self._unchanged,
            (*rejected, *self._rejected),
            (*issues, *self._issues),
        )

    # --- what there is

    def dataset(
        self, data: Dataset, zone: Zone, at: Moment | None, recorded_at: datetime | None, clock: Clock | None
    ) -> None:
        """Write a dataset: its changes first, then its tables as a picture of one moment."""
        known, ids = set(self._store.tables()), Ids(self._store, data)
        if "change" in data:
            derived = derived_changes(data, zone)
            parts = [Changes(part, zone) for part in (data, derived) if part is not None]
            beginnings = Beginnings(data, zone, self._name)
            for part in parts:
                part.note(beginnings)
            for part in parts:
                told = part.writes(
                    beginnings, ids, self._held, self._reject, source=self._name, clock=clock, recorded_at=recorded_at
                )
                for writes in _pieces(told):
                    self._write(writes)
        tables = {name: table for name, table in data.tables.items() if name != "change"}
        if not any(map(len, (*tables.values(), *data.left_out.values()))):
            return
        moment = _since(at, data.tables, zone)
        learnt, place = recorded(moment, recorded_at, clock), _place(data, moment, zone)
        for table in (*tables.values(), *data.left_out.values()):
            for writes in self._picture(table, moment, learnt, place, whole=table.name in known):
                self._write(writes)

    def _held(self, table: str, id: Id) -> bool:  # noqa: A002
        return self._store.get(table, id) is not None

    def _picture(self, table: Table, at: Moment, learnt: datetime, place: int, *, whole: bool) -> Iterator[list[_Row]]:
        """Yield the rows of a table as writes.

        Args:
            table: the table.
            at: when it was so.
            learnt: when it was recorded.
            place: its sequence among what happened then.
            whole: blank cells clear what is there; without, there is nothing to clear.
        """
        if not len(table):
            return
        names = [name for name in table.columns if name != "id" and self._kept(table, name)]
        defaults = defaults_of(table.name)
        columns = {name: table.columns[name] for name in names}
        if not whole:
            columns = {name: column for name, column in columns.items() if column.nulls < len(table)}
        for name, column in columns.items():
            if name in defaults and column.nulls:
                self._issues.append(
                    Issue("blank has a default", table.name, name, column.nulls, detail=f"kept as {defaults[name]!r}")
                )
        leans = _LEANS.get(table.name)
        if leans is not None and (not whole or leans[0] not in columns or leans[2] in columns):
            leans = None
        ids, source = table["id"], self._name
        others = Ids(self._store, Dataset()).of(table.name, int if ids.data.dtype != object else str)
        for start in range(0, len(table), SIZE):
            stop = min(start + SIZE, len(table))
            cells = [cells_of(column, start, stop) for column in columns.values()]
            own = tuple(columns)
            if whole:
                values: Iterable[dict[str, Any]] = (
                    dict(zip(own, row, strict=True)) for row in _rows(cells, stop - start)
                )
                if leans is not None:
                    values = _leaning(values, *leans)
            else:
                values = (
                    {n: v for n, v in zip(own, row, strict=True) if v is not None} for row in _rows(cells, stop - start)
                )
            numbers = range(start, stop) if table.rows is None else table.rows[start:stop].tolist()
            yield [
                (Write(table.name, others.get(id_, id_), found, at, learnt, None, place, source=source), number + 1)
                for id_, found, number in zip(cells_of(ids, start, stop), values, numbers, strict=True)
            ]

    def _kept(self, table: Table, name: str) -> bool:
        """Tell whether a store keeps a column of this name."""
        try:
            checked(table.name, 0, {name: None})
        except CrmCoreError as error:
            self._issues.append(Issue("column not kept", table.name, name, len(table), detail=str(error)))
            return False
        return True

    def records(
        self, records: Iterator[Any], at: Moment | None, recorded_at: datetime | None, clock: Clock | None
    ) -> None:
        """Write records as they come."""

        def rows() -> Iterator[_Row]:
            for number, record in enumerate(records, 1):
                try:
                    yield _write_of(record, at, recorded_at, clock, self._name), number
                except CrmCoreError as error:
                    self._reject(table_of(record) or "", number, error, {"record": repr(record)})

        for writes in _pieces(rows()):
            self._write(writes)

    # --- how it is written

    def _write(self, rows: list[_Row]) -> None:
        """Write rows in one transaction, without those that the store refuses."""
        self._rows += len(rows)
        self._taken(rows, checked_=False)
        if self._progress is not None:
            self._progress(self._rows, self.total)

    def _taken(self, rows: list[_Row], *, checked_: bool) -> None:
        try:
            found = self._store.append([write for write, _ in rows])
        except _REFUSALS as error:
            if len(rows) == 1:
                ((write, number),) = rows
                self._reject(write.table, number, error, {"id": write.id, **write.values})
            elif not checked_:
                self._sound(rows)
            else:
                half = len(rows) // 2
                self._taken(rows[:half], checked_=True)
                self._taken(rows[half:], checked_=True)
            return
        self._applied += found.applied
        self._repeated += found.repeated
        self._unchanged += found.unchanged

    def _sound(self, rows: list[_Row]) -> None:
        """Write the rows whose values are such as a store takes, and reject the others."""
        sound = []
        for write, number in rows:
            try:
                check_write(write)
            except _REFUSALS as error:
                self._reject(write.table, number, error, {"id": write.id, **write.values})
            else:
                sound.append((write, number))
        if sound:
            self._taken(sound, checked_=True)

    def _reject(self, table: str, row: int, error: CrmCoreError, record: Mapping[str, Any]) -> None:
        self._rejected.append(Rejected(table, row, str(error), record))


def _pieces(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    while piece := list(islice(rows, SIZE)):
        yield piece


def _leaning(values: Iterable[dict[str, Any]], field: str, without: Any, other: str) -> Iterator[dict[str, Any]]:
    """Yield rows that say nothing of a field, with that field cleared where another one says that it has no value."""
    for row in values:
        yield {**row, other: None} if row[field] is None or row[field] == without else row


def _rows(cells: list[list[Any]], size: int) -> Iterable[tuple[Any, ...]]:
    return zip(*cells, strict=True) if cells else ((),) * size


def _write_of(record: Any, at: Moment | None, recorded_at: datetime | None, clock: Clock | None, name: str) -> Write:
    """Return a record as a write."""
    table = table_of(record)
    if table is None:
        raise ArgumentError(f"import_data() takes records such as Lead(...), got {record!r}")
    if table == "change":
        learnt = record.recorded_at if isinstance(record.recorded_at, datetime) else None
        return Write(
            record.table,
            record.record,
            {record.field: record.new},
            record.at,
            learnt or recorded(record.at, recorded_at, clock),
            record.actor,
            record.sequence,
            key=str(record.id) if record.id is not None else _key(record),
            source=name,
        )
    if table == "pipeline":
        raise ArgumentError(f"pipeline {record.id!r} has stages; keep it with put()")
    if record.id is None:
        raise ArgumentError(f"{record!r} has no id; a store tells records by it")
    made = next((f.name for f in fields_of(RECORDS[table]) if f.exists), None)
    moment = at if at is not None else getattr(record, made) if made is not None else None
    if moment is None:
        raise ArgumentError(f"{table} {record.id!r} has no date of its creation; say since when it is so: at=...")
    return Write(
        table, record.id, fields_kept(table, record), moment, recorded(moment, recorded_at, clock), source=name
    )


def _key(change: Any) -> str:
    return key_of(change.table, change.record, change.field, change.at, change.sequence)


def _since(at: Moment | None, tables: Mapping[str, Table], zone: Zone) -> Moment:
    """Return the moment that the tables are a picture of: the newest that was recorded in them, where it is not given (T8)."""
    if at is not None:
        return check_moment(at, "at")
    found = newest(tables, zone)
    if found is None:
        raise ArgumentError("no date in the data says of which moment it is a picture; give at=...")
    return utc_of(found[0])


def _place(data: Dataset, moment: Moment, zone: Zone) -> int:
    """Return the greatest sequence of the changes at the moment of a picture, which shows what they made (S4)."""
    changes = data.tables.get("change")
    if changes is None or "sequence" not in changes or not isinstance(moment, datetime):
        return 0
    then = micros(changes["at"], zone) == instant(moment)
    return int(changes["sequence"].data[then].max(initial=0))
