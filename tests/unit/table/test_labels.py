"""Keys are coded as they are first seen, ids identify, and columns that nobody declared follow their values."""

from __future__ import annotations

import enum
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from crmcore.domain import Money
from crmcore.table.builders import Block, Builder, ColumnSpec, builder
from crmcore.table.column import Column
from crmcore.table.values import values_of


def made(kind: str, *blocks: Any, text: bool = False, **how: Any) -> tuple[Column, Builder]:
    """Return the column of these blocks, and its builder."""
    target = builder(ColumnSpec("x", kind, **how))
    for block in blocks:
        if isinstance(block, Block):
            target.add_block(block)
        else:
            (target.add_text if text else target.add)(block)
    return target.finish(), target


class Region(enum.Enum):
    NORTH = "north"


class TestKeys:
    def test_codes_follow_the_order_of_first_sight(self) -> None:
        """Blank is code 0, the others count from 1 as they come; white space around text is left out."""
        column, _ = made("key", ["华东", "North", None], [" North ", "", "华东", float("nan")])

        assert column.data.tolist() == [1, 2, 0, 2, 0, 1, 0]
        assert column.labels == (None, "华东", "North")
        assert column.data.dtype == np.int8

    def test_codes_grow_with_the_labels(self) -> None:
        """127 labels and blank need int16, 32,767 need int32; early codes stay what they were."""
        small, _ = made("key", [f"a{i}" for i in range(126)])
        middle, _ = made("key", ["a0"], [f"a{i}" for i in range(127)])
        large, _ = made("key", ["a0"], [f"a{i}" for i in range(32_767)])

        assert [c.data.dtype for c in (small, middle, large)] == [np.int8, np.int16, np.int32]
        assert large.labels[large.data[0]] == "a0"
        assert large.labels[large.data[-1]] == "a32766"

    def test_labels_are_text_or_whole_numbers(self) -> None:
        """Whole numbers stay numbers, also where a frame made them floats; others become text."""
        known = uuid.UUID("12345678123456781234567812345678")
        column, target = made(
            "key", [7, 7.0, Decimal(7), np.int32(8), True, Region.NORTH, known, date(2026, 1, 2), b"x"]
        )

        assert values_of(column) == [7, 7, 7, 8, "true", "north", str(known), "2026-01-02", "x"]
        assert target.bad == []

    def test_what_is_no_label_rejects_the_row(self) -> None:
        """A list, or bytes that are no text, cannot be a category."""
        column, target = made("key", ["a", ["a"], b"\xff", "a", {"b"}])

        assert values_of(column) == ["a", None, None, "a", None]
        assert [(b.row, b.kind) for b in target.bad] == [(1, "not a label"), (2, "not a label"), (4, "not a label")]

    def test_choices_are_the_only_words(self) -> None:
        """An outcome has fixed codes; case does not matter, other words reject the row (O1)."""
        words = ("open", "won", "lost", "abandoned")
        column, target = made("key", ["Won", "LOST", None, "pending", "won"], choices=words)

        assert column.labels == (None, *words)
        assert column.data.tolist() == [2, 3, 0, 0, 2]
        assert [(b.row, b.kind, b.text) for b in target.bad] == [(3, "unknown x", "pending")]

    def test_dictionaries_stay_coded(self) -> None:
        """A block of codes keeps its codes, counted from 1, and blanks become 0."""
        block = Block("codes", np.array([1, 0, 1, 77]), np.array([True, True, True, False]), labels=["a", "b"])
        other = Block("codes", np.array([0, 1]), labels=["b", "c"])
        column, _ = made("key", block, other)

        assert column.data.tolist() == [2, 1, 2, 0, 2, 3]
        assert column.labels == (None, "a", "b", "c")

    def test_labels_of_a_dictionary_are_read_like_text(self) -> None:
        """Two spellings of one label, and a null word, in a dictionary."""
        block = Block("codes", np.array([0, 1, 2, 3]), labels=["a", " a ", "Select", "b"])
        column, _ = made("key", block, null_words=frozenset({"", "Select"}))

        assert values_of(column) == ["a", "a", None, "b"]

    def test_a_dictionary_with_an_unknown_word_rejects_its_rows(self) -> None:
        """Rows are refused, not the dictionary."""
        block = Block("codes", np.array([0, 1, 1]), labels=["won", "hm"])
        column, target = made("key", block, choices=("open", "won"))

        assert values_of(column) == ["won", None, None]
        assert [(b.row, b.text) for b in target.bad] == [(1, "hm"), (2, "hm")]

    def test_whole_numbers_of_an_array_are_labels(self) -> None:
        """Close numbers are coded by a table, far ones one by one; blanks stay blank."""
        near = Block("int", np.array([105, 100, 105, 0]), np.array([True, True, True, False]))
        far = np.array([10**12, 5])
        column, _ = made("key", near, far)

        assert values_of(column) == [105, 100, 105, None, 10**12, 5]

    def test_value_maps_have_the_last_word(self) -> None:
        """A mapped text is final, None is blank, and a map may give a blank a name."""
        how = {"value_map": {"GTXPro": "GTX Pro", "unknown": None, "": "none given"}}
        column, _ = made("key", ["GTXPro", "GTX Pro", "unknown", ""], text=True, **how)

        assert values_of(column) == ["GTX Pro", "GTX Pro", None, "none given"]

    def test_white_space_counts_where_it_is_told_to(self) -> None:
        """Without strip ' a' is another label than 'a'."""
        assert made("key", [" a", "a"], text=True, strip=False)[0].labels == (None, " a", "a")


