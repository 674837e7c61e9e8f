"""The analyses of stages name stages alike, in one order, and say their coded values in the language of the listing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import crmcore as cc
from crmcore.state.listing import Fact

STAYS = ("time_in_stage", "time_in_stage_latest", "time_in_stage_first")


def day(n):
    return datetime(2026, 1, n, tzinfo=UTC)


def dataset(**more):
    """A went from New to Offer of pipeline smb, B from New to Demo of ent, C stands in a stage of no pipeline.

    Since 8 January, New comes after Offer in smb.
    """
    moved = [("A", "a", "b", 3), ("B", "c", "d", 5)]
    change = [
        {"table": "opportunity", "record": i, "field": "stage", "old": old, "new": new, "at": day(n)}
        for i, old, new, n in moved
    ]
    change.append({"table": "stage", "record": "a", "field": "order", "old": 1, "new": 3, "at": day(8)})
    return cc.Dataset(
        opportunity=[
            {"id": i, "created_at": day(1), "stage": stage, "outcome": "open", "pipeline": pipeline, "closed_at": None}
            for i, stage, pipeline in (("A", "b", "smb"), ("B", "d", "ent"), ("C", "zzz", None))
        ],
        stage=[
            {"id": "a", "name": "New", "pipeline": "smb", "order": 3},
            {"id": "b", "name": "Offer", "pipeline": "smb", "order": 2, "rotting_days": 4},
            {"id": "c", "name": "New", "pipeline": "ent", "order": 1},
            {"id": "d", "name": "Demo", "pipeline": "ent", "order": 2},
        ],
        change=change,
        **more,
    )


ENT = [("ent", "New"), ("ent", "Demo")]
NOWHERE = [(None, "zzz")]
OLD, NEW = [("smb", "New"), ("smb", "Offer")], [("smb", "Offer"), ("smb", "New")]


def shown(found):
    return [(row["pipeline"], row["stage"]) for row in found.rows() if row.get("status") != "won"]


@pytest.mark.parametrize(("when", "smb"), [(6, OLD), (10, NEW)])
@pytest.mark.parametrize("name", [*STAYS, "funnel", "stage_chain"])
def test_one_order_and_the_names(name, when, smb) -> None:
    """S1: by pipeline, then in the order that is in force as of the view; two stages of one name are told by their pipelines."""
    assert shown(cc.analyse(name, dataset(), as_of=day(when))) == smb + ENT + NOWHERE


def test_ageing_names_stages_alike() -> None:
    """S1: the stages in which deals stand, in the same order; deals keep their own order, the most late first."""
    found = cc.analyse("stage_ageing", dataset(), as_of=day(10))
    deals = cc.analyse("deal_ageing", dataset(), as_of=day(10))

    assert shown(found) == [("smb", "Offer"), ("ent", "Demo"), (None, "zzz")]
    assert found["mean_age_days"].tolist() == [7.0, 5.0, 9.0]
    assert [(r["deal"], r["pipeline"], r["stage"], r["over_days"]) for r in deals.rows()] == [
        ("A", "smb", "Offer", 3.0),
        ("C", None, "zzz", None),
        ("B", "ent", "Demo", None),
    ]


def test_order_where_nothing_gives_one() -> None:
    """S1: stages that no table knows stand by name, and there is one pipeline, without a column."""
    deals = [
        {"id": i, "created_at": day(1), "stage": s, "outcome": "open"}
        for i, s in (("A", "b"), ("B", None), ("C", "x"), ("D", "c"))
    ]
    found = cc.analyse("stage_ageing", cc.Dataset(opportunity=deals), as_of=day(5))
    assert found["stage"].tolist() == ["b", "c", "x", None]
    assert "pipeline" not in found


@pytest.mark.parametrize("name", [*STAYS, "stage_ageing", "stage_chain"])
def test_by_pipeline(name) -> None:
    """Deals grouped by their pipeline have one column of that name, that of the groups."""
    found = cc.analyse(name, dataset(), as_of=day(10), by="pipeline")
    assert found.names.count("pipeline") == 1
    assert ("ent", "Demo") in shown(found)
    assert (None, "zzz") in shown(found)


@pytest.mark.parametrize(
    ("name", "choices", "said", "codes"),
    [
        ("funnel", {}, ["启用", "未知", "赢单"], {"in force", "unknown", "won"}),
        ("stage_transitions", {}, ["仍在阶段", "推进"], {"still there", "on"}),
        ("stage_flow", {}, ["启用", "未知"], {"in force", "unknown"}),
        ("stage_chain", {}, ["启用", "未知"], {"in force", "unknown"}),
        ("deal_ageing", {}, ["停滞", "无期限", "天数口径：自然日"], {"rotting", "no_limit"}),
        ("time_in_stage", {"days": "business"}, ["天数口径：工作日"], set()),
        ("sales_cycle", {}, ["天数口径：自然日"], set()),
    ],
)
def test_coded_values_in_chinese(name, choices, said, codes) -> None:
    """A printed listing says its codes in its language; rows() keep them."""
    found = cc.analyse(name, dataset(), as_of=day(10), **choices).told("zh")
    table, page = str(found), found._repr_html_()

    for word in said:
        assert word in table
        assert word in page
    for word in (*codes, "calendar", "business"):
        assert f"{word} " not in table
        assert f">{word}<" not in page
    values = {str(v) for row in found.rows() for v in row.values()}
    assert codes <= values
    assert not values & {*said}


def test_deals_of_a_waterfall_in_chinese() -> None:
    """The deals of a bar are listed with bar and cause in words, those of keys too."""
    deals = [{"id": "A", "created_at": day(1), "stage": "b", "outcome": "open", "amount": 5, "owner": "Anna"}]
    change = [{"table": "opportunity", "record": "A", "field": "owner", "old": "Ben", "new": "Anna", "at": day(8)}]
    data = cc.Dataset(opportunity=deals, change=change)
    bars = cc.analyse("pipeline_waterfall", data, as_of=day(10), since=day(5), by="owner")
    listed = bars.told("zh").deals("moved_in")

    assert (listed.rows()[0]["bar"], listed.rows()[0]["cause"]) == ("moved_in", "transferred_owner")
    assert "+ 移入" in str(listed)
    assert "转移：负责人" in str(listed)
    assert "transferred: owner" in str(listed.told("en"))


def test_a_fact_says_its_code() -> None:
    """A fact whose value is a code is printed in words, and another value as it is."""
    words = {"business": {"en": "working days", "zh": "工作日"}}
    fact = Fact("days", "business", "label", {"en": "Days", "zh": "天数口径"}, values=words)
    assert (fact.text("en"), fact.text("zh"), fact.value) == ("Days: working days", "天数口径：工作日", "business")
    assert Fact("days", "lunar", "label", values=words).text("zh") == "days：lunar"
