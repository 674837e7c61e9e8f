"""PostgresBackend: an open store in a database of PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from crmcore.errors import StoreError
from crmcore.stores.contract import Capabilities, Store, StoreSpec, Verification
from crmcore.stores.url import StoreUrl
from crmcore.stores.values import check_name

from .address import Address
from .connections import Connection, Connections, told
from .layout import Layout
from .rows import Tables
from .schema import migrate
from .store import PostgresStore
from .verify import verified
from .wall import check_format, check_wall, present

__all__ = ["CAPABILITIES", "SPEC", "PostgresBackend", "opened"]

CAPABILITIES = Capabilities(backup=False, walled=True)
_DEVELOPMENT = Capabilities(backup=False, walled=False)
_MAINTAINED = 14
"""Oldest major version that its makers still mend."""


class PostgresBackend:
    """Records of any number of tenants in PostgreSQL; threads and processes may share the database, and threads this object.

    Args:
        url: where it is; see the README for its options.
        create: make the tables of a development database that has none. In all others their owner makes them.

    Raises:
        StoreFormatError: there are no tables, or of another version.
        StoreError: no connection, or a role that sees past the wall between tenants.
    """

    def __init__(self, url: str | StoreUrl, *, create: bool = True) -> None:
        self.address = Address.of(url)
        self.capabilities = _DEVELOPMENT if self.address.development else CAPABILITIES
        self.connections = Connections(self.address)
        self.writers: set[int] = set()
        self._only: str | None = None
        self.tables = Tables(self.address.schema, Layout(self._checked(create=create)))

    def __repr__(self) -> str:
        return f"<PostgreSQL store at {self.address.shown}>"

    def _checked(self, *, create: bool) -> Mapping[str, Mapping[str, str]]:
        """Return the columns that are there, once the database and the role are sure to be as they must."""
        with told(self.address), psycopg.connect(**self.address.parameters, autocommit=True) as connection:
            connection.execute("SELECT set_config('search_path', 'pg_catalog', false)")
            if self.address.development and create:
                with connection.transaction():
                    migrate(connection, self.address)
            check_format(connection, self.address)
            if not self.address.development:
                check_wall(connection, self.address)
            return present(connection, self.address)

    def scoped(self, tenant: str = "main") -> PostgresStore:
        """Return the store of one tenant; a development database has only one.

        Raises:
            ArgumentError: a tenant that is no name.
            StoreError: the store is closed; another tenant in a database for development, which nothing keeps apart from the first.
        """
        self.connections.check()
        check_name(tenant, "tenant")
        if self.address.development:
            self._alone(tenant)
        return PostgresStore(self, tenant)

    def _alone(self, tenant: str) -> None:
        there = (self._only,) if self._only is not None else self._tenants()
        for other in there:
            if other != tenant:
                raise StoreError(
                    f"{self.address.shown} is a development database of the tenant {other!r}; for several tenants connect with a "
                    "role that owns nothing, without single_tenant_development"
                )
        self._only = tenant

    def _tenants(self) -> list[str]:
        with self.connections.reading("") as connection:
            query = sql.SQL("SELECT * FROM {}").format(self.tables.tenants)
            return sorted({row[0] for row in connection.execute(query)})

    def verify(self, progress: Callable[[int], object] | None = None) -> Verification:
        """Check the log, chain, numbers and state of all tenants."""
        return verified(self.connections, self.tables, self._tenants(), progress)

    def backup(self, target: str | Path) -> None:
        """Refuse: PostgreSQL has tools that copy a database while it is used.

        Raises:
            StoreError: always, with the command to use.
        """
        where = self.address.parameters
        asked = "".join(f" --{flag} {where[name]!r}" for flag, name in _FLAGS if name in where)
        raise StoreError(
            f"a store in PostgreSQL is copied with its own tools, by a role that sees all tenants: "
            f"pg_dump --format custom --schema {self.address.schema!r}{asked} --file {str(target)!r}; "
            "crmcore store export writes the records of one tenant"
        )

    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of this server and role."""
        with self.connections.reading("") as connection:
            return tuple(_warned(connection, self.address))

    def close(self) -> None:
        """Close its connections; a second time does nothing."""
        self.connections.close()


_FLAGS = (("host", "host"), ("port", "port"), ("username", "user"), ("dbname", "dbname"))


def _warned(connection: Connection, address: Address) -> list[str]:
    row: Any = connection.execute(
        "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'), "
        "has_table_privilege(format('%%I._entry', %s::text), 'DELETE') OR has_table_privilege(format('%%I._entry', %s::text), 'UPDATE')",
        (address.schema, address.schema),
    ).fetchone()
    fsync, commit, pages, may_change = row
    major = connection.info.server_version // 10_000
    found = []
    if fsync == "off":
        found.append("fsync is off: a crash of the machine can lose commits and break the database")
    if commit == "off":
        found.append("synchronous_commit is off: a crash of the server can lose the last commits")
    if pages == "off":
        found.append("full_page_writes is off: a crash of the machine can break the database")
    if major < _MAINTAINED:
        found.append(f"PostgreSQL {major} is no longer maintained; use {_MAINTAINED} or newer")
    if may_change and not address.development:
        found.append("the role may change or delete entries of the log; the owner revokes UPDATE and DELETE on _entry")
    if address.development:
        found.append("single_tenant_development: nothing in the database keeps tenants apart")
    return found


def opened(url: StoreUrl, *, create: bool = True) -> PostgresBackend:
    """Open a store in PostgreSQL."""
    return PostgresBackend(url, create=create)


SPEC = StoreSpec(
    "postgresql",
    opened,
    "In PostgreSQL: many writers and tenants, which the database itself keeps apart.",
    CAPABILITIES,
)


def _conforms(backend: PostgresBackend) -> Store:
    """Let the type checker see that the store is one."""
    return backend.scoped()
