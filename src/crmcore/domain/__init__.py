"""Records of a sales organisation, the rules by which opportunities move, and money.

Frozen data over the standard library: nothing here reads a clock, a file or a table. A name is loaded when it
is first used, so that a process pays only for the records it works with.
"""

from __future__ import annotations

from importlib import import_module

# what type checkers take for typing.TYPE_CHECKING, without the cost of importing typing
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .account import Account, Contact
    from .activity import Activity
    from .billing import Invoice, OrderLine, Payment, Product, Quote, Subscription
    from .change import Change, replay
    from .fields import COLUMN_KINDS
    from .lead import Lead
    from .marketing import COST_KINDS, Campaign, Cost, Touch
    from .money import Money, minor_units
    from .opportunity import FORECAST_CATEGORIES, OUTCOMES, Opportunity
    from .past import Revert
    from .people import SPLIT_KINDS, Membership, Seller, Split, Team, check_splits, split_amount, team_on
    from .pipeline import Pipeline
    from .rate import Rate, rate_on
    from .record import Record
    from .response import RESPONSE_KINDS, Response
    from .schema import RECORDS, REVERTS, Field, fields_of
    from .stage import Stage, Version
    from .target import TARGET_KINDS, TARGET_SCOPES, Forecast, Target

__all__ = [
    "COLUMN_KINDS",
    "COST_KINDS",
    "FORECAST_CATEGORIES",
    "OUTCOMES",
    "RECORDS",
    "RESPONSE_KINDS",
    "REVERTS",
    "SPLIT_KINDS",
    "TARGET_KINDS",
    "TARGET_SCOPES",
    "Account",
    "Activity",
    "Campaign",
    "Change",
    "Contact",
    "Cost",
    "Field",
    "Forecast",
    "Invoice",
    "Lead",
    "Membership",
    "Money",
    "Opportunity",
    "OrderLine",
    "Payment",
    "Pipeline",
    "Product",
    "Quote",
    "Rate",
    "Record",
    "Response",
    "Revert",
    "Seller",
    "Split",
    "Stage",
    "Subscription",
    "Target",
    "Team",
    "Touch",
    "Version",
    "check_splits",
    "fields_of",
    "minor_units",
    "rate_on",
    "replay",
    "split_amount",
    "team_on",
]

_NAMES = {
    "account": "Account Contact",
    "activity": "Activity",
    "billing": "Invoice OrderLine Payment Product Quote Subscription",
    "change": "Change replay",
    "fields": "COLUMN_KINDS",
    "lead": "Lead",
    "marketing": "COST_KINDS Campaign Cost Touch",
    "money": "Money minor_units",
    "opportunity": "FORECAST_CATEGORIES OUTCOMES Opportunity",
    "past": "Revert",
    "people": "SPLIT_KINDS Membership Seller Split Team check_splits split_amount team_on",
    "pipeline": "Pipeline",
    "rate": "Rate rate_on",
    "record": "Record",
    "response": "RESPONSE_KINDS Response",
    "schema": "RECORDS REVERTS Field fields_of",
    "stage": "Stage Version",
    "target": "TARGET_KINDS TARGET_SCOPES Forecast Target",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
