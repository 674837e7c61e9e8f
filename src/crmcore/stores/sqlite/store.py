"""Store: the records and changes of one tenant in a SQLite file."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from ...domain.record import Id
from ...errors import ArgumentError
from ..checks import check_after
from ..contract import BATCH, Appended, Batch, Consumer, Cut, Stats, Stored
from ..entry import Entry, Write
from ..scanning import columns_of, dataset_of
from ..values import check_name
from .connections import Connections
from .head import consumer_in, head_of
from .layout import OWN, STATES, Shape, shape_of
from .past import entries
from .reading import past, scan
from .states import own_fields
from .tables import dataset_in
from .writing import SqliteTransaction, record

if TYPE_CHECKING:
    from ...table.dataset import Dataset

__all__ = ["SqliteStore"]


class SqliteStore:
    """The records and changes of one tenant; every statement on them is bound to its number.

    Args:
        connections: to the file.
        tenant: its name.
    """

    def __init__(self, connections: Connections, tenant: str) -> None:
        self._connections = connections
        self.tenant = tenant

    def __repr__(self) -> str:
        return f"<SQLite store {str(self._connections.path)!r} of tenant {self.tenant!r}>"

    # --- writing

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """Open a transaction; it commits at the end of the block."""
        with self._connections.writing() as connection:
            transaction = SqliteTransaction(connection, self._connections.path, self.tenant)
            try:
                yield transaction
                transaction.close()
            finally:
                transaction.abandon()

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes in a transaction of their own."""
        with self.transaction() as transaction:
            return transaction.append(writes)

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Advance a consumer in a transaction of its own."""
        with self.transaction() as transaction:
            transaction.advance(name, cursor, state, expected=expected)

    # --- reading

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as it stands."""
        with self._connections.reading() as connection:
            return record(connection, self._number(connection), table, id)

    def scan(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        at: Cut | None = None,
        known: datetime | None = None,
        size: int = BATCH,
    ) -> Iterator[Batch]:
        """Yield the records of a table, all as they are when the first batch is read."""
        check_name(table, "table")
        if columns is not None:
            columns_of(table, columns, ())
        if type(size) is not int or size < 1:
            raise ArgumentError(f"size is a whole number from 1, got {size!r}")
        return self._scan(shape_of(table), columns, at, known, size)

    def _scan(
        self, shape: Shape, columns: Sequence[str] | None, at: Cut | None, known: datetime | None, size: int
    ) -> Iterator[Batch]:
        with self._connections.reading() as connection:
            tenant = self._number(connection)
            if tenant is None:
                return
            if at is None and known is None:
                own = own_fields(connection, tenant, shape)
                yield from scan(connection, shape, tenant, columns_of(shape.kind, columns, own), size)
            else:
                yield from past(connection, shape, tenant, columns, size, at, known)

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables that have records."""
        with self._connections.reading() as connection:
            return tuple(_counts(connection, self._number(connection), least=True))

    def entries(self, after: int = 0, *, limit: int | None = None) -> Iterator[Entry]:
        """Yield the log after an entry's number."""
        check_after(after, limit)
        return self._entries(after, limit)

    def _entries(self, after: int, limit: int | None) -> Iterator[Entry]:
        with self._connections.reading() as connection:
            tenant = self._number(connection)
            if tenant is not None:
                yield from entries(connection, tenant, after, limit)

    def last(self) -> int:
        """Return the number of the last entry."""
        with self._connections.reading() as connection:
            return head_of(connection, self.tenant).last

    def consumer(self, name: str) -> Consumer:
        """Return how far a consumer is."""
        check_name(name, "consumer")
        with self._connections.reading() as connection:
            return consumer_in(connection, self._number(connection), name)

    def dataset(
        self, tables: Iterable[str] | None = None, *, at: Cut | None = None, known: datetime | None = None
    ) -> Dataset:
        """Return tables as a dataset."""
        with self._connections.reading() as connection:  # all tables are of one moment
            tenant = self._number(connection)
            names = (
                _counts(connection, tenant, least=True) if tables is None else [check_name(n, "table") for n in tables]
            )
            shapes = [] if tenant is None else [shape_of(name) for name in dict.fromkeys(names)]
            if at is None and known is None:
                return dataset_in(connection, tenant or 0, shapes)
            return dataset_of(
                (shape.kind, past(connection, shape, tenant or 0, None, BATCH, at, known)) for shape in shapes
            )

    def stats(self) -> Stats:
        """Return what is there, in numbers."""
        with self._connections.reading() as connection:
            head = head_of(connection, self.tenant)
            consumers = connection.execute("SELECT name, cursor FROM consumer WHERE tenant = ?", (head.number,))
            (size,) = connection.execute(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            ).fetchone()
            return Stats(_counts(connection, head.number), head.last, dict(consumers.fetchall()), size)

    def _number(self, connection: sqlite3.Connection) -> int | None:
        return head_of(connection, self.tenant).number


def _counts(connection: sqlite3.Connection, tenant: int | None, *, least: bool = False) -> dict[str, int]:
    """Return how many records a tenant has, by table; `least` says only where there are any."""
    found: dict[str, int] = {}
    if tenant is None:
        return found
    for kind, shape in STATES.items():
        rows = f"SELECT 1 FROM {shape.name} WHERE {shape.scope}" + (" LIMIT 1" if least else "")
        (found[kind],) = connection.execute(f"SELECT count(*) FROM ({rows})", (tenant,)).fetchone()
    own = f"SELECT _kind, count(*) FROM {OWN} WHERE _tenant = ? GROUP BY _kind"
    found.update(connection.execute(own, (tenant,)).fetchall())
    return {kind: count for kind, count in sorted(found.items()) if count}
