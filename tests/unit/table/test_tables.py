"""Tables: columns are gathered when they are looked at, and large tables stand ordered by outcome."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import attrs
import numpy as np
import pytest

from crmcore.domain import RECORDS, Money
from crmcore.errors import ColumnNotFound
from crmcore.table import table as tables
from crmcore.table.column import Column, code_type, narrow
from crmcore.table.columns import Columns
from crmcore.table.dataset import Dataset
from crmcore.table.ids import repeated
from crmcore.table.schema import schema_of
from crmcore.table.table import Segment, Table
from crmcore.table.values import values_of

WORDS = ("lost", "open", None, "won", "open", "won")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Order tables by outcome from five rows on."""
    monkeypatch.setattr(tables, "CLUSTER_FROM", 5)


class TestOrder:
    def test_large_tables_are_ordered_by_outcome(self, small: None) -> None:
        """Rows of one outcome stand together, in the order they came, and know their row numbers."""
        table = Dataset(opportunity={"id": [1, 2, 3, 4, 5, 6], "outcome": WORDS})["opportunity"]

        assert table.clustered == "outcome"
        assert values_of(table["outcome"]) == [None, "open", "open", "won", "won", "lost"]
        assert values_of(table["id"]) == [3, 2, 5, 4, 6, 1]
        assert table.row_numbers(np.arange(6)).tolist() == [2, 1, 4, 3, 5, 0]
        assert table.segments == (Segment(0, 0, 1), Segment(1, 1, 3), Segment(2, 3, 5), Segment(3, 5, 6))

    def test_rejected_and_deleted_rows_are_not_among_them(self, small: None) -> None:
        """Order and rejection together: row numbers are still those of the input."""
        rows = {"id": [1, 2, 2, 4, 5, 6, 7], "outcome": [*WORDS, "open"], "deleted": [False] * 4 + [True, False, False]}
        data = Dataset(opportunity=rows)
        table = data["opportunity"]

        assert values_of(table["id"]) == [2, 7, 4, 6, 1]
        assert table.row_numbers(np.arange(5)).tolist() == [1, 6, 3, 5, 0]
        assert [r.row for r in data.rejected] == [3]
        assert dict(table.excluded) == {"deleted": 1}

    def test_rows_in_order_are_not_copied(self, small: None) -> None:
        """A table that stands in order already keeps its columns."""
        ids = np.arange(6)
        table = Dataset(opportunity={"id": ids, "outcome": ["open"] * 3 + ["won"] * 3})["opportunity"]

        assert table.clustered == "outcome"
        assert table.rows is None

    def test_small_tables_and_other_tables_stay_as_they_came(self) -> None:
        """Below the limit nothing is ordered."""
        table = Dataset(opportunity={"id": [1, 2], "outcome": ["won", "open"]})["opportunity"]

        assert (table.clustered, table.segments) == (None, (Segment(-1, 0, 2),))

    def test_currencies_follow_their_amounts(self, small: None) -> None:
        """The currency of a row moves with it."""
        rows = {"id": list(range(6)), "outcome": WORDS, "amount": [5] * 6, "currency": list("ABCDEF")}
        table = Dataset(opportunity=rows)["opportunity"]

        assert values_of(table["amount"]) == [Money(5, c) for c in "CBEDFA"]


