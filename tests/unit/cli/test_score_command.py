"""`crmcore score`."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import crmcore as cc

LEADS = """\
id,owner,source,size,expected_amount,created_at
l1,Anna,web,large,100,2026-06-01
l2,,fair,large,200,2026-06-02
=l3,王芳,web,small,,2026-06-03
l4,王芳,,,,2026-06-03
"""
SCHEME = """\
name = "fit"
table = "lead"
labels = { en = "Lead fit", zh = "线索匹配度" }
least_known = 1
[[grades]]
steps = [{ grade = "A", from = 30 }, { grade = "B" }]
[[groups]]
name = "firm"
dimension = "fit"
[[groups.rules]]
name = "large"
labels = { en = "Large company", zh = "大型企业" }
when = { column = "size", is = "large" }
points = 20
[[groups.rules]]
name = "fair"
labels = { en = "Met at a fair", zh = "展会结识" }
when = { column = "source", is = "fair" }
points = 10.5
[[groups.rules]]
name = "web"
labels = { en = "From the web", zh = "网站来源" }
when = { column = "source", is = "web" }
points = -5
"""
PLUGIN = """\
import crmcore as cc
from crmcore.scoring import Group, Rule, Scheme

CRMCORE_API = (1, 0)


@cc.hookimpl
def crmcore_scorers():
    return [Scheme("source_fit", "lead", groups=[Group("g", [Rule("web", when=cc.col("source") == "web", points=1)])])]
"""


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """Return a folder with leads, a scheme and a plugin beside it."""
    path = tmp_path / "leads"
    path.mkdir()
    (path / "lead.csv").write_text(LEADS, encoding="utf-8")
    (tmp_path / "fit.toml").write_text(SCHEME, encoding="utf-8")
    (tmp_path / "ours.py").write_text(PLUGIN, encoding="utf-8")
    return path


@pytest.fixture
def score(crmcore: Any, leads: Path) -> Any:
    """Return a function that scores the leads by the scheme in the file."""
    return lambda *arguments: crmcore("score", leads.parent / "fit.toml", "--data", leads, *arguments)


def test_the_best_first_with_reasons(score: Any) -> None:
    """30.5 for a large one from a fair, 15 for one from the web, -5, and a row of which nothing is known has no score."""
    run = score()

    assert run.status == 0
    assert run.out == (
        "Id   Lead fit  Grade      Fit  Main reasons\n"
        "---  --------  -------  -----  --------------------------------------\n"
        "l2      30.50  A        30.50  Large company +20, Met at a fair +10.5\n"
        "l1      15.00  B        15.00  Large company +20, From the web -5\n"
        "=l3     -5.00  B        -5.00  From the web -5\n"
        "l4          -  (blank)   0.00\n"
        "\n"
        "Rows: 4\n"
        "Without a score: 1\n"
        "Grade A: 1\n"
        "Grade B: 2\n"
    )


def test_a_scorer_of_a_plugin(crmcore: Any, leads: Path) -> None:
    """A name is looked for in the workspace; the nearest is told, and where there is none, where it could come from."""
    plugin = ("--plugin", leads.parent / "ours.py")
    found = json.loads(crmcore("score", "source_fit", "--data", leads, *plugin, "--format", "json").out)
    assert [(r["id"], r["score"]) for r in found["rows"]] == [("l1", 1.0), ("=l3", 1.0), ("l2", 0.0), ("l4", 0.0)]
    near = crmcore("score", "sorce_fit", "--data", leads, *plugin)
    assert (near.status, "did you mean 'source_fit'" in near.err) == (2, True)
    none = crmcore("score", "bant", "--data", leads)
    assert (none.status, "give the path of a TOML scheme, or --discover" in none.err) == (2, True)


CHAIN = """\
from pathlib import Path

import crmcore as cc
from crmcore.scoring import StageChain

CRMCORE_API = (1, 0)
SPEC = StageChain(name="stage_win", labels={"en": "Chance to win", "zh": "赢单概率"})


@cc.hookimpl
def crmcore_scorers():
    return [SPEC.load(Path(__file__).with_name("stage_win.json").read_text("utf-8"))]
