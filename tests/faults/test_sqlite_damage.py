"""A damaged file: a write-ahead log that was cut or altered, flipped bits, a full disk. Nothing is wrong without a word."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crmcore.domain import Money
from crmcore.errors import CrmCoreError, StoreError
from crmcore.stores import Write
from crmcore.stores.sqlite import SqliteBackend
from crmcore.stores.sqlite.connections import Connections

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def some(first: int, count: int) -> Iterator[Write]:
    """Yield writes of deals, half of them to a few known ones, and of the host's own records."""
    for number in range(first, first + count):
        at = BEGIN + timedelta(minutes=number)
        values: dict[str, Any] = {
            "name": f"deal {number} 赢单",
            "amount": Money(Decimal(number) / 4, "EUR"),
            "owner": ("Anna", "王芳", 7)[number % 3],
            "created_at": at,
            "closed_at": date(2026, 1, 1 + number % 28),
            "probability": Decimal(number % 101) / 100,
            "score": number / 7,
            "deleted": number % 11 == 0,
            "x_note": f"note {number}",
        }
        key = f"k{number}" if number % 4 == 0 else None
        yield Write("opportunity", f"d{number if number % 2 else number % 20}", values, at, at, key=key, source="crm")
        if number % 5 == 0:
            yield Write("x_visit", number, {"city": "北京"}, at.date(), at, actor="Anna", sequence=3)


def fill(backend: SqliteBackend, commits: int) -> None:
    """Write commits of different sizes for two tenants, and let consumers read them."""
    for n in range(commits):
        store = backend.scoped("ab"[n % 2])
        last = store.append(some(100 * n, 1 + 7 * n % 40)).last
        store.advance("sum", last, f"{n}".encode() * 9, expected=store.consumer("sum").cursor)


def content(backend: SqliteBackend) -> dict[str, Any]:
    """Return all that anybody can read of a store."""
    found: dict[str, Any] = {}
    for tenant in "ab":
        store = backend.scoped(tenant)
        found[tenant] = {
            "log": [repr(entry) for entry in store.entries()],
            "states": [repr(batch.columns) for name in store.tables() for batch in store.scan(name)],
            "some": [repr(store.get("opportunity", f"d{n}")) for n in range(8)],
            "data": [
                (name, n, c.data.tolist(), c.present().tolist(), c.labels, c.scale)
                for name, table in store.dataset().items()
                for n, c in table.columns.items()
            ],
            "consumer": repr(store.consumer("sum")),
            "stats": (dict(store.stats().records), store.last()),
        }
    return found


# --- a torn write-ahead log


def test_torn_write_ahead_log(tmp_path: Path, long_run: bool, record_property: Any) -> None:
    """Cut, flipped or zeroed anywhere, the log of SQLite gives a beginning of the commits, whole and sound (K1)."""
    source = tmp_path / "crm.db"
    backend = SqliteBackend(source)
    prefixes = [content(backend)]
    for n in range(12):
        with backend.scoped("ab"[n % 2]).transaction() as transaction:  # the entries and the cursor in one commit
            last = transaction.append(some(100 * n, 1 + 7 * n % 40)).last
            transaction.advance("sum", last, b"x" * n, expected=backend.scoped("ab"[n % 2]).consumer("sum").cursor)
        prefixes.append(content(backend))
    kept = tmp_path / "kept"
    kept.mkdir()
    for name in ("crm.db", "crm.db-wal"):
        shutil.copy(tmp_path / name, kept)  # without its close, which would empty the log
    backend.close()
    wal = (kept / "crm.db-wal").read_bytes()
    assert len(wal) > 100_000

    trials = 600 if long_run else 16
    counts: Counter[str] = Counter(trials=trials)
    random = Random(7)
    reached = set()
    for _ in range(trials):
        damaged = bytearray(wal)
        place = random.randrange(len(wal))
        kind = random.choice(("cut", "flipped", "zeroed"))
        if kind == "cut":
            del damaged[place:]
        elif kind == "flipped":
            damaged[place] ^= 1 << random.randrange(8)
        else:
            damaged[place : place + 512] = bytes(len(damaged[place : place + 512]))
        shutil.copy(kept / "crm.db", source)
        source.with_name("crm.db-wal").write_bytes(damaged)
        source.with_name("crm.db-shm").unlink(missing_ok=True)
        with closing(SqliteBackend(source)) as opened:
            found = content(opened)
            assert found in prefixes
            assert opened.verify().sound
            reached.add(prefixes.index(found))
        counts[kind] += 1
        counts["all there"] += found == prefixes[-1]
    counts["different beginnings"] = len(reached)
    record_property("counts", dict(counts))
    print(dict(counts))
    assert len(reached) > 4


# --- flipped bits


