"""`crmcore kpis`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crmcore.kpis import CATALOGUE


def test_all_metrics_are_listed(crmcore: Any) -> None:
    """Each metric of the catalogue has its line: name, label, unit, direction, anchor."""
    run = crmcore("kpis")

    assert run.status == 0
    assert [line.split()[0] for line in run.lines[2:]] == list(CATALOGUE)
    line = next(x for x in run.lines if x.startswith("win_rate "))
    assert line.split(maxsplit=1)[1].split("  ")[0].strip() == "Win rate"


def test_json_is_a_list_of_definitions(crmcore: Any) -> None:
    """Each has name, labels by language, formula, unit, better, anchor, rules, source and columns."""
    found = json.loads(crmcore("kpis", "--format", "json").out)

    assert [m["name"] for m in found] == list(CATALOGUE)
    needed = {"name", "labels", "formula", "unit", "better", "anchor", "rules", "source", "columns"}
    assert all(needed <= set(m) for m in found)
    win_rate = next(m for m in found if m["name"] == "win_rate")
    assert win_rate["labels"] == {"en": "Win rate", "zh": "赢率"}
    assert win_rate["columns"] == ["opportunity.outcome", "opportunity.closed_at"]


def test_one_metric_is_defined(crmcore: Any) -> None:
    """A name gives the definition and its columns, in the language asked for; in JSON a list of one."""
    run = crmcore("kpis", "win_rate", "--language", "zh")

    assert run.lines[0] == "赢率 (win_rate)"
    assert run.lines[-1] == "所需列：opportunity.outcome, opportunity.closed_at"
    assert [m["name"] for m in json.loads(crmcore("kpis", "win_rate_change_year", "--format", "json").out)] == [
        "win_rate_change_year"
    ]


def test_search_looks_at_names_labels_and_texts(crmcore: Any) -> None:
    """Case does not matter, and the label of another language is found too; nothing found is an empty list."""
    assert "win_rate" in [m["name"] for m in json.loads(crmcore("kpis", "--search", "WIN R", "--format", "json").out)]
    assert "win_rate" in [m["name"] for m in json.loads(crmcore("kpis", "--search", "赢率", "--format", "json").out)]
    assert json.loads(crmcore("kpis", "--search", "no such words", "--format", "json").out) == []
    assert crmcore("kpis", "win_rate", "--search", "no such words").out == "\n"
    assert len(crmcore("kpis", "--search", "no such words").lines) == 2


def test_an_unknown_metric_names_its_nearest(crmcore: Any) -> None:
    """One line on standard error, status 2."""
    run = crmcore("kpis", "win_rat")

    assert run.status == 2
    assert run.err.startswith("crmcore: error: no metric named 'win_rat'; did you mean 'win_rate'")


def test_a_plugins_metrics_are_listed_too(crmcore: Any, tmp_path: Path) -> None:
    """--plugin works for this command as for every other."""
    plugin = tmp_path / "ours.py"
    plugin.write_text("import crmcore as cc\nn = cc.Metric('rows_seen', cc.count())\n", encoding="utf-8")

    assert "rows_seen" in crmcore("kpis", "--plugin", plugin).out
