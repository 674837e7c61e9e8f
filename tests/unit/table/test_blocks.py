"""However a column is cut into blocks, and whatever form its blocks have, the column is the same."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import Money
from crmcore.errors import ArgumentError
from crmcore.table.builders import Block, Builder, ColumnSpec, builder
from crmcore.table.builders.arrays import block_of, python_values
from crmcore.table.column import Column
from crmcore.table.dataset import Dataset
from crmcore.table.values import values_of

WORDS = st.sampled_from(
    ["", "a", " b ", "华", "1", "2.5", "2026-01-02", "2026-01-02T03:04:05Z", "true", "30%", "Won", "-0.005", "x" * 40]
)
THINGS = st.one_of(
    st.none(),
    st.just(float("nan")),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.integers(-9, 9),
    st.floats(allow_nan=False),
    st.decimals(-1000, 1000, places=3),
    st.dates(date(1890, 1, 1), date(2210, 1, 1)),
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)),
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(),
    st.decimals(-100, 100, places=2).map(lambda d: Money(d, "EUR")),
    st.just([1]),
    WORDS,
)
KINDS = (
    "id",
    "key",
    "text",
    "instant",
    "day",
    "moment",
    "money",
    "number",
    "count",
    "probability",
    "duration",
    "flag",
    "score",
)


def taken(kind: str, blocks: Iterable[list[Any]], **how: Any) -> tuple[Any, ...]:
    """Return what a builder makes of blocks: values, scale, what was refused, what was noted."""
    target = builder(ColumnSpec("x", kind, **how))
    for block in blocks:
        target.add(block)
    column = target.finish()
    notes = {kind: note.count for kind, note in target.notes.items()}
    return column.kind, values_of(column), column.scale, sorted((b.row, b.kind) for b in target.bad), notes


@given(st.sampled_from(KINDS), st.lists(THINGS, max_size=12), st.data())
def test_the_cuts_do_not_matter(kind: str, values: list[Any], data: st.DataObject) -> None:
    """Any values in one block, in two, or one by one: the same column, the same issues."""
    cut = data.draw(st.integers(0, len(values)))
    how: dict[str, Any] = {"timezone": "Asia/Shanghai"} if data.draw(st.booleans()) else {}

    whole = taken(kind, [values], **how)
    assert taken(kind, [values[:cut], values[cut:]], **how) == whole
    assert taken(kind, [[v] for v in values], **how) == whole
    assert len(whole[1]) == len(values)


@given(st.sampled_from(KINDS), st.lists(WORDS, max_size=12))
def test_text_cells_are_read_like_text_values(kind: str, texts: list[str]) -> None:
    """A text cell of a file and the same text in a row of a host are one thing - ids apart, whose text is kept there."""
    target = builder(ColumnSpec("x", kind, timezone="UTC"))
    target.add_text(texts)
    column = target.finish()

    if kind != "id":
        assert (column.kind, values_of(column)) == taken(kind, [list(texts)], timezone="UTC")[:2]
    assert len(column) == len(texts)


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(-1000, 1000),
            st.decimals(-10, 10, places=2),
            st.floats(-5, 5),
            st.text(max_size=3),
            st.dates(date(1990, 1, 1), date(2030, 1, 1)),
        ),
        max_size=8,
    ),
    st.data(),
)
def test_columns_that_nobody_declared_keep_every_row(values: list[Any], data: st.DataObject) -> None:
    """Inferred columns are as long as their values, blank where they are, and reject nothing."""
    cut = data.draw(st.integers(0, len(values)))
    _, found, _, bad, _ = taken("auto", [values[:cut], values[cut:]])

    assert bad == []
    assert [v is None for v in found] == [v is None or (isinstance(v, str) and not v.strip()) for v in values]


@pytest.mark.parametrize(
    "dtype",
    [
        "bool",
        "i1",
        "u2",
        "u8",
        "i8",
        "f4",
        "f8",
        "M8[D]",
        "M8[h]",
        "M8[ms]",
        "M8[ns]",
        "m8[s]",
        "m8[ns]",
        "U8",
        "S8",
        "O",
    ],
)
@pytest.mark.parametrize("kind", [*KINDS, "auto"])
def test_arrays_are_read_like_their_values(dtype: str, kind: str) -> None:
    """A typed array gives the column that its values as Python objects give, for every kind of column."""
    values = (
        np.array([1, 0, 1]).astype("i8").astype(dtype)
        if dtype[0] not in "US"
        else np.array(["1", "0.5", "x"]).astype(dtype)
    )
    objects: list[Any] = [v.decode() for v in values.tolist()] if dtype[0] == "S" else values.tolist()
    if dtype in {"M8[ns]", "m8[ns]"}:
        objects = values.astype(dtype.replace("ns", "us")).tolist()
    target = builder(ColumnSpec("x", kind, timezone="UTC", unit="hours"))
    target.add(values)
    column = target.finish()

    wanted = taken(kind, [objects], timezone="UTC", unit="hours")
    assert (column.kind, values_of(column), sorted((b.row, b.kind) for b in target.bad)) == (
        wanted[0],
        wanted[1],
        wanted[3],
    )


def test_blocks_know_their_python_values() -> None:
    """Each form of a block as Python objects, None where it is blank."""
    valid = np.array([True, False])
    day = 86_400_000_000

    assert python_values(Block("decimal", np.array([125, 0]), valid, decimals=2)) == [Decimal("1.25"), None]
    assert python_values(Block("instant", np.array([day, 0]), valid)) == [datetime(1970, 1, 2, tzinfo=UTC), None]
    assert python_values(Block("reading", np.array([day, 0]), valid)) == [datetime(1970, 1, 2), None]
    assert python_values(Block("span", np.array([day, 0]))) == [timedelta(1), timedelta(0)]
    assert python_values(Block("float", np.array([0.1, 0], np.float32))) == [0.1, 0.0]
    assert python_values(Block("day", np.array([10**8]))) == ["100000000 days since 1970-01-01"]


def test_numbers_beyond_int64_are_read_one_by_one() -> None:
    """Large unsigned numbers fit where their kind allows, and are refused where not."""
    large = np.array([2**64 - 1, 5], np.uint64)

    assert values_of(_made("id", large)) == [str(2**64 - 1), "5"]
    assert [b.row for b in _builder("count", large).bad] == [0]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_too_far_away_do_not_wrap_round(unit: str) -> None:
    """A time that does not fit in microseconds is out of range, not some other time."""
    far = np.array([2**62 + 1_700_000_000, -(2**62), 0]).view(f"M8[{unit}]")

    target = _builder("instant", far, timezone="UTC")
    assert [(b.row, b.kind) for b in target.bad] == [(0, "date out of range"), (1, "date out of range")]


@pytest.mark.parametrize(
    "values", [np.zeros(2, complex), np.zeros((2, 2)), np.array([1], "M8[as]"), np.zeros(1, "i4,i4")]
)
def test_arrays_that_are_no_column(values: Any) -> None:
    """Complex numbers, two dimensions, attoseconds and structures are errors that say so."""
    with pytest.raises(ArgumentError):
        block_of(values)


def test_text_of_dataframe_libraries() -> None:
    """`add_text` takes lists, arrays of numpy, and arrays of pyarrow with or without nulls."""
    pa = pytest.importorskip("pyarrow")
    for texts in (["5", "7"], np.array(["5", "7"]), pa.array(["5", "7"]), pa.chunked_array([["5"], ["7"]])):
        target = builder(ColumnSpec("x", "count"))
        target.add_text(texts)
        assert values_of(target.finish()) == [5, 7]
    target = builder(ColumnSpec("x", "count"))
    target.add_text(pa.array(["5", None]))
    target.add_text([])
    target.add([])
    assert values_of(target.finish()) == [5, None]


def test_runs_of_blanks_between_values() -> None:
    """Blank runs take no room until a value follows, for every kind of column."""
    samples: dict[str, Any] = {
        "key": "a",
        "text": "a",
        "day": date(2026, 1, 1),
        "instant": datetime(2026, 1, 1, tzinfo=UTC),
        "money": Money(1),
        "count": 5,
        "number": Decimal("1.5"),
        "probability": Decimal("0.5"),
        "duration": timedelta(1),
        "flag": True,
        "score": 0.5,
        "auto": 7,
    }
    for kind, value in samples.items():
        target = builder(ColumnSpec("x", kind))
        target.add_blank(2)
        target.add_blank(1)
        target.add([value])
        target.add_blank(2)
        target.add_blank(0)
        assert values_of(target.finish()) == [None] * 3 + [value] + [None] * 2, kind


def test_columns_of_identifiers_of_other_types() -> None:
    """UUIDs of a dataframe are text; opaque numbers of a database are read as they are written."""
    pa = pytest.importorskip("pyarrow")
    known = UUID("12345678123456781234567812345678")
    opaque = pa.ExtensionArray.from_storage(pa.opaque(pa.string(), "numeric", "PostgreSQL"), pa.array(["12.50", None]))
    ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([known.bytes, bytes(16)], pa.binary(16)))
    table = Dataset(cost=pa.table({"id": ids, "amount": opaque}))["cost"]

    assert values_of(table["id"])[0] == str(known)
    assert values_of(table["amount"]) == [Money("12.5"), None]


def test_frames_with_what_does_not_fit() -> None:
    """Numbers too large, dates too far and odd types of a dataframe are refused or read one by one, never wrapped."""
    pa = pytest.importorskip("pyarrow")
    frame = pa.table(
        {
            "id": pa.array([2**64 - 1, 1], pa.uint64()),
            "amount": pa.array([Decimal(10) ** 25, Decimal(5)], pa.decimal128(38, 2)),
            "closed_at": pa.array([2**62, 0], pa.timestamp("s", "UTC")),
            "tags": pa.array([["a"], []], pa.list_(pa.string())),
            "code": pa.array([b"x", None]),
            "half": pa.array([Decimal(2), None], pa.decimal64(5, 1)),
        }
    )
    data = Dataset(opportunity=frame)

    assert {(i.column, i.kind) for i in data.issues if i.rejected} == {
        ("amount", "amount beyond the scale"),
        ("closed_at", "date out of range"),
    }
    table = data["opportunity"]
    assert values_of(table["id"]) == ["1"]
    assert values_of(table["tags"]) == ["[]"]
    assert table["half"].kind == "number"


def _builder(kind: str, values: Any, **how: Any) -> Builder:
    target = builder(ColumnSpec("x", kind, **how))
    target.add(values)
    with suppress(StopIteration):
        target.finish()
    return target


def _made(kind: str, values: Any) -> Column:
    target = builder(ColumnSpec("x", kind))
    target.add(values)
    return target.finish()


def test_whole_numbers_of_a_second_block_keep_their_codes() -> None:
    """Labels that the first block had keep their codes in the second one, and new ones come after them."""
    target = builder(ColumnSpec("record", "key"))
    for labels in ([70, 5], [5, 9, 70]):
        target.add_block(Block("codes", np.arange(len(labels), dtype=np.int32), labels=labels))
    target.add([9, 4])
    column = target.finish()

    assert column.labels == (None, 70, 5, 9, 4)
    assert column.data.tolist() == [1, 2, 2, 3, 1, 3, 4]
