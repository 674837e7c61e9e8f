"""Time in stage: by hand, beside a replay in plain Python, in business days, and where the history has holes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ArgumentError, HistoryUnavailable, TableNotFound

STAGES = [
    {"id": "new", "order": 1},
    {"id": "offer", "order": 2},
    {"id": "talks", "order": 3},
    {"id": "won", "order": 4, "kind": "won"},
    {"id": "lost", "order": 5, "kind": "lost"},
]
POLICIES = ("time_in_stage", "time_in_stage_latest", "time_in_stage_first")


def at(day, hour=0):
    """Return an instant of January 2026."""
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def dataset(deals, moves, **more):
    """Return deals as (id, created, stage today, outcome, owner), and their moves as (id, from, to, when)."""
    return cc.Dataset(
        opportunity=[
            {"id": i, "created_at": created, "stage": stage, "outcome": outcome, "owner": owner}
            for i, created, stage, outcome, owner in deals
        ],
        stage=STAGES,
        change=[
            {"table": "opportunity", "record": i, "field": "stage", "old": old, "new": new, "at": when, **more}
            for i, old, new, when in moves
        ],
    )


BACK = dataset(
    [
        ("A", at(1), "won", "won", "王芳"),
        ("B", at(1), "offer", "open", "Anna"),
        ("C", at(1), "new", "open", None),
        ("D", at(1), "lost", "lost", "Anna"),
        ("E", at(1), "offer", "open", "Anna"),
    ],
    [
        ("A", "new", "offer", at(3)),
        ("A", "offer", "new", at(5)),
        ("A", "new", "offer", at(10)),
        ("A", "offer", "won", at(15)),
        ("B", "new", "offer", at(9)),
        ("D", "new", "lost", at(3)),
        ("E", "new", "offer", at(2)),
        ("E", "offer", "new", at(6)),
        ("E", "new", "offer", at(16)),
    ],
)
"""A goes back to new and on again, and is won; C never moves; E is in offer for the second time."""


@pytest.mark.parametrize(
    ("policy", "ended_mean", "mean", "median"),
    [
        # new: A 2+5, B 8, D 2, E 1+10, C 19 so far; offer: A 2+5, B 11 so far, E 4+4 so far
        ("time_in_stage", [28 / 4, 7.0], [47 / 5, 26 / 3], [8.0, nan]),
        # new: A 5, B 8, D 2, E 10, C 19 so far; offer: A 5, B 11 so far, E 4 so far
        ("time_in_stage_latest", [25 / 4, 5.0], [44 / 5, 20 / 3], [8.0, 5.0]),
        # new: A 2, B 8, D 2, E 1, C 19 so far; offer: A 2, B 11 so far, E 4
        ("time_in_stage_first", [13 / 4, 3.0], [32 / 5, 17 / 3], [2.0, 4.0]),
    ],
)
def test_by_hand(policy, ended_mean, mean, median) -> None:
    """S3, E24: a stage entered again counts by all visits, the latest or the first; who is still there has lasted so far."""
    found = cc.analyse(policy, BACK, as_of=at(20))

    assert found["stage"].tolist() == ["new", "offer"]
    assert found["deals"].tolist() == [5, 3]
    assert found["visits"].tolist() == [7, 5]
    assert found["still_there"].tolist() == [1, 1 if policy == "time_in_stage_first" else 2]
    assert found["ended_mean_days"].tolist() == pytest.approx(ended_mean, rel=1e-15)
    assert found["mean_days"].tolist() == pytest.approx(mean, rel=1e-15)
    assert found["median_days"].tolist() == pytest.approx(median, rel=1e-15, nan_ok=True)
    assert found["made"].tolist() == [3 if policy == "time_in_stage_latest" else 5, 0]


def test_who_is_still_there_is_not_taken_for_gone() -> None:
    """E54: in stage new 2, 7, 8, 11 days ended and 19 run on: S falls to 4/5, 3/5, 2/5, 1/5; the plain mean of 7 is too short."""
    row = cc.analyse("time_in_stage", BACK, as_of=at(20)).rows()[0]

    assert row["restricted_mean_days"] == pytest.approx(2 + 5 * 0.8 + 1 * 0.6 + 3 * 0.4 + 8 * 0.2, rel=1e-14)
    assert row["until_days"] == 19
    assert row["ended_mean_days"] < row["restricted_mean_days"]
    assert (row["median_low_days"], row["median_high_days"]) == (2.0, None)  # S = 4/5, its error 0.179: from 0.204 up
    text = str(cc.analyse("time_in_stage", BACK, as_of=at(20)))
    assert "too short while some have not ended" in text
    assert "its creation is taken" in text


def test_a_limit_nobody_was_seen_up_to_is_not_told() -> None:
    """R2: offer was seen for 11 days, and some are still in it: its mean up to 12 days is unknown, that of new is not."""
    found = cc.analyse("time_in_stage", BACK, as_of=at(20), until=12)

    assert found["until_days"].tolist() == [12.0, 12.0]
    assert found.plain("restricted_mean_days") == [pytest.approx(2 + 4 + 0.6 + 1.2 + 0.2), None]


def test_the_past_is_seen_from_then() -> None:
    """O8: on 4 January A is in offer for the first time, B, C and E are where they are, and D is lost."""
    found = cc.analyse("time_in_stage", BACK, as_of=at(4))

    assert found["still_there"].tolist() == [2, 2]
    assert found["mean_days"].tolist() == pytest.approx([(2 + 3 + 3 + 2 + 1) / 5, (1 + 2) / 2])


def test_by_owner() -> None:
    """A deal is in the group it has as of the view; blank is a group, and comes last; an expression is a column too."""
    found = cc.analyse("time_in_stage", BACK, as_of=at(20), by="owner")

    assert [(r["owner"], r["stage"], r["deals"]) for r in found.rows()] == [
        ("Anna", "new", 3),
        ("Anna", "offer", 2),
        ("王芳", "new", 1),
        ("王芳", "offer", 1),
        (None, "new", 1),
    ]
    two = cc.analyse("time_in_stage", BACK, as_of=at(20), by=["outcome", "owner"])
    assert [(r["outcome"], r["owner"]) for r in two.rows()][:2] == [("lost", "Anna"), ("open", "Anna")]
    some = cc.analyse("time_in_stage", BACK, as_of=at(20), where=cc.col("owner") == "Anna")
    assert some["deals"].tolist() == [3, 2]


# --- periods

WEEKS = ["2026-W01", "2026-W02", "2026-W03", "2026-W04"]  # from 29 December, 5, 12 and 19 January


def by_week(policy, of, **choices):
    """Return (week, stage) -> (deals, mean of ended) of the rows in which somebody is."""
    found = cc.analyse(policy, BACK, as_of=at(20), of=of, per="week", **choices)
    assert [(r["period"], r["stage"]) for r in found.rows()] == [(w, s) for w in WEEKS for s in ("new", "offer")]
    return {(r["period"][-2:], r["stage"]): (r["deals"], r["ended_mean_days"]) for r in found.rows() if r["deals"]}


def test_stays_that_ended_in_a_period() -> None:
    """S3, T1: those that ended in each week, by the end of the last visit; who is still there is in no week.

    In new A is done on the 10th after 7 days, B on the 9th after 8, D on the 3rd after 2, E on the 16th after 11; in offer A on
    the 15th after 7. Of the first visits A, D and E left new on the 3rd, 3rd and 2nd, B on the 9th; A left offer on Monday the
    5th at midnight, which is of the second week, and E on the 6th.
    """
    assert by_week("time_in_stage", "ended") == {
        ("01", "new"): (1, 2.0), ("02", "new"): (2, 7.5), ("03", "new"): (1, 11.0), ("03", "offer"): (1, 7.0),
    }  # fmt: skip
    assert by_week("time_in_stage_latest", "ended") == {
        ("01", "new"): (1, 2.0), ("02", "new"): (2, 6.5), ("03", "new"): (1, 10.0), ("03", "offer"): (1, 5.0),
    }  # fmt: skip
    assert by_week("time_in_stage_first", "ended") == {
        ("01", "new"): (3, 5 / 3), ("02", "new"): (1, 8.0), ("02", "offer"): (2, 3.0),
    }  # fmt: skip
    all_ = cc.analyse("time_in_stage", BACK, as_of=at(20), of="ended")
    assert (all_["deals"].tolist(), all_["still_there"].tolist()) == ([4, 1], [0, 0])
    assert all_["mean_days"].tolist() == all_["ended_mean_days"].tolist() == [7.0, 7.0]
    assert "Of stays that have ended alone" in str(all_)


def test_stays_that_began_in_a_period() -> None:
    """S3, T1: those that began in each week, by the first visit, with those that still last; all began in new on the 1st."""
    assert by_week("time_in_stage", "entered") == {
        ("01", "new"): (5, 7.0), ("01", "offer"): (2, 7.0), ("02", "offer"): (1, None),
    }  # fmt: skip
    # the latest visits to new of A and E began on the 5th and the 6th, those to offer of A, B and E on the 10th, 9th and 16th
    assert by_week("time_in_stage_latest", "entered") == {
        ("01", "new"): (3, 5.0), ("02", "new"): (2, 7.5), ("02", "offer"): (2, 5.0), ("03", "offer"): (1, None),
    }  # fmt: skip
    found = cc.analyse("time_in_stage", BACK, as_of=at(20), per="week")
    assert found["still_there"].tolist() == [1, 1, 0, 1, 0, 0, 0, 0]
    assert "too short while some have not ended" in str(found)


def test_a_week_is_that_of_the_zone() -> None:
    """T1: a stay that ended on Sunday 4 January at 17:00 UTC ended on Monday in Shanghai, in the second week."""
    data = dataset([("A", at(1), "offer", "open", None)], [("A", "new", "offer", at(4, 17))])
    for zone, week in (("UTC", WEEKS[0]), ("Asia/Shanghai", WEEKS[1])):
        found = cc.Workspace(timezone=zone).analyse("time_in_stage", data, of="ended", per="week")
        assert [r["period"] for r in found.rows() if r["deals"]] == [week]


def test_periods_of_groups() -> None:
    """T7: each group has its stages in every period from the first to that of the view, blank among them; of nothing, none."""
    found = cc.analyse("time_in_stage", BACK, as_of=at(20), by="owner", of="ended", per="month")
    assert [(r["owner"], r["period"], r["stage"], r["deals"]) for r in found.rows()] == [
        ("Anna", "2026-01", "new", 3), ("王芳", "2026-01", "new", 1), ("王芳", "2026-01", "offer", 1),
    ]  # fmt: skip
    two = cc.analyse("time_in_stage", BACK, as_of=date(2026, 2, 1), by="owner", per="month")
    assert [(r["owner"], r["period"][-2:], r["stage"], r["deals"]) for r in two.rows()][2:6] == [
        ("Anna", "02", "new", 0), ("Anna", "02", "offer", 0), ("王芳", "01", "new", 1), ("王芳", "01", "offer", 1),
    ]  # fmt: skip
    empty = two.only(owner="Anna", period="2026-02").rows()[0]
    assert {n: empty[n] for n in ("visits", "ended", "mean_days", "median_days", "until_days")} == {
        "visits": 0, "ended": 0, "mean_days": None, "median_days": None, "until_days": None,
    }  # fmt: skip
    for per in (None, "month"):
        assert len(cc.analyse("time_in_stage", BACK, where=cc.col("owner") == "nobody", per=per)) == 0


# --- days


def test_business_days() -> None:
    """From Friday 18:00 to Monday 09:00 are 15 hours of work days; a holiday on that Monday leaves the 6 of Friday."""
    deals = [("A", at(2, 18), "offer", "open", None)]
    data = dataset(deals, [("A", "new", "offer", at(5, 9))])

    def days(**choices):
        return cc.analyse("time_in_stage", data, as_of=at(6), **choices)["mean_days"].tolist()

    assert days() == pytest.approx([63 / 24, 15 / 24])
    assert days(days="business") == pytest.approx([15 / 24, 15 / 24])
    for monday in ("2026-01-05", date(2026, 1, 5), ["2026-01-05", "2026-01-05"]):
        assert days(days="business", holidays=monday) == pytest.approx([6 / 24, 0])
    assert days(days="business", weekdays=(7, 1, 2, 3, 4)) == pytest.approx([33 / 24, 15 / 24])  # Friday, Saturday off


def test_the_workspace_knows_its_holidays(tmp_path) -> None:
    """Working days and holidays are those of the workspace's calendar, also from its file, unless the question names others."""
    data = dataset([("A", at(2, 18), "offer", "open", None)], [("A", "new", "offer", at(5, 9))])
    file = tmp_path / "workspace.toml"
    file.write_text('[calendar]\nholidays = [2026-01-05, "2026-12-25"]\nweekdays = [1, 2, 3, 4, 5, 6]\n', "utf-8")
    calendar = cc.Calendar(holidays=["2026-12-25", date(2026, 1, 5)], weekdays=(6, 1, 2, 3, 4, 5))
    assert calendar == cc.Calendar(holidays=(date(2026, 1, 5), date(2026, 12, 25)), weekdays=range(1, 7))
    for workspace in (cc.Workspace(calendar=calendar), cc.Workspace.load(file)):

        def in_new(workspace=workspace, **choices):
            return workspace.analyse("time_in_stage", data, as_of=at(6), **choices)["mean_days"][0]

        assert in_new() == 63 / 24
        assert in_new(days="business") == 30 / 24  # 6 hours of Friday, and Saturday
        assert in_new(days="business", weekdays=(1, 2, 3, 4, 5)) == 6 / 24
        assert in_new(days="business", holidays=()) == 39 / 24
        ages = workspace.analyse("deal_ageing", data, as_of=at(7), days="business")
        assert ages["age_days"].tolist() == [1.0]  # in offer since Monday, which is off: Tuesday
        deals = [{"id": "A", "created_at": at(2, 18), "outcome": "open", "closed_at": None}]
        cycle = workspace.analyse("sales_cycle", cc.Dataset(opportunity=deals), as_of=at(7), days="business")
        assert cycle["until_days"].tolist() == [54 / 24]
    for wrong in ({"holidays": "Easter"}, {"weekdays": (0,)}, {"weekdays": ()}):
        with pytest.raises(ArgumentError, match=r"a holiday is a date|weekdays? (is|are)"):
            cc.Calendar(**wrong)


