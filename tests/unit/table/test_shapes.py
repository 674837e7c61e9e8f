"""Records, dicts, tuples, arrays and dataframes of the same rows give the same table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

from crmcore.domain import Money, Opportunity
from crmcore.errors import IngestError, MissingLibraryError
from crmcore.table.dataset import Dataset
from crmcore.table.rows import CHUNK, Rows
from crmcore.table.table import Table
from crmcore.table.values import values_of

JAN, MAR = datetime(2026, 1, 5, 9, 30, tzinfo=UTC), datetime(2026, 3, 1, 17, 0, 0, 250, tzinfo=UTC)
NAMES = (
    "id",
    "created_at",
    "closed_at",
    "expected_close",
    "outcome",
    "amount",
    "currency",
    "owner",
    "probability",
    "test",
    "score",
)
ROWS = [
    (1, JAN, MAR, date(2026, 2, 28), "won", Decimal("1200.50"), "CNY", "王芳", Decimal("0.3"), False, 0.5),
    (2, JAN, None, None, "open", None, None, "Bo", None, False, None),
    (3, MAR, MAR, None, "lost", Decimal("99.999"), "EUR", "王芳", Decimal(1), False, 2.25),
    (4, JAN, None, date(2026, 7, 1), "open", Decimal(-7), "CNY", None, Decimal(0), False, 1.0),
]
WANTED: dict[str, tuple[str, list[Any]]] = {
    "id": ("id", [1, 2, 3, 4]),
    "created_at": ("instant", [JAN, JAN, MAR, JAN]),
    "closed_at": ("instant", [MAR, None, MAR, None]),
    "expected_close": ("day", [date(2026, 2, 28), None, None, date(2026, 7, 1)]),
    "outcome": ("key", ["won", "open", "lost", "open"]),
    "amount": ("money", [Money("1200.50", "CNY"), None, Money("99.999", "EUR"), Money(-7, "CNY")]),
    "currency": ("key", ["CNY", None, "EUR", "CNY"]),
    "owner": ("key", ["王芳", "Bo", "王芳", None]),
    "probability": ("probability", [Decimal("0.3"), None, Decimal(1), Decimal(0)]),
    "test": ("flag", [False] * 4),
    "score": ("score", [0.5, None, 2.25, 1.0]),
}


def columns() -> dict[str, list[Any]]:
    """Return the rows as columns."""
    return {name: [row[i] for row in ROWS] for i, name in enumerate(NAMES)}


def records() -> list[Opportunity]:
    """Return the rows as records of the domain."""
    made = []
    for row in ROWS:
        fields = dict(zip(NAMES, row, strict=True))
        currency = fields.pop("currency")
        amount = fields.pop("amount")
        made.append(Opportunity(**fields, amount=None if amount is None else Money(amount, currency)))
    return made


def arrays() -> dict[str, Any]:
    """Return the rows as arrays, of numpy where it has a type for them."""
    made: dict[str, Any] = columns()
    made["id"] = np.array(made["id"])
    made["owner"] = np.array(made["owner"], object)
    made["test"] = np.array(made["test"])
    made["score"] = np.array([np.nan if v is None else v for v in made["score"]])
    made["expected_close"] = np.array(made["expected_close"], "M8[D]")
    return made


def arrow() -> Any:
    """Return the rows as a table of pyarrow, with a dictionary, decimals and instants."""
    pa = pytest.importorskip("pyarrow")
    kinds = {
        "amount": pa.decimal128(18, 4),
        "probability": pa.decimal128(5, 4),
        "created_at": pa.timestamp("us", "UTC"),
    }
    made = {name: pa.array(values, kinds.get(name)) for name, values in columns().items()}
    made["owner"] = made["owner"].dictionary_encode()
    return pa.table(made)


def pandas() -> Any:
    """Return the rows as a frame of pandas: categories, timestamps with zone, objects."""
    pd = pytest.importorskip("pandas")
    made = pd.DataFrame(columns())
    made["owner"] = made["owner"].astype("category")
    return made


def polars() -> Any:
    """Return the rows as a frame of polars."""
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(columns(), schema_overrides={"amount": pl.Decimal(18, 3), "probability": pl.Decimal(5, 2)})
    return frame.with_columns(pl.col("owner").cast(pl.Categorical))


def duckdb() -> Any:
    """Return the rows as a relation of DuckDB, which computes nothing before it is asked."""
    duck = pytest.importorskip("duckdb")
    table = arrow()
    connection = duck.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection.from_arrow(table).order("id")


def generator() -> Iterator[dict[str, Any]]:
    """Yield the rows as dicts, once."""
    for row in ROWS:
        yield dict(zip(NAMES, row, strict=True))


SHAPES: dict[str, Callable[[], Any]] = {
    "records": records,
    "dicts": lambda: list(generator()),
    "a generator": generator,
    "tuples": lambda: (NAMES, ROWS),
    "rows": lambda: Rows(list(NAMES), iter(ROWS)),
    "lists": columns,
    "arrays": arrays,
    "pyarrow": arrow,
    "record batches": lambda: arrow().to_reader(),
    "pandas": pandas,
    "polars": polars,
    "duckdb": duckdb,
}


def found(table: Table) -> dict[str, tuple[str, list[Any]]]:
    """Return kind and values of the columns that have any."""
    return {name: (c.kind, values_of(c)) for name, c in table.columns.items() if c.nulls < len(c) or name in WANTED}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_table(shape: str) -> None:
    """Types, blanks, decimals, currencies and Chinese text are equal whatever the rows came as (M1, M2)."""
    data = Dataset(opportunity=SHAPES[shape]())
    table = data["opportunity"]

    assert {name: value for name, value in found(table).items() if name in WANTED} == WANTED
    assert table["amount"].scale == 1000
    assert table["amount"].data.tolist() == [1_200_500, 0, 99_999, -7000]
    assert table["outcome"].labels == (None, "open", "won", "lost", "abandoned")
    assert data.rejected == ()
    assert [i.kind for i in data.issues] == []


@pytest.mark.parametrize("shape", ["pyarrow", "polars"])
def test_nanoarrow_reads_what_pyarrow_reads(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow, nanoarrow reads the same frames to the same table."""
    pytest.importorskip("nanoarrow")
    frame = SHAPES[shape]()
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert found(Dataset(opportunity=frame)["opportunity"]) == WANTED


