"""The rules of motion that need no pipeline: what an outcome brings with it, and who may move when."""

from __future__ import annotations

from typing import Any

from ..errors import TransitionError
from .change import Step
from .opportunity import Opportunity
from .record import Id, Moment, is_moment

__all__ = ["movable", "settled", "step_of"]


def settled(old: Opportunity, outcome: str, at: Moment) -> dict[str, Any]:
    """Return the fields that go with a new outcome (O4, O5); what belonged to the old one clears."""
    values = {"outcome": outcome, "closed_at": at, "won_amount": None, "won_reason": None, "lost_reason": None}
    if outcome == "open":
        return values | {"closed_at": None, "reopened": old.reopened + 1}
    if outcome == "won" and old.first_won_at is None:
        values["first_won_at"] = at
    return values


def step_of(at: Moment, by: Id | None, recorded_at: Moment | None, sequence: int) -> Step:
    for name, value in (("at", at), ("recorded_at", recorded_at)):
        if not is_moment(value) and (name == "at" or value is not None):
            raise TransitionError(f"{name} {value!r} is not a date, nor a datetime with a time zone", value=value)
    return Step(at, by, recorded_at, sequence)


def movable(opportunity: Opportunity, at: Moment) -> Opportunity:
    """Return the opportunity once it is sure that it may still move, and that `at` does not lie before its past."""
    if opportunity.deleted or opportunity.merged_into is not None:
        fate = "deleted" if opportunity.deleted else f"merged into {opportunity.merged_into!r}"
        raise TransitionError(f"opportunity {opportunity.id!r} was {fate}; it does not move any more")
    for field, known in (
        ("created", opportunity.created_at),
        ("moved to its stage", opportunity.stage_entered_at),
        ("closed", opportunity.closed_at),
    ):
        # a date and an instant have no order within a day (T2), and differ by a day between zones: only like is compared
        if known is not None and isinstance(known, type(at)) and isinstance(at, type(known)) and at < known:
            raise TransitionError(
                f"opportunity {opportunity.id!r} cannot move at {at}: it was {field} at {known}; "
                f"a late correction is a change with its own `at` and `recorded_at`",
                opportunity=opportunity.id,
            )
    return opportunity
