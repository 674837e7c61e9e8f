"""`crmcore kpis`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from crmcore.kpis import ANALYSES, CATALOGUE
from crmcore.locales import locale


def test_all_entries_are_listed_by_subject(crmcore: Any) -> None:
    """Each metric and analysis has its line - name, label, kind, unit, direction, anchor - under its subject."""
    run = crmcore("kpis")
    blocks = [block.splitlines() for block in run.out.split("\n\n")]
    listed = [line.split()[0] for _, *lines in blocks[1:] for line in lines]

    assert run.status == 0
    assert sorted(listed) == sorted([*CATALOGUE, *ANALYSES])
    outcome = next(lines for heading, *lines in blocks[1:] if heading == "Outcome")
    entries = [*CATALOGUE.values(), *ANALYSES.values()]
    assert [line.split()[0] for line in outcome] == [e.name for e in entries if e.subject == "outcome"]
    line = next(x for x in outcome if x.startswith("win_rate "))
    assert line.split(maxsplit=1)[1].split("  ")[0].strip() == "Win rate"
    assert len(blocks) - 1 == len({e.subject for e in entries})


def test_one_subject_is_listed(crmcore: Any) -> None:
    """--subject keeps the entries of one, and a wrong one names those there are."""
    run = crmcore("kpis", "--subject", "retention", "--language", "zh")
    names = [line.split()[0] for line in run.lines[4:]]

    assert run.lines[3] == "留存"
    assert names == [e.name for e in [*CATALOGUE.values(), *ANALYSES.values()] if e.subject == "retention"]
    assert (
        "no entry has the subject 'sport'; there are conversion, outcome" in crmcore("kpis", "--subject", "sport").err
    )


def test_a_search_in_vain_says_so(crmcore: Any) -> None:
    """Nothing has the text: a sentence and no empty table; a subject written otherwise is told the nearest."""
    assert crmcore("kpis", "--search", "nothing of the kind").lines == ["Nothing found."]
    assert crmcore("kpis", "--search", "查无此项", "--language", "zh").lines == ["未找到。"]
    assert "the subject 'Retention'; did you mean 'retention'?" in crmcore("kpis", "--subject", "Retention").err


def test_every_subject_has_a_heading_in_both_languages() -> None:
    """A subject of the catalogue is a word of the locales."""
    subjects = {e.subject for e in [*CATALOGUE.values(), *ANALYSES.values()]}

    assert subjects == set(locale("en").subjects) == set(locale("zh").subjects)


def test_an_analysis_is_defined(crmcore: Any) -> None:
    """Its name gives what it is, how it is called, its choices and the columns it needs."""
    run = crmcore("kpis", "rfm_ntile")

    assert run.status == 0
    assert run.lines[0].endswith("(rfm_ntile)")
    assert '  crmcore.analyse("rfm_ntile", data)' in run.lines
    assert any(line.startswith("Columns: order_line.account") for line in run.lines)
    (found,) = json.loads(crmcore("kpis", "rfm_ntile", "--format", "json").out)
    assert found["function"] == f"crmcore.analysis.{ANALYSES['rfm_ntile'].function}"


def test_json_is_a_list_of_definitions(crmcore: Any) -> None:
    """Each has name, labels by language, formula, unit, better, anchor, rules, source and columns."""
    found = json.loads(crmcore("kpis", "--format", "json").out)

    assert sorted(m["name"] for m in found) == sorted([*CATALOGUE, *ANALYSES])
    needed = {"name", "labels", "formula", "unit", "better", "anchor", "rules", "source", "columns"}
    assert all(needed <= set(m) for m in found if m["name"] in CATALOGUE)
    assert all(needed - {"formula"} <= set(m) for m in found)
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
    assert crmcore("kpis", "win_rate", "--search", "no such words").lines == ["Nothing found."]


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
