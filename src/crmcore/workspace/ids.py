"""Ids: a dataset takes 1 and "1" for one record, a store for two; an import calls a record as the store has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..table.ids import as_number
from .cells import cells_of

if TYPE_CHECKING:
    from ..domain.record import Id
    from ..stores.contract import Store
    from ..table.dataset import Dataset

__all__ = ["Ids"]


class Ids:
    """How a store, or else the dataset that is imported, writes ids.

    One export has ids 1 and 2, which are whole numbers; the next has 1, 2 and A3, which are text. They are the same records.

    Args:
        store: where records are kept.
        data: what is imported.
    """

    def __init__(self, store: Store, data: Dataset) -> None:
        self._store = store
        self._data = data
        self._stored = set(store.tables())
        self._others: dict[tuple[str, type], dict[Id, Id]] = {}

    def of(self, table: str, kind: type) -> dict[Id, Id]:
        """Return ids of one type -> the same of the other type, of the records that are there under that one only."""
        if (table, kind) not in self._others:
            found = _in_other_type(self._imported(table), kind)
            if table in self._stored:
                found |= _in_other_type(self._kept(table), kind)
                if found:  # most often there are none, and one look is enough
                    for id_ in self._kept(table):
                        found.pop(id_, None) if type(id_) is kind else None
            self._others[table, kind] = found
        return self._others[table, kind]

    def _kept(self, table: str) -> Iterator[Id]:
        for batch in self._store.scan(table, ()):
            yield from batch.columns[0]

    def _imported(self, table: str) -> list[Id]:
        there = self._data.tables.get(table)
        return [] if there is None or table == "change" else cells_of(there["id"], 0, len(there))


def _in_other_type(ids: Iterable[Id], kind: type) -> dict[Id, Id]:
    found: dict[Id, Id] = {}
    for id_ in ids:
        if type(id_) is kind:
            continue
        if isinstance(id_, int):
            found[str(id_)] = id_
        elif isinstance(number := as_number(id_), int):
            found[number] = id_
    return found