def test_days_of_23_hours() -> None:
    """E18: over the change of the clocks on Sunday 29 March 2026, instants are 47 hours apart, dates two days (T2)."""
    instants = dataset(
        [("A", datetime(2026, 3, 27, 23, tzinfo=UTC), "offer", "open", None)],
        [("A", "new", "offer", datetime(2026, 3, 29, 22, tzinfo=UTC))],
    )
    dates = dataset([("A", date(2026, 3, 28), "offer", "open", None)], [("A", "new", "offer", date(2026, 3, 30))])
    berlin = cc.Workspace(timezone="Europe/Berlin")

    def first(data, **choices):
        return berlin.analyse("time_in_stage", data, as_of=date(2026, 3, 30), **choices)["mean_days"][0]

    assert first(instants) == pytest.approx(47 / 24)
    assert first(dates) == 2.0
    assert first(dates, days="business") == 1.0  # Monday
    # the Sunday is a working day of 23 hours: an hour of Friday's UTC day is Saturday in Berlin
    assert first(instants, days="business", weekdays=(6, 7)) == pytest.approx(47 / 24)


def test_a_date_on_either_side_counts_whole_days() -> None:
    """T2: created on the 1st at 18:00 and moved on the 3rd is 2 days; there since the 3rd, at 6:00 on the 8th, 5 days."""
    data = dataset([("A", at(1, 18), "offer", "open", None)], [("A", "new", "offer", date(2026, 1, 3))])

    assert cc.analyse("time_in_stage", data, as_of=at(8, 6))["mean_days"].tolist() == [2.0, 5.0]
    # and the other way round: created on the 1st, moved on the 3rd at 10:00 is 2 days, and from then on time is exact
    data = dataset([("A", date(2026, 1, 1), "offer", "open", None)], [("A", "new", "offer", at(3, 10))])
    assert cc.analyse("time_in_stage", data, as_of=at(8, 16))["mean_days"].tolist() == [2.0, 5.25]