def test_without_a_library_a_frame_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataframe needs pyarrow or nanoarrow; the message names the extra."""
    frame = SHAPES["polars"]()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "nanoarrow", None)

    with pytest.raises(MissingLibraryError, match=r"pip install 'crmcore\[arrow\]'"):
        Dataset(opportunity=frame)


def test_pandas_without_pyarrow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """pandas hands itself over through pyarrow, so nanoarrow alone does not help."""
    pytest.importorskip("nanoarrow")
    frame = SHAPES["pandas"]()
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(MissingLibraryError, match="pyarrow"):
        Dataset(opportunity=frame)


@attrs.frozen
class HostDeal:
    """A record of some host, with fields of our names and one of its own."""

    id: str
    outcome: str
    amount: Decimal | None
    mood: str | None = None


def test_records_of_a_host_are_read_by_their_fields() -> None:
    """Objects of any attrs class serve; their own fields are dimensions."""
    table = Dataset(opportunity=[HostDeal("a", "won", Decimal(5), "good"), HostDeal("b", "open", None)])["opportunity"]

    assert list(table.columns) == ["id", "outcome", "amount", "mood"]
    assert values_of(table["mood"]) == ["good", None]
    assert values_of(table["amount"]) == [Money(5), None]


def test_named_tuples_are_rows() -> None:
    """Rows of database libraries know their names."""

    class Row(NamedTuple):
        id: int
        owner: str

    assert values_of(Dataset(lead=[Row(1, "Bo"), Row(2, "Al")])["lead"]["owner"]) == ["Bo", "Al"]


def test_rows_of_sqlite_are_read_from_the_cursor() -> None:
    """A cursor is read in chunks, with names of its own or as sqlite3.Row."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("create table lead(id integer, owner text, converted integer)")
    connection.executemany("insert into lead values(?, ?, ?)", [(i, f"o{i % 3}", i % 2) for i in range(3 * CHUNK)])
    cursor = connection.execute("select * from lead order by id")
    tuples = Dataset(lead=([d[0] for d in cursor.description], cursor))["lead"]
    connection.row_factory = sqlite3.Row
    rows = Dataset(lead=connection.execute("select * from lead order by id"))["lead"]
    connection.close()

    for table in (tuples, rows):
        assert len(table) == 3 * CHUNK
        assert table["converted"].kind == "flag"
        assert int(table["converted"].data.sum()) == 3 * CHUNK // 2
        assert values_of(table["owner"])[:4] == ["o0", "o1", "o2", "o0"]


