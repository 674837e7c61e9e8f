"""Plans and money: campaigns and what they cost, salaries, expenses, quotas and budgets, exchange rates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from ..domain import Rate
from .company import CAMPAIGNS, CRM_SINCE, CURRENCY, LAST_DAY, QUARTERS, RATES, SELLERS, TEAMS
from .deals import WON, Deals
from .draws import Draws

__all__ = ["USUAL", "make_campaigns", "make_costs", "make_targets", "rates", "target"]

_SALARY = {"EUR": 5400, "GBP": 4900, "CNY": 21000, "USD": 6900}
_TRAVEL = {"EUR": 900, "GBP": 820, "CNY": 3600, "USD": 1150}
_SEASON = (104, 88, 128, 92)  # the quarters of the plan, beginning with the second
USUAL = 5000
"""Deals for which the monthly costs are written down; more deals cost more."""


def rates() -> list[Rate]:
    """Return the exchange rates into the company's currency."""
    starts = [CRM_SINCE, *QUARTERS[:-1]]
    return [
        Rate(from_currency=currency, to_currency=CURRENCY, valid_from=start, rate=Decimal(value))
        for currency, values in RATES.items()
        for start, value in zip(starts, values, strict=True)
    ]


def make_campaigns(rows: int) -> list[dict[str, Any]]:
    """Return the table of campaigns."""
    return [
        {
            "id": c.id,
            "name": c.name,
            "channel": c.channel,
            "start": c.start,
            "end": c.end,
            "budget": _scaled(c.spend, rows) * max((c.end - c.start).days // 30, 1),
            "currency": c.currency,
        }
        for c in CAMPAIGNS
    ]


def make_costs(seed: int, rows: int) -> list[dict[str, Any]]:
    """Return the table of costs: one line a month for each campaign, and for each team its salaries and its travel."""
    lines = list(_lines())
    noise = (Draws(seed, len(lines)).below("cost noise", 31) + 85).tolist()
    found = []
    for number, (line, percent) in enumerate(zip(lines, noise, strict=True), 1):
        amount = _scaled(line.pop("base"), rows) * percent
        found.append({"id": number, **line, "amount": amount // 100})
    return found


def _lines() -> Iterator[dict[str, Any]]:
    month = CRM_SINCE
    while month <= LAST_DAY:
        after = (month + timedelta(days=32)).replace(day=1)
        booked = after - timedelta(days=3)
        for c in CAMPAIGNS:
            if c.start <= month < c.end:
                yield _line("spend", "media", booked, c.spend, c.currency, source=c.source, campaign=c.id)
        for number, team in enumerate(TEAMS):
            heads = sum(s.team == number and s.hired <= month and (s.left is None or s.left > month) for s in SELLERS)
            yield _line("spend", "salary", booked, heads * _SALARY[team.currency], team.currency, team=team.name)
            trips = 130 if month.month in (3, 6, 9, 11) else 85
            yield _line(
                "expense",
                "travel",
                booked,
                heads * _TRAVEL[team.currency] * trips // 100,
                team.currency,
                team=team.name,
            )
        month = after


def _line(
    kind: str,
    category: str,
    day: date,
    base: int,
    currency: str,
    *,
    source: str | None = None,
    campaign: str | None = None,
    team: str | None = None,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "category": category,
        "date": day,
        "base": base,
        "currency": currency,
        "source": source,
        "campaign": campaign,
        "team": team,
    }


def _scaled(base: int, rows: int) -> int:
    return max(base * rows // USUAL, 1)


def make_targets(deals: Deals, rows: int) -> list[dict[str, Any]]:
    """Return the targets: quotas of sellers, teams and the organisation, and the travel budgets, quarter by quarter.

    The plan is what the teams won in the two years and an eighth more, spread over the quarters without knowing how
    they went, and over the sellers who are there.
    """
    won = _won_by_team(deals)
    found: list[dict[str, Any]] = []
    for number, (start, end) in enumerate(pairwise(QUARTERS)):
        season = _SEASON[number % 4] * (100 + 4 * number)
        whole = sum(_SEASON[n % 4] * (100 + 4 * n) for n in range(len(QUARTERS) - 1))
        teams = 0
        for t, team in enumerate(TEAMS):
            plan = won[t] * 112 * season // whole // 100
            heads = [(s.name, _presence(s.hired, s.left, start, end) * (20 + s.pull)) for s in SELLERS if s.team == t]
            shares = sum(share for _, share in heads)
            quotas = [(name, _rounded(plan * share // max(shares, 1), rows)) for name, share in heads if share]
            found += [target("seller", start, end, quota, owner=name, team=team.name) for name, quota in quotas]
            total = _rounded(sum(quota for _, quota in quotas) * 95 // 100, rows)
            found.append(target("team", start, end, total, team=team.name))
            teams += total
            travel = _scaled(sum(1 for s in SELLERS if s.team == t) * 2900, rows)
            found.append(target("team", start, end, travel, kind="budget", metric="expense_value", team=team.name))
        found.append(target("organisation", start, end, _rounded(teams * 97 // 100, rows)))
    return [{"id": n, **line} for n, line in enumerate(found, 1)]


def _won_by_team(deals: Deals) -> list[int]:
    """Return what each team won, in whole euros at the rate of the first quarter: a plan does not know later rates."""
    won = deals.outcome == WON
    found = []
    for t, team in enumerate(TEAMS):
        total = int(deals.amount[won & (deals.team == t)].sum())
        rate = Decimal(RATES[team.currency][1]) if team.currency != CURRENCY else Decimal(1)
        found.append(int(total * rate))
    return found


def _presence(hired: date, left: date | None, start: date, end: date) -> int:
    """Return the days of a quarter on which someone is there and past their first month."""
    first = max(hired + timedelta(days=30), start)
    last = min(left or end, end)
    return max((last - first).days, 0)


def _rounded(amount: int, rows: int) -> int:
    step = 1000 if rows >= USUAL // 2 else 100
    return max((amount + step // 2) // step, 1) * step


def target(
    scope: str,
    start: date,
    end: date,
    amount: int,
    *,
    kind: str = "quota",
    metric: str = "won_value",
    owner: str | None = None,
    team: str | None = None,
    product: str | None = None,
    account: int | None = None,
) -> dict[str, Any]:
    """Return a target in euros, a quota of won value unless something else is said."""
    return {
        "kind": kind,
        "scope": scope,
        "owner": owner,
        "team": team,
        "product": product,
        "account": account,
        "metric": metric,
        "amount": amount,
        "currency": CURRENCY,
        "start": start,
        "end": end,
    }
