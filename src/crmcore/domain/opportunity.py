"""Opportunity: a chance to sell, from its creation to its outcome."""

from __future__ import annotations

from decimal import Decimal

import attrs

from . import fields as column
from .fields import spec
from .money import Money
from .past import after
from .record import Id, Moment, Record, refuse

__all__ = ["FORECAST_CATEGORIES", "OPPORTUNITY_REVERTS", "OUTCOMES", "Opportunity"]

OUTCOMES = ("open", "won", "lost", "abandoned")
"""The four outcomes (O1); abandoned is closed, and neither won nor lost."""
FORECAST_CATEGORIES = ("pipeline", "best_case", "commit", "closed", "omitted")
"""The forecast categories (F1)."""


@attrs.frozen(eq=False, repr=False)
class Opportunity(Record):
    """A chance to sell; a `Pipeline` moves it and decides its outcome.

    Args:
        outcome: open, won, lost or abandoned.
        closed_at: when it was closed; exists only while closed, also missing where the host does not know.
        first_won_at: when it was won for the first time; stays when it is reopened.
        reopened: how often it left a closed stage for an open one.
        expected_close: when it is expected to close, a column apart from `closed_at`.
        amount: expected amount; None is no amount, which is not zero.
        won_amount: amount made, apart from the expected one.
        recurring: the amount of one term, where it recurs; `term_months` is the length of that term.
        probability: its own; None takes that of its stage.
        forecast_category: its own; None takes that of its stage.
        lost_reason: why it was lost or abandoned.
        kind: new, existing, renewal, upsell, or the host's own word.

    Raises:
        DefinitionError: a value that its field does not take, or `closed_at` on an open opportunity.

    Rules: O1, O4, O5, M3, M5
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    created_at: Moment | None = column.moment(recorded=True, exists=True)
    pipeline: Id | None = column.ref("pipeline")
    stage: Id | None = column.ref("stage")
    stage_entered_at: Moment | None = column.moment(recorded=True)
    outcome: str = column.key("open", choices=OUTCOMES)
    closed_at: Moment | None = column.moment(recorded=True)
    first_won_at: Moment | None = column.moment(recorded=True)
    reopened: int = column.count(0, least=0)
    expected_close: Moment | None = column.moment()
    amount: Money | None = column.money()
    won_amount: Money | None = column.money()
    recurring: Money | None = column.money()
    term_months: int | None = column.count(least=1)
    probability: Decimal | None = column.probability()
    forecast_category: str | None = column.key(choices=FORECAST_CATEGORIES)
    lost_reason: str | None = column.key()
    won_reason: str | None = column.key()
    kind: str | None = column.key()
    owner: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    territory: str | None = column.key()
    region: str | None = column.key()
    account: Id | None = column.ref("account")
    contact: Id | None = column.ref("contact")
    lead: Id | None = column.ref("lead")
    campaign: Id | None = column.ref("campaign")
    source: str | None = column.key()
    product: Id | None = column.ref("product")
    first_contact_at: Moment | None = column.moment()
    assigned_at: Moment | None = column.moment()
    last_activity_at: Moment | None = column.moment()
    next_step: str | None = column.text()
    push_count: int = column.count(0, least=0)
    score: float | None = column.score()
    changed_at: Moment | None = column.moment(recorded=True)
    deleted: bool = column.flag()
    archived: bool = column.flag()
    sample: bool = column.flag()
    test: bool = column.flag()
    merged_into: Id | None = column.ref("opportunity")

    def _check(self) -> None:
        if self.closed_at is not None and self.outcome == "open":  # O4
            refuse(
                self,
                "closed_at",
                "stands on an open opportunity; give an outcome (won, lost, abandoned), or keep the date in expected_close",
            )

    @property
    def closed(self) -> bool:
        """Whether it has an outcome: won, lost or abandoned."""
        return self.outcome != "open"


OPPORTUNITY_REVERTS = (
    after("closed_at", outcome="open", won_amount=None, won_reason=None, lost_reason=None),
    after("first_won_at"),
    after("stage_entered_at"),
    after("first_contact_at"),
    after("assigned_at"),
    after("last_activity_at"),
    after("changed_at"),
)
