"""Transaction: writes of one tenant that commit together.

A tenant has one writer at a time, whoever and wherever the others are: an advisory lock of the database, held until the
commit, so that numbers are given in the order of commits and a reader of the log never passes one by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from psycopg import sql

from crmcore.domain.record import Id
from crmcore.errors import StoreError
from crmcore.stores.admit import admit
from crmcore.stores.checks import check_advance, check_repeated
from crmcore.stores.codec import EMPTY, digest, entry_of, link, row_of
from crmcore.stores.contract import Appended, Stored
from crmcore.stores.entry import Entry, Write
from crmcore.stores.fold import Held, stored
from crmcore.stores.values import check_name, check_write

from .address import Address
from .connections import Connection, told
from .layout import id_out
from .reading import consumer_of, held_of
from .rows import ENTRY, Tables, as_json, entry_cells, row_in
from .schema import lock_number

__all__ = ["PostgresTransaction"]

_CHUNK = 2_000
"""Writes that are looked up and sent together."""
_LONGEST_ID = 1_000
"""Bytes of an id: with the longest names before it, what an index of PostgreSQL takes."""
_ENTRIES = sql.SQL(
    "INSERT INTO {} (_tenant, number, kind, id, version, new, old, at_us, at_day, recorded_us, actor, sequence, source, "
    "key, digest, chain) SELECT %(tenant)s, x.* FROM json_to_recordset(%(rows)s::json) AS x (number bigint, kind text, "
    "id text, version bigint, new text, old text, at_us bigint, at_day date, recorded_us bigint, actor text, "
    "sequence bigint, source text, key text, digest bytea, chain bytea)"
)
_HEAD = sql.SQL(
    "INSERT INTO {} AS h (_tenant, number, chain) VALUES (%s, %s, %s) "
    "ON CONFLICT (_tenant) DO UPDATE SET number = EXCLUDED.number, chain = EXCLUDED.chain"
)
_KEYS = sql.SQL(
    "SELECT e.* FROM unnest(%(sources)s::text[], %(keys)s::text[]) AS x (source, key) CROSS JOIN LATERAL ("
    "SELECT e.source, e.key, e.digest, e.version FROM {} e "
    "WHERE e._tenant = %(tenant)s AND e.source = x.source AND e.key = x.key OFFSET 0) e"
)
_HISTORY = sql.SQL("SELECT {} FROM {} WHERE _tenant = %s AND kind = %s AND id = %s ORDER BY version")
_CONSUMER = sql.SQL(
    "INSERT INTO {} AS c (_tenant, name, cursor, state) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (_tenant, name) DO UPDATE SET cursor = EXCLUDED.cursor, state = EXCLUDED.state"
)
_Name = tuple[str, Id]


class PostgresTransaction:
    """Writes of one tenant on one connection, which holds the lock of the tenant."""

    def __init__(self, connection: Connection, address: Address, tables: Tables, tenant: str) -> None:
        self._connection = connection
        self._address = address
        self._tables = tables
        self._tenant = tenant
        self.done = False
        with told(address):
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("write", address.schema, tenant),))
            query = sql.SQL("SELECT number, chain FROM {} WHERE _tenant = %s").format(tables.head)
            found: Any = connection.execute(query, (tenant,)).fetchone()
        self._last: int = 0 if found is None else found[0]
        self._chain: bytes = EMPTY if found is None else found[1]
        self._forget()

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes."""
        versions: list[int] = []
        applied = repeated = 0
        iterator = iter(writes)
        with self._whole():
            while chunk := list(islice(iterator, _CHUNK)):
                for version, taken in self._taken(chunk):
                    versions.append(version)
                    applied += taken == "applied"
                    repeated += taken == "repeated"
                self._send()
        return Appended(tuple(versions), applied, repeated, len(versions) - applied - repeated, self._last)

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as this transaction sees it."""
        with self._whole():
            found = held_of(self._connection, self._tables, self._tenant, table, [id]).get(id)
        return None if found is None else stored(table, id, found)

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Set a consumer's cursor and state."""
        with self._whole():
            found = consumer_of(self._connection, self._tables, self._tenant, check_name(name, "consumer"))
            check_advance(found, cursor, expected, self._last)
            self._connection.execute(_CONSUMER.format(self._tables.consumer), (self._tenant, name, cursor, state))

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Do a step; after one that fails nothing of the transaction is kept, whatever its caller does."""
        self.check()
        try:
            with told(self._address):
                yield
        except BaseException:
            self.done = True
            raise

    def check(self) -> None:
        """Refuse to go on, or to commit, after a step that failed."""
        if self.done:
            raise StoreError("the transaction is over, or one of its writes was refused; nothing of it is kept")

    def _forget(self) -> None:
        """Begin a chunk: nothing is looked up, nothing waits to be sent."""
        self._held: dict[_Name, Held | None] = {}
        self._keys: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._rows: list[dict[str, Any]] = []
        self._made: dict[_Name, int] = {}
        self._new: dict[_Name, list[Entry]] = {}

    def _taken(self, chunk: Sequence[Write]) -> Iterator[tuple[int, str]]:
        checked = [(write, check_write(write)) for write in chunk]
        self._look_up(chunk)
        for write, values in checked:
            yield self._take(write, values)

    def _look_up(self, chunk: Sequence[Write]) -> None:
        """Fetch the records and keys that writes speak of."""
        ids: dict[str, dict[Id, None]] = {}
        keys = {(w.source, w.key) for w in chunk if w.key is not None}
        for write in chunk:
            _check_length(write)
            ids.setdefault(write.table, {})[write.id] = None
        for table, named in ids.items():
            found = held_of(self._connection, self._tables, self._tenant, table, list(named))
            self._held.update(((table, id_), found.get(id_)) for id_ in named)
        if keys:
            sources, names = map(list, zip(*keys, strict=True))
            rows = self._connection.execute(
                _KEYS.format(self._tables.entry), {"tenant": self._tenant, "sources": sources, "keys": names}
            )
            self._keys.update(((source, key), (content, version)) for source, key, content, version in rows)

    def _take(self, write: Write, values: dict[str, Any]) -> tuple[int, str]:
        name, key, content = (write.table, write.id), (write.source, write.key or ""), None
        if write.key is not None:
            content = digest(write, values)
            known = self._keys.get(key)
            if known is not None:
                check_repeated(write, equal=known[0] == content)
                return known[1], "repeated"
        held = self._held[name]
        admitted = admit(write, values, held, lambda: self._history(name), self._last + 1)
        entry, version = admitted.entry, admitted.held.version
        if entry is None:
            return version, "unchanged"
        row = row_of(entry)
        self._last, self._chain = entry.number, link(self._chain + (content or b""), row)
        self._rows.append(entry_cells(row, content, self._chain))
        self._held[name] = admitted.held
        self._new.setdefault(name, []).append(entry)
        if held is None:
            self._made[name] = entry.number
        if content is not None:
            self._keys[key] = (content, version)
        return version, "applied"

    def _history(self, name: _Name) -> Iterator[Entry]:
        """Yield the entries of a record, those that wait to be sent last."""
        query = _HISTORY.format(ENTRY, self._tables.entry)
        yield from (
            entry_of(row_in(cells))
            for cells in self._connection.execute(query, (self._tenant, name[0], id_out(name[1])))
        )
        yield from self._new.get(name, ())

    def _send(self) -> None:
        """Send what the chunk has made: entries, records, and where the log ends."""
        if self._rows:
            self._connection.execute(
                _ENTRIES.format(self._tables.entry), {"tenant": self._tenant, "rows": as_json(self._rows)}
            )
            made: dict[tuple[str, bool], list[dict[str, Any]]] = {}
            for name in self._new:
                held = self._held[name]
                assert held is not None  # it was just written
                number = self._made.get(name)
                cells = self._tables.layout.cells(name[0], held.values)
                cells.update(self._tables.cells(name[1], number or 0, held))
                made.setdefault((name[0], number is not None), []).append(cells)
            for (table, new), rows in made.items():
                statements = self._tables.of(table)
                self._connection.execute(
                    statements.insert if new else statements.update,
                    {"tenant": self._tenant, "table": table, "rows": as_json(rows)},
                )
            self._connection.execute(_HEAD.format(self._tables.head), (self._tenant, self._last, self._chain))
        self._forget()


def _check_length(write: Write) -> None:
    if isinstance(write.id, str) and len(write.id) > _LONGEST_ID // 4 and len(write.id.encode()) > _LONGEST_ID:
        raise StoreError(
            f"{write.table}: an id of {len(write.id.encode())} bytes, {write.id[:20]!r}...; PostgreSQL takes up to {_LONGEST_ID}"
        )
