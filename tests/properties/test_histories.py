"""The past of a dataset with changes is what a replay of the changes in plain Python gives (O3, O5, O8, S4, S5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc
from crmcore.algebra import as_of, col, count, total
from crmcore.calendars import Zone
from crmcore.domain import Pipeline, Stage
from crmcore.engines import inquiry
from crmcore.plan import layout
from crmcore.table.history import ENDED, visits_of
from crmcore.table.values import values_of
from crmcore.testing.reference import measure

FIRST = datetime(2026, 1, 28, tzinfo=UTC)
hours = st.integers(0, 60 * 24)
VALUES = {
    "stage": st.sampled_from(["new", "offer", "won", "lost", None]),
    "outcome": st.sampled_from(["open", "won", "lost", "abandoned"]),
    "owner": st.sampled_from(["Anna", "王芳", None]),
    "amount": st.none() | st.integers(-50, 500),
    "expected_close": st.none() | st.integers(0, 60).map(lambda n: date(2026, 1, 28) + timedelta(n)),
    "deleted": st.booleans(),
}
STOCKS = [
    cc.Metric("rows", count(), unit="number", anchor="stock", table="opportunity"),
    cc.Metric("open", count(col("outcome") == "open"), unit="number", anchor="stock", table="opportunity"),
    cc.Metric(
        "value", total("amount", where=col("outcome") == "open"), unit="money", anchor="stock", table="opportunity"
    ),
    cc.Metric(
        "silent",
        count((col("outcome") == "open") & col("last_activity_at").is_null()),
        unit="number",
        anchor="stock",
        table="opportunity",
    ),
    cc.Metric(
        "overdue",
        count((col("outcome") == "open") & (col("expected_close") < as_of())),
        unit="number",
        anchor="stock",
        table="opportunity",
    ),
]


def moment(hour):
    return FIRST + timedelta(hours=hour)


@st.composite
def histories(draw):
    """Return deals as they are today, and every change of them: of several at one instant, the sequence decides."""
    deals, changes = [], []
    for number in range(draw(st.integers(1, 6))):
        created = draw(hours)
        deal = {"id": f"D{number}", "created_at": moment(created)}
        for field, values in VALUES.items():
            first = draw(values)
            events = sorted(
                (max(draw(hours), created), place, draw(values), draw(hours))
                for place in range(draw(st.integers(0, 3)))
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
        deal["last_activity_at"] = draw(st.none() | hours.map(moment))
        deals.append(deal)
    return deals, draw(st.permutations(changes))


def replayed(deals, changes, at, known):
    """Return the deals as they were at an instant, as far as that was known by another; those deleted then are gone."""
    found = []
    for deal in deals:
        if deal["created_at"] > min(at, known):
            continue
        then = dict(deal)
        if then["last_activity_at"] is not None and then["last_activity_at"] > min(at, known):
            then["last_activity_at"] = None
        for field in VALUES:
            mine = [c for c in changes if c["record"] == deal["id"] and c["field"] == field]
            mine.sort(key=lambda c: (c["at"], c["sequence"]))
            learnt = [c for c in mine if c["recorded_at"] <= known]
            past = [c for c in learnt if c["at"] <= at]
            if past:
                then[field] = past[-1]["new"]
            elif mine:
                then[field] = (learnt or mine)[0]["old"]
        if not then.pop("deleted"):
            found.append(then)
    return found


def dataset(deals, changes):
    texts = [{**c, "old": text(c["old"]), "new": text(c["new"])} for c in changes]
    return cc.Dataset(opportunity=deals, change=texts or {n: [] for n in ("table", "record", "field", "at")})


def text(value):
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def expected(deals, at, by):
    reference = measure(STOCKS, {"opportunity": deals}, by=by, as_of=at) if deals else None
    return [] if reference is None else [{k: v for k, v in row.items() if k != "period"} for row in reference.rows]


@given(histories(), hours, st.none() | hours, st.sampled_from([(), ("owner",), ("stage", "outcome")]))
def test_the_past_is_what_a_replay_gives(history, hour, learnt, by) -> None:
    """O8: values, rows and groups of any instant, as known by any other, whatever the order of the input."""
    deals, changes = history
    at, known = moment(hour), moment(hour if learnt is None else learnt)
    wanted = expected(replayed(deals, changes, at, known), at, by)
    data = dataset(deals, changes)

    found = cc.measure(STOCKS, data, by=by, as_of=at, known=known)
    then = cc.measure(STOCKS, data.as_of(at, known=known), by=by)

    if wanted or by:
        assert found.rows() == wanted
        assert then.rows() == wanted


@given(
    histories(),
    hours,
    st.none() | hours,
    st.sampled_from(["day", "week", "month"]),
    st.sampled_from(["UTC", "Asia/Shanghai"]),
)
def test_stocks_of_many_days_are_those_of_each(history, hour, learnt, per, zone) -> None:
    """T4, O8: one pass over the changes gives what looking at each instant by itself gives."""
    deals, changes = history
    data, workspace = dataset(deals, changes), cc.Workspace(timezone=zone)
    kwargs = {"by": "owner", "per": per, "as_of": moment(hour), "known": None if learnt is None else moment(learnt)}

    swept = workspace.measure(STOCKS, data, **kwargs).rows()
    before = layout.SWEEP_FROM
    layout.SWEEP_FROM = inquiry.SWEEP_FROM = 10**9
    try:
        looked = cc.Workspace(timezone=zone).measure(STOCKS, data, **kwargs).rows()
    finally:
        layout.SWEEP_FROM = inquiry.SWEEP_FROM = before

    assert swept == looked


PIPELINE = Pipeline(
    "P",
    stages=(
        Stage("new", order=1),
        Stage("offer", order=2),
        Stage("won", order=3, kind="won"),
        Stage("paid", order=4, kind="won"),
        Stage("lost", order=5, kind="lost"),
        Stage("dropped", order=6, kind="abandoned"),
    ),
)


stages = st.sampled_from([s.id for s in PIPELINE.stages])
travels = st.lists(
    st.tuples(stages, st.lists(st.tuples(stages, st.sampled_from([0, 1, 5, 90])), max_size=6)), min_size=1, max_size=5
)


def travelled(deals):
    """Return deals that moved, one after another, and what changed."""
    records, changes = [], []
    for number, (first, moves) in enumerate(deals):
        at = FIRST + timedelta(hours=number)
        deal, made = PIPELINE.create(f"D{number}", first, at=at)
        changes += made
        for place, (stage, pause) in enumerate(moves, 1):
            at += timedelta(hours=pause)
            deal, made = PIPELINE.move(deal, stage, at=at, sequence=place)
            changes += made
        records.append(deal)
    return records, changes


@given(travels, hours)
def test_what_follows_from_stages_is_what_the_pipeline_does(deals, hour) -> None:
    """O2, O5, O6: of the moves between stages alone follow outcome, close date, first win, reopenings and the stage's date."""
    records, changes = travelled(deals)
    moves_alone = [c for c in changes if c.field == "stage"]
    seen = [
        cc.Dataset(opportunity=records, stage=PIPELINE.stages, change=some).as_of(moment(hour))["opportunity"]
        for some in (moves_alone, changes)
    ]
    replays = {}
    for change in changes:
        if change.at <= moment(hour):
            replays.setdefault(change.record, {})[change.field] = change.new

    for table in seen:
        ids = values_of(table["id"])
        assert ids == [r.id for r in records if r.created_at <= moment(hour)]
        for field, blank in (
            ("outcome", "open"),
            ("closed_at", None),
            ("first_won_at", None),
            ("reopened", 0),
            ("stage_entered_at", None),
        ):
            assert values_of(table[field]) == [replays[i].get(field, blank) for i in ids], field