def test_a_day_whose_midnight_there_is_not() -> None:
    """T2: in Sao Paulo the clocks went from 0:00 to 1:00 on Sunday 4 November 2018: that day has 23 hours, from 3:00 to 2:00 UTC."""
    data = dataset(
        [("A", datetime(2018, 11, 3, 12, tzinfo=UTC), "offer", "open", None)],
        [("A", "new", "offer", datetime(2018, 11, 5, 12, tzinfo=UTC))],
    )
    brazil = cc.Workspace(timezone="America/Sao_Paulo")

    for weekdays, hours in ((7, 23), (6, 15), (1, 10)):  # Saturday from 9:00, Monday up to 10:00
        found = brazil.analyse("time_in_stage", data, days="business", weekdays=weekdays)
        assert found["mean_days"][0] == hours / 24
    # and back from 0:00 on Sunday 18 February to 23:00: that Saturday had 25, from 2:00 to 3:00 UTC
    data = dataset(
        [("A", datetime(2018, 2, 16, 12, tzinfo=UTC), "offer", "open", None)],
        [("A", "new", "offer", datetime(2018, 2, 18, 12, tzinfo=UTC))],
    )
    for weekdays, hours in ((6, 25), (5, 14), (7, 9)):
        found = brazil.analyse("time_in_stage", data, days="business", weekdays=weekdays)
        assert found["mean_days"][0] == hours / 24


