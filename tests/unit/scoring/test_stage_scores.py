"""The chain of stages as a scorer: by hand in fractions, nothing of what came later, and undefined where nothing ended."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import log, sqrt

import numpy as np
import pytest

import crmcore as cc
from crmcore.domain import Pipeline, Stage
from crmcore.errors import ArgumentError, DataError, DefinitionError, HistoryUnavailable, TableNotFound
from crmcore.scoring import Feature, LogisticRegression, NaiveBayes, StageChain

START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = [{"id": s, "name": n, "order": i} for i, (s, n) in enumerate([("A", "Talk"), ("B", "Offer"), ("C", "Deal")])]
LABELS = {"en": "Chance to win", "zh": "赢单概率"}
BY_STAGE = StageChain(name="by_stage", labels=LABELS)
BY_OWNER = StageChain(
    name="by_owner", by=Feature("owner", labels={"en": "Seller", "zh": "销售人员"}), prior=3, labels=LABELS
)


def at(day):
    return START + timedelta(days=day)


def told(number, path, outcome, end, owner=None, **known):
    """Return a deal, given by its path of (day, stage), and its changes."""
    deal = {
        "id": number,
        "owner": owner,
        "stage": path[-1][1],
        "outcome": outcome,
        "created_at": at(path[0][0]),
        "closed_at": None if end is None else at(end),
    }
    steps = [("stage", old, new, day) for (_, old), (day, new) in pairwise(path)]
    steps += [] if outcome == "open" else [("outcome", "open", outcome, end)]
    changes = [
        {"table": "opportunity", "record": number, "field": field, "old": old, "new": new, "at": at(day), **known}
        for field, old, new, day in steps
    ]
    return deal, changes


def dataset(*deals, stages=STAGES, order=None):
    """Return deals as `told` gives them, rows and changes in any order."""
    rows, log_ = [d for d, _ in deals], [c for _, cs in deals for c in cs]
    if order is not None:
        order.shuffle(rows)
        order.shuffle(log_)
    return cc.Dataset(opportunity=rows, change=log_, stage=stages)


DEALS = (
    told(0, [(0, "A"), (2, "B")], "won", 5, "Anna"),
    told(1, [(0, "A"), (1, "B"), (4, "A")], "lost", 6, "Anna"),
    told(2, [(0, "A"), (3, "B")], "lost", 4, "Ben"),
    told(3, [(0, "A"), (3, "C")], "open", None, "Ben"),
    told(4, [(8, "A")], "open", None, None),
)
"""From A to B three times, to C once, lost once; from B won, lost, and once back to A; one in A and one in C still there."""
WS = cc.Workspace()


def fitted(spec=BY_STAGE, data=None, **choices):
    return WS.fit(spec, dataset(*DEALS) if data is None else data, as_of=choices.pop("as_of", at(10)), **choices)


def chances(scorer, *deals):
    """Return the scores of (stage, owner)."""
    rows = [{"id": i, "stage": s, "owner": o, "created_at": at(9)} for i, (s, o) in enumerate(deals)]
    return WS.score(scorer, cc.Dataset(opportunity=rows), as_of=at(10)).values.tolist()


def by_hand(smoothing, to_b=3, a_lost=1, b_won=1, b_lost=1, back=1):
    """Return the chances of A and B: A = (to_b B + s) / all of A, B = (won + s + back A) / all of B."""
    s = Fraction(smoothing)
    out_a, out_b = to_b + a_lost + 2 * s, b_won + b_lost + back + 2 * s
    a = (to_b * (b_won + s) / out_b + s) / (out_a - Fraction(to_b * back) / out_b)
    return a, (b_won + s + back * a) / out_b


# --- what it says


def test_by_hand() -> None:
    """S6, R2: A and B as a system of two equations in fractions gives them; of C, which nobody left, nothing is known.

    Two of three ends were no wins: a deal of which nothing is known starts at the log-odds of 1.1 to 2.1.
    """
    found = WS.score(fitted(), dataset(*DEALS), as_of=at(10))
    a, b = by_hand("0.1")

    assert by_hand(0) == (Fraction(1, 3), Fraction(4, 9))
    assert found.values.tolist() == pytest.approx([float(x) for x in (b, a, b)] + [float("nan"), float(a)], nan_ok=True)
    assert found.base == pytest.approx(log(1.1 / 2.1))
    assert found.parts[0].tolist() == pytest.approx([log(b / (1 - b)) - log(1.1 / 2.1)])
    assert [s.beside for s in found.each()] == [
        {"stage": name, "stays": stays}
        for name, stays in (("Offer", 3), ("Talk", 6), ("Offer", 3), ("Deal", 1), ("Talk", 6))
    ]


def test_it_is_the_listed_chain_but_for_the_smoothing() -> None:
    """With hardly any smoothing the scores are the win probabilities of the analysis, to nine digits; also by segment."""
    data = dataset(*DEALS)
    for by, key in ((None, ["stage"]), ("owner", ["owner", "stage"])):
        spec = StageChain(name="raw", by=by, prior=3, smoothing=1e-12)
        listed = cc.analyse("stage_chain", data, as_of=at(10), by=by, prior=3)
        names = {"Talk": "A", "Offer": "B", "Deal": "C"}
        deals = [(names[r["stage"]], r.get("owner")) for r in listed]
        expected = [float("nan") if r["win_probability"] is None else r["win_probability"] for r in listed]
        assert chances(fitted(spec), *deals) == pytest.approx(expected, rel=1e-9, nan_ok=True), key


def test_segments_are_drawn_towards_all() -> None:
    """Anna went from A to B twice and was lost once, from B she won once and stepped back once; three steps of all stand beside.

    Of all, from A: 3 / 4.2 to B, 0.1 / 4.2 won, 1.1 / 4.2 lost; from B: 1 / 3.2 back, 1.1 / 3.2 won, 1.1 / 3.2 lost.
    """
    s, t = Fraction(42, 10), Fraction(32, 10)
    to_b, a_won, a_all = 2 + 3 * 3 / s, 3 * Fraction(1, 10) / s, 3 + 3
    back, b_won, b_all = 1 + 3 / t, 1 + 3 * Fraction(11, 10) / t, 2 + 3
    a = (to_b * b_won / b_all + a_won) / (a_all - to_b * back / b_all)
    b = (b_won + back * a) / b_all
    scorer = fitted(BY_OWNER)
    of_all = by_hand("0.1")

    assert chances(scorer, ("A", "Anna"), ("B", "Anna")) == pytest.approx([float(a), float(b)])
    # nobody and a newcomer have no step of their own: they go by all
    assert chances(scorer, ("A", None), ("B", "Zoe")) == pytest.approx([float(x) for x in of_all])
    assert scorer.segments == (None, "Anna", "Ben")


def test_reasons_by_stage_and_segment() -> None:
    """The share of wins, what the stage adds to it, and what the segment adds to that; a blank one adds nothing."""
    found = WS.score(fitted(BY_OWNER), dataset(*DEALS), as_of=at(10))
    of_all, annas = (WS.score(s, dataset(*DEALS), as_of=at(10)).values[0] for s in (fitted(), fitted(BY_OWNER)))
    deal = found.of(0)

    assert {r.reason.name: r.amount for r in deal.reasons} == pytest.approx(
        {
            "stage": log(of_all / (1 - of_all)) - log(1.1 / 2.1),
            "owner": log(annas / (1 - annas)) - log(of_all / (1 - of_all)),
        }
    )
    assert [(r.reason.name, r.missing) for r in found.of(4).reasons] == [("stage", False), ("owner", True)]
    assert [(r.reason.name, r.missing) for r in found.of(3).reasons] == [("stage", True)]
    assert deal.beside == {"stage": "Offer", "stays": 2}
    # where deals without a seller have ended, that they have none says something, and is a reason like others
    nobodys = [told(n, [(0, "A")], "won", 1) for n in (5, 6)]
    own = WS.score(fitted(BY_OWNER, dataset(*DEALS, *nobodys)), dataset(*DEALS), as_of=at(10)).of(4)
    assert {r.reason.name: r.missing for r in own.reasons} == {"stage": False, "owner": False}
    assert sum(r.amount for r in own.reasons) + own.base == pytest.approx(log(own.value / (1 - own.value)))


def test_undefined_where_nothing_ended() -> None:
    """R2: a stage that nobody left, one never seen, and none at all have no score; a deal that is closed is scored as if open."""
    found = chances(fitted(), ("C", None), ("new", None), (None, None), ("A", None))

    assert [x != x for x in found] == [True, True, True, False]


def test_no_stage_is_sure() -> None:
    """R5: a stage out of which all were won is likely, not certain: 10.1 of 10.2; and one out of which none was, 0.1 of 10.2."""
    deals = [told(i, [(0, "A")], "won", 1) for i in range(10)] + [
        told(10 + i, [(0, "B")], "abandoned", 1) for i in range(10)
    ]

    assert chances(fitted(data=dataset(*deals)), ("A", None), ("B", None)) == pytest.approx([10.1 / 10.2, 0.1 / 10.2])


def test_abandoned_deals_were_not_won() -> None:
    """An abandoned deal ends without a win, and is judged as such: 1 of 3, and not 1 of 2."""
    deals = [told(i, [(0, "A")], outcome, 1) for i, outcome in enumerate(("won", "lost", "abandoned"))]
    later = [told(3 + i, [(2, "A")], outcome, 9) for i, outcome in enumerate(("won", "lost", "abandoned"))]
    judged = WS.evaluate_scorer(BY_STAGE, dataset(*deals, *later), split=at(5))

    assert chances(fitted(data=dataset(*deals)), ("A", None)) == pytest.approx([1.1 / 3.2])
    assert (judged.fact("n"), judged.fact("positives")) == (3, 1)


def test_played_through() -> None:
    """4,000 deals that walk with steps back, played by the standard library: chances within 4 standard errors of what came."""
    draw = random.Random(3)
    steps = {
        "A": [("B", 6), ("lost", 4)],
        "B": [("A", 2), ("C", 5), ("lost", 3)],
        "C": [("B", 1), ("won", 3), ("abandoned", 1)],
    }
    deals, came = [], {"A": [], "B": [], "C": []}
    for n in range(4_000):
        path, day, stage = [(0, "A")], 0.0, "A"
        while True:
            day += 0.01
            stage = draw.choices([s for s, _ in steps[stage]], [w for _, w in steps[stage]])[0]
            if stage not in steps:
                break
            path.append((day, stage))
        for place in {s for _, s in path}:
            came[place].append(stage == "won")
        deals.append(told(n, path, stage, day))
    learnt, judged = deals[:2_000], deals[2_000:]
    found = dict(zip("ABC", chances(fitted(data=dataset(*learnt)), ("A", None), ("B", None), ("C", None)), strict=True))
    # A = .6 B, B = .2 A + .5 C, C = .2 B + .6
    b = Fraction(3, 10) / Fraction(78, 100)
    exact = {"A": b * Fraction(6, 10), "B": b, "C": Fraction(6, 10) + b / 5}

    assert len(judged) == 2_000
    for place, p in exact.items():
        n = len(came[place])
        assert sum(came[place]) / n == pytest.approx(float(p), abs=4 * sqrt(float(p * (1 - p)) / n))
        assert found[place] == pytest.approx(float(p), abs=4 * sqrt(float(p * (1 - p)) / (n / 2)))


# --- what it learns from


LATER = (
    told(5, [(0, "A"), (12, "B")], "won", 13, "Ben"),
    told(6, [(0, "A"), (2, "B"), (14, "A")], "lost", 15, "Anna"),
    told(7, [(11, "C")], "won", 12, "Anna"),
)
"""Deals of which something came after day 10."""


def test_nothing_later_is_learnt() -> None:
    """O8: as of day 10 it learns what it learns from data in which nothing later has happened, and other things as of day 20."""
    cut = (
        told(5, [(0, "A")], "open", None, "Ben"),
        told(6, [(0, "A"), (2, "B")], "open", None, "Anna"),
    )
    for spec in (BY_STAGE, BY_OWNER):
        now, before = dataset(*DEALS, *LATER), dataset(*DEALS, *cut)
        assert fitted(spec, now).to_json() == fitted(spec, before).to_json()
        assert fitted(spec, now, as_of=at(20)).to_json() != fitted(spec, before).to_json()


def test_nothing_that_was_written_down_later_is_learnt() -> None:
    """O8: a win of day 5 that was recorded on day 15 is not known on day 10."""
    late = told(0, [(0, "A"), (2, "B")], "won", 5, "Anna", recorded_at=at(15))
    unknown = told(0, [(0, "A")], "open", None, "Anna")
    lost = told(9, [(0, "A")], "lost", 1)

    assert fitted(data=dataset(late, lost)).to_json() == fitted(data=dataset(unknown, lost)).to_json()


def test_judged_by_what_came_later() -> None:
    """O8: learnt as of day 10 from five deals, six stays and three ends; judged by those decided later, in their stage of day 10.

    5 stood in A and was won, 6 in B and was lost, 7 was created later in C, of which nothing is known.
    """
    data = dataset(*DEALS, *LATER)
    found = WS.evaluate_scorer(BY_STAGE, data, split=at(10))
    expected = fitted(data=data)
    a, b = chances(expected, ("A", None), ("B", None))

    assert {n: found.fact(n) for n in ("n", "positives", "without_score", "created_later", "trained_on", "undecided_yet")} == {
        "n": 2, "positives": 1, "without_score": 1, "created_later": 1, "trained_on": 7, "undecided_yet": 2,
    }  # fmt: skip
    assert found.fact("brier") == pytest.approx(((1 - a) ** 2 + b**2) / 2)
    # a fitted one learns anew: what it has learnt of later days does not count
    assert WS.evaluate_scorer(fitted(data=data, as_of=at(20)), data, split=at(10)).to_dict() == found.to_dict()


def test_judged_on_some_deals_it_learns_from_those() -> None:
    """A condition says whose deals teach and are judged: learnt from Anna's, judged by hers."""
    data = dataset(*DEALS, *LATER)
    mine = cc.col("owner") == "Anna"
    found = WS.evaluate_scorer(BY_STAGE, data, split=at(10), where=mine)
    (b,) = chances(fitted(data=data, where=mine), ("B", None))

    assert (found.fact("trained_on"), found.fact("n")) == (3, 1)
    assert found.fact("brier") == pytest.approx(b**2)
    # her two decided ones, and the third in B: A to B twice and lost once; B won once, back once
    assert b == pytest.approx(float(by_hand("0.1", to_b=3, a_lost=1, b_won=1, b_lost=0, back=1)[1]))