def test_dicts_need_not_have_the_same_keys() -> None:
    """A key that comes late, or is missing in a row, is a blank elsewhere."""
    rows = [{"id": i, "owner": "Bo"} for i in range(CHUNK)] + [{"id": -1, "mood": "good"}, {"id": -2, "owner": "Al"}]
    table = Dataset(opportunity=rows)["opportunity"]

    assert values_of(table["owner"])[-3:] == ["Bo", None, "Al"]
    assert values_of(table["mood"])[-3:] == [None, "good", None]
    assert table["mood"].nulls == CHUNK + 1


def test_frames_of_several_chunks_are_one_table() -> None:
    """Chunks with dictionaries of their own, and a slice that does not start at 0."""
    pa = pytest.importorskip("pyarrow")
    parts = [
        pa.table({"id": [1, 2], "owner": pa.array(["Al", "Bo"]).dictionary_encode(), "x": pa.array([None, 5])}),
        pa.table({"id": [3, 4], "owner": pa.array([None, "Al"]).dictionary_encode(), "x": pa.array([7, None])}),
    ]
    table = Dataset(lead=pa.concat_tables(parts).slice(1))["lead"]

    assert values_of(table["id"]) == [2, 3, 4]
    assert values_of(table["owner"]) == ["Bo", None, "Al"]
    assert values_of(table["x"]) == [5, 7, None]


def test_a_slice_deep_inside_a_frame() -> None:
    """Validity and flags are bitmaps: a slice may begin inside a byte."""
    pa = pytest.importorskip("pyarrow")
    values = [None if i % 3 == 0 else i for i in range(40)]
    frame = pa.table({"n": values, "odd": [None if v is None else v % 2 == 1 for v in values]}).slice(11, 20)
    table = Dataset(visit=frame)["visit"]

    assert values_of(table["n"]) == values[11:31]
    assert values_of(table["odd"]) == [None if v is None else v % 2 == 1 for v in values[11:31]]


@pytest.mark.parametrize("library", ["pyarrow", "nanoarrow"])
def test_arrow_types(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every type a dataframe uses for numbers, text, dates and times arrives as what it is."""
    pa = pytest.importorskip("pyarrow")
    pytest.importorskip(library)
    ten = datetime(2026, 1, 1, 10)
    given: dict[str, Any] = {
        "int8": pa.array([None, -5, 7], pa.int8()),
        "uint64": pa.array([None, 5, 7], pa.uint64()),
        "float16": pa.array(np.array([0, 0.5, 2], np.float16)),
        "float32": pa.array([None, 0.5, 2], pa.float32()),
        "bool": pa.array([None, True, False]),
        "null": pa.nulls(3),
        "string": pa.array([None, "甲", "b"]),
        "large_string": pa.array([None, "甲", "b"], pa.large_string()),
        "date32": pa.array([None, ten.date(), ten.date()]),
        "date64": pa.array([None, ten.date(), ten.date()], pa.date64()),
        "second": pa.array([None, ten, ten], pa.timestamp("s", "Asia/Shanghai")),
        "nano": pa.array([None, ten, ten], pa.timestamp("ns")),
        "decimal": pa.array([None, Decimal("1.50"), Decimal("-2.25")], pa.decimal128(12, 4)),
        "span": pa.array([None, 90_000, 60_000], pa.duration("ms")),
    }
    if library == "pyarrow":
        given["string_view"] = pa.array([None, "甲", "b"]).cast(pa.string_view())
        given["decimal256"] = pa.array([None, Decimal("1.50"), Decimal("-2.25")], pa.decimal256(40, 2))
    frame = pa.table(given).slice(1)
    if library == "nanoarrow":
        monkeypatch.setitem(sys.modules, "pyarrow", None)

    table = Dataset(timezone="UTC", visit=frame)["visit"]

    two = {"string": ["甲", "b"], "large_string": ["甲", "b"], "string_view": ["甲", "b"]}
    wanted: dict[str, tuple[str, list[Any]]] = {
        "int8": ("count", [-5, 7]),
        "uint64": ("count", [5, 7]),
        "float16": ("score", [0.5, 2.0]),
        "float32": ("score", [0.5, 2.0]),
        "bool": ("flag", [True, False]),
        "null": ("flag", [None, None]),
        "date32": ("day", [ten.date()] * 2),
        "date64": ("day", [ten.date()] * 2),
        "second": ("instant", [ten.replace(tzinfo=UTC)] * 2),
        "nano": ("instant", [ten.replace(tzinfo=UTC)] * 2),
        "decimal": ("number", [Decimal("1.5"), Decimal("-2.25")]),
        "decimal256": ("number", [Decimal("1.5"), Decimal("-2.25")]),
    }
    for name in given:
        if name in two:
            assert values_of(table[name]) == two[name], name
        elif name == "span":
            assert table[name].data.tolist() == [90_000_000, 60_000_000]
        else:
            assert (table[name].kind, values_of(table[name])) == wanted[name], name


def test_frames_that_cannot_be_read() -> None:
    """A frame whose column has no Arrow type, or a name twice, is an error that says so."""
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")

    with pytest.raises(IngestError, match=r"opportunity: the dataframe cannot be handed over: .*mix"):
        Dataset(opportunity=pd.DataFrame({"mix": [1, "a"]}))
    with pytest.raises(IngestError, match="two columns named 'a'"):
        Dataset(opportunity=pa.table([[1], [2]], names=["a", "a"]))


def test_the_index_of_a_pandas_frame_is_no_column() -> None:
    """Filtering a frame leaves an index behind, which is not data."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"id": [1, 2, 3]})
    table = Dataset(lead=frame[frame["id"] > 1])["lead"]

    assert list(table.columns) == ["id"]
    assert values_of(table["id"]) == [2, 3]


def test_a_pandas_frame_may_change_afterwards() -> None:
    """pandas shares its memory; the table does not."""
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"id": [1, 2], "n": [5, 6], "at": pd.to_datetime(["2026-01-01T10:00Z"] * 2).astype("M8[us, UTC]")}
    )
    table = Dataset(visit=frame)["visit"]
    frame.loc[0, "id"], frame.loc[0, "n"] = 99, 99
    frame.loc[0, "at"] = pd.Timestamp("1999-01-01T00:00Z")

    assert (values_of(table["id"]), values_of(table["n"])) == ([1, 2], [5, 6])
    assert values_of(table["at"])[0] == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_columns_of_series_are_read_one_by_one() -> None:
    """A dict may mix lists with columns of any dataframe library."""
    pd, pl, pa = (pytest.importorskip(n) for n in ("pandas", "polars", "pyarrow"))
    table = Dataset(
        lead={
            "id": pd.Series([1, 2]),
            "owner": pl.Series(["甲", None]),
            "score": pa.chunked_array([[0.5], [None]]),
            "converted": (True, False),
        }
    )["lead"]

    assert values_of(table["owner"]) == ["甲", None]
    assert values_of(table["score"]) == [0.5, None]
    assert values_of(table["id"]) == [1, 2]


