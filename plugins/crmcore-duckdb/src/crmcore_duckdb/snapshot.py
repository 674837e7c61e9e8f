"""A snapshot as a store: the folder of Parquet files that `export` writes, to be read and nothing else."""

# ruff: noqa: S608 - names in statements are quoted, every value is bound

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from crmcore.domain.record import Id
from crmcore.errors import ArgumentError, StoreError, StoreFormatError
from crmcore.stores import Backend, Batch, Capabilities, Cut, Entry, Stats, Store, Stored, StoreUrl, Verification
from crmcore.stores.checks import check_after
from crmcore.stores.codec import Row, dump, entry_of, instant
from crmcore.stores.contract import BATCH
from crmcore.stores.fold import fold, stored
from crmcore.stores.scanning import batches, columns_of, dataset_of
from crmcore.stores.values import check_name, defaults_of
from crmcore.table.dataset import Dataset

from . import log as logs
from .engine import Engine, pattern, quoted
from .forms import Field, duck_types
from .guard import admit, described
from .limits import OPTIONS, Limits, limits_of
from .manifest import Manifest, TableFile, file_in, read_manifest
from .readonly import ReadOnlyBackend, ReadOnlyStore, batch_of, kept, selected, values_in
from .tables import Loaded, dataset_from

__all__ = ["CAPABILITIES", "SnapshotBackend", "SnapshotStore", "opened"]

CAPABILITIES = Capabilities(processes=False, backup=False, read_only=True)
_FILE = "read_parquet(?, hive_partitioning = false, union_by_name = false)"
_ROWS = 65_536


