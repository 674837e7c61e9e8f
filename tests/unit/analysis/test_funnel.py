"""Funnels by hand: policies, versions of pipelines, unknown stages, and what counts nowhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import sqrt

import pytest

import crmcore as cc
from crmcore.domain import Change, Pipeline, Stage
from crmcore.errors import ArgumentError, CurrencyError, TableNotFound

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = (
    Stage("A", order=1),
    Stage("B", order=2),
    Stage("C", order=3),
    Stage("won", order=4, kind="won"),
    Stage("lost", order=5, kind="lost"),
)
PIPELINE = Pipeline("P", stages=STAGES)


def day(number):
    return FIRST + timedelta(days=number)


def history(paths, pipeline=PIPELINE, *, prefix="D", **fields):
    """Return deals and their changes; each path is a list of stages, one a day."""
    records, changes = [], []
    for number, path in enumerate(paths):
        deal, made = pipeline.create(f"{prefix}{number}", path[0], at=day(0), **fields)
        changes += made
        for place, stage in enumerate(path[1:], 1):
            deal, made = pipeline.move(deal, stage, at=day(place))
            changes += made
        records.append(deal)
    return records, changes


def dataset(paths, pipeline=PIPELINE, **more):
    records, changes = history(paths, pipeline)
    return cc.Dataset(opportunity=records, stage=pipeline.stages, change=changes, **more)


def counts(paths, **choices):
    found = cc.analyse("funnel", dataset(paths), **choices)
    return dict(zip(found["stage"].tolist(), found["deals"].tolist(), strict=True))


def test_traps_of_conversions(vector) -> None:
    """S2, E22: the deal that went from A to C reached B and did not visit it."""
    case = vector("stage-conversion-traps")
    given, wanted = case["input"], case["expected"]
    paths = [["A", "B", "C", "won"][: ["A", "B", "C", "won"].index(last) + 1] for last in given["max_stage_reached"]]
    skipped = next(n for n, last in enumerate(given["max_stage_reached"]) if last == "C")
    paths[skipped] = ["A", "C"]

    assert counts(paths) == wanted["reached"]
    assert counts(paths, policy="visited") == wanted["visited"]
    reached = cc.analyse("funnel", dataset(paths))
    assert reached["conversion"][:3] == pytest.approx([*wanted["reached_conversion"].values()], abs=case["tolerance"])
    assert reached["skipped"].tolist() == [0, 1, 0, 0]


def test_a_lost_deal_is_only_as_far_as_it_was() -> None:
    """S2: winning from A fills in B and C, losing from A fills in nothing; strict takes neither."""
    paths = [["A", "won"], ["A", "lost"], ["A", "C", "lost"]]

    assert counts(paths) == {"A": 3, "B": 2, "C": 2, "won": 1}
    assert counts(paths, policy="visited") == {"A": 3, "B": 0, "C": 1, "won": 1}
    assert counts(paths, policy="strict") == {"A": 3, "B": 0, "C": 0, "won": 0}


def test_lost_before_any_stage() -> None:
    """E08, O6: a deal created lost is at no stage, one created won has reached all; both are among the deals."""
    paths = [["lost"], ["won"], ["A"]]

    assert counts(paths) == {"A": 2, "B": 1, "C": 1, "won": 1}
    assert counts(paths, policy="strict") == {"A": 1, "B": 0, "C": 0, "won": 0}
    found = cc.analyse("funnel", dataset(paths))
    assert found.fact("never_in_a_stage") == 2
    assert found["share"].tolist() == [2 / 3, 1 / 3, 1 / 3, 1 / 3]


def test_steps_back_and_entries_again() -> None:
    """E23, E24, S6: counts never exceed entries; a deal counts once however often it comes."""
    paths = [["A", "B", "A", "B", "A"], ["B", "A"], ["A", "lost", "A"]]
    found = cc.analyse("funnel", dataset(paths), policy="visited")
    rows = {row["stage"]: row for row in found}

    assert (rows["A"]["deals"], rows["A"]["back"], rows["A"]["again"]) == (3, 3, 3)
    assert (rows["B"]["deals"], rows["B"]["back"], rows["B"]["again"]) == (2, 0, 1)
    assert (found.fact("stepping_back"), found.fact("skipping")) == (2, 0)  # who began in B came to A after all
    strict = cc.analyse("funnel", dataset(paths), policy="strict")
    assert strict["deals"].tolist() == [3, 1, 0, 0]  # B before A is not in order


def test_conversions_have_an_interval() -> None:
    """R3: Wilson's, of 1 of 4 by its formula; no deal at a stage means no conversion (R2)."""
    found = cc.analyse("funnel", dataset([["A"], ["A"], ["A"], ["A", "B"]]), confidence=0.95)
    z, n, p = 1.959963984540054, 4, 0.25
    centre, width = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))

    assert found["low"][0] == pytest.approx((centre - width) / (1 + z * z / n))
    assert found["high"][0] == pytest.approx((centre + width) / (1 + z * z / n))
    assert [found.plain(n)[2] for n in ("conversion", "low", "high")] == [None, None, None]
    assert found["pending"].tolist()[:3] == [3, 1, 0]
    assert "still open" in str(found)


