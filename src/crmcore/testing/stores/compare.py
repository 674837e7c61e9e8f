"""What checks of stores are made of: comparisons that say what differs, and work done at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Barrier, Thread
from time import monotonic
from typing import Any

import attrs

from ...domain.record import Id
from ...domain.schema import RECORDS, fields_of
from ...stores.contract import Appended, Cut, Store
from ...stores.entry import Entry, Write
from ...table.column import Column
from ...table.dataset import Dataset
from .ledger import Answer, Ledger, Line, identical

__all__ = [
    "append_to_both",
    "at_once",
    "attempts",
    "columns_of",
    "equal",
    "holds",
    "line_of",
    "lines",
    "refused",
    "rows",
    "same_lines",
    "same_past",
    "same_record",
    "same_rows",
    "same_store",
    "scanned",
    "values_of",
]

WAIT = 120
"""Seconds after which work that does not end is a failure."""
ATTEMPTS = 5_000
"""Attempts after which what was tried again and again is a failure."""


def equal(expected: Any, found: Any, what: str) -> None:
    """Fail where two values are not equal, or not of one type."""
    __tracebackhide__ = True
    if not identical(expected, found):
        raise AssertionError(f"{what}: expected {_short(expected)}, found {_short(found)}")


def holds(condition: object, what: str) -> None:
    """Fail where something that has to be so is not."""
    __tracebackhide__ = True
    if not condition:
        raise AssertionError(f"not so: {what}")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 2_000 else f"{text[:1_000]} ... {text[-900:]}"


@contextmanager
def refused(*errors: type[Exception], what: str) -> Iterator[None]:
    """Fail where a block does not raise one of the errors, with a message."""
    __tracebackhide__ = True
    try:
        yield
    except errors as error:
        if not str(error).strip():
            raise AssertionError(f"{what}: {type(error).__name__} says nothing") from error
    except Exception as error:
        wanted = " or ".join(e.__name__ for e in errors)
        raise AssertionError(f"{what}: expected {wanted}, got {type(error).__name__}: {error}") from error
    else:
        raise AssertionError(f"{what}: expected {' or '.join(e.__name__ for e in errors)}, and it was taken")


def line_of(entry: Entry) -> Line:
    """Return an entry as the ledger keeps it."""
    return Line(
        entry.number, entry.table, entry.id, entry.version, dict(entry.values), dict(entry.old), entry.at,
        entry.recorded_at, entry.actor, entry.sequence, entry.source, entry.key,
    )  # fmt: skip


def lines(store: Store, after: int = 0, *, limit: int | None = None) -> list[Line]:
    """Return entries of a store as the ledger keeps them."""
    return [line_of(entry) for entry in store.entries(after, limit=limit)]


def columns_of(table: str, ledger: Ledger) -> tuple[str, ...]:
    """Return the columns that a scan of all has: the domain's in its order, then the host's own, sorted."""
    own = {name for _, values in ledger.records(table).values() for name in values}
    known = [f.name for f in fields_of(RECORDS[table]) if f.name != "id"] if table in RECORDS else []
    return (*known, *sorted(own - set(known)))


def rows(
    store: Store,
    table: str,
    columns: Iterable[str] | None = None,
    *,
    at: Cut | None = None,
    known: datetime | None = None,
    size: int = 10_000,
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return the names and the rows of a scan, once its batches are sure to have the form that the contract says."""
    names: tuple[str, ...] = ()
    found: list[tuple[Any, ...]] = []
    asked = None if columns is None else tuple(columns)
    for batch in store.scan(table, asked, at=at, known=known, size=size):
        holds(1 <= len(batch) <= size, f"{table}: rows of a batch are 1 to {size}, got {len(batch)}")
        equal(("id", "version"), tuple(batch.names[:2]), f"{table}: first columns of a batch")
        equal(names or tuple(batch.names), tuple(batch.names), f"{table}: names of every batch")
        equal([len(batch)] * len(batch.names), [len(c) for c in batch.columns], f"{table}: lengths of columns")
        names = tuple(batch.names)
        found += zip(*batch.columns, strict=True)
    return names, found


def append_to_both(store: Store, ledger: Ledger, writes: Iterable[Write]) -> Appended:
    """Append to a store and to the ledger, and compare what they say."""
    __tracebackhide__ = True
    given = list(writes)
    expected = ledger.append(given)
    found = store.append(given)
    equal(expected, Answer(tuple(found.versions), found.applied, found.repeated, found.unchanged, found.last), "append")
    return found


