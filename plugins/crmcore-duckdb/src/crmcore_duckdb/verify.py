"""Check a snapshot: bytes against digests, entries against their chain, records against the fold of the log (K12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from crmcore.errors import CrmCoreError
from crmcore.stores import Batch, Stored, Verification
from crmcore.stores.codec import EMPTY, link
from crmcore.stores.contract import BATCH
from crmcore.stores.values import same

from .manifest import digest_of
from .readonly import kept

if TYPE_CHECKING:
    from .snapshot import SnapshotBackend, SnapshotStore

__all__ = ["verified"]


def verified(backend: SnapshotBackend, progress: Callable[[int], object] | None) -> Verification:
    """Return what is wrong with a snapshot; a file that is not what the manifest says is not read any further."""
    backend.engine.usable()
    manifest = backend.manifest
    faults: list[str] = []
    for file in manifest.files():
        try:
            path = backend.path(file)
            if path.stat().st_size != file.size or digest_of(path) != file.digest:
                faults.append(f"{file.file} is not what was written: its digest differs")
            else:
                backend.admitted(file)
        except CrmCoreError as error:
            faults.append(str(error))
    records = sum(t.rows for t in manifest.tables.values())
    if faults or manifest.log is None:
        return Verification(0, records, tuple(faults))
    store = backend.scoped(manifest.tenant)
    try:
        entries, found = _log(store, manifest.chain, progress)
        faults += found
        if not faults:
            faults += _records(store)
    except CrmCoreError as error:
        return Verification(0, records, (str(error),))
    return Verification(entries, records, tuple(faults))


def _log(store: SnapshotStore, chain: str | None, progress: Callable[[int], object] | None) -> tuple[int, list[str]]:
    """Check numbers and chain."""
    faults: list[str] = []
    count, linked = 0, EMPTY
    for row in store.rows():
        count += 1
        if row.number != count:
            return count, [f"entry {count} has number {row.number}"]
        linked = link(linked, row)
        if progress is not None and count % BATCH == 0:
            progress(count)
    if progress is not None:
        progress(count)
    if count != store.last():
        faults.append(f"the log has {count} entries, the manifest says {store.last()}")
    if linked.hex() != chain:
        faults.append("the entries are not those that were written: their chain differs")
    return count, faults


def _records(store: SnapshotStore) -> list[str]:
    """Compare each table with the fold of its entries; both are in the order in which records were made."""
    faults = []
    for table in store.tables():
        for one, other in zip_longest(_stored(table, store.scan(table)), store.folded(table)):
            if one is None or other is None or not _alike(one, other):
                odd = one or other
                faults.append(f"{table} {None if odd is None else odd.id!r} is not what its entries say")
                break
    return faults


def _stored(table: str, scan: Iterable[Batch]) -> Iterator[Stored]:
    for batch in scan:
        for id_, version, *cells in zip(*batch.columns, strict=True):
            yield Stored(table, id_, version, kept(table, dict(zip(batch.names[2:], cells, strict=True))))


def _alike(one: Stored, other: Stored) -> bool:
    """Return whether two records are the same, their values of the same types."""
    if (one.id, one.version, one.values.keys()) != (other.id, other.version, other.values.keys()):
        return False
    return all(same(value, other.values[name]) for name, value in one.values.items())
