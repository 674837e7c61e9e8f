"""Checks of the whole: opening again, closing, copies, other processes, and what `verify` finds (K12)."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import StoreError, VersionConflict
from ...stores.contract import Backend, Capabilities
from ..suite import needs
from .compare import append_to_both, attempts, equal, holds, lines, refused, same_store, values_of
from .ledger import Ledger
from .samples import deal, deals, writes_of
from .suite import StoreBase

__all__ = ["Keeping"]


class Keeping(StoreBase):
    """K12, and what a store says it can do."""

    def test_capabilities_are_what_the_store_says(self) -> None:
        """`capabilities` are `Capabilities`, the same each time it is opened; the suite's flags are not set by hand."""
        backend = self.fresh()
        equal(Capabilities, type(backend.capabilities), "type of capabilities")
        equal(backend.capabilities, self.fresh().capabilities, "capabilities of another store")
        for name in ("durable", "processes", "backup", "tamper_evident", "walled"):
            equal(getattr(backend.capabilities, name), getattr(self, name), name)
        equal(self.writable, not backend.capabilities.read_only, "writable")
        equal(
            self.writable, type(self).publish is StoreBase.publish, "a read-only store is filled by `publish`, no other"
        )

    def test_warnings_are_sentences(self) -> None:
        """`warnings` are texts for an operator, or none."""
        found = self.fresh().warnings()
        equal([], [w for w in found if not str(w).strip()], "warnings without words")

    # -- opening and closing ---------------------------------------------------------------------------

    @needs("durable", "writable")
    def test_it_is_all_there_when_opened_again(self) -> None:
        """A store that was closed has every tenant's records, log, keys and consumers when it is opened; numbers go on."""
        backend, ledgers = self.fresh(), {"main": Ledger(), "北京": Ledger()}
        for round_ in range(3):
            for n, (tenant, ledger) in enumerate(ledgers.items()):
                store = backend.scoped(tenant)
                append_to_both(store, ledger, writes_of(50 + 10 * round_ + n, 15))
                place = ledger.consumers.get("feed", (0, None))[0]
                store.advance("feed", place + 3, bytes([round_]), expected=place)
                ledger.advance("feed", place + 3, bytes([round_]), expected=place)
            backend = self.again(backend)
            for tenant, ledger in ledgers.items():
                same_store(backend.scoped(tenant), ledger)
        holds(backend.verify().sound, "sound")

    @needs("durable", "writable")
    def test_a_transaction_that_was_open_is_gone(self) -> None:
        """K1: what was not committed when the store was closed is not there when it is opened."""
        backend, ledger = self.fresh(), Ledger()
        append_to_both(backend.scoped(), ledger, [deal(name="a")])
        try:
            with backend.scoped().transaction() as transaction:
                transaction.append([deal(name="b"), *deals(20, first=2)])
                backend.close()
                raise ZeroDivisionError
        except (ZeroDivisionError, StoreError):
            pass
        same_store(self.again(backend).scoped(), ledger)

    @needs("durable", "writable")
    def test_two_handles_are_one_store(self) -> None:
        """What one handle has committed the other reads at once; both may write; versions are checked across them."""
        one = self.fresh()
        other = self.beside(one)
        ledger = Ledger()
        for n, backend in enumerate((one, other, one, other)):
            append_to_both(backend.scoped(), ledger, [deal(name=f"a{n}", expected=n), deal(f"d{n + 2}", key=f"k{n}")])
            same_store((other if backend is one else one).scoped(), ledger)
        with refused(VersionConflict, what="a version that the other handle has raised"):
            one.scoped().append([deal(name="b", expected=3)])
        equal(1, append_to_both(one.scoped(), ledger, [deal("d5", key="k3")]).repeated, "a key of the other handle")

    def test_a_store_that_is_closed(self) -> None:
        """Everything asked of a closed store is a StoreError, of handles taken before, too; closing twice is nothing."""
        backend = self.fresh({"main": deals(3)})
        store = backend.scoped()
        backend.close()
        backend.close()
        asks: dict[str, Callable[[], Any]] = {
            "scoped": backend.scoped,
            "verify": backend.verify,
            "get": lambda: store.get("opportunity", "d1"),
            "scan": lambda: list(store.scan("opportunity")),
            "entries": lambda: list(store.entries()),
            "tables": store.tables,
            "last": store.last,
            "consumer": lambda: store.consumer("feed"),
            "dataset": store.dataset,
            "stats": store.stats,
            "append": lambda: store.append([deal()]),
            "advance": lambda: store.advance("feed", 1, None, expected=0),
            "transaction": lambda: store.transaction().__enter__(),
        }
        for name, ask in asks.items():
            with refused(StoreError, what=f"{name} of a closed store"):
                ask()

    def test_a_read_only_store_takes_nothing(self) -> None:
        """A store that is read-only refuses each way of writing with a StoreError; one that is not takes it."""
        store = self.filled(deals(3))
        before = lines(store)
        for what, write in (
            ("append", lambda: store.append([deal("new", name="a")])),
            ("advance", lambda: store.advance("feed", 2, b"a", expected=0)),
        ):
            if self.writable:
                write()
            else:
                with refused(StoreError, what=what):
                    write()
        equal(len(before) + (1 if self.writable else 0), store.last(), "entries")

    @needs("processes", "durable", "writable")
    def test_processes_write_at_once(self) -> None:
        """K1 to K3: three processes that add to one log and raise one sum lose nothing, and numbers have no gap."""
        if not hasattr(os, "fork") or sys.platform == "darwin":
            import pytest

            pytest.skip("processes are made by fork here")
        backend = self.fresh({"main": [deal("sum", table="x_counter", n=0)]})
        folder = self.folder_of(backend)
        backend.close()
        children = [_child(partial(_process, self.reopen, folder, n)) for n in range(3)]
        for pid in children:
            equal(0, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), "exit of a process")
        again = self.kept(self.reopen(folder), folder)
        store = again.scoped()
        record = store.get("x_counter", "sum")
        assert record is not None
        equal({"n": 30}, dict(record.values), "the sum")
        equal(list(range(1, 62)), [line.number for line in lines(store)], "numbers")
        holds(again.verify().sound, "sound")

    # -- verify and backup -----------------------------------------------------------------------------

    def test_a_sound_store_is_said_to_be_sound(self) -> None:
        """K12: `verify` counts the entries and records of all tenants, finds no fault, and reports how far it is."""
        content = {"main": writes_of(61, 40), "b": writes_of(62, 25), "c": []}
        backend = self.fresh(content)
        ledgers = {tenant: Ledger() for tenant in content}
        for tenant, ledger in ledgers.items():
            ledger.append(content[tenant])
        entries = sum(len(ledger.lines) for ledger in ledgers.values())
        records = sum(len(ledger.records(t)) for ledger in ledgers.values() for t in ledger.tables())
        told: list[int] = []
        found = backend.verify(told.append)
        equal((), tuple(found.faults), "faults")
        equal((True, entries, records), (found.sound, found.entries, found.records), "verification")
        equal((sorted(told), entries), (told, told[-1] if told else None), "progress, which ends at all entries")
        equal((0, 0, True), ((empty := self.fresh().verify()).entries, empty.records, empty.sound), "an empty store")

    def test_what_was_altered_is_found(self) -> None:
        """K12: after each of the author's `tampers` the store is not sound any more, now or when it is opened again."""
        if not self.tampers:
            import pytest

            pytest.skip("tampers = {}: the suite is not told how to alter this store behind its back")
        for what, tamper in self.tampers.items():
            backend = self.fresh({"main": writes_of(71, 40), "b": writes_of(72, 10)})
            tamper(backend, self.folder_of(backend))
            holds(self._unsound(backend), f"{what}: the fault is found")

    def _unsound(self, backend: Backend) -> bool:
        try:
            if not backend.verify().sound:
                return True
            return self.durable and not self.again(backend).verify().sound
        except StoreError:
            return True

    @needs("tamper_evident")
    def test_a_chained_store_says_how_to_test_it(self) -> None:
        """K12: a store that is tamper-evident gives `tampers`, so that the suite can test it."""
        holds(bool(self.tampers), "tampers are given")

    @needs("backup", "writable")
    def test_a_backup_opens_and_is_equal(self) -> None:
        """A copy has every tenant's records, log, keys and consumers as they were, is sound, and goes its own way."""
        backend, ledger = self.fresh({"b": writes_of(82, 10)}), Ledger()
        store = backend.scoped()
        append_to_both(store, ledger, writes_of(81, 40))
        store.advance("feed", 3, b"three", expected=0)
        ledger.advance("feed", 3, b"three", expected=0)
        target = self.folder() / "copy.store"
        backend.backup(target)
        append_to_both(store, before := ledger.copy(), [deal("later", name="not in the copy")])
        copy = self.kept(self.restore(target), target)
        same_store(copy.scoped(), ledger)
        same_store(store, before)
        holds(copy.verify().sound, "sound")
        equal(values_of(backend.scoped("b").dataset()), values_of(copy.scoped("b").dataset()), "another tenant")
        append_to_both(copy.scoped(), ledger, [deal("own", name="not in the first")])
        same_store(store, before)

    @needs("backup")
    def test_a_backup_overwrites_nothing(self) -> None:
        """A target that exists is a StoreError, and stays as it is; its path may be text."""
        backend = self.fresh({"main": deals(3)})
        taken = self.folder() / "taken"
        taken.write_bytes(b"mine")
        for target in (taken, str(taken)):
            with refused(StoreError, what=f"a backup to {type(target).__name__} that exists"):
                backend.backup(target)
        equal(b"mine", taken.read_bytes(), "the file that was there")

    def test_without_backups_it_says_so(self) -> None:
        """A store without backups of its own refuses with a StoreError that says what to use."""
        if self.backup:
            return
        with refused(StoreError, what="a backup"):
            self.fresh().backup(self.folder() / "copy")


def _child(work: Callable[[], None]) -> int:
    """Run work in a process of its own; 0 is its exit when it succeeds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads that a library has; the child runs none
        pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - a child never returns to the test
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)


def _process(opened: Callable[[Path], Backend], folder: Path, number: int) -> None:
    """Make ten records, and raise the sum ten times."""
    backend = opened(folder)
    store = backend.scoped()
    for n in range(10):
        store.append([deal(f"p{number}-{n}", name="a")])
        for _ in attempts("a write over the version that was just read"):
            record = store.get("x_counter", "sum")
            assert record is not None
            try:
                store.append([
                    deal("sum", table="x_counter", n=record.values["n"] + 1, expected=record.version)
                ])  # fmt: skip
                break
            except VersionConflict:
                continue
    backend.close()
