"""The sales cycle with open deals counted right: published cases through the analyses, by hand, and late entries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.errors import ArgumentError

NOW = date(2026, 6, 30)
WAYS = ("open", "won", "lost", "abandoned")


def followed(times, causes, groups=None):
    """Return deals that were followed for some days: those of cause 0 are open on 30 June, the others closed then."""
    groups = groups or [None] * len(times)
    return cc.Dataset(
        opportunity=[
            {
                "id": n, "created_at": NOW - timedelta(t), "closed_at": NOW if c else None, "outcome": WAYS[c], "team": g,
                "stage": "s", "owner": n % 3,
            }
            for n, (t, c, g) in enumerate(zip(times, causes, groups, strict=True))
        ]
    )  # fmt: skip


def run(name, data, **choices):
    return cc.analyse(name, data, as_of=NOW, **choices)


# --- published


def test_remission_times_of_1963(vector) -> None:
    """E54: shares still open and the median, as published for 6-MP, with weeks read as days open and remission as a win."""
    case = vector("surv-km-6mp")
    data = followed(case["input"]["time"], case["input"]["event"])

    curve = run("sales_cycle_curve", data, ages=case["input"]["at"])
    row = run("sales_cycle", data).rows()[0]

    assert curve["open_share"].tolist() == pytest.approx(case["expected"]["survival"], abs=1e-9)
    assert curve["at_risk"].tolist()[:3] == [21, 17, 15]
    assert row["median_days"] == case["expected"]["median"]
    assert (row["median_low_days"], row["median_high_days"]) == (13.0, None)
    assert (row["deals"], row["won"], row["open"]) == (21, 9, 12)
    assert row["won_mean_days"] == float(Fraction(6 * 3 + 7 + 10 + 13 + 16 + 22 + 23, 9))  # far below the median of 23


def test_the_restricted_mean(vector) -> None:
    """E54: the mean up to a limit, as R prints it; two teams at one limit, each under its own name."""
    case = vector("surv-rmst")
    for name, wanted in case["expected"].items():
        life = case["input"][name]
        found = run("sales_cycle", followed(life["time"], life["event"]), until=life["tau"])

        assert found["restricted_mean_days"].tolist() == pytest.approx([wanted], abs=1e-8)


def test_won_and_lost_compete(vector) -> None:
    """The shares of Aalen and Johansen, which add up to 1 at each age; the lost taken for censored would give 1/2."""
    case = vector("surv-aalen-johansen")
    found = run(
        "sales_cycle_curve", followed(case["input"]["time"], case["input"]["cause"]), ages=case["expected"]["time"]
    )

    assert found["won_share"].tolist() == pytest.approx(case["expected"]["cif_won"], abs=1e-9)
    assert found["lost_share"].tolist() == pytest.approx(case["expected"]["cif_lost"], abs=1e-9)
    assert found["open_share"].tolist() == pytest.approx(case["expected"]["overall_S"], abs=1e-9)
    row = run("sales_cycle", followed(case["input"]["time"], case["input"]["cause"])).rows()[0]
    assert row["won_share"] == pytest.approx(case["expected"]["cif_won"][-1], abs=1e-9)
    assert row["won_median_days"] == 10  # 0.2 by day 5, 0.317 by day 10: half of 0.433 lies between
    assert row["won_share"] + row["lost_share"] + row["abandoned_share"] + row["open_share"] == pytest.approx(1)


def test_two_teams_are_told_apart(vector) -> None:
    """The log-rank test between teams, as published."""
    case = vector("surv-logrank-6mp")["input"]
    groups = ["6-MP"] * len(case["time_a"]) + ["placebo"] * len(case["time_b"])
    data = followed(case["time_a"] + case["time_b"], case["event_a"] + case["event_b"], groups)

    found = run("sales_cycle", data, by="team")

    assert found.fact("log_rank") == pytest.approx(16.792940989217, abs=1e-6)
    assert found.fact("log_rank_p") == pytest.approx(4.1688091e-05, rel=1e-6)
    assert found.fact("log_rank_freedom") == 1
    lost = followed(case["time_a"] + case["time_b"], [e or 2 for e in case["event_a"] + case["event_b"]], groups)
    assert run("sales_cycle", lost, by="team").fact("log_rank") == found.fact(
        "log_rank"
    )  # lost is not won: it is censored
    assert found["team"].tolist() == ["6-MP", "placebo"]
    assert found["median_days"].tolist() == [23.0, 8.0]


# --- by hand


def test_a_cycle_of_zero_counts() -> None:
    """O6: of four deals one is won as it is created; half of the wins and a quarter of all deals have come at age 0."""
    row = run("sales_cycle", followed([0, 4, 4, 8], [1, 1, 2, 0])).rows()[0]

    assert (row["won_mean_days"], row["won_median_days"], row["median_days"]) == (2.0, 0.0, 4.0)
    assert (row["won_share"], row["lost_share"], row["open_share"]) == (0.5, 0.25, 0.25)
    assert row["restricted_mean_days"] == 4 * 0.75 + 4 * 0.25


def test_what_is_left_out_is_counted() -> None:
    """T3, O9, O4: negative cycles, closed deals without a date, and deals without a creation are in no share, and told."""
    day = date(2026, 5, 1)
    rows = [
        {"id": 1, "created_at": day, "closed_at": day + timedelta(9), "outcome": "won"},
        {"id": 2, "created_at": day, "closed_at": day - timedelta(1), "outcome": "won"},
        {"id": 3, "created_at": day, "closed_at": None, "outcome": "lost"},
        {"id": 4, "created_at": None, "closed_at": day, "outcome": "won"},
        {"id": 5, "created_at": None, "closed_at": None, "outcome": "open"},
        {"id": 6, "created_at": None, "closed_at": None, "outcome": "lost"},
        {"id": 7, "created_at": day, "closed_at": None, "outcome": None},
        {"id": 8, "created_at": None, "closed_at": None, "outcome": None},
    ]
    found = cc.analyse("sales_cycle", cc.Dataset(opportunity=rows))

    assert found["deals"].tolist() == [1]
    assert found["won_mean_days"].tolist() == [9.0]
    names = ("negative", "closed_undated", "undated", "without_outcome")
    assert [found.fact(n) for n in names] == [1, 1, 4, 1]
    late = cc.analyse("sales_cycle", cc.Dataset(opportunity=rows[:2]), since="2026-05-05")
    assert [late.fact(n) for n in ("negative", "closed_before_since", "late")] == [1, 0, 1]
    then = cc.analyse(
        "sales_cycle",
        cc.Dataset(opportunity=[*rows, {**rows[0], "id": 9, "closed_at": date(2026, 6, 1)}]),
        as_of=date(2026, 5, 20),
    )
    assert then.fact("undated") == 4  # a view of the past does not have them, and tells
    assert "Deals closed before they were created, left out: 1" in str(found)


def test_instants_and_dates() -> None:
    """T1, T2: between instants time is exact; as soon as one of the two is a date whole local days are counted."""
    created = datetime(2026, 3, 1, 23, tzinfo=UTC)
    exact = [{"id": 1, "created_at": created, "closed_at": datetime(2026, 3, 2, 11, tzinfo=UTC), "outcome": "won"}]
    mixed = [{"id": 1, "created_at": created, "closed_at": date(2026, 3, 2), "outcome": "won"}]

    def mean(rows, zone):
        return cc.Workspace(timezone=zone).analyse("sales_cycle", cc.Dataset(opportunity=rows))["won_mean_days"][0]

    assert mean(exact, "UTC") == 0.5
    assert mean(mixed, "UTC") == 1.0
    assert mean(mixed, "Asia/Shanghai") == 0.0  # there it was created on the 2nd
    business = cc.analyse("sales_cycle", cc.Dataset(opportunity=mixed), days="business")
    assert business["won_mean_days"].tolist() == [1.0]  # Monday


def test_the_past_is_seen_from_then() -> None:
    """O8: a deal won later is open as of then, and censored at the age it had."""
    rows = [{"id": 1, "created_at": date(2026, 5, 1), "closed_at": date(2026, 6, 20), "outcome": "won"}]
    row = cc.analyse("sales_cycle", cc.Dataset(opportunity=rows), as_of=date(2026, 5, 31)).rows()[0]

    assert (row["won"], row["open"], row["until_days"], row["open_share"], row["median_days"]) == (
        0,
        1,
        30.0,
        1.0,
        None,
    )


def test_shares_beyond_what_was_seen_are_undefined() -> None:
    """R2: nobody was seen for 20 days, and one was open when last seen; all closed, it is known for ever."""
    some, none = followed([5, 9], [1, 0]), followed([5, 9], [1, 2])

    assert run("sales_cycle_curve", some, ages=(9, 20)).plain("won_share") == [0.5, None]
    assert run("sales_cycle_curve", none, ages=(9, 20)).plain("won_share") == [0.5, 0.5]
    assert run("sales_cycle", some, until=20).plain("won_share") == [None]
    assert run("sales_cycle", some, until=20).plain("won_median_days") == [None]
    assert run("sales_cycle_curve", some, ages=(20, 9, 9)).plain("open_share_low")[1:] == [None]
    assert run("sales_cycle_curve", some, ages=(20, 9, 9))["age_days"].tolist() == [9.0, 20.0]
    assert run("sales_cycle", some, until=5).plain("won_share") == [0.5]  # a limit has its own day
    assert run("sales_cycle", none, until=20)["restricted_mean_days"].tolist() == [7.0]


def test_one_team_has_no_test() -> None:
    """The test of one group has no value, and without groups there is none."""
    assert run("sales_cycle", followed([5, 9], [1, 0], ["a", "a"]), by="team").fact("log_rank_p") is None
    assert "log_rank" not in {f.name for f in run("sales_cycle", followed([5, 9], [1, 0])).facts}
    blank = run("sales_cycle", followed([5, 9, 3], [1, 0, 1], ["b", None, "a"]), by="team")
    assert blank["team"].tolist() == ["a", "b", None]


# --- late entries


def test_deals_open_when_the_records_begin_enter_late() -> None:
    """Left truncation: records since 1 June hold of older deals only those that were still open; they count from then on.

    Ages at close 40 (entered at 30), 10 and 20 from the beginning, and 50 still open (entered at 20): at risk at 10 are two
    deals, at 20 one, at 40 two. S = 1/2, 0, 0.
    """
    first = date(2026, 6, 1)
    rows = [
        ("old", first - timedelta(31), first + timedelta(9), "won"),
        ("young", first, first + timedelta(10), "won"),
        ("next", first, first + timedelta(20), "lost"),
        ("oldest", first - timedelta(21), None, "open"),
        ("gone", first - timedelta(9), first - timedelta(1), "won"),
    ]
    data = cc.Dataset(opportunity=[{"id": i, "created_at": c, "closed_at": d, "outcome": o} for i, c, d, o in rows])
    curve = run("sales_cycle_curve", data, since="2026-06-01", ages=(9, 10, 20, 40))
    row = run("sales_cycle", data, since=first).rows()[0]

    assert curve["at_risk"].tolist() == [2, 2, 1, 2]
    assert curve["open_share"].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert curve.fact("closed_before_since") == 1
    assert curve.fact("late") == 2
    assert (row["deals"], row["won"], row["lost"], row["open"]) == (4, 2, 1, 1)
    assert run("sales_cycle", data).rows()[0]["deals"] == 5


def test_a_deal_of_the_day_before_enters_after_its_first_day() -> None:
    """Records since 2 June know nothing of deals won on the 1st at an age of 0, so those of that day are not at risk at 0.

    One deal of 1 June is open, one of 2 June is won at once: at age 0 one is at risk and one is won, so the curve is at 0. Taking
    the other for one who was at risk would give one half.
    """
    rows = [
        {"id": 1, "created_at": date(2026, 6, 1), "outcome": "open", "closed_at": None},
        {"id": 2, "created_at": date(2026, 6, 2), "outcome": "won", "closed_at": date(2026, 6, 2)},
    ]
    data = cc.Dataset(opportunity=rows)

    assert run("sales_cycle_curve", data, since="2026-06-02", ages=5)["won_share"].tolist() == [1.0]
    assert run("sales_cycle_curve", data, since="2026-06-01", ages=5)["won_share"].tolist() == [0.5]
    assert run("sales_cycle", data, since="2026-06-02").fact("late") == 1


def test_who_cannot_be_at_risk_is_left_out() -> None:
    """T2: created at noon, closed on a date, in records that begin at an instant or after a day of 23 hours.

    1 was 27 hours old when the records began on 2 March at 15:00, and its cycle is one day. 2, of Berlin, closed on Sunday 29 March,
    one day after its creation, and the records begin on Monday, only 23.5 hours after. 3 was created as they begin, and is not late.
    """
    zone, won = cc.Workspace(timezone="Europe/Berlin"), {"outcome": "won", "closed_at": date(2026, 3, 2)}
    first = {"id": 1, "created_at": datetime(2026, 3, 1, 12, tzinfo=UTC), **won}
    third = {"id": 3, "created_at": datetime(2026, 3, 2, 15, tzinfo=UTC), "outcome": "open", "closed_at": None}
    second = {
        "id": 2,
        "created_at": datetime(2026, 3, 28, 22, 30, tzinfo=UTC),
        "outcome": "won",
        "closed_at": date(2026, 3, 29),
    }

    found = cc.analyse("sales_cycle", cc.Dataset(opportunity=[first, third]), since="2026-03-02T15:00+00:00", as_of=NOW)
    assert [found.fact(n) for n in ("closed_before_since", "late")] == [1, 0]
    assert found["deals"].tolist() == [1]
    found = zone.analyse("sales_cycle", cc.Dataset(opportunity=[second]), since="2026-03-30", as_of=NOW)
    assert (found.fact("closed_before_since"), len(found)) == (1, 0)


def test_the_test_between_teams_knows_who_entered_late() -> None:
    """Records since day 6 of team b's oldest: at risk at 5 are a1, a2 and b2; at 7 a2 and b2 and b1, who is there from 6 on; at 9 b1.

    Expected wins of a: 2/3 at 5, 1/3 at 7, 0 at 9; observed 1. Variance 2/9 + 2/9. Taking b1 for there from the beginning gives
    2/4 at 5.
    """
    first = NOW - timedelta(20)
    rows = [("a1", 0, 5, "won"), ("a2", 0, 8, "lost"), ("b1", -6, 9, "won"), ("b2", 0, 7, "won")]
    data = cc.Dataset(
        opportunity=[
            {
                "id": i,
                "created_at": first + timedelta(c),
                "closed_at": first + timedelta(c + t),
                "outcome": o,
                "team": i[0],
            }
            for i, c, t, o in rows
        ]
    )
    found = run("sales_cycle", data, by="team", since=first)

    assert found.fact("late") == 1
    assert found.fact("log_rank") == pytest.approx((1 - (2 / 3 + 1 / 3)) ** 2 / (4 / 9), abs=1e-12)
    assert run("sales_cycle", data, by="team").fact("log_rank") == pytest.approx(
        (1 - (2 / 4 + 1 / 3)) ** 2 / (2 / 4 * 2 / 4 + 2 / 9), abs=1e-12
    )


lives = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 25), st.integers(0, 3), st.sampled_from("ab")), min_size=1, max_size=20
)


@given(lives, st.integers(0, 20), st.booleans())
def test_shares_are_those_of_fractions_counted_one_by_one(lives, begin, exact) -> None:
    """Late entry, competing risks and groups, deal by deal: created on a day, followed for some, records since another."""
    zero = datetime(2026, 1, 1, 12, tzinfo=UTC) if exact else date(2026, 1, 1)
    end = 30
    people, rows = {}, []
    for number, (created, lasted, cause, team) in enumerate(lives):
        close = created + lasted if cause and created + lasted <= end else None
        rows.append(
            {
                "id": number, "created_at": zero + timedelta(created), "outcome": WAYS[cause if close is not None else 0],
                "closed_at": None if close is None else zero + timedelta(close), "team": team,
            }
        )  # fmt: skip
        last = end if close is None else close
        if last >= begin:
            # from just before the records begin: who closes then is in them
            entry = -1 if created >= begin else Fraction(begin - created) - Fraction(1, 2)
            people.setdefault(team, []).append((last - created, cause if close is not None else 0, entry))
    since = zero + timedelta(begin)
    data = cc.Dataset(opportunity=rows)

    found = cc.analyse(
        "sales_cycle_curve", data, as_of=zero + timedelta(end), by="team", since=since, ages=range(1, 26)
    )

    assert sorted(set(found["team"].tolist())) == sorted(people)
    for team, life in people.items():
        share, ended = Fraction(1), [Fraction(0)] * 4
        rows_of = {row["age_days"]: row for row in found.only(team=team)}
        for t in range(26):
            n = sum(e < t <= stop for stop, _, e in life)
            d = [sum(stop == t and c == k and e < t for stop, c, e in life) for k in range(4)]
            ended = [f + (share * Fraction(dk, n) if n else 0) for f, dk in zip(ended, d, strict=True)]
            share *= 1 - Fraction(sum(d[1:]), n) if n else 1
            if t:
                row = rows_of[t]
                assert row["at_risk"] == n
                told = max(stop for stop, _, _ in life) >= t or _final(life) == 0
                expected = [float(f) for f in (*ended[1:], share)] if told else [None] * 4
                names = ("won_share", "lost_share", "abandoned_share", "open_share")
                assert [row[name] for name in names] == pytest.approx(expected, abs=1e-12)


def _final(life):
    """Return the share that is still open at the end."""
    share = Fraction(1)
    for t in sorted({stop for stop, c, _ in life if c}):
        share *= 1 - Fraction(
            sum(stop == t and c > 0 for stop, c, _ in life), sum(e < t <= stop for stop, _, e in life)
        )
    return share


@pytest.mark.parametrize(
    ("name", "choices", "message"),
    [
        ("sales_cycle", {"since": "yesterday"}, "since is a date.*got 'yesterday'"),
        ("sales_cycle", {"since": datetime(2026, 1, 1)}, "aware datetime"),
        ("sales_cycle", {"since": 2026}, "since is a date"),
        ("sales_cycle", {"until": -1}, "until is a number above 0"),
        ("sales_cycle", {"days": "work"}, "'calendar' or 'business'"),
        ("sales_cycle_curve", {"ages": (30, 0)}, "an age is a number above 0"),
        ("sales_cycle_curve", {"confidence": 2}, "between 0 and 1"),
    ],
)
def test_choices_that_are_none(name, choices, message) -> None:
    """The error says which choice, and what it takes."""
    with pytest.raises(ArgumentError, match=message):
        run(name, followed([1], [1]), **choices)
