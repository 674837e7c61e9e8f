"""Check a snapshot: bytes against digests, entries against their chain, records against the fold of the log (K12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from crmcore.domain.record import Id
from crmcore.errors import CrmCoreError
from crmcore.stores import Batch, Verification
from crmcore.stores.codec import EMPTY, link, row_of
from crmcore.stores.contract import BATCH
from crmcore.stores.values import same

from .manifest import digest_of

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
    for entry in store.entries():
        count += 1
        if entry.number != count:
            return count, [f"entry {count} has number {entry.number}"]
        linked = link(linked, row_of(entry))
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
        for one, other in zip_longest(_rows(store.scan(table)), _rows(store.folded(table))):
            if one is None or other is None or one[0] != other[0] or not _alike(one[1], other[1]):
                odd = one or other
                faults.append(f"{table} {odd[0][0] if odd else None!r} is not what its entries say")
                break
    return faults


def _rows(scan: Iterator[Batch]) -> Iterator[tuple[tuple[Id, int], dict[str, Any]]]:
    for batch in scan:
        for id_, version, *cells in zip(*batch.columns, strict=True):
            given = {n: v for n, v in zip(batch.names[2:], cells, strict=True) if v is not None}
            yield (id_, version), given


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two records have the same values, of the same types."""
    return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
