"""Backend: an open SQLite file, and the stores of its tenants."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from ...errors import StoreError
from ..contract import Capabilities, Verification
from ..values import check_name
from .connections import Connections, explained
from .store import SqliteStore
from .verifying import verify

__all__ = ["CAPABILITIES", "SqliteBackend", "warnings_of"]

CAPABILITIES = Capabilities()


class SqliteBackend:
    """A SQLite file with the stores of any number of tenants; threads and processes may share it.

    Args:
        path: the file; never on a network share, where SQLite's locks do not hold.
        create: make it if it is not there.
        read_only: open it for reading; a file that cannot be written is opened so by itself.
        timeout: seconds to wait while another process writes.

    Raises:
        StoreFormatError: a file that is no store, or one of a newer format.
        StoreError: a file that is not there, or cannot be opened.
    """

    def __init__(self, path: str | Path, *, create: bool = True, read_only: bool = False, timeout: float = 30) -> None:
        self.path = Path(path)
        fixed = read_only or (self.path.is_file() and not os.access(self.path, os.W_OK))
        self._connections = Connections(self.path, create=create, read_only=fixed, timeout=timeout)
        self.capabilities = Capabilities(read_only=fixed)

    def __repr__(self) -> str:
        return f"<SQLite store {str(self.path)!r}>"

    def scoped(self, tenant: str = "main") -> SqliteStore:
        """Return the store of one tenant."""
        self._connections.usable()
        return SqliteStore(self._connections, check_name(tenant, "tenant"))

    def verify(self, progress: Callable[[int], object] | None = None) -> Verification:
        """Check format, log, chain and state of all tenants."""
        return verify(self._connections, progress)

    def backup(self, target: str | Path) -> None:
        """Write a copy of the store as it is now; others may read and write meanwhile."""
        path = Path(target)
        if not path.parent.is_dir():
            raise StoreError(f"the folder {path.parent} is not there", path=path)
        try:
            path.open("xb").close()
        except FileExistsError:
            raise StoreError(f"{path} is there already; a backup is a new file", path=path) from None
        except OSError as error:
            raise StoreError(f"{path}: the file cannot be made ({error.strerror})", path=path) from error
        try:
            with explained(path), self._connections.borrowed() as source:
                copy = sqlite3.connect(path, isolation_level=None)
                try:
                    copy.execute("PRAGMA synchronous = FULL")
                    source.backup(copy)
                    copy.execute("PRAGMA journal_mode = WAL")
                finally:
                    copy.close()
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def warnings(self) -> tuple[str, ...]:
        """Return what an operator should know of this installation."""
        return warnings_of(sqlite3.sqlite_version_info)

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._connections.close()


def warnings_of(version: tuple[int, ...]) -> tuple[str, ...]:
    """Return the known faults of a version of SQLite that concern a store."""
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    if version < (3, 7) or mended:
        return ()
    fault = (
        f"SQLite {'.'.join(map(str, version))} has the WAL-reset fault: when several processes write to one file at the "
        "same moment it can, very rarely, lose or damage what they wrote. It is mended in 3.51.3, 3.50.7 and 3.44.6; "
        "until then let one process write"
    )
    return (fault,)