@given(
    st.lists(st.integers(0, 24 * 25), min_size=2, max_size=4),
    st.sets(st.integers(1, 7), min_size=1),
    st.sets(st.integers(0, 25), max_size=5),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai", "America/Sao_Paulo"]),
)
def test_business_time_is_counted_hour_by_hour(hours, weekdays, off, zone) -> None:
    """The business time between instants is the number of hours on working days, and its parts add up to the whole."""
    from zoneinfo import ZoneInfo

    first = datetime(2018, 10, 20, tzinfo=UTC)  # in these weeks Berlin gains an hour, and Sao Paulo loses its midnight
    holidays = [date(2018, 10, 20) + timedelta(d) for d in off]
    moments = sorted(first + timedelta(hours=h) for h in hours)

    def works(instant):
        day = instant.astimezone(ZoneInfo(zone)).date()
        return day.isoweekday() in weekdays and day not in holidays

    expected = [
        sum(works(a + timedelta(hours=h)) for h in range((b - a) // timedelta(hours=1))) for a, b in pairwise(moments)
    ]
    deals = [(n, a, "offer", "open", n) for n, a in enumerate(moments[:-1])]
    moves = [(n, "new", "offer", b) for n, b in enumerate(moments[1:])]

    found = cc.Workspace(timezone=zone).analyse(
        "time_in_stage", dataset(deals, moves), by="owner", days="business", weekdays=weekdays, holidays=holidays
    )

    in_new = {row["owner"]: row["mean_days"] for row in found.rows() if row["stage"] == "new"}
    for number, (a, b) in enumerate(pairwise(moments)):
        if a < b:  # a deal that moves on as it is created was never there
            assert in_new[number] == pytest.approx(expected[number] / 24)


def test_the_history_of_a_store_is_read_without_being_asked_for() -> None:
    """O8, S5: a store that saw B go from new to offer on the 9th, and C stay, tells of both; before it saw a move, too."""
    host = cc.Workspace(store="memory:")
    for now, stage in ((at(1), "new"), (at(9), "offer")):
        deals = dataset([("B", at(1), stage, "open", "Anna"), ("C", at(1), "new", "open", None)], [])["opportunity"]
        host.import_data(cc.Dataset(opportunity=deals, stage=STAGES), at=now, recorded_at=now)
        assert host.analyse("time_in_stage")["deals"].tolist() == ([2] if stage == "new" else [2, 1])

    found = host.analyse("time_in_stage", as_of=at(20))

    assert found["stage"].tolist() == ["new", "offer"]
    assert found["ended"].tolist() == [1, 0]
    assert found["mean_days"].tolist() == [(8 + 19) / 2, 11.0]


# --- what cannot be told


def test_beginnings_that_nothing_tells() -> None:
    """S5, E31: without a date of creation the first stay has no beginning: it is counted, and in no duration."""
    deals = [("A", None, "offer", "open", None), ("B", at(1), "offer", "open", None)]
    found = cc.analyse("time_in_stage", dataset(deals, [("A", "new", "offer", at(5)), ("B", "new", "offer", at(4))]))

    assert found.only(stage="new").rows()[0]["mean_days"] == 3
    assert found.only(stage="new")["made"].tolist() == [1]
    assert found.fact("unknown") == 1
    assert "Stays without a beginning, left out: 1" in str(found)
    assert found.only(stage="offer")["deals"].tolist() == [2]


def test_a_stay_that_ends_before_it_begins_is_counted_and_not_used() -> None:
    """T3, E20: B left its first stage two days before it was created, as an import says: no time of -2 days, nor of 2."""
    deals = [("A", at(1), "offer", "open", None), ("B", at(8), "new", "open", None)]
    moves = [("A", "new", "offer", at(5)), ("B", "new", "offer", at(6)), ("B", "offer", "new", at(9))]
    data = dataset(deals, moves)

    total, latest, first = (cc.analyse(p, data, as_of=at(10)) for p in POLICIES)

    assert [t.fact("negative") for t in (total, latest, first)] == [1, 0, 1]
    assert total.only(stage="new")["mean_days"].tolist() == [4.0]
    assert latest.only(stage="new")["mean_days"].tolist() == [2.5]
    assert first.only(stage="new")["deals"].tolist() == [1]
    assert total.only(stage="offer")["mean_days"].tolist() == [(5 + 3) / 2]


def test_on_the_day_of_creation_nothing_comes_too_early() -> None:
    """T2: created on a date, and moved at 10 o'clock of that day: 0 days in the first stage, and no fault as on the day before."""
    for moved, wrong in ((at(5, 10), 0), (at(4, 10), 1)):
        found = cc.analyse(
            "time_in_stage", dataset([("A", date(2026, 1, 5), "offer", "open", None)], [("A", "new", "offer", moved)])
        )

        assert found.fact("negative") == wrong
        assert found["stage"].tolist() == (["offer"] if wrong else ["new", "offer"])
        assert wrong or found["mean_days"].tolist()[0] == 0


def test_stages_of_the_day_of_creation_are_stages() -> None:
    """T2, S3: by dates, A and C leave new on the day they were created and B ten days later: (0 + 10 + 0) / 3 days."""
    day = date(2026, 1, 5)
    deals = [
        (n, day, s, o, None) for n, s, o in (("A", "offer", "open"), ("B", "offer", "open"), ("C", "offer", "open"))
    ]
    moves = [("A", "new", "offer", day), ("B", "new", "offer", date(2026, 1, 15)), ("C", "new", "offer", day)]
    found = cc.analyse("time_in_stage", dataset(deals, moves), as_of=date(2026, 2, 1))

    assert found.only(stage="new")["deals"].tolist() == [3]
    assert found.only(stage="new")["mean_days"].tolist() == [10 / 3]


def test_a_stage_written_again_before_the_creation_is_no_departure() -> None:
    """T3, S5: on the 6th the log says once more that A was in new, it was created on the 8th and left on the 10th: 4 days, no
    fault. The early move of a deal that was deleted since is nobody's fault either."""
    deals = [("A", at(8), "offer", "open", None), ("B", at(8), "new", "open", None)]
    moves = [("A", "new", "new", at(6)), ("A", "new", "offer", at(10)), ("B", "offer", "new", at(5))]
    data = dataset(deals, moves)
    gone = cc.Dataset(
        opportunity=[
            {"id": i, "created_at": c, "stage": s, "outcome": o, "deleted": i == "B"} for i, c, s, o, _ in deals
        ],
        stage=STAGES,
        change=data["change"],
    )

    assert cc.analyse("time_in_stage", data, as_of=at(12)).fact("negative") == 1  # B left offer before it was created
    found = cc.analyse("time_in_stage", gone, as_of=at(12))
    assert (found.fact("negative"), found["stage"].tolist(), found["mean_days"].tolist()) == (
        0,
        ["new", "offer"],
        [4.0, 2.0],
    )


def test_deals_that_never_moved() -> None:
    """S5: nothing was closed and no stage has changed: each is where it was created. A stage that is in no table comes last."""
    rows = [{"id": "A", "created_at": at(1), "stage": "new", "outcome": "open", "closed_at": None, "owner": "Anna"}]
    owner = {"table": "opportunity", "record": "A", "field": "owner", "old": "Bo", "new": "Anna", "at": at(3)}
    found = cc.analyse("time_in_stage", cc.Dataset(opportunity=rows, stage=STAGES, change=[owner]), as_of=at(5))
    assert (found["stage"].tolist(), found["still_there"].tolist(), found["mean_days"].tolist()) == (
        ["new"],
        [1],
        [4.0],
    )

    unknown = dataset([("A", at(1), "aaa", "open", None)], [("A", "offer", "aaa", at(3))])
    assert cc.analyse("time_in_stage", unknown, as_of=at(5))["stage"].tolist() == ["offer", "aaa"]


def test_no_history_is_no_number() -> None:
    """S5: without changes, with changes of something else, or of the last one alone, time in stage is unavailable."""
    deals = [("A", at(1), "offer", "open", None)]
    deal = {"id": "A", "created_at": at(1), "stage": "offer", "outcome": "won", "closed_at": at(4)}
    without = cc.Dataset(opportunity=[deal])
    amounts = cc.Dataset(
        opportunity=without["opportunity"],
        change=[{"table": "opportunity", "record": "A", "field": "owner", "old": "x", "new": "y", "at": at(3)}],
    )
    last = dataset(deals, [("A", None, "offer", at(5))], last_only=True)

    for policy in POLICIES:
        with pytest.raises(TableNotFound, match=r"no table named 'change'.*unavailable"):
            cc.analyse(policy, without)
        with pytest.raises(HistoryUnavailable, match="changes of owner of opportunities and none of 'stage'"):
            cc.analyse(policy, amounts)
        with pytest.raises(HistoryUnavailable, match="only the last change"):
            cc.analyse(policy, last)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"days": "working"}, "'calendar' or 'business', got 'working'"),
        ({"holidays": "2026-01-01"}, "give days='business'"),
        ({"weekdays": (1, 2)}, "give days='business'"),
        ({"days": "business", "weekdays": (0, 1)}, "weekday is a whole number from 1"),
        ({"days": "business", "weekdays": (1, 8)}, r"from 1 \(Monday\) to 7"),
        ({"days": "business", "weekdays": ()}, "at least one"),
        ({"days": "business", "holidays": "May Day"}, "a holiday is a date.*got 'May Day'"),
        ({"days": "business", "holidays": [at(1)]}, "a holiday is a date"),
        ({"of": "left"}, "of is one of entered, ended, got 'left'"),
        ({"per": "fortnight"}, "fortnight"),
        ({"until": 0}, "until is a number above 0"),
        ({"confidence": 95}, "between 0 and 1"),
    ],
)
def test_choices_that_are_none(choices, message) -> None:
    """The error says which choice, and what it takes."""
    with pytest.raises(ArgumentError, match=message):
        cc.analyse("time_in_stage", BACK, **choices)


