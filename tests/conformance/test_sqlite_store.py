"""The store in a SQLite file passes the suite that plugin authors run."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

from crmcore.stores.sqlite import SqliteBackend
from crmcore.testing import StoreSuite


def sql(*statements: str) -> Callable[[Any, Path], object]:
    """Return what runs statements on the file, past the store."""

    def alter(_: Any, folder: Path) -> None:
        with closing(sqlite3.connect(folder / "crm.db", isolation_level=None)) as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount != 0, f"{statement} has altered nothing"

    return alter


def _flip_a_bit(store: SqliteBackend, folder: Path) -> None:
    store.close()
    file = folder / "crm.db"
    content = bytearray(file.read_bytes())
    content[content.index(b"nna")] ^= 2
    file.write_bytes(content)


class TestSqlite(StoreSuite):
    """A file, alone or with its write-ahead log."""

    tampers: ClassVar[Mapping[str, Callable[[Any, Path], object]]] = {
        "the last entry is gone": sql("DELETE FROM log WHERE place = (SELECT max(place) FROM log WHERE tenant = 1)"),
        "an entry in the middle is gone": sql("DELETE FROM log WHERE place & 0xffffffff = 5 AND tenant = 1"),
        "an actor was altered": sql("UPDATE log SET actor = 'Mallory' WHERE actor = 'Anna'"),
        "a record was altered": sql("UPDATE state_lead SET owner = 'Mallory'"),
        "a record of the host's own is gone": sql("DELETE FROM state_own"),
        "the log was shortened": sql(
            "DELETE FROM log WHERE place = (SELECT max(place) FROM log WHERE tenant = 1)",
            "UPDATE tenant SET last = last - 1 WHERE number = 1",
        ),
        "a tenant was renamed": sql("UPDATE tenant SET name = 'c' WHERE name = 'b'"),
        "a bit is another": _flip_a_bit,
    }

    def open(self, folder: Path) -> SqliteBackend:
        return SqliteBackend(folder / "crm.db")

    def restore(self, copy: Path) -> SqliteBackend:
        return SqliteBackend(copy, create=False)
