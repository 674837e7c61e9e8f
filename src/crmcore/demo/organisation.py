"""The organisation: all its tables, generated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..errors import ArgumentError
from ..metric import Metric
from ..table.dataset import Dataset
from ..workspace import Workspace
from .accounts import make_accounts
from .activities import make_activities
from .company import CURRENCY, PIPELINES, PRODUCTS, SELLERS, TEAMS
from .deals import make_deals
from .dirt import soil
from .leads import make_leads
from .plans import make_campaigns, make_costs, make_targets, rates

__all__ = ["ROWS", "SEED", "dataset", "generate", "workspace"]

ROWS, SEED = 5000, 7


def generate(rows: int = ROWS, seed: int = SEED) -> Mapping[str, Any]:
    """Return the tables of a made-up sales organisation, two years and the running quarter of it, until 29 May 2026.

    Large tables are dicts of arrays, one per column; small ones are lists of dicts. Timestamps are UTC. The same `rows`
    and `seed` give the same tables on every machine.

    Args:
        rows: opportunities; leads, accounts, activities and costs grow with them.
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
    lead = [None] * rows
    for place, number in zip(leads.deal.tolist(), leads.ids.tolist(), strict=False):
        lead[place] = number
    first_contact = deals.columns["created_at"].copy()
    first_contact[leads.deal] = leads.columns["first_contact_at"][: leads.deal.size]
    tables: dict[str, Any] = {
        "team": [{"id": t.name, "name": t.name, "region": t.region} for t in TEAMS],
        "seller": _sellers(),
        "pipeline": [{"id": p.id, "name": p.name} for p in PIPELINES],
        "stage": _stages(),
        "product": [
            {"id": p.id, "name": p.name, "family": p.family, "price": p.price, "currency": CURRENCY} for p in PRODUCTS
        ],
        "campaign": make_campaigns(rows),
        "account": accounts,
        "lead": leads.columns,
        "opportunity": deals.columns | {"account": account, "lead": lead, "first_contact_at": first_contact},
        "activity": make_activities(seed, deals, leads),
        "cost": make_costs(seed, rows),
        "target": make_targets(deals, rows),
    }
    soil(seed, tables)
    return tables


def dataset(rows: int = ROWS, seed: int = SEED) -> Dataset:
    """Return the generated organisation, taken in as a host's tables are: with issues and rejected rows."""
    return Dataset(timezone="UTC", **generate(rows, seed))


def workspace(*, metrics: Iterable[Metric] = (), language: str = "en") -> Workspace:
    """Return the workspace of the organisation: numbers in euros, at the rate of each day.

    Args:
        metrics: one's own, beside the catalogue.
        language: of labels, "en" or "zh".
    """
    return Workspace(currency=CURRENCY, rates=rates(), metrics=metrics, language=language)


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
