"""The plugin and its snapshots through the suites that every plugin and store has to pass."""

from __future__ import annotations

from typing import ClassVar

import crmcore_duckdb
from crmcore.testing import PluginSuite, StoreSuite
from crmcore_duckdb import export
from crmcore_duckdb.snapshot import SnapshotBackend


def flip(backend, folder):
    """Turn one bit in the middle of a file of records."""
    path = folder / "snapshot" / "opportunity.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


class TestSnapshot(StoreSuite):
    expected_failures = dict.fromkeys(
        ("test_tenants_have_records_of_their_own", "test_a_sound_store_is_said_to_be_sound"),
        "a snapshot holds the records of one tenant; what the second says of one is in test_snapshots.py",
    )
    tampers: ClassVar = {"a bit of a file": flip}

    def publish(self, folder, source):
        export(source.scoped(), folder / "snapshot")

    def open(self, folder):
        return SnapshotBackend(folder / "snapshot")


class TestPlugin(PluginSuite):
    plugin = crmcore_duckdb
