"""A dataset with changes, brought into a store, has the same past there; expected values are those of the dataset, and by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

import crmcore as cc
from crmcore.calendars import Zone
from crmcore.domain import Pipeline, Stage
from crmcore.table.history import ENDED, visits_of

PIPELINE = Pipeline("P", stages=(Stage("new", order=1), Stage("talks", order=2), Stage("won", order=3, kind="won")))
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["memory://", "sqlite:///{}/crm.db"])
def ws(request, tmp_path):
    with cc.Workspace(store=request.param.format(tmp_path)) as workspace:
        yield workspace


def stays(data):
    """Return the stays of each deal, by its id."""
    found = visits_of(data.tables, Zone("UTC"), round((START + timedelta(days=400)).timestamp() * 1_000_000))
    ids = [str(i) for i in data["opportunity"]["id"].data.tolist()]
    return sorted(
        (ids[row], found.labels[stage], since, until, ENDED[how])
        for row, stage, since, until, how in zip(
            *(a.tolist() for a in (found.rows, found.stage, found.entered, found.left, found.ended)), strict=True
        )
    )


def test_the_first_change_keeps_what_was_before(ws) -> None:
    """S5: new until 3 February, then talks; 100 until 20 February, then 300."""
    deal = {"id": "D1", "created_at": START, "stage": "talks", "outcome": "open", "amount": 300}
    names = ("table", "record", "field", "old", "new", "at")
    moves = [
        ("opportunity", "D1", "stage", "new", "talks", datetime(2026, 2, 3, tzinfo=UTC)),
        ("opportunity", "D1", "amount", "100", "300", datetime(2026, 2, 20, tzinfo=UTC)),
    ]
    data = cc.Dataset(opportunity=[deal], change=(names, moves))

    ws.import_data(data)

    seen = {
        day: ws.measure("open_value", by="stage", as_of=day).rows()
        for day in (date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 10), date(2026, 2, 28))
    }
    assert seen == {
        date(2025, 12, 31): [],
        date(2026, 1, 31): [{"stage": "new", "open_value": 100.0}],
        date(2026, 2, 10): [{"stage": "talks", "open_value": 100.0}],
        date(2026, 2, 28): [{"stage": "talks", "open_value": 300.0}],
    }
    before = ws.store.last()
    ws.import_data(data)
    assert ws.store.last() == before  # a second time nothing is new


@pytest.mark.parametrize("seed", range(4))
def test_random_histories_are_the_same_in_a_store(ws, seed) -> None:
    """Deals that move, are won and reopened: stays and month-ends of the store are those of the dataset."""
    chance = np.random.default_rng(seed)
    deals, changes = [], []
    for number in range(12):
        at = START + timedelta(hours=int(chance.integers(0, 2000)))
        deal, made = PIPELINE.create(f"D{number}", "new", at=at)
        changes += made
        for stage in chance.choice(["new", "talks", "won"], int(chance.integers(0, 5))).tolist():
            at += timedelta(hours=int(chance.integers(1, 900)))
            deal, made = PIPELINE.move(deal, stage, at=at)
            changes += made
        deals.append(deal)
    for some in (changes, [c for c in changes if c.field == "stage" and c.old is not None]):
        data = cc.Dataset(opportunity=deals, stage=PIPELINE.stages, change=some)
        with cc.Workspace(store="memory://") as other:
            target = ws if some is changes else other
            target.import_data(data)
            kept = target.dataset(history=True)

            assert stays(kept) == stays(data)
            asked = {"by": "stage", "per": "month", "as_of": date(2026, 9, 30)}
            assert target.measure(["open_deals"], **asked).rows() == cc.measure(["open_deals"], data, **asked).rows()


def test_what_never_changed_was_always_so(ws) -> None:
    """O8: one stage change of A on 7 February; its amount and owner are those of 5 January on, though B is newer."""
    deals = [
        {"id": "A", "created_at": START + timedelta(days=4), "stage": "talks", "amount": 100, "owner": "Anna"},
        {"id": "B", "created_at": START + timedelta(days=59), "stage": "new", "amount": 7, "owner": "Ben"},
    ]
    names = ("table", "record", "field", "old", "new", "at")
    moves = [("opportunity", "A", "stage", "new", "talks", START + timedelta(days=37))]
    data = cc.Dataset(opportunity=deals, stage=PIPELINE.stages, change=(names, moves))
    ws.import_data(data)

    def anna(day):
        return ws.measure(["open_deals", "open_value"], by="owner", as_of=day).rows()

    assert anna(date(2026, 1, 4)) == []
    for day in (date(2026, 1, 5), date(2026, 1, 31), date(2026, 2, 28)):
        assert anna(day) == [{"owner": "Anna", "open_deals": 1, "open_value": 100.0}]
    assert anna(date(2026, 3, 31))[1] == {"owner": "Ben", "open_deals": 1, "open_value": 7.0}
    assert ws.dataset(at=date(2026, 1, 31))["opportunity"]["owner"].labels[1:] == ("Anna",)
    before = ws.store.last()
    ws.import_data(data)
    assert ws.store.last() == before


def test_the_last_change_is_not_told_twice(ws) -> None:
    """S4: new to won to talks, sequences 0 and 1 of one instant, which is that of the picture too: two moves, once."""
    at = START + timedelta(days=9)
    deal = {"id": "A", "created_at": START, "stage": "talks", "outcome": "open"}
    names = ("table", "record", "field", "old", "new", "at", "sequence")
    moves = [("opportunity", "A", "stage", "new", "won", at, 0), ("opportunity", "A", "stage", "won", "talks", at, 1)]
    data = cc.Dataset(opportunity=[deal], stage=PIPELINE.stages, change=(names, moves))
    for _ in range(2):
        ws.import_data(data)

    told = [e for e in ws.store.entries() if e.table == "opportunity" and "stage" in e.values]
    assert [(e.values["stage"], e.sequence) for e in told] == [("new", 0), ("won", 0), ("talks", 1)]
    assert "closed_at" not in ws.store.get("opportunity", "A").values


def test_what_is_dated_by_itself_happened_then(ws) -> None:
    """O8: only the amount's change is told, 100 to 300 on 1 February; the deal was won on 10 February, as its date says."""
    deal = {
        "id": "A", "created_at": START, "outcome": "won", "closed_at": START + timedelta(days=40), "amount": 300,
        "owner": "Anna",
    }  # fmt: skip
    other = {"id": "B", "created_at": START + timedelta(days=90), "outcome": "open", "amount": 7, "owner": "Ben"}
    names = ("table", "record", "field", "old", "new", "at")
    told = [("opportunity", "A", "amount", "100", "300", START + timedelta(days=31))]
    ws.import_data(cc.Dataset(opportunity=[deal, other], change=(names, told)))

    seen = {
        day: ws.measure(["open_value", "won_value"], by="owner", as_of=day).rows()
        for day in (date(2026, 1, 31), date(2026, 2, 9), date(2026, 2, 10))
    }
    assert seen == {
        date(2026, 1, 31): [{"owner": "Anna", "open_value": 100.0, "won_value": 0.0}],
        date(2026, 2, 9): [{"owner": "Anna", "open_value": 300.0, "won_value": 0.0}],
        date(2026, 2, 10): [{"owner": "Anna", "open_value": 0.0, "won_value": 300.0}],
    }
    outcome = ws.dataset(at=date(2026, 2, 9))["opportunity"]["outcome"]
    assert outcome.labels[outcome.data[0]] in (None, "open")
    told = [(e.at, e.recorded_at) for e in ws.store.entries() if e.id == "A"]
    assert told == [(at, at) for at in (START, START + timedelta(days=40), START + timedelta(days=31))]


