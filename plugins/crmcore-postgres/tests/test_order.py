"""Entries are numbered in the order of their commits, so that who reads the log by number passes none by (K2, K9)."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from threading import Event

import psycopg
import pytest

from crmcore.errors import StoreError, VersionConflict
from crmcore.stores import Write
from crmcore_postgres import transaction

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def note(id_, **values):
    return Write("lead", id_, values, at=NOW, recorded_at=NOW)


def follow(store, writers):
    """Read the log by number until the writers are done; return the numbers in the order they were seen."""
    seen, last = [], 0
    done = False
    while not done:
        done = all(w.done() for w in writers)
        for entry in store.entries(last):
            seen.append(entry.number)
            last = entry.number
    return seen


def test_a_reader_misses_nothing_while_four_write(opened):
    """Of 4 writers with 60 commits each (in long runs 1,500) a reader that polls by number sees 1, 2 ... 240, none twice and none missed."""
    commits = 1_500 if os.environ.get("CRMCORE_TEST_PROFILE") == "long" else 60

    def write(writer):
        store = opened().scoped()
        for number in range(commits):
            store.append([note(f"{writer}-{number}")])

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, writer) for writer in range(4)]
        seen = follow(opened().scoped(), writers)
        for writer in writers:
            writer.result()
    assert seen == list(range(1, 4 * commits + 1))
    print("seen in order:", len(seen))


def test_a_slow_writer_is_waited_for(opened):
    """While a writer has written and not committed, the next one waits; the reader then sees both, in order."""
    slow, fast, reader = (opened().scoped() for _ in range(3))
    with ThreadPoolExecutor(1) as pool:
        with slow.transaction() as open_one:
            open_one.append([note("slow")])
            second = pool.submit(fast.append, [note("fast")])
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
            assert list(reader.entries()) == []
        assert second.result().last == 2
    assert [(e.number, e.id) for e in reader.entries()] == [(1, "slow"), (2, "fast")]


def test_planted_without_the_lock(opened, monkeypatch):
    """Planted mistake: without the lock the second writer fails on the number of the first; nothing is lost in silence."""
    anything = count()
    monkeypatch.setattr(transaction, "lock_number", lambda *_: next(anything))
    slow, fast = (opened().scoped() for _ in range(2))
    with ThreadPoolExecutor(1) as pool:
        with slow.transaction() as open_one:
            open_one.append([note("slow")])
            second = pool.submit(fast.append, [note("fast")])
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        with pytest.raises(StoreError, match="duplicate key"):
            second.result()
    assert [e.id for e in fast.entries()] == ["slow"]


def test_planted_numbers_of_a_sequence(database):
    """Planted mistake: with numbers of the database's own, given before the commit, a reader by number passes an entry by."""
    seen, last = [], 0

    def read():
        nonlocal last
        with database.connect() as connection:
            for number, name in connection.execute(
                "SELECT number, name FROM naive WHERE number > %s ORDER BY 1", (last,)
            ):
                seen.append(name)
                last = number

    with database.connect() as admin:
        admin.execute("CREATE TABLE naive (number bigserial PRIMARY KEY, name text)")
    dsn = database.server.dsn(database.name, database.server.admin)
    with psycopg.connect(dsn) as slow:
        slow.execute("INSERT INTO naive (name) VALUES ('slow')")
        with psycopg.connect(dsn) as fast:
            fast.execute("INSERT INTO naive (name) VALUES ('fast')")
        read()
    read()
    assert seen == ["fast"]


def test_writers_of_different_tenants_do_not_wait(opened):
    """A tenant's writer is held up by writers of its own tenant alone."""
    with opened().scoped("blue").transaction() as blue:
        blue.append([note("a")])
        assert opened(lock_timeout="5").scoped("green").append([note("a")]).last == 1


def test_no_update_is_lost(opened):
    """4 writers add 1 to a record 30 times each, each over the version it has read: it ends at 120."""
    opened().scoped().append([note("sum", n=0)])
    conflicts = []

    def add(_):
        store = opened().scoped()
        for _ in range(30):
            while True:
                found = store.get("lead", "sum")
                try:
                    store.append(
                        [
                            Write(
                                "lead",
                                "sum",
                                {"n": found.values["n"] + 1},
                                at=NOW,
                                recorded_at=NOW,
                                expected=found.version,
                            )
                        ]
                    )
                    break
                except VersionConflict as conflict:
                    conflicts.append(conflict)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    found = opened().scoped().get("lead", "sum")
    assert (found.values["n"], found.version) == (120, 121)
    assert conflicts  # otherwise the writers did not meet, and nothing was tested


def test_a_reader_during_an_import(opened):
    """While 6,000 records are imported in one transaction a reader sees none of them, and then all."""
    started, seen = Event(), []

    def rows():
        for number in range(6_000):
            if number == 5_000:
                started.set()
            yield note(number, name="x")

    writer, reader = opened().scoped(), opened().scoped()
    with ThreadPoolExecutor(1) as pool:
        imported = pool.submit(writer.append, rows())
        started.wait()
        while not imported.done():
            seen.append((reader.last(), sum(map(len, reader.scan("lead"))), reader.stats().entries))
        assert imported.result().applied == 6_000
    seen.append((reader.last(), sum(map(len, reader.scan("lead"))), reader.stats().entries))
    assert set(seen) <= {(0, 0, 0), (0, 0, 6_000), (0, 6_000, 6_000), (6_000, 6_000, 6_000)}
    assert seen[0][0] == 0
    assert seen[-1] == (6_000, 6_000, 6_000)


def test_a_scan_is_one_state(opened):
    """A scan that is read while others write gives the records as they were when it began."""
    reader, writer = opened().scoped(), opened().scoped()
    writer.append(note(number, name="old") for number in range(50))
    scan = reader.scan("lead", ["name"], size=10)
    first = next(scan)
    writer.append(note(number, name="new") for number in range(60))
    rest = list(scan)
    assert {name for batch in (first, *rest) for name in batch.columns[2]} == {"old"}
    assert [len(batch) for batch in (first, *rest)] == [10] * 5


def test_a_scan_may_be_left_and_written_beside(store):
    """One handle can write in the middle of its own scan, and a scan that is not read to its end is no harm."""
    store.append(note(number) for number in range(50))
    for _ in range(8):
        scan = store.scan("lead", size=10)
        next(scan)
        store.append([note("more")])
        del scan
    assert store.get("lead", "more").version == 1