"""
MOVES = [
    ("1", "stage", "new", "offer", "02"),
    ("1", "outcome", "open", "won", "03"),
    ("2", "outcome", "open", "lost", "03"),
]


def test_a_fitted_scorer_that_was_kept(crmcore: Any, tmp_path: Path) -> None:
    """A chain of stages is learnt in Python, kept as JSON, and used by its name: of two new deals one came to an offer, and was won."""
    ours: dict[str, Any] = {}
    exec(CHAIN, ours)
    deals = [
        {"id": i, "stage": s, "outcome": o, "created_at": "2026-06-01", "closed_at": c}
        for i, s, o, c in (
            ("1", "offer", "won", "2026-06-03"),
            ("2", "new", "lost", "2026-06-03"),
            ("3", "new", "open", None),
        )
    ]
    moves = [
        {"table": "opportunity", "record": r, "field": f, "old": a, "new": b, "at": f"2026-06-{d}"}
        for r, f, a, b, d in MOVES
    ]
    scorer = cc.Workspace().fit(ours["SPEC"], cc.Dataset(opportunity=deals, change=moves))
    (tmp_path / "stage_win.json").write_text(scorer.to_json(), "utf-8")
    (tmp_path / "ours.py").write_text(CHAIN, "utf-8")
    (tmp_path / "opportunity.csv").write_text(
        "id,stage,outcome,created_at\n7,new,open,2026-06-05\n8,offer,open,2026-06-05\n", "utf-8"
    )
    arguments = ("score", "stage_win", "--data", tmp_path / "opportunity.csv", "--plugin", tmp_path / "ours.py")

    # from an offer (1 + 0.1) / (1 + 0.2); from new (offer + 0.1) / (2 + 0.2)
    offer = 1.1 / 1.2
    found = json.loads(crmcore(*arguments, "--format", "json").out)
    assert [(r["stage"], r["stays"], r["score"]) for r in found["rows"]] == [
        ("offer", 1, pytest.approx(offer)),
        ("new", 3, pytest.approx((offer + 0.1) / 2.2)),
    ]
    assert crmcore(*arguments, "--language", "zh").lines[0].split() == [
        "编号",
        "赢单概率",
        "阶段",
        "停留次数",
        "主要原因",
    ]


def test_top_where_and_as_of(score: Any) -> None:
    """--top cuts after the best, what stands below counts all; --where narrows; before it was created there is no lead."""
    top = score("--top", "1").lines
    assert [line.split()[0] for line in top[2:3]] == ["l2"]
    assert "Rows: 4" in top
    assert "l1" not in "".join(top)
    assert "Rows: 2" in score("--where", "source=web").lines
    assert "Rows: 1" in score("--as-of", "2026-06-01").lines
    assert score("--top", "0").status == 0


def test_in_chinese(score: Any) -> None:
    """Headings, reasons and what stands below."""
    out = score("--language", "zh").out

    for text in (
        "编号",
        "线索匹配度",
        "等级",
        "匹配度",
        "主要原因",
        "大型企业 +20",
        "展会结识 +10.5",
        "行数：4",
        "无评分：1",
        "等级 A：1",
    ):
        assert text in out


def test_single_rows(score: Any) -> None:
    """--id shows all reasons of a row, also what is missing; a wrong one is answered with the nearest."""
    run = score("--id", "l1", "--id", "l4")
    assert run.out == (
        "lead l1: 15 points, grade B (fit, revision 1)\n  +20  Large company\n   -5  From the web\n\n"
        "lead l4: undefined (fit, revision 1)\n  no value, counts nothing: Large company, Met at a fair, From the web\n"
    )
    (row,) = json.loads(score("--id", "l1", "--format", "json").out)["rows"]
    assert row["reasons"] == [
        {"name": "large", "amount": 20, "missing": False},
        {"name": "web", "amount": -5, "missing": False},
    ]
    assert "did you mean 'l4'" in score("--id", "l44").err


def test_json_adds_up(score: Any) -> None:
    """The reasons of each row are numbers that add up to its score, with the version of the scheme."""
    found = json.loads(score("--format", "json").out)

    assert (found["scorer"], found["revision"], len(found["fingerprint"])) == ("fit", 1, 16)
    for row in found["rows"]:
        assert row["score"] is None or sum(r["amount"] for r in row["reasons"]) == row["score"]


def test_csv_is_inert(score: Any, tmp_path: Path) -> None:
    """An id that a spreadsheet would run stands after a '; numbers stay numbers, also below 0; --formulas leaves all."""
    rows = list(csv.reader(io.StringIO(score("--format", "csv").out)))
    assert rows[0] == ["id", "score", "grade", "fit", "reasons"]
    assert rows[3][:3] == ["'=l3", "-5.0", "B"]
    assert rows[4] == ["l4", "", "", "0.0", ""]
    assert "\n=l3," in score("--format", "csv", "--formulas").out
    run = score("--format", "csv", "-o", tmp_path / "out.csv")
    assert (run.out, (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[0]) == ("", ",".join(rows[0]))


def test_no_rows(score: Any, leads: Path) -> None:
    """A file with a header alone has no scores, in every format, and that is no error."""
    (leads / "lead.csv").write_text(LEADS.splitlines()[0] + "\n", encoding="utf-8")

    assert "Rows: 0" in score().lines
    assert json.loads(score("--format", "json").out)["rows"] == []
    assert score("--format", "csv").out == "id,score,grade,fit,reasons\n"


def test_what_is_wrong_is_one_line(score: Any, crmcore: Any, leads: Path, folder: Path) -> None:
    """Options that do not go together, files and columns that are not there, a wrong scheme."""
    (leads.parent / "bad.toml").write_text(SCHEME.replace("points = 20", "points = 'x'"), encoding="utf-8")
    (leads.parent / "typo.toml").write_text(SCHEME.replace('"size"', '"sise"'), encoding="utf-8")
    fit, bad, typo = (leads.parent / f"{n}.toml" for n in ("fit", "bad", "typo"))
    for run, said in (
        (score("--top", "-1"), "--top takes a number of rows"),
        (score("--id", "l1", "--top", "1"), "it goes without --top"),
        (score("--formulas"), "--formulas is for --format csv"),
        (score("--where", "sourse=web"), "did you mean 'source'"),
        (crmcore("score", leads / "none.toml", "--data", leads), "no scheme file"),
        (crmcore("score", bad, "--data", leads), "rule 'large': points are a number"),
        (crmcore("score", typo, "--data", leads), "column 'sise' is needed by scorer 'fit'"),
        (crmcore("score", fit, "--data", folder), "no table named 'lead'"),
        (crmcore("score", fit, "--data", leads / "none"), "none"),
    ):
        assert (run.status, run.out) == (2, "")
        assert said in run.err
        assert len(run.err.splitlines()) == 1


def test_currencies(crmcore: Any, tmp_path: Path) -> None:
    """M2: amounts of two currencies are refused; a workspace file beside the data is pointed at, and converts."""
    folder = tmp_path / "deals"
    folder.mkdir()
    text = "id,outcome,amount,currency,created_at\n1,open,100,EUR,2026-01-05\n2,open,150,USD,2026-01-05\n"
    (folder / "opportunity.csv").write_text(text, encoding="utf-8")
    (folder / "crmcore.toml").write_text(
        'currency = "EUR"\n[[rates]]\nfrom = "USD"\nto = "EUR"\nvalid_from = 2026-01-01\nrate = 0.5\n', encoding="utf-8"
    )
    scheme = tmp_path / "rich.toml"
    scheme.write_text(
        'name = "rich"\ntable = "opportunity"\n[[groups]]\nname = "g"\n[[groups.rules]]\nname = "rich"\n'
        'when = { column = "amount", at_least = 100 }\npoints = 1\n',
        encoding="utf-8",
    )
    arguments = ("score", scheme, "--data", folder)

    refused = crmcore(*arguments)
    assert (refused.status, f"--workspace {folder / 'crmcore.toml'}" in refused.err) == (2, True)
    rows = json.loads(crmcore(*arguments, "--workspace", folder / "crmcore.toml", "--format", "json").out)["rows"]
    assert {r["id"]: r["score"] for r in rows} == {1: 1.0, 2: 0.0}