def test_open_deals_teach_too() -> None:
    """Ten deals that went on to B and wait there make A likelier to get to B, and B no worse."""
    waiting = [told(20 + i, [(0, "A"), (1, "B")], "open", None) for i in range(10)]
    few, many = (chances(fitted(data=dataset(*DEALS, *more)), ("A", None), ("B", None)) for more in ((), waiting))
    a, b = by_hand("0.1", to_b=13)

    assert many == pytest.approx([float(a), float(b)])
    assert many[0] > few[0]


def test_the_order_of_the_input_does_not_matter() -> None:
    """S4: rows and changes in any order teach the same, to the last digit."""
    learnt = {
        fitted(BY_OWNER, dataset(*DEALS, *LATER, order=random.Random(n)), as_of=at(20)).to_json() for n in range(5)
    }

    assert len(learnt) == 1


def test_beside_other_learners() -> None:
    """Others are given decided deals alone, each as of its decision, as before."""
    data = dataset(*DEALS)
    for spec in (NaiveBayes(name="nb", table="opportunity", features=["owner"]), LogisticRegression(name="lr", table="opportunity", features=["owner"], ridge=1)):  # fmt: skip
        assert "3 decided rows" in WS.fit(spec, data, as_of=at(10)).summary


# --- what it refuses


