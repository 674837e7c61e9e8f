"""Measure a SQLite store against sqlite3 alone: python -m benchmarks.stores [--rows N] [--rounds R] [--scan-rows N].

Import: opportunities of seven fields, a log entry with its link of the chain and a state each, in transactions of 50,000,
by `store.append` from writes and by `Workspace.import_data` from a dataset; the yardstick is sqlite3 alone, which inserts
the rows that the store has written, ready made, into a store's tables with the same settings and transactions. Both files
are held against each other, entry by entry, and the chain is checked.

Scan: `store.dataset()` to typed tables. The yardstick is the fastest way of the standard library: one `fetchall` of the
columns that have values, then the same arrays by numpy - codes and labels, instants and amounts as whole numbers, with
their validity. Ours further checks ids, dates and references, and orders a large table by outcome. Every value is held
against the other's.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import crmcore as cc
from benchmarks.data import OUTCOMES, OWNERS, SOURCES, Array, Workload, generate
from benchmarks.timing import Times, rotate
from crmcore.domain import Money
from crmcore.stores import Write
from crmcore.stores.sqlite import SqliteBackend
from crmcore.table.table import Table

BATCH = 50_000
TARGET = 50_000
RATIO = 1.5
LEARNT = datetime(2025, 1, 1, tzinfo=UTC)
KEYS = ("owner", "source", "outcome")
TIMES = ("created_at", "first_contact_at", "closed_at")
CELLS = ("_id", *KEYS, "amount", "_amount_currency", *TIMES)


def rows_of(data: Workload) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id and the values of each opportunity, without its blanks."""

    def times(column: Array) -> list[Any]:
        return [None if t is None else t.replace(tzinfo=UTC) for t in column.tolist()]

    owners = [f"owner_{code:03d}" for code in range(OWNERS)]
    sources = [f"source_{code:02d}" for code in range(SOURCES)]
    amounts = [
        Money(f"{cents // 100}.{cents % 100:02d}", "EUR") if there else None
        for cents, there in zip(data.amount.tolist(), data.priced.tolist(), strict=True)
    ]
    columns = {
        "owner": [owners[code] for code in data.owner.tolist()],
        "source": [sources[code] for code in data.source.tolist()],
        "outcome": [OUTCOMES[code] for code in data.outcome.tolist()],
        "amount": amounts,
        **{name: times(getattr(data, name)) for name in TIMES},
    }
    for number, row in enumerate(zip(*columns.values(), strict=True), 1):
        yield f"D{number:07d}", {name: value for name, value in zip(columns, row, strict=True) if value is not None}


def writes_of(data: Workload) -> list[Write]:
    """Return the opportunities as writes, each true from when it was created."""
    return [Write("opportunity", id_, values, values["created_at"], LEARNT) for id_, values in rows_of(data)]


def dataset_of(writes: Sequence[Write]) -> cc.Dataset:
    """Return the opportunities as a dataset."""
    return cc.Dataset(
        opportunity=[{"id": w.id, **{n: w.values.get(n) for n in (*KEYS, "amount", *TIMES)}} for w in writes]
    )


# --- import


def append(writes: Sequence[Write], path: Path) -> None:
    """Import by the store's own method."""
    with closing(SqliteBackend(path)) as backend:
        store = backend.scoped()
        for start in range(0, len(writes), BATCH):
            store.append(writes[start : start + BATCH])


def import_data(data: cc.Dataset, path: Path) -> None:
    """Import by a workspace."""
    with cc.Workspace(store=f"sqlite:///{path}") as workspace:
        workspace.import_data(data, recorded_at=LEARNT)


