"""Tables of the host as a store: those of a DuckDB database, or Parquet files, to be read and nothing else."""

# ruff: noqa: S608 - names in statements are quoted, every value is bound

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmcore.calendars import Zone
from crmcore.domain.record import Id
from crmcore.errors import ArgumentError, StoreCorrupt, StoreError, StoreFormatError
from crmcore.stores import Backend, Batch, Capabilities, Cut, Entry, Stats, Store, Stored, StoreUrl, Verification
from crmcore.stores.checks import check_after
from crmcore.stores.contract import BATCH
from crmcore.stores.scanning import columns_of
from crmcore.stores.values import check_name, defaults_of
from crmcore.table.dataset import Dataset

from .columns import HostColumn, host_column
from .engine import Engine, quoted
from .guard import admit, described
from .limits import OPTIONS, Limits, limits_of
from .manifest import MANIFEST, file_in
from .readonly import ReadOnlyBackend, ReadOnlyStore, batch_of, kept, values_in
from .tables import Loaded, dataset_from

__all__ = ["CAPABILITIES", "DatabaseBackend", "DatabaseStore", "opened"]

CAPABILITIES = Capabilities(processes=False, backup=False, tamper_evident=False, read_only=True)
_DUCKDB, _PARQUET = b"DUCK", b"PAR1"
_ROWS = 65_536


class DatabaseBackend(ReadOnlyBackend):
    """Tables that somebody else has made.

    Args:
        path: a DuckDB database, a Parquet file, or a folder of Parquet files; a file is the table of its name.
        limits: what the tables may turn out to hold.
        timezone: zone of timestamps that have none.

    Raises:
        StoreError: no such file, or one that a writer holds.
        StoreFormatError: it is neither.
    """

    capabilities = CAPABILITIES
    tenant = "main"

    def __init__(self, path: Path, limits: Limits | None = None, timezone: str | None = None) -> None:
        self.path = path
        self.name = path.name
        self.timezone = timezone
        if timezone is not None:
            Zone(timezone)
        self._limits = limits or Limits()
        self._rows: dict[str, int] = {}
        self.files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if path.is_dir():
            self.engine = self._viewed(path)
        elif _head(path)[:4] == _PARQUET:
            self.engine = self._viewed(path.parent)
        elif _head(path)[8:] == _DUCKDB:
            self.engine = Engine(self._limits, self.name, database=path)
        else:  # DuckDB would take it for a file of another database, and look for an extension
            raise StoreFormatError(f"{path.name!r} is neither a DuckDB database nor a Parquet file")

    def _viewed(self, folder: Path) -> Engine:
        """Return an engine that sees each file as a table."""
        if not self.files:
            raise StoreFormatError(
                f"folder {folder.name!r} has no {MANIFEST} and no *.parquet: there is nothing to read"
            )
        files = [file_in(folder, file.name) for file in self.files]
        return Engine(self._limits, self.name, folder=folder, files=files)

    def scoped(self, tenant: str = "main") -> DatabaseStore:
        """Return the store of a tenant; the tables are those of tenant "main"."""
        return DatabaseStore(self, tenant, self.tables if self.owns(tenant) else ())

    def verify(self, progress: Callable[[int], object] | None = None) -> Verification:  # noqa: ARG002 - there is no log
        """Read every value; DuckDB checks the sums of its blocks as it does."""
        store, faults, records = self.scoped(), [], 0
        for table in store.tables():
            try:
                records += sum(len(batch) for batch in store.scan(table))
            except (StoreError, ArgumentError) as error:
                faults.append(str(error))
        return Verification(0, records, tuple(faults))

    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know."""
        found = [f"the tables of {self.name!r} have no history: there is no as-of, no log and no change feed"]
        for table in self.tables:
            odd = ", ".join(f"{name} ({kind})" for name, kind in self.left_out(table).items())
            found += [f"{table}: not read are {odd}"] if odd else []
        return tuple(found)

    # --- tables

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables and views of the schema `main`; of Parquet files, their names."""
        found = self.engine.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = current_database() "
            "AND table_schema = 'main' ORDER BY table_name"
        )
        return tuple(str(name) for (name,) in found)

    def rows(self, table: str) -> int:
        """Return how many rows a table has, once it is sure to stay within the limits."""
        if table not in self._rows:
            source = quoted(table)
            described_ = described(self.engine, source)
            self._rows[table] = admit(self.engine, self._limits, f"{table} of {self.name!r}", described_, source)
        return self._rows[table]

    def columns(self, table: str) -> Mapping[str, HostColumn]:
        """Return the columns of a table by name, those of `left_out` not among them.

        Raises:
            StoreFormatError: ids that are neither text nor whole numbers.
        """
        kinds = dict(described(self.engine, quoted(table)))
        made = {name: host_column(name, kind) for name, kind in kinds.items() if name != "version"}
        found = {name: column for name, column in made.items() if column is not None}
        if "id" in kinds and ("id" not in found or found["id"].field.form not in {"text", "whole"}):
            raise StoreFormatError(
                f"{table}.id of {self.name!r} is of type {kinds['id']}; ids are text or whole numbers: cast it in a view"
            )
        return found

    def left_out(self, table: str) -> Mapping[str, str]:
        """Return the columns of a table that are not read, with their types.

        They are of a type that no column of ours holds, or called "version", where a store has its own.
        """
        held = self.columns(table)
        return {n: t for n, t in described(self.engine, quoted(table)) if n not in held}

    def read(
        self, table: str, columns: Sequence[HostColumn], size: int, where: str = "", *values: Any
    ) -> Iterator[Any]:
        """Yield columns of a table as Arrow batches."""
        self.rows(table)
        asked = ", ".join(f"{c.sql} AS {quoted(c.field.name)}" for c in columns)
        return self.engine.arrow(f"SELECT {asked} FROM {quoted(table)} {where}", values, size)


