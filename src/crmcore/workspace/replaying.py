"""Replaying: the log of an exported store is written into another, entry by entry, and comes out the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ..errors import CrmCoreError, StoreError
from ..stores.codec import decode
from ..stores.entry import Write
from .exporting import FORMAT, LOG, Progress

if TYPE_CHECKING:
    from ..stores.contract import Store

__all__ = ["log_in", "replay"]

SIZE = 5_000
"""Entries of a transaction."""
LONGEST = 1 << 24
"""Characters of a line."""
_NAMES = frozenset(
    ("number", "table", "id", "version", "at", "recorded_at", "actor", "sequence", "source", "key", "values")
)


def log_in(path: Path) -> Path | None:
    """Return the log at a path, which is the file or the folder it is in; None where there is none."""
    if path.is_dir():
        path /= LOG
    return path if path.name == LOG and path.is_file() else None


def replay(store: Store, path: Path, progress: Progress | None) -> tuple[int, int]:
    """Write the entries of a log into a store that has none, or the first of these.

    Returns: the entries of the log, and how many were written.

    Raises:
        StoreError: a file that is no whole log, or a store with other entries; those before stay.
    """
    with path.open(encoding="utf-8", newline="\n") as file:
        total = _entries(file, path)
        lines = _lines(file, path, total)
        there = _same(store, lines, path)
        done = there
        while some := list(islice(lines, SIZE)):
            with store.transaction() as transaction:
                found = transaction.append(write for write, _ in some)
                if found.last != done + len(some):
                    raise StoreError(
                        f"{path}: of the entries {done + 1} to {done + len(some)} some change nothing; it is no log of a store"
                    )
            done += len(some)
            if progress is not None:
                progress(done, total)
    return total, done - there


def _entries(file: IO[str], path: Path) -> int:
    """Return how many entries the log has, as its first line says."""
    try:
        head = json.loads(file.readline(LONGEST))
        if head["format"] == FORMAT and type(head["entries"]) is int:
            return int(head["entries"])
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise StoreError(f"{path}: the first line is not that of an exported log ({FORMAT!r})")


def _lines(file: IO[str], path: Path, total: int) -> Iterator[tuple[Write, int]]:
    """Yield each line as a write with its number.

    Raises:
        StoreError: a line that is no entry, or fewer or more lines than there should be.
    """
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if number > total:
            raise StoreError(f"{path}: more lines than the {total:,} entries it should have")
        if not line.endswith("\n"):
            raise StoreError(f"{path} line {number + 1}: it has no end; the file was cut off")
        try:
            found: Any = decode(line)
        except CrmCoreError as error:
            raise StoreError(f"{path} line {number + 1}: {error}") from None
        if not isinstance(found, dict) or found.keys() != _NAMES or not isinstance(found["values"], dict):
            raise StoreError(f"{path} line {number + 1}: this is no entry")
        if found["number"] != number or type(found["version"]) is not int:
            raise StoreError(f"{path} line {number + 1}: this is not entry {number}")
        yield _write(found), number
    if number < total:
        raise StoreError(f"{path}: {number:,} entries, where it should have {total:,}; the file was cut off")


def _write(found: dict[str, Any]) -> Write:
    return Write(
        found["table"],
        found["id"],
        found["values"],
        found["at"],
        found["recorded_at"],
        found["actor"],
        found["sequence"],
        found["version"] - 1,
        found["key"],
        found["source"],
    )


def _same(store: Store, lines: Iterator[tuple[Write, int]], path: Path) -> int:
    """Return how many entries of the log the store has already, once it is sure to be these."""
    number = 0
    for entry in store.entries():
        write, number = next(lines, (None, number))
        told = None if write is None else (
            write.table, write.id, dict(write.values), write.at, write.recorded_at, write.actor, write.sequence,
            write.expected, write.key, write.source,
        )  # fmt: skip
        held = (
            entry.table, entry.id, dict(entry.values), entry.at, entry.recorded_at, entry.actor, entry.sequence,
            entry.version - 1, entry.key, entry.source,
        )  # fmt: skip
        if told != held:
            raise StoreError(
                f"the store of tenant {store.tenant!r} has records that are not from {path}; a log goes into an empty "
                "store, or on where it stopped"
            )
    return number
