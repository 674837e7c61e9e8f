"""Finding: the server that the tests of a process share."""

from __future__ import annotations

import atexit
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .binaries import find_binaries
from .owned import Owned
from .server import Database, External, Server

__all__ = ["database_for", "find_server", "shared_server"]


def find_server(settings: Mapping[str, str] | None = None, *, own: bool = False) -> Server:
    """Return a server for tests.

    Args:
        settings: of a server that is started.
        own: start one in any case, because the test stops or kills it.

    Raises:
        RuntimeError: there is no PostgreSQL, with what to do.
    """
    given = os.environ.get("CRMCORE_TEST_PG_DSN")
    return External(given) if given and not own else Owned(find_binaries(), settings)


@cache
def shared_server() -> Server:
    """Return the one server of this process; it is started when it is first asked for, and stops with the process."""
    server = find_server()
    atexit.register(server.stop)
    return server


@cache
def _of_folders() -> dict[Path, Database]:
    return {}


def database_for(folder: Path) -> Database:
    """Return the database that stands for a folder, on the shared server: for suites that open stores by folder."""
    known = _of_folders()
    if folder not in known:
        over = next((path for path in known if not path.exists()), None)  # its test is over
        if over is None:
            known[folder] = shared_server().made()
        else:
            known[folder] = known.pop(over)
            known[folder].empty()
    return known[folder]
