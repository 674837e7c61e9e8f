"""`crmcore waterfall`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CHANGES = """\
table,record,field,old,new,at
opportunity,d6,amount,400,700,2026-06-02
opportunity,d6,owner,Anna,王芳,2026-06-03
"""


@pytest.fixture
def history(folder: Path) -> Path:
    """Return the folder with a table of changes beside."""
    (folder / "change.csv").write_text(CHANGES, encoding="utf-8")
    return folder


def bars(run: Any) -> dict[str, tuple[int, float]]:
    """Return count and value of the bars in which there is something."""
    rows = json.loads(run.out)["rows"]
    return {r["bar"]: (r["count"], r["value"]) for r in rows if r["cause"] is None and r["deals"]}


def test_between_two_days(crmcore: Any, history: Path) -> None:
    """W1: from the end of May to the end of June d6 grows by 300 and d7 is lost."""
    asked = ("waterfall", "--data", history, "--from", "2026-05-31", "--to", "2026-06-30")

    table, plain = crmcore(*asked), crmcore(*asked, "--format", "json")

    assert table.status == plain.status == 0
    assert table.lines[0].split() == ["Bar", "Cause", "Count", "Value", "Deals", "concerned"]
    assert bars(plain) == {"start": (2, 500), "increased": (0, 300), "lost": (1, 100), "end": (1, 700)}


def test_groups_conditions_and_deals(crmcore: Any, history: Path) -> None:
    """--by groups, --where filters and names what moved a deal, --deals lists those of a bar, one cause of it alone."""
    asked = ("waterfall", "--data", history, "--from", "2026-05-31", "--to", "2026-06-30", "--format", "json")

    assert bars(crmcore(*asked, "--where", "owner=Anna")) == {
        "start": (1, 400),
        "increased": (0, 300),
        "moved_out": (1, 700),
    }
    moved = json.loads(crmcore(*asked, "--by", "owner", "--deals", "moved_in/transferred_owner").out)["rows"]
    assert [(r["owner"], r["id"], r["value"]) for r in moved] == [("王芳", "d6", 700)]
    wrong = crmcore(*asked, "--deals", "moved")
    assert wrong.status == 2
    assert "bar is one of start, new" in wrong.err


def test_windows_and_knowledge(crmcore: Any, history: Path) -> None:
    """--closing takes a label or two days; --known what was learnt by then; a wrong date is said."""
    deals = (history / "opportunity.csv").read_text(encoding="utf-8").splitlines()
    dated = [f"{line},{'expected_close' if n == 0 else '2026-07-10'}" for n, line in enumerate(deals)]
    (history / "opportunity.csv").write_text("\n".join(dated), encoding="utf-8")
    asked = ("waterfall", "--data", history, "--from", "2026-05-31", "--to", "2026-06-30", "--format", "json")

    assert bars(crmcore(*asked, "--closing", "2026-Q2")) == {}
    inside = crmcore(*asked, "--closing", "2026-07-01,2026-07-15")
    assert bars(inside)["start"] == bars(crmcore(*asked))["start"]
    # by the end of May nobody knew that d6 would grow, nor that d7 would be lost (O8)
    assert bars(crmcore(*asked, "--known", "2026-05-31"))["end"] == (2, 500)
    wrong = crmcore("waterfall", "--data", history, "--from", "June")
    assert wrong.status == 2
    assert "--from takes a date such as 2026-06-30, got 'June'" in wrong.err
