"""A deal without an outcome has that of its stage, today and on every day before (O2, O8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import col, count, total
from crmcore.testing.reference import measure

FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAYS = 60
KINDS = {"new": "open", "offer": "open", "won": "won", "lost": "lost"}
STAGES = [
    {"id": "new", "order": 1},
    {"id": "offer", "order": 2, "kind": None},
    {"id": "won", "order": 3, "kind": "won"},
    {"id": "lost", "order": 4, "kind": "lost"},
]
STOCKS = [
    cc.Metric(word, count(col("outcome") == word), unit="number", anchor="stock", table="opportunity")
    for word in ("open", "won", "lost")
] + [
    cc.Metric(
        "value", total("amount", where=col("outcome") == "open"), unit="money", anchor="stock", table="opportunity"
    )
]
travels = st.lists(
    st.tuples(
        st.sampled_from(list(KINDS)),
        st.lists(st.tuples(st.sampled_from(list(KINDS)), st.integers(1, 20)), max_size=3),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def written(deals, tracked):
    """Return the deals as a source has them, some with no outcome, what changed, and the stage of each on every day."""
    rows, moves, stays = [], [], []
    for number, (stage, steps, said) in enumerate(deals):
        day, been = 0, [(0, stage)]
        for into, pause in steps:
            day += pause
            if into != stage:
                change = {"table": "opportunity", "record": number, "at": FIRST + timedelta(day)}
                moves.append(change | {"field": "stage", "old": stage, "new": into})
                if tracked and KINDS[into] != KINDS[stage]:
                    moves.append(change | {"field": "outcome", "old": KINDS[stage], "new": KINDS[into]})
                been.append((day, into))
            stage = into
        rows.append({"id": number, "created_at": FIRST, "amount": 10**number, "stage": stage})
        if said:
            rows[-1]["outcome"] = KINDS[stage]
        stays.append(been)
    rows.append({"id": "other", "created_at": FIRST, "amount": 7, "stage": "won", "outcome": "won"})
    return rows, moves, [*stays, [(0, "won")]]


@given(travels, st.booleans(), st.integers(0, DAYS))
def test_a_period_a_moment_and_a_view_agree(deals, tracked, day) -> None:
    """O2, O8: counts and value of the open, by the reference interpreter of the deals with the outcomes of their stages."""
    rows, moves, stays = written(deals, tracked)
    data = cc.Dataset(
        opportunity=rows, stage=STAGES, change=moves or {n: [] for n in ("table", "record", "field", "at")}
    )
    now, last = FIRST + timedelta(day), FIRST + timedelta(DAYS)
    then = [
        {**row, "outcome": KINDS[[stage for since, stage in been if since <= day][-1]]}
        for row, been in zip(rows, stays, strict=True)
    ]
    wanted = {m.name: measure(STOCKS, {"opportunity": then}, as_of=now).rows[0][m.name] for m in STOCKS}

    swept = {row["period"]: row for row in cc.measure(STOCKS, data, per="day", as_of=last).rows()}

    assert cc.measure(STOCKS, data, as_of=now).rows() == [wanted]
    assert cc.measure(STOCKS, data.as_of(now)).rows() == [wanted]
    assert {m.name: swept[str(now.date())][m.name] for m in STOCKS} == wanted


def test_one_that_was_taken_away_is_that_of_the_stage_since() -> None:
    """O2: won until 1 February, when somebody emptied the cell of a deal that is in an open stage."""
    rows = [{"id": 1, "created_at": FIRST, "amount": 5, "stage": "new", "outcome": None}]
    took = {"table": "opportunity", "record": 1, "field": "outcome", "old": "won", "new": None}
    data = cc.Dataset(opportunity=rows, stage=STAGES, change=[took | {"at": datetime(2026, 2, 1, 12, tzinfo=UTC)}])
    last = datetime(2026, 3, 1, tzinfo=UTC)

    swept = cc.measure(["open_deals"], data, per="month", as_of=last).rows()

    assert [row["open_deals"] for row in swept] == [0, 1, 1]
    for day, wanted in ((datetime(2026, 1, 31, tzinfo=UTC), 0), (datetime(2026, 2, 2, tzinfo=UTC), 1), (last, 1)):
        assert cc.measure(["open_deals"], data, as_of=day).rows() == [{"open_deals": wanted}]
        assert cc.measure(["open_deals"], data.as_of(day)).rows() == [{"open_deals": wanted}]
