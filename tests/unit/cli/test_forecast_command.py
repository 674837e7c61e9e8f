"""`crmcore forecast`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DEALS = """\
id,outcome,owner,created_at,closed_at,expected_close,amount,probability,forecast_category
d1,won,Anna,2026-01-05,2026-02-10,2026-02-01,1200.50,,
d2,open,Anna,2026-01-15,,2026-03-10,800,0.5,commit
d3,open,王芳,2026-02-11,,2026-03-20,300,0.1,best_case
d4,open,王芳,2026-02-11,,2026-05-20,500,0.5,commit
"""
TARGETS = """\
id,kind,scope,metric,amount,start,end
t1,quota,seller,won_value,2000,2026-01-01,2026-04-01
t2,quota,organisation,won_value,1500,2026-01-01,2026-04-01
"""


@pytest.fixture
def quarter(tmp_path: Path) -> Path:
    """Return a folder with a deal won in the first quarter, three open ones, and quotas."""
    path = tmp_path / "quarter"
    path.mkdir()
    (path / "opportunity.csv").write_text(DEALS, encoding="utf-8")
    (path / "target.csv").write_text(TARGETS, encoding="utf-8")
    return path


def test_a_quarter_is_forecast(crmcore: Any, quarter: Path) -> None:
    """Won, by category, weighted, all, run rate, quantiles; the chance to meet 2,000 is that of the deal of 800."""
    run = crmcore("forecast", "--data", quarter, "--format", "json")
    found = json.loads(run.out)

    assert run.status == 0
    values = {row["method"]: row["value"] for row in found["rows"]}
    assert (values["won"], values["commit"], values["best_case"]) == (1200.5, 2000.5, 2300.5)
    assert (values["weighted"], values["all_open"]) == (1630.5, 2300.5)
    assert found["facts"]["chance_to_hit"] == pytest.approx(0.5)
    assert crmcore("forecast", "--data", quarter).lines[0].split() == ["Method", "Revenue", "Of", "the", "quota"]


def test_options(crmcore: Any, quarter: Path) -> None:
    """Another period, all deals, another quota, a simulation, some deals, an earlier day, Chinese."""

    def found(*options: Any) -> Any:
        return json.loads(crmcore("forecast", "--data", quarter, "--format", "json", *options).out)

    def value(told: Any, method: str) -> Any:
        return next(row["value"] for row in told["rows"] if row["method"] == method)

    assert value(found("--ahead", 1), "weighted") == 250
    assert value(found("--all"), "all_open") == 1600
    assert found("--quota", "organisation")["facts"]["quota"] == 1500
    assert found("--quota", "2300.50")["facts"]["chance_to_hit"] == pytest.approx(0.05)
    assert found("--correlation", 0.2, "--seed", 4)["facts"]["seed"] == 4
    assert value(found("--where", "owner=王芳", "--quota", "1"), "all_open") == 300
    assert value(found("--as-of", "2026-02-09"), "won") == 0
    assert "达成配额的概率" in crmcore("forecast", "--data", quarter, "--language", "zh").out


def test_categories(crmcore: Any, quarter: Path) -> None:
    """The roll-up; options of the forecast are refused beside it."""
    run = crmcore("forecast", "--data", quarter, "--categories", "--format", "json")
    wrong = crmcore("forecast", "--data", quarter, "--categories", "--quota", "5")

    assert [row["cumulative"] for row in json.loads(run.out)["rows"]] == [1200.5, 2000.5, 2300.5, None, None]
    assert (wrong.status, "--quota is of a forecast of revenue; --categories takes --per and --ahead" in wrong.err) == (
        2,
        True,
    )


def test_wins(crmcore: Any, quarter: Path) -> None:
    """800 at one half and 300 at a tenth: none with 0.45, one with 0.5, both with 0.05; options of revenue are refused."""
    found = json.loads(crmcore("forecast", "--data", quarter, "--wins", "--rates", "own", "--format", "json").out)
    ahead = json.loads(crmcore("forecast", "--data", quarter, "--wins", "--all", "--format", "json").out)
    wrong = crmcore("forecast", "--data", quarter, "--wins", "--draws", 5)

    assert [row["chance"] for row in found["rows"]] == pytest.approx([0.45, 0.5, 0.05])
    assert len(ahead["rows"]) == 4
    assert (wrong.status, len(wrong.err.splitlines())) == (2, 1)
    assert (
        "--draws is of a forecast of revenue; --wins takes --per, --ahead, --rates, --segment and --prior" in wrong.err
    )
    assert crmcore("forecast", "--data", quarter, "--wins", "--categories").status == 2
    assert "rates is one of" in crmcore("forecast", "--data", quarter, "--wins", "--rates", "stage").err


def test_grid_and_simulation(crmcore: Any, quarter: Path) -> None:
    """Cells, draws and seed are those of the analysis; draws and a seed without a correlation would say nothing."""
    told = json.loads(
        crmcore("forecast", "--data", quarter, "--correlation", 0.2, "--draws", 300, "--format", "json").out
    )
    alone = crmcore("forecast", "--data", quarter, "--seed", 3)

    assert (told["facts"]["draws"], told["facts"]["seed"]) == (300, 0)
    assert [crmcore("forecast", "--data", quarter, "--cells", n).status for n in (0, 1)] == [2, 2]
    assert "--draws is of a simulation" in crmcore("forecast", "--data", quarter, "--draws", 3).err
    assert crmcore("forecast", "--data", quarter, "--cells", 2).status == 0
    assert (alone.status, "--seed is of a simulation; give --correlation, too" in alone.err) == (2, True)


def test_chinese(crmcore: Any, quarter: Path) -> None:
    """Headings, methods, categories and facts are all in Chinese; rows of JSON keep their names."""
    revenue = crmcore("forecast", "--data", quarter, "--language", "zh").out
    rollup = crmcore("forecast", "--data", quarter, "--language", "zh", "--categories")
    rows = json.loads(crmcore("forecast", "--data", quarter, "--language", "zh", "--format", "json").out)["rows"]

    assert [word for word in ("Won", "won", "commit", "run_rate", "Created") if word in revenue] == []
    assert "已赢单＋加权在手" in revenue
    assert [line.split()[0] for line in rollup.lines[2:7]] == ["已赢单", "承诺", "最佳情况", "管道", "不计入"]
    assert rows[0]["method"] == "won"


def test_rows_that_are_left_out_are_said(crmcore: Any, quarter: Path) -> None:
    """A deal with a category that is none is in no forecast: the last line says that the data has an issue."""
    clean = crmcore("forecast", "--data", quarter).lines
    path = quarter / "opportunity.csv"
    path.write_text(path.read_text(encoding="utf-8") + "d5,open,Anna,2026-01-15,,2026-03-10,900,0.5,承诺\n", "utf-8")

    assert "Issues" not in clean[-1]
    assert crmcore("forecast", "--data", quarter).lines[-1] == "Issues: 1."
    assert crmcore("forecast", "--data", quarter, "--language", "zh").lines[-1] == "数据问题：1。"


def test_wrong_options_are_one_line(crmcore: Any, quarter: Path) -> None:
    """Status 2 and what would be right."""
    run = crmcore("forecast", "--data", quarter, "--rates", "stage")

    assert (run.status, len(run.err.splitlines())) == (2, 1)
    assert "rates is one of 'own', 'stages', got 'stage'" in run.err
    assert crmcore("forecast", "--data", quarter, "--all", "--per", "month").status == 2


PAST = """\
id,outcome,created_at,closed_at,expected_close,amount,probability,forecast_category
d1,won,2025-11-05,2026-02-10,2026-02-01,1200.50,1,closed
d2,lost,2025-11-15,2026-03-11,2026-03-10,800,0,omitted
d3,open,2025-12-11,,2026-06-20,300,0.1,commit
"""
MOVES = """\
table,record,field,old,new,at
opportunity,d1,probability,0.8,1,2026-02-10
opportunity,d2,probability,0.5,0,2026-03-11
opportunity,d1,forecast_category,commit,closed,2026-02-10
opportunity,d2,forecast_category,commit,omitted,2026-03-11
opportunity,d1,outcome,open,won,2026-02-10
opportunity,d2,outcome,open,lost,2026-03-11
opportunity,d3,expected_close,2026-03-20,2026-06-20,2026-03-02
"""
SAID = """\
id,owner,category,amount,start,end,submitted_at
f1,Anna,commit,1000,2026-01-01,2026-04-01,2025-12-20
f2,Anna,commit,1300,2026-01-01,2026-04-01,2026-02-20
"""


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """Return a folder with three deals that were forecast for the first quarter, their changes, and what Anna said of it."""
    path = tmp_path / "past"
    path.mkdir()
    for name, text in {"opportunity": PAST, "change": MOVES, "forecast": SAID}.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def test_past_forecasts_are_judged(crmcore: Any, past: Path) -> None:
    """On the eve of the first quarter 1200.5 x 0.8 + 800 x 0.5 + 300 x 0.1 were forecast: one of three in commit was won."""

    def rows(*options: Any) -> Any:
        run = crmcore("forecast", "--data", past, "--as-of", "2026-04-05", "--format", "json", "--judge", *options)
        return json.loads(run.out)["rows"]

    backtest, commit = rows("backtest")[0], rows("categories")[0]
    assert (backtest["period"], backtest["forecast"], backtest["actual"]) == ("2026-Q1", 1390.4, 1200.5)
    assert (commit["deals"], commit["won"], commit["lost"], commit["slipped"]) == (3, 1, 1, 1)
    assert [r["chance_from"] for r in rows("chances", "--rates", "own", "--periods", 1) if r["deals"]] == [
        0.1,
        0.5,
        0.8,
    ]
    assert [r["forecast"] for r in rows("submitted")] == [1000, 1000, 1300]
    assert [r["forecast"] for r in rows("submitted", "--after", "0,55")] == [1000, 1300]
    assert [r["made_on"] for r in rows("submitted", "--after", "month", "--per", "quarter")][1:] == [
        "2026-01-31",
        "2026-02-28",
    ]
    assert rows("categories", "--after", 45)[0]["deals"] == 2
    assert [r["period"] for r in rows("submitted", "--after", 0, "--per", "month", "--periods", 2)] == [
        "2026-02",
        "2026-03",
    ]


def test_what_a_judgement_takes(crmcore: Any, past: Path) -> None:
    """Options that say nothing there are refused in one line, as are those of a judgement without one."""
    for options, says in {
        ("--judge", "categories", "--rates", "own"): "--judge categories takes --per, --periods and --after",
        ("--judge", "chances", "--quota", "5"): "takes --per, --periods, --after, --rates, --segment and --prior",
        ("--judge", "backtest", "--ahead", "1"): "--ahead is of a forecast to come",
        ("--judge", "submitted", "--all"): "--all is of a forecast to come",
        ("--periods", "3"): "--periods is of a judgement; give --judge, too",
        ("--after", "3"): "--after is of a judgement",
        ("--judge", "backtest", "--after", "month"): "after is a whole number",
    }.items():
        run = crmcore("forecast", "--data", past, *options)
        assert (run.status, len(run.err.splitlines()), says in run.err) == (2, 1, True), (options, run.err)
    assert crmcore("forecast", "--data", past, "--judge", "wins").status == 2
    assert crmcore("forecast", "--data", past, "--judge", "chances", "--wins").status == 2
