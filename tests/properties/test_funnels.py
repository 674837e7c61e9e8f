"""Funnels, transitions and flows of stages are what a replay of each deal in plain Python gives (S2, S4, S6, W2)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.domain import Money, Pipeline, Stage

POLICIES = ("reached", "visited", "strict")
FIRST = datetime(2026, 1, 28, tzinfo=UTC)
OPEN = ("new", "offer", "proof")
ENDS = {"won": "won", "paid": "won", "lost": "lost", "dropped": "abandoned"}
PIPELINE = Pipeline(
    "P",
    stages=(
        *(Stage(name, order=n) for n, name in enumerate(OPEN)),
        *(Stage(name, order=9, kind=kind) for name, kind in ENDS.items()),
    ),
)
stages = st.sampled_from([*OPEN, *OPEN, *ENDS])
journeys = st.lists(
    st.tuples(
        stages,
        st.lists(st.tuples(stages, st.sampled_from([0, 1, 30, 200])), max_size=6),
        st.none() | st.integers(-20, 500),
        st.integers(0, 24 * 30),
    ),
    min_size=1,
    max_size=6,
)
looks = st.tuples(journeys, st.integers(0, 24 * 90), st.randoms(use_true_random=False))


def moment(hour):
    return FIRST + timedelta(hours=hour)


def dataset(deals, random):
    """Return the dataset of some journeys, everything in a random order."""
    records, changes = [], []
    for number, (first, moves, amount, hour) in enumerate(deals):
        money = {} if amount is None else {"amount": Money(amount, "EUR")}
        deal, made = PIPELINE.create(f"D{number}", first, at=moment(hour), **money)
        changes += made
        for place, (stage, pause) in enumerate(moves, 1):
            hour += pause
            deal, made = PIPELINE.move(deal, stage, at=moment(hour), sequence=place)
            changes += made
        records.append(deal)
    random.shuffle(records)
    random.shuffle(changes)
    return cc.Dataset(opportunity=records, stage=PIPELINE.stages, change=changes)


def states(deal, until):
    """Return the stages of a deal one after another, each with the hour since when; none where it came later."""
    first, moves, _, hour = deal
    found = [(hour, first)] if hour <= until else []
    for stage, pause in moves:
        hour += pause
        if hour <= until and stage != found[-1][1]:
            found.append((hour, stage))
    return found


def came(deal, policy, until):
    """Return the hour at which a deal came to each stage and was won, by a policy; replayed event by event."""
    path, found = states(deal, until), {}
    is_won = bool(path) and ENDS.get(path[-1][1]) == "won"
    for place, (hour, stage) in enumerate(path):
        kind = ENDS.get(stage)
        if kind is None:
            if policy == "strict":
                before = OPEN[: OPEN.index(stage)]
                firsts = [next((n for n, (_, s) in enumerate(path) if s == b), 99) for b in before] + [place]
                if firsts == sorted(firsts) and 99 not in firsts and stage not in [s for _, s in path[:place]]:
                    found.setdefault(stage, hour)
            else:
                filled = OPEN[: OPEN.index(stage) + 1] if policy == "reached" else (stage,)
                for name in filled:
                    found.setdefault(name, hour)
        elif kind == "won" and policy == "reached":
            for name in OPEN:
                found.setdefault(name, hour)
    if is_won:
        turn = max(
            n for n, (_, s) in enumerate(path) if ENDS.get(s) == "won" and (n == 0 or ENDS.get(path[n - 1][1]) != "won")
        )
        firsts = [next((n for n, (_, s) in enumerate(path) if s == name), 99) for name in OPEN]
        in_order = firsts == sorted(firsts) and firsts[-1] < turn
        if policy != "strict" or in_order:
            found["won"] = path[turn][0]
    return found


def replay(deals, policy, until, group):
    """Return the rows of a funnel as counters: stage -> what -> count, of deals in one group."""
    found = {name: Counter() for name in (*OPEN, "won")}
    for deal in deals:
        path = states(deal, until)
        if not path:
            continue
        mine, reached, visited = (came(deal, p, until) for p in (policy, "reached", "visited"))
        is_open = path[-1][1] in OPEN
        for place, name in enumerate((*OPEN, "won")):
            row = found[name]
            if name in mine and group(deal, mine[name]):
                row["deals"] += 1
                row["value"] += deal[2] or 0
                following = (*OPEN, "won", None)[place + 1]
                row["went_on"] += following in mine
                row["pending"] += is_open and following not in mine
            if name in reached and name not in visited and name != "won" and group(deal, reached[name]):
                row["skipped"] += 1
        seen, last = set(), None
        for hour, stage in path:
            if stage in OPEN:
                if group(deal, hour):
                    found[stage]["back"] += last is not None and OPEN.index(last) > OPEN.index(stage)
                    found[stage]["again"] += stage in seen
                seen.add(stage)
                last = stage
    return found


NAMES = ("deals", "value", "went_on", "pending", "skipped", "back", "again")


@given(looks)
def test_funnels_of_deals_created(look) -> None:
    """S2, S4, S6, E11, E22, E23, E24: whatever the order of the input, and from any moment."""
    deals, until, random = look
    data = dataset(deals, random)
    for policy in POLICIES:
        found = cc.analyse("funnel", data, policy=policy, as_of=moment(until))

        expected = replay(deals, policy, until, lambda *_: True)
        assert [row["stage"] for row in found] == [*OPEN, "won"]
        for row in found:
            names = NAMES if row["stage"] != "won" else ("deals", "value")
            assert {n: row[n] for n in names} == {n: expected[row["stage"]][n] for n in names}, (policy, row)


@given(looks, st.sampled_from(POLICIES))
def test_funnels_by_period(look, policy) -> None:
    """T1, R5: cohorts by the week of the creation, and what was entered in a week, add up deal by deal."""
    deals, until, random = look
    data = dataset(deals, random)
    weeks = {
        "created": lambda deal, _: week(deal[3]),
        "entered": lambda _, hour: week(hour),
    }
    for of, at in weeks.items():
        found = cc.analyse("funnel", data, policy=policy, of=of, per="week", as_of=moment(until))
        periods = dict.fromkeys(found["period"].tolist())
        whole = Counter()
        for period in periods:
            expected = replay(deals, policy, until, lambda deal, hour, at=at, period=period: at(deal, hour) == period)
            for row in found.only(period=period):
                names = NAMES if row["stage"] != "won" else ("deals", "value")
                assert {n: row[n] for n in names} == {n: expected[row["stage"]][n] for n in names}, (of, row)
                whole[row["stage"]] += row["deals"]
        everything = replay(deals, policy, until, lambda *_: True)
        assert whole == Counter({name: row["deals"] for name, row in everything.items()})


def week(hour):
    year, number, _ = moment(hour).isocalendar()
    return f"{year}-W{number:02}"


@given(looks)
def test_flows_balance(look) -> None:
    """W2: the stock at each end is that of the deals themselves, and what flowed in and out is its change."""
    deals, until, random = look
    found = cc.analyse("stage_flow", dataset(deals, random), per="week", as_of=moment(until))

    for row in found:
        coming = row["new"] + row["came_on"] + row["came_back"] + row["reopened"]
        going = sum(row[n] for n in ("moved_on", "moved_back", "won", "lost", "abandoned", "removed"))
        assert row["start"] + coming - going == row["end"]
        ended = datetime.strptime(row["period"] + "-7", "%G-W%V-%u").replace(tzinfo=UTC) + timedelta(days=1)
        hour = min(until, (ended - FIRST) // timedelta(hours=1) - 1)
        stock = [path[-1][1] for deal in deals if (path := states(deal, hour))]
        assert row["end"] == stock.count(row["stage"])


@given(looks)
def test_transitions(look) -> None:
    """S6: each stay in a stage went somewhere once."""
    deals, until, random = look
    found = cc.analyse("stage_transitions", dataset(deals, random), as_of=moment(until))

    expected = Counter()
    for deal in deals:
        path = [*(stage for _, stage in states(deal, until)), None]
        for stage, into in pairwise(path):
            if stage in OPEN:
                if into in OPEN:
                    how = "back" if OPEN.index(into) < OPEN.index(stage) else "on"
                else:
                    into = how = "still there" if into is None else ENDS[into]
                expected[stage, into, how] += 1
    assert {(r["stage"], r["to"], r["kind"]): r["count"] for r in found} == dict(expected)
    for name in {r["stage"] for r in found}:
        shares = [r["share"] for r in found.only(stage=name) if r["share"] is not None]
        assert not shares or sum(shares) == pytest.approx(1)