def ready(path: Path) -> dict[str, tuple[str, list[Any]]]:
    """Return the rows of a store's file with the statements that insert them."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for table in ("tenant", "log", "state_opportunity", "field"):
            cursor = connection.execute(f"SELECT * FROM {table}")
            names = [d[0] for d in cursor.description]
            rows = cursor.fetchall()
            there = [n for n, values in zip(names, zip(*rows, strict=True), strict=True) if set(values) != {None}]
            places = [names.index(n) for n in there]
            marks = ", ".join("?" * len(there))
            quoted = ", ".join(f'"{n}"' for n in there)
            found[table] = (
                f"INSERT INTO {table} ({quoted}) VALUES ({marks})",
                [tuple(row[p] for p in places) for row in rows],
            )
    return found


def sqlite_alone(rows: dict[str, tuple[str, list[Any]]], path: Path) -> None:
    """Insert ready rows with the settings of a store."""
    SqliteBackend(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("synchronous = FULL", "cache_size = -32768", "wal_autocheckpoint = 4000"):
            connection.execute(f"PRAGMA {pragma}")
        for start in range(0, len(rows["log"][1]), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            for table, (statement, some) in rows.items():
                if table in {"log", "state_opportunity"}:
                    connection.executemany(statement, some[start : start + BATCH])
                elif not start:
                    connection.executemany(statement, some)
            connection.execute("COMMIT")


def agree_on_rows(one: Path, other: Path) -> int:
    """Hold the rows of two files against each other; give how many there are."""
    ours, theirs = ready(one), ready(other)
    for table, (_, rows) in ours.items():
        assert rows == theirs[table][1], f"{table} differs"
    return sum(len(rows) for _, rows in ours.values())


def measure_import(writes: Sequence[Write], folder: Path, rounds: int) -> tuple[Times, Path]:
    """Import several times; give the times and a file."""
    number = iter(range(10**6))

    def fresh() -> Path:
        return folder / f"{next(number)}.db"

    first, second, third = fresh(), fresh(), fresh()
    append(writes, first)
    rows = ready(first)
    sqlite_alone(rows, second)
    held = agree_on_rows(first, second)
    data = dataset_of(writes)
    import_data(data, third)
    with closing(SqliteBackend(first)) as a, closing(SqliteBackend(third)) as b:
        found, again = a.verify(), b.verify()
        assert found.sound, found.faults
        assert again.sound, again.faults
        assert found.entries == again.entries == len(writes)
    print(f"import: {held:,} rows equal, {found.entries:,} entries and {found.records:,} records verified")

    def on(call: Callable[[Any, Path], None], given: Any) -> None:
        path = fresh()
        call(given, path)
        for beside in folder.glob(f"{path.name}*"):
            beside.unlink()

    calls: dict[str, Callable[[], Any]] = {
        "store.append": partial(on, append, writes),
        "import_data": partial(on, import_data, data),
        "sqlite3 alone": partial(on, sqlite_alone, rows),
    }
    return rotate(calls, rounds), first


# --- scan


def plain_arrays(path: Path) -> dict[str, Any]:
    """Read the columns that have values by the standard library, into arrays by numpy."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT {', '.join(CELLS)} FROM state_opportunity ORDER BY _place").fetchall()
    columns = dict(zip(CELLS, zip(*rows, strict=True), strict=True))
    del rows
    ids = np.empty(len(columns["_id"]), object)
    ids[:] = columns["_id"]
    found: dict[str, Any] = {"id": ids}
    for name in (*KEYS, "_amount_currency"):
        labels = list(dict.fromkeys(columns[name]))
        index = {label: code for code, label in enumerate(labels)}
        found[name] = (np.fromiter(map(index.__getitem__, columns[name]), np.int16, len(ids)), labels)
    for name in ("amount", *TIMES):
        values = columns[name]
        if None in values:
            data = np.fromiter([0 if v is None else v for v in values], np.int64, len(ids))
            there = np.fromiter([v is not None for v in values], bool, len(ids))
        else:
            data, there = np.fromiter(values, np.int64, len(ids)), np.ones(len(ids), bool)
        found[name] = (data >> (4 if name == "amount" else 1), there)
    return found


def table_of(path: Path) -> Table:
    """Read the same by the store."""
    with closing(SqliteBackend(path)) as backend:
        return backend.scoped().dataset(["opportunity"])["opportunity"]


def agree_on_values(table: Table, plain: dict[str, Any]) -> int:
    """Hold every value of a table against the plain arrays; give how many there are."""
    by_id = np.argsort(table["id"].data)  # a large table is ordered by outcome
    order = np.argsort(plain["id"])
    assert (table["id"].data[by_id] == plain["id"][order]).all()
    for name in KEYS:
        codes, labels = plain[name]
        ours, theirs = np.array(table[name].labels, object), np.array(labels, object)
        wanted = theirs[codes[order]]
        if name == "outcome":
            wanted[wanted == None] = "open"  # noqa: E711 - elementwise; the default is not stored
        assert (ours[table[name].data[by_id]] == wanted).all(), name
    for name in ("amount", *TIMES):
        data, there = plain[name]
        assert (table[name].present()[by_id] == there[order]).all(), name
        assert (table[name].data[by_id] == (data * there)[order]).all(), name
    return len(order) * (len(KEYS) + 2 + len(TIMES))


# --- what is told


def _print(times: Times, yardstick: str, rows: int) -> None:
    width = max(map(len, times.rounds))
    for name in times.rounds:
        spent = times.processor_median(name)
        print(
            f"  {name:<{width}}  median {times.median(name):6.2f} s  least {times.least(name):6.2f} s  "
            f"{rows / times.least(name):9,.0f} a second  {times.ratio(name, yardstick):5.2f} x {yardstick}; processor "
            f"{spent:6.2f} s  {rows / spent:9,.0f} a second  {spent / times.processor_median(yardstick):5.2f} x"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both, and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=200_000, metavar="N", help="opportunities to import (default 200000)"
    )
    parser.add_argument("--scan-rows", type=int, default=1_000_000, metavar="N", help="to scan (default 1000000)")
    parser.add_argument("--rounds", type=int, default=5, metavar="R")
    chosen = parser.parse_args(arguments)
    print(f"SQLite {sqlite3.sqlite_version}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}")
    with TemporaryDirectory() as name:
        folder = Path(name)
        times, _ = measure_import(writes_of(generate(chosen.rows)), folder, chosen.rounds)
        print(f"import of {chosen.rows:,} opportunities with history and chain; target {TARGET:,} a second")
        _print(times, "sqlite3 alone", chosen.rows)
        path = folder / "scan.db"
        append(writes_of(generate(chosen.scan_rows)), path)
        held = agree_on_values(table_of(path), plain_arrays(path))
        print(
            f"scan of {chosen.scan_rows:,} opportunities: {held:,} values equal; target {RATIO} x the standard library"
        )
        calls: dict[str, Callable[[], Any]] = {
            "store.dataset": partial(table_of, path),
            "fetchall and numpy": partial(plain_arrays, path),
        }
        _print(rotate(calls, chosen.rounds), "fetchall and numpy", chosen.scan_rows)


if __name__ == "__main__":
    main()