def test_values() -> None:
    """M2, M3: amounts of the deals at a stage, one without an amount counts as none; several currencies are refused."""
    records, changes = history([["A", "B"], ["A"], ["A", "B"]])
    amounts = (100, "0.10", None)
    deals = [
        {"id": r.id, "created_at": r.created_at, "stage": r.stage, "outcome": r.outcome, "amount": a}
        for r, a in zip(records, amounts, strict=True)
    ]
    found = cc.analyse("funnel", cc.Dataset(opportunity=deals, stage=STAGES, change=changes))

    assert found["value"].tolist() == [100.1, 100.0, 0.0, 0.0]
    assert found["value_conversion"][0] == 1000 / 1001
    assert found.fact("unpriced") == 1
    mixed = [{**d, "currency": c} for d, c in zip(deals, ("EUR", "USD", "EUR"), strict=True)]
    data = cc.Dataset(opportunity=mixed, stage=STAGES, change=changes)
    with pytest.raises(CurrencyError):
        cc.analyse("funnel", data)
    assert "value" not in cc.analyse("funnel", data, value=None)


def revised(at):
    """Return stages of which B was retired and C stood before A until then, and the changes that say so."""
    stages = [{"id": s.id, "order": s.order, "kind": s.kind, "active_to": at if s.id == "B" else None} for s in STAGES]
    orders = [("A", 2, 1), ("B", 1, 2), ("C", 0, 3)]
    return stages, [
        Change(table="stage", record=name, field="order", old=old, new=new, at=at, recorded_at=at)
        for name, old, new in orders
    ]


def test_the_order_is_that_of_the_time() -> None:
    """S1, E25, E27: C, B, A until day 10, A and C after it; the retired B is kept and nobody skips it later."""
    stages, orders = revised(day(10))
    old = [["C", "B"], ["C", "A"], ["A"]]
    records, changes = history(old)
    for number, path in enumerate([["A", "C"], ["C"]]):
        deal, made = PIPELINE.create(f"N{number}", path[0], at=day(20))
        changes += made
        for stage in path[1:]:
            deal, made = PIPELINE.move(deal, stage, at=day(21))
            changes += made
        records.append(deal)
    data = cc.Dataset(opportunity=records, stage=stages, change=[*changes, *orders])

    now = {row["stage"]: row for row in cc.analyse("funnel", data)}
    then = cc.analyse("funnel", data, as_of=day(9))

    assert then["stage"].tolist() == ["C", "B", "A", "won"]
    assert then["deals"].tolist() == [3, 3, 2, 0]
    assert then["back"].tolist() == [0, 0, 0, 0]
    assert [*now] == ["A", "B", "C", "won"]
    assert [row["status"] for row in now.values()] == ["in force", "retired", "in force", "won"]
    # C was reached by all three of old, and by both of now; A by two of old and, skipped, by both of now
    assert [row["deals"] for row in now.values()] == [4, 3, 5, 0]
    assert [row["skipped"] for row in now.values()] == [1, 2, 1, 0]
    strict = cc.analyse("funnel", data, policy="strict")
    assert strict["deals"].tolist() == [1, 1, 3, 0]


