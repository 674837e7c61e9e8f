"""Run by test_sqlite_processes.py: processes that write to one SQLite file, are killed, compete, or are watched.

python sqlite_processes.py kills|competition|watching PATH ROUNDS. Prints counts as JSON.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import crmcore as cc
from crmcore.domain import Money
from crmcore.errors import VersionConflict
from crmcore.stores import Write
from crmcore.stores.sqlite import SqliteBackend

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MAKING, APPENDING = 1, 2
READY = b"0\n"


@contextlib.contextmanager
def running(work: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Fork a process, and give its id and the end of the pipe on which it tells what it has done."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        code = 4
        try:
            work(tell)
            code = 0
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent has to hear of it
            sys.stderr.write(f"{error!r}\n")
        finally:
            os._exit(code)
    os.close(tell)
    try:
        yield pid, told
    finally:
        os.close(told)


def finished(pid: int) -> None:
    """Wait for a process, which must have done all it had to."""
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit(f"a process ended with status {status}")


# --- kill -9


def write(path: Path, seed: int, tell: int, phase: mmap.mmap) -> None:
    """Append for ever, one write or a thousand, new records and known ones; tell the last number once it is committed."""
    chance = random.Random(seed)
    store = SqliteBackend(path).scoped()
    number = store.last()
    os.write(tell, READY)
    while True:
        phase[0] = MAKING
        some = []
        known = chance.random() < 0.5
        for _ in range(chance.choice((1, 3, 40, 1500))):
            number += 1
            at = BEGIN + timedelta(minutes=number)
            id_ = f"d{chance.randint(1, 50)}" if known else f"n{number}"
            values = {
                "amount": Money(chance.randint(1, 10_000), "EUR"),
                "name": f"deal {number}",
                "x_note": str(number),
            }
            some.append(Write("opportunity", id_, values, at, at, key=f"k{number}" if known else None, source="w"))
        phase[0] = APPENDING
        number = store.append(some).last
        os.write(tell, b"%d\n" % number)


def kills(path: Path, rounds: int) -> Counter[str]:
    """Kill the writer again and again; each time log, states and the KPI must agree, and nothing acknowledged be lost."""
    counts: Counter[str] = Counter(lost=0, disagreeing=0)
    cc.Workspace().measure("open_value", cc.Dataset(opportunity=[]))  # what is imported here is not imported each time
    SqliteBackend(path).close()
    phase = mmap.mmap(-1, 1)
    before = 0
    for seed in range(rounds):
        with running(lambda tell, seed=seed: write(path, seed, tell, phase)) as (pid, told):  # type: ignore[misc]
            os.read(told, len(READY))
            time.sleep(random.Random(seed).uniform(0, 0.06))
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.WTERMSIG(status) != signal.SIGKILL:
                raise SystemExit("the writer ended by itself")
            text = b""
            while piece := os.read(told, 65536):
                text += piece
        counts[("idle", "making", "appending")[phase[0]]] += 1
        whole = text[: text.rfind(b"\n") + 1].split()
        acknowledged = int(whole[-1]) if whole else before
        counts["commits"] += len(whole)
        last = agreed(path, counts)
        counts["lost"] += last < acknowledged
        counts["unacknowledged"] += last > acknowledged
        before = last
    counts["entries"] = before
    return counts


def agreed(path: Path, counts: Counter[str]) -> int:
    """Hold log, states and KPI against each other, by plain Python; return the number of the last entry."""
    with cc.Workspace(store=f"sqlite:///{path}") as workspace:
        store = workspace.store
        folded: dict[Any, dict[str, Any]] = {}
        versions: Counter[Any] = Counter()
        number = 0
        for number, entry in enumerate(store.entries(), 1):
            versions[entry.id] += 1
            counts["disagreeing"] += entry.number != number or entry.version != versions[entry.id]
            folded.setdefault(entry.id, {}).update(entry.values)  # each is true later than the one before
        states: dict[Any, dict[str, Any]] = {}
        for batch in store.scan("opportunity", ["amount", "name", "x_note"]):
            for id_, version, *values in zip(*batch.columns, strict=True):
                states[id_] = dict(zip(batch.names[2:], values, strict=True))
                counts["disagreeing"] += version != versions[id_]
        counts["disagreeing"] += states != folded
        if folded:
            total = sum((values["amount"].amount for values in folded.values()), Decimal())
            measured = workspace.measure("open_value").total["open_value"]
            counts["disagreeing"] += Decimal(str(measured)) != total
        found = workspace._opened.verify()  # type: ignore[union-attr]
        counts["disagreeing"] += not found.sound or found.entries != number
        counts["checks"] += 1
    return number


# --- four at once


def compete(path: Path, who: int, times: int, tell: int) -> None:
    """Add one to a shared counter over the version read, and write records of one's own, some of them in large batches."""
    chance = random.Random(who)
    store = SqliteBackend(path, timeout=120).scoped()
    conflicts = 0
    for n in range(times):
        own = [
            Write("lead", f"{who}-{n}-{k}", {"name": f"{who}"}, BEGIN, BEGIN) for k in range(chance.choice((0, 1, 60)))
        ]
        while True:
            held = store.get("x_counter", 1)
            value, version = (0, 0) if held is None else (held.values["value"], held.version)
            at = BEGIN + timedelta(seconds=version)
            try:
                with store.transaction() as transaction:
                    transaction.append(own)
                    transaction.append([Write("x_counter", 1, {"value": value + 1}, at, at, expected=version)])
            except VersionConflict:
                conflicts += 1
                continue
            break
    os.write(tell, b"%d\n" % conflicts)


