"""The rules by which an opportunity moves through its pipeline."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from crmcore.domain import Money, Opportunity, Pipeline, Stage
from crmcore.errors import TransitionError

PIPELINE = Pipeline(
    "sales",
    stages=(
        Stage("won", order=5, kind="won", probability=1),
        Stage("new", order=1, probability=Decimal("0.1")),
        Stage("talk", order=2, probability=1),  # certain, and still open
        Stage("offer", order=3, probability=0),
        Stage("signed", order=4, kind="won"),
        Stage("lost", order=6, kind="lost"),
        Stage("void", order=7, kind="abandoned"),
    ),
)
# a pipeline of hosts that keep the outcome beside the stage
FLAGS = Pipeline("flags", stages=(Stage("new"), Stage("offer")))


def day(n: int) -> datetime:
    """Return noon of a day in March 2026."""
    return datetime(2026, 3, n, 12, tzinfo=UTC)


def fresh(pipeline: Pipeline = PIPELINE, **fields: object) -> Opportunity:
    """Return an opportunity created on 1 March in the first stage."""
    return pipeline.create("7", at=day(1), **fields)[0]


def written(changes) -> dict[str, tuple[object, object]]:
    """Return field -> (old, new)."""
    return {c.field: (c.old, c.new) for c in changes}


# --- creation


def test_creation_starts_in_the_first_open_stage() -> None:
    """Created without a stage, it stands in the first open one in pipeline order, and nothing is closed."""
    deal, changes = PIPELINE.create("7", at=day(1), by="anna", owner="anna")

    assert (deal.stage, deal.outcome, deal.pipeline, deal.owner) == ("new", "open", "sales", "anna")
    assert deal.created_at == deal.stage_entered_at == deal.changed_at == day(1)
    assert written(changes)["stage"] == (None, "new")
    assert {c.actor for c in changes} == {"anna"}


@pytest.mark.parametrize(("stage", "outcome"), [("signed", "won"), ("lost", "lost"), ("void", "abandoned")])
def test_created_closed_closes_at_creation(stage: str, outcome: str) -> None:
    """O6: created already won or lost is valid: it closes at creation, with a cycle of zero length."""
    deal, changes = PIPELINE.create("7", stage, at=day(1))

    assert (deal.outcome, deal.closed_at) == (outcome, deal.created_at)
    assert deal.first_won_at == (day(1) if outcome == "won" else None)
    assert written(changes)["closed_at"] == (None, day(1))


def test_creation_derives_what_follows_from_the_stage() -> None:
    """O2: outcome and dates are not given beside the stage that decides them."""
    with pytest.raises(TransitionError, match="closed_at, outcome of opportunity '7' follow from the stage"):
        PIPELINE.create("7", at=day(1), outcome="won", closed_at=day(1))


def test_creation_needs_an_open_stage_or_a_name() -> None:
    """A pipeline with closed stages only says so."""
    only = Pipeline("p", stages=(Stage("won", kind="won"),))
    with pytest.raises(TransitionError, match="no open stage"):
        only.create("7", at=day(1))
    assert only.create("7", "won", at=day(1))[0].outcome == "won"


# --- moving


def test_a_move_writes_what_changed_and_alters_nothing() -> None:
    """A motion returns the new record and one change per field, with instant, actor, sequence; the old stays."""
    deal = fresh()
    moved, changes = PIPELINE.move(deal, "offer", at=day(3), by="anna", recorded_at=day(4), sequence=2)

    assert (moved.stage, moved.stage_entered_at, moved.outcome) == ("offer", day(3), "open")
    assert written(changes) == {"stage": ("new", "offer"), "stage_entered_at": (day(1), day(3))}
    assert {(c.table, c.record, c.at, c.recorded_at, c.sequence, c.actor) for c in changes} == {
        ("opportunity", "7", day(3), day(4), 2, "anna")
    }
    assert len({c.id for c in changes}) == 2
    assert deal.stage == "new"


def test_outcome_comes_from_the_kind_of_the_stage() -> None:
    """O2, E07: 100 % in an open stage is not won, 0 % is not lost; the stage's kind decides."""
    deal = fresh()

    assert PIPELINE.move(deal, "talk", at=day(2))[0].outcome == "open"
    assert PIPELINE.move(deal, "offer", at=day(2))[0].outcome == "open"
    assert PIPELINE.move(deal, "signed", at=day(2))[0].outcome == "won"
    assert PIPELINE.move(attrs.evolve(deal, probability=1), "lost", at=day(2))[0].outcome == "lost"
    assert PIPELINE.move(deal, "void", at=day(2))[0].outcome == "abandoned"


