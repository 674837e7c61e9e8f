"""How the peers load each form of the rows, and the facts by which loaded rows are compared."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from benchmarks.load_data import NAMES, TIMES, WORDS
from benchmarks.variant import THREADS

_INSTANT = pa.timestamp("us")
_WORD = pa.dictionary(pa.int32(), pa.string())
_CSV_TYPES = dict.fromkeys(WORDS, _WORD) | dict.fromkeys(TIMES, _INSTANT) | {"id": pa.int64(), "amount": pa.int64()}


def _as_arrow(loaded: Any) -> pa.Table | None:
    if isinstance(loaded, pl.DataFrame):
        return loaded.to_arrow()
    if isinstance(loaded, pd.DataFrame):
        return pa.Table.from_pandas(loaded, preserve_index=False)
    if isinstance(loaded, duckdb.DuckDBPyConnection):
        return loaded.sql("SELECT * FROM opportunity").to_arrow_table()
    return loaded if isinstance(loaded, pa.Table) else None


def facts(loaded: Any) -> dict[str, int] | None:
    """Give counts and sums that loaded rows must share; None for a bare reader that keeps nothing.

    `rows`, `id_total`, `owners` (distinct), `won`, `unpriced`, `amount_total`, and for each instant its nulls and the
    sum of its seconds since 1970.
    """
    table = _as_arrow(loaded)
    if table is None:
        return None
    owner, outcome = (table["owner"].cast(pa.string()), table["outcome"].cast(pa.string()))
    made: dict[str, int] = {
        "rows": table.num_rows,
        "id_total": pc.sum(table["id"]).as_py(),
        "owners": pc.count_distinct(owner).as_py(),
        "won": pc.sum(pc.equal(outcome, "won")).as_py(),
        "unpriced": table["amount"].null_count,
        "amount_total": int(pc.sum(table["amount"]).as_py()),
    }
    for name in TIMES:
        made[f"{name}_null"] = table[name].null_count
        made[f"{name}_total"] = pc.sum(_seconds(table[name])).as_py()
    return made


def _seconds(column: Any) -> Any:
    """Read an instant that a loader may have left as text or as integer microseconds."""
    if pa.types.is_floating(column.type):  # what pandas makes of integers with nulls
        column = column.cast(pa.int64())
    if pa.types.is_integer(column.type):
        column = column.cast(_INSTANT)
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = pa.chunked_array([column.combine_chunks()]).cast(_INSTANT)
    return pc.divide(column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64()), 1_000_000)


def _fields(records: list[Any]) -> dict[str, list[Any]]:
    return {name: [getattr(record, name) for record in records] for name in NAMES}


def _polars_fields(records: list[Any]) -> Any:
    return pl.DataFrame(_fields(records))


def _polars_rows_of(records: list[Any]) -> Any:
    return _polars_rows(list(map(attrgetter(*NAMES), records)))


def _polars_rows(rows: list[tuple[Any, ...]]) -> Any:
    return pl.DataFrame(rows, schema=list(NAMES), orient="row", infer_schema_length=100)


def _polars_dicts(rows: list[dict[str, Any]]) -> Any:
    return pl.DataFrame(rows, infer_schema_length=100)


def _arrow_fields(records: list[Any]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in _fields(records).items()})


def _pandas_rows(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(NAMES))


def _duckdb_table(table: pa.Table) -> Any:
    connection = duckdb.connect(":memory:", config={"threads": THREADS})
    connection.register("handed", table)
    connection.execute("CREATE TABLE opportunity AS SELECT * FROM handed")
    return connection


def _duckdb_csv(path: Path) -> Any:
    connection = duckdb.connect(":memory:", config={"threads": THREADS})
    connection.execute("CREATE TABLE opportunity AS SELECT * FROM read_csv(?)", [str(path)])
    return connection


def _arrow_csv(path: Path, threads: bool = False) -> pa.Table:
    options = pa.csv.ConvertOptions(column_types=_CSV_TYPES)
    return pa.csv.read_csv(path, read_options=pa.csv.ReadOptions(use_threads=threads), convert_options=options)


def _arrow_csv_threads(path: Path) -> pa.Table:
    return _arrow_csv(path, threads=True)


def _polars_csv(path: Path) -> Any:
    """Read text and parse it by an explicit format: less than half the time of `try_parse_dates`."""
    return pl.read_csv(path).with_columns(pl.col(TIMES).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us"))


def _pandas_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, parse_dates=list(TIMES), date_format="ISO8601", dtype={"amount": "Int64"})


def _reader_alone(path: Path) -> None:
    with path.open(newline="") as lines:
        for _ in csv.reader(lines):
            pass


def _cursor_alone(connection: sqlite3.Connection, statement: str) -> None:
    for _ in connection.execute(statement):
        pass


def _pandas_sql(connection: sqlite3.Connection, statement: str) -> pd.DataFrame:
    return pd.read_sql_query(statement, connection)


def _polars_sql(connection: sqlite3.Connection, statement: str) -> Any:
    return pl.read_database(statement, connection, infer_schema_length=100)


_SQL: dict[str, Callable[..., Any]] = {"cursor alone": _cursor_alone, "pandas": _pandas_sql, "polars": _polars_sql}

WAYS: dict[str, dict[str, Callable[..., Any]]] = {
    "records": {
        "polars, a list per field": _polars_fields,
        "polars, tuples": _polars_rows_of,
        "pyarrow, a list per field": _arrow_fields,
    },
    "tuples": {"polars": _polars_rows, "pandas": _pandas_rows},
    "dicts": {"polars": _polars_dicts, "pyarrow": pa.Table.from_pylist},
    "arrow": {"polars": pl.from_arrow, "duckdb": _duckdb_table, "pandas": pa.Table.to_pandas},
    "csv": {
        "pyarrow, one thread": _arrow_csv,
        "pyarrow, two threads": _arrow_csv_threads,
        "polars": _polars_csv,
        "pandas": _pandas_csv,
        "duckdb": _duckdb_csv,
        "csv.reader alone": _reader_alone,
    },
    "sqlite": _SQL,
    "sqlite_text": _SQL,
}
