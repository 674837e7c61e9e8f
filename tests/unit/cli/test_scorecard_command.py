"""`crmcore scorecard` and `crmcore analyse`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

LINES = """\
id,order,account,at,amount
1,o1,acme,2026-01-05,100
2,o2,acme,2026-02-05,50
3,o3,王府,2026-02-20,300
"""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Return a folder with three order lines of two accounts."""
    path = tmp_path / "orders"
    path.mkdir()
    (path / "order_line.csv").write_text(LINES, encoding="utf-8")
    return path


def test_a_scorecard_of_a_folder(crmcore: Any, folder: Path) -> None:
    """Numbers by subject with n, then what cannot be measured and the columns it lacks."""
    run = crmcore("scorecard", "--data", folder)

    assert run.status == 0
    assert any(line.startswith("Win rate ") for line in run.lines)
    assert next(line.split() for line in run.lines if line.startswith("leads_created ")) == ["leads_created", "lead"]
    assert (
        next(line.split() for line in run.lines if line.startswith("weighted_value "))[1] == "opportunity.probability"
    )


def test_periods_subjects_and_conditions(crmcore: Any, folder: Path) -> None:
    """The last quarter with the one before it, of one subject, of some rows, as of a day, in JSON and Chinese."""
    run = crmcore("scorecard", "--data", folder, "--per", "quarter", "--subject", "revenue", "--format", "json")
    found = json.loads(run.out)

    assert (found["period"], found["before"]) == ("2026-Q2", "2026-Q1")
    assert found["metrics"]["won_value"]["before"] == 2000.5
    anna = crmcore("scorecard", "--data", folder, "--where", "owner=Anna", "--as-of", "2026-02-28", "--format", "json")
    assert json.loads(anna.out)["metrics"]["won_value"]["value"] == 1200.5
    assert "赢单金额" in crmcore("scorecard", "--data", folder, "--language", "zh").out


def test_a_wrong_subject_is_one_line(crmcore: Any, folder: Path) -> None:
    """Status 2."""
    run = crmcore("scorecard", "--data", folder, "--subject", "sport")

    assert run.status == 2
    assert "no metric has the subject 'sport'" in run.err


def test_an_analysis_is_run(crmcore: Any, orders: Path) -> None:
    """As a table, as JSON, cut after some rows, and of some rows only."""
    run = crmcore("analyse", "rfm_ntile", "--data", orders)
    found = json.loads(crmcore("analyse", "rfm_ntile", "--data", orders, "--format", "json").out)

    assert run.status == 0
    assert "王府" in run.out
    assert {row["customer"] for row in found["rows"]} == {"acme", "王府"}
    assert (
        len(json.loads(crmcore("analyse", "rfm_ntile", "--data", orders, "--top", 1, "--format", "json").out)["rows"])
        == 1
    )
    some = crmcore("analyse", "rfm_ntile", "--data", orders, "--where", "account=acme", "--format", "json")
    assert [row["customer"] for row in json.loads(some.out)["rows"]] == ["acme"]


def test_choices_are_named(crmcore: Any, orders: Path) -> None:
    """A choice goes to the analysis; one it has not names the nearest, and what is no NAME=VALUE says so."""
    run = crmcore("analyse", "cohort_retention", "--data", orders, "--choose", "per=quarter", "--format", "json")

    assert {row["cohort"] for row in json.loads(run.out)["rows"]} == {"2026-Q1"}
    assert (
        "cohort_retention has no choice 'pe'; did you mean 'per'?"
        in crmcore("analyse", "cohort_retention", "--data", orders, "--choose", "pe=quarter").err
    )
    assert (
        "--choose takes NAME=VALUE, got 'per'"
        in crmcore("analyse", "cohort_retention", "--data", orders, "--choose", "per").err
    )


def test_an_analysis_of_whatever_is_there_is_filtered(crmcore: Any, orders: Path) -> None:
    """An analysis that needs no table in particular finds the columns of --where in all of them."""
    run = crmcore("analyse", "field_completeness", "--data", orders, "--where", "account=王府", "--format", "json")

    assert {(row["field"], row["records"]) for row in json.loads(run.out)["rows"]} == {
        (name, 1) for name in ("account", "amount", "at", "order")
    }


def test_a_metric_is_measured_and_not_analysed(crmcore: Any, orders: Path) -> None:
    """Each command says to which the name belongs, before anything is read."""
    wrong = crmcore("analyse", "win_rate", "--data", orders / "not there")

    assert wrong.status == 2
    assert "'win_rate' is a metric; crmcore.measure('win_rate', data) gives its numbers" in wrong.err
    assert "'rfm_ntile' is an analysis" in crmcore("measure", "rfm_ntile", "--data", orders).err


def test_an_unknown_analysis_names_its_nearest(crmcore: Any, orders: Path) -> None:
    """Status 2, before anything is read."""
    run = crmcore("analyse", "rfm_ntil", "--data", orders / "not there")

    assert run.status == 2
    assert "no analysis named 'rfm_ntil'; did you mean 'rfm_ntile'" in run.err
