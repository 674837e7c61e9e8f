"""`crmcore funnel`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc
from crmcore.domain import Pipeline, Stage

DEALS = """\
id,stage,created_at,amount,owner
d1,won,2026-01-05,100,Anna
d2,offer,2026-01-06,50,Anna
d3,new,2026-04-07,,王芳
"""
STAGES = "id,order,kind\nnew,1,open\noffer,2,open\nwon,3,won\n"
CHANGES = """\
table,record,field,old,new,at
opportunity,d1,stage,new,won,2026-02-01
opportunity,d2,stage,new,offer,2026-02-03
"""


@pytest.fixture
def histories(tmp_path: Path) -> Path:
    """Return a folder with three deals, their stages and moves."""
    for name, text in (("opportunity", DEALS), ("stage", STAGES), ("change", CHANGES)):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_funnel_of_a_folder(crmcore: Any, histories: Path) -> None:
    """Stages in the order of the pipeline, as a table and as JSON, for some deals and from an earlier day."""
    run = crmcore("funnel", "--data", histories)
    assert run.status == 0, run.err
    assert [line.split()[0] for line in run.lines[2:5]] == ["new", "offer", "won"]

    def deals(*options: str) -> list[int]:
        rows = json.loads(crmcore("funnel", "--data", histories, "--format", "json", *options).out)["rows"]
        return [row["deals"] for row in rows]

    assert deals() == [3, 2, 1]
    assert deals("--policy", "visited") == [3, 1, 1]
    assert deals("--where", "owner=Anna") == [2, 2, 1]
    assert deals("--as-of", "2026-02-02") == [2, 1, 1]
    assert deals("--per", "quarter") == [2, 2, 1, 1, 0, 0]
    assert deals("--per", "quarter", "--of", "entered") == [2, 2, 1, 1, 0, 0]
    assert deals("--stages", "offer, new") == [3, 3, 1]  # who is in new is further on than offer
    assert deals("--top", "1") == [3]


def test_a_funnel_of_a_store(crmcore: Any, tmp_path: Path) -> None:
    """The log of a store is a history: moves, and the order of the stages."""
    path = tmp_path / "crm.db"
    pipeline = Pipeline("P", stages=(Stage("new"), Stage("offer"), Stage("won", kind="won")))
    with cc.Workspace(store=f"sqlite:///{path}") as workspace:
        workspace.put(pipeline, at=datetime(2026, 1, 1, tzinfo=UTC))
        for name, day in (("d1", 2), ("d2", 3)):
            workspace.create(name, pipeline="P", at=datetime(2026, 1, day, tzinfo=UTC))
        workspace.move("d1", "offer", at=datetime(2026, 1, 9, tzinfo=UTC))

    def deals(*options: str) -> list[int]:
        run = crmcore("funnel", "--store", path, "--format", "json", *options)
        assert run.status == 0, run.err
        return [row["deals"] for row in json.loads(run.out)["rows"]]

    assert deals() == [2, 1, 0]
    assert deals("--as-of", "2026-01-02") == [1, 0, 0]


def test_in_chinese(crmcore: Any, histories: Path) -> None:
    """Headings and notes are in Chinese where that is asked for."""
    assert "阶段转化率" in crmcore("funnel", "--data", histories, "--language", "zh").out


def test_wrong_options(crmcore: Any, histories: Path) -> None:
    """One line says what would have been right; a folder without changes has no funnel."""
    run = crmcore("funnel", "--data", histories, "--policy", "any")
    assert (run.status, run.out) == (2, "")
    assert "policy is one of reached, visited, strict, got 'any'" in run.err
    assert "no pipeline named 'x'" in crmcore("funnel", "--data", histories, "--pipeline", "x").err
    (histories / "change.csv").unlink()
    assert "unavailable (S5)" in crmcore("funnel", "--data", histories).err