def test_a_win_fills_in_the_stages_of_its_time() -> None:
    """S1, S2: B was retired on day 10; who was won before has reached it, who was won after has not."""
    stages, _ = revised(day(10))
    records, changes = history([["A", "won"]])
    deal, made = PIPELINE.create("N", "A", at=day(20))
    deal, more = PIPELINE.move(deal, "won", at=day(21))
    old, moves = history([["B"]], prefix="O")
    data = cc.Dataset(opportunity=[*records, deal, *old], stage=stages, change=[*changes, *made, *more, *moves])
    found = cc.analyse("funnel", data)

    rows = {row["stage"]: row["deals"] for row in found}
    assert rows == {"A": 3, "B": 2, "C": 2, "won": 2}


def test_stages_that_no_pipeline_knows() -> None:
    """S1, E25, E26: a stage that is gone from the pipeline stands under its own name; ids outlive names."""
    stages = [{"id": "A", "name": "Start", "order": 1, "kind": "open"}, {"id": "C", "order": 3, "kind": "open"}]
    records, changes = history([["A", "B", "C"], ["A"]])
    found = cc.analyse("funnel", cc.Dataset(opportunity=records, stage=stages, change=changes))

    assert found["stage"].tolist() == ["Start", "C", "B", "won"]
    assert found["status"].tolist() == ["in force", "in force", "unknown", "won"]
    assert found["deals"].tolist() == [2, 1, 1, 0]
    assert found.plain("conversion") == [0.5, 0.0, None, None]
    alone = cc.analyse("funnel", cc.Dataset(opportunity=records, change=changes), stages=("A", "B", "C"))
    assert alone["deals"].tolist() == [2, 1, 1, 0]


def test_equal_orders_and_won_stages_between() -> None:
    """E29, S4: stages of one order stand as they are listed; a won stage between open ones parts nothing."""
    pipeline = Pipeline(
        "P", stages=(Stage("b", order=1), Stage("a", order=1), Stage("won", order=2, kind="won"), Stage("c", order=3))
    )
    found = cc.analyse("funnel", dataset([["b", "a", "c"], ["a"], ["b", "won"]], pipeline))

    assert found["stage"].tolist() == ["b", "a", "c", "won"]
    assert found["deals"].tolist() == [3, 3, 2, 1]


def test_a_deal_that_changes_its_pipeline() -> None:
    """E28: it counts in both for the stages it was in; won, in the one where it was won."""
    other = Pipeline("Q", stages=(Stage("X", order=1), Stage("Y", order=2), Stage("done", order=3, kind="won")))
    records, changes = history([["A", "B"], ["A"]])
    deal, made = other.adopt(records[0], "X", at=day(5))
    changes += made
    deal, made = other.win(deal, at=day(6))
    changes += made
    stages = [
        {"id": s.id, "pipeline": p.id, "order": s.order, "kind": s.kind} for p in (PIPELINE, other) for s in p.stages
    ]
    data = cc.Dataset(opportunity=[deal, records[1]], stage=stages, change=changes)

    found = cc.analyse("funnel", data)
    assert [(r["pipeline"], r["stage"], r["deals"]) for r in found] == [
        ("P", "A", 2), ("P", "B", 1), ("P", "C", 0), ("P", "won", 0), ("Q", "X", 1), ("Q", "Y", 1), ("Q", "won", 1)
    ]  # fmt: skip
    assert found["back"].tolist() == [0] * 7  # the first stage of Q is not before the second one of P
    assert cc.analyse("funnel", data, pipeline="Q")["deals"].tolist() == [1, 1, 1]
    moves = cc.analyse("stage_transitions", data)
    assert ("B", "X", "other", 1) in [(r["stage"], r["to"], r["kind"], r["count"]) for r in moves]


def test_a_missing_beginning_is_made_up() -> None:
    """S5, E31: the first change tells in which stage the deal was created; that stay is marked."""
    deal = {"id": "D", "created_at": day(0), "stage": "B", "outcome": "open"}
    change = Change(table="opportunity", record="D", field="stage", old="A", new="B", at=day(3), recorded_at=day(3))
    found = cc.analyse("funnel", cc.Dataset(opportunity=[deal], stage=STAGES, change=[change]))

    assert found["deals"].tolist() == [1, 1, 0, 0]
    assert found.fact("made_up") == 1


