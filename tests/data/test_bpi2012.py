"""bpi2012: 2,393 loan applications and their 50,592 events; its `reached` is what we call visited."""

from __future__ import annotations

import csv
import gzip
import random
from datetime import datetime
from itertools import pairwise

import pytest

import crmcore as cc

OUTCOMES = {"A_APPROVED": "won", "A_DECLINED": "lost", "A_CANCELLED": "abandoned"}
NAME = "bpi2012_oct2011_slice"


@pytest.fixture(scope="module")
def events(shared_data):
    """Return the events, in the order of the file."""
    with gzip.open(shared_data / NAME / "bpi2012_events.csv.gz", "rt", encoding="utf-8") as file:
        return [
            (row["case_id"], int(row["event_index"]), row["activity"], datetime.fromisoformat(row["timestamp"]))
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def cases(shared_data):
    """Return the applications."""
    with (shared_data / NAME / "bpi2012_cases.csv").open(encoding="utf-8") as file:
        return [(row["case_id"], int(row["amount_req"]), row["reg_date"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def figures(published):
    """Return the published figures."""
    return published(NAME)


def dataset(cases, events, stages, outcomes):
    """Return applications as deals, each of these activities as a stage, and some as what ends a deal; shuffled."""
    last, ended, changes = {}, {}, []
    for case, place, activity, at in events:
        if activity in outcomes:
            changes.append((case, "outcome", ended.get(case, "open"), outcomes[activity], at, place))
            ended[case] = outcomes[activity]
        elif activity in stages:
            changes.append((case, "stage", last.get(case), activity, at, place))
            last[case] = activity
    closed = {case: at for case, field, _, _, at, _ in changes if field == "outcome"}
    random.Random(5).shuffle(changes)
    names = ("record", "field", "old", "new", "at", "sequence")
    columns = dict(zip(names, map(list, zip(*changes, strict=True)), strict=True))
    return cc.Dataset(
        opportunity=[
            {
                "id": case,
                "created_at": datetime.fromisoformat(at),
                "amount": amount,
                "stage": last[case],
                "outcome": ended.get(case, "open"),
                "closed_at": closed.get(case),
            }
            for case, amount, at in cases
        ],
        change={"table": ["opportunity"] * len(changes), **columns},
    )


def test_every_activity(cases, events, figures) -> None:
    """S1, S2, S4, E25: as stages that no pipeline knows, in shuffled order, with 2,866 equal times beside each other."""
    activities = set(figures["reached"])
    found = cc.analyse("funnel", dataset(cases, events, activities, {}), policy="visited")

    rows = {row["stage"]: row for row in found}
    won = rows.pop("won")
    assert {name: row["deals"] for name, row in rows.items()} == figures["reached"]
    assert {row["status"] for row in rows.values()} == {"unknown"}
    assert won["deals"] == 0


def test_the_funnel(cases, events, figures) -> None:
    """R1, S2: cases, cases that also reached the next step, and their quotient; the last step is being approved."""
    steps = figures["funnel"]
    order = [step["stage"] for step in steps[:-1]]
    data = dataset(cases, events, order, OUTCOMES)
    found = cc.analyse("funnel", data, policy="visited", stages=order).rows()

    assert [row["stage"] for row in found] == [*order, "won"]
    for row, step, following in zip(found, steps, [*steps[1:], None], strict=True):
        assert row["deals"] == step["reached"]
        assert row["share"] == step["share_of_start"]
        assert row["went_on"] == (following and following["from_previous_both"])
        assert row["conversion"] == (following and following["step_conversion"])
    assert found[0]["value"] == figures["raw"]["amount_sum"]
    assert found[-1]["value"] == figures["outcome"]["amount_won"]
    assert sum(row["pending"] or 0 for row in found) == figures["outcome"]["open"]


def test_the_other_policies(cases, events, figures) -> None:
    """S2: as counted event by event; who was in a later step, or approved, has reached those before it."""
    order = [step["stage"] for step in figures["funnel"][:-1]]
    places = {name: place for place, name in enumerate(order)} | {"A_APPROVED": len(order)}
    firsts = {case: {} for case, _, _ in cases}
    for case, index, activity, _ in sorted(events):
        if activity in places:
            firsts[case].setdefault(places[activity], index)
    furthest = {case: max(first) for case, first in firsts.items()}
    strict = {}
    for case, first in firsts.items():
        path = [first.get(place, -1) for place in range(len(places))]
        strict[case] = next((n for n, (a, b) in enumerate(pairwise(path)) if a >= b), len(path) - 1)
    data = dataset(cases, events, order, OUTCOMES)

    for policy, depth in (("reached", furthest), ("strict", strict)):
        found = cc.analyse("funnel", data, policy=policy, stages=order)
        expected = [sum(d >= place for d in depth.values()) for place in range(len(order) + 1)]
        assert found["deals"].tolist() == expected


def test_transitions_and_flow(cases, events, figures) -> None:
    """W2: every case that left the pipeline was won, lost or abandoned; the stocks of months are the open cases."""
    order = [step["stage"] for step in figures["funnel"][:-1]]
    data = dataset(cases, events, order, OUTCOMES)
    workspace = cc.Workspace(timezone="Europe/Amsterdam")
    flow = workspace.analyse("stage_flow", data, stages=order)
    moves = workspace.analyse("stage_transitions", data, stages=order)

    for kind, figure in (("won", "won"), ("lost", "lost"), ("abandoned", "cancelled")):
        assert int(flow[kind].sum()) == sum(moves.only(kind=kind)["count"]) == figures["outcome"][figure]
    ends = {}
    for row in flow:
        ends[row["period"]] = ends.get(row["period"], 0) + row["end"]
    assert ends == {day[:7]: n for day, n in figures["open_as_of"].items() if day[:7] in ends}
    assert list(ends) == ["2011-10", "2011-11", "2011-12", "2012-01"]
