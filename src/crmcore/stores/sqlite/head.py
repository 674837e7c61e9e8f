"""Head: a tenant's number, and where its log ends."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b

import attrs

from ...errors import StoreError
from ..codec import dump
from ..contract import Consumer
from .layout import MAX_TENANTS

__all__ = ["Head", "consumer_in", "head_of", "seal_of", "seed_of"]


@attrs.define(slots=True)
class Head:
    """Where the log of a tenant ends.

    Args:
        tenant: its name.
        number: its number in the file, None where it has nothing there.
        last: number of its last entry.
        chain: what its next entry is linked to.
    """

    tenant: str
    number: int | None
    last: int
    chain: bytes

    def settle(self, connection: sqlite3.Connection) -> int:
        """Return the tenant's number, made now for a new one."""
        if self.number is None:
            (highest,) = connection.execute("SELECT coalesce(max(number), 0) FROM tenant").fetchone()
            if highest >= MAX_TENANTS:
                raise StoreError(f"a file holds at most {MAX_TENANTS} tenants")
            self.number = int(highest) + 1
            self.chain = seed_of(self.number, self.tenant)
            connection.execute(
                "INSERT INTO tenant (number, name, last, chain) VALUES (?, ?, 0, ?)",
                (self.number, self.tenant, self.chain),
            )
        return self.number

    def keep(self, connection: sqlite3.Connection) -> None:
        """Write down where the log ends."""
        connection.execute(
            "UPDATE tenant SET last = ?, chain = ? WHERE number = ?", (self.last, self.chain, self.number)
        )


def head_of(connection: sqlite3.Connection, tenant: str) -> Head:
    """Return the head of a tenant's log."""
    row = connection.execute("SELECT number, last, chain FROM tenant WHERE name = ?", (tenant,)).fetchone()
    return Head(tenant, None, 0, b"") if row is None else Head(tenant, *row)


def seed_of(number: int, tenant: str) -> bytes:
    """Return what the first entry of a tenant is linked to: its name cannot be altered unnoticed."""
    return blake2b(dump([number, tenant]).encode(), digest_size=16).digest()


def seal_of(tenant: int, name: str, cursor: int, state: bytes | None) -> bytes:
    """Return what tells whether a consumer's row is as it was written (K12)."""
    content = dump([tenant, name, cursor, state is not None]).encode() + (state or b"")
    return blake2b(content, digest_size=16).digest()


def consumer_in(connection: sqlite3.Connection, tenant: int | None, name: str) -> Consumer:
    """Return how far a consumer of a tenant is."""
    row = connection.execute(
        "SELECT cursor, state FROM consumer WHERE tenant = ? AND name = ?", (tenant, name)
    ).fetchone()
    return Consumer(name, 0, None) if row is None else Consumer(name, *row)
