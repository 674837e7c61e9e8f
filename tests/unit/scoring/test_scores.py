"""Scores: values, reasons, order, and how they are told; any scorer of one's own makes them."""

from __future__ import annotations

import json
from datetime import date
from math import isnan

import numpy as np
import pytest

import crmcore as cc
from crmcore import col
from crmcore.errors import ArgumentError, DefinitionError, RowNotFound
from crmcore.scoring import Grading, Group, Reason, Rule, Scheme, Scorer, Scores
from crmcore.scoring.scorer import check_scorer
from crmcore.table.column import Column

FIT = Scheme(
    "fit",
    "lead",
    groups=[
        Group(
            "g",
            [
                Rule("a", when=col("x") >= 1, points=5, labels={"en": "Ah", "zh": "甲"}),
                Rule("b", when=col("x") >= 2, points=-7, labels={"en": "Be", "zh": "乙"}),
                Rule("c", when=col("x") >= 3, points=20, labels={"en": "Ce", "zh": "丙"}),
                Rule("d", when=col("x") >= 3, points=7, labels={"en": "De", "zh": "丁"}),
            ],
        )
    ],
    grades=Grading({"A": 10, "B": None}),
    least_known=1,
)


def leads(n):
    """Return leads with x from 0, and one without."""
    return cc.Dataset(lead=[*({"id": f"L{x}", "x": x} for x in range(n)), {"id": "none", "x": None}])


class Half:
    """A scorer of one's own: half of x."""

    name = "half"
    table = "lead"
    needs = ("x",)
    wants = ()
    others = {}  # noqa: RUF012 - as an author would write it
    revision = 1
    labels = {"en": "Half", "zh": "一半"}  # noqa: RUF012 - as above
    summary = "Half of x."
    source = "ours"

    def __init__(self, **given):
        self.given = given

    def score(self, rows):
        column = rows.values("x")
        values = np.where(column.present(), column.data / 2, np.nan)
        return Scores.of_rows(self, rows, self.given.pop("values", values), **self.given)


def test_a_scorer_of_ones_own() -> None:
    """An object with the members of Scorer scores; without parts it gives no reasons; a grade needs a score."""
    grade = Column("key", np.array([1, 1, 1], np.int8), labels=[None, "A"])
    found = cc.score(Half(grade=grade, unit="score"), leads(2))

    assert isinstance(Half(), Scorer)
    assert found.values.tolist()[:2] == [0, 0.5]
    assert isnan(found.values[2])
    assert found.grades == ["A", "A", None]
    assert (found.link, found.of("L1").reasons) == ("none", ())


def test_largest_reasons_first_whatever_their_sign() -> None:
    """20, then -7 before 7 since it stands first, then 5; a listing tells the first three, and none where there is none."""
    found = cc.score(FIT, leads(4))

    assert [b.amount for b in found.of("L3").reasons] == [20, -7, 7, 5]
    assert found.listing()["reasons"].tolist() == ["", "Ah +5", "Be -7, Ah +5", "Ce +20, Be -7, De +7", ""]
    assert found.told("zh").listing(reasons=1)["reasons"].tolist() == ["", "甲 +5", "乙 -7", "丙 +20", ""]
    assert "reasons" not in found.listing(reasons=0)


def test_listings_of_many_rows_tell_what_single_rows_tell() -> None:
    """Over several blocks of rows the text is that of the rows one by one."""
    n = 40_000
    found = cc.score(FIT, cc.Dataset(lead={"id": np.arange(n), "x": np.arange(n) % 5}))
    texts = found.listing()["reasons"].tolist()

    for place in (0, 3, 16_383, 16_384, n - 1):
        (score,) = found.each([place])
        assert texts[place] == ", ".join(f"{b.reason.label()} {b.amount:+}" for b in score.reasons[:3])


def test_order_and_choice() -> None:
    """Best first, equal ones as they stand, undefined last; top and at keep grades and reasons with their rows."""
    found = cc.score(FIT, leads(4))

    assert found.sorted().ids.tolist() == ["L3", "L1", "L0", "L2", "none"]
    assert found.top(2).ids.tolist() == ["L3", "L1"]
    assert found.top(2).of("L1") == found.of("L1")
    assert found.top(1).grades == ["A"]
    assert found.at(np.array([4, 4])).ids.tolist() == ["none", "none"]
    with pytest.raises(ArgumentError, match="a number of rows"):
        found.top(-1)
    with pytest.raises(RowNotFound, match="no row named 'l1' among the lead ids scored with 'fit'"):
        found.of("l1")