@pytest.mark.parametrize("by", ["stage", "lost_reason", "probability", "forecast_category", "closed_at"])
def test_segments_by_the_outcome_are_refused(by) -> None:
    """What is filled with the outcome, or changes with it, makes no segments."""
    with pytest.raises(DefinitionError, match=f"cannot learn from '{by}'"):
        StageChain(name="x", by=by)


def test_what_means_nothing() -> None:
    """Names, numbers and segments that mean nothing are named."""
    for wrong in ({"prior": 0}, {"smoothing": 0}, {"smoothing": -1}, {"prior": "20"}, {"revision": 0}, {"by": 7}):
        with pytest.raises(ArgumentError, match=r"prior|smoothing|revision|feature"):
            StageChain(name="x", **wrong)
    with pytest.raises(DefinitionError, match="no snake_case name"):
        StageChain(name="no name")
    with pytest.raises(DefinitionError, match="no split and no least"):
        StageChain(name="x", by=Feature("tags", split=";"))


def test_data_that_teach_nothing() -> None:
    """R2, S5: no changes, only the last ones, no end, or rows that were taken out of their dataset: an error, and why."""
    rows = [d for d, _ in DEALS]
    with pytest.raises(TableNotFound, match="learnt from the changes of stages"):
        fitted(data=cc.Dataset(opportunity=rows))
    waiting = [told(i, [(0, "A"), (1, "B")], "open", None) for i in range(3)]
    with pytest.raises(DataError, match="of 3 deals with 6 stays in stages none was"):
        fitted(data=dataset(*waiting))
    with pytest.raises(DefinitionError, match="learns from rows of 'opportunity', got 'lead'"):
        BY_STAGE.fit(WS.view(cc.Dataset(lead=[{"id": 1, "created_at": at(0)}])).rows("lead"))
    some = WS.view(dataset(*DEALS), as_of=at(10)).rows("opportunity")
    alone = cc.evaluate.rows.Rows(some.at(np.array([1])).as_table(), some.scope, None)
    with pytest.raises(DefinitionError, match="rows of their own"):
        BY_STAGE.fit(alone)
    last = [c | {"last_only": True} for _, cs in DEALS for c in cs]
    with pytest.raises(HistoryUnavailable, match="keeps only the last change"):
        fitted(data=cc.Dataset(opportunity=rows, change=last, stage=STAGES))


