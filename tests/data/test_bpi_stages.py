"""bpi2012_oct2011_slice: stage intervals, cycles and win rate of 2,393 applications, from their event log."""

from __future__ import annotations

import csv
import gzip
import random
from datetime import datetime

import pytest

import crmcore as cc

STEPS = ("A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED", "O_SENT", "O_SENT_BACK")
ENDS = {"A_APPROVED": "won", "A_DECLINED": "lost", "A_CANCELLED": "abandoned"}
STAGES = [{"id": s, "order": n} for n, s in enumerate(STEPS, 1)] + [
    {"id": s, "order": n, "kind": kind} for n, (s, kind) in enumerate(ENDS.items(), 8)
]


@pytest.fixture(scope="module")
def cases(shared_data):
    """Return the first event of each step and end of each case, in the order of the log: case -> {activity: (index, instant)}."""
    found: dict[str, dict[str, tuple[int, datetime]]] = {}
    with gzip.open(shared_data / "bpi2012_oct2011_slice/bpi2012_events.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["lifecycle"] == "COMPLETE" and (row["activity"] in STEPS or row["activity"] in ENDS):
                place = (int(row["event_index"]), datetime.fromisoformat(row["timestamp"]))
                case = found.setdefault(row["case_id"], {})
                case[row["activity"]] = min(case.get(row["activity"], place), place)
    return found


@pytest.fixture(scope="module", params=["in order", "shuffled"])
def data(request, cases):
    """Return the cases as deals that go from step to step; `score` says how far a case got."""
    deals, changes = [], []
    for case, events in cases.items():
        path = sorted(events.items(), key=lambda e: e[1])
        last, (_, closed) = path[-1]
        reached = max(STEPS.index(s) for s in events if s in STEPS)
        deals.append(
            {
                "id": case, "created_at": events["A_SUBMITTED"][1], "stage": last, "outcome": ENDS[last],
                "closed_at": closed, "score": float(reached + (last == "A_APPROVED")),
            }
        )  # fmt: skip
        before = None
        for stage, (index, at) in path:
            changes.append(
                {
                    "table": "opportunity",
                    "record": case,
                    "field": "stage",
                    "old": before,
                    "new": stage,
                    "at": at,
                    "sequence": index,
                }
            )
            before = stage
    if request.param == "shuffled":
        random.Random(7).shuffle(changes)
        random.Random(8).shuffle(deals)
    return cc.Dataset(opportunity=deals, stage=STAGES, change=changes)


@pytest.fixture(scope="module")
def figures(published):
    """Return its figures."""
    return published("bpi2012_oct2011_slice")


def test_time_in_each_stage(data, figures) -> None:
    """S3, S4: of the cases that got further than a step, the mean and median time in it are the interval to the next one."""
    for place, step in enumerate(figures["funnel"][1:], 1):
        found = cc.analyse("time_in_stage", data, where=cc.col("score") >= place).only(stage=STEPS[place - 1]).rows()[0]
        interval = step["interval_days"]

        assert (found["deals"], found["ended"], found["made"]) == (interval["n"], interval["n"], 0)
        assert found["ended_mean_days"] == pytest.approx(interval["mean"], rel=1e-9)
        assert found["restricted_mean_days"] == pytest.approx(interval["mean"], rel=1e-9)  # nobody is censored
        # the median of a curve is a value that was seen: of an even number the lower one of the middle two
        if interval["n"] % 2:
            assert found["median_days"] == pytest.approx(interval["median"], rel=1e-12)
        assert found["median_days"] <= interval["median"] * (1 + 1e-12)
        assert found["until_days"] == pytest.approx(interval["max"], rel=1e-12)


def test_cycles_and_win_rate(data, figures) -> None:
    """T02: 500 won, 1,335 lost, 558 cancelled; the mean cycle of the won is 16.838 days, and the win rate 500/1,835."""
    row = cc.analyse("sales_cycle", data).rows()[0]

    assert (row["won"], row["lost"], row["abandoned"], row["open"]) == (500, 1335, 558, 0)
    assert row["won_mean_days"] == pytest.approx(16.838025660231484, rel=1e-12)
    # all are closed: the shares are plain ones
    assert row["won_share"] == pytest.approx(figures["outcome"]["win_rate_incl_cancelled"], rel=1e-12)
    assert row["won_share"] / (row["won_share"] + row["lost_share"]) == pytest.approx(500 / 1835, rel=1e-12)
    assert row["restricted_mean_days"] == pytest.approx(
        sum(
            figures["cycle_days"][end]["mean"] * figures["cycle_days"][end]["n"] for end in ("won", "lost", "cancelled")
        )
        / 2393,
        rel=1e-9,
    )


def test_who_is_open_is_censored(data, figures) -> None:
    """E54, O8: at each month-end as many are open as published, and stand in a stage; the plain mean is too short then."""
    berlin = cc.Workspace(timezone="Europe/Amsterdam")
    for day, count in figures["open_as_of"].items():
        then = datetime.fromisoformat(day).date()
        row = berlin.analyse("sales_cycle", data, as_of=then).rows()[0]
        stays = berlin.analyse("time_in_stage", data, as_of=then)

        assert row["open"] == count
        assert int(stays["still_there"].sum()) == count
        if count:
            assert row["won_mean_days"] < figures["cycle_days"]["won"]["mean"]
    october = berlin.analyse("sales_cycle", data, as_of=datetime(2011, 10, 31).date()).rows()[0]
    share = figures["outcome"]["win_rate_incl_cancelled"]
    plain = october["won"] / (october["won"] + october["lost"] + october["abandoned"])
    assert abs(october["won_share"] - share) < abs(plain - share)