def test_what_happened_at_the_creation_is_part_of_the_beginning(ws) -> None:
    """O8: won in the instant of its creation; its amount is corrected from 100 to 300 a month later."""
    deal = {"id": "A", "created_at": START, "outcome": "won", "closed_at": START, "amount": 300}
    names = ("table", "record", "field", "old", "new", "at")
    told = [("opportunity", "A", "amount", "100", "300", START + timedelta(days=31))]

    assert ws.import_data(cc.Dataset(opportunity=[deal], change=(names, told))).rejected == ()
    assert ws.measure("won_value", as_of=date(2026, 1, 31)).total["won_value"] == 100
    assert len([e for e in ws.store.entries() if e.id == "A"]) == 2


def test_what_follows_from_moves_is_in_the_past_of_the_store(ws) -> None:
    """O2: won on 3 February and back in talks on 20 February, by its stages alone."""
    deal = {"id": "A", "created_at": START, "stage": "talks", "outcome": "open", "closed_at": None, "owner": "Anna"}
    names = ("table", "record", "field", "old", "new", "at")
    won, back = datetime(2026, 2, 3, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC)
    moves = [("opportunity", "A", "stage", "new", "won", won), ("opportunity", "A", "stage", "won", "talks", back)]
    ws.import_data(cc.Dataset(opportunity=[deal], stage=PIPELINE.stages, change=(names, moves)))

    seen = []
    for day in (date(2026, 2, 2), date(2026, 2, 3), date(2026, 2, 20)):
        outcome = ws.dataset(at=day)["opportunity"]["outcome"]
        seen.append(outcome.labels[outcome.data[0]] or "open")
    assert seen == ["open", "won", "open"]


