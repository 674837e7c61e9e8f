"""Migrations: the numbered steps from an empty file to the newest format; forward only, each with its checksum.

A step and its record commit together, under the lock of the writer: of two processes that start at once one takes the
step, the other finds it taken. A step that was released is never changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from hashlib import blake2b

import attrs

from ...errors import StoreFormatError
from .layout import OWN, STATES, Shape

__all__ = ["APPLICATION", "FORMAT", "MIGRATIONS", "Migration", "check_format", "migrate"]

APPLICATION = 0x63726D31
"""What the header of a store's file says it is of: "crm1"."""


@attrs.frozen(slots=True)
class Migration:
    """A step to the next format.

    Args:
        name: what it does.
        statements: SQL, run in order.
    """

    name: str
    statements: tuple[str, ...]

    @property
    def checksum(self) -> str:
        """What tells the step from any other."""
        return blake2b("\0".join((self.name, *self.statements)).encode(), digest_size=16).hexdigest()


_FIRST = (
    "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
    "CREATE TABLE tenant (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, last INTEGER NOT NULL, chain BLOB NOT NULL)",
    (
        "CREATE TABLE log (place INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, kind TEXT NOT NULL, id NOT NULL, "
        "version INTEGER NOT NULL, body TEXT NOT NULL, old TEXT NOT NULL, at NOT NULL, recorded INTEGER NOT NULL, actor, "
        "sequence INTEGER NOT NULL, source TEXT NOT NULL, key TEXT, digest BLOB, previous INTEGER, chain BLOB NOT NULL)"
    ),
    "CREATE UNIQUE INDEX log_key ON log (tenant, source, key) WHERE key IS NOT NULL",
    (
        "CREATE TABLE field (tenant INTEGER NOT NULL REFERENCES tenant, kind TEXT NOT NULL, name TEXT NOT NULL, "
        "records INTEGER, PRIMARY KEY (tenant, kind, name)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE consumer (tenant INTEGER NOT NULL REFERENCES tenant, name TEXT NOT NULL, cursor INTEGER NOT NULL, "
        "state BLOB, seal BLOB NOT NULL, PRIMARY KEY (tenant, name)) WITHOUT ROWID"
    ),
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "log, states of records, consumers",
        (*_FIRST, *(s for shape in (*STATES.values(), Shape("", {}, OWN)) for s in shape.create)),
    ),
)
FORMAT = len(MIGRATIONS)
"""The newest format, which is the number of steps."""


def check_format(connection: sqlite3.Connection, where: str, steps: Sequence[Migration] = MIGRATIONS) -> int:
    """Return the format of a file, 0 for an empty one.

    Raises:
        StoreFormatError: it is no store, of a newer format, or was made by other steps than ours.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application or version or objects:
            raise StoreFormatError(f"{where} is a SQLite database, but no store of crmcore")
        return 0
    if not 0 < version <= len(steps):
        raise StoreFormatError(
            f"{where} has format {version}; this version of crmcore reads formats up to {len(steps)}. Use a newer one",
            format=version,
        )
    taken = connection.execute("SELECT number, name, checksum FROM migration ORDER BY number").fetchall()
    for number, (found, step) in enumerate(zip(taken, steps, strict=False), 1):
        if found != (number, step.name, step.checksum):
            raise StoreFormatError(f"{where}: step {found} is not step {number} of this version of crmcore")
    if len(taken) != version:
        raise StoreFormatError(f"{where} has format {version}, but {len(taken)} steps have made it")
    return int(version)


def migrate(connection: sqlite3.Connection, where: str, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring a file to the newest format; nothing is done to one that has it."""
    if check_format(connection, where, steps) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # another process may have been first
        for number in range(check_format(connection, where, steps) + 1, len(steps) + 1):
            step = steps[number - 1]
            for statement in step.statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?)", (number, step.name, step.checksum))
            connection.execute(f"PRAGMA user_version = {number:d}")
        connection.execute(f"PRAGMA application_id = {APPLICATION:d}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
