"""Connections to one file: each is used by one operation at a time, and never by another process than its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, get_ident
from weakref import WeakSet

from ...errors import StoreCorrupt, StoreError, StoreFormatError
from .migrations import FORMAT, check_format, migrate

__all__ = ["Connections", "explained"]

_PRAGMAS = (
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "cell_size_check = ON",
    "cache_size = -32768",
    "wal_autocheckpoint = 4000",
)
_LEAST = 512
"""Bytes of the smallest database. SQLite would take a smaller file for an empty one, and write over it."""
_INHERITED: list[sqlite3.Connection] = []
"""Connections of the process that this one was forked from. SQLite forbids to use them here, and to close them."""
_OPEN: WeakSet[Connections] = WeakSet()


class Connections:
    """Connections to a store's file, kept for the next operation.

    Args:
        path: the file.
        create: make it if it is not there.
        read_only: never write, neither to the file nor beside it.
        timeout: seconds to wait for another writer.
    """

    def __init__(self, path: Path, *, create: bool, read_only: bool, timeout: float) -> None:
        self.path = path
        self.read_only = read_only
        self._timeout = timeout
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._process = os.getpid()
        self._closed = False
        self._writer: int | None = None
        self._first(create)
        _OPEN.add(self)

    def _first(self, create: bool) -> None:
        """Open the file for the first time: check what it is, and bring it to the newest format."""
        if not self.path.exists():
            if self.read_only or not create:
                raise StoreError(f"{self.path} is not there; crmcore store init makes a store", path=self.path)
            if not self.path.parent.is_dir():
                raise StoreError(f"the folder {self.path.parent} is not there", path=self.path)
        elif not self.path.is_file():
            raise StoreFormatError(f"{self.path} is no file", path=self.path)
        elif not create and not self.read_only and not self.path.stat().st_size:
            raise StoreFormatError(f"{self.path} is empty, no store of crmcore", path=self.path)
        elif 0 < self.path.stat().st_size < _LEAST:
            raise StoreFormatError(f"{self.path}: the file is no store of crmcore", path=self.path)
        with explained(self.path, opening=True):
            connection = self._connect()
            try:
                found = check_format(connection, str(self.path))
                if self.read_only:
                    if found != FORMAT:
                        raise StoreFormatError(
                            f"{self.path} has format {found} and cannot be brought to {FORMAT}, as it is read-only",
                            format=found,
                        )
                else:
                    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                    if mode != "wal":
                        raise StoreError(
                            f"{self.path}: SQLite keeps no write-ahead log there; a store does not lie on a network share"
                        )
                    migrate(connection, str(self.path))
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        mode = "rwc"
        if self.read_only:
            # without a log beside it the file is all there is, and nothing need be written to read it
            beside = self.path.with_name(self.path.name + "-wal")
            mode = "ro" if beside.exists() and beside.stat().st_size else "ro&immutable=1"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=self._timeout,
            cached_statements=256,
        )
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    # --- one at a time

    def usable(self) -> None:
        """Refuse a store that was closed."""
        if self._closed:
            raise StoreError(f"the store {self.path} is closed")

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            self.usable()
            if self._process != os.getpid():
                self.inherited()
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give(self, connection: sqlite3.Connection, process: int) -> None:
        with self._lock:
            if process != os.getpid():
                _INHERITED.append(connection)
                return
            if not self._closed and len(self._idle) < 8:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def borrowed(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; one that met an error is not used again."""
        process = os.getpid()
        connection = self._take()
        try:
            yield connection
        except (sqlite3.Error, StoreError):
            if process == os.getpid():
                connection.close()  # which rolls back
            raise
        except BaseException:
            self._settle(connection, process)
            raise
        else:
            self._settle(connection, process)

    def _settle(self, connection: sqlite3.Connection, process: int) -> None:
        if process == os.getpid() and connection.in_transaction:
            with explained(self.path):
                connection.execute("ROLLBACK")
        self._give(connection, process)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees the store as it is at the first statement, whoever writes meanwhile."""
        with explained(self.path), self.borrowed() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the writer's connection: commit at the end of the block, roll back where it raises."""
        if self.read_only:
            raise StoreError(f"the store {self.path} is open for reading only")
        if self._writer == get_ident():
            raise StoreError("a transaction is open in this thread; use it instead of another one")
        with self.borrowed() as connection:
            with explained(self.path):
                connection.execute("BEGIN IMMEDIATE")
            self._writer = get_ident()
            try:
                yield connection
            finally:
                self._writer = None
            with explained(self.path):
                connection.execute("COMMIT")

    # --- the end

    def inherited(self) -> None:
        """Leave the connections of the parent process alone, in a child that was forked."""
        _INHERITED.extend(self._idle)
        self._idle = []
        self._process = os.getpid()
        self._writer = None

    def close(self) -> None:
        """Close what is not in use; the others are closed when they are given back."""
        with self._lock:
            if self._process != os.getpid():
                self.inherited()
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_idle") and self._process == os.getpid():
            for connection in self._idle:
                connection.close()


def _after_fork() -> None:
    for connections in list(_OPEN):
        connections._lock = Lock()  # it may have been held by a thread that this process has not
        connections.inherited()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


_CAUSES = (
    ("full", StoreError, "the disk is full, nothing was written"),
    ("locked", StoreError, "another process has been writing for too long; try again"),
    ("readonly", StoreError, "the file cannot be written"),
    ("unable to open", StoreError, "the file cannot be opened"),
    ("disk I/O", StoreError, "the disk failed"),
    ("not a database", StoreFormatError, "the file is no store of crmcore"),
    ("malformed", StoreCorrupt, "the file is damaged"),
    ("UTF-8", StoreCorrupt, "the file is damaged"),
    ("no such", StoreCorrupt, "the file is damaged"),
)


@contextmanager
def explained(path: Path, *, opening: bool = False, own: bool = True) -> Iterator[None]:
    """Turn errors of SQLite into those of a store.

    Args:
        path: the file.
        opening: whether it is not known yet that the file is a store.
        own: whether nobody else's code runs in the block.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        if not own:
            raise
        # sqlite3 could not even read what SQLite had to say, as where a name in the schema is damaged
        raise StoreCorrupt(f"{path}: the file is damaged ({error})", path=path) from error
    except sqlite3.Error as error:
        text = str(error)
        for word, kind, meaning in _CAUSES:
            if word in text:
                raise kind(f"{path}: {meaning} ({text})", path=path) from error
        damaged = type(error) in {sqlite3.DatabaseError, sqlite3.IntegrityError}
        kind = StoreFormatError if opening and damaged else StoreCorrupt if damaged else StoreError
        raise kind(f"{path}: {text}", path=path) from error
