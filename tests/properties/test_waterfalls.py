"""A waterfall leads from start to end exactly, and is what a comparison of two replays in plain Python gives (W1)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import col
from crmcore.analysis.waterfall import IN, OUT

FIRST = datetime(2026, 1, 28, tzinfo=UTC)
hours = st.integers(0, 60 * 24)
VALUES = {
    "outcome": st.sampled_from(["open", "won", "lost", "abandoned"]),
    "owner": st.sampled_from(["Anna", "王芳", None]),
    "pipeline": st.sampled_from(["P1", "P2"]),
    "amount": st.none() | st.integers(-50, 500),
    "expected_close": st.none() | st.integers(0, 60).map(lambda n: date(2026, 1, 28) + timedelta(n)),
    "deleted": st.booleans(),
    "merged_into": st.none() | st.just("D9"),
}
WINDOW = (date(2026, 2, 1), date(2026, 2, 28))


def moment(hour):
    return FIRST + timedelta(hours=hour)


@st.composite
def histories(draw):
    """Return deals as they are today, and every change of them, some recorded long after they happened, in any order."""
    deals, changes = [], []
    for number in range(draw(st.integers(1, 5))):
        created = draw(hours)
        deal = {"id": f"D{number}", "created_at": draw(st.sampled_from([moment(created)] * 9 + [None]))}
        for field, values in VALUES.items():
            first = draw(values)
            events = sorted(
                (max(draw(hours), created), place, draw(values), draw(hours))
                for place in range(draw(st.integers(0, 2)))
            )
            before = first
            for sequence, (hour, _, value, later) in enumerate(events):
                changes.append(
                    {
                        "table": "opportunity", "record": deal["id"], "field": field, "old": before, "new": value,
                        "at": moment(hour), "recorded_at": moment(max(hour, later)), "sequence": sequence,
                    }
                )  # fmt: skip
                before = value
            deal[field] = before
        deals.append(deal)
    return deals, draw(st.permutations(changes))


def replayed(deals, changes, at, known):
    """Return the deals that were there at an instant, by id, as far as that was known by another."""
    found = {}
    for deal in deals:
        if deal["created_at"] is None or deal["created_at"] > at:
            continue
        then = dict(deal)
        for field in VALUES:
            mine = [c for c in changes if c["record"] == deal["id"] and c["field"] == field]
            mine.sort(key=lambda c: (c["at"], c["sequence"]))
            learnt = [c for c in mine if c["recorded_at"] <= known]
            past = [c for c in learnt if c["at"] <= at]
            if past:
                then[field] = past[-1]["new"]
            elif mine:
                then[field] = (learnt or mine)[0]["old"]
        if not then["deleted"] and then["merged_into"] is None:
            found[deal["id"]] = then
    return found


def compared(early, late, by, window, owner):
    """Return count, value and deals of each bar of each group, by going through the deals one by one."""
    bars = defaultdict(lambda: [0, 0, set()])

    def book(group, bar, deal, value, count=1):
        cell = bars[group, bar]
        cell[0] += count
        cell[1] += value
        cell[2].add(deal)

    def mine(deal):
        if deal is None:
            return False
        day = deal["expected_close"]
        return (window is None or (day is not None and window[0] <= day <= window[1])) and (
            owner is None or deal["owner"] == owner
        )

    def group(deal):
        return tuple(deal[key] for key in by)

    for name in sorted({*early, *late}):
        a, b = early.get(name), late.get(name)
        old, new = (0 if d is None or d["amount"] is None else d["amount"] for d in (a, b))
        was = mine(a) and a["outcome"] == "open"
        if was:
            book(group(a), "start", name, old)
            if b is None:
                book(group(a), "removed", name, old)
                continue
            if new != old:
                book(group(a), "increased" if new > old else "decreased", name, abs(new - old), 0)
            if not mine(b) or group(b) != group(a):
                book(group(a), "moved_out", name, new)
        if not mine(b):
            continue
        here = group(b)
        if a is None:
            book(here, "new", name, new)
        elif a["outcome"] == "open":
            if not was or group(a) != here:
                book(here, "moved_in", name, new)
        elif a["outcome"] == b["outcome"]:
            continue
        else:
            book(here, "reopened", name, new)
        book(here, "end" if b["outcome"] == "open" else b["outcome"], name, new)
    return bars


def text(value):
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def dataset(deals, changes):
    texts = [{**c, "old": text(c["old"]), "new": text(c["new"])} for c in changes]
    return cc.Dataset(opportunity=deals, change=texts or {n: [] for n in ("table", "record", "field", "at")})


@given(
    histories(),
    st.tuples(hours, hours),
    st.none() | hours,
    st.sampled_from([(), ("owner",), ("owner", "pipeline")]),
    st.sampled_from([None, WINDOW]),
    st.sampled_from([None, "Anna"]),
)
def test_a_waterfall_is_a_comparison_of_two_replays(history, between, learnt, by, window, owner) -> None:
    """W1, O8, O9, E05, E13, E33, E43: bars, deals and values by group, window and condition, as known at any time."""
    deals, changes = history
    first, last = (moment(hour) for hour in sorted(between))
    known = last if learnt is None else moment(learnt)
    wanted = compared(*(replayed(deals, changes, at, known) for at in (first, last)), by, window, owner)

    found = cc.Workspace().analyse(
        "pipeline_waterfall", dataset(deals, changes), since=first, as_of=last, known=known, by=by, closing=window,
        where=None if owner is None else col("owner") == owner,
    )  # fmt: skip

    bars = [row for row in found.rows() if row["cause"] is None]
    assert {
        (tuple(row[k] for k in by), row["bar"]): (row["count"], row["value"], row["deals"])
        for row in bars
        if row["deals"]
    } == {key: (count, value, len(ids)) for key, (count, value, ids) in wanted.items()}
    booked = defaultdict(set)
    for row in found.deals().rows():
        booked[tuple(row[k] for k in by), row["bar"]].add(row["id"])
    assert booked == {key: ids for key, (_, _, ids) in wanted.items()}
    for group in {tuple(row[k] for k in by) for row in bars}:
        mine = {row["bar"]: row for row in bars if tuple(row[k] for k in by) == group}
        for column in ("count", "value"):
            assert sum(mine[bar][column] for bar in IN) == sum(mine[bar][column] for bar in OUT)
    causes = defaultdict(lambda: [0, 0.0])
    for row in found.rows():
        if row["cause"] is not None:
            cell = causes[tuple(row[k] for k in by), row["bar"]]
            cell[0] += row["count"]
            cell[1] += row["value"]
    assert all(tuple(wanted[key][:2]) == tuple(cell) for key, cell in causes.items())
