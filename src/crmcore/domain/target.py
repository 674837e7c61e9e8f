"""Targets (quotas, budgets, account plans) and the forecasts that people submit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import attrs

from . import fields as column
from .fields import spec
from .money import Money
from .opportunity import FORECAST_CATEGORIES
from .record import Id, Moment, Record, refuse

__all__ = ["TARGET_KINDS", "TARGET_SCOPES", "Forecast", "Target"]

TARGET_KINDS = ("quota", "budget", "plan")
TARGET_SCOPES = ("seller", "team", "organisation", "account", "product")
"""Whose target it is: separate populations, of which a metric names one (M8)."""
_OWN = {"seller": "owner", "team": "team", "account": "account", "product": "product"}


@attrs.frozen(eq=False, repr=False)
class Target(Record):
    """What is to be reached from `start` until the day before `end`.

    Args:
        scope: seller, team, organisation, account or product; the field of that name (`owner` for a seller) is given.
        kind: quota, budget or plan.
        metric: name of the metric it is a target of, e.g. "won_value".
        amount: what is to be reached, in money.
        quantity: what is to be reached, where it is not money.

    Raises:
        DefinitionError: an end not after the start, or a scope without whose it is.

    Rules: M8
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    kind: str = column.key("quota", choices=TARGET_KINDS)
    scope: str = column.key("organisation", choices=TARGET_SCOPES)
    owner: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    account: Id | None = column.ref("account")
    product: Id | None = column.ref("product")
    region: str | None = column.key()
    territory: str | None = column.key()
    category: str | None = column.key()
    metric: str = attrs.field(kw_only=True, metadata=spec("key"))
    amount: Money | None = column.money()
    quantity: Decimal | None = column.number()
    start: date = attrs.field(kw_only=True, metadata=spec("day"))
    end: date = attrs.field(kw_only=True, metadata=spec("day"))

    def _check(self) -> None:
        if self.end <= self.start:
            refuse(self, "end", f"is not after start {self.start!r}; the end is the first day outside")
        own = _OWN.get(self.scope)
        if own is not None and getattr(self, own) is None:
            refuse(self, "scope", f"needs {own}: whose target it is")


@attrs.frozen(eq=False, repr=False)
class Forecast(Record):
    """What a person or team said at `submitted_at` that the period from `start` until before `end` would bring.

    Rules: F1, F3
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    owner: Id | None = column.ref("seller")
    team: Id | None = column.ref("team")
    product: Id | None = column.ref("product")
    region: str | None = column.key()
    category: str = column.key("commit", choices=FORECAST_CATEGORIES)
    amount: Money | None = column.money()
    start: date = attrs.field(kw_only=True, metadata=spec("day"))
    end: date = attrs.field(kw_only=True, metadata=spec("day"))
    submitted_at: Moment | None = column.moment(recorded=True, exists=True)

    def _check(self) -> None:
        if self.end <= self.start:
            refuse(self, "end", f"is not after start {self.start!r}; the end is the first day outside")