def test_a_move_to_the_same_stage_is_no_event() -> None:
    """Staying where it is writes nothing and changes nothing."""
    deal = fresh()

    assert PIPELINE.move(deal, "new", at=day(2)) == (deal, ())


def test_winning_sets_the_dates_and_the_made_amount() -> None:
    """O4, M5: winning sets outcome, close date and first won date; the made amount stands apart from the expected."""
    won, changes = PIPELINE.win(fresh(amount=Money(100, "EUR")), at=day(5), amount=Money(90, "EUR"), reason="price")

    assert (won.outcome, won.closed_at, won.first_won_at, won.stage) == ("won", day(5), day(5), "signed")
    assert (won.amount, won.won_amount, won.won_reason) == (Money(100, "EUR"), Money(90, "EUR"), "price")
    assert written(changes)["won_amount"] == (None, Money(90, "EUR"))


def test_winning_without_an_amount_invents_none() -> None:
    """M5, E41: the expected amount is never written as the made one."""
    assert PIPELINE.win(fresh(amount=Money(100, "EUR")), at=day(5))[0].won_amount is None


def test_moving_between_won_stages_keeps_the_close_date() -> None:
    """O5, E02, E29: from one won stage to another, the close date and first won date stay; nothing is reopened."""
    won, _ = PIPELINE.win(fresh(), at=day(5))
    later, changes = PIPELINE.move(won, "won", at=day(9))

    assert (later.stage, later.stage_entered_at) == ("won", day(9))
    assert (later.outcome, later.closed_at, later.first_won_at, later.reopened) == ("won", day(5), day(5), 0)
    assert set(written(changes)) == {"stage", "stage_entered_at"}


def test_leaving_a_closed_stage_reopens() -> None:
    """O5, E01: outcome and close date clear, with what belonged to them; first won date and reopened stay."""
    won, _ = PIPELINE.win(fresh(), at=day(5), amount=Money(90), reason="price")
    back, changes = PIPELINE.move(won, "offer", at=day(6))

    assert (back.outcome, back.closed_at, back.won_amount, back.won_reason) == ("open", None, None, None)
    assert (back.first_won_at, back.reopened) == (day(5), 1)
    assert written(changes)["closed_at"] == (day(5), None)

    again, _ = PIPELINE.win(back, at=day(8))
    assert (again.closed_at, again.first_won_at, again.reopened) == (day(8), day(5), 1)


def test_won_then_lost_closes_anew() -> None:
    """O5, O7, E06: straight from won to lost it is closed at the later date; the first win stays, none was reopened."""
    won, _ = PIPELINE.win(fresh(), at=day(5), amount=Money(90), reason="price")
    lost, _ = PIPELINE.lose(won, at=day(6), reason="cancelled")

    assert (lost.outcome, lost.closed_at, lost.first_won_at, lost.reopened) == ("lost", day(6), day(5), 0)
    assert (lost.won_amount, lost.won_reason, lost.lost_reason) == (None, None, "cancelled")


def test_lost_then_won_is_first_won_then() -> None:
    """O5, E06: a lost deal that is won later is won at the later date, and its lost reason is gone."""
    lost, _ = PIPELINE.lose(fresh(), at=day(5), reason="budget")
    won, _ = PIPELINE.win(lost, at=day(9))

    assert (won.closed_at, won.first_won_at, won.lost_reason) == (day(9), day(9), None)


