"""Writing: entries, states and cursors, in one transaction of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from ...domain.record import Id
from ...errors import StoreError
from ..checks import check_advance
from ..contract import Appended, Stored
from ..entry import Write
from ..fold import stored
from ..values import check_name
from .chunk import CHUNK, Chunk
from .connections import explained
from .fresh import fresh_of
from .head import consumer_in, head_of, seal_of
from .states import states

__all__ = ["SqliteTransaction"]


class SqliteTransaction:
    """Writes of one tenant that commit together.

    Args:
        connection: in a transaction of SQLite, which commits once this one is closed.
        path: the file, for messages.
        tenant: its name.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, tenant: str) -> None:
        self._connection = connection
        self._path = path
        self._done = False
        with explained(path):
            self._head = head_of(connection, tenant)

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes; they are read as they are taken, a chunk at a time."""
        versions: list[int] = []
        applied = repeated = 0
        new = True  # until one of them is there already
        with self._usable():
            iterator = iter(writes)
            while some := list(islice(iterator, CHUNK)):
                fresh = fresh_of(some) if new else None
                if fresh is not None:
                    new = fresh.write(self._connection, self._head)
                    if new:
                        versions += [1] * len(some)
                        applied += len(some)
                        continue
                chunk = Chunk(self._connection, self._head)
                versions += chunk.take(some)
                chunk.flush()
                applied += chunk.applied
                repeated += chunk.repeated
            if applied:
                self._head.keep(self._connection)
        return Appended(tuple(versions), applied, repeated, len(versions) - applied - repeated, self._head.last)

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as this transaction sees it."""
        with self._usable():
            return record(self._connection, self._head.number, table, id)

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Set a consumer's cursor and state."""
        with self._usable():
            check_name(name, "consumer")
            connection = self._connection
            check_advance(consumer_in(connection, self._head.number, name), cursor, expected, self._head.last)
            tenant = self._head.settle(connection)
            connection.execute(
                "INSERT INTO consumer (tenant, name, cursor, state, seal) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (tenant, name) DO UPDATE SET cursor = excluded.cursor, state = excluded.state, "
                "seal = excluded.seal",
                (tenant, name, cursor, state, seal_of(tenant, name, cursor, state)),
            )

    def close(self) -> None:
        """End the transaction; it may be committed.

        Raises:
            StoreError: one of its writes was refused, and the caller went on.
        """
        if self._done:
            raise StoreError("one of the transaction's writes was refused; nothing of it is kept")
        self._done = True

    def abandon(self) -> None:
        """End the transaction, which is not committed."""
        self._done = True

    @contextmanager
    def _usable(self) -> Iterator[None]:
        if self._done:
            raise StoreError("the transaction is over, or one of its writes was refused; nothing of it is kept")
        try:
            with explained(self._path, own=False):
                yield
        except BaseException:
            self._done = True  # a caller that goes on after an error must not commit half of it
            raise


def record(connection: sqlite3.Connection, tenant: int | None, table: str, id: Id) -> Stored | None:  # noqa: A002
    """Return a record of a tenant as it stands."""
    if tenant is None or type(id) not in {str, int}:
        return None
    found = states(connection, tenant, table, [id]).get(id)
    return None if found is None else stored(table, id, found.held)
