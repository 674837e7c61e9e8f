"""Server: a PostgreSQL for tests, its databases, and the two roles that a store in it needs."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from secrets import token_hex
from typing import Any, LiteralString
from urllib.parse import quote

import psycopg
from psycopg import conninfo, sql

from ..schema import install

__all__ = ["ADMIN", "APP", "OWNER", "PASSWORD", "Database", "External", "Server"]

ADMIN = "crm_admin"
_OWN = f"{os.getpid()}_{token_hex(3)}"
"""What tells databases and roles of this process from those of another on the same server."""
OWNER = f"crm_owner_{_OWN}"
APP = f"crm_app_{_OWN}"
PASSWORD = "s3cret-crm"  # noqa: S105 - of roles that live as long as their tests
_TEMPLATE = f"crmcore_template_{_OWN}"
_ASKED = ("host", "port", "sslmode", "sslrootcert")
_FILLED = "SELECT relname FROM pg_class WHERE relnamespace = 'crmcore'::regnamespace AND relkind = 'r' AND relname <> '_migration'"


class Database:
    """A database of a test: how the library, its owner and an administrator reach it."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    @property
    def url(self) -> str:
        """URL for the library, whose role owns nothing."""
        return self.server.url(self.name, APP)

    @property
    def owner_url(self) -> str:
        """URL of the role that owns the tables."""
        return self.server.url(self.name, OWNER)

    @property
    def admin_url(self) -> str:
        """URL of a superuser."""
        return self.server.url(self.name, self.server.admin)

    def empty(self) -> None:
        """Take all records and entries away, as if the store were new."""
        with self.connect() as admin, admin.transaction():
            for (name,) in admin.execute(_FILLED).fetchall():
                admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("crmcore", name)))

    def connect(self, role: str | None = None) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a plain connection, as the administrator by default; each statement is a transaction of its own."""
        return psycopg.connect(self.server.dsn(self.name, role or self.server.admin), autocommit=True)


class Server:
    """A PostgreSQL for tests."""

    admin = ADMIN

    def __init__(self) -> None:
        self._numbers = count(1)
        self._ready = False

    def dsn(self, database: str, role: str) -> str:
        """Return how psycopg connects a role to a database."""
        raise NotImplementedError

    def url(self, database: str, role: str) -> str:
        """Return the same as a URL of a store."""
        given = conninfo.conninfo_to_dict(self.dsn(database, role))
        secret = f":{quote(str(given['password']), safe='')}" if given.get("password") else ""
        asked = "&".join(f"{k}={quote(str(given[k]), safe='')}" for k in _ASKED if given.get(k))
        return f"postgresql://{quote(role, safe='')}{secret}@/{quote(database, safe='')}" + (
            f"?{asked}" if asked else ""
        )

    def stop(self) -> None:
        """Stop what was started."""

    @contextmanager
    def database(self, *, installed: bool = True) -> Iterator[Database]:
        """Make a database for the time of a block; with the tables of a store in it, unless told otherwise."""
        made = self.made(installed=installed)
        try:
            yield made
        finally:
            self.drop(made.name)

    def made(self, *, installed: bool = True) -> Database:
        """Make a database; it goes with the server."""
        self._prepare()
        name = f"crmcore_test_{_OWN}_{next(self._numbers)}"
        self._make(name, _TEMPLATE if installed else "template0")
        return Database(self, name)

    def administer(self, statement: sql.Composed | LiteralString) -> None:
        """Run a statement as a superuser, in no database of a test."""
        with psycopg.connect(self.dsn("postgres", self.admin), autocommit=True) as connection:
            connection.execute(statement)

    def _prepare(self) -> None:
        """Make the roles, and the database with the tables of a store that others are copied from."""
        if not self._ready:
            self._ready = True
            for role in (OWNER, APP):
                self.administer(
                    sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(PASSWORD)
                    )
                )
            self._make(_TEMPLATE, "template0")
            install(self.url(_TEMPLATE, OWNER), role=APP)

    def _make(self, name: str, template: str) -> None:
        self.administer(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


class External(Server):
    """A server that runs already.

    Args:
        dsn: of a superuser of it, as psycopg takes it.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._given = conninfo.conninfo_to_dict(dsn)
        self.admin = str(self._given.get("user") or pwd.getpwuid(os.getuid()).pw_name)

    def dsn(self, database: str, role: str) -> str:
        """Return how psycopg connects a role to a database."""
        secret = self._given.get("password") if role == self.admin else PASSWORD
        found: dict[str, Any] = {**self._given, "dbname": database, "user": role}
        if secret is not None:
            found["password"] = secret
        return conninfo.make_conninfo("", **found)

    def stop(self) -> None:
        """Leave it running; take away the databases and roles that were made there."""
        if self._ready:
            self._ready = False
            with psycopg.connect(self.dsn("postgres", self.admin), autocommit=True) as connection:
                query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
                for (name,) in connection.execute(query, (f"crmcore_test_{_OWN}",)).fetchall():
                    self.drop(name)
            self.drop(_TEMPLATE)
            for role in (OWNER, APP):
                self.administer(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