def test_choices_as_the_command_line_gives_them() -> None:
    """Numbers may come as text, one weekday alone, and one holiday alone."""
    given_ = cc.analyse(
        "time_in_stage", BACK, as_of=at(20), until="12.5", confidence="0.9", days="business", weekdays=5
    )

    assert given_["until_days"].tolist() == [12.5, 12.5]
    assert given_.fact("confidence") == 0.9
    assert given_.fact("days") == "business"


# --- against a replay

journeys = st.lists(
    st.tuples(
        st.none() | st.integers(0, 60),
        st.lists(st.tuples(st.sampled_from(["new", "offer", "talks", "won", "lost"]), st.integers(0, 90)), max_size=6),
    ),
    max_size=6,
)


def replay(deals, now, policy):
    """Return (stage -> [(hours, ended)]), stays without a beginning, and those of negative length, one deal at a time."""
    found, unknown, negative = {}, 0, 0
    for created, moves in deals:
        if created is not None and created > now:
            continue
        path = [(created, "new")]
        for stage, hour in sorted(moves, key=lambda m: m[1]):
            if hour <= now and stage != path[-1][1]:
                if path == [(hour, "new")]:  # it was created where it moved to at once
                    path.pop()
                path.append((hour, stage))
        stays = {}
        for (start, stage), (end, _) in pairwise([*path, (None, None)]):
            if stage not in ("won", "lost"):
                stays.setdefault(stage, []).append((start, end))
        for stage, visits in stays.items():
            chosen = {"time_in_stage": visits, "time_in_stage_latest": visits[-1:], "time_in_stage_first": visits[:1]}[
                policy
            ]
            lasted = [None if a is None else (now if b is None else b) - a for a, b in chosen]
            if any(n is not None and n < 0 for n in lasted):
                negative += 1
            elif None in lasted:
                unknown += 1
            else:
                found.setdefault(stage, []).append((sum(lasted), chosen[-1][1] is not None))
    return found, unknown, negative


