"""The store in memory passes the suite that plugin authors run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from crmcore.stores.memory import MemoryBackend
from crmcore.testing import StoreSuite


def _lose_an_entry(store: MemoryBackend, _: Path) -> None:
    del store.log("main").entries[3]


def _lose_a_record(store: MemoryBackend, _: Path) -> None:
    store.log("b").held.popitem()


def _change_an_entry(store: MemoryBackend, _: Path) -> None:
    entries = store.log("main").entries
    entries[-1] = attrs.evolve(entries[-1], version=99)


def _change_a_record(store: MemoryBackend, _: Path) -> None:
    held = store.log("main").held
    name, record = next(iter(held.items()))
    held[name] = attrs.evolve(record, values={**record.values, "owner": "nobody"})


class TestMemory(StoreSuite):
    """The model."""

    tampers: ClassVar[Mapping[str, Callable[[Any, Path], object]]] = {
        "an entry is gone": _lose_an_entry,
        "an entry was altered": _change_an_entry,
        "a record is gone": _lose_a_record,
        "a record was altered": _change_a_record,
    }

    def open(self, folder: Path) -> MemoryBackend:
        return MemoryBackend()
