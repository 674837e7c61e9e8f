"""The store in memory passes the suite that plugin authors run."""

from __future__ import annotations

from pathlib import Path

from crmcore.stores.memory import MemoryBackend
from crmcore.testing import StoreSuite


class TestMemory(StoreSuite):
    """The model."""

    def open(self, folder: Path) -> MemoryBackend:
        return MemoryBackend()
