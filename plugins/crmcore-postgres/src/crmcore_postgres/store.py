"""PostgresStore: the records and changes of one tenant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import get_ident
from typing import TYPE_CHECKING, Any

from psycopg import sql

from crmcore.domain.record import Id
from crmcore.errors import StoreError
from crmcore.stores.checks import check_after
from crmcore.stores.codec import entry_of
from crmcore.stores.contract import BATCH, Appended, Batch, Consumer, Cut, Stats, Stored
from crmcore.stores.entry import Entry, Write
from crmcore.stores.fold import stored
from crmcore.stores.scanning import dataset_of
from crmcore.stores.values import check_name
from crmcore.table.dataset import Dataset

from .reading import consumer_of, entries_of, held_of
from .scan import counts, scan_now, scan_past
from .transaction import PostgresTransaction

if TYPE_CHECKING:
    from .backend import PostgresBackend

__all__ = ["PostgresStore"]


class PostgresStore:
    """The records and changes of one tenant in PostgreSQL; threads may share it."""

    def __init__(self, backend: PostgresBackend, tenant: str) -> None:
        self._backend = backend
        self._connections = backend.connections
        self._tables = backend.tables
        self.tenant = tenant

    def __repr__(self) -> str:
        return f"<store of tenant {self.tenant!r} at {self._backend.address.shown}>"

    @contextmanager
    def transaction(self) -> Iterator[PostgresTransaction]:
        """Open a transaction; writers of the tenant wait until it ends."""
        thread = get_ident()
        if thread in self._backend.writers:
            raise StoreError("a transaction is open in this thread; use it instead of another one")
        self._backend.writers.add(thread)
        try:
            with self._connections.writing(self.tenant) as connection:
                opened = PostgresTransaction(connection, self._backend.address, self._tables, self.tenant)
                try:
                    yield opened
                    opened.check()
                finally:
                    opened.done = True
        finally:
            self._backend.writers.discard(thread)

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes in a transaction of their own."""
        with self.transaction() as transaction:
            return transaction.append(writes)

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as it stands, or None."""
        with self._connections.reading(self.tenant) as connection:
            found = held_of(connection, self._tables, self.tenant, table, [id]).get(id)
        return None if found is None else stored(table, id, found)

    def scan(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        at: Cut | None = None,
        known: datetime | None = None,
        size: int = BATCH,
    ) -> Iterator[Batch]:
        """Yield the records of a table in batches; they are as they were when the first was read."""
        check_name(table, "table")
        if at is None and known is None:
            return scan_now(self._connections, self._tables, self.tenant, table, columns, size)
        return scan_past(self._connections, self._tables, self.tenant, table, columns, size, at, known)

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables that have records, sorted."""
        with self._connections.reading(self.tenant) as connection:
            return tuple(sorted(counts(connection, self._tables, self.tenant, up_to=1)))

    def entries(self, after: int = 0, *, limit: int | None = None) -> Iterator[Entry]:
        """Yield the log after an entry's number; it is as it was when the first was read."""
        check_after(after, limit)
        return self._entries(after, limit)

    def _entries(self, after: int, limit: int | None) -> Iterator[Entry]:
        where = sql.SQL("_tenant = %(tenant)s AND number > %(after)s ORDER BY number LIMIT %(limit)s")
        asked = {"tenant": self.tenant, "after": after, "limit": limit}
        with self._connections.reading(self.tenant) as connection:
            yield from map(entry_of, entries_of(connection, self._tables, where, asked))

    def last(self) -> int:
        """Return the number of the last entry, 0 where there is none."""
        with self._connections.reading(self.tenant) as connection:
            return self._last(connection)

    def _last(self, connection: Any) -> int:
        query = sql.SQL("SELECT number FROM {} WHERE _tenant = %s").format(self._tables.head)
        found = connection.execute(query, (self.tenant,)).fetchone()
        return 0 if found is None else int(found[0])

    def consumer(self, name: str) -> Consumer:
        """Return how far a consumer is; one that never was is at 0."""
        check_name(name, "consumer")
        with self._connections.reading(self.tenant) as connection:
            return consumer_of(connection, self._tables, self.tenant, name)

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Advance a consumer in a transaction of its own."""
        with self.transaction() as transaction:
            transaction.advance(name, cursor, state, expected=expected)

    def dataset(
        self, tables: Iterable[str] | None = None, *, at: Cut | None = None, known: datetime | None = None
    ) -> Dataset:
        """Return tables as a dataset to measure, all of them by default."""
        names = self.tables() if tables is None else tuple(tables)
        return dataset_of((name, self.scan(name, at=at, known=known)) for name in names)

    def stats(self) -> Stats:
        """Return what is there, in numbers; the size is that of the whole store."""
        size = sql.SQL(
            "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'"
        )
        named = sql.SQL("SELECT name, cursor FROM {} WHERE _tenant = %s ORDER BY name").format(self._tables.consumer)
        with self._connections.reading(self.tenant) as connection:
            records = counts(connection, self._tables, self.tenant)
            consumers: Any = connection.execute(named, (self.tenant,)).fetchall()
            whole: Any = connection.execute(size, (self._tables.schema,)).fetchone()
            return Stats(dict(sorted(records.items())), self._last(connection), dict(consumers), whole[0])
