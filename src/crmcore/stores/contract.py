"""The contract of stores: what every backend does, in numbered sentences that the conformance suite cites.

K1   `append` takes all of its writes or, with an error, none; the store stays usable. Transactions do not nest, not even
     those of two tenants of one backend in one thread.
K2   The entries of a tenant are numbered 1, 2, 3 ... in the order of their commits, without a gap.
K3   The versions of a record are 1, 2, 3 ...; a write whose `expected` is another version is a VersionConflict.
K4   A write with a key that its source has used before is not taken again, and answers with the entry of the first time;
     when its content differs it is a KeyConflict. `recorded_at`, `actor` and `expected` are no content; values are
     compared as they are written, so that 1.5 is not 1.50.
K5   Only what differs from the value valid at `at` is kept; a write without a key that changes nothing leaves no entry.
K6   The state is the fold of the log: of each field, the value with the greatest `at`, then `sequence`, then number.
     A correction of the past may therefore come late.
K7   The past: `at` folds what was true until then, `known` what was recorded until then; both ends count. Records stand in
     the order of their first entries, as they do today.
K8   The cursor of a consumer and its own state commit together, and only over the cursor it has read.
K9   `entries(after)` gives the log in order of number: none is missing, none comes twice.
K10  A tenant sees nothing of another: no record, entry, key, consumer, number or message.
K11  Values come back equal and of the type they had, datetimes in UTC; text in any script. A field of a domain record that
     was not given, or was cleared, has the default of its record.
K12  `verify` finds every entry, state or number that was altered behind the store's back.
K13  A value that the field of a record does not take, a name that is none, a naive datetime, is refused before anything is
     written.
K14  `scan` and `entries` hold no more than a batch in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import attrs

from ..domain.record import Id
from ..table.dataset import Dataset
from .entry import Entry, Write

__all__ = [
    "Appended",
    "Backend",
    "Batch",
    "Capabilities",
    "Consumer",
    "Cut",
    "Stats",
    "Store",
    "StoreSpec",
    "Stored",
    "Transaction",
    "Verification",
]

BATCH = 10_000
"""Records or entries of a batch, where nothing else is asked."""


@attrs.frozen(slots=True)
class Capabilities:
    """What a backend can do beyond the contract; the conformance suite asks for it before it tests it."""

    durable: bool = True
    """What was committed is there after a crash of the process, and when it is opened again."""
    processes: bool = True
    """Several processes may write at once."""
    backup: bool = True
    """`backup` writes a copy that opens as a store."""
    tamper_evident: bool = True
    """Entries are chained, so that `verify` finds an altered one even where the format itself is sound."""
    walled: bool = False
    """The database itself keeps tenants apart, not this library alone."""
    read_only: bool = False
    """It takes no writes: a source for analysis."""


@attrs.frozen(slots=True)
class Cut:
    """An instant to look from, as entries are compared with it: instants with `instant`, dates with `day`.

    Args:
        instant: microseconds since 1970 UTC.
        day: days since 1970, the local day of the instant.
    """

    instant: int
    day: int


@attrs.frozen(slots=True, eq=False)
class Stored:
    """A record as a store keeps it: its version, and the fields whose value is neither None nor the record's default."""

    table: str
    id: Id
    version: int
    values: Mapping[str, Any]


@attrs.frozen(slots=True)
class Appended:
    """What became of writes.

    Args:
        versions: of each write, in order, the version its record has since (K3); that of the first time for a repeated key.
        applied: entries written.
        repeated: writes whose key was known (K4).
        unchanged: writes that changed nothing (K5).
        last: number of the last entry of the log.
    """

    versions: tuple[int, ...]
    applied: int
    repeated: int
    unchanged: int
    last: int


@attrs.frozen(slots=True, eq=False)
class Batch:
    """Some records of a table in columns of values; blank is None. The first columns are "id" and "version"."""

    names: tuple[str, ...]
    columns: tuple[Sequence[Any], ...]

    def __len__(self) -> int:
        return len(self.columns[0])


@attrs.frozen(slots=True)
class Consumer:
    """How far a consumer has read, and what it keeps: number of the last entry (0 at first), and its own bytes."""

    name: str
    cursor: int
    state: bytes | None


