"""Writers and the server are killed with signal 9, again and again: what was acknowledged is there, and all agrees."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from crmcore.errors import StoreError
from crmcore_postgres import PostgresBackend
from crmcore_postgres.testing import find_server

WRITER = Path(__file__).with_name("writer.py")
_spec = importlib.util.spec_from_file_location("crmcore_postgres_writer", WRITER)
writer = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(writer)

LONG = os.environ.get("CRMCORE_TEST_PROFILE") == "long"


@pytest.fixture(scope="module")
def durable():
    """Start a server of our own that writes safely, since these tests kill it."""
    server = find_server({}, own=True)
    yield server
    server.stop()


def start(url, name):
    return subprocess.Popen([sys.executable, WRITER, url, name], stdout=subprocess.PIPE, text=True)


def reckon(backend):
    """Check that log, state and KPI agree; return the keys that the log has."""
    store = backend.scoped()
    while not writer.follow(store):
        pass
    checked = backend.verify()
    assert checked.faults == ()
    assert checked.entries == store.last()
    kpi = json.loads(store.consumer("kpi").state)
    amounts = [a for batch in store.scan("opportunity", ["amount"]) for a in batch.columns[2]]
    assert kpi == {"entries": store.last(), "amount": sum(int(a.amount) for a in amounts)}
    return {entry.key for entry in store.entries()}


def committed(name, numbers):
    return {write.key for number in numbers for write in writer.writes(name, number)}


def test_a_killed_writer_loses_nothing_it_acknowledged(server):
    """In a loop of writers killed at any moment no acknowledged commit is lost, and none is there in part."""
    chance = random.Random(4)
    acknowledged, expected = 0, set()
    with server.database() as database:
        for turn in range(40 if LONG else 5):
            process = start(database.url, f"w{turn}")
            said = [int(process.stdout.readline()) for _ in range(1 + chance.randrange(30))]
            time.sleep(chance.random() * 0.02)
            process.kill()
            said += [int(line) for line in process.stdout.read().split("\n") if line]
            process.stdout.close()
            process.wait()
            expected |= committed(f"w{turn}", said)
            acknowledged += len(said)
            backend = PostgresBackend(database.url)
            keys = reckon(backend)
            backend.close()
            assert expected <= keys
            beyond = keys - expected  # committed, and killed before it could say so
            assert beyond in (set(), committed(f"w{turn}", [len(said)]))
            expected |= beyond
    print("acknowledged:", acknowledged)
    print("unsaid:", len(expected) // 3 - acknowledged)
    assert acknowledged > 5


def test_four_processes_write_at_once(server):
    """Four processes write at once, and two of them are killed: every acknowledged commit is there, in one log without a gap."""
    with server.database() as database:
        processes = {f"p{n}": start(database.url, f"p{n}") for n in range(4)}
        said = {name: [int(p.stdout.readline()) for _ in range(25)] for name, p in processes.items()}
        for process in processes.values():
            process.kill()
        for name, process in processes.items():
            said[name] += [int(line) for line in process.stdout.read().split("\n") if line]
            process.stdout.close()
            process.wait()
        backend = PostgresBackend(database.url)
        keys = reckon(backend)
        assert [e.number for e in backend.scoped().entries()] == list(range(1, len(keys) + 1))
        backend.close()
    for name, numbers in said.items():
        assert committed(name, numbers) <= keys
        assert len(numbers) >= 25
    print("acknowledged:", sum(map(len, said.values())))


def test_a_killed_server_loses_nothing_it_acknowledged(durable):
    """In a loop of kills of the whole server, or immediate stops, no acknowledged commit is lost, and the same handle goes on afterwards."""
    acknowledged = lost_connections = 0
    with durable.database() as database:
        backend = PostgresBackend(database.url)
        expected: set[str] = set()
        for turn in range(15 if LONG else 3):
            said, over = {}, Event()
            failed = []

            def write(name, said=said, over=over, failed=failed):
                mine = PostgresBackend(database.url)
                store = mine.scoped()
                number = 0
                try:
                    while not over.is_set():
                        store.append(writer.writes(name, number))
                        said[name] = number
                        number += 1
                        if number % 3 == 0:
                            writer.follow(store)
                except StoreError as error:
                    failed.append(str(error))
                mine.close()

            threads = [Thread(target=write, args=(f"t{turn}-{n}",)) for n in range(3)]
            for thread in threads:
                thread.start()
            while len(said) < 3 or sum(said.values()) < 20:
                time.sleep(0.01)
            (durable.halt if turn % 3 == 2 else durable.kill)()
            over.set()
            for thread in threads:
                thread.join()
            with pytest.raises(StoreError, match="can be used again"):
                backend.scoped().last()
            durable.start()
            lost_connections += len(failed)
            for name, number in said.items():
                expected |= committed(name, range(number + 1))
                acknowledged += number + 1
            keys = reckon(backend)
            assert expected <= keys
            assert len(keys - expected) <= 3 * 3 * (
                turn + 1
            )  # at most one commit of each thread that could not be said
        backend.close()
    print("acknowledged:", acknowledged)
    print("lost connections:", lost_connections)
    assert acknowledged > 60
    assert lost_connections
