"""Write a snapshot: every file under a temporary name first, the manifest last."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from crmcore.errors import ArgumentError, StoreError, StoreFormatError
from crmcore.stores import Cut, Store
from crmcore.stores.codec import EMPTY, instant, link, row_of

from . import log as logs
from .manifest import MANIFEST, UNFINISHED, Manifest, TableFile, digest_of, is_snapshot, read_manifest, written
from .records import Records, schema_of_file

__all__ = ["export"]

ROWS = 32_768
"""Rows of a row group: as many are held at once."""
TRIES = 3
_PLAIN = re.compile(r"[a-z][a-z0-9_]{0,60}")
_TAKEN = {"log", "con", "prn", "aux", "nul"}
_PARTIAL = ".partial"


class _Moved(Exception):  # a signal within this module, never seen outside
    """The store was written to meanwhile."""


def export(
    store: Store,
    folder: str | Path,
    *,
    at: Cut | None = None,
    known: datetime | None = None,
    log: bool = True,
    force: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Manifest:
    """Write the records of a store, and its log, to a folder of Parquet files.

    Nobody can take a snapshot that was not finished for a whole one: the manifest is written when everything else is on
    the disk.

    Args:
        store: of one tenant: `backend.scoped()`.
        folder: it is made where it is not there, and must be empty.
        at: only what was true until then.
        known: only what was recorded until then.
        log: whether the log goes along, so that the snapshot can be looked at as of any instant; a snapshot
            of the past (`at`, `known`) has none.
        force: replace the snapshot that is in the folder; files that are not its own are left alone.
        progress: called with the rows written so far.

    Returns:
        The manifest: what is there, in numbers.

    Raises:
        StoreError: a folder that is not empty, or a store that is written to without a pause.
        ArgumentError: no store of one tenant.
    """
    place = Path(folder)
    if not hasattr(store, "scan") or not hasattr(store, "entries"):
        raise ArgumentError(f"export takes a store of one tenant, got a {type(store).__name__}")
    past = at is not None or known is not None
    for _ in range(TRIES):
        begun = Manifest(store.tenant, store.last(), {}, at=at, known=None if known is None else instant(known))
        try:
            return _Export(place, force, progress).run(store, Records(store, at, known, ROWS), begun, log and not past)
        except _Moved:
            force = True  # what is there now is ours
    raise StoreError(
        f"the store was written to during each of {TRIES} exports; pause its writers, or export a backup of it"
    )


class _Export:
    def __init__(self, folder: Path, force: bool, progress: Callable[[int], object] | None) -> None:
        self.folder, self.force, self.progress = folder, force, progress
        self.rows = 0
        self.made: list[Path] = []

    def run(self, store: Store, records: Records, begun: Manifest, log: bool) -> Manifest:
        old = self._prepared()
        try:
            manifest = self._files(store, records, begun, log)
            self._place(MANIFEST, lambda path: path.write_bytes(written(manifest)))
        except BaseException:
            for path in self.made:
                with suppress(OSError):
                    path.unlink()
            with suppress(OSError):  # the mark stays where files of an older snapshot are left
                if [path.name for path in self.folder.iterdir()] == [UNFINISHED]:
                    (self.folder / UNFINISHED).unlink()
            raise
        for name in old - {t.file for t in manifest.files()}:
            with suppress(OSError):
                (self.folder / name).unlink()
        return manifest

    def _files(self, store: Store, records: Records, begun: Manifest, log: bool) -> Manifest:
        try:
            tables = dict(self._tables(store, records))
            chain, kept = None, None
            if log:
                chained = _Chain(store)
                kept = attrs.evolve(self._written("log.parquet", logs.SCHEMA, chained.batches()), fields=logs.FIELDS)
                chain = chained.link.hex()
        except Exception as error:
            if store.last() != begun.last:  # values of another type than the first walk saw
                raise _Moved from None
            if isinstance(error, pa.ArrowException | OverflowError):
                raise StoreError(f"the records cannot be written as Parquet: {error}") from None
            raise
        if store.last() != begun.last:
            raise _Moved
        return attrs.evolve(begun, tables=tables, log=kept, chain=chain)

    def _tables(self, store: Store, records: Records) -> Iterator[tuple[str, TableFile]]:
        taken: set[str] = set()
        for table in store.tables():
            if fields := records.fields(table):  # none where no record was there yet
                made = self._written(_file_name(table, taken), schema_of_file(fields), records.batches(table, fields))
                yield table, attrs.evolve(made, fields=fields)

    # --- the folder

    def _prepared(self) -> set[str]:
        """Return the files of the snapshot that is there, once it is none any more."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{str(self.folder)!r} cannot be made a folder: {error.strerror}") from None
        old: set[str] = set()
        if any(self.folder.iterdir()):
            if not self.force:
                raise StoreError(
                    f"folder {str(self.folder)!r} is not empty; force=True replaces a snapshot that is in it"
                )
            if not is_snapshot(self.folder):
                raise StoreError(f"folder {str(self.folder)!r} holds something else than a snapshot: it is left alone")
            with suppress(StoreFormatError):
                old = {t.file for t in read_manifest(self.folder).files()}
            for path in self.folder.glob(f"*{_PARTIAL}"):
                path.unlink()
        (self.folder / UNFINISHED).touch()
        _settle(self.folder)
        with suppress(FileNotFoundError):
            (self.folder / MANIFEST).unlink()
        _settle(self.folder)
        return old

    def _place(self, name: str, write: Callable[[Path], object]) -> Path:
        """Write a file under a temporary name, and give it its own once it is on the disk."""
        final = self.folder / name
        partial = self.folder / (name + _PARTIAL)
        self.made.append(partial)
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        self.made.append(final)
        partial.replace(final)
        _settle(self.folder)
        return final

    # --- one file

    def _written(self, name: str, schema: Any, batches: Iterator[Any]) -> TableFile:
        before = self.rows

        def write(path: Path) -> None:
            # no metadata of Arrow: what a column is, is written in the manifest and in the file's own types
            with pq.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
                for batch in batches:
                    writer.write_batch(batch)
                    self.rows += batch.num_rows
                    if self.progress is not None:
                        self.progress(self.rows)

        path = self._place(name, write)
        return TableFile(name, self.rows - before, path.stat().st_size, digest_of(path))


class _Chain:
    """The log in batches, with its chain: a snapshot vouches for its entries as a store does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.link = EMPTY

    def batches(self) -> Iterator[Any]:
        entries = self.store.entries()
        while some := [row_of(e) for e in islice(entries, ROWS)]:
            for row in some:
                self.link = link(self.link, row)
            yield logs.batch_of_rows(some)


def _file_name(table: str, taken: set[str]) -> str:
    """Return the name of the file of a table; a name that no file should have gets a number."""
    stem = table if _PLAIN.fullmatch(table) and table not in _TAKEN else ""
    number = 1
    while not stem or stem in taken:
        stem = f"table-{number}"
        number += 1
    taken.add(stem)
    return f"{stem}.parquet"


def _settle(folder: Path) -> None:
    """Wait until the names of a folder are on the disk."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
