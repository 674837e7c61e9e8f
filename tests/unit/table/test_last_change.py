"""Questions about the time before the only change that a source keeps (S5), worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import crmcore as cc
from crmcore.errors import HistoryUnavailable

STAGES = [
    {"id": "new", "order": 1, "kind": "open", "probability": "0.2"},
    {"id": "offer", "order": 2, "kind": "open", "probability": "0.5"},
    {"id": "won", "order": 3, "kind": "won"},
]
MOVED = date(2026, 1, 20)
"""When D came to offer; where it was before, nobody knows. E never moved."""
BEFORE = MOVED - timedelta(1)
DEALS = [
    {
        "id": "D",
        "created_at": date(2026, 1, 5),
        "stage": "offer",
        "outcome": "open",
        "amount": 100,
        "owner": "Anna",
        "probability": None,
    },
    {
        "id": "E",
        "created_at": date(2026, 1, 25),
        "stage": "new",
        "outcome": "open",
        "amount": 10,
        "owner": "Ben",
        "probability": None,
    },
]
CALLS = [{"id": 1, "kind": "call", "opportunity": "D", "created_at": date(2026, 1, 6), "done_at": date(2026, 1, 6)}]
DEAL_COUNT = cc.Metric("deal_count", cc.count(), table="opportunity", anchor="created_at")


def data(**more: object) -> cc.Dataset:
    moves = [{"id": "D", "stage": "offer", "stage_changed_at": MOVED}]
    return cc.Dataset(
        opportunity=DEALS, stage=STAGES, activity=CALLS, change=cc.histories.from_last_change(moves), **more
    )


def refused(metric: object, field: str, **choices: object) -> None:
    with pytest.raises(HistoryUnavailable, match=rf"what opportunity\.{field} was then is not known.*\(S5\)") as found:
        cc.measure(metric, data(), **choices)
    assert found.value.field == f"opportunity.{field}"


def test_what_reads_the_stage_is_unavailable_before_its_last_change() -> None:
    """The stage, the probability of the stage, a condition on it, the stage of the deal of a call."""
    refused(DEAL_COUNT, "stage", by="stage", as_of=BEFORE)
    refused(DEAL_COUNT, "stage", by="stage.probability", as_of=BEFORE)
    refused(DEAL_COUNT, "stage", where=cc.col("stage") == "offer", as_of=BEFORE)
    refused("activities", "stage", by="opportunity.stage", as_of=BEFORE)
    refused("weighted_value", "stage", as_of=BEFORE)
    refused("open_deals", "stage", by="stage", as_of=BEFORE)


def test_what_does_not_read_it_is_answered() -> None:
    """One deal had been created by 19 January, of Anna, over 100."""
    found = cc.measure(DEAL_COUNT, data(), by="owner", as_of=BEFORE).rows()
    assert [(r["owner"], r["deal_count"]) for r in found] == [("Anna", 1)]


def test_outcomes_follow_from_the_dates_of_closing() -> None:
    """O8, S5: won on 10 January and put to another won stage on the 20th, a deal is open on the 9th and won on the 15th.

    Without the date of closing nobody knows when it was won, but that it was by the 20th.
    """
    stages = [*STAGES, {"id": "done", "order": 4, "kind": "won"}]
    moves = cc.histories.from_last_change([{"id": "D", "stage": "done", "stage_changed_at": MOVED}])
    won = DEALS[0] | {"stage": "done", "outcome": "won"}

    def dated(day: date | None) -> cc.Dataset:
        return cc.Dataset(
            opportunity=[won | {"closed_at": day}, DEALS[1] | {"closed_at": None}], stage=stages, change=moves
        )

    told = dated(date(2026, 1, 10))
    for day, count in ((date(2026, 1, 9), 1), (date(2026, 1, 15), 0), (MOVED, 0), (date(2026, 1, 25), 1)):
        assert cc.measure("open_deals", told, as_of=day).rows()[0]["open_deals"] == count
    days = cc.measure("open_deals", told, per="day", as_of=date(2026, 1, 25)).rows()
    assert [r["open_deals"] for r in days] == [1] * 5 + [0] * 15 + [1]
    for asked in ({"as_of": BEFORE}, {"per": "day", "as_of": date(2026, 1, 25)}):
        with pytest.raises(HistoryUnavailable, match=r"what opportunity\.outcome was then is not known"):
            cc.measure("open_deals", dated(None), **asked)
    assert cc.measure("open_deals", dated(None), as_of=MOVED).rows()[0]["open_deals"] == 0


def test_from_the_last_change_on_all_is_known() -> None:
    """On 20 January D counts 100 x 0.5; today E adds 10 x 0.2. Before D was created there is nothing not to know."""
    assert cc.measure("weighted_value", data(), as_of=MOVED).rows()[0]["weighted_value"] == 50
    assert cc.measure("weighted_value", data()).rows()[0]["weighted_value"] == 52
    assert cc.measure("weighted_value", data(), as_of=date(2026, 1, 4)).rows()[0]["weighted_value"] == 0


@pytest.mark.parametrize("per", ["day", "week"])
def test_stocks_of_many_days_look_at_each(per: str) -> None:
    """Days and weeks end before 20 January; the months, from January, do not."""
    with pytest.raises(HistoryUnavailable, match="was then is not known"):
        cc.measure("open_deals", data(), by="stage", per=per, as_of=date(2026, 2, 20))
    months = cc.measure("open_deals", data(), by="stage", per="month", as_of=date(2026, 2, 20)).rows()
    assert {(r["stage"], r["period"]): r["open_deals"] for r in months} == {
        ("new", "2026-01"): 1,
        ("new", "2026-02"): 1,
        ("offer", "2026-01"): 1,
        ("offer", "2026-02"): 1,
    }


def test_the_instant_of_the_change_itself_is_known() -> None:
    """D is in offer from the end of 20 January (T8), also where E, who came and moved later, is not there yet."""
    deals = [{**DEALS[0], "stage_entered_at": MOVED}, {**DEALS[1], "stage_entered_at": date(2026, 1, 28)}]
    moves = [{"id": "D", "stage": "offer", "at": MOVED}, {"id": "E", "stage": "new", "at": date(2026, 1, 28)}]
    told = cc.histories.from_last_change(moves, at="at")
    some = cc.Dataset(opportunity=deals, stage=STAGES, change=told)
    born = cc.Dataset(opportunity=[{**deals[0], "created_at": MOVED}], stage=STAGES, change=told)

    assert cc.measure(DEAL_COUNT, some, by="stage", as_of=MOVED).rows() == [{"stage": "offer", "deal_count": 1}]
    days = cc.measure("open_deals", born, by="stage", per="day", as_of=date(2026, 1, 30)).rows()
    assert [(r["stage"], r["open_deals"]) for r in days] == [("offer", 1)] * 11
    with pytest.raises(HistoryUnavailable, match=r"what opportunity\.stage_entered_at was"):
        cc.measure(DEAL_COUNT, some, where=cc.col("stage_entered_at").is_null(), as_of=BEFORE)
