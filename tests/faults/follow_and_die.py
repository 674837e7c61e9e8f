"""Run by test_consumers.py: a writer and a consumer on one SQLite file, killed again and again; what is left is checked.

Each round forks the two, lets them work for a while, kills them with SIGKILL, and looks at the file. Prints counts as JSON.
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
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import crmcore as cc
from crmcore.domain import Money
from crmcore.stores import Entry, Write, open_store

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
FOLDING, COMMITTING = 1, 2
READY = b"0\n"


def fold(state: bytes, entries: Sequence[Entry]) -> bytes:
    """Return entries seen, a digest of each in order, and the amounts of the deals as they stand: new minus replaced."""
    found = json.loads(state)
    chain, total = bytes.fromhex(found["chain"]), Decimal(found["total"])
    for entry in entries:
        chain = blake2b(chain + repr((entry.number, entry.id, sorted(entry.values.items()))).encode()).digest()
        for values, sign in ((entry.values, 1), (entry.old, -1)):
            money = values.get("amount")
            total += sign * money.amount if money is not None else 0
    return json.dumps({"seen": found["seen"] + len(entries), "chain": chain.hex(), "total": str(total)}).encode()


START = json.dumps({"seen": 0, "chain": "", "total": "0"}).encode()


def write(url: str, seed: int, acks: int) -> None:
    """Append a few writes at a time, for ever; the number of the last entry is told once it is committed."""
    chance = random.Random(seed)
    store = open_store(url).scoped()
    number = store.last()
    os.write(acks, READY)
    while True:
        time.sleep(0.001)  # others want to write too
        some = []
        for _ in range(chance.randint(1, 20)):
            number += 1
            at = BEGIN + timedelta(minutes=number)
            values = {"amount": Money(chance.randint(-100, 10_000), "EUR"), "owner": f"o{number}"}
            some.append(Write("opportunity", chance.randint(1, 60), values, at, at))
        number = store.append(some).last
        os.write(acks, b"%d\n" % number)


def consume(url: str, seed: int, acks: int, phase: mmap.mmap, mode: str) -> None:
    """Follow the log, for ever; the cursor is told once it is committed."""
    batch = random.Random(seed).choice((1, 7, 100))
    beside = Path(url.removeprefix("sqlite:///")).with_suffix(".state")

    def step(state: bytes, entries: Sequence[Entry]) -> bytes:
        phase[0] = FOLDING
        if mode == "beside":  # the planted fault: the state is kept in a file of its own
            state = beside.read_bytes() if beside.exists() else START
        found = fold(state, entries)
        if mode == "beside":
            beside.with_suffix(".new").write_bytes(found)
            beside.with_suffix(".new").replace(beside)
        phase[0] = COMMITTING
        return found

    with cc.Workspace(store=url) as ws:
        os.write(acks, READY)
        while True:
            reached = ws.follow("sum", step, state=START, batch=batch)
            phase[0] = 0
            os.write(acks, b"%d\n" % reached.cursor)


@contextlib.contextmanager
def running(work: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """Fork a process, and give its id and the end of the pipe on which it tells what it has done."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        with contextlib.suppress(BaseException):
            work(tell)
        os._exit(3)  # it never ends by itself
    os.close(tell)
    try:
        yield pid, told
    finally:
        os.close(told)


def killed(pid: int, told: int) -> int:
    """Kill a process, and return the last number it told; 0 for none."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if os.WTERMSIG(status) != signal.SIGKILL:
        raise SystemExit("a process ended by itself")
    text = b""
    while piece := os.read(told, 65536):
        text += piece
    whole = text[: text.rfind(b"\n") + 1].split()
    return int(whole[-1]) if whole else 0


def round_(url: str, seed: int, mode: str, counts: Counter[str]) -> None:
    """Let both work and die, then check that what they left fits together."""
    chance = random.Random(seed)
    phase = mmap.mmap(-1, 1)
    with (
        running(lambda tell: write(url, seed, tell)) as writer,
        running(lambda tell: consume(url, seed, tell, phase, mode)) as consumer,
    ):
        for _, told in (writer, consumer):
            os.read(told, len(READY))
        time.sleep(chance.uniform(0, 0.06))
        reached = killed(*consumer)
        counts[("idle", "folding", "committing")[phase[0]]] += 1
        last = killed(*writer)
    backend = open_store(url)
    store = backend.scoped()
    seen = store.consumer("sum")
    log = tuple(islice(store.entries(), seen.cursor))
    counts["lost"] += (store.last() < last) + (seen.cursor < reached)
    counts["unacknowledged"] += store.last() - last if last else 0
    expected = fold(START, log) if seen.cursor else None
    counts["wrong"] += seen.state != expected
    counts["entries"], counts["cursor"] = store.last(), seen.cursor
    backend.close()


def main(url: str, rounds: int, mode: str) -> None:
    """Run the rounds, then let the consumer come to the end of the log, and compare all ways to the number."""
    counts: Counter[str] = Counter(lost=0, wrong=0)
    with cc.Workspace(store=url) as ws:
        ws.follow("other", fold)  # what is imported here need not be imported in each process
    for seed in range(rounds):
        round_(url, seed, mode, counts)
        if mode == "beside" and counts["wrong"]:
            break
    with cc.Workspace(store=url) as ws:
        done = ws.follow("sum", fold, state=START)
        state = json.loads(done.state or START)
        counts["end"] = int(state["seen"] == done.cursor == ws.store.last())
        measured = ws.measure("open_value").total["open_value"]
        counts["kpi"] = int(Decimal(state["total"]) == Decimal(str(measured)))
    backend = open_store(url)
    counts["sound"] = int(backend.verify().sound)
    backend.close()
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