def competition(path: Path, rounds: int) -> Counter[str]:
    """Let four processes write at once; no update is lost, numbers have no gap."""
    writers = 4
    counts: Counter[str] = Counter(writers=writers)
    SqliteBackend(path).close()
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(running(lambda tell, who=who: compete(path, who, rounds, tell)))  # type: ignore[misc]
            for who in range(writers)
        ]
        for pid, told in processes:
            finished(pid)
            counts["conflicts"] += int(os.read(told, 100))
    backend = SqliteBackend(path)
    store = backend.scoped()
    entries = list(store.entries())
    counter = [e for e in entries if e.table == "x_counter"]
    leads = [e.id for e in entries if e.table == "lead"]
    counts["updates"] = len(counter)
    counts["lost"] = writers * rounds - store.get("x_counter", 1).values["value"]  # type: ignore[union-attr]
    counts["gaps"] = [e.number for e in entries] != list(range(1, len(entries) + 1))
    counts["wrong versions"] = [e.version for e in counter] != list(range(1, len(counter) + 1))
    counts["twice"] = len(leads) - len(set(leads))
    counts["entries"] = len(entries)
    counts["faults"] = len(backend.verify().faults)
    backend.close()
    return counts


# --- a reader beside an import


def bring(path: Path, batches: int, size: int, tell: int) -> None:
    """Import records in order, some hundred at a time."""
    store = SqliteBackend(path).scoped()
    for start in range(0, batches * size, size):
        store.append(
            Write("opportunity", n, {"amount": Money(n, "EUR")}, BEGIN, BEGIN)
            for n in range(start + 1, start + size + 1)
        )
    os.write(tell, b"done\n")


def watching(path: Path, rounds: int) -> Counter[str]:
    """Read while another process imports: every look is a prefix, as of a commit, and none goes back."""
    size = 700
    counts: Counter[str] = Counter(torn=0, backwards=0)
    backend = SqliteBackend(path)
    store = backend.scoped()
    seen: set[int] = set()
    with running(lambda tell: bring(path, rounds, size, tell)) as (pid, told):
        before, look = 0, 0
        os.set_blocking(told, False)
        over = False
        while not over:
            with contextlib.suppress(BlockingIOError):
                over = bool(os.read(told, 10))
            look += 1
            found = [lambda: ids_scanned(store), lambda: ids_logged(store), lambda: ids_measured(store)][look % 3]()
            counts["torn"] += found != list(range(1, len(found) + 1)) or len(found) % size != 0
            counts["backwards"] += len(found) < before
            before = len(found)
            seen.add(before)
        finished(pid)
    counts["looks"], counts["different"] = look, len(seen)
    counts["records"] = len(ids_scanned(store))
    counts["faults"] = len(backend.verify().faults)
    backend.close()
    return counts


def ids_scanned(store: Any) -> list[int]:
    """Return ids in order, a few at a time: the writer has gone on before the last are read."""
    return [id_ for batch in store.scan("opportunity", ["amount"], size=64) for id_ in batch.columns[0]]


def ids_logged(store: Any) -> list[int]:
    return [entry.id for entry in store.entries()]


def ids_measured(store: Any) -> list[int]:
    data = store.dataset()
    return sorted(data["opportunity"]["id"].data.tolist()) if "opportunity" in data else []


if __name__ == "__main__":
    work = {"kills": kills, "competition": competition, "watching": watching}[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]), int(sys.argv[3]))))
