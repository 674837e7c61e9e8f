"""Chunk: some writes on their way into a transaction."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from ...domain.record import Id
from ..admit import admit
from ..checks import check_repeated
from ..codec import digest, link, row_of
from ..entry import Entry, Write
from ..fold import Held
from ..values import check_write
from .head import Head
from .layout import Shape, order_out, place, shape_of
from .past import history
from .rows import LOG, write_fields
from .states import states, used_fields

__all__ = ["CHUNK", "Chunk"]

CHUNK = 900
"""Writes that are taken at once; SQLite binds no more than 999 values on some systems."""

_NONE: Mapping[str, Any] = {}


@attrs.define(slots=True, eq=False)
class _Slot:
    """A record that is written to.

    Args:
        place: where it stands, 0 for a new one.
        last: number of its last entry, None for a new one.
        held: its state, None for a new one.
        before: its values before the chunk.
        new: whether its row has to be made.
    """

    place: int = 0
    last: int | None = None
    held: Held | None = None
    before: Mapping[str, Any] = _NONE
    new: bool = True
    touched: bool = False


class Chunk:
    """Some writes, whose records and keys are read at once, and whose rows are written at once.

    Args:
        connection: in a transaction.
        head: of the tenant's log; it moves on.
    """

    def __init__(self, connection: sqlite3.Connection, head: Head) -> None:
        self._connection = connection
        self._head = head
        self._tenant = head.settle(connection)
        self._slots: dict[tuple[str, Id], _Slot] = {}
        self._keys: dict[tuple[str, str], tuple[bytes, int]] = {}
        self._rows: list[tuple[Any, ...]] = []
        self.applied = self.repeated = 0

    def take(self, writes: Sequence[Write]) -> list[int]:
        """Take writes, and return the version that each record has since."""
        checked = [check_write(write) for write in writes]
        self._read(writes)
        return [self._take(write, values) for write, values in zip(writes, checked, strict=True)]

    def _read(self, writes: Sequence[Write]) -> None:
        """Read the records and keys that the writes name."""
        ids: dict[str, dict[Id, None]] = {}
        keys: dict[str, dict[str, None]] = {}
        for write in writes:
            ids.setdefault(write.table, {})[write.id] = None
            if write.key is not None:
                keys.setdefault(write.source, {})[write.key] = None
        for table, some in ids.items():
            for id_, state in states(self._connection, self._tenant, table, some).items():
                held = state.held
                self._slots[table, id_] = _Slot(state.place, state.last, held, held.values, new=False)
        for source, named in keys.items():
            marks = ", ".join("?" * len(named))
            for key, content, version in self._connection.execute(
                f"SELECT key, digest, version FROM log WHERE tenant = ? AND source = ? AND key IN ({marks})",
                (self._tenant, source, *named),
            ):
                self._keys[source, key] = (content, version)

    def _take(self, write: Write, values: dict[str, Any]) -> int:
        content = None
        if write.key is not None:
            content = digest(write, values)
            known = self._keys.get((write.source, write.key))
            if known is not None:
                check_repeated(write, equal=known[0] == content)
                self.repeated += 1
                return known[1]
        name = (write.table, write.id)
        slot = self._slots.get(name)
        if slot is None:
            slot = self._slots[name] = _Slot()
        admitted = admit(write, values, slot.held, lambda: self._history(slot), self._head.last + 1)
        if admitted.entry is not None:
            self._enter(slot, admitted.entry, content)
            slot.held = admitted.held
            if content is not None and write.key is not None:
                self._keys[write.source, write.key] = (content, admitted.held.version)
        return admitted.held.version

    def _enter(self, slot: _Slot, entry: Entry, content: bytes | None) -> None:
        """Append an entry to the log."""
        head, row = self._head, row_of(entry)
        head.chain = link(head.chain + (content or b""), row)
        head.last = row.number
        at = place(self._tenant, row.number)
        self._rows.append((self._tenant, at, *row[1:], content, slot.last, head.chain))
        slot.last = row.number
        slot.place = slot.place or at
        slot.touched = True
        self.applied += 1

    def _history(self, slot: _Slot) -> list[Entry]:
        """Return the entries of a record, also those of this chunk."""
        self._write_log()
        assert slot.last is not None
        return history(self._connection, self._tenant, slot.last)

    # --- what is written

    def flush(self) -> None:
        """Write down what was taken."""
        self._write_log()
        by_table: dict[str, list[tuple[Id, _Slot]]] = {}
        for (table, id_), slot in self._slots.items():
            if slot.touched:
                by_table.setdefault(table, []).append((id_, slot))
        for table, slots in by_table.items():
            self._write_states(shape_of(table), slots)

    def _write_log(self) -> None:
        if self._rows:
            self._connection.executemany(LOG, self._rows)
            self._rows = []

    def _write_states(self, shape: Shape, slots: list[tuple[Id, _Slot]]) -> None:
        bound = shape.bound(self._tenant)
        used = set(used_fields(self._connection, self._tenant, shape))
        seen: set[str] = set()
        own: Counter[str] = Counter()
        made: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        heads = []
        for id_, slot in slots:
            held = slot.held
            assert held is not None
            values = held.values
            seen.update(values)
            heads.append((id_, slot, (held.version, *order_out(held.newest), slot.last), shape.cells(values)))
        outside = seen - shape.kinds.keys()
        if outside or any(s.before for _, s in slots):
            for _, slot in slots:
                assert slot.held is not None
                own.update(n for n in slot.held.values if n not in shape.kinds)
                own.subtract(n for n in slot.before if n not in shape.kinds)
        typed = [name for name in shape.kinds if name in seen or name in used]
        columns = (*shape.columns_of(typed), "_own")
        for id_, slot, head, cells in heads:
            row = map(cells.get, columns)
            if slot.new:
                made.append((*bound, slot.place, id_, *head, *row))
            else:
                changed.append((*head, *row, *bound, slot.place))
        if made:
            self._connection.executemany(shape.insert(columns), made)
        if changed:
            self._connection.executemany(shape.update(columns), changed)
        write_fields(self._connection, self._tenant, shape, typed, own)
