"""Writing a snapshot: whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from crmcore.domain import Money
from crmcore.errors import ArgumentError, StoreError
from crmcore.stores.memory import MemoryBackend
from crmcore.testing.stores.samples import deal, deals, writes_of
from crmcore_duckdb import export
from crmcore_duckdb.snapshot import SnapshotBackend

WRITER = Path(__file__).with_name("writer.py")


def filled(*writes):
    store = MemoryBackend().scoped()
    store.append(writes)
    return store


def found_in(folder):
    """Return "whole" for a snapshot that is sound, "none" for a folder that is no snapshot; anything else is a fault."""
    if not (folder / "manifest.json").exists():
        begun = folder.is_dir() and any(folder.iterdir())
        with pytest.raises(StoreError, match="export into it did not end" if begun else r"no folder|it is no snapshot"):
            SnapshotBackend(folder)
        return "none"
    backend = SnapshotBackend(folder)
    verified = backend.verify()
    assert verified.sound, verified.faults
    assert backend.manifest.last > 0
    return "whole"


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is a signal of POSIX systems")
def test_a_killed_export_never_leaves_what_looks_whole(tmp_path):
    """Killed at any instant, a folder holds the snapshot, sound to the last bit, or says that it is none."""
    rng = random.Random(4)
    seen = {"whole": 0, "none": 0}
    for kill in range(200 if os.environ.get("CRMCORE_TEST_PROFILE") == "long" else 6):
        folder = tmp_path / str(kill // 3 % 2)
        writer = subprocess.Popen(
            [sys.executable, str(WRITER), str(folder), str(kill)], stdout=subprocess.PIPE, start_new_session=True
        )
        try:
            assert writer.stdout.readline() == b"ready\n"
            if kill % 3:  # in the first export, between two, in the second
                assert writer.stdout.readline() == b"done\n"
            time.sleep((0, 0, 0.05)[kill % 3] + rng.uniform(0, 0.02))
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
        seen[found_in(folder)] += 1
    assert seen["whole"], seen
    assert seen["none"], seen


@pytest.fixture
def traced(monkeypatch):
    """Record each step that reaches the disk, and let the process die, so to speak, before any of them."""

    class Died(BaseException):
        pass

    class Tracer:
        steps = 0
        dies_at = None

        def __call__(self, real):
            def step(*args, **kwargs):
                self.steps += 1
                if self.steps == self.dies_at:
                    raise Died
                return real(*args, **kwargs)

            return step

    tracer = Tracer()
    tracer.Died = Died
    monkeypatch.setattr(Path, "replace", tracer(Path.replace))
    monkeypatch.setattr(os, "fsync", tracer(os.fsync))
    return tracer


@pytest.mark.parametrize("replacing", [False, True])
def test_every_step_of_an_export_may_be_the_last(tmp_path, traced, monkeypatch, replacing):
    """Died before any rename or fsync: until the manifest has its name there is no snapshot, then there is a sound one.

    Where one is replaced, the old one is whole until it is none. What a dying process would clean up is left in place.
    """
    store = filled(*writes_of(3, 50))
    export(store, tmp_path / "all")
    steps = traced.steps
    assert steps > 12
    seen = []
    for step in range(1, steps + 1):
        folder = tmp_path / str(step)
        traced.dies_at = None
        if replacing:
            export(filled(*writes_of(4, 60)), folder)
        traced.steps, traced.dies_at = 0, step
        with monkeypatch.context() as patched:
            if not replacing:
                patched.setattr(Path, "unlink", lambda self, **_: None)
            with pytest.raises(traced.Died):
                export(store, folder, force=replacing)
        seen.append(found_in(folder))
    old = seen.index("none")
    assert old == replacing  # its manifest goes once the folder is marked, and that is on the disk
    whole = ["whole"] * (not replacing)  # the folder's own fsync, after the last rename; cleaned up, it is none again
    assert seen[old:] == ["none"] * seen.count("none") + whole


def test_an_error_leaves_no_rest(tmp_path):
    """A store that fails on the way leaves an empty folder, which the next export may use."""
    store = filled(*writes_of(3, 50))

    def failing(table, **_):
        yield from type(store).scan(store, table)
        raise OSError(28, "No space left on device")

    store.scan = failing
    with pytest.raises(OSError, match="No space left"):
        export(store, tmp_path / "s")
    assert list((tmp_path / "s").iterdir()) == []
    del store.scan
    export(store, tmp_path / "s")
    assert found_in(tmp_path / "s") == "whole"


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    """Only a snapshot is replaced, and only with force; of other files there nothing is touched."""
    (tmp_path / "notes.txt").write_text("mine")
    for force, why in ((False, "is not empty"), (True, "something else than a snapshot")):
        with pytest.raises(StoreError, match=why):
            export(filled(*deals(3)), tmp_path, force=force)
        assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "notes.txt").unlink()
    export(filled(*deals(3), deal("l1", table="lead")), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    export(filled(*deals(5)), tmp_path, force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "log.parquet", "manifest.json", "notes.txt", "opportunity.parquet",
    ]  # fmt: skip
    assert SnapshotBackend(tmp_path).manifest.last == 5
    assert found_in(tmp_path) == "whole"


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    """What is there stays as it is."""
    (tmp_path / "s").write_text("mine")
    with pytest.raises(StoreError, match="cannot be made a folder"):
        export(filled(*deals(3)), tmp_path / "s", force=True)
    assert (tmp_path / "s").read_text() == "mine"


class Busy:
    """A store that somebody writes to while it is scanned."""

    def __init__(self, store, times):
        self._store, self.times = store, times

    def __getattr__(self, name):
        return getattr(self._store, name)

    def scan(self, table, **options):
        yield from self._store.scan(table, **options)
        if self.times:
            self.times -= 1
            self._store.append([deal(f"new {self.times}", x_other=1 if self.times % 2 else "text")])


def test_a_store_that_is_written_to_meanwhile_is_exported_anew(tmp_path):
    """A snapshot is of one instant: records, log and number belong together, or it is taken again."""
    store = filled(*deals(20))
    export(Busy(store, 2), tmp_path / "s")
    assert found_in(tmp_path / "s") == "whole"
    assert SnapshotBackend(tmp_path / "s").manifest.last == store.last()
    with pytest.raises(StoreError, match="written to during each of 3 exports"):
        export(Busy(store, 100), tmp_path / "t")
    assert found_in(tmp_path / "t") == "none"


def test_only_batches_are_held(tmp_path, monkeypatch):
    """K14: a store is asked for bounded batches, and no more than one of them is alive at a time."""
    module = sys.modules["crmcore_duckdb.writing"]
    monkeypatch.setattr(module, "ROWS", 16)
    store = filled(*deals(100))
    sizes = []
    real = store.scan

    def scan(table, **options):
        sizes.append(options["size"])
        for batch in real(table, **options):
            assert len(batch) <= 16
            yield batch

    store.scan = scan
    manifest = export(store, tmp_path / "s")
    assert set(sizes) == {16}
    assert manifest.tables["opportunity"].rows == 100
    read = [len(b) for b in SnapshotBackend(tmp_path / "s").scoped().scan("opportunity", size=30)]
    assert (sum(read), max(read) <= 30) == (100, True)


def test_the_last_batch_may_be_unlike_the_first(tmp_path, monkeypatch):
    """Finer amounts, other types and new fields that come late widen their columns; every value comes back."""
    monkeypatch.setattr(sys.modules["crmcore_duckdb.writing"], "ROWS", 16)
    plain = [deal(n, amount=Money(f"{n}.5", "EUR"), x=Decimal(n), y=n) for n in range(40)]
    late = deal(40, amount=Money("0.00001", "USD"), x="text", y=2**70, z=True)
    store = filled(*plain, late)
    export(store, tmp_path / "s")
    (whole,) = store.scan("opportunity")
    parts = list(SnapshotBackend(tmp_path / "s").scoped().scan("opportunity"))
    assert {part.names for part in parts} == {whole.names}
    for place, column in enumerate(whole.columns):
        found = [v for part in parts for v in part.columns[place]]
        assert [(type(v), v) for v in found] == [(type(v), v) for v in column]


def test_a_replacement_that_fails_leaves_what_can_be_replaced(tmp_path):
    """An error on the way leaves files of the snapshot that was there: they are no tables of their own, and force goes on."""
    export(filled(*deals(3)), tmp_path)
    store = filled(*deals(5))
    store.scan = lambda *_, **__: 1 / 0
    with pytest.raises(ZeroDivisionError):
        export(store, tmp_path, force=True)
    assert found_in(tmp_path) == "none"
    del store.scan
    export(store, tmp_path, force=True)
    assert found_in(tmp_path) == "whole"
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".parquet", ".parquet"]


def test_what_is_no_source_is_refused(tmp_path):
    """A backend is no store of one tenant, and a path is no source."""
    for source in (MemoryBackend(), "sqlite:///crm.db", None):
        with pytest.raises(ArgumentError, match="takes a store of one tenant"):
            export(source, tmp_path / "s")


def test_an_empty_store_makes_an_empty_snapshot(tmp_path):
    """Nothing is a snapshot, too: no table, an empty log, sound."""
    export(MemoryBackend().scoped(), tmp_path / "s")
    backend = SnapshotBackend(tmp_path / "s")
    assert backend.scoped().tables() == ()
    assert list(backend.scoped().entries()) == []
    assert backend.verify().sound
