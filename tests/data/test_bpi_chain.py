"""bpi2012: the chain of 2,393 loan applications with offers that are sent again, beside a replay in plain Python."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime
from fractions import Fraction
from itertools import groupby, pairwise

import pytest

import crmcore as cc
from crmcore.scoring import StageChain

NAME = "bpi2012_oct2011_slice"
STAGES = (
    *("A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED"),
    *("O_SELECTED", "O_CREATED", "O_SENT", "O_SENT_BACK"),
)
OUTCOMES = {"A_APPROVED": "won", "A_DECLINED": "lost", "A_CANCELLED": "abandoned"}
SPLIT = datetime(2011, 10, 20, 12, tzinfo=UTC)
SMOOTHING = Fraction(1, 10)


@pytest.fixture(scope="module")
def events(shared_data):
    """Return case -> (instant, place, activity) of the steps that count, in order."""
    found = {}
    with gzip.open(shared_data / NAME / "bpi2012_events.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["activity"] in OUTCOMES or row["activity"] in STAGES:
                step = (datetime.fromisoformat(row["timestamp"]), int(row["event_index"]), row["activity"])
                found.setdefault(row["case_id"], []).append(step)
    return {case: sorted(steps) for case, steps in found.items()}


@pytest.fixture(scope="module")
def created(shared_data):
    """Return case -> when it was registered."""
    with (shared_data / NAME / "bpi2012_cases.csv").open(encoding="utf-8") as file:
        return {row["case_id"]: datetime.fromisoformat(row["reg_date"]) for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def data(events, created):
    """Return the applications as deals, and what changed of them."""
    deals, changes = [], []
    for case, steps in events.items():
        now = {"stage": None, "outcome": "open"}
        deal = {"id": case, "created_at": created[case], "closed_at": None}
        for at, place, activity in steps:
            field = "outcome" if activity in OUTCOMES else "stage"
            new = OUTCOMES.get(activity, activity)
            changes.append(
                {
                    "table": "opportunity",
                    "record": case,
                    "field": field,
                    "old": now[field],
                    "new": new,
                    "at": at,
                    "sequence": place,
                }
            )
            now[field] = new
            deal["closed_at"] = at if field == "outcome" else deal["closed_at"]
        deals.append(deal | now)
    stages = [{"id": s, "order": n} for n, s in enumerate(STAGES)]
    return cc.Dataset(opportunity=deals, change=changes, stage=stages)


def states(steps, until):
    """Return (instant, stage, outcome) after each step; of one stage at one instant the last, and no state twice."""
    stage, outcome, found = None, "open", []
    for at, _, activity in steps:
        if until is None or at <= until:
            stage, outcome = (stage, OUTCOMES[activity]) if activity in OUTCOMES else (activity, outcome)
            found.append((at, stage, outcome))
    found = [list(same)[-1] for _, same in groupby(found, key=lambda s: s[:2])]
    return [next(same) for _, same in groupby(found, key=lambda s: s[1:])]


def counted(events, until=None):
    """Return how often each stage was followed by what."""
    found = Counter()
    for steps in events.values():
        for (_, stage, outcome), (_, then, ended) in pairwise(states(steps, until)):
            if stage is not None and outcome == "open":
                found[stage, then if ended == "open" else ended] += 1
    return found


def chances(steps, smoothing):
    """Return the chance to be won of each stage, solved in fractions; every stage here has led to an end."""
    stages = sorted({a for a, _ in steps})
    rows = []
    for a in stages:
        out = sum(n for (x, _), n in steps.items() if x == a) + 2 * smoothing
        rows.append([Fraction(int(a == b)) - Fraction(steps[a, b]) / out for b in stages])
        rows[-1].append((steps[a, "won"] + smoothing) / out)
    for k in range(len(stages)):
        rows[k] = [x / rows[k][k] for x in rows[k]]
        rows = [r if i == k else [x - r[k] * y for x, y in zip(r, rows[k], strict=True)] for i, r in enumerate(rows)]
    return {a: float(row[-1]) for a, row in zip(stages, rows, strict=True)}


def test_the_chain(data, events) -> None:
    """S3, S4, S6: win probabilities of nine stages, offers made again included, as a solution in fractions has them.

    All have ended, so from the start the chance is the published share: 500 of 2,393.
    """
    steps = counted(events)
    found = {r["stage"]: r for r in cc.analyse("stage_chain", data)}

    assert sum(n for (a, b), n in steps.items() if b in STAGES and STAGES.index(b) < STAGES.index(a)) > 100
    assert {s: r["win_probability"] for s, r in found.items()} == pytest.approx(chances(steps, Fraction(0)), rel=1e-9)
    assert found["A_SUBMITTED"]["win_probability"] == pytest.approx(500 / 2_393, rel=1e-9)
    back = {
        a: sum(n for (x, b), n in steps.items() if x == a and b in STAGES and STAGES.index(b) < STAGES.index(a))
        for a in found
    }
    assert {s: r["steps_back"] for s, r in found.items()} == back


def test_the_scorer_judged_in_time(data, events, created) -> None:
    """O8: learnt by 20 October, judged by 1,175 applications that were decided later, each in its stage of that day."""
    known = chances(counted(events, SPLIT), SMOOTHING)
    pairs = []
    for case, steps in events.items():
        path = states(steps, None)
        ends = [(at, outcome) for (_, _, before), (at, _, outcome) in pairwise(path) if outcome != "open"]
        if not ends or ends[-1][0] <= SPLIT:
            continue
        seen = states(steps, max(SPLIT, created[case]))
        if seen and seen[-1][1] in known:
            pairs.append((known[seen[-1][1]], ends[-1][1] == "won"))
    found = cc.Workspace().evaluate_scorer(StageChain(name="by_stage"), data, split=SPLIT)

    assert len(pairs) == 1_175
    assert (found.fact("n"), found.fact("positives")) == (len(pairs), sum(won for _, won in pairs))
    assert found.fact("brier") == pytest.approx(sum((p - won) ** 2 for p, won in pairs) / len(pairs), rel=1e-9)
