"""Checks of who sees what: transactions, consumers, tenants (K1, K8, K10)."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread

from ...errors import ArgumentError, ConsumerConflict, KeyConflict, StoreError, VersionConflict
from ...stores.contract import Store
from ..suite import needs
from .compare import WAIT, append_to_both, at_once, attempts, equal, holds, lines, refused, rows, same_store
from .ledger import Ledger
from .samples import deal, deals, hour, writes_of
from .suite import StoreBase

__all__ = ["Sharing"]


class Sharing(StoreBase):
    """K1, K8 and K10."""

    # -- transactions ----------------------------------------------------------------------------------

    @needs("writable")
    def test_a_transaction_commits_at_the_end_of_its_block(self) -> None:
        """K1: several appends and an advance in one block are one commit; a transaction sees its own writes."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal("d0", name="old")])
        with store.transaction() as transaction:
            equal(None, transaction.get("opportunity", "d1"), "before")
            equal((1,), tuple(transaction.append([deal("d1", name="a")]).versions), "versions")
            record = transaction.get("opportunity", "d1")
            assert record is not None
            equal((1, {"name": "a"}), (record.version, dict(record.values)), "its own write")
            equal(
                (2, 1), tuple(transaction.append([deal("d1", name="b", expected=1), deal("d2")]).versions), "versions"
            )
            transaction.advance("feed", 3, b"three", expected=0)
        ledger.append([deal("d1", name="a"), deal("d1", name="b"), deal("d2")])
        ledger.advance("feed", 3, b"three", expected=0)
        same_store(store, ledger)

    @needs("writable")
    def test_a_block_that_raises_leaves_nothing(self) -> None:
        """K1, K8: an exception of any kind in the block rolls back writes, keys and cursors, and comes out as it is."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal("d0", name="old")])
        for error in (ValueError("on purpose"), KeyboardInterrupt(), GeneratorExit()):
            try:
                with store.transaction() as transaction:
                    transaction.append([deal("d0", name="new", key="k"), deal("d1")])
                    transaction.advance("feed", 1, b"x", expected=0)
                    raise error
            except BaseException as found:  # noqa: BLE001 - whatever comes out is compared
                holds(found is error, f"{error!r} comes out, got {found!r}")
            same_store(store, ledger)
        append_to_both(store, ledger, [deal("d0", name="later", key="k")])
        same_store(store, ledger)

    @needs("writable")
    def test_a_transaction_after_a_refused_write_keeps_nothing(self) -> None:
        """K1: where an append in a transaction is refused, catching the error does not commit the rest: the end is a StoreError."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal("d0", name="old")])
        with refused(StoreError, what="a commit after a refused write"), store.transaction() as transaction:
            transaction.append([deal("d1", name="before")])
            with refused(VersionConflict, what="a stale version"):
                transaction.append([deal("d2", name="half"), deal("d0", name="no", expected=9)])
        same_store(store, ledger)

    @needs("writable")
    def test_a_transaction_in_a_transaction_is_refused(self) -> None:
        """K1: another transaction, or append, of the same thread is a StoreError at once, and the outer one goes on."""
        backend = self.fresh()
        store, ledger = backend.scoped(), Ledger()
        with store.transaction() as transaction:
            transaction.append([deal("d1", name="a")])
            with refused(StoreError, what="a second transaction"), store.transaction():
                pass
            with refused(StoreError, what="an append beside it"):
                store.append([deal("d9")])
            with refused(StoreError, what="an advance beside it"):
                store.advance("feed", 0, None, expected=0)
            with refused(StoreError, what="a transaction of another tenant"), backend.scoped("other").transaction():
                pass
            transaction.append([deal("d2")])
        ledger.append([deal("d1", name="a"), deal("d2")])
        same_store(store, ledger)

    @needs("writable")
    def test_a_transaction_that_is_over_takes_nothing(self) -> None:
        """K1: after its block, and after a block that raised, a transaction is a StoreError to whoever kept it."""
        store = self.filled([deal("d1")])
        kept = []
        with store.transaction() as done:
            kept.append(done)
            done.append([deal("d1", name="a")])
        with suppress(ZeroDivisionError), store.transaction() as failed:
            kept.append(failed)
            raise ZeroDivisionError
        for transaction in kept:
            with refused(StoreError, what="append"):
                transaction.append([deal("d2")])
            with refused(StoreError, what="get"):
                transaction.get("opportunity", "d1")
            with refused(StoreError, what="advance"):
                transaction.advance("feed", 1, None, expected=0)
        equal(2, store.last(), "entries")

    @needs("writable")
    def test_readers_see_all_of_a_transaction_or_none(self) -> None:
        """K1: a reader beside writers sees no record of an append of 20 without the others, in scans, datasets and the log."""
        backend = self.fresh()
        over = Event()
        wrong: list[object] = []

        def read() -> None:
            store = backend.scoped()
            while not over.is_set():
                scanned = sum(len(batch) for batch in store.scan("opportunity", ["name"], size=7))
                pair = {n for batch in store.scan("x_pair", ["n"]) for n in batch.columns[2]}
                wrong.extend(x for x in (scanned % 20, store.last() % 22, len(pair) > 1) if x)

        readers = [Thread(target=read, daemon=True) for _ in range(2)]
        for reader in readers:
            reader.start()
        store = backend.scoped()
        try:
            for n in range(10):
                with store.transaction() as transaction:
                    transaction.append(deals(10, first=20 * n + 1))
                    pair = [deal(half, table="x_pair", n=n) for half in (1, 2)]
                    transaction.append([*deals(10, first=20 * n + 11), *pair])
        finally:
            over.set()
            for reader in readers:
                reader.join(WAIT)
        equal([], wrong, "parts of an append that a reader has seen")

    # -- K8 --------------------------------------------------------------------------------------------

    @needs("writable")
    def test_a_consumer_advances_over_what_it_has_read(self) -> None:
        """K8: a cursor moves from the place that was read; any other expectation is a ConsumerConflict."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, deals(5))
        store.advance("feed", 2, b"a", expected=0)
        ledger.advance("feed", 2, b"a", expected=0)
        for expected in (0, 1, 3):
            with refused(ConsumerConflict, what=f"expected {expected}, is at 2"):
                store.advance("feed", 5, b"no", expected=expected)
        with refused(ConsumerConflict, what="expected 2 of another consumer"):
            store.advance("other", 3, None, expected=2)
        same_store(store, ledger)
        store.advance("feed", 5, None, expected=2)
        ledger.advance("feed", 5, None, expected=2)
        same_store(store, ledger)

    @needs("writable")
    def test_a_cursor_stays_within_the_log(self) -> None:
        """K8: a cursor before the one that was read, or beyond the log, is an ArgumentError; the same one again is not."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, deals(3))
        store.advance("feed", 2, b"a", expected=0)
        for cursor in (1, -1, 4, 10**12):
            with refused(ArgumentError, what=f"cursor {cursor} from 2 of 3"):
                store.advance("feed", cursor, b"no", expected=2)
        store.advance("feed", 2, b"b", expected=2)
        ledger.advance("feed", 2, b"b", expected=0)
        same_store(store, ledger)

    @needs("writable")
    def test_the_state_of_a_consumer_comes_back(self) -> None:
        """K8: a consumer's own state is any bytes, empty ones too, or None; every consumer has its own."""
        store, ledger = self.filled(), Ledger()
        for n, state in enumerate((None, b"", b"\0", bytes(range(256)) * 400, "状态".encode())):
            store.advance(f"消费者 {n}", 0, state, expected=0)
            ledger.advance(f"消费者 {n}", 0, state, expected=0)
        same_store(store, ledger)

    @needs("writable")
    def test_a_cursor_and_what_it_wrote_commit_together(self) -> None:
        """K8: records, cursor and state of a transaction are all there or none of them."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, deals(3))
        with refused(ConsumerConflict, what="a stale cursor"), store.transaction() as transaction:
            transaction.append([deal("sum", table="x_sum", n=3)])
            transaction.advance("feed", 3, b"3", expected=1)
        same_store(store, ledger)
        with refused(VersionConflict, what="a stale version"), store.transaction() as transaction:
            transaction.advance("feed", 3, b"3", expected=0)
            transaction.append([deal("sum", table="x_sum", n=3, expected=1)])
        same_store(store, ledger)
        with store.transaction() as transaction:
            transaction.append([deal("sum", table="x_sum", n=3, expected=0)])
            transaction.advance("feed", 4, b"3", expected=0)
        ledger.append([deal("sum", table="x_sum", n=3)])
        ledger.advance("feed", 4, b"3", expected=0)
        same_store(store, ledger)

    @needs("writable")
    def test_consumers_in_threads_take_every_entry_once(self) -> None:
        """K8: four workers of one consumer that add up a column, each over the cursor it has read, count every entry once."""
        backend = self.fresh({"main": [deal(n, table="x_sale", n=n) for n in range(1, 31)]})

        def work(_: int) -> None:
            store = backend.scoped()
            for _ in attempts("an advance over the cursor that was just read"):
                before = store.consumer("sum")
                some = list(store.entries(before.cursor, limit=3))
                if not some:
                    return
                value = int(before.state or b"0") + sum(entry.values["n"] for entry in some)
                try:
                    store.advance("sum", some[-1].number, str(value).encode(), expected=before.cursor)
                except ConsumerConflict:
                    continue

        at_once(4, work)
        consumer = backend.scoped().consumer("sum")
        equal((30, b"465"), (consumer.cursor, consumer.state), "cursor and sum")

    @needs("writable")
    def test_consumers_that_are_none(self) -> None:
        """K13: a consumer without a name is refused."""
        store = self.filled()
        for name in ("", "a\0b", "a\nb"):
            with refused(ArgumentError, what=repr(name)):
                store.advance(name, 0, None, expected=0)
            with refused(ArgumentError, what=repr(name)):
                store.consumer(name)

    # -- K10 -------------------------------------------------------------------------------------------

    def test_tenants_that_are_none(self) -> None:
        """K10, K13: a tenant is named by text that can be printed; anything else is an ArgumentError."""
        backend = self.fresh()
        for tenant in ("", "a\0b", "a\nb", None, 7, "x" * 201):
            with refused(ArgumentError, what=repr(tenant)):
                backend.scoped(tenant)  # type: ignore[arg-type]
        equal("main", backend.scoped().tenant, "tenant by default")
        equal("北京", backend.scoped("北京").tenant, "tenant")

    def test_tenants_have_records_of_their_own(self) -> None:
        """K10: the same ids, tables and keys in several tenants are records, logs and keys of their own."""
        names = ("main", "Main", "main ", "北京", "a'b\"c", "%", "_ain", "ma", "*")
        content = {tenant: writes_of(n, 12) for n, tenant in enumerate(names)}
        backend = self.fresh(content)
        for tenant, writes in content.items():
            ledger = Ledger()
            ledger.append(writes)
            same_store(backend.scoped(tenant), ledger)
        same_store(backend.scoped("nobody"), Ledger())

    @needs("writable")
    def test_a_tenant_is_not_changed_by_another(self) -> None:
        """K10: whatever happens to one tenant, all that another one sees stays as it was."""
        backend = self.fresh()
        store, ledger = backend.scoped("a"), Ledger()
        append_to_both(store, ledger, writes_of(41, 30))
        store.advance("feed", 5, b"a", expected=0)
        ledger.advance("feed", 5, b"a", expected=0)
        other, theirs = backend.scoped("b"), Ledger()
        steps = (
            lambda: append_to_both(other, theirs, writes_of(42, 30)),
            lambda: append_to_both(other, theirs, [deal("d1", name="b", key="shared")]),
            lambda: other.advance("feed", 2, b"b", expected=0),
            lambda: append_to_both(other, theirs, [deal("d1", name="late", at=hour(-50))]),
            lambda: append_to_both(other, theirs, [deal(1, table="x_secret", word="hidden")]),
        )
        for step in steps:
            step()
            same_store(store, ledger)
        theirs.advance("feed", 2, b"b", expected=0)
        same_store(other, theirs)

    @needs("writable")
    def test_numbers_keys_and_consumers_of_tenants_are_apart(self) -> None:
        """K2, K4, K8, K10: each tenant's numbers begin at 1, a key or consumer of one is none of another."""
        backend = self.fresh()
        stores = [backend.scoped(name) for name in ("a", "b", "c")]
        for n in range(6):
            store = stores[n % 3]
            answer = store.append([deal("d", name=f"{n}", key=f"k{n // 3}")])
            equal((1, n // 3 + 1), (answer.applied, answer.last), f"append {n}")
        stores[0].advance("feed", 2, b"a", expected=0)
        for store in stores[1:]:
            equal((0, None), (store.consumer("feed").cursor, store.consumer("feed").state), "consumer of another")
            equal([1, 2], [line.number for line in lines(store)], "numbers")
            equal([("d", 2)], rows(store, "opportunity", [])[1], "records")

    @needs("writable")
    def test_messages_say_nothing_of_another_tenant(self) -> None:
        """K10: errors of one tenant hold no word, number or version of another, and are the same with and without it."""
        word = "plan-of-the-rival"

        def messages(*, neighbour: bool) -> list[str]:
            backend = self.fresh()
            if neighbour:
                other = backend.scoped("rival")
                other.append([deal("d1", name=word, key="k"), deal("d1", name=f"{word} 2"), *deals(30, first=2)])
                other.append([deal(word, table="x_rival", word=word)])
                other.advance("feed", 20, word.encode(), expected=0)
            store = backend.scoped("mine")
            store.append([deal("d1", name="a", key="k")])
            return [_message(store, step) for step in range(5)]

        with_, without = messages(neighbour=True), messages(neighbour=False)
        equal(without, with_, "messages")
        equal([], [m for m in with_ if word in m or "rival" in m], "messages with a word of another tenant")

    @needs("writable")
    def test_a_transaction_is_of_its_tenant(self) -> None:
        """K10: in a transaction, too, there is nothing of another tenant."""
        backend = self.fresh({"a": [deal("d1", name="a", key="k")], "b": []})
        with backend.scoped("b").transaction() as transaction:
            equal(None, transaction.get("opportunity", "d1"), "a record of another tenant")
            equal(
                (1, 1), ((answer := transaction.append([deal("d1", name="b", key="k")])).applied, answer.last), "append"
            )
        with (
            refused(ArgumentError, what="a cursor beyond the tenant's own log"),
            backend.scoped("b").transaction() as transaction,
        ):
            transaction.advance("feed", 2, None, expected=0)
        ledger = Ledger()
        ledger.append([deal("d1", name="a", key="k")])
        same_store(backend.scoped("a"), ledger)


def _message(store: Store, step: int) -> str:
    """Return what a store says to something that it refuses."""
    try:
        if step == 0:
            store.append([deal("d1", name="b", expected=7)])
        elif step == 1:
            store.append([deal("d1", name="b", key="k")])
        elif step == 2:
            store.advance("feed", 1, None, expected=20)
        elif step == 3:
            store.advance("feed", 2, None, expected=0)
        else:
            store.append([deal("d2", amount=1.5)])
    except (VersionConflict, KeyConflict, ConsumerConflict, ArgumentError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError(f"step {step} was taken")