def test_where_a_deal_was_lost() -> None:
    """E30: its last open stage, however it is called where it ended."""
    moves = cc.analyse("stage_transitions", dataset([["A", "B", "lost"], ["A", "lost"], ["A", "B", "lost"]]))

    assert {r["stage"]: r["count"] for r in moves.only(kind="lost")} == {"A": 1, "B": 2}
    assert {r["stage"]: r["share"] for r in moves.only(kind="lost")} == {"A": 1 / 3, "B": 1.0}


def test_what_counts_nowhere() -> None:
    """O3, O9: removed deals are in no funnel, and flow out where they stood; deals without a date are in no cohort."""
    records, changes = history([["A", "B"], ["A"], ["A"]])
    gone = Change(
        table="opportunity", record="D0", field="deleted", old=False, new=True, at=day(40), recorded_at=day(40)
    )
    deals = [
        {
            "id": r.id,
            "created_at": None if r.id == "D2" else r.created_at,
            "stage": r.stage,
            "outcome": r.outcome,
            "deleted": r.id == "D0",
        }
        for r in records
    ]
    data = cc.Dataset(opportunity=deals, stage=STAGES, change=[c for c in changes if c.record != "D2"] + [gone])
    found = cc.analyse("funnel", data)
    flow = cc.analyse("stage_flow", data, per="month")

    assert found["deals"].tolist() == [1, 0, 0, 0]
    assert found.fact("undated") == 1
    assert [(r["period"], r["stage"], r["removed"]) for r in flow if r["removed"]] == [("2026-02", "B", 1)]
    assert flow["start"].tolist() == [1, 0, 0, 2, 1, 0]
    assert flow["end"].tolist() == [2, 1, 0, 2, 0, 0]
    assert cc.analyse("stage_flow", data, last=1)["period"].tolist() == ["2026-02"] * 3


def test_conditions_and_nothing() -> None:
    """Conditions choose deals; no deals at all make a funnel of nobody."""
    data = dataset([["A", "B"], ["A"]])

    assert cc.analyse("funnel", data, where=cc.col("stage") == "B")["deals"].tolist() == [1, 1, 0, 0]
    nobody = cc.col("stage") == "no such stage"
    for name in ("funnel", "stage_flow", "stage_transitions"):
        found = cc.analyse(name, data, where=nobody)
        assert not any(n and n > 0 for row in found for n in row.values() if not isinstance(n, str))
    assert len(cc.analyse("funnel", data, where=nobody, per="month")) == 0
    assert len(cc.analyse("funnel", data, where=nobody, per="month", of="entered")) == 0


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"policy": "any"}, "policy is one of reached, visited, strict, got 'any'"),
        ({"of": "closed"}, "of is one of created, entered"),
        ({"pipeline": "Q"}, "no pipeline named .Q."),
        ({"stages": ("A", "Z")}, "no stage named .Z."),
        ({"stages": ("A", "A")}, "twice"),
        ({"per": "fortnight"}, "fortnight"),
        ({"confidence": 2}, "confidence"),
    ],
)
def test_wrong_choices(choices, said) -> None:
    """An error names what was given and what would have been right."""
    with pytest.raises(ArgumentError, match=said):
        cc.analyse("funnel", dataset([["A"]]), **choices)


def test_no_history() -> None:
    """S5: without changes there is no funnel, rather than a wrong one."""
    with pytest.raises(TableNotFound, match="change"):
        cc.analyse("funnel", cc.Dataset(opportunity=[{"id": 1, "stage": "A", "outcome": "open"}]))


def test_days_of_retirement() -> None:
    """T2: a stage retired on a date is gone from the beginning of that day."""
    stages = [{"id": s.id, "order": s.order, "kind": s.kind} for s in STAGES]
    stages[1]["active_to"] = date(2026, 1, 2)
    records, changes = history([["A", "C"]])
    data = cc.Dataset(opportunity=records, stage=stages, change=changes)

    assert cc.analyse("funnel", data)["skipped"].tolist() == [0, 0, 0]
    stages[1]["active_to"] = date(2026, 1, 3)  # the deal came to C on the 2nd, and skipped B
    data = cc.Dataset(opportunity=records, stage=stages, change=changes)
    assert cc.analyse("funnel", data)["skipped"].tolist() == [0, 1, 0, 0]
