"""Whole histories: deals that skip, go back, are won and reopened, change owner, team and pipeline, are merged or deleted, with
moves that are written down long after they happened. As of any moment, known at any other, they add up, and are what a replay gives.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import col, count
from crmcore.analysis.waterfall import IN, OUT
from crmcore.testing.reference import measure

FIRST = datetime(2026, 1, 28, tzinfo=UTC)
OUTCOMES = ("open", "won", "lost", "abandoned")
STAGES = {
    "new": ("P", "open"), "offer": ("P", "open"), "proof": ("P", "open"), "won": ("P", "won"), "lost": ("P", "lost"),
    "start": ("Q", "open"), "talk": ("Q", "open"), "signed": ("Q", "won"), "dropped": ("Q", "abandoned"),
}  # fmt: skip
TABLE = [{"id": s, "order": n, "pipeline": p, "kind": k} for n, (s, (p, k)) in enumerate(STAGES.items())]
STOCKS = [
    cc.Metric(name, count(None if name == "deals" else col("outcome") == name), unit="number", anchor="stock", table="opportunity")
    for name in ("deals", *OUTCOMES)
]  # fmt: skip
hours = st.integers(0, 24 * 60)
late = st.sampled_from([0, 0, 0, 5, 400])
events = st.one_of(
    st.tuples(st.just("stage"), st.sampled_from([*STAGES, "new", "offer", "start"])),
    st.tuples(st.just("owner"), st.sampled_from(["Anna", "王芳", None])),
    st.tuples(st.just("team"), st.sampled_from(["north", "south", None])),
    st.tuples(st.just("amount"), st.none() | st.integers(-50, 500)),
)
removals = st.sampled_from([None, None, ("deleted", True), ("merged_into", "D9")])


def moment(hour):
    return FIRST + timedelta(hours=hour)


@st.composite
def histories(draw):
    """Return deals as they are today, and every change of them in any order; a removal is the last thing that happens to one."""
    deals, changes = [], []
    for number in range(draw(st.integers(1, 5))):
        hour = draw(hours)
        stage = draw(st.sampled_from([*STAGES]))
        state = {
            "id": f"D{number}", "created_at": moment(hour), "stage": stage, "pipeline": STAGES[stage][0], "owner": "Anna", "team": None,
            "amount": 10, "deleted": False, "merged_into": None,
        }  # fmt: skip
        happened = draw(st.lists(st.tuples(events, st.sampled_from([0, 1, 30, 200]), late), max_size=6))
        end = draw(removals)
        sequence = 0
        for (field, value), pause, delay in [*happened, *([] if end is None else [(end, draw(hours), draw(late))])]:
            hour += pause
            made = {field: value}
            if field == "stage" and STAGES[value][0] != state["pipeline"]:
                made["pipeline"] = STAGES[value][0]
            for name, new in made.items():
                sequence += 1
                if new != state[name]:
                    changes.append(
                        {
                            "table": "opportunity", "record": state["id"], "field": name, "old": state[name], "new": new,
                            "at": moment(hour), "recorded_at": moment(hour + delay), "sequence": sequence,
                        }
                    )  # fmt: skip
                state[name] = new
        deals.append(state | {"outcome": STAGES[state["stage"]][1]})
    return deals, draw(st.permutations(changes))


def replayed(deals, changes, at, known):
    """Return the deals that were there at an instant, as far as that was known by another."""
    found = []
    for deal in deals:
        if deal["created_at"] > min(at, known):
            continue
        then = dict(deal)
        for field in deal:
            mine = [c for c in changes if c["record"] == deal["id"] and c["field"] == field]
            mine.sort(key=lambda c: (c["at"], c["sequence"]))
            learnt = [c for c in mine if c["recorded_at"] <= known]
            past = [c for c in learnt if c["at"] <= at]
            if past:
                then[field] = past[-1]["new"]
            elif mine:
                then[field] = (learnt or mine)[0]["old"]
        then["outcome"] = STAGES[then["stage"]][1]
        if not then["deleted"] and then["merged_into"] is None:
            found.append(then)
    return found


def dataset(deals, changes):
    """Return a dataset that tells of stages, and leaves outcomes to follow from them."""
    plain = [{**c, **{side: text(c[side]) for side in ("old", "new")}} for c in changes]
    blank = {n: [] for n in ("table", "record", "field", "at")}
    return cc.Dataset(opportunity=deals, stage=TABLE, change=plain or blank)


def text(value):
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@given(histories(), hours, st.none() | hours, st.sampled_from(["outcome", "stage", "owner", "team", "pipeline"]))
def test_open_won_lost_and_abandoned_are_all(history, hour, learnt, key) -> None:
    """O1, O3, O5, O8: as of any moment and as known at any other the outcomes add up to all deals, in every group; and the numbers
    are those of the reference on a replay."""
    deals, changes = history
    at, known = moment(hour), moment(hour if learnt is None else learnt)
    then = replayed(deals, changes, at, known)

    found = cc.measure(STOCKS, dataset(deals, changes), by=key, as_of=at, known=known)

    expected = measure(STOCKS, {"opportunity": then}, by=[key], as_of=at).rows if then else []
    assert found.rows() == [{k: v for k, v in row.items() if k != "period"} for row in expected]
    for row in found.rows():
        assert sum(row[name] for name in OUTCOMES) == row["deals"]


@given(histories(), hours, st.none() | hours)
def test_what_flows_in_and_out_is_the_change_of_the_stock(history, hour, learnt) -> None:
    """W2, S4, S6: in each stage and week, with deals that were removed up to then, and from pipeline to pipeline."""
    deals, changes = history
    at, known = moment(hour), moment(hour if learnt is None else learnt)
    found = cc.analyse("stage_flow", dataset(deals, changes), per="week", as_of=at, known=known)

    for row in found.rows():
        coming = sum(row[n] for n in ("new", "came_on", "came_back", "reopened"))
        going = sum(row[n] for n in ("moved_on", "moved_back", "won", "lost", "abandoned", "removed"))
        assert row["start"] + coming - going == row["end"]
        sunday = datetime.strptime(row["period"] + "-7", "%G-W%V-%u").replace(tzinfo=UTC)
        end = min(at, sunday + timedelta(days=1, microseconds=-1))
        stock = Counter(deal["stage"] for deal in replayed(deals, changes, end, known))
        assert row["end"] == stock[row["stage"]], row
    removed = sum(row["removed"] for row in found.rows())
    gone = {d["id"] for d in deals} - {d["id"] for d in replayed(deals, changes, at, known)}
    assert removed <= len(gone)


@given(histories(), st.tuples(hours, hours), st.none() | hours, st.sampled_from(["owner", "team", "pipeline"]))
def test_a_waterfall_leads_from_one_replay_to_another(history, between, learnt, key) -> None:
    """W1: in count and in value, by owner, team or pipeline, whatever was learnt when."""
    deals, changes = history
    first, last = (moment(hour) for hour in sorted(between))
    known = last if learnt is None else moment(learnt)
    found = cc.analyse("pipeline_waterfall", dataset(deals, changes), since=first, as_of=last, known=known, by=key)

    bars = [row for row in found.rows() if row["cause"] is None]
    for group in {row[key] for row in bars}:
        mine = {row["bar"]: row for row in bars if row[key] == group}
        for column in ("count", "value"):
            assert sum(mine[bar][column] for bar in IN) == sum(mine[bar][column] for bar in OUT)
    for bar, at in (("start", first), ("end", last)):
        then = [d for d in replayed(deals, changes, at, known) if d["outcome"] == "open"]
        assert {row[key]: row["count"] for row in bars if row["bar"] == bar and row["count"]} == Counter(
            d[key] for d in then
        )
        assert sum(row["value"] for row in bars if row["bar"] == bar) == sum(d["amount"] or 0 for d in then)


@given(histories(), hours, st.none() | hours)
def test_a_dataset_of_the_past_is_analysed_as_the_past_is(history, hour, learnt) -> None:
    """O8, S2: funnels, stays, transitions and events from an instant, as known at another, are those of the dataset as of then; who
    passed a stage in order visited it, and who visited it reached it."""
    deals, changes = history
    at, known = moment(hour), moment(hour if learnt is None else learnt)
    data = dataset(deals, changes)
    then = data.as_of(at, known=known)

    funnels = {}
    for policy in ("reached", "visited", "strict"):
        found = cc.analyse("funnel", data, policy=policy, as_of=at, known=known)
        assert found.rows() == cc.analyse("funnel", then, policy=policy).rows()
        funnels[policy] = found["deals"].tolist()
    assert all(a >= b >= c for a, b, c in zip(*funnels.values(), strict=True))
    for name in ("time_in_stage", "stage_transitions", "outcome_events"):
        assert cc.analyse(name, data, as_of=at, known=known).rows() == cc.analyse(name, then).rows()