class SnapshotBackend(ReadOnlyBackend):
    """A folder of Parquet files with its manifest.

    Args:
        folder: the folder.
        limits: what its tables may turn out to hold.

    Raises:
        StoreError: no such folder.
        StoreFormatError: it is no snapshot, or one of a newer format.
    """

    capabilities = CAPABILITIES

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.folder = folder
        self.name = folder.name
        self.manifest: Manifest = read_manifest(folder)
        self.tenant = self.manifest.tenant
        self._limits = limits or Limits()
        self.engine = Engine(self._limits, self.name, folder=folder)
        self._admitted: set[str] = set()

    def scoped(self, tenant: str = "main") -> SnapshotStore:
        """Return the store of a tenant; there are records of the one that the snapshot was made of."""
        return SnapshotStore(self, tenant, self.manifest if self.owns(tenant) else _empty(tenant))

    def verify(self, progress: Callable[[int], object] | None = None) -> Verification:
        """Check each file against the manifest, the log against its chain, and the records against the log."""
        from .verify import verified

        return verified(self, progress)

    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know."""
        found = []
        if self.tenant != "main":
            found.append(f"the records are those of tenant {self.tenant!r}; other tenants have none here")
        if self.manifest.log is None:
            found.append("there is no log: it shows the one state that it was made of")
        return tuple(found)

    # --- files

    def path(self, file: TableFile) -> Path:
        """Return where a file of the snapshot is, once it is sure to be a file of its own."""
        return file_in(self.folder, file.file)

    def admitted(self, file: TableFile) -> str:
        """Return the path of a file as DuckDB takes it, once its columns and its size are what they may be.

        Raises:
            StoreFormatError: other columns or rows than the manifest says, types that are none of ours, or a limit passed.
        """
        place = pattern(self.path(file))
        if file.file not in self._admitted:
            what = f"{file.file} of snapshot {self.name!r}"
            found = described(self.engine, _FILE, place)
            wanted = [(c, t) for f in file.fields for c, t in zip(f.columns, duck_types(f), strict=True)]
            if found != wanted:
                odd = next((f for f in found if f not in wanted), None) or next(f for f in wanted if f not in found)
                raise StoreFormatError(f"{what}: its columns are not those of the manifest: {odd[0]!r} ({odd[1]})")
            marked = self.engine.rows("SELECT 1 FROM parquet_kv_metadata(?) LIMIT 1", place)
            if marked:
                raise StoreFormatError(f"{what} has metadata of its own, such as extension types; none are taken")
            rows = admit(self.engine, self._limits, what, found, _FILE, place)
            if rows != file.rows:
                raise StoreFormatError(f"{what} has {rows:,} rows, the manifest says {file.rows:,}")
            self._admitted.add(file.file)
        return place

    def read(
        self, file: TableFile, fields: Sequence[Field], size: int, where: str = "", values: Sequence[Any] = ()
    ) -> Iterator[Any]:
        """Yield columns of a file as Arrow batches, in the order of its rows."""
        place = self.admitted(file)
        return self.engine.arrow(f"SELECT {selected(fields)} FROM {_FILE} {where}", [place, *values], size)


class SnapshotStore(ReadOnlyStore):
    """The records of a snapshot, as they were when it was made; with its log, as they were at any time before."""

    def __init__(self, backend: SnapshotBackend, tenant: str, manifest: Manifest) -> None:
        self._backend = backend
        self.engine = backend.engine
        self._manifest = manifest
        self.name = backend.name
        self.tenant = tenant

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record, or None."""
        self.engine.usable()
        file = self._manifest.tables.get(check_name(table, "table"))
        if file is None:
            return None
        key = file.fields[0]
        wanted = dump({"v": id}) if key.form == "mixed" else id
        if type(wanted) is not (int if key.form == "whole" else str):
            return None
        where = f"WHERE {quoted(key.columns[0])} = ? LIMIT 1"
        for batch in self._backend.read(file, file.fields, 1, where, [wanted]):
            found = {
                f.name: v[0] for f, v in zip(file.fields, values_in(file.fields, iter(batch.columns)), strict=True)
            }
            version = found.pop("version", 1)
            return Stored(table, found.pop("id"), version, kept(table, found))
        return None

    def scan(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        at: Cut | None = None,
        known: datetime | None = None,
        size: int = BATCH,
    ) -> Iterator[Batch]:
        """Yield the records of a table."""
        self.engine.usable()
        file = self._manifest.tables.get(check_name(table, "table"))
        if type(size) is not int or size < 1:
            raise ArgumentError(f"size is a whole number from 1, got {size!r}")
        if self._is_past(at, known):
            return self._past(table, columns, at, known, size)
        names = self._names(table, columns, file)
        return iter(()) if file is None else self._present(table, file, names, size)

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables."""
        self.engine.usable()
        return tuple(sorted(self._manifest.tables))

    def entries(self, after: int = 0, *, limit: int | None = None) -> Iterator[Entry]:
        """Yield the log after an entry's number."""
        self.engine.usable()
        check_after(after, limit)
        where, values = 'WHERE "number" > ?', [after]
        if limit is not None:
            where, values = where + " LIMIT ?", [after, limit]
        return map(entry_of, self.rows(where, values))

    def last(self) -> int:
        """Return the number of the last entry that the snapshot stands on."""
        self.engine.usable()
        return self._manifest.last

    def dataset(
        self, tables: Iterable[str] | None = None, *, at: Cut | None = None, known: datetime | None = None
    ) -> Dataset:
        """Return tables as a dataset."""
        self.engine.usable()
        names = self.tables() if tables is None else tuple(check_name(t, "table") for t in tables)
        if self._is_past(at, known):
            return dataset_of((name, self.scan(name, at=at, known=known)) for name in names)
        found = {name: self._manifest.tables[name] for name in names if name in self._manifest.tables}
        return dataset_from({name: self._loaded(name, file) for name, file in found.items()})

    def stats(self) -> Stats:
        """Return what is there, in numbers."""
        self.engine.usable()
        records = {name: file.rows for name, file in sorted(self._manifest.tables.items())}
        return Stats(records, self._manifest.last, {}, self._manifest.size)

    def folded(self, table: str, at: Cut | None = None, known: datetime | None = None) -> Iterator[Stored]:
        """Yield the records of a table as its entries make them, one record's entries at a time."""
        record = 'PARTITION BY "id_text", "id_number"'
        order = f'WHERE "table" = ? ORDER BY min("number") OVER ({record}), "number"'
        entries = map(entry_of, self.rows(order, [table]))
        for _, some in groupby(entries, key=lambda e: (e.table, e.id)):
            for (_, id_), held in fold(some, at=at, known=known).items():
                yield stored(table, id_, held)

    def rows(self, where: str = "", values: Sequence[Any] = ()) -> Iterator[Row]:
        """Yield entries of the log as their cells."""
        log = self._manifest.log
        if log is None and not self._manifest.last:
            return
        if log is None:
            raise StoreError(f"snapshot {self.name!r} has no log")
        for batch in self._backend.read(log, logs.FIELDS, BATCH, where, values):
            yield from logs.rows_of(batch)

    # --- the present

    def _names(self, table: str, columns: Sequence[str] | None, file: TableFile | None) -> tuple[str, ...]:
        own = [] if file is None else [f.name for f in file.fields if f.name not in {"id", "version"}]
        return columns_of(table, columns, own)

    def _present(self, table: str, file: TableFile, names: tuple[str, ...], size: int) -> Iterator[Batch]:
        fields = [f for f in file.fields if f.name in {"id", "version", *names}]
        defaults = defaults_of(table)
        for batch in self._backend.read(file, fields, size):
            values = values_in(fields, iter(batch.columns))
            found = {f.name: v for f, v in zip(fields, values, strict=True)}
            yield batch_of(names, defaults, found, batch.num_rows)

    def _loaded(self, table: str, file: TableFile) -> Loaded:
        fields = [f for f in file.fields if f.name != "version"]
        return Loaded(fields, self._names(table, None, file), self._backend.read(file, fields, _ROWS))

    # --- the past

    def _is_past(self, at: Cut | None, known: datetime | None) -> bool:
        """Return whether another cut is asked for than the snapshot's own.

        Raises:
            StoreError: it is, and there is no log to make it of.
        """
        own = self._manifest
        ticks = None if known is None else instant(known)
        if (at, ticks) in {(None, None), (own.at, own.known)}:
            return False
        if not own.tables:
            return False
        if own.log is None:
            raise StoreError(
                f"snapshot {self.name!r} was written without its log: it shows the one state that it was made of"
            )
        return True

    def _past(
        self, table: str, columns: Sequence[str] | None, at: Cut | None, known: datetime | None, size: int
    ) -> Iterator[Batch]:
        own: set[str] = set()
        if columns is None:
            for record in self.folded(table, at, known):
                own |= record.values.keys()
        return batches(table, self.folded(table, at, known), columns_of(table, columns, own), size)


def _empty(tenant: str) -> Manifest:
    """Return what a tenant sees of whom there is nothing here."""
    return Manifest(tenant, 0, {})


def opened(url: StoreUrl, *, create: bool = False) -> SnapshotBackend:  # noqa: ARG001 - nothing is made here
    """Open the snapshot that a URL names: parquet:///folder, parquet:///folder?rows=1000000."""
    return SnapshotBackend(url.only(*OPTIONS).file(), limits_of(url.options))


def _conforms(backend: SnapshotBackend) -> tuple[Backend, Store]:
    """Let the type checker see that they are what the contract asks for."""
    return backend, backend.scoped()
