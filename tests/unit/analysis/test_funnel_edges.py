"""Funnels, transitions and flows at their edges: ends of periods, versions of pipelines, wins without a stage, holes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

import crmcore as cc
from crmcore.errors import ArgumentError

FIRST = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday, of the week 2026-W01
STAGES = [
    {"id": "A", "order": 1, "kind": "open"},
    {"id": "B", "order": 2, "kind": "open"},
    {"id": "C", "order": 3, "kind": "open"},
    {"id": "won", "order": 4, "kind": "won"},
    {"id": "lost", "order": 5, "kind": "lost"},
]


def at(number):
    """Return an instant so many days after 1 January."""
    return FIRST + timedelta(days=number)


def deal(name, stage, outcome="open", created=FIRST, **more):
    return {"id": name, "created_at": created, "stage": stage, "outcome": outcome, **more}


def moves(name, *path, field="stage"):
    """Return the changes of a path of values, each but the first with its moment."""
    values = [path[0], *(value for value, _ in path[1:])]
    return [
        {
            "table": "opportunity", "record": name, "field": field, "old": old, "new": new, "at": when, "sequence": place,
        }
        for place, (old, (new, when)) in enumerate(zip(values, path[1:], strict=False), 1)
    ]  # fmt: skip


def dataset(deals, changes, stages=STAGES):
    return cc.Dataset(opportunity=deals, change=changes, **({} if stages is None else {"stage": stages}))


def counted(data, column="deals", analysis="funnel", **choices):
    """Return a column by stage."""
    found = cc.analyse(analysis, data, **choices)
    return dict(zip(found["stage"].tolist(), found.plain(column), strict=True))


def filled(found, *columns):
    """Return what is not 0 by period and stage."""
    return {
        (r["period"], r["stage"], c): r[c] for r in found.rows() for c in columns if r[c]
    }  # fmt: skip


# --- ends of periods


def test_a_date_belongs_to_the_period_of_its_day() -> None:
    """T1, T8: created on the 31st, moved on 28 February: the end of a day is of that day, and of its month."""
    data = dataset([deal("D", "B", created=date(2026, 1, 31))], moves("D", "A", ("B", date(2026, 2, 28))))
    funnel = cc.analyse("funnel", data, of="entered", per="month", as_of=date(2026, 3, 31))
    flow = cc.analyse("stage_flow", data, per="month", as_of=date(2026, 3, 31))

    assert filled(funnel, "deals") == {("2026-01", "A", "deals"): 1, ("2026-02", "B", "deals"): 1}
    assert filled(flow, "new", "moved_on", "came_on", "start", "end") == {
        ("2026-01", "A", "new"): 1, ("2026-01", "A", "end"): 1,
        ("2026-02", "A", "start"): 1, ("2026-02", "A", "moved_on"): 1, ("2026-02", "B", "came_on"): 1, ("2026-02", "B", "end"): 1,
        ("2026-03", "B", "start"): 1, ("2026-03", "B", "end"): 1,
    }  # fmt: skip


def test_a_deal_without_a_creation_flows_out_where_it_was_lost() -> None:
    """O9, W2: nothing tells since when it was in A; it stood there at the start of the month in which it was lost."""
    data = dataset(
        [deal("D", "A", "lost", created=None, closed_at=at(4))], moves("D", "open", ("lost", at(4)), field="outcome")
    )

    assert filled(cc.analyse("stage_flow", data), "start", "new", "lost", "end") == {
        ("2026-01", "A", "start"): 1, ("2026-01", "A", "lost"): 1,
    }  # fmt: skip


def test_periods_have_a_limit() -> None:
    """5,000 days are shown, 5,001 are refused."""
    data = dataset([deal("D", "B")], moves("D", "A", ("B", at(1))))

    assert cc.analyse("stage_flow", data, per="day", last=1, as_of=at(4_999)).only(stage="B")["end"].tolist() == [1]
    for analysis, choices in (("stage_flow", {}), ("funnel", {"of": "entered"}), ("time_in_stage", {})):
        with pytest.raises(ArgumentError, match=r"makes 5,001 periods; 5,000 are the most"):
            cc.analyse(analysis, data, per="day", as_of=at(5_000), **choices)


# --- wins


def test_a_win_that_only_the_record_tells_of() -> None:
    """O4, S2: no change tells of the win and there are no stages to tell by: it is at the date of closing, not of creation."""
    won = deal("D", None, "won", closed_at=at(12))
    data = dataset([won, deal("E", "B", created=at(20))], moves("E", "A", ("B", at(21))), None)
    found = cc.analyse("funnel", data, stages=("A", "B"), of="entered", per="week")

    assert [(r["period"], r["stage"], r["deals"], r["skipped"]) for r in found.rows()] == [
        ("2026-W03", "A", 1, 1), ("2026-W03", "B", 1, 1), ("2026-W03", "won", 1, 0),
        ("2026-W04", "A", 1, 0), ("2026-W04", "B", 1, 0), ("2026-W04", "won", 0, 0),
    ]  # fmt: skip
    nothing = cc.analyse("funnel", dataset([won], moves("D", "Bo", ("Anna", at(3)), field="owner"), None))
    assert [(r["stage"], r["deals"]) for r in nothing.rows()] == [("won", 1)]


def test_a_win_written_twice_is_the_first_one() -> None:
    """O5: won on 5 January, and written as won once more on the 20th: a win of the second week."""
    changes = moves("D", "open", ("won", at(4)), ("won", at(19)), field="outcome")
    data = dataset([deal("D", "A", "won", closed_at=at(4))], changes)

    found = cc.analyse("funnel", data, of="entered", per="week")
    assert [r["period"] for r in found.only(stage="won").rows() if r["deals"]] == ["2026-W02"]


def test_a_deal_created_won_and_reopened_has_reached_all() -> None:
    """O6, S2: the first change says that it was won before: it was created so, and reached every stage then."""
    data = dataset([deal("D", "A")], moves("D", "won", ("open", at(4)), field="outcome"))

    assert counted(data) == {"A": 1, "B": 1, "C": 1, "won": 0}
    entered = cc.analyse("funnel", data, of="entered", per="week").only(stage="C")
    assert entered["deals"].tolist() == [1, 0]  # in the week of the creation


def test_a_win_reaches_what_stands_at_any_of_its_times() -> None:
    """S1, S2: B is in force since the 11th; a deal that skipped it was won on the 3rd, reopened, and won again on the 14th."""
    stages = [s | ({"active_from": at(10)} if s["id"] == "B" else {}) for s in STAGES]
    path = moves("D", "A", ("won", at(2)), ("A", at(11)), ("won", at(13)))
    data = dataset([deal("D", "won", "won", closed_at=at(13))], path, stages)
    found = cc.analyse("funnel", data, of="entered", per="week")

    assert [(r["period"], r["stage"]) for r in found.rows() if r["deals"]] == [
        ("2026-W01", "A"), ("2026-W01", "C"), ("2026-W03", "B"), ("2026-W03", "won"),
    ]  # fmt: skip
    assert cc.analyse("funnel", data, as_of=at(5))["stage"].tolist() == ["A", "C", "won"]


def test_won_at_the_moment_of_the_last_stage() -> None:
    """S2, S4: one save that moves a deal to C and wins it: it was in all stages in order."""
    data = dataset(
        [deal("D", "won", "won", closed_at=at(2))], moves("D", "A", ("B", at(1)), ("C", at(2)), ("won", at(2)))
    )

    assert counted(data, policy="strict") == {"A": 1, "B": 1, "C": 1, "won": 1}


def test_strict_is_judged_by_the_version_of_each_moment() -> None:
    """S1, S2: B is retired on the 11th. Old was won before and skipped it; late came to C before, skipping it, and was won after,
    when A and C are all there is; young came later and skipped nothing."""
    stages = [s | ({"active_to": at(10)} if s["id"] == "B" else {}) for s in STAGES]
    changes = [
        *moves("old", "A", ("C", at(1)), ("won", at(4))),
        *moves("late", "A", ("C", at(1)), ("won", at(11))),
        *moves("young", "A", ("C", at(21)), ("won", at(22))),
    ]
    deals = [
        deal(n, "won", "won", created=c, closed_at=w)
        for n, c, w in (("old", FIRST, at(4)), ("late", FIRST, at(11)), ("young", at(20), at(22)))
    ]

    assert counted(dataset(deals, changes, stages), policy="strict") == {"A": 3, "C": 1, "won": 2}


def test_the_pipeline_of_a_win_is_the_deals_own_or_that_of_its_last_stage() -> None:
    """S1: one deal names no pipeline and was last in X, of Q; the other names Q and was last in A, of P."""
    stages = [
        {"id": "A", "order": 1, "kind": "open", "pipeline": "P"},
        {"id": "X", "order": 1, "kind": "open", "pipeline": "Q"},
    ]
    changes = [
        *moves("one", "A", ("X", at(1))),
        *moves("one", "open", ("won", at(2)), field="outcome"),
        *moves("two", "open", ("won", at(2)), field="outcome"),
    ]
    deals = [
        deal("one", "X", "won", closed_at=at(2), pipeline=None), deal("two", "A", "won", closed_at=at(2), pipeline="Q"),
    ]  # fmt: skip
    found = cc.analyse("funnel", dataset(deals, changes, stages))

    assert {(r["pipeline"], r["stage"]): r["deals"] for r in found.rows()} == {
        ("P", "A"): 2, ("P", "won"): 0, ("Q", "X"): 2, ("Q", "won"): 2,
    }  # fmt: skip


def test_deleted_deals_with_wins_are_left_out() -> None:
    """O3: a deal that was won and deleted is in no row, and hinders nobody."""
    changes = [*moves("D", "open", ("won", at(2)), field="outcome"), *moves("E", "A", ("B", at(1)))]
    data = dataset([deal("E", "B"), deal("D", "A", "won", closed_at=at(2), deleted=True)], changes)

    assert counted(data) == {"A": 1, "B": 1, "C": 0, "won": 0}


# --- versions


REORDERED = [
    {"table": "stage", "record": stage, "field": "order", "old": old, "new": new, "at": at(10)}
    for stage, old, new in (("A", "3", "1"), ("B", "2", "2"), ("C", "1", "3"))
]
"""C, B, A until the 11th; A, B, C from its first instant on."""


def test_a_move_is_judged_by_the_order_of_its_own_moment() -> None:
    """S1, S6: from A to C is a step back before the change of the order, and none at its very instant and after."""
    for when, back in ((at(9), 1), (at(10), 0), (at(20), 0)):
        data = dataset([deal("D", "C")], [*moves("D", "A", ("C", when)), *REORDERED])
        assert cc.analyse("funnel", data, as_of=at(30)).fact("stepping_back") == back, when
        kinds = cc.analyse("stage_transitions", data, as_of=at(30))
        assert kinds.only(to="C")["kind"].tolist() == (["back"] if back else ["on"]), when
    other = dataset([deal("D", "A")], [*moves("D", "C", ("A", at(20))), *REORDERED])
    assert cc.analyse("funnel", other, as_of=at(30)).fact("stepping_back") == 1


def test_a_stage_is_there_to_the_last_moment_of_the_day_before_it_is_retired() -> None:
    """T2, T8: B is retired on the 3rd; a deal moved past it on the 2nd, a date, which is the end of that day."""
    stages = [s | ({"active_to": date(2026, 1, 3)} if s["id"] == "B" else {}) for s in STAGES]
    for when, skipped in ((date(2026, 1, 2), 1), (date(2026, 1, 3), 0)):
        data = dataset([deal("D", "C", created=date(2026, 1, 1))], moves("D", "A", ("C", when)), stages)
        assert cc.analyse("funnel", data).fact("skipping") == skipped


def test_a_retired_stage_has_a_conversion() -> None:
    """S1: who was in the retired B and came to C afterwards went on; a stage that no version knows has no next one."""
    stages = [s | ({"active_to": at(10)} if s["id"] == "B" else {}) for s in STAGES]
    changes = [
        *moves("D", "A", ("B", at(1)), ("C", at(2))),
        *moves("E", "A", ("B", at(1))),
        *moves("F", "A", ("Z", at(20))),
    ]
    found = cc.analyse("funnel", dataset([deal("D", "C"), deal("E", "B"), deal("F", "Z")], changes, stages))

    rows = {r["stage"]: (r["status"], r["deals"], r["went_on"], r["conversion"], r["back"]) for r in found.rows()}
    assert rows["B"] == ("retired", 2, 1, 0.5, 0)
    assert rows["Z"] == ("unknown", 1, None, None, 0)  # and coming to it from a stage that has a place is no step back


# --- names


def test_ids_come_before_names() -> None:
    """S1, E26: a history that says b means the stage with that id, not another that is called so."""
    stages = [
        {"id": "a", "name": "b", "order": 1, "kind": "open"},
        {"id": "b", "name": "x", "order": 2, "kind": "open"},
    ]
    data = dataset([deal("D", "b")], moves("D", "Anna", ("Bo", at(1)), field="owner"), stages)

    assert counted(data, policy="visited") == {"b": 0, "x": 1, "won": 0}
    assert counted(data, policy="visited", stages=("b",)) == {"x": 1, "won": 0}
    named = [{"id": "A", "name": "Start", "order": 1, "kind": "open"}, *STAGES[1:]]
    for first in ("A", "Start"):
        assert (
            counted(dataset([deal("D", "B")], moves("D", "A", ("B", at(1))), named), stages=(first, "B"))["Start"] == 1
        )


def test_pipelines_that_are_numbers() -> None:
    """The command line gives text, a program the number itself."""
    stages = [{"id": s, "order": 1, "kind": "open", "pipeline": p} for s, p in (("A", 1), ("X", 2))]
    data = dataset([deal("D", "X"), deal("E", "A")], moves("D", "A", ("X", at(1))), stages)

    for name in (2, "2"):
        assert counted(data, pipeline=name) == {"X": 1, "won": 0}


def test_a_stage_without_an_order_stands_where_it_is_listed() -> None:
    """S1: as if its place in the list were its order; ties stay as they are listed."""
    stages = [{"id": "A", "order": 1}, {"id": "B", "order": None}, {"id": "C", "order": 0}]
    data = dataset([deal("D", "B")], moves("D", "A", ("B", at(1))), [{**s, "kind": "open"} for s in stages])

    assert [*counted(data)] == ["C", "A", "B", "won"]


# --- what is listed and counted


def test_transitions_in_order() -> None:
    """The most frequent way first; those still there last, however many they are."""
    paths = {"1": "lost", "2": "lost", "3": "B", "4": None, "5": None, "6": None}
    changes = [c for name, into in paths.items() if into for c in moves(name, "A", (into, at(1)))]
    deals = [deal(n, into or "A", "lost" if into == "lost" else "open") for n, into in paths.items()]
    found = cc.analyse("stage_transitions", dataset(deals, changes)).only(stage="A")

    assert [(r["to"], r["count"], r["share"]) for r in found.rows()] == [
        ("lost", 2, 2 / 3), ("B", 1, 1 / 3), ("still there", 3, None),
    ]  # fmt: skip


def test_a_deal_that_was_in_no_stage_for_a_while() -> None:
    """W2: it left A for no stage and came to B later: that is no move from A to B."""
    data = dataset([deal("D", "B")], moves("D", "A", (None, at(1)), ("B", at(40))))
    flow = cc.analyse("stage_flow", data, per="month")

    assert filled(flow, "came_on", "moved_on", "reopened", "new") == {
        ("2026-01", "A", "new"): 1, ("2026-01", "A", "moved_on"): 1, ("2026-02", "B", "reopened"): 1,
    }  # fmt: skip


def test_undated_deals_are_in_no_fact_but_their_own() -> None:
    """O9: in a funnel by creation they are counted as undated and nowhere else; in one by entry they are deals like others."""
    deals = [
        deal("dated", "A", amount=5),
        deal("skips", "A", created=None, amount=None),
        deal("never", None, "won", created=None, amount=None, closed_at=at(5)),
    ]
    changes = [*moves("skips", "A", ("C", at(1)), ("A", at(2))), *moves("dated", "Bo", ("Anna", at(6)), field="owner")]
    data = dataset(deals, changes)
    names = ("deals", "skipping", "stepping_back", "never_in_a_stage", "undated", "made_up", "unpriced")

    facts = {of: [cc.analyse("funnel", data, of=of).fact(n) for n in names] for of in ("created", "entered")}
    # never was won, and skipped A to C; skips was not in B
    assert facts == {"created": [1, 0, 0, 0, 2, 1, 0], "entered": [3, 2, 1, 1, 0, 2, 2]}
