"""DuckDB behind walls: no network, no extension, no file but ours, no setting that a query could change.

Names are quoted, values are bound. Every query has a cursor of its own, so that threads do not meet on one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pyarrow as pa

from crmcore.errors import StoreCorrupt, StoreError

from .limits import Limits

__all__ = ["Engine", "pattern", "quoted"]

_WALLS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
}
_UNREADABLE = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.SerializationException)


def quoted(name: str) -> str:
    """Return a name as an identifier of SQL, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def pattern(path: Path) -> str:
    """Return a path as the pattern that matches it alone: DuckDB takes * ? [ for wildcards."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


class Engine:
    """A connection that reads one folder, or one database file, and nothing else.

    Args:
        limits: memory and threads.
        name: what errors call it.
        database: a database file, opened to be read.
        folder: a folder whose files may be read.
        files: of these, those that are seen as tables of their names.

    Raises:
        StoreError: the database is not there, is locked by a writer, or is none.
    """

    def __init__(
        self,
        limits: Limits,
        name: str,
        *,
        database: Path | None = None,
        folder: Path | None = None,
        files: Sequence[Path] = (),
    ) -> None:
        config = {**_WALLS, "memory_limit": f"{limits.memory}MiB", "threads": str(limits.threads)}
        self.name = name
        try:
            if database is None:
                self._connection = duckdb.connect(":memory:", config=config)
            else:
                self._connection = duckdb.connect(str(database), read_only=True, config=config)
        except duckdb.Error as error:
            raise StoreError(f"{self.name!r} cannot be opened: {_first(error)}") from None
        # in this order: what is allowed can be stated only while everything still is
        if folder is not None:
            allowed = ", ".join(_literal(text) for text in dict.fromkeys((str(folder), pattern(folder))))
            self._connection.execute(f"SET allowed_directories = [{allowed}]")
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        self._closed = False
        for file in files:
            place = _literal(pattern(file))
            sql = f"SELECT * FROM read_parquet({place}, hive_partitioning = false)"  # noqa: S608 - quoted
            self.rows(f"CREATE VIEW {quoted(file.stem)} AS {sql}")

    def usable(self) -> None:
        """Refuse to go on after `close`."""
        if self._closed:
            raise StoreError("the store is closed")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of a query that has few."""
        with self._cursor() as cursor:
            found: list[tuple[Any, ...]] = cursor.execute(sql, list(values)).fetchall()
            return found

    def arrow(self, sql: str, values: Sequence[Any], size: int) -> Iterator[Any]:
        """Yield the rows of a query as Arrow batches of at most `size` rows, in its order, without holding more."""
        with self._cursor() as cursor:
            reader = cursor.sql(sql, params=list(values)).to_arrow_reader(size)
            for batch in reader:
                for start in range(0, batch.num_rows, size):
                    yield batch.slice(start, size)

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.usable()
        cursor = self._connection.cursor()
        try:
            yield cursor
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # inside an Arrow stream the errors are Arrow's
            self._fail(error)
        finally:
            with suppress(duckdb.Error):
                cursor.close()

    def _fail(self, error: Exception) -> NoReturn:
        if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in str(error):
            raise StoreError(
                f"{self.name!r} needs more memory than the store may take; raise its option memory= (megabytes)"
            ) from None
        kind = StoreCorrupt if isinstance(error, _UNREADABLE) else StoreError
        raise kind(f"{self.name!r} cannot be read: {_first(error)}") from None

    def close(self) -> None:
        """Close it; a second time does nothing."""
        if not self._closed:
            self._closed = True
            self._connection.close()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first(error: Exception) -> str:
    """Return the first line of an error: what follows are hints to settings that are locked."""
    return str(error).partition("\n")[0][:300]
