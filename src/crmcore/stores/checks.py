"""What every backend refuses: cursors, keys and places in a log that cannot be."""

from __future__ import annotations

from ..errors import ArgumentError, ConsumerConflict, KeyConflict
from .contract import Consumer
from .entry import Write
from .values import check_name

__all__ = ["check_advance", "check_after", "check_repeated"]


def check_advance(found: Consumer, cursor: int, expected: int, last: int) -> None:
    """Refuse an advance over another cursor than the one read, or to where there is no log (K8)."""
    check_name(found.name, "consumer")
    if found.cursor != expected:
        raise ConsumerConflict(
            f"consumer {found.name!r} is at {found.cursor}, not at {expected}; another process was faster",
            consumer=found.name,
            cursor=found.cursor,
        )
    if type(cursor) is not int or not expected <= cursor <= last:
        raise ArgumentError(f"consumer {found.name!r}: cursor {cursor!r} does not lie from {expected} to {last}")


def check_repeated(write: Write, *, equal: bool) -> None:
    """Refuse a key that came before with other content (K4)."""
    if not equal:
        source = f" of source {write.source!r}" if write.source else ""
        raise KeyConflict(
            f"key {write.key!r}{source} was used before, with other content than this for {write.table} {write.id!r}",
            key=write.key,
            source=write.source,
        )


def check_after(after: int, limit: int | None) -> None:
    """Refuse what is no place in a log."""
    if type(after) is not int or after < 0:
        raise ArgumentError(f"after is the number of an entry, or 0 for all, got {after!r}")
    if limit is not None and (type(limit) is not int or limit < 0):
        raise ArgumentError(f"limit is a whole number from 0, got {limit!r}")
