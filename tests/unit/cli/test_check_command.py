"""`crmcore check`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any


def broken(folder: Path) -> Path:
    """Put a row with a date that is none below the seven deals."""
    path = folder / "opportunity.csv"
    path.write_text(path.read_text(encoding="utf-8") + "d8,won,Bob,EMEA,2026-03-01,soon,100,0\n", encoding="utf-8")
    return folder


def test_good_data_passes(crmcore: Any, folder: Path) -> None:
    """M3: an unpriced deal is noted and kept; the status is 0, and no file of rejected rows is missed."""
    run = crmcore("check", "--data", folder)

    assert run.status == 0
    assert run.lines == [
        "Table        Rows",
        "-----------  ----",
        "opportunity     7",
        "seller          2",
        "",
        "opportunity.amount: unpriced: 1 kept (rows 4)",
    ]


def test_rejected_rows_fail_the_check_and_are_written(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """A row that cannot be read is named, counted and written out; the status is 1."""
    path = tmp_path / "rejected.csv"
    run = crmcore("check", "--data", broken(folder), "--rejected", path)

    assert run.status == 1
    assert "opportunity.closed_at: not a date: 1 rejected (rows 8): 'soon'" in run.lines
    assert run.lines[-1] == "Rejected rows: 1."
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["table"], row["row"], row["id"], row["closed_at"]) == ("opportunity", "8", "d8", "soon")


def test_json_for_programs(crmcore: Any, folder: Path) -> None:
    """Rows by table, issues as data, and how many rows were rejected."""
    run = crmcore("check", "--data", broken(folder), "--format", "json")
    found = json.loads(run.out)

    assert run.status == 1
    assert found["tables"] == {"opportunity": 7, "seller": 2}
    assert found["rejected"] == 1
    assert {(i["kind"], i["rejected"]) for i in found["issues"]} == {("not a date", True), ("unpriced", False)}


def test_nothing_odd(crmcore: Any, tmp_path: Path) -> None:
    """Without an issue that is said, in either language."""
    path = tmp_path / "seller.csv"
    path.write_text("id,team\nAnna,north\n", encoding="utf-8")

    assert crmcore("check", "--data", path).lines[-1] == "No issues."
    assert crmcore("check", "--data", path, "--language", "zh").lines[-1] == "没有数据问题。"


def test_an_empty_file_is_an_error(crmcore: Any, tmp_path: Path) -> None:
    """A file that cannot be taken in at all is no failed check but an error: status 2."""
    path = tmp_path / "opportunity.csv"
    path.write_bytes(b"")

    run = crmcore("check", "--data", path)
    assert (run.status, run.out) == (2, "")
    assert "opportunity.csv is empty" in run.err
