"""The organisation: all its tables, generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from ..metric import Metric
from ..table.column import Array
from ..table.dataset import Dataset
from ..workspace import Workspace
from .accounts import make_accounts
from .activities import make_activities
from .billing import make_invoices
from .budgets import make_budgets, visited
from .company import CAMPAIGNS, CURRENCY, PIPELINES, PRODUCTS, SELLERS, SOURCES, TEAMS
from .contacts import make_contacts
from .deals import Deals, labelled, make_deals
from .dirt import soil
from .forecasts import make_forecasts
from .leads import Leads, make_leads
from .orders import make_orders
from .plans import make_campaigns, make_costs, make_targets, rates
from .quotes import make_quotes
from .responses import make_responses
from .subscriptions import make_subscriptions
from .touches import make_touches

if TYPE_CHECKING:
    from ..stores import StoreUrl

__all__ = ["ROWS", "SEED", "dataset", "generate", "workspace"]

ROWS, SEED = 5000, 7


def generate(rows: int = ROWS, seed: int = SEED) -> Mapping[str, Any]:
    """Return the tables of a made-up sales organisation, two years and the running quarter of it, until 29 May 2026.

    Quotes, orders, subscriptions and invoices follow the deals, payments the invoices, answers the purchases; touches come
    before the deals they led to. Large tables are dicts of arrays, one per column; small ones are lists of dicts.
    Timestamps are UTC. The same `rows` and `seed` give the same tables on every machine.

    Args:
        rows: opportunities; all other tables of records grow with them.
        seed: another seed, another organisation with the same people and products.

    Raises:
        ArgumentError: no whole number of rows, at least 1, or a seed that is none.
    """
    for name, value in (("rows", rows), ("seed", seed)):
        if type(value) is not int or (name == "rows" and value < 1):
            raise ArgumentError(f"{name} is a whole number{', at least 1' * (name == 'rows')}, got {value!r}")
    deals = make_deals(seed, rows)
    accounts, account = make_accounts(seed, deals)
    leads = make_leads(seed, deals, account)
    contacts = make_contacts(seed, accounts)
    quotes, accepted = make_quotes(seed, deals, account)
    subscriptions, until = make_subscriptions(seed, deals, account, len(accounts["id"]))
    orders = make_orders(seed, deals, account, accounts, accepted, until)
    invoices, payments = make_invoices(seed, deals, orders)
    quotas = make_targets(deals, rows)
    tables: dict[str, Any] = {
        "team": [{"id": t.name, "name": t.name, "region": t.region} for t in TEAMS],
        "seller": _sellers(),
        "pipeline": [{"id": p.id, "name": p.name} for p in PIPELINES],
        "stage": _stages(),
        "product": [
            {"id": p.id, "name": p.name, "family": p.family, "price": p.price, "currency": CURRENCY} for p in PRODUCTS
        ],
        "campaign": make_campaigns(rows),
        "account": accounts | {"source": _first_sources(deals, account, len(accounts["id"]))},
        "lead": leads.columns,
        "opportunity": deals.columns | {"account": account} | _from_leads(deals, leads),
        "activity": make_activities(seed, deals, leads),
        "cost": make_costs(seed, rows),
        "target": [*quotas, *make_budgets(deals, account, quotas)],
        "contact": contacts.columns,
        "quote": quotes,
        "order_line": orders.columns,
        "subscription": subscriptions,
        "invoice": invoices,
        "payment": payments,
        "response": make_responses(seed, deals, account, contacts, until),
        "forecast": make_forecasts(seed, deals),
        "touch": make_touches(seed, rows, deals, leads, account, contacts),
    }
    soil(seed, tables)
    visited(seed, deals, account, tables["cost"])
    return tables


def dataset(rows: int = ROWS, seed: int = SEED) -> Dataset:
    """Return the generated organisation, taken in as a host's tables are: with issues and rejected rows."""
    return Dataset(timezone="UTC", **generate(rows, seed))


def workspace(
    *, metrics: Iterable[Metric] = (), language: str = "en", store: str | StoreUrl | None = None
) -> Workspace:
    """Return the workspace of the organisation: numbers in euros, at the rate of each day.

    Args:
        metrics: one's own, beside the catalogue.
        language: of labels, "en" or "zh".
        store: where records are kept; none by default.
    """
    return Workspace(currency=CURRENCY, rates=rates(), metrics=metrics, language=language, store=store)


def _from_leads(deals: Deals, leads: Leads) -> dict[str, Any]:
    """Return the columns of the deals that say where they came from."""
    lead: list[int | None] = [None] * deals.ids.size
    for place, number in zip(leads.deal.tolist(), leads.ids.tolist(), strict=False):
        lead[place] = number
    first_contact = deals.columns["created_at"].copy()
    first_contact[leads.deal] = leads.columns["first_contact_at"][: leads.deal.size]
    campaign = np.full(deals.ids.size, -1)
    campaign[leads.deal] = leads.campaign[: leads.deal.size]
    return {
        "lead": lead,
        "first_contact_at": first_contact,
        "campaign": labelled([c.id for c in CAMPAIGNS], campaign),
    }


def _first_sources(deals: Deals, account: Array, accounts: int) -> Array:
    """Return where the accounts came from: the source of the first deal of new business with each."""
    found = np.full(accounts + 1, -1)
    new = np.flatnonzero(deals.pipeline == 0)
    late_first = new[np.argsort(-deals.created[new], kind="stable")]
    found[account[late_first]] = deals.source[late_first]
    return labelled([s.name for s in SOURCES], found[1:])


def _sellers() -> list[dict[str, Any]]:
    return [
        {
            "id": s.name,
            "name": s.name,
            "team": TEAMS[s.team].name,
            "region": TEAMS[s.team].region,
            "hired": s.hired,
            "left": s.left,
            "active": s.left is None,
        }
        for s in SELLERS
    ]


def _stages() -> list[dict[str, Any]]:
    return [
        {
            "id": s.id,
            "name": s.name,
            "pipeline": p.id,
            "order": n,
            "kind": s.kind,
            "probability": Decimal(s.probability) / 100,
            "rotting_days": 30,
        }
        for p in PIPELINES
        for n, s in enumerate(p.stages, 1)
    ]
