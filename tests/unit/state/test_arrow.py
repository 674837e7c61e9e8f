"""Results through Arrow."""

from __future__ import annotations

import sys
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import crmcore as cc
from crmcore.errors import MissingLibraryError
from crmcore.table.dataset import Dataset

LABELLED = cc.Metric(
    "size", cc.classify(cc.count(), [3], ["small", "large"]), unit="label", anchor="closed_at", labels={"en": "Size"}
)
METRICS = ["win_rate", "won_deals", "sales_cycle_days", LABELLED]
SCHEMA = {
    "owner": pa.string(), "period": pa.string(), "win_rate": pa.float64(), "won_deals": pa.int64(),
    "sales_cycle_days": pa.float64(), "size": pa.string(),
}  # fmt: skip
# by hand: 2026-Q1 has Anna's two wins of 36 and 54 days; Q2 her loss, a win of 90 days and a loss of 王芳, and one loss of nobody
ROWS = [
    ("Anna", "2026-Q1", 1.0, 2, 45.0, "small"),
    ("Anna", "2026-Q2", 0.0, 0, None, "small"),
    ("王芳", "2026-Q1", None, 0, None, "small"),
    ("王芳", "2026-Q2", 0.5, 1, 90.0, "small"),
    (None, "2026-Q1", None, 0, None, "small"),
    (None, "2026-Q2", 0.0, 0, None, "small"),
]


@pytest.fixture
def card(deals: Dataset) -> Any:
    """Return four metrics by owner and quarter."""
    return cc.measure(METRICS, deals, by="owner", per="quarter")


def rows_of(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return the rows of an Arrow table."""
    return [tuple(row.values()) for row in table.to_pylist()]


def test_pyarrow_reads_types_and_nulls(card: Any) -> None:
    """Keys, period and labels are text, counts whole numbers, other metrics floats; blank and undefined are null."""
    table = pa.table(card)

    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == SCHEMA
    assert rows_of(table) == ROWS


def test_polars_reads_a_result(card: Any) -> None:
    """polars.DataFrame takes the result itself."""
    frame = pl.DataFrame(card)

    assert frame.rows() == ROWS
    assert frame.schema["won_deals"] == pl.Int64


def test_duckdb_reads_a_result(card: Any) -> None:
    """DuckDB queries the result by the name of the variable."""
    with duckdb.connect() as connection:
        connection.register("card", pa.table(card))
        found = connection.execute("select sum(won_deals), count(owner) from card").fetchall()
        assert found == [(3, 4)]
        found = connection.sql(
            "select owner, won_deals from card where period = '2026-Q1' order by won_deals desc limit 1"
        )
        assert found.fetchall() == [("Anna", 2)]


def test_duckdb_takes_the_stream_itself(card: Any) -> None:
    """DuckDB finds the stream of a result in a replacement scan."""
    with duckdb.connect() as connection:
        assert connection.execute("select sum(won_deals) from card").fetchall() == [(3,)]


def test_pandas_reads_a_result_through_pyarrow(card: Any) -> None:
    """pandas takes the table; undefined is NaN there."""
    frame: pd.DataFrame = pa.table(card).to_pandas()

    assert frame["won_deals"].tolist() == [2, 0, 0, 1, 0, 0]
    assert frame["win_rate"].isna().tolist() == [False, False, True, False, True, False]


def test_nanoarrow_gives_the_same(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow, nanoarrow gives the same types and values."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        capsule = card.__arrow_c_stream__()

    class Once:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return capsule

    table = pa.table(Once())
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == SCHEMA
    assert rows_of(table) == ROWS


def test_without_either_library_the_extra_is_named(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "nanoarrow", None)

    with pytest.raises(MissingLibraryError, match=r"pip install 'crmcore\[arrow\]'"):
        card.__arrow_c_stream__()


def test_a_requested_schema_is_honoured(card: Any) -> None:
    """A consumer may ask for other types of the same columns."""
    wanted = pa.schema([(n, pa.large_string() if t == pa.string() else t) for n, t in SCHEMA.items()])
    capsule = card.__arrow_c_stream__(wanted.__arrow_c_schema__())
    table = pa.RecordBatchReader._import_from_c_capsule(capsule).read_all()

    assert table.schema == wanted


def test_counts_that_are_not_whole_stay_floats(deals: Dataset) -> None:
    """A metric in the unit count may be a quotient: then it is no int64."""
    half = cc.Metric("half", cc.count() / 2, unit="count", anchor="closed_at")

    assert pa.table(cc.measure(half, deals, by="owner")).to_pydict() == {
        "owner": ["Anna", "王芳", None],
        "half": [1.5, 1.5, 0.5],
    }


def test_rows_keep_the_order_of_the_result(deals: Dataset) -> None:
    """Sorted and cut, the stream has those rows; without rows it has the types."""
    result = cc.measure("won_deals", deals, by="owner")

    assert pa.table(result).to_pydict() == {"owner": ["Anna", "王芳"], "won_deals": [2, 1]}
    assert pa.table(result.sorted("won_deals", descending=False).top(1)).to_pydict() == {
        "owner": ["王芳"],
        "won_deals": [1],
    }
    empty = pa.table(result.top(0))
    assert empty.num_rows == 0
    assert empty.schema.types == [pa.string(), pa.int64()]