# --- kept, and used


def test_kept_as_json() -> None:
    """What was learnt comes back from JSON as it was, and only by its own definition; another fit has another fingerprint."""
    for spec in (BY_STAGE, BY_OWNER):
        scorer = fitted(spec)
        again = spec.load(scorer.to_json(indent=1))
        deals = [("A", "Anna"), ("B", "Ben"), ("C", None), ("B", None)]
        assert again.to_json() == scorer.to_json()
        assert chances(again, *deals) == pytest.approx(chances(scorer, *deals), rel=0, nan_ok=True)
        assert (again.fingerprint, again.summary) == (scorer.fingerprint, scorer.summary)
    assert fitted(data=dataset(*DEALS[:4])).fingerprint != fitted().fingerprint
    with pytest.raises(ArgumentError, match="no JSON"):
        BY_STAGE.load("{")
    with pytest.raises(ArgumentError, match="says format 'crmcore stage chain 1'"):
        BY_STAGE.load(json.dumps({"format": "other"}))
    with pytest.raises(ArgumentError, match="fitted by another definition"):
        StageChain(name="by_stage", smoothing=1).load(fitted().to_json())


def test_told_in_both_languages() -> None:
    """The name, the stage, the stays and the reasons in Chinese."""
    found = WS.score(fitted(BY_OWNER), dataset(*DEALS), as_of=at(10))

    assert str(found.told("zh")).splitlines()[0].split() == ["编号", "赢单概率", "阶段", "停留次数", "主要原因"]
    assert "销售人员 +" in str(found.told("zh"))
    assert str(found).splitlines()[0].split() == ["Id", "Chance", "to", "win", "Stage", "Stays", "Main", "reasons"]
    assert dict(fitted(StageChain(name="x")).labels) == LABELS
    assert fitted().summary == "Probability of being won from the stage, by the chain of 10 stays in stages."


