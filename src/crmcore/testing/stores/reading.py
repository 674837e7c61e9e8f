"""Checks of what comes back: values, scans, the log as a feed, datasets; and of what is never taken (K9, K11, K13, K14)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ...domain import Money
from ...errors import ArgumentError, CrmCoreError, DefinitionError
from ...stores.entry import Write
from ..suite import needs
from .compare import (
    append_to_both,
    at_once,
    attempts,
    equal,
    holds,
    line_of,
    lines,
    refused,
    rows,
    same_store,
    scanned,
    values_of,
)
from .ledger import Ledger, Line
from .samples import DOMAIN, HOST, REFUSED, START, deal, deals, hour, writes_of
from .suite import StoreBase

__all__ = ["Reading"]


class Reading(StoreBase):
    """K9, K11, K13 and K14."""

    # -- K11 -------------------------------------------------------------------------------------------

    def _round_trip(self, writes: list[Write]) -> None:
        """Compare what a store gives back with what went in: by record, scan and log, also when it is opened again."""
        ledger = Ledger()
        ledger.append(writes)
        backend = self.fresh({"main": writes})
        same_store(backend.scoped(), ledger)
        if self.durable:
            same_store(self.again(backend).scoped(), ledger)

    def test_values_of_the_domain_come_back(self) -> None:
        """K11: text of any script and length, dates, instants, money, exact numbers, flags: equal, and of their type."""
        self._round_trip([
            deal(f"{field} {n}", table=table, **{field: value})
            for table, field, values in DOMAIN
            for n, value in enumerate(values)
        ])  # fmt: skip

    def test_values_of_the_hosts_own_fields_come_back(self) -> None:
        """K11: a field that the domain does not know takes any kind of value, another one in each record."""
        values = [value for kind in HOST.values() for value in kind]
        self._round_trip([deal(f"d{n}", x_any=value, x_last=values[-n]) for n, value in enumerate(values)])

    def test_values_of_the_hosts_own_tables_come_back(self) -> None:
        """K11: so does a table that the domain does not know, whatever its name."""
        values = [value for kind in HOST.values() for value in kind]
        tables = (
            "x_visit",
            "Besuch",
            "拜访",
            "two words",
            'a"b; drop table x',
            "select",
            "x" * 200,
            "entry",
            "sqlite_x",
        )
        self._round_trip([deal(n, table=t, x=values[n % len(values)], 数=n) for n, t in enumerate(tables)])

    def test_names_of_fields_come_back(self) -> None:
        """K11: a field of the host's own may be named in any script, with quotes, spaces or a word of SQL."""
        names = (
            "数量",
            "two words",
            "a\"b'c`d",
            "select",
            "SELECT",
            "Name",
            "NAME",
            "a.b",
            "a-b",
            "%s",
            ":a",
            "{}",
            "x" * 200,
        )
        self._round_trip(
            [Write("opportunity", f"d{n}", {"name": "a", name: n}, START, START) for n, name in enumerate(names)]
        )

    def test_instants_come_back_in_utc(self) -> None:
        """K11: an instant of any time zone comes back as the same instant in UTC, to the microsecond; a date stays a date."""
        store = self.filled([deal(f"d{n}", x_at=v, created_at=v) for n, v in enumerate(HOST["instants"])])
        for n, value in enumerate(HOST["instants"]):
            record = store.get("opportunity", f"d{n}")
            assert record is not None
            for name in ("x_at", "created_at"):
                found = record.values[name]
                equal((value, timedelta(0)), (found, found.utcoffset()), f"{name} {value!r}")
                equal(value.astimezone(UTC).isoformat(), found.isoformat(), name)

    def test_ids_keep_their_type(self) -> None:
        """K11: 1 and "1" are two records, as id and as a reference; so are "a" and "A", "é" in one sign and in two."""
        ids: tuple[Any, ...] = (
            1,
            "1",
            "01",
            " 1",
            "a",
            "A",
            "a ",
            "\u00e9",
            "e\u0301",
            0,
            -1,
            2**63 - 1,
            -(2**63),
            "北京",
            "x" * 500,
        )
        self._round_trip([deal(i, name=f"{type(i).__name__} {n}", owner=i) for n, i in enumerate(ids)])

    def test_actors_and_sources_come_back(self) -> None:
        """K11: who did it, from where and under which key stands in the log as it was given; recorded time in UTC."""
        writes = [
            deal("d1", name="a", actor="王芳", source="导入", key="第一", recorded=HOST["instants"][3]),
            deal("d2", name="a", actor=7, source="x", key="k" * 200, sequence=2**40),
            deal("d3", name="a", actor="7", at=date(2024, 2, 29)),
        ]
        self._round_trip(writes)

    def test_a_value_that_is_replaced_again_and_again(self) -> None:
        """K11: a field of the host's own may take a value of another kind each time; old and new come back in the log."""
        values = [value for kind in HOST.values() for value in kind[:3]]
        self._round_trip([deal(x_any=value, at=hour(n)) for n, value in enumerate(values)])

    def test_the_defaults_of_a_record(self) -> None:
        """K11: a field that was not given, or was cleared, has in scans the default of its record, and is none of its values."""
        store = self.filled(
            [deal("d1"), deal("d2", outcome="won", reopened=2), deal("d2", outcome=None, reopened=None)]
        )
        found = rows(store, "opportunity", ["outcome", "reopened", "deleted", "name"])[1]
        equal([("d1", 1, "open", 0, False, None), ("d2", 2, "open", 0, False, None)], found, "rows")
        record = store.get("opportunity", "d2")
        assert record is not None
        equal({}, dict(record.values), "values")

    @needs("writable")
    def test_what_a_writer_changes_afterwards_changes_nothing(self) -> None:
        """K11: a store keeps no hand on the writer's objects, and gives none of its own away."""
        values = {"name": "a"}
        store = self.filled([Write("opportunity", "d1", values, START, START)])
        values["name"] = "b"
        record = store.get("opportunity", "d1")
        assert record is not None
        for mapping in (record.values, next(iter(store.entries())).values):
            with suppress(TypeError):  # a mapping that takes nothing is right, too
                mapping["name"] = "c"  # type: ignore[index]
        for columns in store.scan("opportunity", ["name"]):
            with suppress(TypeError):
                columns.columns[2][0] = "c"  # type: ignore[index]
        ledger = Ledger()
        ledger.append([deal(name="a")])
        same_store(store, ledger)

    # -- K13 -------------------------------------------------------------------------------------------

    @needs("writable")
    def test_values_that_no_store_takes(self) -> None:
        """K13: naive datetimes, NaN, floats as money, NUL, other types, names that are none: refused, and nothing is kept."""
        store, ledger = self.filled(), Ledger()
        append_to_both(store, ledger, [deal(name="a")])
        for what, values in REFUSED:
            write = Write("opportunity", "d1", {"name": "b", **values}, START, START)
            with refused(DefinitionError, ArgumentError, what=what):
                store.append([deal("d2", name="before"), write])
        same_store(store, ledger)

    @needs("writable")
    def test_what_else_of_a_write_is_refused(self) -> None:
        """K13: an id, actor, instant, sequence, version, key, source or table that is none is refused."""
        naive: Any = datetime(2026, 1, 1)  # noqa: DTZ001
        wrong: tuple[tuple[str, dict[str, Any]], ...] = (
            ("an empty id", {"id": ""}),
            ("no id", {"id": None}),
            ("a float as id", {"id": 1.0}),
            ("a flag as id", {"id": True}),
            ("a NUL in an id", {"id": "a\0b"}),
            ("a Decimal as actor", {"actor": Decimal(1)}),
            ("a naive `at`", {"at": naive}),
            ("text as `at`", {"at": "2026-01-01"}),
            ("no `at`", {"at": None}),
            ("a naive `recorded_at`", {"recorded": naive}),
            ("a date as `recorded_at`", {"recorded": date(2026, 1, 1)}),
            ("a negative sequence", {"sequence": -1}),
            ("a flag as a sequence", {"sequence": True}),
            ("text as a version", {"expected": "1"}),
            ("a negative version", {"expected": -1}),
            ("an empty key", {"key": ""}),
            ("a NUL in a key", {"key": "a\0"}),
            ("a number as a key", {"key": 1}),
            ("a line break in a source", {"source": "a\nb"}),
            ("no source", {"source": None}),
            ("no table", {"table": ""}),
            ("a number as a table", {"table": 1}),
            ("a NUL in a table", {"table": "a\0"}),
        )
        store = self.filled()
        for what, arguments in wrong:
            with refused(DefinitionError, ArgumentError, what=what):
                store.append([deal("d2", name="a"), deal(**{"name": "a", **arguments})])
        same_store(store, Ledger())

    # -- K9 --------------------------------------------------------------------------------------------

    def test_the_log_from_any_place(self) -> None:
        """K9: `entries(after, limit=n)` gives the n entries after a number, fewer at the end, none beyond it."""
        writes = writes_of(21, 40)
        store, ledger = self.filled(writes), Ledger()
        ledger.append(writes)
        last = len(ledger.lines)
        for after in (0, 1, 7, last - 1, last, last + 1, last + 1000):
            for limit in (None, 0, 1, 5, last, 10**9):
                stop = None if limit is None else after + limit
                expected = [line.number for line in ledger.lines[after:stop]]
                found = [entry.number for entry in store.entries(after, limit=limit)]
                equal(expected, found, f"numbers after {after}, limit {limit}")

    def test_places_that_are_none(self) -> None:
        """K9: a negative place or limit, or one that is no whole number, is an ArgumentError."""
        store = self.filled([deal(name="a")])
        for arguments in (
            {"after": -1},
            {"after": "1"},
            {"after": None},
            {"limit": -1},
            {"limit": 1.5},
            {"after": True},
        ):
            with refused(ArgumentError, what=f"{arguments}"):
                list(store.entries(**arguments))

    @needs("writable")
    def test_a_feed_while_others_write(self) -> None:
        """K9: a consumer that reads in batches, with writes between them, gets every entry once, in order."""
        store, ledger, written = self.filled(), Ledger(), 0
        found: list[Line] = []
        for _ in attempts("the end of the log"):
            if written < 12:
                append_to_both(store, ledger, deals(3, first=written * 3 + 1))
                written += 1
            batch = [line_of(entry) for entry in store.entries(found[-1].number if found else 0, limit=2)]
            if not batch and written == 12:
                break
            found += batch
        equal(ledger.lines, found, "what was read")

    @needs("writable")
    def test_an_iterator_of_the_log_while_others_write(self) -> None:
        """K9: an iterator that is open while entries are added gives none twice and leaves none out of those it gives."""
        store = self.filled(deals(10))
        iterator = store.entries()
        found = [next(iterator).number]
        store.append(deals(10, first=11))
        found += [entry.number for entry in iterator]
        equal(list(range(1, len(found) + 1)), found, "numbers")
        holds(10 <= len(found) <= 20, f"from 10 to 20 entries, got {len(found)}")

    @needs("writable")
    def test_feeds_beside_writers_in_threads(self) -> None:
        """K2, K9: two readers that follow the log while two writers add to it see 1, 2, 3 ... and no number late."""
        backend = self.fresh()
        over = [False, False]

        def write(number: int) -> None:
            try:
                for n in range(15):
                    backend.scoped().append([deal(f"t{number}-{n}", name="a"), deal(f"t{number}-{n}", name="b")])
            finally:
                over[number] = True

        def read() -> None:
            store, seen, last = backend.scoped(), 0, False
            while not last:
                last = all(over)  # what they have written is there to be read once more
                for entry in store.entries(seen):
                    equal(seen + 1, entry.number, "next number")
                    seen = entry.number
            equal(2 * 15 * 2, seen, "the last number that was read")

        def work(number: int) -> None:
            write(number) if number < 2 else read()

        at_once(4, work)

    def test_an_entry_is_made_of_changes(self) -> None:
        """K9: an entry yields a change of the domain for each of its fields, with what stood there before."""
        writes = [
            deal(name="a", owner=1),
            deal(name="b", owner=None, actor="Anna", at=hour(1), recorded=hour(2), sequence=3),
        ]
        entry = next(iter(self.filled(writes).entries(1)))
        found = {change.field: change for change in entry.changes()}
        equal({"name": ("a", "b"), "owner": (1, None)}, {n: (c.old, c.new) for n, c in found.items()}, "old and new")
        change = found["name"]
        equal(
            ("opportunity", "d1", hour(1), hour(2), 3, "Anna"),
            (change.table, change.record, change.at, change.recorded_at, change.sequence, change.actor),
            "change",
        )

    # -- K14 and scans ---------------------------------------------------------------------------------

    def test_batches_are_bounded(self) -> None:
        """K14: a scan gives batches of `size` records at most, the records in the order they were made."""
        store = self.filled(deals(23))
        for size in (1, 5, 23, 24, 10_000):
            sizes = [len(batch) for batch in store.scan("opportunity", ["name"], size=size)]
            holds(max(sizes) <= size and sum(sizes) == 23, f"sizes {sizes}")
            found = [row[0] for row in rows(store, "opportunity", ["name"], size=size)[1]]
            equal([f"d{n}" for n in range(1, 24)], found, f"order in batches of {size}")

    def test_sizes_that_are_none(self) -> None:
        """K14: a size below 1, or none that is a whole number, is an ArgumentError."""
        store = self.filled([deal(name="a")])
        for size in (0, -1, 1.5, "10"):
            with refused(ArgumentError, what=f"size {size!r}"):
                list(store.scan("opportunity", size=size))  # type: ignore[arg-type]

    def test_records_are_in_the_order_they_were_made(self) -> None:
        """K14: changing a record, or learning late that it is older, does not move it."""
        writes = [deal("b"), deal("a"), deal(7), deal("c"), deal("b", name="x"), deal("c", name="old", at=hour(-99))]
        store = self.filled(writes)
        equal(["b", "a", 7, "c"], [row[0] for row in rows(store, "opportunity", [])[1]], "order")

    def test_columns_of_a_scan(self) -> None:
        """K14: the columns asked for come in that order; one that no record has is blank; by default all come."""
        writes = [deal("d1", name="a", x_b=1, x_a=None), deal("d2", owner="Anna", x_a=2), deal("d2", x_a=None)]
        store, ledger = self.filled(writes), Ledger()
        ledger.append(writes)
        equal(
            (("id", "version", "x_b", "nobody", "name"), [("d1", 1, 1, None, "a"), ("d2", 2, None, None, None)]),
            rows(store, "opportunity", ["x_b", "nobody", "name"]),
            "columns asked for",
        )
        equal((("id", "version"), [("d1", 1), ("d2", 2)]), rows(store, "opportunity", []), "no columns")
        same_store(store, ledger)

    def test_columns_that_are_none(self) -> None:
        """K13: a name twice, id or version among the columns, text in place of a list, are ArgumentErrors."""
        store = self.filled([deal(name="a")])
        for columns in (["name", "name"], ["id"], ["version"], "name", [""], [7], ["a\0b"]):
            with refused(ArgumentError, what=f"columns {columns!r}"):
                list(store.scan("opportunity", columns))  # type: ignore[arg-type]

    def test_nothing_is_there_at_first(self) -> None:
        """K9, K11: an empty store has no table, record, entry or consumer, and says so without an error."""
        store = self.filled()
        same_store(store, Ledger())
        equal([], list(store.scan("opportunity")), "a scan")
        equal([], list(store.scan("nobody_knows")), "a scan of a table that never was")
        equal(None, store.get("opportunity", "d1"), "a record")
        equal(
            ("nobody", 0, None),
            tuple(getattr(store.consumer("nobody"), n) for n in ("name", "cursor", "state")),
            "consumer",
        )
        equal(0, len(store.dataset()), "tables of the dataset")
        equal([], lines(store), "the log")

    def test_tables_and_stats(self) -> None:
        """K11: the tables that have records, sorted, and how many each has."""
        store = self.filled([deal(1, table="visit"), deal("l", table="lead"), *deals(3), deal("d1", name="other")])
        equal(("lead", "opportunity", "visit"), tuple(store.tables()), "tables")
        stats = store.stats()
        equal(({"lead": 1, "opportunity": 3, "visit": 1}, 6), (dict(stats.records), stats.entries), "stats")
        holds(stats.size is None or stats.size >= 0, f"size {stats.size!r}")

    # -- datasets --------------------------------------------------------------------------------------

    def test_a_dataset_is_that_of_a_scan(self) -> None:
        """K11: `dataset` has the tables, columns, kinds, values, references and issues of a `Dataset` made of `scan`."""
        usable = [(table, field, values) for table, field, values in DOMAIN if field not in ("name", "created_at")]
        writes = [
            *writes_of(31, 60),
            *(deal(f"{f} {n}", table=t, **{f: v}) for t, f, values in usable for n, v in enumerate(values)),
            *(deal(n, table="x_visit", city=v) for n, v in enumerate(HOST["text"][:12])),
            deal("gone", deleted=True, name="left out"),
            deal("created", created_at=date(2024, 1, 31)),
            deal("l9", table="lead", converted=True, expected_amount=Money("12.5", "EUR")),
        ]
        store = self.filled(writes)
        expected, found = scanned(store), store.dataset()
        equal(values_of(expected), values_of(found), "dataset")
        equal(
            sorted((i.table, i.column, i.kind, i.count) for i in expected.issues),
            sorted((i.table, i.column, i.kind, i.count) for i in found.issues),
            "issues",
        )

    def test_a_dataset_of_some_tables(self) -> None:
        """K11: only the tables asked for are in a dataset; one without records is left out."""
        store = self.filled([deal("l", table="lead"), deal(1, table="visit"), *deals(3)])
        equal(["opportunity", "visit"], sorted(store.dataset(["visit", "opportunity", "account"])), "tables")
        equal([], sorted(store.dataset([])), "no tables")
        with refused(CrmCoreError, what="a table's name that is none"):
            store.dataset([""])