@given(journeys, st.integers(60, 120), st.sampled_from(POLICIES), st.randoms())
def test_a_replay_deal_by_deal_gives_the_same(deals, now, policy, random) -> None:
    """S3, T3, E54: counts, means, median and restricted mean are those of plain Python, whatever the order of the input."""
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    records, changes = [], []
    for number, (created, moves) in enumerate(deals):
        stages, times = ["new"], []
        for stage, hour in sorted(moves, key=lambda m: m[1]):
            if stage != stages[-1]:
                stages.append(stage)
                times.append((stage, hour))
        outcome = stages[-1] if stages[-1] in ("won", "lost") else "open"
        when = None if created is None else zero + timedelta(hours=created)
        records.append((f"D{number}", when, stages[-1], outcome, None))
        changes += [
            {
                "table": "opportunity", "record": f"D{number}", "field": "stage", "old": old, "new": new,
                "at": zero + timedelta(hours=hour), "sequence": place,
            }
            for place, (old, (new, hour)) in enumerate(zip(stages[:-1], times, strict=True))
        ]  # fmt: skip
    random.shuffle(changes)
    base = dataset(records, [])
    empty = {name: [] for name in ("table", "record", "field", "at")}
    data = cc.Dataset(opportunity=base["opportunity"], stage=base["stage"], change=changes or empty)
    past = any(c["at"] > zero + timedelta(hours=now) for c in changes)
    dated = [d for d in deals if d[0] is not None]  # O9: a view of the past has no others
    expected, unknown, negative = replay(dated if past else deals, now, policy)

    found = cc.analyse(policy, data, as_of=zero + timedelta(hours=now))

    assert (found.fact("unknown"), found.fact("negative")) == (unknown, negative)
    rows = {row["stage"]: row for row in found.rows()}
    assert rows.keys() == expected.keys()
    for stage, stays in expected.items():
        row = rows[stage]
        done = [n for n, ended in stays if ended]
        assert (row["deals"], row["ended"], row["still_there"]) == (len(stays), len(done), len(stays) - len(done))
        assert row["mean_days"] == float(Fraction(sum(n for n, _ in stays), 24 * len(stays)))
        assert row["ended_mean_days"] == (float(Fraction(sum(done), 24 * len(done))) if done else None)
        share, area, before, median = Fraction(1), Fraction(0), 0, None
        for t in sorted(set(done)):
            area += share * (t - before)
            share *= 1 - Fraction(done.count(t), sum(n >= t for n, _ in stays))
            before = t
            median = t if median is None and share <= Fraction(1, 2) else median
        area += share * (max(n for n, _ in stays) - before)
        assert row["median_days"] == (None if median is None else median / 24)
        assert row["restricted_mean_days"] == pytest.approx(float(area) / 24, abs=1e-12)
