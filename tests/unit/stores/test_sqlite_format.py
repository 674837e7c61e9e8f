"""The format of a SQLite store: old files are brought forward, newer ones and other files left alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from crmcore.domain import Money
from crmcore.errors import StoreError, StoreFormatError
from crmcore.stores import Write, open_store
from crmcore.stores.sqlite import SqliteBackend, connections, migrations
from crmcore.stores.sqlite.backend import warnings_of
from crmcore.stores.sqlite.migrations import MIGRATIONS, Migration, check_format, migrate

NOW = datetime(2026, 5, 29, 9, tzinfo=UTC)
NEXT = (
    *MIGRATIONS,
    Migration("a place for notes", ("CREATE TABLE note (text TEXT)", "INSERT INTO note VALUES ('new')")),
)


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """Return a store of format 1, made from the text of its statements."""
    path = tmp_path / "format_1.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(Path(__file__).with_name("format_1.sql").read_text(encoding="utf-8"))
    return path


def test_golden_store_of_format_1(golden: Path) -> None:
    """What was written when the format was new is read by every later version, sound, and goes on."""
    with closing(SqliteBackend(golden, create=False)) as backend:
        store = backend.scoped("acme")
        deal, lead, visit = store.get("opportunity", "D1"), store.get("lead", 7), store.get("x_visit", 1)
        assert deal is not None
        assert lead is not None
        assert visit is not None
        assert (deal.version, dict(deal.values)) == (
            3,
            {
                "amount": Money("950.50", "EUR"),
                "owner": "Anna",
                "outcome": "won",
                "closed_at": date(2026, 5, 20),
                "x_grade": "A",
            },
        )
        assert dict(lead.values) == {
            "name": "王芳", "converted": True, "created_at": NOW - timedelta(hours=1), "score": 2.5
        }  # fmt: skip
        assert dict(visit.values) == {"city": "Zürich", "minutes": Decimal("12.5")}
        log = [
            (e.number, e.table, e.id, e.version, e.at, e.actor, e.sequence, e.source, e.key) for e in store.entries()
        ]
        assert log == [
            (1, "opportunity", "D1", 1, date(2026, 5, 1), None, 0, "", None),
            (2, "opportunity", "D1", 2, date(2026, 5, 20), "Anna", 0, "crm", "k1"),
            (3, "opportunity", "D1", 3, date(2026, 5, 10), None, 0, "", None),
            (4, "lead", 7, 1, NOW - timedelta(hours=1), None, 3, "", None),
            (5, "x_visit", 1, 1, NOW, None, 0, "web", "v1"),
        ]
        assert (store.consumer("sum").cursor, store.consumer("sum").state) == (4, b"\x00\xff state")
        assert backend.scoped("other").last() == 1
        assert backend.verify().sound
        again = store.append(
            [Write("x_visit", 1, {"city": "Zürich", "minutes": Decimal("12.5")}, NOW, NOW, key="v1", source="web")]
        )
        assert (again.repeated, again.versions) == (1, (1,))
        assert store.append([Write("opportunity", "D1", {"owner": "王芳"}, NOW, NOW, expected=3)]).versions == (4,)
        assert backend.verify().sound


def test_steps_that_were_released_stay_as_they_are() -> None:
    """A step that was released is never changed: its checksum says so."""
    assert [step.checksum for step in MIGRATIONS] == ["8da91838bd680e0ce4fb04445e3b38b2"]


def test_a_file_is_brought_forward(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version takes the steps that are missing, once; what was there stays."""
    before = _content(golden)
    with monkeypatch.context() as patch:
        _know(NEXT, patch)
        for _ in range(2):
            with closing(SqliteBackend(golden)) as backend:
                assert backend.scoped("acme").last() == 5
                assert backend.verify().sound
    after = _content(golden)
    assert after.pop("note") == [("new",)]
    assert [row[0] for row in after.pop("migration")] == [1, 2]
    del before["migration"]
    assert after == before
    with closing(sqlite3.connect(golden)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_newer_format_is_refused_untouched(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which format is there and which is known; not a byte of the file is written."""
    with monkeypatch.context() as patch:
        _know(NEXT, patch)
        SqliteBackend(golden).close()
    os.utime(golden, (1_000_000, 1_000_000))
    before = golden.read_bytes()
    for way in ({}, {"create": False}, {"read_only": True}):
        with pytest.raises(
            StoreFormatError, match=r"has format 2; this version of crmcore reads formats up to 1"
        ) as raised:
            SqliteBackend(golden, **way)
        assert raised.value.format == 2
    assert (golden.read_bytes(), golden.stat().st_mtime) == (before, 1_000_000)
    assert [p.name for p in golden.parent.iterdir()] == [golden.name]


def test_a_read_only_file_is_not_brought_forward(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older format needs a file that can be written; it says so."""
    before = golden.read_bytes()
    _know(NEXT, monkeypatch)
    with pytest.raises(StoreFormatError, match="format 1 and cannot be brought to 2, as it is read-only"):
        SqliteBackend(golden, read_only=True)
    assert golden.read_bytes() == before


def test_a_step_that_fails_leaves_the_file_as_it_was(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step and its record are one transaction."""
    before = _content(golden)
    _know((*MIGRATIONS, Migration("wrong", ("CREATE TABLE note (text TEXT)", "DROP TABLE log", "no SQL"))), monkeypatch)
    with pytest.raises(StoreError):
        SqliteBackend(golden)
    assert _content(golden) == before


def test_another_history_is_refused(golden: Path) -> None:
    """A file that other steps have made than ours is not guessed at."""
    with closing(sqlite3.connect(golden)) as connection, connection:
        connection.execute("UPDATE migration SET checksum = 'else'")
    with pytest.raises(StoreFormatError, match="is not step 1 of this version"):
        SqliteBackend(golden)
    with closing(sqlite3.connect(golden)) as connection, connection:
        connection.execute("DELETE FROM migration")
    with pytest.raises(StoreFormatError, match="has format 1, but 0 steps have made it"):
        SqliteBackend(golden)


def test_two_that_start_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several that make or migrate a file at once, one takes each step."""
    slow = Migration("slow", ("CREATE TABLE note (text TEXT)", *["INSERT INTO note VALUES ('x')"] * 50))
    _know((*MIGRATIONS, slow), monkeypatch)
    path = tmp_path / "a.db"
    found: list[Any] = []

    def start() -> None:
        try:
            with closing(SqliteBackend(path)) as backend:
                found.append(backend.scoped().last())
        except StoreError as error:
            found.append(error)

    threads = [Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0] * 6
    assert len(_content(path)["note"]) == 50


def test_migrate_says_where(tmp_path: Path) -> None:
    """An empty file has format 0, and the newest after all steps."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        assert check_format(connection, "a.db") == 0
        migrate(connection, "a.db")
        assert check_format(connection, "a.db") == 1


@pytest.mark.parametrize(
    ("version", "faulty"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False),
        ((3, 45, 0), True), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 0), True), ((3, 51, 2), True),
        ((3, 51, 3), False), ((3, 52, 0), False), ((4, 0, 0), False),
    ],
)  # fmt: skip
def test_versions_with_the_wal_reset_fault(version: tuple[int, ...], faulty: bool, tmp_path: Path) -> None:
    """3.7.0 to 3.51.2 have it; 3.44.6, 3.50.7 and 3.51.3 are mended."""
    assert bool(warnings_of(version)) == faulty
    if faulty:
        assert ".".join(map(str, version)) in warnings_of(version)[0]
    with closing(SqliteBackend(tmp_path / "a.db")) as backend:
        assert backend.warnings() == warnings_of(sqlite3.sqlite_version_info)


# --- files that are no store


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE theirs (a)")


def _other_application(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 77")
        connection.execute("VACUUM")


def _half(path: Path) -> None:
    SqliteBackend(path).close()
    path.write_bytes(path.read_bytes()[:9_000])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p.write_text("id,name\n1,Anna\n" * 500), "is no store of crmcore"),
        (lambda p: p.write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000), "is no store of crmcore|is damaged"),
        (lambda p: p.write_bytes(b"x"), "is no store of crmcore"),
        (lambda p: p.write_bytes(b"x" * 511), "is no store of crmcore"),
        (lambda p: p.write_bytes(b"x" * 512), "is no store of crmcore"),
        (lambda p: p.mkdir(), "is no file"),
        (_other_database, "is a SQLite database, but no store of crmcore"),
        (_other_application, "is a SQLite database, but no store of crmcore"),
        (_half, "is damaged"),
    ],
    ids=[
        "text",
        "header only",
        "one byte",
        "511 bytes",
        "512 bytes",
        "folder",
        "other database",
        "other application",
        "half a store",
    ],
)
def test_files_that_are_no_store(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    """Each is refused with its path and what it is, however it is opened, and stays as it is."""
    path = tmp_path / "a.db"
    make(path)
    before = None if path.is_dir() else path.read_bytes()
    for way in ({}, {"create": False}, {"read_only": True}):
        with pytest.raises(StoreError, match=words) as raised:
            SqliteBackend(path, **way).scoped().last()
        assert str(path) in str(raised.value)
    assert before is None or path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]


def test_an_empty_file(tmp_path: Path) -> None:
    """It becomes a store where one may be made, and is refused where not."""
    path = tmp_path / "a.db"
    path.touch()
    for way in ({"create": False}, {"read_only": True}):
        with pytest.raises(StoreFormatError, match=r"a\.db"):
            SqliteBackend(path, **way)
    assert path.read_bytes() == b""
    with closing(SqliteBackend(path)) as backend:
        assert backend.verify().sound


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Without `create`, or for reading, nothing is made; a folder is never made."""
    for way in ({"create": False}, {"read_only": True}):
        with pytest.raises(StoreError, match=r"a\.db is not there; crmcore store init makes a store"):
            SqliteBackend(tmp_path / "a.db", **way)
    with pytest.raises(StoreError, match=r"folder .*none is not there"):
        SqliteBackend(tmp_path / "none" / "a.db")
    assert not list(tmp_path.iterdir())


def test_for_reading_only(golden: Path) -> None:
    """Nothing is written, neither to the file nor beside it; writes are refused with the reason."""
    before = golden.read_bytes()
    with closing(open_store(f"sqlite:///{golden}?mode=ro")) as backend:
        store = backend.scoped("acme")
        assert backend.capabilities.read_only
        assert (store.last(), len(list(store.entries()))) == (5, 5)
        assert backend.verify().sound
        with pytest.raises(StoreError, match="is open for reading only"):
            store.append([Write("lead", 1, {}, NOW, NOW)])
        with pytest.raises(StoreError, match="is open for reading only"):
            store.advance("sum", 5, None, expected=4)
    assert golden.read_bytes() == before
    assert [p.name for p in golden.parent.iterdir()] == [golden.name]


def test_a_file_that_cannot_be_written(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is opened for reading by itself."""
    access = os.access
    with monkeypatch.context() as patch:  # root may write everything
        patch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
        backend = SqliteBackend(golden)
    with closing(backend):
        assert backend.capabilities.read_only
        assert backend.scoped("acme").last() == 5


def test_reading_beside_a_writer(golden: Path) -> None:
    """A reader sees what a writer has committed, also what is still in the write-ahead log."""
    with closing(SqliteBackend(golden)) as writer:
        writer.scoped("acme").append([Write("lead", 8, {}, NOW, NOW)])
        with closing(SqliteBackend(golden, read_only=True)) as reader:
            assert reader.scoped("acme").last() == 6


def _know(steps: tuple[Migration, ...], patch: pytest.MonkeyPatch) -> None:
    """Make this version one that knows other steps."""
    patch.setattr(migrations.check_format, "__defaults__", (steps,))
    patch.setattr(migrations.migrate, "__defaults__", (steps,))
    patch.setattr(connections, "FORMAT", len(steps))
    patch.setattr("crmcore.stores.sqlite.verifying.MIGRATIONS", steps)


def _content(path: Path) -> dict[str, list[Any]]:
    """Return all rows of a file by table."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in names}
