"""Wins, losses, reopenings and conversions as events, by hand and against plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.domain import Lead, Pipeline, Stage
from crmcore.errors import ArgumentError, HistoryUnavailable, TableNotFound

PIPELINE = Pipeline(
    "P",
    stages=(
        Stage("A", order=1),
        Stage("signed", order=2, kind="won"),
        Stage("paid", order=3, kind="won"),
        Stage("lost", order=4, kind="lost"),
        Stage("dropped", order=5, kind="abandoned"),
    ),
)
KINDS = {stage.id: stage.kind for stage in PIPELINE.stages}
NAMES = ("won", "lost", "abandoned", "reopened", "deals")


def moved(name, first, at, moves, **fields):
    """Return a deal and its changes; moves are (stage, when)."""
    deal, changes = PIPELINE.create(name, first, at=at, **fields)
    for place, (stage, when) in enumerate(moves, 1):
        deal, made = PIPELINE.move(deal, stage, at=when, sequence=place)
        changes += made
    return deal, changes


def dataset(deals, alone=False):
    """Return a dataset of deals with their changes; with those of stages alone, the outcomes follow from the kinds."""
    changes = [c for _, made in deals for c in made if not alone or c.field == "stage"]
    return cc.Dataset(opportunity=[d for d, _ in deals], stage=PIPELINE.stages, change=changes)


def march(day):
    return date(2026, 3, day)


DEALS = [
    moved(
        "1",
        "A",
        march(1),
        [("lost", march(5)), ("A", march(6)), ("signed", march(10)), ("paid", march(12))],
        owner="Anna",
    ),
    moved("2", "A", march(2), [("signed", march(8)), ("lost", march(20))], owner="Bo"),
    moved("3", "signed", march(3), [], owner="Anna"),
    moved("4", "A", march(4), [], owner="Bo"),
    moved("5", "A", march(4), [("dropped", date(2026, 5, 2))]),
]


@pytest.mark.parametrize("alone", [False, True])
def test_each_win_and_each_loss_counts(alone) -> None:
    """O7, E06: in March 1 was lost, reopened and won, 2 won and lost, 3 won as it was created (O6): three wins and two losses;
    the move from signed to paid is none (O5). By their last outcomes two are won and one is lost."""
    data = dataset(DEALS, alone)
    found = cc.analyse("outcome_events", data, as_of=date(2026, 5, 31))

    assert [(r["period"], *(r[n] for n in NAMES)) for r in found.rows()] == [
        ("2026-03", 3, 2, 0, 1, 3), ("2026-04", 0, 0, 0, 0, 0), ("2026-05", 0, 0, 1, 0, 1),
    ]  # fmt: skip
    last = cc.measure(["won_deals", "lost_deals"], data, per="month", as_of=date(2026, 5, 31)).rows()[0]
    assert (last["won_deals"], last["lost_deals"]) == (2, 1)
    assert cc.analyse("outcome_events", data, as_of=march(9))["won"].tolist() == [2]


def test_groups_and_conditions() -> None:
    """T7: each group that has an event has every period; a condition chooses deals."""
    data = dataset(DEALS)
    found = cc.analyse("outcome_events", data, by="owner", as_of=date(2026, 5, 31), per="quarter")

    assert [(r["owner"], r["period"], r["won"], r["lost"], r["deals"]) for r in found.rows()] == [
        ("Anna", "2026-Q1", 2, 1, 2), ("Anna", "2026-Q2", 0, 0, 0),
        ("Bo", "2026-Q1", 1, 1, 1), ("Bo", "2026-Q2", 0, 0, 0),
        (None, "2026-Q1", 0, 0, 0), (None, "2026-Q2", 0, 0, 1),
    ]  # fmt: skip
    mine = cc.analyse("outcome_events", data, where=cc.col("owner") == "Bo", as_of=date(2026, 3, 31))
    assert [mine[n].tolist() for n in NAMES] == [[1], [1], [0], [0], [1]]
    assert len(cc.analyse("outcome_events", data, where=cc.col("owner") == "nobody")) == 0


def test_records_without_changes_of_their_own() -> None:
    """O6: what closed and never changed counts at its closing date; without one it is of no period, and told."""
    rows = [
        {"id": 1, "created_at": march(1), "closed_at": march(9), "outcome": "won"},
        {"id": 2, "created_at": march(1), "closed_at": None, "outcome": "lost"},
        {"id": 3, "created_at": march(1), "closed_at": None, "outcome": "open", "owner": "Anna"},
    ]
    change = {"table": "opportunity", "record": 3, "field": "owner", "old": "Bo", "new": "Anna", "at": march(4)}
    found = cc.analyse("outcome_events", cc.Dataset(opportunity=rows, change=[change]))

    assert [found[n].tolist() for n in NAMES] == [[1], [0], [0], [0], [1]]
    assert found.fact("undated") == 1
    assert (
        cc.analyse("outcome_events", cc.Dataset(opportunity=rows, change=[change]), where=cc.col("id") == 1).fact(
            "undated"
        )
        == 0
    )
    # an outcome that is taken away is no reopening
    gone = {**change, "record": 1, "field": "outcome", "old": "won", "new": None, "at": march(25)}
    found = cc.analyse(
        "outcome_events", cc.Dataset(opportunity=[{**rows[0], "outcome": None, "closed_at": None}], change=[gone])
    )
    assert [found[n].tolist() for n in NAMES] == [[1], [0], [0], [0], [1]]
    # 3 was won before its first change, so it was created won
    back = {**change, "field": "outcome", "old": "won", "new": "open", "at": march(20)}
    found = cc.analyse("outcome_events", cc.Dataset(opportunity=rows, change=[back]), per="week")
    assert [(r["period"], r["won"], r["reopened"]) for r in found.rows()] == [
        ("2026-W09", 1, 0), ("2026-W10", 0, 0), ("2026-W11", 1, 0), ("2026-W12", 0, 1),
    ]  # fmt: skip


def test_what_is_written_again_or_deleted_is_no_event() -> None:
    """O3, O7: won on the 5th and written as won once more on the 9th is one win; that of a deal that was deleted is none."""
    rows = [
        {"id": n, "created_at": march(1), "closed_at": march(5), "outcome": "won", "deleted": n == 2} for n in (1, 2)
    ]
    turns = [(1, "open", "won", march(5)), (1, "won", "won", march(9)), (2, "open", "won", march(5))]
    changes = [
        {"table": "opportunity", "record": n, "field": "outcome", "old": a, "new": b, "at": at} for n, a, b, at in turns
    ]
    found = cc.analyse("outcome_events", cc.Dataset(opportunity=rows, change=changes))

    assert [found[n].tolist() for n in NAMES] == [[1], [0], [0], [0], [1]]


def test_a_recycled_lead_is_converted_again() -> None:
    """O7, E51: converted in January, recycled in February, converted again in March: two conversions of one lead, which
    counts once among those converted, in March."""
    lead = Lead("L", created_at=date(2026, 1, 2), converted=True, converted_at=march(7))
    turns = [(False, True, date(2026, 1, 9)), (True, False, date(2026, 2, 3)), (False, True, march(7))]
    changes = [
        {"table": "lead", "record": "L", "field": "converted", "old": str(a).lower(), "new": str(b).lower(), "at": at}
        for a, b, at in turns
    ]
    once = Lead("M", created_at=date(2026, 1, 2), converted=True, converted_at=march(30))
    data = cc.Dataset(lead=[lead, once, Lead("N", created_at=march(1))], change=changes)

    found = cc.analyse("conversion_events", data)
    assert [(r["period"], r["converted"], r["recycled"], r["leads"]) for r in found.rows()] == [
        ("2026-01", 1, 0, 1), ("2026-02", 0, 1, 1), ("2026-03", 2, 0, 2),
    ]  # fmt: skip
    assert [r["leads_converted"] for r in cc.measure("leads_converted", data, per="month").rows()] == [2]
    assert cc.measure("lead_conversion_rate", data).plain("lead_conversion_rate") == [2 / 3]


def test_what_cannot_be_told() -> None:
    """S5: without changes, or with the last one alone, events are unavailable; periods are checked."""
    deal = {"id": 1, "created_at": march(1), "closed_at": march(9), "outcome": "won", "stage": "signed"}
    last = {
        "table": "opportunity",
        "record": 1,
        "field": "stage",
        "old": None,
        "new": "signed",
        "at": march(9),
        "last_only": True,
    }
    with pytest.raises(TableNotFound, match="S5"):
        cc.analyse("outcome_events", cc.Dataset(opportunity=[deal]))
    with pytest.raises(TableNotFound, match="lead"):
        cc.analyse("conversion_events", dataset(DEALS))
    with pytest.raises(HistoryUnavailable, match=r"last change of opportunity\.stage"):
        cc.analyse("outcome_events", cc.Dataset(opportunity=[deal], change=[last]))
    with pytest.raises(ArgumentError, match="fortnight"):
        cc.analyse("outcome_events", dataset(DEALS), per="fortnight")


stages = st.sampled_from([*KINDS, "A"])
paths = st.lists(
    st.tuples(
        stages, st.lists(st.tuples(stages, st.sampled_from([0, 1, 30, 200])), max_size=6), st.integers(0, 24 * 30)
    ),
    min_size=1,
    max_size=6,
)


@given(paths, st.integers(0, 24 * 90), st.booleans(), st.randoms(use_true_random=False))
def test_events_are_those_of_a_replay(deals, until, alone, random) -> None:
    """O5, O6, O7, S4: deal by deal, whatever the order of the changes, from any moment."""
    zero = datetime(2026, 1, 28, tzinfo=UTC)
    made, expected, whose = [], Counter(), defaultdict(set)
    for number, (first, moves, hour) in enumerate(deals):
        steps, at, kind = [], hour, "none"
        for stage, pause in [(first, 0), *moves]:
            at += pause
            then, kind = kind, KINDS[stage]
            if at <= until and kind != then and (kind != "open" or then != "none"):
                week = "{}-W{:02}".format(*(zero + timedelta(hours=at)).isocalendar()[:2])
                expected[week, "reopened" if kind == "open" else kind] += 1
                whose[week].add(number)
            steps.append((stage, zero + timedelta(hours=at)))
        made.append(moved(f"D{number}", first, steps[0][1], steps[1:]))
    random.shuffle(made)
    found = cc.analyse("outcome_events", dataset(made, alone), as_of=zero + timedelta(hours=until), per="week")

    assert {(r["period"], n): r[n] for r in found.rows() for n in NAMES[:4] if r[n]} == dict(expected)
    assert {r["period"]: r["deals"] for r in found.rows() if r["deals"]} == {w: len(d) for w, d in whose.items()}
