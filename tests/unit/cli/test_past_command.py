"""`crmcore measure --as-of --known`, on files with a table of changes; expected values are worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DEALS = "id,created_at,stage,outcome,amount\nD1,2026-01-05,talks,open,300\nD2,2026-01-09,offer,open,40\n"
CHANGES = (
    "id,table,record,field,old,new,at,recorded_at\n"
    "1,opportunity,D1,stage,offer,talks,2026-02-03,2026-02-03\n"
    "2,opportunity,D1,amount,100,300,2026-02-20,2026-02-20\n"
    "3,opportunity,D2,amount,10,40,2026-01-20,2026-03-15\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two deals; the amount of one was corrected in March for January."""
    (tmp_path / "opportunity.csv").write_text(DEALS, encoding="utf-8")
    (tmp_path / "change.csv").write_text(CHANGES, encoding="utf-8")
    return tmp_path


def test_a_day_as_it_was_and_as_it_was_known(crmcore: Any, folder: Path) -> None:
    """O8: at the end of January 100 + 10 as known then, 100 + 40 as known in March."""
    then = crmcore("measure", "open_value", "--data", folder, "--by", "stage", "--as-of", "2026-01-31")
    now = crmcore(
        "measure", "open_value", "--data", folder, "--by", "stage", "--as-of", "2026-01-31", "--known", "2026-03-31"
    )

    assert (then.status, now.status) == (0, 0)
    assert then.lines[2].split() == ["offer", "110"]
    assert now.lines[2].split() == ["offer", "140"]
    assert now.lines[4].startswith("As of 2026-01-31 (given). As known by 2026-03-31. Rows used: opportunity 2.")
    assert "known" not in then.lines[4]


def test_explained_with_what_was_known(crmcore: Any, folder: Path) -> None:
    """The basis of a number names the day by which changes had been recorded."""
    run = crmcore("explain", "open_value", "--data", folder, "--as-of", "2026-01-31", "--known", "2026-03-31")
    chinese = crmcore(
        "explain", "open_value", "--data", folder, "--as-of", "2026-01-31", "--known", "2026-03-31", "--language", "zh"
    )

    assert any(line.split() == ["As", "known", "by:", "2026-03-31"] for line in run.lines)
    assert any("已知截止" in line and "2026-03-31" in line for line in chinese.lines)


def test_what_is_no_day_is_refused(crmcore: Any, folder: Path) -> None:
    """The option is named, and nothing is printed."""
    run = crmcore("measure", "open_value", "--data", folder, "--known", "spring")

    assert (run.status, run.out) == (2, "")
    assert "--known" in run.err