def test_the_next_won_stage_is_taken_else_the_last() -> None:
    """E29: with two won stages the next in order is taken; behind both, the last."""
    lines = Pipeline("p", stages=(Stage("a"), Stage("w1", kind="won"), Stage("b"), Stage("w2", kind="won"), Stage("c")))

    assert [lines.win(lines.create("7", s, at=day(1))[0], at=day(2))[0].stage for s in "abc"] == ["w1", "w2", "w2"]
    assert lines.win(Opportunity("7"), at=day(2))[0].stage == "w1"
    assert lines.win(fresh(lines), at=day(2), stage="w2")[0].stage == "w2"


def test_outcome_beside_the_stage() -> None:
    """O2, E30: where the pipeline has no stage for it, the outcome changes and the deal stays where it was."""
    deal = FLAGS.move(fresh(FLAGS), "offer", at=day(2))[0]
    lost, changes = FLAGS.lose(deal, at=day(3), reason="price")

    assert (lost.stage, lost.stage_entered_at, lost.outcome) == ("offer", day(2), "lost")
    assert set(written(changes)) == {"outcome", "closed_at", "lost_reason"}

    back, _ = FLAGS.reopen(lost, at=day(4))
    assert (back.stage, back.outcome, back.closed_at, back.lost_reason, back.reopened) == (
        "offer",
        "open",
        None,
        None,
        1,
    )


def test_abandoned_is_neither_won_nor_lost() -> None:
    """O1, E09: abandoning closes with an outcome of its own, and it can be reopened."""
    gone, _ = PIPELINE.abandon(fresh(), at=day(4), reason="duplicate request")

    assert (gone.outcome, gone.closed_at, gone.stage, gone.lost_reason) == (
        "abandoned",
        day(4),
        "void",
        "duplicate request",
    )
    assert PIPELINE.reopen(gone, "talk", at=day(5))[0].outcome == "open"


def test_taking_over_from_another_pipeline() -> None:
    """E28: a move to another pipeline writes pipeline and stage; the stage of the other one is not looked up here."""
    deal, changes = PIPELINE.adopt(fresh(FLAGS), "new", at=day(2))

    assert (deal.pipeline, deal.stage, deal.stage_entered_at) == ("sales", "new", day(2))
    assert written(changes)["pipeline"] == ("flags", "sales")
    with pytest.raises(TransitionError, match="'sales' already; move it"):
        PIPELINE.adopt(deal, "talk", at=day(3))


# --- what is refused


@pytest.mark.parametrize(
    ("motion", "why"),
    [
        (
            lambda d: PIPELINE.move(d, "ofer", at=day(2)),
            "no stage named 'ofer' in pipeline 'sales'.*did you mean 'offer'",
        ),
        (lambda d: PIPELINE.move(d, Stage("elsewhere"), at=day(2)), "no stage named 'elsewhere'"),
        (
            lambda d: PIPELINE.win(d, at=day(2), stage="lost"),
            "stage 'lost' is lost, not won; won stages: 'signed', 'won'",
        ),
        (lambda d: PIPELINE.reopen(d, "talk", at=day(2)), "is open; only a closed one is reopened"),
        (lambda d: FLAGS.move(d, "offer", at=day(2)), "is in pipeline 'sales', not 'flags'; take it over with adopt"),
        (
            lambda d: PIPELINE.move(d, "talk", at=datetime(2026, 3, 2)),
            "at .* is not a date, nor a datetime with a time zone",
        ),
        (lambda d: PIPELINE.move(d, "talk", at=None), "at None is not a date"),
        (lambda d: PIPELINE.move(d, "talk", at=day(2), recorded_at=1), "recorded_at 1 is not a date"),
        (lambda d: PIPELINE.move(d, "talk", at=day(1) - timedelta(1)), "it was created at 2026-03-01"),
    ],
)
def test_motions_that_cannot_be(motion, why: str) -> None:
    """Unknown stages, wrong kinds, other pipelines, naive instants and times before creation are refused with the reason."""
    with pytest.raises(TransitionError, match=why):
        motion(fresh())