class TestColumns:
    def test_they_are_gathered_when_looked_at(self) -> None:
        """Selecting rows gathers nothing; a column that is looked at is gathered once."""
        table = Table("x", {"id": Column("id", np.arange(5)), "n": Column("count", np.arange(5) * 10)})
        part = table.select(np.array([3, 1]))

        assert isinstance(part.columns, Columns)
        assert "n" in part.columns
        assert list(part.columns) == ["id", "n"]
        assert part.columns.nbytes == 32
        assert part["n"] is part["n"]
        assert part["n"].data.tolist() == [30, 10]
        assert part.columns.nbytes == 32

    def test_parts_of_parts(self) -> None:
        """A selection of a selection, by positions or by a mask, with row numbers of the first table."""
        table = Table("x", {"n": Column("count", np.arange(5) * 10)})
        part = table.select(np.array([True, False, True, True, False])).select(np.array([2, 0]))

        assert part["n"].data.tolist() == [30, 0]
        assert part.row_numbers(np.arange(2)).tolist() == [3, 0]
        assert len(part) == 2

    def test_replaced_columns_stand_over_the_others(self) -> None:
        """Columns put in place do not gather those that stay."""
        table = Table("x", {"n": Column("count", np.arange(3)), "m": Column("count", np.arange(3))}).select(
            np.array([2])
        )
        changed = table.replace({"m": Column("count", np.array([7])), "k": Column("count", np.array([8]))})

        assert [changed[n].data.tolist() for n in ("n", "m", "k")] == [[2], [7], [8]]
        assert len(changed.columns) == 3

    def test_one_value_stays_one(self) -> None:
        """A column of blanks takes no room, also in a part."""
        blank = Column("count", np.broadcast_to(np.zeros(1, np.int64), 5), np.broadcast_to(np.zeros(1, bool), 5))
        part = blank.take(np.array([0, 4]))

        assert (len(part), part.nulls, part.data.strides) == (2, 2, (0,))

    def test_a_missing_column_names_the_nearest(self) -> None:
        """The error says which columns there are."""
        with pytest.raises(ColumnNotFound, match="did you mean 'amount'"):
            Table("cost", {"amount": Column("count", np.arange(1))})["amonut"]

    def test_columns_are_replaced_in_part(self) -> None:
        """What is not given stays, None is a value of its own."""
        column = Column("money", np.array([5, 0]), np.array([True, False]), scale=100, currency="EUR")

        assert column.replace(data=np.array([7, 0])).scale == 100
        assert column.replace(valid=None).nulls == 0
        assert column.replace(currency=None).currency is None
        assert column.replace(kind="number").currency == "EUR"

    def test_narrow_integers(self) -> None:
        """Codes and values are stored in as few bytes as they need."""
        assert [code_type(n) for n in (127, 128, 32_767, 32_768)] == [np.int8, np.int16, np.int16, np.int32]
        assert [narrow(np.array([v])).dtype for v in (127, -129, 40_000, 2**40)] == [
            np.int8,
            np.int16,
            np.int32,
            np.int64,
        ]


class TestValues:
    def test_values_of_every_kind(self) -> None:
        """Stored numbers come back as the Python values that they stand for."""
        day = 86_400_000_000
        columns = [
            Column("day", np.array([20635], np.int32)),
            Column("instant", np.array([1_767_261_600_000_000])),
            Column("duration", np.array([day // 2]), scale=day),
            Column("duration", np.array([3], np.int32)),
            Column("money", np.array([1250]), scale=100, currency="EUR"),
            Column("probability", np.array([3000], np.int32), scale=10_000),
            Column("flag", np.array([True])),
            Column("text", np.array(["a"], object)),
        ]

        assert [values_of(c)[0] for c in columns] == [
            date(2026, 7, 1),
            datetime(2026, 1, 1, 10, tzinfo=UTC),
            timedelta(hours=12),
            timedelta(days=3),
            Money("12.5", "EUR"),
            Decimal("0.3"),
            True,
            "a",
        ]


class TestIds:
    @pytest.mark.parametrize(
        ("ids", "wanted"),
        [
            ([], []),
            ([5], []),
            ([1, 2, 3], []),
            ([3, 1, 2], []),
            ([3, 1, 3, 1, 3], [2, 3, 4]),
            ([10**15, 1, 10**15], [2]),
            ([10**15, 1], []),
        ],
    )
    def test_repeated_numbers(self, ids: list[int], wanted: list[int]) -> None:
        """Second and later occurrences, in order, near or far apart."""
        assert repeated(Column("id", np.array(ids, np.int64))).tolist() == wanted

    def test_repeated_among_kept_rows(self) -> None:
        """Rows that are not kept do not count, neither as first nor as second."""
        ids = Column("id", np.array(["a", "a", "b", "a"], object))

        assert repeated(ids, np.array([False, True, True, True])).tolist() == [3]


class TestSchema:
    @pytest.mark.parametrize("table", list(RECORDS))
    def test_it_holds_every_field_of_the_record(self, table: str) -> None:
        """Names and kinds of the columns are those of the record's fields."""
        schema = schema_of(table)
        fields = {a.name: a for a in attrs.fields(RECORDS[table]) if "column" in a.metadata}

        assert schema.known
        assert {n: f.kind for n, f in schema.fields.items()} == {n: a.metadata["column"] for n, a in fields.items()}

    def test_what_it_says_of_opportunities(self) -> None:
        """References, recorded dates, choices and defaults."""
        fields = schema_of("opportunity").fields

        assert fields["owner"].references == "seller"
        assert (fields["created_at"].exists, fields["closed_at"].recorded, fields["expected_close"].recorded) == (
            True,
            True,
            False,
        )
        assert fields["outcome"].choices == ("open", "won", "lost", "abandoned")
        assert fields["reopened"].least == 0

    def test_tables_of_the_host_have_none(self) -> None:
        """Their columns follow their values; ids are ids, and names of tables are references."""
        schema = schema_of("store")

        assert not schema.known
        assert [schema.spec(n).kind for n in ("id", "account", "currency", "size")] == ["id", "key", "key", "auto"]
        assert not schema.spec("id").optional
        assert schema_of("activity").spec("id").optional
        assert schema_of("lead").spec("created_at", "UTC").timezone == "UTC"