def test_in_a_workspace() -> None:
    """By its name in a workspace, and in place of the deals' own probabilities where next steps are ranked."""
    scorer = fitted()
    ws = cc.Workspace(scorers=[scorer])
    data = dataset(*[(d | {"amount": 100}, c) for d, c in DEALS])
    worth = {
        r["id"]: r["because"].get("value", 0)
        for r in ws.next_steps(data, as_of=at(10), scorer="by_stage", where=cc.col("outcome") == "open").rows()
    }

    assert ws.score("by_stage", data, as_of=at(10)).of(4).value == pytest.approx(float(by_hand("0.1")[0]))
    assert worth[4] > 0


def test_from_a_store() -> None:
    """The log of a store is the history: learnt and judged without any data given.

    Of four deals one was won out of the offer, one lost there, one lost as new, and one waits there; a fifth is lost later.
    """
    stages = (Stage("new"), Stage("offer"), Stage("won", kind="won"), Stage("lost", kind="lost"))
    with cc.Workspace(store="memory:") as ws:
        ws.put(Pipeline("P", stages=stages), at=at(0))
        for n in range(5):
            ws.create(f"D{n}", pipeline="P", at=at(1))
        for n in (0, 1, 3):
            ws.move(f"D{n}", "offer", at=at(2))
        ws.win("D0", stage="won", at=at(3))
        ws.move("D1", "lost", at=at(3))
        ws.move("D2", "lost", at=at(3))
        ws.move("D3", "lost", at=at(8))
        found = ws.score(ws.fit(BY_STAGE, as_of=at(5)), as_of=at(5))
        judged = ws.evaluate_scorer(BY_STAGE, split=at(5))
    offer = Fraction(11, 22)
    new = (3 * offer + Fraction(1, 10)) / Fraction(42, 10)

    assert {i: found.of(i).value for i in ("D3", "D4")} == pytest.approx({"D3": float(offer), "D4": float(new)})
    assert (judged.fact("n"), judged.fact("brier")) == (1, pytest.approx(0.25))