def test_flipped_bits(tmp_path: Path, long_run: bool, record_property: Any) -> None:
    """A flipped bit of the file is refused, found by `verify`, or harms nothing that anybody can read (K12)."""
    source = tmp_path / "crm.db"
    with closing(SqliteBackend(source)) as backend:
        fill(backend, 8)
        whole = content(backend)
    original = source.read_bytes()
    used = [place for place, byte in enumerate(original) if byte]

    trials = 3_000 if long_run else 40
    counts: Counter[str] = Counter(trials=trials, silent=0)
    random = Random(3)
    for n in range(trials):
        place = random.choice(used) if n % 4 else random.randrange(len(original))
        bit = 1 << random.randrange(8)
        damaged = bytearray(original)
        damaged[place] ^= bit
        source.write_bytes(damaged)
        for beside in ("-wal", "-shm"):
            source.with_name(f"crm.db{beside}").unlink(missing_ok=True)
        what = judged(source, whole)
        counts[what] += 1
        assert what != "silent", (
            f"bit {bit} of byte {place} made the store say something else, and verify found nothing"
        )
    record_property("counts", dict(counts))
    print(dict(counts))
    assert counts["found"] > trials / 10
    assert counts["harmless"] > trials / 20


def judged(path: Path, whole: dict[str, Any]) -> str:
    """Return what became of a flipped bit; any other error than one of ours fails the test."""
    try:
        backend = SqliteBackend(path, create=False)
    except CrmCoreError:
        return "refused"
    with closing(backend):
        try:
            faults = backend.verify().faults
        except CrmCoreError:
            faults = ("error",)
        try:
            same = content(backend) == whole
        except CrmCoreError:
            return "found" if faults else "error when read"
        return "found" if faults else "harmless" if same else "silent"


# --- a full disk


def new(first: int, count: int) -> Iterator[Write]:
    """Yield writes of new deals alone, as an import does."""
    for number in range(first, first + count):
        yield Write("opportunity", f"new {number}", {"name": f"deal {number}", "score": number / 7}, BEGIN, BEGIN)


def full(backend: SqliteBackend, first: int, writes: Callable[[int, int], Iterable[Write]] = some) -> tuple[int, int]:
    """Write until there is no more room; return what was acknowledged, and how many commits."""
    store = backend.scoped("a")
    acknowledged, commits, refused = store.last(), 0, ""
    while not refused:
        try:
            acknowledged = store.append(writes(first + 1000 * commits, 200)).last
            commits += 1
        except StoreError as error:
            refused = str(error)
    assert "the disk" in refused
    return acknowledged, commits


@contextmanager
def pages(most: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a file have so many pages at most, as on a disk that is full: SQLite then says SQLITE_FULL."""
    connect = Connections._connect

    def limited(self: Connections) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute(f"PRAGMA max_page_count = {most:d}")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(Connections, "_connect", limited)
        yield


@pytest.mark.parametrize("writes", [some, new])
def test_no_page_left(
    writes: Callable[[int, int], Iterable[Write]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLITE_FULL (max_page_count): what was acknowledged is there, nothing else; it goes on once there is room."""
    path = tmp_path / "crm.db"
    with pages(200, monkeypatch), closing(SqliteBackend(path)) as backend:
        for turn in range(2):
            acknowledged, _ = full(backend, 1 + 10**7 * turn, writes)
            store = backend.scoped("a")
            assert store.last() == acknowledged == len(list(store.entries()))
            assert backend.verify().sound
            assert len(store.dataset()["opportunity"]) > 100  # it can be read
    with closing(SqliteBackend(path)) as backend:
        store = backend.scoped("a")
        before = store.last()
        assert store.append(some(10**6, 500)).last > before
        assert backend.verify().sound


@pytest.mark.parametrize("writes", [some, new])
def test_no_room_in_the_file_system(writes: Callable[[int, int], Iterable[Write]], tmp_path: Path) -> None:
    """A write that the system refuses (RLIMIT_FSIZE, EFBIG) in the midst of a commit: as above, in one process."""
    path = tmp_path / "crm.db"
    backend = SqliteBackend(path)
    backend.scoped("a").append(some(1, 50))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    commits = 0
    try:
        for more in (300_000, 500_000, 700_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (more, limits[1]))
            acknowledged, done = full(backend, 1000 * more, writes)
            commits += done
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            store = backend.scoped("a")
            assert store.last() == acknowledged
            assert store.append(some(2000 * more, 1)).last > acknowledged
            assert backend.verify().sound
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
        backend.close()
    assert commits > 0
    with closing(SqliteBackend(path)) as again:
        assert again.verify().sound
    assert path.stat().st_size > 300_000


def test_no_room_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that there is no room for is not made by half: the next one who opens it makes it."""
    path = tmp_path / "crm.db"
    with pages(20, monkeypatch), pytest.raises(StoreError, match="disk is full"):
        SqliteBackend(path)
    with closing(SqliteBackend(path)) as backend:
        backend.scoped("a").append(some(1, 50))
        assert backend.verify().sound
