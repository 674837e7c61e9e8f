"""Exact columns hold exactly the numbers that came, at the scale they need; what cannot be held rejects its row."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import Money
from crmcore.errors import ArgumentError
from crmcore.table.builders import Block, Builder, ColumnSpec, builder
from crmcore.table.column import Column


def made(kind: str, *blocks: Any, text: bool = False, **how: Any) -> tuple[Column, Builder]:
    """Return the column of these blocks, and its builder."""
    target = builder(ColumnSpec("x", kind, **how))
    for block in blocks:
        if isinstance(block, Block):
            target.add_block(block)
        else:
            (target.add_text if text else target.add)(block)
    return target.finish(), target


def exact(column: Column) -> list[Decimal | None]:
    """Return the values of a column, None where blank."""
    there = column.present().tolist()
    return [Decimal(v) / column.scale if t else None for v, t in zip(column.data.tolist(), there, strict=True)]


def kinds(target: Builder) -> list[tuple[int, str, str]]:
    """Return what a builder refused, in row order."""
    return sorted((b.row, b.kind, b.text) for b in target.bad)


def test_money_keeps_two_decimals_at_least_and_as_many_as_it_needs() -> None:
    """Amounts are whole numbers at one scale: 2 decimals, more where a value has more (M1)."""
    column, _ = made("money", [Decimal("12.5"), None, 3], [Decimal("-4.125")])

    assert column.data.dtype == np.int64
    assert (column.data.tolist(), column.scale) == ([12500, 0, 3000, -4125], 1000)
    assert column.valid is not None
    assert column.valid.tolist() == [True, False, True, True]
    assert made("money", [7])[0].scale == 100


def test_trailing_zeros_need_no_scale() -> None:
    """1.2300000000000 has two decimals, whoever wrote the zeros (M1)."""
    column, target = made("money", [Decimal("1.2300000000000")])

    assert (column.data.tolist(), column.scale, target.bad) == ([123], 100, [])


def test_the_same_amounts_in_every_form_give_the_same_column() -> None:
    """Decimals, text, floats, arrays and decimal blocks of 0.1, 20 and 3.75 are one column (M1, Q3)."""
    wanted = ([10, 2000, 375], 100)
    forms: list[Any] = [
        [Decimal("0.1"), Decimal(20), Decimal("3.75")],
        ["0.1", "20", "3.750"],
        [0.1, 20.0, 3.75],
        [Fraction(1, 10), 20, Fraction(15, 4)],
        np.array([0.1, 20.0, 3.75]),
        np.array([0.1, 20.0, 3.75], np.float32),
        Block("decimal", np.array([1000, 200000, 37500]), decimals=4),
        [Money("0.1"), Money(20), Money("3.75")],
    ]

    for form in forms:
        column, target = made("money", form)
        assert (column.data.tolist(), column.scale, target.bad) == (*wanted, []), form
    assert made("money", forms[1], text=True)[0].data.tolist() == wanted[0]


def test_floats_are_read_as_their_shortest_decimal_and_counted() -> None:
    """A float amount is kept and noted; one with no end in nine decimals is rejected (Q3)."""
    column, target = made("money", [0.1, 2.675], [0.1 + 0.2, 1e15 + 0.3])

    assert exact(column)[:2] == [Decimal("0.1"), Decimal("2.675")]
    assert exact(column)[3] == Decimal("1000000000000000.2")
    assert exact(column)[3] == Decimal(repr(1e15 + 0.3))
    assert kinds(target) == [(2, "amount beyond the scale", "0.30000000000000004")]
    assert target.notes["float amount"].count == 4
    assert target.notes["float amount"].rows == [0, 1, 2, 3]


@given(st.lists(st.decimals(-(10**8), 10**8, places=6), min_size=1, max_size=30))
def test_floats_equal_the_decimals_they_were_written_as(values: list[Decimal]) -> None:
    """Up to 15 digits a float says exactly which decimal it was (Q3)."""
    column, target = made("money", np.array([float(v) for v in values]))

    assert exact(column) == [Decimal(repr(float(v))) for v in values] == values
    assert target.bad == []


@pytest.mark.parametrize("value", [503036391367050.94, 7358839835888127.0, 0.1, 123456789012345.6, 999999999999999.9])
def test_floats_with_many_digits_keep_them_all(value: float) -> None:
    """Where a product with a power of ten would lose the last digit, the text of the float decides (Q3)."""
    assert exact(made("money", np.array([value]))[0]) == [Decimal(repr(value))]


@pytest.mark.parametrize(
    "value", [0.10285000000000001, 0.10314999999999999, 0.10414999999999999, 910462909055.1747, 940858747403.5195]
)
def test_floats_next_to_a_tie_round_like_their_text(value: float) -> None:
    """0.10285000000000001 is above the tie, though ten thousand times it is not (M1)."""
    column, _ = made("number", np.array([value, 1 / 3]), decimals=4)

    assert exact(column)[0] == Decimal(repr(value)).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


@given(st.lists(st.floats(-1e17, 1e17), min_size=1, max_size=30))
def test_floats_of_any_size_are_their_text_or_nothing(values: list[float]) -> None:
    """A float whose text has at most nine decimals is that number, any other is refused (Q3)."""
    decimals = [Decimal(repr(v)) for v in values]
    places = [max(0, -int(d.normalize().as_tuple().exponent)) for d in decimals]
    scale = max(2, *(p for p in places if p <= 9), 2)
    wanted = [d if p <= 9 and abs(d).scaleb(scale) < 2**63 else None for d, p in zip(decimals, places, strict=True)]

    for given_as in (values, np.array(values)):
        assert exact(made("money", given_as)[0]) == wanted


def test_amounts_beyond_the_scale_are_rejected() -> None:
    """More than nine decimals, or more than int64 holds at the scale, is an issue with the text of the value."""
    column, target = made(
        "money", [Decimal("1.1234567891"), Decimal(10) ** 17, 10**19, Decimal("1e30"), 1e300, Decimal("5.123456789")]
    )

    assert exact(column) == [None, None, None, None, None, Decimal("5.123456789")]
    assert {kind for _, kind, _ in kinds(target)} == {"amount beyond the scale"}
    assert [row for row, _, _ in kinds(target)] == [0, 1, 2, 3, 4]


def test_a_later_block_can_make_an_earlier_amount_too_large() -> None:
    """10**15 fits with two decimals, and no longer with five: the row that does not fit is named at the end."""
    column, target = made("money", [1, 10**15], [Decimal("0.00001")])

    assert exact(column) == [1, None, Decimal("0.00001")]
    assert [(row, kind) for row, kind, _ in kinds(target)] == [(1, "amount beyond the scale")]


def test_declared_decimals_round_half_even_and_are_counted() -> None:
    """With decimals=2, 1.235 and 1.245 both become 1.24, and 1.25 stays; two were rounded (M1)."""
    for values, text in (
        ([Decimal("1.235"), Decimal("1.245"), Decimal("1.25")], False),
        (["1.235", "1.245", "1.25"], True),
        ([1.235, 1.245, 1.25], False),
        (np.array([1.235, 1.245, 1.25]), False),
    ):
        column, target = made("money", values, text=text, decimals=2)
        assert (column.data.tolist(), column.scale) == ([124, 124, 125], 100), values
        assert target.notes["rounded"].count == 2


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=40), st.integers(0, 9))
def test_rounding_of_floats_is_that_of_their_text(values: list[float], decimals: int) -> None:
    """Floats round as the decimals they are written as do, ties to even, however they come (M1)."""
    unit = Decimal(1).scaleb(-decimals)
    wanted = [Decimal(repr(v)).quantize(unit, ROUND_HALF_EVEN) for v in values]

    assert exact(made("number", values, decimals=decimals)[0]) == wanted
    assert exact(made("number", np.array(values), decimals=decimals)[0]) == wanted


def test_text_that_is_no_number_rejects_its_row() -> None:
    """'n/a' in a number column is an issue with its row, and the other rows stay."""
    column, target = made("money", ["12.50", " 7 ", "", "n/a", "1_000", "١٢", "1,5", "0x10", "nan", "1e3"], text=True)

    assert exact(column) == [Decimal("12.5"), 7, None, None, None, None, None, None, None, 1000]
    assert [(row, text) for row, kind, text in kinds(target) if kind == "not a number"] == [
        (3, "n/a"),
        (4, "1_000"),
        (5, "١٢"),
        (6, "1,5"),
        (7, "0x10"),
        (8, "nan"),
    ]


def test_marks_of_numbers_are_declared_never_guessed() -> None:
    """1.234,50 is a number where comma and point are declared so; 1.23,4 is not one of groups of three."""
    how = {"decimal_mark": ",", "thousands": "."}
    column, target = made("money", ["1.234,50", "-7", "1.234.567,1", "1.23,4"], text=True, **how)

    assert exact(column) == [Decimal("1234.5"), -7, Decimal("1234567.1"), None]
    assert kinds(target) == [(3, "not a number", "1.23,4")]
    assert exact(made("money", ["1 234", "1\u00a0234", "1\u202f234"], text=True, thousands=" ")[0]) == [1234] * 3


def test_infinity_and_flags_are_no_numbers() -> None:
    """Infinite floats and booleans are refused; NaN is blank."""
    column, target = made("number", [float("inf"), float("nan"), True, 2])

    assert exact(column) == [None, None, None, 2]
    assert [(row, kind) for row, kind, _ in kinds(target)] == [(0, "not a number"), (2, "not a number")]
    assert made("number", np.array([np.inf, np.nan, 2.0]))[1].bad[0].row == 0


def test_money_brings_its_currency() -> None:
    """One currency stands for the column, several are a column of codes; a blank amount names none (M2)."""
    one, _ = made("money", [Money(1, "EUR"), None], [Money(2, "EUR")])
    two, _ = made("money", [None, Money(1, "EUR")], [Money(2, "USD"), Money(3)])
    none, _ = made("money", [Money(1), 2])
    declared, _ = made("money", [1, 2], currency="CNY")
    late, _ = made("money", [1], [Money(1, "EUR")], [2, None], [Money(1, "USD")])

    assert isinstance(two.currency, Column)
    assert [two.currency.labels[c] for c in two.currency.data] == [None, "EUR", "USD", None]
    assert isinstance(late.currency, Column)
    assert [late.currency.labels[c] for c in late.currency.data] == [None, "EUR", None, None, "USD"]
    assert (one.currency, none.currency, declared.currency) == ("EUR", None, "CNY")


def test_thirds_keep_their_own_scale() -> None:
    """Three shares of a third are numbers at a scale of 30, and sum to one exactly (M6)."""
    column, _ = made("number", [Fraction(1, 3), Fraction(1, 3)], [Fraction(1, 3), Decimal("0.5")])

    assert (column.data.tolist(), column.scale) == ([10, 10, 10, 15], 30)
    _, target = made("number", [Fraction(1, 10**13 + 37)])
    assert [b.kind for b in target.bad] == ["number beyond the scale"]


def test_counts_are_whole() -> None:
    """2.0 is a count, 2.5 is not; one below the least that a record allows is refused."""
    column, target = made("count", [1.0, float("nan"), 2.5, "7", Decimal(3), 10**19, -1], least=0)

    assert column.data.tolist() == [1, 0, 0, 7, 3, 0, 0]
    assert column.scale == 1
    assert kinds(target) == [
        (2, "not a whole number", "2.5"),
        (5, "number beyond the scale", "10000000000000000000"),
        (6, "below 0", "-1"),
    ]
    assert target.notes == {}


def test_probabilities_are_ten_thousandths() -> None:
    """0.3 is 3000; a fifth decimal is rounded half-even and counted; 1.5 is no probability."""
    column, target = made("probability", [Decimal("0.3"), 0.30005, 0.00015, 1, Decimal("1.5"), -0.1, None])

    assert column.data.dtype == np.int32
    assert (column.data.tolist(), column.scale) == ([3000, 3000, 2, 10000, 0, 0, 0], 10_000)
    assert [(row, kind) for row, kind, _ in kinds(target)] == [(4, "not a probability"), (5, "not a probability")]
    assert target.notes["rounded"].count == 2


def test_scales_of_probabilities_are_declared() -> None:
    """30 is 0.3 only where 0-100 is declared, '30%' only where percentages are (E57)."""
    assert made("probability", [30, 12.5, "45"], percent=100)[0].data.tolist() == [3000, 1250, 4500]
    assert made("probability", ["30%", "12.5 %"], text=True, percent="text")[0].data.tolist() == [3000, 1250]
    assert [b.kind for b in made("probability", ["30%"], text=True)[1].bad] == ["not a probability"]
    assert [b.kind for b in made("probability", ["30"], text=True, percent="text")[1].bad] == ["not a percentage"]
    assert [b.kind for b in made("probability", [30], percent="text")[1].bad] == ["not a percentage"]
    assert [b.kind for b in made("probability", np.array([0.5]), percent="text")[1].bad] == ["not a percentage"]
    assert [b.kind for b in made("probability", [101], percent=100)[1].bad] == ["not a probability"]


def test_many_decimals_of_probabilities_are_rounded_at_once() -> None:
    """Model probabilities with endless decimals round as their text would."""
    values = [1 / 3, 2 / 3, 0.123456789012, 1.0, 0.99995000000000001]
    wanted = [int(Decimal(repr(v)).quantize(Decimal("0.0001"), ROUND_HALF_EVEN) * 10_000) for v in values]

    column, target = made("probability", np.array(values))

    assert column.data.tolist() == wanted == [3333, 6667, 1235, 10000, 10000]
    assert target.notes["rounded"].count == 4


def test_arrays_of_the_caller_are_not_kept() -> None:
    """Changing an array after it was handed over does not change the column."""
    data = np.array([1, 2, 3])
    column, _ = made("count", data)
    data[0] = 99

    assert column.data.tolist() == [1, 2, 3]


def test_blocks_of_other_types_go_by_their_values() -> None:
    """A block of days in a number column is refused row by row, one of labels is read as text."""
    _, target = made("number", Block("day", np.array([19723], np.int32)))
    column, _ = made("number", Block("codes", np.array([1, 0]), np.array([True, True]), labels=["2.5", "4"]))

    assert kinds(target) == [(0, "not a number", "2024-01-01")]
    assert exact(column) == [4, Decimal("2.5")]


def test_large_decimal_blocks_are_scaled_with_care() -> None:
    """A decimal block keeps its digits, with validity, whatever stands in cells that are not valid."""
    block = Block("decimal", np.array([2**62, 150, 7]), np.array([False, True, True]), decimals=1)

    column, target = made("money", block)

    assert exact(column) == [None, 15, Decimal("0.7")]
    assert target.bad == []
    fine = Block("decimal", np.array([1234567890123, 5]), decimals=12)
    assert kinds(made("number", fine)[1]) == [
        (0, "number beyond the scale", "1.234567890123"),
        (1, "number beyond the scale", "0.000000000005"),
    ]


def test_a_column_without_values_takes_no_room() -> None:
    """A million blanks are one stored zero."""
    target = builder(ColumnSpec("x", "money"))
    for _ in range(10):
        target.add_blank(100_000)
    column = target.finish()

    assert (len(column), column.nulls, column.scale) == (1_000_000, 1_000_000, 100)
    assert column.data.strides == (0,)
    assert made("money", [None, None])[0].nulls == 2


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"kind": "amount"}, "no kind 'amount'"),
        ({"kind": "probability", "percent": 10}, "percent is 1, 100 or 'text'"),
        ({"kind": "duration", "unit": "weeks"}, "no unit of time 'weeks'"),
        ({"kind": "money", "decimals": 12}, "decimals are 0 to 9"),
        ({"kind": "money", "decimal_mark": ",", "thousands": ","}, "differs from the mark of thousands"),
    ],
)
def test_specs_that_mean_nothing_fail_at_once(how: dict[str, Any], words: str) -> None:
    """A spec says what is wrong with it, and of which column."""
    with pytest.raises(ArgumentError, match=words):
        ColumnSpec("x", **how)