@attrs.frozen(slots=True)
class Verification:
    """What a check of the store found: entries and records looked at, and each fault in words."""

    entries: int
    records: int
    faults: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether no fault was found."""
        return not self.faults


@attrs.frozen(slots=True)
class Stats:
    """What a tenant has in a store."""

    records: Mapping[str, int]
    entries: int
    consumers: Mapping[str, int]
    size: int | None = None
    """Bytes of the whole store, where the backend knows."""


class Transaction(Protocol):
    """Writes that commit together; readers outside see all of them or none."""

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes; those before are seen by those after.

        Raises:
            VersionConflict, KeyConflict, StoreError, DefinitionError: nothing of the transaction is kept.
        """
        ...

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as this transaction sees it, or None."""
        ...

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Set a consumer's cursor and state over the cursor it has read (K8).

        Raises:
            ConsumerConflict: the cursor is not `expected` any more.
            ArgumentError: a cursor before `expected`, or beyond the log.
        """
        ...


class Store(Protocol):
    """The records and changes of one tenant. There is no other way to a backend's rows (K10)."""

    tenant: str

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a transaction; it commits at the end of the block, and is rolled back where the block raises."""
        ...

    def append(self, writes: Iterable[Write]) -> Appended:
        """Append writes in a transaction of their own (K1)."""
        ...

    def get(self, table: str, id: Id) -> Stored | None:  # noqa: A002
        """Return a record as it stands, or None."""
        ...

    def scan(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        at: Cut | None = None,
        known: datetime | None = None,
        size: int = BATCH,
    ) -> Iterator[Batch]:
        """Yield the records of a table in bounded batches, in the order they were made (K7, K14).

        Args:
            table: its name; one without records yields nothing.
            columns: fields beside id and version; by default those of the domain's record in its order, then the host's own
                that any record of the table has, sorted. A name that no record has is blank throughout.
            at: only what was true until then.
            known: only what was recorded until then.
            size: records of a batch at most.
        """
        ...

    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables that have records, sorted."""
        ...

    def entries(self, after: int = 0, *, limit: int | None = None) -> Iterator[Entry]:
        """Yield the log after an entry's number, at most `limit` entries (K9): the change feed."""
        ...

    def last(self) -> int:
        """Return the number of the last entry, 0 where there is none."""
        ...

    def consumer(self, name: str) -> Consumer:
        """Return how far a consumer is; one that never was is at 0."""
        ...

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Advance a consumer in a transaction of its own (K8)."""
        ...

    def dataset(
        self, tables: Iterable[str] | None = None, *, at: Cut | None = None, known: datetime | None = None
    ) -> Dataset:
        """Return tables as a dataset to measure, all of them by default; a table without records is left out.

        The same as a `Dataset` made of `scan`, by the fastest way the backend has.
        """
        ...

    def stats(self) -> Stats:
        """Return what is there, in numbers."""
        ...


class Backend(Protocol):
    """An open store of any number of tenants. Rows are reached through `scoped` alone (K10)."""

    capabilities: Capabilities

    def scoped(self, tenant: str = "main") -> Store:
        """Return the store of one tenant.

        Raises:
            ArgumentError: a tenant that is no name.
        """
        ...

    def verify(self, progress: Callable[[int], object] | None = None) -> Verification:
        """Check format, log, chain and state of all tenants; `progress` is called with the entries checked (K12)."""
        ...

    def backup(self, target: str | Path) -> None:
        """Write a copy of the store as it is now to a file that must not exist yet.

        Raises:
            StoreError: the backend has no backup of its own; the message says what to use.
        """
        ...

    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of this installation, such as a known fault of the database's version."""
        ...

    def close(self) -> None:
        """Close it; a second time does nothing."""
        ...


@attrs.frozen(slots=True)
class StoreSpec:
    """A kind of store that a URL can name.

    Args:
        scheme: what its URLs begin with, such as "sqlite".
        open: `open(url, create=...)` opens a `StoreUrl`; `create` says whether a store that is not there is made.
        summary: what it is for, in one sentence.
        capabilities: of its backends.
    """

    scheme: str
    open: Callable[..., Backend]
    summary: str
    capabilities: Capabilities = Capabilities()
