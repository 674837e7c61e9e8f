"""StoreSuite catches stores that break a sentence of the contract: by a check that cites it, or by a history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore.errors import ArgumentError, ConsumerConflict, CrmCoreError, StoreError, VersionConflict
from crmcore.stores import memory
from crmcore.stores.contract import Appended, Batch, Consumer, Verification
from crmcore.stores.fold import Held
from crmcore.stores.memory import MemoryBackend, MemoryStore
from crmcore.testing import StoreSuite
from crmcore.testing.stores.machine import LEAST, run
from crmcore.testing.suite import sentence

TRANSACTION = memory._Transaction
RULES = tuple(f"K{n}" for n in range(1, 15))


class OfMemory(StoreSuite):
    """The suite of the store that is broken here in many ways."""

    tampers = {  # noqa: RUF012
        "an entry is gone": lambda store, _: store.log("main").entries.pop(3),
        "a record was altered": lambda store, _: store.log("main").held.update(
            {("opportunity", "d0"): Held(1, {"name": "x"}, (0, 0, 0))}
        ),
    }

    def open(self, folder: Path) -> MemoryBackend:
        return MemoryBackend()


# -- how a store is broken -------------------------------------------------------------------------------

Patch = pytest.MonkeyPatch
MUTANTS: dict[str, tuple[str, Callable[[Patch], None]]] = {}


def breaks(rule: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Note a way of breaking a rule; its docstring says what the store does wrong."""

    def note(patch: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTANTS[f"{rule} {patch.__doc__}"] = (rule, patch)
        return patch

    return note


def admitting(patch: Patch, wrong: Callable[..., Any]) -> None:
    """Put a wrong function in the place of `admit`; it gets the right one first."""
    right = memory.admit
    patch.setattr(memory, "admit", lambda *given: wrong(right, *given))


@breaks("K1")
def _(patch: Patch) -> None:
    """keeps the writes before one that is refused"""

    def append(self: MemoryStore, writes: Any) -> Appended:
        versions, applied, repeated = [], 0, 0
        for write in writes:
            with self.transaction() as transaction:
                one = transaction.append([write])
            versions += one.versions
            applied, repeated = applied + one.applied, repeated + one.repeated
        return Appended(tuple(versions), applied, repeated, len(versions) - applied - repeated, self.last())

    patch.setattr(MemoryStore, "append", append)


@breaks("K1")
def _(patch: Patch) -> None:
    """commits a transaction whose block has raised"""

    @contextmanager
    def writing(self: MemoryBackend, tenant: str) -> Iterator[Any]:
        with self._lock:
            transaction = TRANSACTION(self.log(tenant))
            try:
                yield transaction
            finally:
                transaction.done = False
                self._logs[tenant] = transaction.committed()

    patch.setattr(MemoryBackend, "writing", writing)


@breaks("K1")
def _(patch: Patch) -> None:
    """goes on after a refused write, and commits the half"""
    right = TRANSACTION.append

    def append(self: Any, writes: Any) -> Appended:
        try:
            return right(self, writes)
        except CrmCoreError:
            self.done = False
            raise

    patch.setattr(TRANSACTION, "append", append)


@breaks("K2")
def _(patch: Patch) -> None:
    """leaves out a number now and then"""
    admitting(patch, lambda right, *given: right(*given[:4], given[4] + given[4] // 5))


@breaks("K2")
def _(patch: Patch) -> None:
    """numbers the entries of all tenants in one row"""
    total = count(1)
    admitting(patch, lambda right, *given: right(*given[:4], next(total)))


@breaks("K2")
def _(patch: Patch) -> None:
    """lets two writers read the log at the same time, and loses what one of them wrote"""

    @contextmanager
    def writing(self: MemoryBackend, tenant: str) -> Iterator[Any]:
        transaction = TRANSACTION(self.log(tenant))
        try:
            yield transaction
            before = self._lost = getattr(self, "_lost", 0) + 1  # type: ignore[attr-defined]
            if before % 4:
                self._logs[tenant] = transaction.committed()
        finally:
            transaction.done = True

    patch.setattr(MemoryBackend, "writing", writing)


@breaks("K3")
def _(patch: Patch) -> None:
    """takes a write whatever version it expects"""
    admitting(patch, lambda right, write, *more: right(attrs.evolve(write, expected=None), *more))


@breaks("K3")
def _(patch: Patch) -> None:
    """takes `expected = 0` for "any" """
    admitting(patch, lambda right, write, *more: right(attrs.evolve(write, expected=write.expected or None), *more))


@breaks("K3")
def _(patch: Patch) -> None:
    """looks at `expected` only where something changes"""

    def wrong(right: Any, write: Any, *more: Any) -> Any:
        free = right(attrs.evolve(write, expected=None), *more)
        return free if free.entry is None else right(write, *more)

    admitting(patch, wrong)


@breaks("K4")
def _(patch: Patch) -> None:
    """takes a key for another where the content differs"""
    patch.setattr(memory, "check_repeated", lambda *_, **__: None)


@breaks("K4")
def _(patch: Patch) -> None:
    """does not tell the keys of sources apart"""
    right = TRANSACTION._take
    patch.setattr(TRANSACTION, "_take", lambda self, write: right(self, attrs.evolve(write, source="")))


@breaks("K4")
def _(patch: Patch) -> None:
    """compares `recorded_at` as content of a key"""
    right = memory.digest
    patch.setattr(memory, "digest", lambda write, values: right(write, values) + str(write.recorded_at).encode())


@breaks("K4")
def _(patch: Patch) -> None:
    """answers a repeated key with the version of now"""
    right = TRANSACTION._take

    def take(self: Any, write: Any) -> tuple[int, str]:
        version, what = right(self, write)
        return (self._held((write.table, write.id)).version if what == "repeated" else version), what

    patch.setattr(TRANSACTION, "_take", take)


@breaks("K4")
def _(patch: Patch) -> None:
    """keeps no key of a write that changed nothing"""
    right = memory.admit
    patch.setattr(
        memory, "admit", lambda write, *more: right(attrs.evolve(write, key=None) if more[1] else write, *more)
    )


@breaks("K5")
def _(patch: Patch) -> None:
    """keeps all that was sent, also what was so already"""

    def wrong(right: Any, write: Any, values: Any, *more: Any) -> Any:
        done = right(write, values, *more)
        return done if done.entry is None else attrs.evolve(done, entry=attrs.evolve(done.entry, values=values))

    admitting(patch, wrong)


@breaks("K5")
def _(patch: Patch) -> None:
    """leaves an entry also where nothing changes"""

    def wrong(right: Any, write: Any, *more: Any) -> Any:
        done = right(attrs.evolve(write, key=write.key or "any"), *more)
        return attrs.evolve(done, entry=attrs.evolve(done.entry, key=write.key))

    admitting(patch, wrong)


@breaks("K5")
def _(patch: Patch) -> None:
    """compares what comes late with the present"""

    def wrong(right: Any, write: Any, values: Any, held: Any, history: Any, number: int) -> Any:
        if held is not None and all(held.values.get(n) == v for n, v in values.items()) and write.key is None:
            return right(attrs.evolve(write, values={}), {}, held, history, number)
        return right(write, values, held, history, number)

    admitting(patch, wrong)


@breaks("K5")
def _(patch: Patch) -> None:
    """takes 1 and True for the same"""
    import crmcore.stores.admit as home

    patch.setattr(home, "same", lambda one, other: bool(one == other))


@breaks("K6")
def _(patch: Patch) -> None:
    """lets the last that was written stand, whenever it was true"""

    def wrong(right: Any, write: Any, values: Any, held: Any, history: Any, number: int) -> Any:
        done = right(write, values, held, history, number)
        if done.entry is None:
            return done
        state = dict(held.values if held else {}) | dict(done.entry.values)
        return attrs.evolve(
            done, held=attrs.evolve(done.held, values={n: v for n, v in state.items() if v is not None})
        )

    admitting(patch, wrong)


@breaks("K6")
def _(patch: Patch) -> None:
    """does not look at the sequence"""
    import crmcore.stores.admit as home

    right = home.order_of
    patch.setattr(home, "order_of", lambda at, _: right(at, 0))


@breaks("K6")
def _(patch: Patch) -> None:
    """drops what comes late"""

    def wrong(right: Any, write: Any, values: Any, held: Any, history: Any, number: int) -> Any:
        done = right(write, values, held, history, number)
        if held is not None and done.entry is not None and done.held.newest == held.newest:
            return attrs.evolve(done, held=attrs.evolve(done.held, values=held.values))
        return done

    admitting(patch, wrong)


@breaks("K7")
def _(patch: Patch) -> None:
    """leaves out what was true at the very instant"""
    right = memory.fold

    def fold(entries: Any, *, at: Any = None, known: Any = None) -> Any:
        return right(entries, at=at and attrs.evolve(at, instant=at.instant - 1), known=known)

    patch.setattr(memory, "fold", fold)


@breaks("K7")
def _(patch: Patch) -> None:
    """leaves out what was recorded at the very instant"""
    right = memory.fold

    def fold(entries: Any, *, at: Any = None, known: Any = None) -> Any:
        return right(entries, at=at, known=known and known - timedelta(microseconds=1))

    patch.setattr(memory, "fold", fold)


@breaks("K7")
def _(patch: Patch) -> None:
    """looks at `at` or `known`, never at both"""
    right = memory.fold

    def fold(entries: Any, *, at: Any = None, known: Any = None) -> Any:
        return right(entries, at=at, known=None if at else known)

    patch.setattr(memory, "fold", fold)


@breaks("K7")
def _(patch: Patch) -> None:
    """shows the version of now in the past"""
    right = MemoryStore.scan

    def scan(self: MemoryStore, table: str, *given: Any, **asked: Any) -> Iterator[Batch]:
        for batch in right(self, table, *given, **asked):
            now = [self._log.held[table, i].version for i in batch.columns[0]]
            yield Batch(batch.names, (batch.columns[0], now, *batch.columns[2:]))

    patch.setattr(MemoryStore, "scan", scan)


@breaks("K8")
def _(patch: Patch) -> None:
    """lets a consumer advance over a cursor that it has not read"""
    right = memory.check_advance

    def check(found: Consumer, cursor: int, expected: int, last: int) -> None:
        with suppress(ConsumerConflict):
            right(found, cursor, expected, last)

    patch.setattr(memory, "check_advance", check)


@breaks("K8")
def _(patch: Patch) -> None:
    """lets a cursor go back, or beyond the log"""
    right = memory.check_advance

    def check(*given: Any) -> None:
        with suppress(ArgumentError):
            right(*given)

    patch.setattr(memory, "check_advance", check)


@breaks("K8")
def _(patch: Patch) -> None:
    """keeps the cursor of a transaction that came to nothing"""
    right = TRANSACTION.advance

    def advance(self: Any, name: str, cursor: int, state: Any, *, expected: int) -> None:
        right(self, name, cursor, state, expected=expected)
        self._log.consumers[name] = Consumer(name, cursor, state)

    patch.setattr(TRANSACTION, "advance", advance)


@breaks("K8")
def _(patch: Patch) -> None:
    """takes an empty state for none"""
    right = TRANSACTION.advance
    patch.setattr(
        TRANSACTION,
        "advance",
        lambda self, name, cursor, state, *, expected: right(self, name, cursor, state or None, expected=expected),
    )


@breaks("K9")
def _(patch: Patch) -> None:
    """gives the entry of the number again"""
    right = MemoryStore.entries
    patch.setattr(
        MemoryStore, "entries", lambda self, after=0, *, limit=None: right(self, max(0, after - 1), limit=limit)
    )


@breaks("K9")
def _(patch: Patch) -> None:
    """loses the last entry of a batch"""
    right = MemoryStore.entries
    patch.setattr(
        MemoryStore,
        "entries",
        lambda self, after=0, *, limit=None: right(self, after, limit=limit and max(1, limit - 1)),
    )


@breaks("K9")
def _(patch: Patch) -> None:
    """gives the log in order of valid time"""
    right = MemoryStore.entries
    patch.setattr(
        MemoryStore,
        "entries",
        lambda self, after=0, *, limit=None: iter(sorted(right(self, after, limit=limit), key=lambda e: str(e.at))),
    )


@breaks("K10")
def _(patch: Patch) -> None:
    """does not tell tenants apart whose names differ in case"""
    right = MemoryBackend.scoped

    def scoped(self: MemoryBackend, tenant: str = "main") -> MemoryStore:
        found = right(self, tenant)
        found.tenant = tenant.lower()
        return found

    patch.setattr(MemoryBackend, "scoped", scoped)


@breaks("K10")
def _(patch: Patch) -> None:
    """shares keys between tenants"""
    right = MemoryBackend.log
    shared: dict[Any, Any] = {}

    def log(self: MemoryBackend, tenant: str) -> Any:
        found = right(self, tenant)
        shared.setdefault(id(self), {}).update(found.keys)
        return attrs.evolve(found, keys=shared[id(self)])

    patch.setattr(MemoryBackend, "log", log)


@breaks("K10")
def _(patch: Patch) -> None:
    """says in an error how much the neighbours have"""
    right = MemoryBackend.writing

    @contextmanager
    def writing(self: MemoryBackend, tenant: str) -> Iterator[Any]:
        try:
            with right(self, tenant) as transaction:
                yield transaction
        except VersionConflict as error:
            entries = sum(len(log.entries) for log in self._logs.values())
            raise VersionConflict(f"{error} ({entries} entries)", table="", id="", expected=0, version=0) from error

    patch.setattr(MemoryBackend, "writing", writing)


def storing(patch: Patch, change: Callable[[Any], Any]) -> None:
    """Store something else in the place of a value."""
    right = memory.check_write

    def check(write: Any) -> dict[str, Any]:
        return {name: change(value) for name, value in right(write).items()}

    patch.setattr(memory, "check_write", check)


@breaks("K11")
def _(patch: Patch) -> None:
    """keeps exact numbers as floats"""
    storing(patch, lambda value: float(value) if isinstance(value, Decimal) else value)


@breaks("K11")
def _(patch: Patch) -> None:
    """keeps instants to the millisecond"""
    storing(
        patch,
        lambda value: (
            value.replace(microsecond=value.microsecond // 1000 * 1000) if isinstance(value, datetime) else value
        ),
    )


@breaks("K11")
def _(patch: Patch) -> None:
    """cuts off the blanks around text"""
    storing(patch, lambda value: value.strip() if isinstance(value, str) else value)


@breaks("K11")
def _(patch: Patch) -> None:
    """keeps flags as numbers"""
    storing(patch, lambda value: int(value) if isinstance(value, bool) else value)


@breaks("K11")
def _(patch: Patch) -> None:
    """takes 1 and "1" for one id"""
    right = TRANSACTION._take
    patch.setattr(TRANSACTION, "_take", lambda self, write: right(self, attrs.evolve(write, id=str(write.id))))


@breaks("K11")
def _(patch: Patch) -> None:
    """leaves fields blank that have a default"""
    right = MemoryStore.scan

    def scan(self: MemoryStore, *given: Any, **asked: Any) -> Iterator[Batch]:
        for batch in right(self, *given, **asked):
            columns = [[v if v is not False and v != 0 else None for v in c] for c in batch.columns[2:]]
            yield Batch(batch.names, (*batch.columns[:2], *columns))

    patch.setattr(MemoryStore, "scan", scan)


@breaks("K12")
def _(patch: Patch) -> None:
    """calls everything sound"""
    right = MemoryBackend.verify

    def verify(self: MemoryBackend, progress: Any = None) -> Verification:
        return attrs.evolve(right(self, progress), faults=())

    patch.setattr(MemoryBackend, "verify", verify)


@breaks("K12")
def _(patch: Patch) -> None:
    """does not look at the records"""
    right = MemoryBackend.verify

    def verify(self: MemoryBackend, progress: Any = None) -> Verification:
        found = right(self, progress)
        return attrs.evolve(found, faults=tuple(f for f in found.faults if "gap" in f))

    patch.setattr(MemoryBackend, "verify", verify)


@breaks("K13")
def _(patch: Patch) -> None:
    """takes any value"""
    right = memory.check_write

    def check(write: Any) -> dict[str, Any]:
        try:
            return right(write)
        except CrmCoreError:
            return dict(write.values)

    patch.setattr(memory, "check_write", check)


@breaks("K13")
def _(patch: Patch) -> None:
    """takes a naive datetime for UTC"""
    right = memory.check_write

    def aware(value: Any) -> Any:
        return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value

    def check(write: Any) -> dict[str, Any]:
        with suppress(AttributeError):
            write = attrs.evolve(write, values={n: aware(v) for n, v in write.values.items()})
        return right(write)

    patch.setattr(memory, "check_write", check)


@breaks("K14")
def _(patch: Patch) -> None:
    """gives a table in one batch, however large"""
    right = MemoryStore.scan
    patch.setattr(MemoryStore, "scan", lambda self, *given, **asked: right(self, *given, **{**asked, "size": 1000}))


@breaks("K14")
def _(patch: Patch) -> None:
    """gives records by id"""
    right = memory.batches
    patch.setattr(
        memory, "batches", lambda table, records, *more: right(table, sorted(records, key=lambda r: str(r.id)), *more)
    )


# -- what the suite finds --------------------------------------------------------------------------------

SLOW = ("test_any_history", "test_ten_thousand_writes_are_one_commit", "test_the_past_is_the_replay_of_the_log")
CHECKS = {name: sentence(getattr(OfMemory, name)) for name in OfMemory.checks() if name not in SLOW}


def rules_of(claim: str) -> set[str]:
    """Return the rules that a check cites, `K1 to K3` being three."""
    cited = claim.partition(":")[0]
    found = {
        f"K{n}" for first, last in re.findall(r"K(\d+) to K(\d+)", cited) for n in range(int(first), int(last) + 1)
    }
    return found | set(re.findall(r"K\d+", cited))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_check_of_the_rule_fails(mutant: str, monkeypatch: pytest.MonkeyPatch, judge: Any) -> None:
    """A store with one fault fails a check that cites the rule, and the failure says which rule that is."""
    rule, patch = MUTANTS[mutant]
    patch(monkeypatch)
    found = next(judge(OfMemory, [name for name, claim in CHECKS.items() if rule in rules_of(claim)]), None)

    assert found, f"{mutant}: no check of {rule} has noticed"
    assert isinstance(found[1], AssertionError | StoreError), (
        f"{mutant}: the store is not wrong, it raises {found[1]!r}"
    )
    assert re.search(rf"OfMemory\.{found[0]}: .*\bK\d", "\n".join(found[1].__notes__))


def test_each_rule_is_broken_and_checked() -> None:
    """Of each sentence of the contract there is a broken store and more than one check."""
    assert {rule for rule, _ in MUTANTS.values()} == set(RULES)
    for rule in RULES:
        assert sum(rule in rules_of(claim) for claim in CHECKS.values()) > 1, rule


HISTORIES = (
    "K1 keeps the writes before one that is refused",
    "K3 takes a write whatever version it expects",
    "K4 answers a repeated key with the version of now",
    "K5 keeps all that was sent, also what was so already",
    "K6 drops what comes late",
    "K7 leaves out what was recorded at the very instant",
    "K8 keeps the cursor of a transaction that came to nothing",
    "K9 loses the last entry of a batch",
    "K11 leaves fields blank that have a default",
)


@pytest.mark.parametrize("mutant", HISTORIES)
def test_a_history_shows_it(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The histories that Hypothesis makes up find most of the faults without any other check."""
    MUTANTS[mutant][1](monkeypatch)
    suite = OfMemory()
    suite.setup_method()

    with pytest.raises(AssertionError):
        run(suite, 20, once=True)


def test_the_histories_of_a_good_store_do_enough() -> None:
    """A run that finds nothing has written, corrected, repeated, come to nothing, followed and looked back often enough."""
    suite = OfMemory()
    suite.setup_method()
    done = run(suite, 4, once=True)

    assert all(done[what] >= 4 * each for what, each in LEAST.items()), done
