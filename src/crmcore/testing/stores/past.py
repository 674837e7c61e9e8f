"""Checks of the fold: the state, corrections that come late, and the past (K6, K7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ...domain import Money
from ...errors import CrmCoreError
from ...stores.contract import Cut
from ...stores.entry import Write
from ..suite import needs
from .compare import append_to_both, columns_of, equal, refused, rows, same_past, same_store, there, values_of
from .ledger import Ledger, cut_at
from .samples import deal, hour, writes_of
from .suite import StoreBase

__all__ = ["Past"]

_MICROSECOND = timedelta(microseconds=1)


class Past(StoreBase):
    """K6 and K7."""

    # -- K6 --------------------------------------------------------------------------------------------

    def _state(self, *writes: Write) -> dict[str, object]:
        """Return the fields of the record that writes make, each appended by itself, once the ledger agrees."""
        store, ledger = self.filled(), Ledger()
        for write in writes:
            append_to_both(store, ledger, [write])
        same_store(store, ledger)
        record = there(store, "opportunity", "d1")
        return dict(record.values)

    @needs("writable")
    def test_the_later_in_valid_time_wins(self) -> None:
        """K6: what is true from later on stands, although something earlier is written after it."""
        equal({"name": "b"}, self._state(deal(name="b", at=hour(2)), deal(name="a", at=hour(1))), "state")

    @needs("writable")
    def test_a_late_correction_changes_what_nothing_later_has_set(self) -> None:
        """K6: a correction of the past fills fields that were not set since, and leaves the others."""
        found = self._state(
            deal(name="a", owner="Anna", at=hour(1)),
            deal(name="b", at=hour(3)),
            deal(name="x", owner="Ben", stage="s", at=hour(2)),
        )
        equal({"name": "b", "owner": "Ben", "stage": "s"}, found, "state")

    @needs("writable")
    def test_of_one_instant_the_sequence_decides(self) -> None:
        """K6, S4: at one instant the greater sequence stands, whichever is written first."""
        equal({"name": "b"}, self._state(deal(name="a", sequence=1), deal(name="b", sequence=2)), "written in order")
        equal({"name": "b"}, self._state(deal(name="b", sequence=2), deal(name="a", sequence=1)), "the other way round")

    @needs("writable")
    def test_of_one_instant_and_sequence_the_number_decides(self) -> None:
        """K6: at one instant and sequence what was written last stands."""
        equal({"name": "b"}, self._state(deal(name="a"), deal(name="c"), deal(name="b")), "state")

    @needs("writable")
    def test_a_date_comes_before_the_instants_of_its_day(self) -> None:
        """K6: a date is before all instants of its UTC day, and after those of the day before."""
        day = date(2026, 1, 2)
        midnight = datetime(2026, 1, 2, tzinfo=UTC)
        for writes, name in (
            ((deal(name="instant", at=midnight), deal(name="date", at=day)), "instant"),
            ((deal(name="date", at=day), deal(name="instant", at=midnight)), "instant"),
            ((deal(name="date", at=day), deal(name="before", at=midnight - _MICROSECOND)), "date"),
            ((deal(name="date", at=day, sequence=9), deal(name="instant", at=midnight)), "instant"),
        ):
            equal({"name": name}, self._state(*writes), f"state after {[w.at for w in writes]}")

    @needs("writable")
    def test_a_late_correction_clears(self) -> None:
        """K6: a field cleared late is blank until it was set again."""
        equal({"owner": 1}, self._state(deal(name="a", owner=1, at=hour(1)), deal(name=None, at=hour(2))), "cleared")
        found = self._state(deal(name="a", at=hour(1)), deal(name="b", at=hour(3)), deal(name=None, at=hour(2)))
        equal({"name": "b"}, found, "cleared in between")

    @needs("writable")
    def test_a_late_correction_is_compared_with_what_was_valid_then(self) -> None:
        """K5, K6: late, what was so at that time already leaves no entry; what is so now may be news for then."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a", at=hour(1)), deal(name="b", at=hour(3))])
        equal(1, append_to_both(store, ledger, [deal(name="a", at=hour(2))]).unchanged, "as it was then")
        equal(1, append_to_both(store, ledger, [deal(name="b", at=hour(2))]).applied, "as it is now")
        same_store(store, ledger)

    @needs("writable")
    def test_a_late_correction_comes_before_the_record(self) -> None:
        """K6: a record may turn out to have existed before its first entry; its order in scans stays."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal("d1", name="a", at=hour(5)), deal("d2", name="b", at=hour(6))])
        append_to_both(store, ledger, [deal("d2", name="c", owner=1, at=hour(1))])
        same_store(store, ledger)

    # -- K7 --------------------------------------------------------------------------------------------

    def test_both_ends_of_the_past_count(self) -> None:
        """K7: `at` and `known` take what was true, or recorded, at that very microsecond; one earlier does not."""
        writes = [deal(name="a", at=hour(1), recorded=hour(5)), deal(name="b", at=hour(2), recorded=hour(6))]
        store = self.filled(writes)
        for cut, known, names in (
            (hour(2), None, ["b"]),
            (hour(2) - _MICROSECOND, None, ["a"]),
            (hour(1), None, ["a"]),
            (hour(1) - _MICROSECOND, None, []),
            (None, hour(6), ["b"]),
            (None, hour(6) - _MICROSECOND, ["a"]),
            (None, hour(5), ["a"]),
            (None, hour(5) - _MICROSECOND, []),
            (hour(2), hour(5), ["a"]),
            (hour(1), hour(6), ["a"]),
        ):
            at = None if cut is None else cut_at(cut)
            found = [row[2] for row in rows(store, "opportunity", ["name"], at=at, known=known)[1]]
            equal(names, found, f"names at {cut}, known {known}")

    def test_the_past_keeps_the_order(self) -> None:
        """K7: records of the past stand in the order of their first entries, also where the first was not known yet."""
        writes = [deal(n, name="a", at=hour(9), recorded=hour(1 if n == "d1" else 9)) for n in ("d1", "d2")]
        store = self.filled([*writes, deal("d3", name="a"), deal("d2", name="b", at=hour(1), recorded=hour(2))])
        for size in (1, 2, 10):
            found = [row[0] for row in rows(store, "opportunity", [], known=hour(5), size=size)[1]]
            equal(["d1", "d2", "d3"], found, f"ids in batches of {size}")

    def test_dates_count_by_the_day_of_the_cut(self) -> None:
        """K7: an entry dated by a day counts when its day is not after the cut's, which is the day where the reader is."""
        store = self.filled(
            [deal(name="a", at=date(2026, 1, 5)), deal(name="b", at=datetime(2026, 1, 5, 20, tzinfo=UTC))]
        )
        day = (date(2026, 1, 5) - date(1970, 1, 1)).days
        night = cut_at(datetime(2026, 1, 4, 23, tzinfo=UTC)).instant
        for cut, names in (
            (Cut(night, day), ["a"]),
            (Cut(night, day - 1), []),
            (Cut(cut_at(datetime(2026, 1, 5, 20, tzinfo=UTC)).instant, day - 1), ["b"]),
            (Cut(night, day + 1), ["a"]),
        ):
            equal(names, [row[2] for row in rows(store, "opportunity", ["name"], at=cut)[1]], f"names at {cut}")

    def test_the_past_has_the_versions_and_fields_of_then(self) -> None:
        """K7: a record of the past has the version of the last entry that counts, and the defaults of its record."""
        writes = [
            deal(outcome="open", name="a", at=hour(1), recorded=hour(1)),
            deal(outcome="won", amount=Money(5, "USD"), at=hour(2), recorded=hour(2)),
            deal(outcome="lost", name=None, at=hour(3), recorded=hour(3)),
        ]
        store, ledger = self.filled(writes), Ledger()
        ledger.append(writes)
        for n in range(5):
            same_past(store, ledger, "opportunity", at=cut_at(hour(n)), known=None)
            same_past(store, ledger, "opportunity", at=None, known=hour(n))
        found = rows(store, "opportunity", ["outcome", "name"], at=cut_at(hour(2)))[1]
        equal([("d1", 2, "won", "a")], found, "at the second hour")

    def test_the_past_is_the_replay_of_the_log(self) -> None:
        """K7: any `at` with any `known`, over 120 entries of which many came late, is what a plain replay gives."""
        for seed in (11, 12):
            writes = writes_of(seed, 120, late=0.5)
            store, ledger = self.filled(writes), Ledger()
            ledger.append(writes)
            for n in range(0, 130, 13):
                for known in (None, hour(n + 10), hour(n), hour(n // 2)):
                    for table in ledger.tables():
                        same_past(store, ledger, table, at=cut_at(hour(n)), known=known)
                        same_past(store, ledger, table, at=None, known=known)

    def test_the_past_of_a_dataset_is_that_of_a_scan(self) -> None:
        """K7: `dataset` takes the same cuts; a table that had no records then is left out."""
        writes = [*writes_of(13, 60, late=0.5), deal("late", table="lead", at=hour(500), recorded=hour(500))]
        store, ledger = self.filled(writes), Ledger()
        ledger.append(writes)
        for at, known in ((hour(30), None), (None, hour(30)), (hour(25), hour(40)), (hour(-99), None)):
            cut = None if at is None else cut_at(at)
            there = [t for t in ledger.tables() if ledger.records(t, at=cut, known=known)]
            data = store.dataset(at=cut, known=known)
            equal(there, sorted(data), f"tables at {at}, known {known}")
            for table in there:
                ids = {row[0] for row in ledger.rows(table, (), at=cut, known=known)}
                equal(len(ids), len(data[table]), f"records of {table}")

    def test_known_needs_a_time_zone(self) -> None:
        """K13: a naive `known` is refused."""
        store = self.filled([deal(name="a")])
        with refused(CrmCoreError, TypeError, what="a naive datetime"):
            list(store.scan("opportunity", known=datetime(2026, 1, 1)))  # noqa: DTZ001

    @needs("writable")
    def test_the_past_does_not_change_by_what_comes_later(self) -> None:
        """K7: what was known then is the same after any number of late corrections."""
        writes = writes_of(14, 60, late=0.6)
        store, ledger = self.filled(writes[:30]), Ledger()
        ledger.append(writes[:30])
        names = {table: columns_of(table, ledger) for table in ledger.tables()}
        before = {t: rows(store, t, names[t], known=hour(29)) for t in names}
        store.append(writes[30:])
        equal(before, {t: rows(store, t, names[t], known=hour(29)) for t in names}, "as it was known")

    def test_datasets_of_now_and_of_the_last_instant_agree(self) -> None:
        """K7: a cut after everything gives the same dataset as none."""
        store = self.filled(writes_of(15, 60))
        far = cut_at(hour(10_000))
        equal(values_of(store.dataset()), values_of(store.dataset(at=far, known=hour(10_000))), "dataset")
