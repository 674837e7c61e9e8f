"""The benchmark of the SQLite store holds both sides against each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.data import generate

from benchmarks import stores
from crmcore.stores.sqlite import SqliteBackend


def test_import_and_scan_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, chains and values are the same on both sides."""
    writes = stores.writes_of(generate(2_000))
    _, path = stores.measure_import(writes, tmp_path, 1)
    assert "2,000 entries and 2,000 records verified" in capsys.readouterr().out
    assert stores.agree_on_values(stores.table_of(path), stores.plain_arrays(path)) == 16_000


def test_a_value_that_differs_is_found(tmp_path: Path) -> None:
    """One cent more in one deal is seen."""
    path = tmp_path / "a.db"
    stores.append(stores.writes_of(generate(500)), path)
    table = stores.table_of(path)
    with SqliteBackend(path)._connections.writing() as connection:
        connection.execute("UPDATE state_opportunity SET amount = amount + 16 WHERE _id = 'D0000123'")
    with pytest.raises(AssertionError, match="amount"):
        stores.agree_on_values(table, stores.plain_arrays(path))
