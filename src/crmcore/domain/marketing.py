"""Campaigns, the touches they make, and what selling costs."""

from __future__ import annotations

import datetime as dt

import attrs

from . import fields as column
from .fields import spec
from .money import Money
from .record import Id, Moment, Record, refuse

__all__ = ["COST_KINDS", "Campaign", "Cost", "Touch"]

COST_KINDS = ("spend", "expense")
"""Spend wins customers (media, agencies, salaries of sales); an expense is what a person or team lays out."""


@attrs.frozen(eq=False, repr=False)
class Campaign(Record):
    """A campaign, with what it was planned and expected to bring.

    Args:
        end: first day after it.
        budget: what may be spent; what was spent is in `Cost`.
    """

    id: Id = attrs.field(metadata=spec("id"))
    name: str | None = column.text()
    kind: str | None = column.key()
    channel: str | None = column.key()
    status: str | None = column.key()
    parent: Id | None = column.ref("campaign")
    owner: Id | None = column.ref("seller")
    created_at: Moment | None = column.moment(recorded=True, exists=True)
    start: dt.date | None = column.day()
    end: dt.date | None = column.day()
    budget: Money | None = column.money()
    expected_cost: Money | None = column.money()
    expected_revenue: Money | None = column.money()
    impressions: int | None = column.count(least=0)
    clicks: int | None = column.count(least=0)


@attrs.frozen(eq=False, repr=False)
class Touch(Record):
    """One contact of a campaign or channel with a lead, contact or account.

    Args:
        kind: sent, opened, clicked, visited, answered, bounced, opted_out, or the host's own word.
        quantity: how many touches the record stands for.
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    campaign: Id | None = column.ref("campaign")
    channel: str | None = column.key()
    source: str | None = column.key()
    kind: str | None = column.key()
    at: Moment | None = column.moment(recorded=True, exists=True)
    lead: Id | None = column.ref("lead")
    contact: Id | None = column.ref("contact")
    account: Id | None = column.ref("account")
    opportunity: Id | None = column.ref("opportunity")
    quantity: int = column.count(1)


@attrs.frozen(eq=False, repr=False)
class Cost(Record):
    """Money spent: on winning customers, or laid out by a person or team.

    Args:
        kind: spend or expense.
        date: the day it counts on.
        start: first day of the period it is for, where it has one; `end` is the first day after it.
        category: what it was for: media, salary, travel ...
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    kind: str = column.key("spend", choices=COST_KINDS)
    category: str | None = column.key()
    amount: Money | None = column.money()
    date: dt.date | None = column.day(exists=True)
    start: dt.date | None = column.day()
    end: dt.date | None = column.day()
    source: str | None = column.key()
    channel: str | None = column.key()
    campaign: Id | None = column.ref("campaign")
    owner: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    account: Id | None = column.ref("account")
    product: Id | None = column.ref("product")

    def _check(self) -> None:
        if self.start is not None and self.end is not None and self.end <= self.start:
            refuse(self, "end", f"is not after start {self.start!r}; the end is the first day outside")