def test_what_stands_below_counts_all_rows() -> None:
    """Top 2 of 5: rows, those without a score, and each grade, of all."""
    listing = cc.score(FIT, leads(4)).sorted().listing(top=2)

    assert (len(listing), listing.fact("rows"), listing.fact("undefined")) == (2, 5, 1)
    assert (listing.fact("grade_A"), listing.fact("grade_B")) == (1, 3)


def test_long_tables_say_that_there_is_more() -> None:
    """Two hundred rows are printed."""
    assert str(cc.score(FIT, leads(300))).splitlines()[-1] == "… 101 more rows"


def test_plain_data() -> None:
    """JSON has numbers, null where undefined, and the version; Arrow has a column each."""
    found = cc.score(FIT, leads(2))
    plain = json.loads(found.to_json())

    assert [r["score"] for r in plain["rows"]] == [0, 5, None]
    assert plain["rows"][2] == {
        "id": "none",
        "score": None,
        "reasons": [{"name": n, "amount": 0, "missing": True} for n in "abcd"],
    }
    assert (plain["revision"], plain["fingerprint"]) == (1, FIT.fingerprint)
    pyarrow = pytest.importorskip("pyarrow")
    assert pyarrow.table(found).to_pydict() == {
        "id": ["L0", "L1", "none"],
        "score": [0, 5, None],
        "grade": ["B", "B", None],
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"values": np.zeros(5)}, "it owes one each"),
        ({"values": np.array([1, np.inf, 0])}, "row 1 the score inf"),
        ({"parts": np.zeros((3, 2), np.int64), "reasons": [Reason("a")]}, "1 reasons make"),
        ({"link": "linear"}, "link is one of identity, logistic, none"),
    ],
)
def test_scores_that_break_the_contract(given, said) -> None:
    """The scorer is named, with what it owes."""
    with pytest.raises(DefinitionError, match=said) as caught:
        cc.score(Half(**given), leads(2))
    assert "'half'" in str(caught.value)


def test_objects_that_are_no_scorers() -> None:
    """What is missing or of another type is said by name."""
    for change, said in (
        ({"name": "two words"}, "no snake_case name"),
        ({"revision": 0}, "from 1"),
        ({"revision": "1"}, "revision is a whole number"),
        ({"needs": ["x"]}, "a tuple of columns"),
        ({"needs": (1,)}, "a tuple of names"),
        ({"labels": None}, "a mapping"),
    ):
        wrong = Half()
        for name, value in change.items():
            setattr(wrong, name, value)
        with pytest.raises((ArgumentError, DefinitionError), match=said):
            check_scorer(wrong)
    for none in (Half, "fit", 5, object()):
        with pytest.raises(ArgumentError, match="is no scorer"):
            check_scorer(none)
    with pytest.raises(DefinitionError, match="returned list, not Scores"):
        cc.score(type("Bad", (Half,), {"score": lambda _, rows: [0] * len(rows)})(), leads(2))
    with pytest.raises(DefinitionError, match="gave 1 scores for 3 rows"):
        cc.score(type("Few", (Half,), {"score": lambda s, r: Half.score(s, r).top(1)})(), leads(2))


def test_one_record_is_one_record() -> None:
    """A list, text or dataset is none; one that is deleted, or later than as_of, has no score and says why."""
    workspace = cc.Workspace()
    for wrong in ("L1", [{"id": "1"}], leads(1), 5):
        with pytest.raises(ArgumentError, match="takes one record"):
            workspace.score_one(FIT, wrong, as_of=None)
    with pytest.raises(cc.errors.DataError, match="cannot be scored"):
        workspace.score_one(FIT, {"id": "1", "x": 1, "deleted": True}, as_of=None)
    with pytest.raises(cc.errors.DataError, match="did not exist yet"):
        workspace.score_one(FIT, {"id": "1", "x": 1, "created_at": date(2026, 2, 1)}, as_of=date(2026, 1, 1))
