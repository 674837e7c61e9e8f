"""`crmcore measure`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

FOOT = (
    "As of 2026-06-20 (opportunity.closed_at). Rows used: opportunity 6. Left out: opportunity: unpriced 1. Issues: 1."
)


def test_a_table_by_owner_with_total(crmcore: Any, folder: Path) -> None:
    """R1, M3: Anna won 2 of 3, 王芳 1 of 2, blank 0 of 1, all 3 of 6; wide names line up."""
    run = crmcore("measure", "win_rate", "won_value", "--data", folder, "--by", "owner", "--total")

    assert run.status == 0
    assert run.err == ""
    assert run.lines == [
        "owner    Win rate  Won value",
        "-------  --------  ---------",
        "Anna       66.7 %   2,000.50",
        "王芳       50.0 %       0.00",
        "(blank)     0.0 %       0.00",
        "-------  --------  ---------",
        "Total      50.0 %   2,000.50",
        "",
        FOOT,
    ]


def test_a_table_in_chinese(crmcore: Any, folder: Path) -> None:
    """Labels and the line below are Chinese with --language zh."""
    run = crmcore("measure", "win_rate", "--data", folder, "--by", "owner", "--language", "zh")

    assert run.lines[:5] == [
        "owner       赢率",
        "--------  ------",
        "Anna      66.7 %",
        "王芳      50.0 %",
        "（空白）   0.0 %",
    ]
    assert (
        run.lines[-1]
        == "截至 2026-06-20（opportunity.closed_at）。 使用行数：opportunity 6。 未计入：无。 数据问题：1。"
    )


def test_json_has_the_stated_shape(crmcore: Any, folder: Path) -> None:
    """Keys, rows with null for blank and undefined, details, total, metrics, n, excluded and issues."""
    run = crmcore(
        "measure", "win_rate,sales_cycle_days", "won_value", "--data", folder, "--by", "owner", "--per", "quarter",
        "--interval", "--format", "json",
    )  # fmt: skip
    found = json.loads(run.out)

    assert list(found)[:8] == ["keys", "rows", "details", "total", "metrics", "n", "excluded", "issues"]
    assert found["keys"] == ["owner", "period"]
    # worked by hand from the seven deals
    assert found["rows"] == [
        {"owner": "Anna", "period": "2026-Q1", "win_rate": 1.0, "sales_cycle_days": 45.0, "won_value": 2000.5},
        {"owner": "Anna", "period": "2026-Q2", "win_rate": 0.0, "sales_cycle_days": None, "won_value": 0.0},
        {"owner": "王芳", "period": "2026-Q1", "win_rate": None, "sales_cycle_days": None, "won_value": 0.0},
        {"owner": "王芳", "period": "2026-Q2", "win_rate": 0.5, "sales_cycle_days": 90.0, "won_value": 0.0},
        {"owner": None, "period": "2026-Q1", "win_rate": None, "sales_cycle_days": None, "won_value": 0.0},
        {"owner": None, "period": "2026-Q2", "win_rate": 0.0, "sales_cycle_days": None, "won_value": 0.0},
    ]
    assert len(found["details"]) == 6
    last = found["details"][3]["win_rate"]
    assert {k: last[k] for k in ("n", "numerator", "denominator")} == {"n": 2, "numerator": 1, "denominator": 2}
    assert last["low"] == pytest.approx(0.0945312057, abs=1e-9)
    assert found["details"][2]["win_rate"] == {
        "n": 0,
        "numerator": 0,
        "denominator": 0,
        "reason": "denominator is zero",
    }
    assert found["total"] == {"win_rate": 0.5, "sales_cycle_days": 60.0, "won_value": 2000.5}
    assert found["metrics"]["win_rate"] == {"unit": "ratio", "better": "higher", "anchor": "closed_at", "revision": 1}
    assert found["n"] == {"opportunity": 6}
    assert found["excluded"] == {"opportunity: unpriced": 1}
    assert [(i["kind"], i["table"], i["column"], i["count"]) for i in found["issues"]] == [
        ("unpriced", "opportunity", "amount", 1)
    ]


@pytest.mark.parametrize(
    ("per", "labels"),
    [
        ("year", ["2026"]),
        ("quarter", ["2026-Q1", "2026-Q2"]),
        ("month", ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]),
        ("fiscal_quarter", ["FY2025-Q4", "FY2026-Q1"]),
    ],
)
def test_periods_have_their_labels(crmcore: Any, folder: Path, tmp_path: Path, per: str, labels: list[str]) -> None:
    """T7: a year, a quarter, a month and a fiscal quarter from April on are named as stated."""
    settings = tmp_path / "crmcore.toml"
    settings.write_text('[calendar]\nfiscal_start = 4\nfiscal_named_by = "start"\n', encoding="utf-8")
    run = crmcore(
        "measure",
        "won_deals",
        "lost_deals",
        "--data",
        folder,
        "--per",
        per,
        "--format",
        "json",
        "--workspace",
        settings,
    )

    assert [row["period"] for row in json.loads(run.out)["rows"]] == labels


def test_without_by_and_per_there_is_one_row(crmcore: Any, folder: Path) -> None:
    """The only row has the metrics alone."""
    found = json.loads(crmcore("measure", "win_rate", "--data", folder, "--format", "json").out)

    assert (found["keys"], found["rows"]) == ([], [{"win_rate": 0.5}])


def test_csv_jsonl_and_markdown(crmcore: Any, folder: Path) -> None:
    """CSV and JSON lines hold raw values, Markdown the shown ones."""
    common = ("measure", "win_rate", "--data", folder, "--by", "owner", "--format")

    rows = list(csv.reader(io.StringIO(crmcore(*common, "csv").out)))
    assert rows == [["owner", "win_rate"], ["Anna", repr(2 / 3)], ["王芳", "0.5"], ["", "0.0"]]
    assert [json.loads(x) for x in crmcore(*common, "jsonl").lines][2] == {"owner": None, "win_rate": 0.0}
    assert crmcore(*common, "markdown").lines[:3] == ["| owner | Win rate |", "| --- | ---: |", "| Anna | 66.7 % |"]


def test_several_dimensions_in_any_spelling(crmcore: Any, folder: Path) -> None:
    """--by takes several names, repeats and commas; a name with a dot follows a reference."""
    common = ("measure", "closed_deals", "--data", folder, "--format", "csv")
    expected = crmcore(*common, "--by", "owner.team", "region").out

    assert expected.splitlines() == [
        "owner.team,region,closed_deals", "north,APAC,1", "north,EMEA,2", "south,APAC,2", ",EMEA,1",
    ]  # fmt: skip
    assert crmcore(*common, "--by", "owner.team,region").out == expected
    assert crmcore(*common, "--by", "owner.team", "--by", "region").out == expected


def test_sorting_puts_the_best_first_and_undefined_last(crmcore: Any, folder: Path) -> None:
    """More is better for a win rate, less for a cycle; --top cuts; a key sorts from first to last."""
    common = ("measure", "win_rate", "sales_cycle_days", "--data", folder, "--by", "owner", "--format", "csv")

    def owners(*more: str) -> list[str]:
        return [line.split(",")[0] for line in crmcore(*common, *more).lines[1:]]

    assert owners("--sort", "win_rate") == ["Anna", "王芳", ""]
    assert owners("--sort", "sales_cycle_days") == ["Anna", "王芳", ""]
    assert owners("--sort", "sales_cycle_days", "--top", "1") == ["Anna"]
    assert owners("--sort", "owner") == ["Anna", "王芳", ""]
    assert owners("--top", "0") == []


def test_as_of_looks_from_the_end_of_a_day(crmcore: Any, folder: Path) -> None:
    """T8, O8: by 31 March two deals were won, none lost, and the others were open."""
    run = crmcore(
        "measure", "won_deals", "lost_deals", "open_deals", "--data", folder, "--as-of", "2026-03-31", "--format", "csv"
    )

    assert run.lines == ["won_deals,lost_deals,open_deals", "2,0,4"]


def test_derived_metrics_have_names(crmcore: Any, folder: Path) -> None:
    """A change and a trailing window are metrics, in brackets or in words; a comma in brackets parts nothing."""
    run = crmcore(
        "measure", "won_value.change(quarter)", "won_deals.trailing(2, month),won_deals_trailing_50_days",
        "--data", folder, "--format", "csv",
    )  # fmt: skip

    # first quarter 2000.50, second 0; of the wins of 10 February, 10 March and 2 May the last is in May and June,
    # and in the 50 days to 20 June
    assert run.lines == ["won_value_change_quarter,won_deals_trailing_2_months,won_deals_trailing_50_days", "-1.0,1,1"]


def test_output_goes_to_a_file(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """-o writes UTF-8 and prints nothing; a failing question leaves the file alone."""
    path = tmp_path / "card.csv"
    run = crmcore("measure", "won_deals", "--data", folder, "--by", "owner", "--format", "csv", "-o", path)

    assert (run.status, run.out) == (0, "")
    assert path.read_bytes() == "owner,won_deals\nAnna,2\n王芳,1\n".encode()
    assert crmcore("measure", "won_deals", "--data", folder, "--by", "nobody", "-o", path).status == 2
    assert path.read_bytes().startswith(b"owner")


def test_a_workspace_file_and_a_plugin(crmcore: Any, folder: Path, tmp_path: Path) -> None:
    """A plugin's metric is measured beside the catalogue's; the workspace's language holds unless another is given."""
    plugin = tmp_path / "ours.py"
    plugin.write_text(
        "import crmcore as cc\n"
        "big_deals = cc.Metric('big_deals', cc.count(cc.col('amount') >= 500), unit='count', anchor='created_at',\n"
        "                      labels={'en': 'Big deals', 'zh': '大单数'})\n",
        encoding="utf-8",
    )
    settings = tmp_path / "crmcore.toml"
    settings.write_text('language = "zh"\nplugins = ["ours.py"]\n', encoding="utf-8")
    common = ("measure", "big_deals", "--data", folder)

    # 1200.50, 800, 500 and 700
    assert crmcore(*common, "--plugin", plugin).lines[:3] == ["Big deals", "---------", "        4"]
    assert crmcore(*common, "--workspace", settings).lines[0] == "大单数"
    assert crmcore(*common, "--workspace", settings, "--language", "en").lines[0] == "Big deals"
    again = crmcore(*common, "--workspace", settings, "--plugin", plugin)
    assert again.status == 2
    assert "two plugins are called 'ours'" in again.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["win_rat"], "no metric named 'win_rat'; did you mean 'win_rate'"),
        (["win_rate", "--by", "ownr"], "no column named 'ownr' in table 'opportunity'; did you mean 'owner'"),
        (["win_rate", "--per", "quartr"], "per is one of"),
        (["win_rate", "--as-of", "yesterday"], "--as-of takes a date such as 2026-06-30, got 'yesterday'"),
        (["win_rate", "--as-of", "2026-06-30T12:00"], "has no time zone"),
        (["win_rate", "--sort", "won_deals"], "no metric named 'won_deals' in this result"),
        (["win_rate", "--top", "-1"], "--top takes a number of rows, got -1"),
        (["win_rate", "--where", "region"], "--where takes NAME=VALUE, got 'region'"),
        (["win_rate", "--where", "=x"], "--where takes NAME=VALUE, got '=x'"),
        (["win_rate", "--where", "amount>=1000"], "--where compares by = alone, got 'amount>=1000'"),
        (["spend_value"], "no table named 'cost' in the dataset; metric 'spend_value' needs it"),
        (["win_rate.twice(2)"], "a metric has no twice()"),
        (["win_rate", "--profile", "nowhere.toml"], "nowhere.toml"),
        (["win_rate", "--workspace", "nowhere.toml"], "no workspace file 'nowhere.toml'"),
        (["win_rate", "--plugin", "nowhere.py"], "no file 'nowhere.py' with metrics"),
        (["win_rate", "-o", "no/such/folder/x"], "no/such/folder/x: No such file or directory"),
    ],
)
def test_a_wrong_question_is_one_line_and_status_2(crmcore: Any, folder: Path, arguments: list[str], says: str) -> None:
    """Nothing on standard output, one clear line on the other, no traceback."""
    run = crmcore("measure", *arguments, "--data", folder)

    assert run.status == 2
    assert run.out == ""
    assert run.err.startswith("crmcore: error: ")
    assert run.err.count("\n") == 1
    assert says in run.err


def test_data_that_is_not_there(crmcore: Any, tmp_path: Path) -> None:
    """A path without data is named."""
    run = crmcore("measure", "win_rate", "--data", tmp_path / "gone")

    assert (run.status, run.out) == (2, "")
    assert str(tmp_path / "gone") in run.err


def test_a_wrong_metric_is_said_before_anything_is_read(crmcore: Any, tmp_path: Path) -> None:
    """A slip in a name does not wait for gigabytes to load."""
    assert "no metric named 'win_rat'" in crmcore("measure", "win_rat", "--data", tmp_path / "gone").err