@pytest.mark.parametrize(
    "told", [("stage",), ("stage", "outcome"), ("amount",), ("owner", "amount"), ("owner", "stage")]
)
@pytest.mark.parametrize("seed", range(2))
def test_any_day_of_a_random_history_is_the_same_in_a_store(ws, seed, told) -> None:
    """O8: whatever fields a log tells of, each day since the first creation is as the dataset has it, unchanged fields too."""
    chance = np.random.default_rng((seed, len(told), len(told[0])))
    names = ("table", "record", "field", "old", "new", "at", "sequence")
    deals, moves = [], []
    for number in range(14):
        at = START + timedelta(hours=int(chance.integers(0, 3000)))
        now = {"stage": "new", "outcome": "open", "amount": 100 + number, "owner": f"O{number % 3}"}
        deal = {"id": f"D{number}", "created_at": at, "team": f"T{number % 2}", "closed_at": None}
        for turn in range(int(chance.integers(0, 6))):
            at += timedelta(hours=int(chance.integers(1, 700)))
            stage = str(chance.choice(["new", "talks", "won"]))
            then = {
                "stage": stage,
                "outcome": "won" if stage == "won" else "open",
                "amount": int(chance.integers(1, 900)),
                "owner": f"O{chance.integers(0, 3)}",
            }
            moves += [
                ("opportunity", deal["id"], field, str(now[field]), str(then[field]), at, turn)
                for field in told
                if now[field] != then[field]
            ]
            if now["outcome"] != then["outcome"]:
                deal["closed_at"] = at if stage == "won" else None
            now = then
        deals.append({**deal, **now})
    data = cc.Dataset(opportunity=deals, stage=PIPELINE.stages, change=(names, moves))
    ws.import_data(data)
    last = ws.store.last()
    ws.import_data(data)
    assert ws.store.last() == last

    def seen(**asked):
        metrics = ["open_deals", "open_value", "won_deals", "won_value"]
        return ws.measure(metrics, **asked).rows(), cc.measure(metrics, data, **asked).rows()

    for day in (date(2026, 1, 4) + timedelta(days=n) for n in range(0, 400, 45)):
        here, there = seen(by="owner", as_of=day)
        assert here == there
    here, there = seen(by="team", per="month", as_of=date(2026, 12, 31))
    assert here == there
    assert stays(ws.dataset(history=True)) == stays(data)