def same_store(store: Store, ledger: Ledger) -> None:
    """Compare all that a store tells of the present with the ledger: log, records, scans, consumers, numbers."""
    __tracebackhide__ = True
    equal(len(ledger.lines), store.last(), "number of the last entry")
    same_lines(ledger.lines, lines(store))
    equal(ledger.tables(), tuple(store.tables()), "tables")
    counts = {}
    for table in ledger.tables():
        records = ledger.records(table)
        counts[table] = len(records)
        for id_, (version, values) in records.items():
            same_record(store, table, id_, version, values)
        names = columns_of(table, ledger)
        found = rows(store, table)
        equal(("id", "version", *names), found[0], f"columns of a scan of {table}")
        same_rows(list(ledger.rows(table, names)), found[1], f"scan of {table}")
    for name, (cursor, state) in ledger.consumers.items():
        consumer = store.consumer(name)
        equal((name, cursor, state), (consumer.name, consumer.cursor, consumer.state), "consumer")
    stats = store.stats()
    equal(counts, dict(stats.records), "records in stats")
    equal(len(ledger.lines), stats.entries, "entries in stats")
    equal({n: c for n, (c, _) in ledger.consumers.items()}, dict(stats.consumers), "consumers in stats")


def same_lines(expected: list[Line], found: list[Line]) -> None:
    """Compare entries one by one."""
    __tracebackhide__ = True
    for one, other in zip(expected, found, strict=False):
        for name in (a.name for a in attrs.fields(Line)):
            equal(getattr(one, name), getattr(other, name), f"entry {one.number}: {name}")
    equal([x.number for x in expected], [x.number for x in found], "numbers of entries")


def same_record(store: Store, table: str, id_: Id, version: int, values: dict[str, Any]) -> None:
    """Compare a record with what it should be."""
    __tracebackhide__ = True
    record = store.get(table, id_)
    if record is None:
        raise AssertionError(f"{table} {id_!r} is not there")
    equal((table, id_, version), (record.table, record.id, record.version), f"{table} {id_!r}")
    for name in values.keys() | dict(record.values).keys():
        equal(values.get(name), record.values.get(name), f"{table} {id_!r}: {name}")


def same_rows(expected: list[tuple[Any, ...]], found: list[tuple[Any, ...]], what: str) -> None:
    """Compare rows one by one."""
    __tracebackhide__ = True
    equal([(type(r[0]), r[0]) for r in expected], [(type(r[0]), r[0]) for r in found], f"{what}: ids")
    for one, other in zip(expected, found, strict=True):
        equal(one, other, f"{what}, record {one[0]!r}")


def same_past(store: Store, ledger: Ledger, table: str, *, at: Cut | None, known: datetime | None) -> None:
    """Compare a look at the past with the ledger; records in any order."""
    __tracebackhide__ = True
    names = columns_of(table, ledger)
    expected = {(type(r[0]), r[0]): r for r in ledger.rows(table, names, at=at, known=known)}
    found = {(type(r[0]), r[0]): r for r in rows(store, table, names, at=at, known=known)[1]}
    where = f"{table} at {at}, known {known}"
    equal(sorted(map(repr, expected)), sorted(map(repr, found)), f"records of {where}")
    for key, row in expected.items():
        equal(row, found[key], where)


def at_once(count: int, work: Callable[[int], object]) -> None:
    """Run work in threads that start together; fail where one of them does, or does not end."""
    __tracebackhide__ = True
    errors: list[BaseException] = []
    start = Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait(WAIT)
            work(number)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread of the check
            errors.append(error)

    threads = [Thread(target=run, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    end = monotonic() + WAIT
    for thread in threads:
        while thread.is_alive() and not errors:
            if monotonic() > end:
                raise AssertionError(f"work in {count} threads has not ended after {WAIT} seconds")
            thread.join(0.05)
    if errors:
        raise errors[0]


def attempts(what: str) -> Iterator[int]:
    """Count attempts at something that cannot take so many; a store on which it never succeeds is wrong."""
    yield from range(ATTEMPTS)
    raise AssertionError(f"{what}: not so after {ATTEMPTS} attempts")


def scanned(store: Store) -> Dataset:
    """Return a dataset made of scans."""
    made: dict[str, Any] = {}
    for table in store.tables():
        names, found = rows(store, table)
        made[table] = (("id", *names[2:]), [(row[0], *row[2:]) for row in found])
    return Dataset(**made)


def values_of(dataset: Dataset) -> dict[str, dict[str, list[Any]]]:
    """Return a dataset as table -> column -> values, however the columns hold them."""
    return {
        name: {
            "": [len(table), dict(table.references), dict(table.excluded)],
            **{c: [table[c].kind, *_cells(table[c])] for c in table.columns},
        }
        for name, table in dataset.items()
    }


def _cells(column: Column) -> Iterator[Any]:
    if column.kind == "key":
        labels = list(column.labels)
        yield from (labels[code] for code in column.data.tolist())
        return
    currency: list[Any] = [column.currency] * len(column)
    if isinstance(column.currency, Column):
        currency = list(_cells(column.currency))
    valid = [True] * len(column) if column.valid is None else column.valid.tolist()
    for number, there, code in zip(column.data.tolist(), valid, currency, strict=True):
        yield (number, column.scale, code) if there else None
