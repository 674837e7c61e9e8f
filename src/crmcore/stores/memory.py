"""Memory: the store that every other store is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import RLock, get_ident

import attrs

from ..domain.record import Id
from ..errors import ArgumentError, StoreError
from ..table.dataset import Dataset
from .admit import admit
from .checks import check_advance, check_after, check_repeated
from .codec import digest
from .contract import BATCH, Appended, Batch, Capabilities, Consumer, Cut, Stats, Store, Stored, Verification
from .entry import Entry, Write
from .fold import Held, fold, stored
from .scanning import batches, columns_of, dataset_of
from .url import StoreUrl
from .values import check_name, check_write

__all__ = ["CAPABILITIES", "MemoryBackend", "opened"]

CAPABILITIES = Capabilities(durable=False, processes=False, backup=False, tamper_evident=False)

Name = tuple[str, Id]
Key = tuple[str, str]


@attrs.define(slots=True)
class _Log:
    """What one tenant has."""

    entries: list[Entry] = attrs.Factory(list)
    held: dict[Name, Held] = attrs.Factory(dict)
    keys: dict[Key, tuple[bytes, int]] = attrs.Factory(dict)
    consumers: dict[str, Consumer] = attrs.Factory(dict)


class MemoryBackend:
    """Records of any number of tenants in memory; threads may share it."""

    capabilities = CAPABILITIES

    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}
        self._lock = RLock()
        self._writer: int | None = None
        self._closed = False

    def scoped(self, tenant: str = "main") -> MemoryStore:
        """Return the store of one tenant."""
        self._open()
        return MemoryStore(self, check_name(tenant, "tenant"))

    def verify(self, progress: Callable[[int], object] | None = None) -> Verification:
        """Check that numbers have no gap and that every state is the fold of its log."""
        self._open()
        faults: list[str] = []
        entries = records = 0
        with self._lock:
            for tenant, log in self._logs.items():
                if [e.number for e in log.entries] != list(range(1, len(log.entries) + 1)):
                    faults.append(f"tenant {tenant!r}: the numbers of its entries have a gap")
                if fold(log.entries) != log.held:
                    faults.append(f"tenant {tenant!r}: its records are not what its log says")
                entries, records = entries + len(log.entries), records + len(log.held)
                if progress is not None:
                    progress(entries)
        return Verification(entries, records, tuple(faults))

    def backup(self, target: str | Path) -> None:
        """Refuse: there is no file to copy."""
        raise StoreError(f"a store in memory has no backup; export it to {str(target)!r} instead")

    def warnings(self) -> tuple[str, ...]:
        """Return nothing: there is nothing to install."""
        return ()

    def close(self) -> None:
        """Forget everything."""
        self._closed = True
        self._logs.clear()

    def _open(self) -> None:
        if self._closed:
            raise StoreError("the store is closed")

    def log(self, tenant: str) -> _Log:
        """Return the log of a tenant as it is committed."""
        self._open()
        return self._logs.get(tenant) or _Log()

    @contextmanager
    def writing(self, tenant: str) -> Iterator[_Transaction]:
        """Hold the lock, and commit at the end; nothing is kept of a block that raises."""
        if self._writer == get_ident():
            raise StoreError("a transaction is open in this thread; use it instead of another one")
        with self._lock:
            self._open()
            self._writer = get_ident()
            try:
                transaction = _Transaction(self.log(tenant))
                yield transaction
                self._logs[tenant] = transaction.committed()
            finally:
                transaction.done = True
                self._writer = None


class _Transaction:
    """Writes on a log that is left alone until they are committed."""

    def __init__(self, log: _Log) -> None:
        self._log = log
        self._new = _Log()
        self.done = False

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes."""
        self._usable()
        versions: list[int] = []
        applied = repeated = 0
        try:
            for write in writes:
                version, taken = self._take(write)
                versions.append(version)
                applied += taken == "applied"
                repeated += taken == "repeated"
        except BaseException:
            self.done = True  # a caller that goes on after an error must not commit half of it
            raise
        return Appended(tuple(versions), applied, repeated, len(versions) - applied - repeated, self._last())

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as this transaction sees it."""
        self._usable()
        held = self._held((table, id))
        return None if held is None else stored(table, id, held)

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Set a consumer's cursor and state."""
        self._usable()
        found = self._new.consumers.get(name) or self._log.consumers.get(name) or Consumer(name, 0, None)
        check_advance(found, cursor, expected, self._last())
        self._new.consumers[check_name(name, "consumer")] = Consumer(name, cursor, state)

    def committed(self) -> _Log:
        """Return the log with what is new."""
        self._usable()
        old, new = self._log, self._new
        return _Log(
            old.entries + new.entries if new.entries else old.entries,
            {**old.held, **new.held} if new.held else old.held,
            {**old.keys, **new.keys} if new.keys else old.keys,
            {**old.consumers, **new.consumers},
        )

    def _usable(self) -> None:
        if self.done:
            raise StoreError("the transaction is over, or one of its writes was refused; nothing of it is kept")

    def _take(self, write: Write) -> tuple[int, str]:
        values = check_write(write)
        name, key = (write.table, write.id), (write.source, write.key or "")
        content = digest(write, values) if write.key is not None else b""
        if write.key is not None:
            known = self._new.keys.get(key) or self._log.keys.get(key)
            if known is not None:
                check_repeated(write, equal=known[0] == content)
                return known[1], "repeated"
        held = self._held(name)
        admitted = admit(write, values, held, lambda: self._history(name), self._last() + 1)
        if admitted.entry is None:
            return admitted.held.version, "unchanged"
        self._new.entries.append(admitted.entry)
        self._new.held[name] = admitted.held
        if write.key is not None:
            self._new.keys[key] = (content, admitted.held.version)
        return admitted.held.version, "applied"

    def _held(self, name: Name) -> Held | None:
        return self._new.held.get(name) or self._log.held.get(name)

    def _history(self, name: Name) -> list[Entry]:
        return [e for log in (self._log, self._new) for e in log.entries if (e.table, e.id) == name]

    def _last(self) -> int:
        return len(self._log.entries) + len(self._new.entries)