class TestIds:
    def test_whole_numbers_stay_numbers(self) -> None:
        """Ids are int64 where all are whole numbers."""
        column, _ = made("id", [3, 1], np.array([7, 9]))

        assert column.data.dtype == np.int64
        assert column.data.tolist() == [3, 1, 7, 9]

    def test_one_text_makes_all_of_them_text(self) -> None:
        """Ids of two types are text."""
        assert made("id", [1, 2], ["a", 2**70])[0].data.tolist() == ["1", "2", "a", str(2**70)]

    def test_text_cells_are_numbers_only_where_nothing_is_lost(self) -> None:
        """'7' is a number in a file; with '007' in the column all stay as they are written."""
        assert made("id", ["7", "12"], ["-3"], text=True)[0].data.tolist() == [7, 12, -3]
        assert made("id", ["7", "12"], ["007"], text=True)[0].data.tolist() == ["7", "12", "007"]
        assert made("id", ["7", " 12"], text=True)[0].data.tolist() == [7, 12]

    def test_a_blank_id_rejects_the_row(self) -> None:
        """No id, no record - and the type of the others is not touched."""
        column, target = made("id", [1, None, 3], [[4], ""])

        assert column.data.dtype == np.int64
        assert [(b.row, b.kind) for b in target.bad] == [(1, "blank id"), (3, "not an id"), (4, "blank id")]

    def test_optional_ids_become_row_numbers(self) -> None:
        """Records that need no id get the number of their row, from 1; single ones '#' and the number."""
        assert made("id", [None, None], [None], optional=True)[0].data.tolist() == [1, 2, 3]
        assert made("id", ["a", None, "c"], optional=True)[0].data.tolist() == ["a", "#2", "c"]

    def test_arrays_of_the_caller_are_not_kept(self) -> None:
        """Changing an array after it was handed over does not change the ids; one that lasts is not copied."""
        data = np.array([1, 2])
        column, _ = made("id", data)
        same, _ = made("id", Block("int", data, lasting=True))
        data[0] = 99

        assert column.data.tolist() == [1, 2]
        assert np.shares_memory(same.data, data)


