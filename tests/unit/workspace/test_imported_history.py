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