class MemoryStore:
    """The records and changes of one tenant in memory."""

    def __init__(self, backend: MemoryBackend, tenant: str) -> None:
        self._backend = backend
        self.tenant = tenant

    def __repr__(self) -> str:
        return f"<memory store of tenant {self.tenant!r}>"

    @contextmanager
    def transaction(self) -> Iterator[_Transaction]:
        """Open a transaction."""
        with self._backend.writing(self.tenant) as transaction:
            yield transaction

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes in a transaction of their own."""
        with self.transaction() as transaction:
            return transaction.append(writes)

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as it stands."""
        held = self._log.held.get((table, id))
        return None if held is None else stored(table, id, held)

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
        check_name(table, "table")
        log = self._log
        held = log.held if at is None and known is None else fold(log.entries, at=at, known=known)
        records = [stored(table, id_, h) for (name, id_), h in held.items() if name == table]
        names = columns_of(table, columns, (name for r in records for name in r.values))
        return batches(table, records, names, size)

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables that have records."""
        return tuple(sorted({table for table, _ in self._log.held}))

    def entries(self, after: int = 0, *, limit: int | None = None) -> Iterator[Entry]:
        """Yield the log after an entry's number."""
        check_after(after, limit)
        entries = self._log.entries
        return iter(entries[after:] if limit is None else entries[after : after + limit])

    def last(self) -> int:
        """Return the number of the last entry."""
        return len(self._log.entries)

    def consumer(self, name: str) -> Consumer:
        """Return how far a consumer is."""
        return self._log.consumers.get(check_name(name, "consumer")) or Consumer(name, 0, None)

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Advance a consumer in a transaction of its own."""
        with self.transaction() as transaction:
            transaction.advance(name, cursor, state, expected=expected)

    def dataset(
        self, tables: Iterable[str] | None = None, *, at: Cut | None = None, known: datetime | None = None
    ) -> Dataset:
        """Return tables as a dataset."""
        names = self.tables() if tables is None else tuple(tables)
        return dataset_of((name, self.scan(name, at=at, known=known)) for name in names)

    def stats(self) -> Stats:
        """Return what is there, in numbers."""
        log = self._log
        counts: dict[str, int] = {}
        for table, _ in log.held:
            counts[table] = counts.get(table, 0) + 1
        return Stats(dict(sorted(counts.items())), len(log.entries), {c.name: c.cursor for c in log.consumers.values()})

    @property
    def _log(self) -> _Log:
        return self._backend.log(self.tenant)


def opened(url: StoreUrl, *, create: bool = True) -> MemoryBackend:  # noqa: ARG001 - it is always made
    """Open a store in memory; each call opens a new one."""
    if url.only().path or url.host:
        raise ArgumentError(f"{url}: a store in memory has no name; write memory:")
    return MemoryBackend()


def _conforms(backend: MemoryBackend) -> Store:
    """Let the type checker see that the store is one."""
    return backend.scoped()