def test_closing_twice_is_refused() -> None:
    """A deal is not won, lost or abandoned twice."""
    for close in ("win", "lose", "abandon"):
        closed, _ = getattr(PIPELINE, close)(fresh(), at=day(2))
        with pytest.raises(TransitionError, match="already; use move"):
            getattr(PIPELINE, close)(closed, at=day(3))


@pytest.mark.parametrize("stage", ["won", "lost"])
def test_reopening_needs_an_open_stage(stage: str) -> None:
    """O2, O5: a deal is not reopened in a closed stage, neither by name nor by staying there."""
    won, _ = PIPELINE.win(fresh(), at=day(5))
    with pytest.raises(
        TransitionError, match=f"cannot be reopened in stage '{stage}'.*open stages: 'new', 'talk', 'offer'"
    ):
        PIPELINE.reopen(won, stage, at=day(6))
    with pytest.raises(TransitionError, match="stage 'signed', which is won"):
        PIPELINE.reopen(won, at=day(6))
    with pytest.raises(TransitionError, match="stands in no stage"):
        PIPELINE.reopen(Opportunity("8", outcome="lost"), at=day(6))


def test_staying_in_a_won_stage_as_lost_is_refused() -> None:
    """O2: without a lost stage, a deal in a won stage has to leave it first."""
    short = Pipeline("p", stages=(Stage("new"), Stage("won", kind="won")))
    won, _ = short.win(fresh(short), at=day(2))
    with pytest.raises(TransitionError, match="no lost stage, and opportunity '7' stands in the closed stage 'won'"):
        short.lose(won, at=day(3))


@pytest.mark.parametrize("fate", [{"deleted": True}, {"merged_into": "8"}])
def test_what_is_gone_does_not_move(fate: dict[str, object]) -> None:
    """O3: a deleted or merged-away opportunity does not move."""
    with pytest.raises(TransitionError, match="does not move any more"):
        PIPELINE.move(attrs.evolve(fresh(), **fate), "talk", at=day(2))


def test_time_runs_forward_where_it_can_be_told() -> None:
    """T2: of two dates or two instants the order is known; a date and an instant have none within a day."""
    moved, _ = PIPELINE.move(fresh(), "talk", at=day(5))
    with pytest.raises(TransitionError, match="it was moved to its stage at 2026-03-05"):
        PIPELINE.move(moved, "offer", at=day(4))
    assert PIPELINE.move(moved, "offer", at=date(2026, 3, 5))[0].stage_entered_at == date(2026, 3, 5)

    flagged = attrs.evolve(FLAGS.lose(fresh(FLAGS), at=day(5))[0], stage_entered_at=None)
    with pytest.raises(TransitionError, match="it was closed at 2026-03-05"):
        FLAGS.reopen(flagged, at=day(4))
    # the same instant is fine: sequence and pipeline order tell them apart (S4)
    assert PIPELINE.move(moved, "offer", at=day(5))[0].stage == "offer"


def test_a_motion_in_the_past_does_not_turn_back_the_last_change() -> None:
    """T8: `changed_at` is the newest of what was recorded, also when a motion is dated before it."""
    deal = attrs.evolve(fresh(), changed_at=day(20))

    assert PIPELINE.move(deal, "talk", at=day(5))[0].changed_at == day(20)
    assert PIPELINE.move(attrs.evolve(deal, changed_at=None), "talk", at=day(5))[0].changed_at == day(5)


# --- versions


