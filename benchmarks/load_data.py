"""The same million rows as a host would hand them over: objects, tuples, dicts, Arrow, CSV, SQLite."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from attrs import define, frozen

from benchmarks.data import OUTCOMES, OWNERS, SOURCES, Array, Workload

NAMES = ("id", "owner", "source", "outcome", "amount", "created_at", "first_contact_at", "closed_at")
TIMES = NAMES[5:]
WORDS = {
    "owner": [f"owner_{code:03d}" for code in range(OWNERS)],
    "source": [f"source_{code:02d}" for code in range(SOURCES)],
    "outcome": list(OUTCOMES),
}
STATEMENT = f"SELECT {', '.join(NAMES)} FROM opportunity"
STATEMENT_TEXT = f"SELECT {', '.join(NAMES)} FROM opportunity_text"


@define
class Deal:
    """Stand for the record of some host application."""

    id: int
    owner: str
    source: str
    outcome: str
    amount: int | None
    created_at: Any
    first_contact_at: Any
    closed_at: Any


@frozen(eq=False)
class Handed:
    """Hold the rows in every form; the instants of `tuples` and so on are UTC, naive unless asked for otherwise."""

    records: list[Any]
    tuples: list[tuple[Any, ...]]
    dicts: list[dict[str, Any]]
    arrow: pa.Table
    csv: Path
    sqlite: Path


def arrow_table(data: Workload) -> pa.Table:
    """Make a table with dictionary columns, integer ids and nulls where there are nulls."""
    columns: dict[str, Any] = {"id": pa.array(data.id)}
    for name, words in WORDS.items():
        codes = pa.array(getattr(data, name).astype(np.int32))
        columns[name] = pa.DictionaryArray.from_arrays(codes, pa.array(words))
    columns["amount"] = pa.array(data.amount, mask=~data.priced)
    columns |= {name: pa.array(getattr(data, name)) for name in TIMES}
    return pa.table(columns)


def _python_columns(data: Workload, aware: bool) -> list[list[Any]]:
    def times(column: Array) -> list[Any]:
        instants = column.tolist()
        return [t if t is None else t.replace(tzinfo=UTC) for t in instants] if aware else instants

    words = [[WORDS[name][code] for code in getattr(data, name).tolist()] for name in WORDS]
    amount = [a if ok else None for a, ok in zip(data.amount.tolist(), data.priced.tolist(), strict=True)]
    return [data.id.tolist(), *words, amount, *(times(getattr(data, name)) for name in TIMES)]


def _write_csv(table: pa.Table, path: Path) -> None:
    """Write words bare, and instants as ISO 8601 with six digits of the second."""
    columns = {name: table[name] for name in NAMES}
    columns |= {name: table[name].cast(pa.string()) for name in WORDS}
    columns |= {name: pc.strftime(table[name], format="%Y-%m-%dT%H:%M:%S") for name in TIMES}
    pa.csv.write_csv(pa.table(columns), path, pa.csv.WriteOptions(quoting_style="none"))


def _write_sqlite(rows: list[tuple[Any, ...]], data: Workload, path: Path) -> None:
    """Write one table with instants as integer microseconds, and one with ISO text."""

    def integers(column: Array) -> list[int | None]:
        null = np.isnat(column).tolist()
        return [None if n else v for v, n in zip(column.view(np.int64).tolist(), null, strict=True)]

    def text(instant: Any) -> str | None:
        return None if instant is None else instant.replace(tzinfo=None).isoformat()

    times = zip(*(integers(getattr(data, name)) for name in TIMES), strict=True)
    kinds = "id INTEGER PRIMARY KEY, owner TEXT, source TEXT, outcome TEXT, amount INTEGER"
    with sqlite3.connect(path) as connection:
        for name, kind in (("opportunity", "INTEGER"), ("opportunity_text", "TEXT")):
            connection.execute(f"CREATE TABLE {name} ({kinds}, {', '.join(f'{t} {kind}' for t in TIMES)})")
        blanks = ", ".join("?" * len(NAMES))
        numbered = (row[:5] + us for row, us in zip(rows, times, strict=True))
        connection.executemany(f"INSERT INTO opportunity VALUES ({blanks})", numbered)
        written = (row[:5] + tuple(map(text, row[5:])) for row in rows)
        connection.executemany(f"INSERT INTO opportunity_text VALUES ({blanks})", written)
    connection.close()


def hand_over(data: Workload, folder: Path, *, aware: bool = False, record: Callable[..., Any] = Deal) -> Handed:
    """Make every form of the rows; files go to `folder`.

    Args:
        data: the workload.
        folder: where the CSV file and the SQLite database are written.
        aware: whether Python's instants carry their zone, UTC.
        record: makes one record from the eight fields by keyword.
    """
    gc.disable()  # millions of new objects, none of them garbage
    try:
        tuples = list(zip(*_python_columns(data, aware), strict=True))
        dicts = [dict(zip(NAMES, row, strict=True)) for row in tuples]
        table, csv, sqlite = arrow_table(data), folder / "opportunity.csv", folder / "opportunity.db"
        _write_csv(table, csv)
        _write_sqlite(tuples, data, sqlite)
        return Handed([record(**row) for row in dicts], tuples, dicts, table, csv, sqlite)
    finally:
        gc.enable()
