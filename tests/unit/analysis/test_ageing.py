"""Ageing: open deals beside the days that their stage allows, by hand and beside plain Python."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ArgumentError

STAGES = [
    {"id": "new", "order": 1, "expected_days": 5, "rotting_days": 10},
    {"id": "offer", "order": 2, "expected_days": 11},
    {"id": "talks", "order": 3},
    {"id": "won", "order": 4, "kind": "won"},
]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def day(n):
    return FIRST + timedelta(days=n)


def dataset(deals, moves=None, **more):
    """Return deals as (id, created, stage, outcome, owner, stage_entered_at), and their moves as (id, from, to, day)."""
    columns = ("id", "created_at", "stage", "outcome", "owner", "stage_entered_at")
    tables = {"opportunity": [dict(zip(columns, deal, strict=True)) for deal in deals], "stage": STAGES}
    if moves is not None:
        tables["change"] = [
            {"table": "opportunity", "record": i, "field": "stage", "old": old, "new": new, "at": day(n), **more}
            for i, old, new, n in moves
        ]
    return cc.Dataset(**tables)


DEALS = [
    ("A", day(0), "new", "open", "王芳", None),
    ("B", day(0), "offer", "open", "Anna", None),
    ("C", day(0), "talks", "open", "Anna", None),
    ("D", day(15), "new", "open", "Anna", None),
    ("E", day(0), "won", "won", None, None),
    ("F", day(0), "new", "open", None, None),
]
MOVES = [
    ("B", "new", "offer", 9),
    ("C", "new", "talks", 3),
    ("E", "new", "won", 4),
    ("F", "new", "offer", 2),
    ("F", "offer", "new", 13),
]


def test_by_hand() -> None:
    """S3, T8: on day 20, A is 20 days in new (rotting after 10), D 5 (as expected), F 7 since it came back (late), B 11."""
    found = cc.analyse("stage_ageing", dataset(DEALS, MOVES), as_of=day(20))

    assert found["stage"].tolist() == ["new", "offer", "talks"]
    assert found["open"].tolist() == [3, 1, 1]
    assert [found[n].tolist() for n in ("in_time", "late", "rotting", "no_limit", "unknown")] == [
        [1, 1, 0],
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 1],
        [0, 0, 0],
    ]
    assert found["made"].tolist() == [2, 0, 0]
    assert found["mean_age_days"].tolist() == pytest.approx([32 / 3, 11, 17])
    assert found["oldest_days"].tolist() == [20.0, 11.0, 17.0]
    assert found.plain("expected_days") == [5, 11, None]
    assert found.plain("rotting_days") == [10, None, None]


def test_deal_by_deal() -> None:
    """The one farthest beyond its limit first; what is left is below 0; a stage without a limit comes last, by age."""
    found = cc.analyse("deal_ageing", dataset(DEALS, MOVES), as_of=day(20))

    assert [(r["deal"], r["status"], r["age_days"], r["over_days"]) for r in found.rows()] == [
        ("A", "rotting", 20.0, 10.0),
        ("B", "in_time", 11.0, 0.0),
        ("F", "late", 7.0, -3.0),
        ("D", "in_time", 5.0, -5.0),
        ("C", "no_limit", 17.0, None),
    ]
    assert found["owner"].tolist() == ["王芳", "Anna", None, "Anna", "Anna"]


def test_groups_days_and_conditions() -> None:
    """Groups are of the deals as they are now; in business days A has been there for 14 of the 20, one less with a holiday."""
    data = dataset(DEALS, MOVES)
    by_owner = cc.analyse("stage_ageing", data, as_of=day(20), by="owner")
    mine = cc.analyse("deal_ageing", data, as_of=day(20), where=cc.col("id") == "A", days="business")
    off = cc.analyse(
        "deal_ageing", data, as_of=day(20), where=cc.col("id") == "A", days="business", holidays=date(2026, 1, 6)
    )

    assert [(r["owner"], r["stage"], r["open"]) for r in by_owner.rows()] == [
        ("Anna", "new", 1),
        ("Anna", "offer", 1),
        ("Anna", "talks", 1),
        ("王芳", "new", 1),
        (None, "new", 1),
    ]
    assert mine["age_days"].tolist() == [14.0]  # Thursday 1 January up to the first instant of Wednesday 21
    assert off["age_days"].tolist() == [13.0]


def test_without_a_history() -> None:
    """S5: the date of entry on the record is taken, else the creation, which is marked; without either the age is unknown."""
    deals = [
        ("A", day(0), "new", "open", None, day(14)),
        ("B", day(0), "new", "open", None, None),
        ("C", None, "new", "open", None, None),
        ("D", day(0), "new", "open", None, day(19)),
    ]
    found = cc.analyse("stage_ageing", dataset(deals)).rows()[0]
    each = cc.analyse("deal_ageing", dataset(deals))

    assert (found["open"], found["in_time"], found["rotting"], found["unknown"], found["made"]) == (4, 2, 1, 1, 1)
    assert each["deal"].tolist() == ["B", "A", "D", "C"]
    assert each.plain("age_days") == [19, 5, 0, None]


def test_a_date_of_entry_is_enough() -> None:
    """S5, T2: without a creation the entry on the record is taken; where changes are dates, whole days are counted."""
    found = cc.analyse("deal_ageing", dataset([("A", None, "new", "open", None, day(15))]), as_of=day(20))
    assert found["age_days"].tolist() == [5.0]
    moves = [
        {"table": "opportunity", "record": "A", "field": "stage", "old": "new", "new": "offer", "at": date(2026, 1, 3)}
    ]
    deals = [{"id": "A", "created_at": day(0), "stage": "offer", "outcome": "open"}]
    data = cc.Dataset(opportunity=deals, stage=STAGES, change=moves)
    assert cc.analyse("deal_ageing", data, as_of=datetime(2026, 1, 7, 20, tzinfo=UTC))["age_days"].tolist() == [4.0]


def test_limits_to_the_hour_and_ties() -> None:
    """2 days are 48 hours, no more and no less; of stages without a limit the longest stay comes first."""
    stages = [{"id": "new", "order": 1, "rotting_days": 2}, {"id": "talks", "order": 2}]
    deals = [
        {"id": i, "created_at": FIRST + timedelta(hours=h), "stage": s, "outcome": "open"}
        for i, h, s in (("A", 0, "new"), ("B", 1, "new"), ("C", 30, "talks"), ("D", 20, "talks"))
    ]
    found = cc.analyse("deal_ageing", cc.Dataset(opportunity=deals, stage=stages), as_of=FIRST + timedelta(hours=49))

    assert [(r["deal"], r["status"]) for r in found.rows()] == [
        ("A", "rotting"), ("B", "in_time"), ("D", "no_limit"), ("C", "no_limit"),
    ]  # fmt: skip
    assert found["over_days"].tolist()[:2] == pytest.approx([1 / 24, 0])


def test_the_last_change_alone_is_enough() -> None:
    """S5: a source that keeps only the last change of a stage says when the current one was entered."""
    deals = [("A", day(0), "offer", "open", None, day(8))]
    data = dataset(deals, [("A", None, "offer", 8)], last_only=True)

    assert cc.analyse("deal_ageing", data, as_of=day(20))["age_days"].tolist() == [12.0]


def test_limits_are_passed_and_the_log_comes_first() -> None:
    """Exactly as long as the rotting days is late, not rotting; what the log says of the entry is not overruled by the record."""
    deals = [("A", day(0), "new", "open", None, None), ("B", day(0), "offer", "open", None, day(9))]
    found = cc.analyse("deal_ageing", dataset(deals, [("B", "new", "offer", 4)]), as_of=day(10))

    assert [(r["deal"], r["status"], r["age_days"]) for r in found.rows()] == [
        ("A", "late", 10.0),
        ("B", "in_time", 6.0),
    ]


def test_dates_are_whole_days() -> None:
    """T2, O8: an entry of a date is so many local days ago; one that is still to come is not seen, the creation is."""
    deals = [
        ("A", date(2026, 1, 1), "new", "open", None, date(2026, 1, 3)),
        ("B", date(2026, 1, 1), "new", "open", None, date(2026, 1, 9)),
    ]
    now = datetime(2026, 1, 7, 20, tzinfo=UTC)  # 4 o'clock on the 8th in Shanghai
    found = cc.Workspace(timezone="Asia/Shanghai").analyse("deal_ageing", dataset(deals), as_of=now)

    assert found["deal"].tolist() == ["B", "A"]
    assert found["age_days"].tolist() == [7.0, 5.0]


def test_the_past_is_seen_from_then() -> None:
    """O8: on day 5 F is in offer since day 2, and the won deal is closed already."""
    found = cc.analyse("deal_ageing", dataset(DEALS, MOVES), as_of=day(5))

    assert {r["deal"]: (r["stage"], r["age_days"]) for r in found.rows()} == {
        "A": ("new", 5.0),
        "B": ("new", 5.0),
        "C": ("talks", 2.0),
        "F": ("offer", 3.0),
    }


@given(
    st.lists(
        st.tuples(st.sampled_from(["new", "offer", "talks"]), st.sampled_from(["open", "won"]), st.integers(0, 480)),
        max_size=12,
    )
)
def test_counts_are_those_of_plain_python(deals) -> None:
    """Each open deal is in one class: open = in time + late + rotting + no limit; exactly as long as allowed is in time."""
    now = FIRST + timedelta(hours=480)
    data = dataset([(n, FIRST + timedelta(hours=480 - h), s, o, None, None) for n, (s, o, h) in enumerate(deals)])
    limits = {s["id"]: (s.get("expected_days"), s.get("rotting_days")) for s in STAGES}
    expected: dict[str, dict[str, int]] = {}
    for stage, outcome, hours in deals:
        if outcome == "open":
            late, rot = limits[stage]
            status = "no_limit" if late is None and rot is None else "in_time"
            if late is not None and hours > late * 24:
                status = "late"
            if rot is not None and hours > rot * 24:
                status = "rotting"
            expected.setdefault(stage, dict.fromkeys(("in_time", "late", "rotting", "no_limit"), 0))[status] += 1

    found = cc.analyse("stage_ageing", data, as_of=now)

    assert {r["stage"]: {k: r[k] for k in ("in_time", "late", "rotting", "no_limit")} for r in found.rows()} == expected
    assert all(sum(expected[r["stage"]].values()) == r["open"] for r in found.rows())


def test_choices_that_are_none() -> None:
    """Business days and holidays are checked as they are of time in stage."""
    with pytest.raises(ArgumentError, match="give days='business'"):
        cc.analyse("stage_ageing", dataset(DEALS), holidays="2026-01-01")
