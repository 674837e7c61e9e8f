"""What a store measures of the past is what it held then; expected values are worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import crmcore as cc
from crmcore.domain import Account, Money, Opportunity, Pipeline, Stage
from crmcore.scoring import Group, Rule, Scheme


def noon(month, day):
    return datetime(2026, month, day, 12, tzinfo=UTC)


@pytest.fixture(params=["memory://", "sqlite:///{}/crm.db"])
def kept(request, tmp_path):
    """Two deals: one that grows, moves and is won, one that is deleted; an amount is mended later."""
    with cc.Workspace(store=request.param.format(tmp_path)) as workspace:
        workspace.put(Pipeline("P", stages=(Stage("报价"), Stage("谈判"), Stage("赢单", kind="won"))), at=noon(1, 1))
        workspace.put(Account("A", created_at=noon(1, 1)))
        for deal, amount in (("D1", 100), ("D2", 40)):
            workspace.create(deal, pipeline="P", at=noon(1, 5), amount=Money(amount, "CNY"), account="A")
        workspace.move("D1", "谈判", at=noon(2, 3))
        workspace.change("opportunity", "D1", {"amount": Money(150, "CNY")}, at=noon(2, 20))
        workspace.win("D1", at=noon(3, 9), stage="赢单", amount=Money(140, "CNY"))
        workspace.remove("opportunity", "D2", at=noon(4, 2))
        yield workspace


def test_a_day_of_the_past_is_measured_as_it_was(kept) -> None:
    """O8, O3: amounts, stages and deals of each day, with the names of the columns as assumed by nobody."""
    found = {day: kept.measure("open_value", by="stage", as_of=day).rows() for day in (
        date(2026, 1, 4), date(2026, 1, 31), date(2026, 2, 10), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 2),
    )}  # fmt: skip

    assert found == {
        date(2026, 1, 4): [],
        date(2026, 1, 31): [{"stage": "报价", "open_value": 140.0}],
        date(2026, 2, 10): [{"stage": "报价", "open_value": 40.0}, {"stage": "谈判", "open_value": 100.0}],
        date(2026, 2, 28): [{"stage": "报价", "open_value": 40.0}, {"stage": "谈判", "open_value": 150.0}],
        date(2026, 3, 31): [{"stage": "报价", "open_value": 40.0}],
        date(2026, 4, 2): [],
    }


def test_month_ends_in_one_question(kept) -> None:
    """T4: the pipeline at each month end, by one call."""
    rows = kept.measure("open_value", per="month", as_of=date(2026, 4, 30)).rows()

    assert {r["period"]: r["open_value"] for r in rows} == {
        "2026-01": 140.0, "2026-02": 190.0, "2026-03": 40.0, "2026-04": 0.0,
    }  # fmt: skip
    assert kept.measure("won_value", per="month").rows() == [{"period": "2026-03", "won_value": 150.0}]


def test_the_catalogue_works_on_any_day(kept) -> None:
    """O8: a dataset of the past is looked at from its day, and any metric is measured on it."""
    then = kept.dataset(history=True).as_of(date(2026, 2, 10))

    card = cc.measure(["open_value", "open_deals", "win_rate"], then)

    assert card.rows() == [{"open_value": 140.0, "open_deals": 2, "win_rate": None}]
    assert card.settings["as_of"] == "2026-02-10"
    assert isinstance(kept.get("opportunity", "D1"), Opportunity)


def test_deals_of_the_past_are_scored_and_ranked_as_they_were(kept) -> None:
    """O8: on 10 February D1 was in talks over 100, and D2, which is removed since, was there."""
    stage = Scheme(
        "talks", "opportunity", groups=[Group("g", [Rule("in_talks", when=cc.col("stage") == "谈判", points=1)])]
    )
    day = date(2026, 2, 10)

    assert {s.id: s.value for s in kept.score(stage, as_of=day)} == {"D1": 1, "D2": 0}
    assert {r["id"] for r in kept.next_steps(as_of=day).rows()} == {"D1", "D2"}
    assert {s.id: s.value for s in kept.score(stage)} == {"D1": 0}
