"""CSV that is written for others holds no text that a spreadsheet runs, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.cli import main
from crmcore.scoring import Group, Rule, Scheme
from crmcore.sources import write_rejected
from crmcore.state.present import csv_text, inert, listing_csv

DANGEROUS = ("=1+1", "+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "\n=1", "=cmd|' /C calc'!A0", "＝1", "'=1", "''-x")
HARMLESS = ("Anna", "a=b", "1-2", "王芳", "", " =1", "'tis", "(total)")


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_runs_stands_after_an_apostrophe(text) -> None:
    """Formulas of every sort, their full-width forms, and such text that stands after an apostrophe already."""
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize("value", [*HARMLESS, -5, -5.5, Decimal("-1.20"), None, True])
def test_all_else_stays(value) -> None:
    """Plain text, blanks, and numbers below 0."""
    assert inert(value) is value


@given(st.text())
@example("'=1")
@example("''")
def test_nothing_is_lost(text) -> None:
    """Two texts are never written alike, so taking one apostrophe away gives back what was guarded."""
    assert inert(text) in (text, f"'{text}")
    assert not inert(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    if text.startswith("'"):
        assert inert(text) != inert(text[1:])


def cells(text):
    """Return the cells of CSV as rows."""
    return list(csv.reader(io.StringIO(text)))


def deals():
    """Return a deal of a seller whose name would run, with a loss."""
    return cc.Dataset(opportunity=[{"id": "=1", "outcome": "won", "owner": "=HYPERLINK(1)", "amount": Decimal(-700)}])


def test_results() -> None:
    """The label of a group is guarded, the number below 0 is not; formulas=True leaves both."""
    result = cc.measure("won_value", deals(), by="owner")

    assert cells(csv_text(result)) == [["owner", "won_value"], ["'=HYPERLINK(1)", "-700.0"]]
    assert cells(csv_text(result, formulas=True))[1][0] == "=HYPERLINK(1)"


def test_listings() -> None:
    """Ids and reasons of scores are guarded; points below 0 are numbers."""
    rule = Rule("r", when=cc.col("outcome") == "won", points=-5, labels={"en": "-1+1"})
    scores = cc.score(Scheme("s", "opportunity", groups=[Group("g", [rule])]), deals())

    assert cells(listing_csv(scores.listing())) == [["id", "score", "reasons"], ["'=1", "-5.0", "'-1+1 -5"]]


def test_names_of_columns_too(tmp_path) -> None:
    """A rejected row has the host's own names of columns and its own text; both are guarded, unless that is not wanted."""
    path = tmp_path / "opportunity.csv"
    path.write_text("id,amount,=NOW()\n=1,many,@x\n", encoding="utf-8")
    data = cc.read(path)

    assert write_rejected(data, tmp_path / "out.csv") == 1
    assert cells((tmp_path / "out.csv").read_text("utf-8"))[0][3:] == ["id", "amount", "'=NOW()"]
    assert cells((tmp_path / "out.csv").read_text("utf-8"))[1][3:] == ["'=1", "many", "'@x"]
    write_rejected(data, tmp_path / "as-it-came.csv", formulas=True)
    assert cells((tmp_path / "as-it-came.csv").read_text("utf-8"))[1][3:] == ["=1", "many", "@x"]


def test_commands(tmp_path, capsys) -> None:
    """measure and check guard by default and leave all with --formulas."""
    path = tmp_path / "opportunity.csv"
    path.write_text("id,outcome,owner,amount\n1,won,=x,5\n2,won,=x,=many\n", encoding="utf-8")
    arguments = ["measure", "won_deals", "--data", str(path), "--by", "owner", "--format", "csv"]

    assert main(arguments) == 0
    assert capsys.readouterr().out == "owner,won_deals\n'=x,1\n"
    assert main([*arguments, "--formulas"]) == 0
    assert capsys.readouterr().out == "owner,won_deals\n=x,1\n"
    for more, expected in (([], "'=many"), (["--formulas"], "=many")):
        out = tmp_path / "out.csv"
        assert main(["check", "--data", str(path), "--rejected", str(out), *more]) == 1
        assert cells(out.read_text("utf-8"))[1][-1] == expected