@given(travels, st.booleans())
def test_visits_are_the_stays_of_each_deal(deals, alone) -> None:
    """S3, S4, O5: each stay in an open stage, with its beginning and end, how it ended, and where the deal went."""
    records, changes = travelled(deals)
    kinds = {s.id: s.kind for s in PIPELINE.stages}
    last = FIRST + timedelta(days=60)
    expected = []
    for number, (first, moves) in enumerate(deals):
        at, stage = FIRST + timedelta(hours=number), first
        end = at
        for into, pause in [*moves, (None, None)]:
            end = last if into is None else end + timedelta(hours=pause)
            if into == stage:  # nothing happens, and the stay goes on
                continue
            if kinds[stage] == "open":
                how = "still there" if into is None else "moved" if kinds[into] == "open" else kinds[into]
                expected.append([f"D{number}", stage, at, end, how, into])
            at, stage = end, into
    some = [c for c in changes if c.field == "stage"] if alone else changes
    data = cc.Dataset(opportunity=records, stage=PIPELINE.stages, change=some)

    found = visits_of(data.tables, Zone("UTC"), round(last.timestamp() * 1_000_000))

    ids = values_of(data["opportunity"]["id"])
    stays = [
        [ids[row], found.labels[stage], since, until, ENDED[how], found.labels[into]]
        for row, stage, since, until, how, into in zip(
            found.rows.tolist(), found.stage.tolist(), *map(instants, (found.entered, found.left)), found.ended.tolist(),
            found.into.tolist(), strict=True,
        )
    ]  # fmt: skip
    assert stays == expected
    assert not found.made.any()


def instants(micros):
    return [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us) for us in micros.tolist()]
