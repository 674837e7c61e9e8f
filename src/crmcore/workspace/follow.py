"""Follow: a consumer of the change feed, whose cursor and own state commit together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import ArgumentError

if TYPE_CHECKING:
    from ..stores.contract import Consumer, Store
    from ..stores.entry import Entry

__all__ = ["Fold", "follow"]

Fold = Callable[[bytes, Sequence["Entry"]], bytes]
"""Takes the state and the entries since, and returns the state after them."""
BATCH = 1000


def follow(store: Store, name: str, function: Fold, *, state: bytes = b"", batch: int = BATCH) -> Consumer:
    """Hand a consumer what it has not seen, batch by batch, until it has seen all; see `Workspace.follow`."""
    if type(batch) is not int or batch < 1:
        raise ArgumentError(f"batch is a number of entries from 1, got {batch!r}")
    if not isinstance(state, bytes):
        raise ArgumentError(f"state is bytes, which the consumer reads itself, got {state!r}")
    while True:
        seen = store.consumer(name)
        entries = tuple(store.entries(seen.cursor, limit=batch))
        if not entries:
            return seen
        found = function(state if seen.state is None else seen.state, entries)
        if not isinstance(found, bytes):
            raise ArgumentError(f"consumer {name!r}: its function returns the new state as bytes, got {found!r}")
        store.advance(name, entries[-1].number, found, expected=seen.cursor)
