"""`crmcore next`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crmcore import demo

LEADS = """\
id,owner,source,created_at,first_response_at,converted
l1,Anna,web,2026-06-01,2026-06-02,false
l2,,fair,2026-06-02,,false
l3,王芳,web,2026-06-03,,true
"""


def test_deals_of_a_folder(crmcore: Any, folder: Path) -> None:
    """The one open deal, its reasons, and a note on what the folder cannot say."""
    run = crmcore("next", "--data", folder)

    assert run.status == 0
    assert run.lines[0].split()[:3] == ["Rank", "Id", "Owner"]
    assert run.lines[2].split()[:3] == ["1", "d6", "王芳"]
    assert "Not looked at: " in run.out


def test_one_owner_and_json(crmcore: Any, folder: Path) -> None:
    """--owner keeps theirs, several are joined, --where narrows, --top cuts; JSON has the reasons as numbers."""
    (folder / "lead.csv").write_text(LEADS, encoding="utf-8")
    assert json.loads(crmcore("next", "--data", folder, "--owner", "Anna", "--format", "json").out)["rows"] == []
    run = crmcore("next", "--data", folder, "--leads", "--format", "json")
    assert [r["id"] for r in json.loads(run.out)["rows"]] == ["l2", "l1"]
    row = json.loads(run.out)["rows"][0]
    assert sum(row["because"].values()) == pytest.approx(row["priority"])
    both = crmcore("next", "--data", folder, "--leads", "--owner", "Anna", "--owner", "王芳", "--format", "json")
    assert [r["id"] for r in json.loads(both.out)["rows"]] == ["l1"]
    one = crmcore("next", "--data", folder, "--leads", "--top", "1", "--where", "source=fair", "--as-of", "2026-06-03")
    assert "l2" in one.out
    assert "l1" not in one.out


def test_in_chinese(crmcore: Any, folder: Path) -> None:
    """Headings, steps and reasons are in Chinese where that is asked for."""
    out = crmcore("next", "--data", folder, "--language", "zh").out
    assert "优先级" in out
    assert "在手商机数：1" in out


def test_what_is_wrong_is_one_line(crmcore: Any, folder: Path) -> None:
    """Rows below 0, a scorer or table that is not there: one line and status 2."""
    for arguments, said in (
        (("--top", "-1"), "--top takes a number of rows"),
        (("--scorer", "nobody"), "no scorer named 'nobody'"),
        (("--leads",), "no table named 'lead'"),
        (("--where", "regionn=EMEA"), "did you mean 'region'"),
    ):
        run = crmcore("next", "--data", folder, *arguments)
        assert (run.status, run.out) == (2, "")
        assert said in run.err
        assert len(run.err.splitlines()) == 1


def test_the_demo(crmcore: Any, tmp_path: Path) -> None:
    """The written demo is ranked with its workspace; without it the error says where rates may be."""
    demo.write_csv(tmp_path / "demo", 150)
    settings = tmp_path / "demo" / "crmcore.toml"
    refused = crmcore("next", "--data", tmp_path / "demo")
    assert (refused.status, f"--workspace {settings}" in refused.err) == (2, True)
    run = crmcore("next", "--data", tmp_path / "demo", "--workspace", settings, "--top", "2")
    assert run.status == 0
    assert "Open deals: " in run.out
    assert crmcore("next", "--data", tmp_path / "demo", "--leads").status == 0


def test_rows_that_could_not_be_read_are_told(crmcore: Any, tmp_path: Path) -> None:
    """A row that was rejected is not ranked, and the line below the table says so, in both languages."""
    (tmp_path / "opportunity.csv").write_text(
        "id,outcome,amount,created_at\nd1,open,5,2026-01-01\nd2,open,abc,2026-01-01\n", encoding="utf-8"
    )
    (tmp_path / "lead.csv").write_text("id,created_at\nl1,2026-01-01\nl2,soon\n", encoding="utf-8")
    assert "Left out, could not be read: 1" in crmcore("next", "--data", tmp_path).out
    assert "无法读取（已排除）：1" in crmcore("next", "--data", tmp_path, "--leads", "--language", "zh").out