class TestPlain:
    def test_flags(self) -> None:
        """True, False and blank; 1, 0 and the declared words stand for them."""
        column, target = made("flag", [True, None, False], [1, 0, "Yes", "no", "", "maybe", 2])

        assert values_of(column) == [True, None, False, True, False, True, False, None, None, None]
        assert [(b.row, b.kind, b.text) for b in target.bad] == [(8, "not a flag", "maybe"), (9, "not a flag", "2")]
        words = {"true_words": frozenset({"ja"}), "false_words": frozenset({"nein"})}
        assert values_of(made("flag", ["Ja", "nein", "yes"], text=True, **words)[0]) == [True, False, None]
        assert values_of(made("flag", np.array([True, False]))[0]) == [True, False]

    def test_scores_are_floats(self) -> None:
        """Scores are the only inexact kind; NaN is blank, infinity and words are refused."""
        column, target = made("score", [1, 2.5, None], [Decimal("0.5"), "3.5", "high", float("inf"), True])

        assert values_of(column) == [1.0, 2.5, None, 0.5, 3.5, None, None, None]
        assert [(b.row, b.kind) for b in target.bad] == [(5, "not a number"), (6, "not a number"), (7, "not a number")]
        assert values_of(made("score", np.array([1.5, np.nan]))[0]) == [1.5, None]

    def test_text_is_kept(self) -> None:
        """Free text is kept as it is, without white space around it; blank is None."""
        assert values_of(made("text", ["a b ", "", None, 5, date(2026, 1, 2)])[0]) == [
            "a b",
            None,
            None,
            "5",
            "2026-01-02",
        ]

    def test_durations_are_microseconds(self) -> None:
        """Timedeltas, clock text and ISO 8601; a number needs a declared unit."""
        hour = 3_600_000_000
        column, target = made(
            "duration", [timedelta(hours=1), None, "1:30:00", "PT1H", "2d 0:30", "-0:30", 5, "P1000000000D"]
        )

        assert column.data.tolist() == [hour, 0, hour * 3 // 2, hour, hour * 97 // 2, -hour // 2, 0, 0]
        assert column.scale == 86_400_000_000
        assert [(b.row, b.kind) for b in target.bad] == [(6, "duration without a unit"), (7, "duration out of range")]
        assert made("duration", [2, "1.5", 0.25], unit="hours")[0].data.tolist() == [2 * hour, hour * 3 // 2, hour // 4]
        assert made("duration", np.array([90, "NaT"], "m8[m]"))[0].data.tolist() == [hour * 3 // 2, 0]


class TestAuto:
    @pytest.mark.parametrize(
        ("values", "kind", "wanted"),
        [
            (["a", None], "key", ["a", None]),
            ([1, None], "count", [1, None]),
            ([Decimal("1.5")], "number", [Decimal("1.5")]),
            ([1.5, None], "score", [1.5, None]),
            ([True, None], "flag", [True, None]),
            ([date(2026, 1, 2)], "day", [date(2026, 1, 2)]),
            ([datetime(2026, 1, 2, 3, tzinfo=UTC)], "instant", [datetime(2026, 1, 2, 3, tzinfo=UTC)]),
            ([timedelta(hours=1)], "duration", [timedelta(hours=1)]),
            ([Money(5, "EUR")], "money", [Money(5, "EUR")]),
            ([{"a": 1}], "text", ["{'a': 1}"]),
            ([None, None], "key", [None, None]),
            ([float("nan"), "a"], "key", [None, "a"]),
        ],
    )
    def test_the_type_of_the_values_decides(self, values: list[Any], kind: str, wanted: list[Any]) -> None:
        """A column that no record knows has the kind that its Python values have."""
        column, target = made("auto", values)

        assert (column.kind, values_of(column), target.bad) == (kind, wanted, [])

    @pytest.mark.parametrize(
        ("blocks", "kind", "wanted"),
        [
            (([None], [1], [Decimal("1.5")]), "number", [None, 1, Decimal("1.5")]),
            (([1], [2.5]), "score", [1.0, 2.5]),
            (([1, None], ["x"]), "key", [1, None, "x"]),
            (([date(2026, 1, 2)], ["x"]), "key", ["2026-01-02", "x"]),
            (([True], [7]), "key", ["true", 7]),
            (([1], [[2]]), "text", ["1", "[2]"]),
            ((np.array([1, 2]), np.array([0.5])), "score", [1.0, 2.0, 0.5]),
        ],
    )
    def test_mixed_types_meet_in_one_that_holds_both(
        self, blocks: tuple[Any, ...], kind: str, wanted: list[Any]
    ) -> None:
        """Numbers widen, anything else becomes a category; nothing is lost on the way."""
        column, target = made("auto", *blocks)

        assert (column.kind, values_of(column), target.bad) == (kind, wanted, [])

    def test_it_never_rejects_a_row(self) -> None:
        """A naive timestamp in a column nobody declared is blank and noted; the row stays."""
        column, target = made("auto", [datetime(2026, 1, 2, 3)])

        assert (values_of(column), target.bad, target.notes["naive timestamp"].count) == ([None], [], 1)

    def test_text_cells_are_categories(self) -> None:
        """In a file every cell is text: what is not declared is a category."""
        assert values_of(made("auto", ["1", "", "a"], text=True)[0]) == ["1", None, "a"]