OLD = Pipeline("p", stages=(Stage("a", probability=Decimal("0.2")), Stage("b"), Stage("w", kind="won")))
SINCE = datetime(2026, 6, 1, tzinfo=UTC)
NEW = OLD.revise((Stage("b"), Stage("a", probability=Decimal("0.5")), Stage("w", kind="open")), since=SINCE)
NEWER = NEW.revise((Stage("b"), Stage("w", kind="won")), since=date(2026, 9, 1))


@pytest.mark.parametrize(
    ("at", "order"),
    [
        (SINCE - timedelta(microseconds=1), "abw"),
        (SINCE, "baw"),
        (date(2026, 5, 31), "abw"),
        (date(2026, 6, 1), "baw"),
        (date(2026, 8, 31), "baw"),
        (datetime(2026, 9, 1, tzinfo=UTC), "bwa"),
        (None, "bwa"),
    ],
)
def test_order_is_that_of_the_version_in_force(at: object, order: str) -> None:
    """S1, E27: the order of the stages is that of the version in force; its first day belongs to the new one."""
    assert "".join(s.id for s in NEWER.version(at)) == order
    assert [NEWER.rank(s, at) for s in order] == [0, 1, 2]


def test_kind_and_probability_are_those_of_the_version_in_force() -> None:
    """S1: the same stage is worth 20 % before the revision and 50 % after, won before and open after."""
    deal = Opportunity("7", stage="a")

    assert NEWER.probability(deal, date(2026, 5, 1)) == Decimal("0.2")
    assert NEWER.probability(deal, SINCE) == Decimal("0.5")
    assert NEWER.move(deal, "w", at=date(2026, 5, 1))[0].outcome == "won"
    assert NEWER.move(deal, "w", at=SINCE)[0].outcome == "open"


def test_probability_is_its_own_before_that_of_its_stage() -> None:
    """M4: its own probability wins, 0 included; without a stage there is none; a closed deal has none."""
    assert OLD.probability(Opportunity("7", stage="a", probability=0)) == 0
    assert OLD.probability(Opportunity("7", stage="a")) == Decimal("0.2")
    assert OLD.probability(Opportunity("7")) is None
    assert OLD.probability(Opportunity("7", stage="w", outcome="won")) is None


def test_stages_are_retired_never_deleted() -> None:
    """S1, E25: a stage left out of a revision stays as retired: nothing moves there any more, what stood there stands."""
    assert NEWER.stage("a").active_to == date(2026, 9, 1)
    assert NEWER.stage("a", date(2026, 8, 31)).active_to is None
    with pytest.raises(TransitionError, match=r"'a' of pipeline 'p' was retired at 2026-09-01; stages at .*: 'b', 'w'"):
        NEWER.move(Opportunity("7"), "a", at=date(2026, 9, 1))
    assert NEWER.move(Opportunity("7"), "a", at=date(2026, 8, 31))[0].stage == "a"

    # a later revision keeps the date of the first
    assert NEWER.revise((Stage("b"),), since=date(2026, 10, 1)).stage("a").active_to == date(2026, 9, 1)


def test_an_unknown_stage_is_kept_as_its_own() -> None:
    """S1: a stage the pipeline does not know is open and flagged; handed over as a Stage, it is accepted."""
    stray = PIPELINE.stage("legacy")
    assert (stray.id, stray.kind, stray.unknown, stray.pipeline) == ("legacy", "open", True, "sales")
    assert PIPELINE.rank("legacy") is None

    deal, _ = PIPELINE.move(fresh(), stray, at=day(2))
    assert (deal.stage, deal.outcome) == ("legacy", "open")
    lost = attrs.evolve(deal, outcome="lost", closed_at=day(3))
    assert PIPELINE.reopen(lost, at=day(4))[0].stage == "legacy"


def test_stages_of_equal_order_stand_as_listed() -> None:
    """E29: equal orders keep the order of the list, also where only some stages have one."""
    lines = Pipeline("p", stages=(Stage("x", order=1), Stage("y", order=1), Stage("z")))

    assert [s.id for s in lines.version()] == ["x", "y", "z"]
