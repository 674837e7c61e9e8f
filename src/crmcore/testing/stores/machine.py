"""A machine that writes any history into a store and compares it, after each step, with the ledger and the store in memory.

It counts what it has really done: a machine whose writes are mostly refused finds nothing.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import attrs

from ...domain import Money
from ...errors import ArgumentError, ConsumerConflict, CrmCoreError, KeyConflict, MissingLibraryError, VersionConflict
from ...stores.contract import Backend, Transaction
from ...stores.entry import Write
from ...stores.memory import MemoryBackend
from .compare import equal, line_of, refused, same_past, same_store, scanned, values_of
from .ledger import Answer, Ledger, Line, cut_at
from .samples import hour
from .suite import StoreBase

try:
    from hypothesis import HealthCheck, Phase, settings
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
except ImportError:
    raise MissingLibraryError(
        "the histories of StoreSuite need hypothesis; install the extra `testing`: pip install 'crmcore[testing]'",
        name="hypothesis",
    ) from None

__all__ = ["LEAST", "run"]

TENANTS = ("main", "main", "main", "北京")
LEAST = {
    "accepted": 10.0,
    "late": 0.4,
    "repeated": 0.6,
    "conflicts": 1.0,
    "aborted": 0.6,
    "advanced": 1.0,
    "looked": 1.5,
}
"""What a run has to have done, per history and on average; `reopened` as well where the store is durable."""

_WHO = st.sampled_from(
    (
        ("opportunity", "d1"),
        ("opportunity", "d2"),
        ("opportunity", 1),
        ("opportunity", "1"),
        ("lead", "l1"),
        ("x_visit", 0),
    )
)
_VALUES: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "opportunity": {
        "outcome": ("open", "won", None),
        "amount": (Money("1.50", "USD"), Money("1.5", "USD"), Money(2, "EUR"), None),
        "reopened": (0, 1, None),
    },
    "lead": {"source": ("web", "推荐", None), "converted": (True, False, None)},
    "x_visit": {"city": ("北京", "Zürich", None)},
}
_OWN: Mapping[str, tuple[Any, ...]] = {"x_grade": ("A", 1, True, None), "owner": ("Anna", 1, "1", None)}

_BEFORE = st.sampled_from((0, 0, 1, -1, 3_600_000_000))
"""Microseconds before an entry from which it is looked at."""


@st.composite
def _fields(draw: st.DrawFn, table: str) -> dict[str, Any]:
    columns = {**_VALUES[table], **_OWN}
    names = draw(st.lists(st.sampled_from(sorted(columns)), max_size=3, unique=True))
    return {name: draw(st.sampled_from(columns[name])) for name in names}


class _Stop(Exception):
    """Raised in a transaction on purpose."""


class _Machine(RuleBasedStateMachine):
    """One history of a store with two tenants."""

    suite: StoreBase
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.fresh = self.copies = self.closed = 0
        self.backend = self.suite.fresh()
        self.twin = None if isinstance(self.backend, MemoryBackend) else MemoryBackend()
        self.ledgers = {tenant: Ledger() for tenant in TENANTS}
        self.sent: dict[str, list[Write]] = {tenant: [] for tenant in TENANTS}
        self.measured = dict.fromkeys(TENANTS, 0)
        self.read: dict[str, list[Line]] = {tenant: [] for tenant in TENANTS}

    # -- what the steps are made of --------------------------------------------------------------------

    def _write(
        self, who: tuple[str, Any], values: dict[str, Any], *, back: int = 0, day: bool = False, **more: Any
    ) -> Write:
        instant = hour(self.now - back)
        return Write(who[0], who[1], values, instant.date() if day else instant, hour(self.now), **more)

    def _new(self) -> int:
        self.fresh += 1
        return self.fresh

    def _each(self, tenant: str, do: Callable[[Any], Any]) -> list[Any]:
        """Return what the ledger says, then the store, then the store in memory; errors as their kinds."""
        stores: list[Any] = [self.backend.scoped(tenant), *([self.twin.scoped(tenant)] if self.twin else [])]
        said: list[Any] = []
        for one in (self.ledgers[tenant], *stores):
            try:
                said.append(do(one))
            except CrmCoreError as error:
                said.append(type(error))
        for found in said[1:]:
            equal(said[0], found, "what is answered")
        return said

    def _append(self, tenant: str, *writes: Write) -> Any:
        late = sum(self.ledgers[tenant].is_late(write) for write in writes)
        said = self._each(tenant, lambda one: _answer(one.append(list(writes))))[0]
        if isinstance(said, Answer):
            self.done["accepted"] += said.applied
            self.done["repeated"] += said.repeated
            self.done["unchanged"] += said.unchanged
            self.done["late"] += late if said.applied == len(writes) else 0
            self.sent[tenant] += [write for write in writes if write.key is not None]
        else:
            self.done["conflicts"] += 1
        return said

    # -- steps -----------------------------------------------------------------------------------------

    @rule(tenant=st.sampled_from(TENANTS), who=_WHO, data=st.data(), hours=st.integers(0, 30))
    def put(self, tenant: str, who: tuple[str, Any], data: st.DataObject, hours: int) -> None:
        """Write something that is new for sure, now."""
        self.now += hours
        values = {**data.draw(_fields(who[0])), "x_n": self._new()}
        self._append(tenant, self._write(who, values, actor=data.draw(st.sampled_from((None, "Anna", 7)))))

    @rule(tenant=st.sampled_from(TENANTS), who=_WHO, data=st.data(), sequence=st.integers(0, 2))
    def change(self, tenant: str, who: tuple[str, Any], data: st.DataObject, sequence: int) -> None:
        """Write what may be there already, at the instant of the last write."""
        self._append(tenant, self._write(who, data.draw(_fields(who[0])), sequence=sequence))

    @rule(
        tenant=st.sampled_from(TENANTS),
        who=_WHO,
        data=st.data(),
        back=st.integers(1, 60),
        day=st.booleans(),
        new=st.booleans(),
    )
    def late(self, tenant: str, who: tuple[str, Any], data: st.DataObject, back: int, day: bool, new: bool) -> None:
        """Learn something of the past."""
        values = data.draw(_fields(who[0])) | ({"x_n": self._new()} if new else {})
        self._append(tenant, self._write(who, values, back=back, day=day))

    @rule(tenant=st.sampled_from(TENANTS), who=_WHO, data=st.data(), source=st.sampled_from(("", "shop")))
    def keyed(self, tenant: str, who: tuple[str, Any], data: st.DataObject, source: str) -> None:
        """Write with a key of its own, which may change nothing."""
        self._append(tenant, self._write(who, data.draw(_fields(who[0])), key=f"k{self._new()}", source=source))

    @precondition(lambda self: any(self.sent.values()))
    @rule(data=st.data(), beside=st.booleans())
    def send_again(self, data: st.DataObject, beside: bool) -> None:
        """Send a write again, later and by somebody else, alone or with another one."""
        tenant = data.draw(st.sampled_from([t for t, sent in self.sent.items() if sent]))
        write = data.draw(st.sampled_from(self.sent[tenant]))
        again = attrs.evolve(write, recorded_at=hour(self.now + 1), actor="Ben", expected=99)
        more = [self._write(("opportunity", "d1"), {"x_n": self._new()})] if beside else []
        self._append(tenant, *more, again)

    @precondition(lambda self: any(self.sent.values()))
    @rule(data=st.data())
    def use_a_key_for_something_else(self, data: st.DataObject) -> None:
        """Send other content under a key that was used, after a good write."""
        tenant = data.draw(st.sampled_from([t for t, sent in self.sent.items() if sent]))
        write = data.draw(st.sampled_from(self.sent[tenant]))
        other = attrs.evolve(write, values={**write.values, "x_n": self._new()})
        said = self._append(tenant, self._write(("lead", "l1"), {"x_n": self._new()}), other)
        equal(KeyConflict, said, "another content")

    @rule(tenant=st.sampled_from(TENANTS), who=_WHO, off=st.sampled_from((-1, 0, 0, 1, 2)), data=st.data())
    def expect(self, tenant: str, who: tuple[str, Any], off: int, data: st.DataObject) -> None:
        """Expect a version, the right one or another."""
        records = self.ledgers[tenant].records(who[0])
        version = records[who[1]][0] if who[1] in records else 0
        write = self._write(who, {**data.draw(_fields(who[0])), "x_n": self._new()}, expected=max(0, version + off))
        self._append(tenant, self._write(("lead", "l2"), {"x_n": self._new()}), write)

    @rule(
        tenant=st.sampled_from(TENANTS), who=_WHO, ends=st.sampled_from(("commit", "abort", "conflict")), data=st.data()
    )
    def transact(self, tenant: str, who: tuple[str, Any], ends: str, data: st.DataObject) -> None:
        """Write twice and advance a consumer in one transaction, which may come to nothing."""
        writes = [
            self._write(who, {**data.draw(_fields(who[0])), "x_n": self._new()}, key=f"k{self._new()}") for _ in "ab"
        ]
        tried = self.ledgers[tenant].copy()
        place = tried.consumers.get("feed", (0, None))[0]
        said = [tried.append([write]) for write in writes]
        tried.advance("feed", len(tried.lines), ends.encode(), expected=place)
        for backend in self._backends():
            try:
                with backend.scoped(tenant).transaction() as transaction:
                    _transact(transaction, writes, said, place, ends)
            except (_Stop, VersionConflict):
                equal(False, ends == "commit", "a transaction that was to commit came to nothing")
        if ends == "commit":
            self.ledgers[tenant] = tried
            self.sent[tenant] += writes
            self.done["accepted"] += 2
        else:
            self.done["aborted"] += 1

    @rule(tenant=st.sampled_from(TENANTS), most=st.integers(1, 9))
    def follow(self, tenant: str, most: int) -> None:
        """Read on where a consumer is, and let it advance; from a stale place it must not."""
        ledger = self.ledgers[tenant]
        for n, backend in enumerate(self._backends()):
            store = backend.scoped(tenant)
            consumer = store.consumer("follower")
            equal(len(self.read[tenant]), consumer.cursor, "the place of the follower")
            found = [line_of(entry) for entry in store.entries(consumer.cursor, limit=most)]
            equal(ledger.lines[consumer.cursor : consumer.cursor + most], found, "what follows")
            place = consumer.cursor + len(found)
            with refused(ConsumerConflict, what="a place that was never read"):
                store.advance("follower", place, b"no", expected=consumer.cursor + 1)
            with refused(ArgumentError, what="a place beyond the log"):
                store.advance("follower", store.last() + 1, b"no", expected=consumer.cursor)
            store.advance("follower", place, str(place).encode(), expected=consumer.cursor)
            if n == len(self._backends()) - 1:
                self.read[tenant] += found
                ledger.advance("follower", place, str(place).encode(), expected=consumer.cursor)
                self.done["advanced"] += bool(found)

    @precondition(lambda self: any(ledger.lines for ledger in self.ledgers.values()))
    @rule(data=st.data(), at=st.none() | _BEFORE, known=st.none() | _BEFORE)
    def look_back(self, data: st.DataObject, at: int | None, known: int | None) -> None:
        """Look at the past of every table: at the very instant of an entry, or a little before or after."""
        tenant = data.draw(st.sampled_from([t for t, ledger in self.ledgers.items() if ledger.lines]))
        ledger = self.ledgers[tenant]
        line = data.draw(st.sampled_from(ledger.lines[-12:]))
        day = line.at if isinstance(line.at, datetime) else datetime.combine(line.at, time(), UTC)
        cut = None if at is None else cut_at(day - timedelta(microseconds=at))
        when = None if known is None else line.recorded_at - timedelta(microseconds=known)
        for table in ledger.tables():
            for backend in self._backends():
                same_past(backend.scoped(tenant), ledger, table, at=cut, known=when)
            self.done["looked"] += 1

    @precondition(lambda self: self.suite.durable and self.fresh > self.closed)
    @rule()
    def reopen(self) -> None:
        """Close the store and open it again."""
        self.closed = self.fresh
        self.backend = self.suite.again(self.backend)
        self.done["reopened"] += 1

    @precondition(lambda self: self.suite.backup and self.copies < 2 and self.fresh > 5)
    @rule()
    def back_up(self) -> None:
        """Open a copy beside the store."""
        self.copies += 1
        target = self.suite.folder() / "copy"
        self.backend.backup(target)
        copy = self.suite.kept(self.suite.restore(target), target)
        for tenant, ledger in self.ledgers.items():
            same_store(copy.scoped(tenant), ledger)
        copy.close()
        self.done["backups"] += 1

    # -- after each step -------------------------------------------------------------------------------

    def _backends(self) -> list[Backend]:
        return [self.backend, *([self.twin] if self.twin else [])]

    @invariant()
    def everything_is_as_the_ledger_says(self) -> None:
        """Log, records, scans, consumers and numbers of both tenants; the dataset is that of a scan."""
        for tenant, ledger in self.ledgers.items():
            store = self.backend.scoped(tenant)
            same_store(store, ledger)
            if len(ledger.lines) % 5 == 0 and self.measured[tenant] < len(ledger.lines):
                self.measured[tenant] = len(ledger.lines)
                equal(values_of(scanned(store)), values_of(store.dataset()), "dataset")

    def teardown(self) -> None:
        """Verify, compare with the store in memory, and close."""
        try:
            if sys.exc_info()[0] is None:  # what has failed already is not to be hidden by what follows from it
                self._end()
        finally:
            self.backend.close()

    def _end(self) -> None:
        for tenant, ledger in self.ledgers.items():
            if self.twin:
                same_store(self.twin.scoped(tenant), ledger)
        found = self.backend.verify()
        equal((), tuple(found.faults), "faults")
        equal(sum(len(ledger.lines) for ledger in self.ledgers.values()), found.entries, "entries verified")


def _answer(said: Any) -> Answer:
    return Answer(tuple(said.versions), said.applied, said.repeated, said.unchanged, said.last)


def _transact(transaction: Transaction, writes: Iterable[Write], said: list[Answer], place: int, ends: str) -> None:
    for write, expected in zip(writes, said, strict=True):
        equal(expected, _answer(transaction.append([write])), "an append in a transaction")
    transaction.advance("feed", said[-1].last, ends.encode(), expected=place)
    if ends == "abort":
        raise _Stop
    if ends == "conflict":
        write = next(iter(writes))
        transaction.append([attrs.evolve(write, key=None, expected=9_999)])


def run(suite: StoreBase, histories: int | None = None, *, steps: int = 50, once: bool = False) -> Counter[str]:
    """Run histories of a suite's store, and return what they have done.

    Args:
        suite: whose store; `setup_method` was called.
        histories: how many; an eighth of the examples of the Hypothesis profile by default, four at least.
        steps: of each history.
        once: the same histories each time, and a failure is shown as it is found, not made small.

    Raises:
        AssertionError: the store is wrong, or the histories have not done enough to say that it is right.
    """
    count = histories or max(4, settings().max_examples // 8)
    done: Counter[str] = Counter()
    machine = type("StoreMachine", (_Machine,), {"suite": suite, "done": done})
    least = {**LEAST, **({"reopened": 0.6} if suite.durable else {})}
    phases = (Phase.explicit, Phase.reuse, Phase.generate, *(() if once else (Phase.shrink,)))
    lacking: dict[str, int] = {}
    for more in range(4):  # longer ones, where chance had it that something was hardly done
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=count,
                stateful_step_count=steps + 10 * more,
                deadline=None,
                derandomize=once or settings().derandomize,
                database=None if once else settings().database,
                suppress_health_check=list(HealthCheck),
                phases=phases,
            ),
        )
        lacking = {what: done[what] for what, each in least.items() if done[what] < each * count * steps / 50}
        if not lacking:
            return done
    raise AssertionError(f"4 times {count} histories have not done enough to find faults: {lacking} of {dict(done)}")