class DatabaseStore(ReadOnlyStore):
    """The tables as they are now."""

    def __init__(self, backend: DatabaseBackend, tenant: str, tables: tuple[str, ...]) -> None:
        self._backend = backend
        self.engine = backend.engine
        self._tables = tables
        self.name = backend.name
        self.tenant = tenant

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record, or None."""
        self.engine.usable()
        if check_name(table, "table") not in self._tables:
            return None
        columns = self._backend.columns(table)
        key = columns.get("id")
        if key is None or type(id) is not (str if key.field.form == "text" else int):
            return None
        for batch in self._batches(table, columns, 1, f"WHERE {key.sql} = ? LIMIT 1", id):
            found = {name: values[0] for name, values in batch.items()}
            return Stored(table, found.pop("id"), 1, kept(table, found))
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
        """Yield the rows of a table; one without a column "id" has its row numbers for ids, from 1."""
        self.engine.usable()
        self._present(at, known)
        if type(size) is not int or size < 1:
            raise ArgumentError(f"size is a whole number from 1, got {size!r}")
        if check_name(table, "table") not in self._tables:
            columns_of(table, columns, ())
            return iter(())
        own = self._backend.columns(table)
        names = columns_of(table, columns, (name for name in own if name != "id"))
        for name, kind in self._backend.left_out(table).items():
            if name in names:
                raise StoreError(f"{table}.{name} of {self.name!r} is of type {kind}, which no column holds")
        return self._scan(table, names, {n: c for n, c in own.items() if n == "id" or n in names}, size)

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables and views that have rows."""
        self.engine.usable()
        return tuple(name for name in self._tables if self._backend.rows(name))

    def entries(self, after: int = 0, *, limit: int | None = None) -> Iterator[Entry]:
        """Refuse: there is no log."""
        self.engine.usable()
        check_after(after, limit)
        raise StoreError(f"{self.name!r} has no log: its tables are what they are now")

    def last(self) -> int:
        """Return 0: there is no log."""
        self.engine.usable()
        return 0

    def dataset(
        self, tables: Iterable[str] | None = None, *, at: Cut | None = None, known: datetime | None = None
    ) -> Dataset:
        """Return tables as a dataset."""
        self.engine.usable()
        self._present(at, known)
        names = self.tables() if tables is None else tuple(check_name(t, "table") for t in tables)
        found = {n: self._loaded(n) for n in names if n in self._tables and self._backend.rows(n)}
        return dataset_from(found, self._backend.timezone)

    def stats(self) -> Stats:
        """Return what is there, in numbers."""
        self.engine.usable()
        records = {name: self._backend.rows(name) for name in self.tables()}
        return Stats(records, 0, {}, sum(file.stat().st_size for file in self._backend.files))

    # --- parts

    def _present(self, at: Cut | None, known: datetime | None) -> None:
        if at is not None or known is not None:
            raise StoreError(f"{self.name!r} has no history: it can be read as it is now, not as of another instant")

    def _scan(
        self, table: str, names: tuple[str, ...], columns: Mapping[str, HostColumn], size: int
    ) -> Iterator[Batch]:
        defaults = defaults_of(table)
        done = 0
        asked = columns or dict(list(self._backend.columns(table).items())[:1])
        for found in self._batches(table, asked, size):
            count = len(next(iter(found.values())))
            if "id" not in found:
                found["id"] = list(range(done + 1, done + count + 1))
            elif None in found["id"]:
                raise StoreCorrupt(f"{table} of {self.name!r}: row {done + found['id'].index(None) + 1} has no id")
            done += count
            yield batch_of(names, defaults, found, count)

    def _batches(
        self, table: str, columns: Mapping[str, HostColumn], size: int, where: str = "", *values: Any
    ) -> Iterator[dict[str, list[Any]]]:
        """Yield the values of columns, the types of ours."""
        chosen = list(columns.values())
        self._zoned(table, chosen)
        fields = [attrs.evolve(c.field, form="text") if c.reading else c.field for c in chosen]
        for batch in self._backend.read(table, chosen, size, where, *values):
            found = dict(zip(columns, values_in(fields, iter(batch.columns)), strict=True))
            for name, column in columns.items():
                if column.reading:
                    found[name] = self._instants(found[name])
                elif column.field.form == "score":
                    found[name] = [None if v is not None and v != v else v for v in found[name]]  # noqa: PLR0124
            yield found

    def _zoned(self, table: str, columns: Iterable[HostColumn]) -> None:
        """Refuse timestamps without a zone where none is stated (T1)."""
        naive = next((c.field.name for c in columns if c.reading), None)
        if naive is not None and self._backend.timezone is None:
            raise StoreError(
                f"{table}.{naive} of {self.name!r} has timestamps without a time zone; state theirs: "
                "?timezone=Europe/Berlin behind the URL"
            )

    def _instants(self, readings: list[Any]) -> list[Any]:
        zone = ZoneInfo(str(self._backend.timezone))
        return [None if v is None else v.replace(tzinfo=zone).astimezone(UTC) for v in readings]

    def _loaded(self, table: str) -> Loaded:
        columns = self._backend.columns(table)
        self._zoned(table, columns.values())
        batches = self._backend.read(table, list(columns.values()), _ROWS)
        fields = [c.field for c in columns.values()]
        names = columns_of(table, None, (name for name in columns if name != "id"))
        return Loaded(fields, names, batches)


def opened(url: StoreUrl, *, create: bool = False) -> DatabaseBackend:  # noqa: ARG001 - nothing is made here
    """Open the tables that a URL names: duckdb:///crm.duckdb?timezone=Asia/Shanghai, parquet:///deals.parquet."""
    url.only(*OPTIONS, "timezone")
    return DatabaseBackend(url.file(), limits_of(url.options), url.options.get("timezone"))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(12)
    except OSError as error:
        raise StoreError(f"{str(path)!r} cannot be opened: {error.strerror}") from None


def _conforms(backend: DatabaseBackend) -> tuple[Backend, Store]:
    """Let the type checker see that they are what the contract asks for."""
    return backend, backend.scoped()