def test_a_bad_cell_of_a_series_keeps_its_row() -> None:
    """The rejected row is told as it came, also from columns of dataframes."""
    pl = pytest.importorskip("polars")
    data = Dataset(cost={"id": [1, 2, 3], "amount": pl.Series(["5", "x", "7"]), "kind": np.array(["spend"] * 3)})

    assert [(r.row, dict(r.record)) for r in data.rejected] == [(2, {"id": 2, "amount": "x", "kind": "spend"})]


def test_masked_arrays_keep_their_blanks() -> None:
    """A masked cell is blank."""
    amount = np.ma.MaskedArray([5, 7], [False, True])
    stamps = np.ma.MaskedArray(np.array(["2026-01-01", "2026-01-02"], "M8[D]"), [True, False])
    table = Dataset(cost={"amount": amount, "date": stamps})["cost"]

    assert values_of(table["amount"]) == [Money(5), None]
    assert values_of(table["date"]) == [None, date(2026, 1, 2)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (5, "cannot read int 5"),
        ("rows.csv", "cannot read str 'rows.csv'"),
        ([1, 2], "cannot read rows of int"),
        ({"id": [1], "owner": ["a", "b"]}, r"columns of different lengths \(id: 1, owner: 2\)"),
        ({"id": "abc"}, "column 'id' of table 'lead' is str 'abc'"),
        ({"id": np.zeros((2, 2))}, r"shape \(2, 2\)"),
        ({5: [1]}, "5 names no column"),
        ([{"id": 1}, {5: 1}], "5 names no column"),
        ([{"id": 1}, (1,)], "rows of two kinds, dict and tuple"),
        ((["id", "id"], [(1, 2)]), "two columns named 'id'"),
        ([HostDeal("a", "won", None), Opportunity(1)], "records of two kinds, HostDeal and Opportunity"),
    ],
)
def test_input_that_cannot_be_read_at_all(given: Any, words: str) -> None:
    """The error says what was given and what would be right; nothing is half read."""
    with pytest.raises(IngestError, match=words):
        Dataset(lead=given)
