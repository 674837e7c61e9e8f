"""Checks of writing: all or nothing, numbers, versions, keys, and what is not kept (K1 to K5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

from ...domain import Money
from ...errors import ArgumentError, DefinitionError, KeyConflict, StoreError, VersionConflict
from ...stores.entry import Write
from ..suite import needs
from .compare import append_to_both, at_once, attempts, equal, holds, lines, refused, same_store, there
from .ledger import Ledger
from .samples import deal, deals, hour, writes_of
from .suite import StoreBase

__all__ = ["Writing"]


class Writing(StoreBase):
    """K1 to K5."""

    # -- K1 --------------------------------------------------------------------------------------------

    @needs("writable")
    def test_a_refused_write_leaves_nothing_of_its_append(self) -> None:
        """K1: a version, key or value that is refused, first or last, leaves nothing of its append; the next is taken."""
        bad = (
            ("a version", deal("d1", name="no", expected=7), VersionConflict),
            ("a key", deal("d1", name="other", key="k"), KeyConflict),
            ("a value", deal("d1", amount=1.5), DefinitionError),
            ("a name", deal("d1", table="", name="no"), ArgumentError),
        )
        for what, write, error in bad:
            for place in (0, 2):
                store, ledger = self.filled(), Ledger()
                append_to_both(store, ledger, [deal("d1", name="one", key="k")])
                writes = [deal("d2", name="two"), deal("d1", stage="s", key="fresh"), deal("d3")]
                writes.insert(place, write)
                with refused(error, what=f"{what} at place {place}"):
                    store.append(writes)
                same_store(store, ledger)
                append_to_both(store, ledger, [deal("d2", name="later", key="fresh")])
                same_store(store, ledger)

    @needs("writable")
    def test_a_source_that_fails_leaves_nothing(self) -> None:
        """K1: an append reads its writes from any iterable; where that raises, its own error comes out and nothing is kept."""

        def broken() -> Iterator[Write]:
            yield from deals(3)
            raise OSError("the line is dead")

        store, ledger = self.filled(), Ledger()
        with refused(OSError, what="a source that fails"):
            store.append(broken())
        same_store(store, ledger)
        given = list(deals(3))
        equal((1, 1, 1), tuple(store.append(iter(given)).versions), "versions")
        ledger.append(given)
        same_store(store, ledger)

    @needs("writable")
    def test_an_append_of_nothing(self) -> None:
        """K1: no writes are no entries; what is answered has the number of the last entry."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [])
        append_to_both(store, ledger, [deal()])
        append_to_both(store, ledger, [])
        same_store(store, ledger)

    @needs("writable")
    def test_what_is_no_write_is_refused(self) -> None:
        """K1, K13: a dict or None in place of a Write is an ArgumentError, and nothing is kept."""
        for thing in ({"table": "opportunity", "id": "d1"}, None, ("opportunity", "d1")):
            store = self.filled()
            with refused(ArgumentError, what=repr(thing)):
                store.append([deal(), thing])  # type: ignore[list-item]
            same_store(store, Ledger())

    @needs("writable")
    def test_ten_thousand_writes_are_one_commit(self) -> None:
        """K1: 10,000 writes of which the last is refused leave nothing, 10,000 good ones are all there."""
        store = self.filled()
        with refused(VersionConflict, what="the last of 10,000"):
            store.append([*deals(9_999), deal("d1", name="no", expected=0)])
        equal((0, 0, ()), (store.last(), len(lines(store)), tuple(store.tables())), "after the refused append")
        answer = store.append(deals(10_000))
        equal((10_000, 10_000), (answer.applied, answer.last), "after the good append")
        equal({"opportunity": 10_000}, dict(store.stats().records), "records")
        equal(list(range(1, 10_001)), [entry.number for entry in store.entries()], "numbers")

    # -- K2 --------------------------------------------------------------------------------------------

    @needs("writable")
    def test_numbers_have_no_gap(self) -> None:
        """K2: entries are numbered 1, 2, 3 ... over appends, also after appends that were refused or changed nothing."""
        store, ledger = self.filled(), Ledger()
        for n in range(1, 6):
            append_to_both(store, ledger, [deal(f"d{n}", name="a"), deal("d0", name=f"x{n}")])
            with refused(VersionConflict, what="a stale version"):
                store.append([deal("new", name="b"), deal("d0", expected=0)])
            append_to_both(store, ledger, [deal("d0", name=f"x{n}")])
        equal(list(range(1, 11)), [line.number for line in lines(store)], "numbers")
        same_store(store, ledger)

    @needs("writable")
    def test_numbers_of_writers_in_threads_have_no_gap(self) -> None:
        """K2: four threads that append at once make one log without a gap, and no write is lost."""
        backend = self.fresh()

        def write(thread: int) -> None:
            store = backend.scoped()
            for n in range(10):
                store.append([deal(f"t{thread}-{n}", name="a"), deal(f"t{thread}-{n}", name="b")])

        at_once(4, write)
        store = backend.scoped()
        found = lines(store)
        equal(list(range(1, 81)), [line.number for line in found], "numbers")
        equal(
            {f"t{t}-{n}": "b" for t in range(4) for n in range(10)},
            dict(sorted((str(i), r.values["name"]) for i in {x.id for x in found} if (r := store.get("opportunity", i)))),
            "records",
        )  # fmt: skip
        holds(backend.verify().sound, "sound")

    # -- K3 --------------------------------------------------------------------------------------------

    @needs("writable")
    def test_versions_count_from_one(self) -> None:
        """K3: each entry of a record raises its version by one, whatever happens to other records."""
        store, ledger = self.filled(), Ledger()
        for n in range(5):
            append_to_both(store, ledger, [deal("d1", name=f"a{n}"), deal("d2", name=f"b{n}"), deal("d1", owner=n)])
        equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [x.version for x in lines(store) if x.id == "d1"], "versions")
        same_store(store, ledger)

    @needs("writable")
    def test_an_expected_version_is_checked(self) -> None:
        """K3: `expected` is the version now, 0 for a new record; any other is a VersionConflict; None takes any."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", expected=0)])
        append_to_both(store, ledger, [deal(name="b", expected=1)])
        for expected in (0, 1, 3):
            with refused(VersionConflict, what=f"expected {expected}, is 2"):
                store.append([deal(name="c", expected=expected)])
        with refused(VersionConflict, what="expected 1 of a record that is not there"):
            store.append([deal("d2", name="c", expected=1)])
        append_to_both(store, ledger, [deal(name="c")])
        append_to_both(store, ledger, [deal(name="d", expected=3)])
        same_store(store, ledger)

    @needs("writable")
    def test_an_expected_version_is_checked_although_nothing_changes(self) -> None:
        """K3: a stale `expected` is a conflict also where the write would change nothing."""
        store = self.filled([deal(name="a"), deal(name="b")])
        with refused(VersionConflict, what="a stale version"):
            store.append([deal(name="b", expected=1)])

    @needs("writable")
    def test_a_write_sees_the_versions_of_those_before(self) -> None:
        """K3: within one append a write expects the version that the writes before it have made."""
        store, ledger = self.filled(), Ledger()
        append_to_both(
            store, ledger, [deal(name="a", expected=0), deal(name="b", expected=1), deal(owner=1, expected=2)]
        )
        with refused(VersionConflict, what="the version before the append"):
            store.append([deal(name="c", expected=3), deal(name="d", expected=3)])
        same_store(store, ledger)

    @needs("writable")
    def test_increments_in_threads_are_not_lost(self) -> None:
        """K3: four threads that each add 1 fifteen times, and read again at a VersionConflict, make 60."""
        backend = self.fresh({"main": [deal("sum", table="x_counter", n=0)]})

        def add(_: int) -> None:
            store = backend.scoped()
            for _ in range(15):
                for _ in attempts("a write over the version that was just read"):
                    record = there(store, "x_counter", "sum")
                    try:
                        value = record.values["n"] + 1
                        store.append([deal("sum", table="x_counter", n=value, expected=record.version)])
                        break
                    except VersionConflict:
                        continue

        at_once(4, add)
        record = there(backend.scoped(), "x_counter", "sum")
        equal((61, {"n": 60}), (record.version, dict(record.values)), "the sum")

    # -- K4 --------------------------------------------------------------------------------------------

    @needs("writable")
    def test_a_repeated_key_is_taken_once(self) -> None:
        """K4: a write that is sent again answers with the version of the first time, and leaves no entry."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", key="k"), deal(name="b"), deal(name="c")])
        answer = append_to_both(store, ledger, [deal(name="a", key="k"), deal("d2", name="z")])
        equal(((1, 1), 1, 1), (tuple(answer.versions), answer.applied, answer.repeated), "what is said of it")
        same_store(store, ledger)

    @needs("writable")
    def test_a_key_repeats_within_one_append(self) -> None:
        """K4: a key is known to the writes after it in the same append, and in the same transaction."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", key="k"), deal(name="a", key="k")])
        with store.transaction() as transaction:
            transaction.append([deal(name="b", key="l")])
            equal(1, transaction.append([deal(name="b", key="l")]).repeated, "repeated in a transaction")
        ledger.append([deal(name="b", key="l")])
        with refused(KeyConflict, what="other content within one append"):
            store.append([deal(name="c", key="m"), deal(name="d", key="m")])
        same_store(store, ledger)

    @needs("writable")
    def test_a_key_with_other_content_is_a_conflict(self) -> None:
        """K4: another table, record, field, value, type, number of decimals, `at` or sequence under a used key is a KeyConflict."""
        same: dict[str, Any] = {"name": "a", "owner": 1, "amount": Money("1.50", "USD"), "x_rate": Decimal("0.5")}
        first = deal("1", **same, key="k", at=hour(1))
        others = {
            "another value": deal("1", **{**same, "name": "b"}, key="k", at=hour(1)),
            "another type": deal("1", **{**same, "owner": "1"}, key="k", at=hour(1)),
            "another number of decimals": deal("1", **{**same, "x_rate": Decimal("0.50")}, key="k", at=hour(1)),
            "another currency": deal("1", **{**same, "amount": Money("1.50", "EUR")}, key="k", at=hour(1)),
            "one field less": deal("1", **{n: v for n, v in same.items() if n != "amount"}, key="k", at=hour(1)),
            "one field more": deal("1", **same, stage="s", key="k", at=hour(1)),
            "a field cleared": deal("1", **same, stage=None, key="k", at=hour(1)),
            "another record": deal("2", **same, key="k", at=hour(1)),
            "an id of another type": deal(1, **same, key="k", at=hour(1)),
            "another table": deal("1", table="x_deal", **same, key="k", at=hour(1)),
            "another instant": deal("1", **same, key="k", at=hour(2)),
            "a date in place of an instant": deal("1", **same, key="k", at=hour(1).date()),
            "another sequence": deal("1", **same, key="k", at=hour(1), sequence=1),
        }
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [first])
        for what, write in others.items():
            with refused(KeyConflict, what=what):
                store.append([write])
        same_store(store, ledger)
        append_to_both(store, ledger, [first])

    @needs("writable")
    def test_what_is_no_content_of_a_key(self) -> None:
        """K4: `recorded_at`, `actor`, `expected`, the order of fields and the time zone of an instant make no other content."""
        east = timezone(timedelta(hours=8))
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", owner=1, key="k", at=hour(1), actor="Anna", expected=0)])
        again = (
            deal(name="a", owner=1, key="k", at=hour(1), recorded=hour(9)),
            deal(name="a", owner=1, key="k", at=hour(1), actor=7),
            deal(name="a", owner=1, key="k", at=hour(1), expected=0),
            deal(name="a", owner=1, key="k", at=hour(1), expected=99),
            deal(owner=1, name="a", key="k", at=hour(1)),
            deal(name="a", owner=1, key="k", at=hour(1).astimezone(east)),
        )
        equal(6, append_to_both(store, ledger, again).repeated, "repeated")
        same_store(store, ledger)

    @needs("writable")
    def test_keys_of_sources_are_apart(self) -> None:
        """K4: the same key of another source is another key; a source is compared as it is written."""
        store, ledger = self.filled(), Ledger()
        sources = ("", "shop", "Shop", "shop ", "电商", "a:k", "a")
        answer = append_to_both(
            store, ledger, [deal(f"d{n}", name="a", key="k", source=s) for n, s in enumerate(sources)]
        )
        equal(len(sources), answer.applied, "applied")
        append_to_both(store, ledger, [deal("x", name="x", key=":k", source="a"), deal("y", name="y", key="k ")])
        for n, source in enumerate(sources):
            with refused(KeyConflict, what=f"source {source!r}"):
                store.append([deal(f"d{n}", name="b", key="k", source=source)])
        same_store(store, ledger)

    @needs("writable")
    def test_a_key_is_compared_by_what_was_sent(self) -> None:
        """K4, K5: a write of which only a part was kept, or nothing, has the content that was sent."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", owner="Anna")])
        append_to_both(store, ledger, [deal(name="a", owner="Ben", key="part"), deal(name="a", key="nothing")])
        append_to_both(store, ledger, [deal(name="a", owner="Ben", key="part"), deal(name="a", key="nothing")])
        for what, write in (("part", deal(owner="Ben", key="part")), ("nothing", deal(key="nothing"))):
            with refused(KeyConflict, what=f"what was kept of {what!r}"):
                store.append([write])
        same_store(store, ledger)

    @needs("writable")
    def test_a_key_of_a_refused_append_is_free(self) -> None:
        """K1, K4: a key that was not committed is not known."""
        store, ledger = self.filled(), Ledger()
        with refused(VersionConflict, what="a stale version"):
            store.append([deal(name="a", key="k"), deal("d2", expected=4)])
        with refused(ZeroDivisionError, what="a transaction that raises"), store.transaction() as transaction:
            transaction.append([deal(name="b", key="k")])
            raise ZeroDivisionError("on purpose")
        append_to_both(store, ledger, [deal(name="c", key="k")])
        same_store(store, ledger)

    @needs("writable")
    def test_a_key_sent_by_threads_at_once_is_taken_once(self) -> None:
        """K4: of four threads that send one write at once, one has it applied and three have it repeated."""
        backend = self.fresh()
        said: list[int] = []

        def send(_: int) -> None:
            store = backend.scoped()
            said.extend(store.append([deal(f"d{n}", name="a", key=f"k{n}")]).applied for n in range(8))

        at_once(4, send)
        equal((8, 8), (sum(said), backend.scoped().last()), "applied, entries")

    @needs("writable", "durable")
    def test_keys_are_known_when_it_is_opened_again(self) -> None:
        """K4: a key outlives the process; so does its content."""
        backend = self.fresh({"main": [deal(name="a", key="k", source="s")]})
        store = self.again(backend).scoped()
        equal(1, store.append([deal(name="a", key="k", source="s")]).repeated, "repeated")
        with refused(KeyConflict, what="other content"):
            store.append([deal(name="b", key="k", source="s")])

    # -- K5 --------------------------------------------------------------------------------------------

    @needs("writable")
    def test_what_changes_nothing_leaves_no_entry(self) -> None:
        """K5: the same values again, or a blank cleared, leave no entry, number or version."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", owner=1, amount=Money("1.50", "USD"), x_tier="A")])
        answer = append_to_both(
            store,
            ledger,
            [
                deal(name="a"),
                deal(),
                deal(owner=1, amount=Money("1.5", "USD")),
                deal(stage=None, x_none=None, x_tier="A"),
            ],
        )
        equal((0, 4, 1), (answer.applied, answer.unchanged, answer.last), "what is said of it")
        same_store(store, ledger)

    @needs("writable")
    def test_a_key_that_changes_nothing_leaves_an_entry(self) -> None:
        """K5: a write with a key leaves an entry also where it changes nothing, so that its key is in the log."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a"), deal(name="a", key="k")])
        equal([{"name": "a"}, {}], [line.values for line in lines(store)], "values")
        same_store(store, ledger)

    @needs("writable")
    def test_only_what_differs_is_kept(self) -> None:
        """K5: an entry has the fields that changed, with the values they replaced; a value of another type differs."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", owner=1, x_flag=True, x_note="n")])
        append_to_both(store, ledger, [deal(name="a", owner="1", x_flag=1, stage="s", x_note=None)])
        last = lines(store, 1)[0]
        equal({"owner": "1", "x_flag": 1, "stage": "s", "x_note": None}, last.values, "values")
        equal({"owner": 1, "x_flag": True, "x_note": "n"}, last.old, "old values")
        same_store(store, ledger)

    @needs("writable")
    def test_a_new_record_may_have_no_values(self) -> None:
        """K5: a write to a new id makes the record, also with nothing in it, or with nothing but defaults."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal("d1"), deal("d2", outcome="open", reopened=0), deal("v", table="x_visit")])
        same_store(store, ledger)
        append_to_both(store, ledger, [deal("d1", outcome="won"), deal("d1", outcome=None), deal("d2", deleted=False)])
        same_store(store, ledger)

    @needs("writable")
    def test_many_writes_are_what_the_contract_makes_of_them(self) -> None:
        """K1 to K6: 240 writes to a few records, keyed or not, some late, one by one and in appends, as the plain replay."""
        for seed, size in ((1, 1), (2, 7), (3, 80)):
            store, ledger = self.filled(), Ledger()
            writes = writes_of(seed, 80)
            for first in range(0, len(writes), size):
                append_to_both(store, ledger, writes[first : first + size])
            append_to_both(store, ledger, [write for write in writes if write.key is not None])
            same_store(store, ledger)

    @needs("writable")
    def test_an_error_names_what_it_is_about(self) -> None:
        """K3, K4: the message of a conflict names the record or the key."""
        store = self.filled([deal("deal-17", name="a", key="key-4")])
        for write, error, word in (
            (deal("deal-17", name="b", expected=9), VersionConflict, "deal-17"),
            (deal("deal-17", name="b", key="key-4"), KeyConflict, "key-4"),
        ):
            try:
                store.append([write])
            except StoreError as found:
                equal((error, True), (type(found), word in str(found)), f"{word} in {found}")
            else:
                raise AssertionError(f"{write!r} was taken")
