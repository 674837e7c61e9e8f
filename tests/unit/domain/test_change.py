"""Changes are the history: replayed they give the record, and their order never depends on the input."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import Change, Membership, Money, Opportunity, Pipeline, Stage, replay
from crmcore.domain.change import moment_key
from crmcore.errors import DefinitionError, NotFoundError, TransitionError

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
PIPELINE = Pipeline(
    "sales",
    stages=(
        Stage("new"),
        Stage("talk"),
        Stage("offer"),
        Stage("signed", kind="won"),
        Stage("paid", kind="won"),
        Stage("lost", kind="lost"),
    ),
)


def moved(stage: str, at: datetime = START, sequence: int = 0, **fields: object) -> Change:
    """Return a change of stage."""
    return Change(table="opportunity", record="7", field="stage", new=stage, at=at, sequence=sequence, **fields)


def test_same_instant_is_ordered_by_sequence_then_pipeline() -> None:
    """S4, E11: at one instant the sequence decides, then pipeline order; an unknown stage comes last."""
    late = moved("new", START + timedelta(seconds=1))
    events = [late, moved("stray"), moved("signed"), moved("new", sequence=1), moved("talk"), moved("new")]

    ordered = sorted(events, key=PIPELINE.sort_key)

    assert [(c.new, c.sequence) for c in ordered] == [
        ("new", 0),
        ("talk", 0),
        ("signed", 0),
        ("stray", 0),
        ("new", 1),
        ("new", 0),
    ]
    assert ordered[-1] is late


@given(
    st.permutations(
        [moved(s, START + timedelta(seconds=n), q) for s in ("lost", "new", "?") for n in (0, 1) for q in (0, 1)]
    )
)
def test_ties_never_depend_on_the_order_of_the_input(events: list[Change]) -> None:
    """S4: any permutation of the same events sorts to the same order."""
    keys = [(c.at, c.sequence, c.new) for c in sorted(events, key=PIPELINE.sort_key)]

    assert keys == [(START + timedelta(seconds=n), q, s) for n in (0, 1) for q in (0, 1) for s in ("new", "lost", "?")]


def test_other_fields_have_an_order_too() -> None:
    """S4: changes of other fields at the same instant are told apart by record and field, a cleared stage included."""
    other = [
        Change(table="opportunity", record=r, field=f, new=n, at=START)
        for r, f, n in (("8", "owner", "a"), ("7", "owner", "a"), ("7", "amount", Money(1)), ("7", "stage", None))
    ]

    assert sorted(other, key=PIPELINE.sort_key) == sorted([other[i] for i in (3, 1, 0, 2)], key=PIPELINE.sort_key)


def test_dates_and_instants_have_one_order() -> None:
    """T2: a date comes before the instants of its UTC day and is given no time; zones are only another spelling."""
    east = timezone(timedelta(hours=8))
    moments = [
        date(2026, 3, 1),
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=east),
        datetime(2026, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC),
        date(2026, 3, 2),
    ]

    assert sorted([moments[i] for i in (3, 1, 4, 0, 2)], key=moment_key) == moments
    with pytest.raises(DefinitionError, match="is not a date, nor a datetime with a time zone"):
        moment_key(datetime(2026, 3, 1))


steps = st.lists(
    st.tuples(
        st.sampled_from(["move", "win", "lose", "abandon", "reopen"]),
        st.sampled_from(PIPELINE.stages),
        st.integers(0, 3),
    ),
    max_size=12,
)


@given(steps)
def test_replayed_changes_give_the_record(plan: list[tuple[str, Stage, int]]) -> None:
    """O5, O6: whatever motions are made, the changes replayed from nothing give the record, and each motion keeps
    the rules: closed exactly when it has a close date, first won date never lost, reopened never less."""
    deal, log = PIPELINE.create("7", at=START, amount=Money(5, "EUR"))
    at = START
    for motion, stage, hours in plan:
        at += timedelta(hours=hours)
        try:
            if motion in ("move", "reopen"):
                after, changes = getattr(PIPELINE, motion)(deal, stage.id, at=at)
            else:
                after, changes = getattr(PIPELINE, motion)(deal, at=at)
        except TransitionError:
            continue
        assert (after.closed_at is not None) == (after.outcome != "open")
        assert after.first_won_at == (deal.first_won_at or (at if after.outcome == "won" else None))
        assert after.reopened - deal.reopened == int(deal.closed and not after.closed)
        if deal.outcome == after.outcome:
            assert after.closed_at == deal.closed_at
        assert replay(deal, changes) == after
        deal, log = after, log + changes

    assert replay(Opportunity("7"), log) == deal


def test_the_same_step_taken_in_twice_is_one() -> None:
    """The id of a change follows from what changed and when: a log read twice holds each change once."""
    deal, _ = PIPELINE.create("7", at=START)
    once, twice = (PIPELINE.move(deal, "talk", at=START, sequence=1)[1] for _ in range(2))

    assert {c.id for c in once} == {c.id for c in twice}
    assert once[0].id == "opportunity:7:stage:2026-03-01T09:00:00+00:00:1"
    elsewhere = START.astimezone(timezone(timedelta(hours=8)))
    assert PIPELINE.move(deal, "talk", at=elsewhere, sequence=1)[1][0].id == once[0].id
    assert PIPELINE.move(deal, "talk", at=date(2026, 3, 2))[1][0].id == "opportunity:7:stage:2026-03-02:0"


def test_replay_refuses_what_is_not_of_the_record() -> None:
    """A change of another record, or of a field that the record lacks, is refused; no change changes nothing."""
    deal = Opportunity("7")
    with pytest.raises(DefinitionError, match="is not about Opportunity '8'"):
        replay(Opportunity("8"), [moved("new")])
    with pytest.raises(NotFoundError, match="'stag' among the fields of Opportunity; did you mean 'stage'"):
        replay(deal, [Change(table="opportunity", record="7", field="stag", at=START)])
    assert replay(deal, []) == deal


def test_replay_remembers_the_newest_change() -> None:
    """T8: `changed_at` is the newest instant of the changes, in whatever order they come; a record without it has none."""
    later = moved("talk", START + timedelta(days=1))

    assert replay(Opportunity("7"), [later, moved("new")]).changed_at == later.at
    member = Membership("m", seller="anna", team="north")
    switch = Change(table="membership", record="m", field="team", old="north", new="south", at=START)
    assert replay(member, [switch]) == Membership("m", seller="anna", team="south")
