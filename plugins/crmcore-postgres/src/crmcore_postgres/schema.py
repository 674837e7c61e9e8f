"""Install: make the tables of a store, bring them up to date, and grant a role what the library needs and no more."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import psycopg
from psycopg import sql

from crmcore.errors import ArgumentError, StoreError, StoreFormatError
from crmcore.stores.url import StoreUrl

from .address import Address
from .connections import Connection, told
from .migrations import Step, steps

__all__ = ["applied", "install", "lock_number", "migrate"]

LEAST = 13
"""Oldest major version of PostgreSQL that is known to work."""
_TABLE = """
CREATE TABLE IF NOT EXISTS _migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def lock_number(*parts: str) -> int:
    """Return the number of an advisory lock for what the parts name."""
    text = "\0".join(("crmcore", *parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def install(url: str | StoreUrl, *, role: str | None = None) -> tuple[Step, ...]:
    """Make the tables of a store, or bring them up to date; several processes may do it at once.

    Args:
        url: of the role that is to own the tables. It makes a schema (option `schema`, by default crmcore), so it needs
            CREATE on the database, and it is not the role that the library connects with.
        role: the role that the library connects with; it must be there. It may read all tables, add to the log, add and
            change records and consumers, and delete nothing.

    Returns:
        The steps that were applied; none where all was up to date.

    Raises:
        StoreFormatError: tables of a newer format, or of another one than their number says.
        StoreError: the database cannot be reached, or refuses.
    """
    address = Address.of(url)
    if role is not None and (not role or "\0" in role):
        raise ArgumentError(f"role is the name of a role of the database, got {role!r}")
    with told(address), psycopg.connect(**address.parameters, autocommit=True) as connection:
        with connection.transaction():
            done = migrate(connection, address)
            if role is not None:
                _grant(connection, address, role)
        return done


def migrate(connection: Connection, address: Address) -> tuple[Step, ...]:
    """Apply the steps that a database lacks, in the transaction of the connection, under a lock."""
    check_server(connection, address)
    schema = sql.Identifier(address.schema)
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number("migrate", address.schema),))
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
    connection.execute("SELECT set_config('search_path', %s, true)", (f"{schema.as_string(connection)}, pg_temp",))
    connection.execute(_TABLE)
    missing = steps()[applied(connection, address) :]
    for step in missing:
        connection.execute(step.text.encode())
        connection.execute(
            "INSERT INTO _migration (number, name, checksum) VALUES (%s, %s, %s)",
            (step.number, step.name, step.checksum),
        )
    connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
    return missing


def applied(connection: Connection, address: Address) -> int:
    """Return how many steps were applied, once they are sure to be the first of ours.

    Raises:
        StoreFormatError: they are not.
    """
    query = sql.SQL("SELECT number, checksum FROM {} ORDER BY number")
    there = connection.execute(query.format(sql.Identifier(address.schema, "_migration"))).fetchall()
    known = steps()
    if len(there) > len(known):
        raise StoreFormatError(
            f"{address.shown}: schema {address.schema!r} has format {len(there)}, and this version of crmcore-postgres "
            f"knows up to {len(known)}; install a newer one"
        )
    for (number, checksum), step in zip(there, known, strict=False):
        if number != step.number or checksum != step.checksum:
            raise StoreFormatError(
                f"{address.shown}: step {number} of schema {address.schema!r} is not the one of this version ({step.name}); "
                "it was made by a version that was never released, or altered"
            )
    return len(there)


def check_server(connection: Connection, address: Address) -> None:
    """Refuse a server that is too old, and a database that does not hold text of all scripts."""
    major = connection.info.server_version // 10_000
    if major < LEAST:
        raise StoreError(f"{address.shown}: PostgreSQL {major} is too old; it needs {LEAST} or newer")
    row: Any = connection.execute("SELECT current_setting('server_encoding')").fetchone()
    if row[0] != "UTF8":
        raise StoreError(f"{address.shown}: the database has the encoding {row[0]}; make it with ENCODING 'UTF8'")


def _grant(connection: Connection, address: Address, role: str) -> None:
    """Grant a role what the library does; the log can be added to, and nothing can be deleted."""
    schema, name = sql.Identifier(address.schema), sql.Identifier(role)
    tables = connection.execute(
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind = 'r'",
        (address.schema,),
    ).fetchall()
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, name))
    connection.execute(
        sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(
            sql.SQL("{}()").format(sql.Identifier(address.schema, "_tenants")), name
        )
    )
    for (table,) in tables:
        rights = {"_migration": "SELECT", "_entry": "SELECT, INSERT"}.get(table, "SELECT, INSERT, UPDATE")
        connection.execute(
            sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier(address.schema, table), name)
        )
