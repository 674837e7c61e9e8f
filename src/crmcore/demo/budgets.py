"""Budgets and plans beside the quotas: of revenue, of products, of accounts; and which accounts the travelling was for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from ..table.column import Array
from .company import PRODUCTS, QUARTERS, TEAMS
from .deals import PER_EURO, Deals
from .draws import Draws
from .plans import target
from .seasons import DAY, number_of

__all__ = ["make_budgets", "visited"]

_BUDGET = 88
"""What is budgeted for revenue, in per cent of the quota."""
_PLANNED = 30
"""Accounts that have a plan for a half-year: the largest of the year before."""
_VISITS = 4
"""Accounts that the travelling of a team and month is shared over at most."""


def make_budgets(deals: Deals, account: Array, quotas: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the targets that are no quotas of people, numbered on from the quotas.

    - revenue budgets of teams, products and the organisation, at 88 % of what would be their quota,
    - quotas of the products, which share that of the organisation,
    - the organisation's budget of expenses, which is that of the teams,
    - for each half-year plans of the largest accounts, a tenth above what half a year before it brought on average.
    """
    found: list[dict[str, Any]] = []
    weights = [p.weight * p.price for p in PRODUCTS]
    for quota in quotas:
        start, end, amount = quota["start"], quota["end"], quota["amount"]
        if quota["kind"] == "quota" and quota["scope"] in ("team", "organisation"):
            found.append(target(quota["scope"], start, end, _part(amount, _BUDGET), kind="budget", team=quota["team"]))
        if quota["kind"] == "quota" and quota["scope"] == "organisation":
            for product, weight in zip(PRODUCTS, weights, strict=True):
                own = max(amount * weight // sum(weights) // 100, 1) * 100
                found.append(target("product", start, end, own, product=product.id))
                found.append(target("product", start, end, _part(own, _BUDGET), kind="budget", product=product.id))
            travel = sum(q["amount"] for q in quotas if q["metric"] == "expense_value" and q["start"] == start)
            found.append(target("organisation", start, end, travel, kind="budget", metric="expense_value"))
    found += _account_plans(deals, account)
    return [{"id": n, **line} for n, line in enumerate(found, len(quotas) + 1)]


def _part(amount: int, percent: int) -> int:
    return max(amount * percent // 100, 1)


def _account_plans(deals: Deals, account: Array) -> list[dict[str, Any]]:
    won = deals.won
    euros = deals.amount[won] * 100 // np.array([PER_EURO[t.currency] for t in TEAMS])[deals.team[won]]
    day = deals.closed[won] // DAY
    found = []
    for start, end in pairwise(QUARTERS[3::2]):
        brought = np.zeros(int(account.max()) + 1, np.int64)
        before = (day >= number_of(start) - 365) & (day < number_of(start))
        np.add.at(brought, account[won][before], euros[before])
        largest = np.lexsort([np.arange(brought.size), -brought])[:_PLANNED]
        found += [
            target("account", start, end, _part(int(brought[a]), 55), kind="plan", account=a)
            for a in largest.tolist()
            if brought[a]
        ]
    return found


def visited(seed: int, deals: Deals, account: Array, costs: list[dict[str, Any]]) -> None:
    """Share a part of each team's travelling over the accounts that it won in the month; the sums stay what they are."""
    day = deals.closed[deals.won] // DAY
    team = deals.team[deals.won]
    names = [t.name for t in TEAMS]
    percent = (Draws(seed, len(costs) * _VISITS).below("visit cost", 11) + 4).reshape(-1, _VISITS).tolist()
    found: list[dict[str, Any]] = []
    for line, shares in zip(costs, percent, strict=True):
        line["account"] = None
        if line["category"] == "travel" and type(line["amount"]) is int and line["date"] is not None:
            first = number_of(line["date"].replace(day=1))
            after = number_of((line["date"] + timedelta(days=4)).replace(day=1))
            here = np.flatnonzero((team == names.index(line["team"])) & (day >= first) & (day < after))[:_VISITS]
            whole = line["amount"]
            for place, share in zip(here.tolist(), shares, strict=False):
                part = whole * share // 100
                line["amount"] -= part
                own = int(account[deals.won[place]])
                found.append(line | {"id": len(costs) + len(found) + 1, "amount": part, "account": own})
    costs += found
