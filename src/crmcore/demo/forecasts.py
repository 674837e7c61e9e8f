"""Forecasts: what sellers, teams and the company commit to at the beginning of each month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from ..table.column import Array
from .company import CRM_SINCE, CURRENCY, LAST_DAY, QUARTERS, RATES, SELLERS, TEAMS
from .deals import Deals
from .draws import Draws
from .seasons import DAY, number_of

__all__ = ["make_forecasts"]

_TILT = (96, 104, 112, 121, 90, 108)
"""What a seller commits to, in per cent of what they then win on average; it repeats over the sellers."""
_SURE = 70
"""How much of a month is known at its beginning, in per cent; the rest is the seller's usual month."""
_USUAL = 6
"""Months before that tell what is usual."""
_LEAD, _COMPANY = 96, 98
"""What a team lead holds of the sum of the sellers, and the company of the sum of the teams, in per cent."""


def make_forecasts(seed: int, deals: Deals) -> list[dict[str, Any]]:
    """Return the forecasts in euros: one commit per month of each seller at work, of each team and of the company.

    Each is submitted once, in the first days of its month, so that the months of a quarter add up. Sellers name a best
    case beside, which is no commit.
    """
    months = list(pairwise(_months()))
    won = _won(deals, [number_of(start) for start, _ in months])
    percent = Draws(seed, won.size)
    swing = (72 + percent.below("forecast swing", 57)).reshape(won.shape).tolist()
    best = (108 + percent.below("forecast best", 45)).reshape(won.shape).tolist()
    calls = Draws(seed, len(months) * (len(TEAMS) + 1)).below("forecast call", 13).reshape(len(months), -1).tolist()
    found: list[dict[str, Any]] = []
    for m, (start, end) in enumerate(months):
        sums = [0] * len(TEAMS)
        for s, seller in enumerate(SELLERS):
            if seller.hired + timedelta(days=30) > start or (seller.left is not None and seller.left <= start):
                continue
            before = won[s, max(m - _USUAL, 0) : m] if m else won[s, :1]
            usual = int(before.sum()) // before.size
            known = int(won[s, m]) * swing[s][m] // 100
            amount = (known * _SURE + usual * (100 - _SURE)) * _TILT[s % len(_TILT)] // 10_000
            amount = _rounded(amount)
            sums[seller.team] += amount
            submitted = start + timedelta(days=s % 4)
            found.append(_forecast("commit", amount, start, end, submitted, seller.name, TEAMS[seller.team].name))
            more = _rounded(amount * best[s][m] // 100)
            found.append(_forecast("best_case", more, start, end, submitted, seller.name, TEAMS[seller.team].name))
        whole = 0
        for t, team in enumerate(TEAMS):
            amount = _rounded(sums[t] * (_LEAD - 6 + calls[m][t]) // 100)
            whole += amount
            found.append(_forecast("commit", amount, start, end, start + timedelta(days=4), None, team.name))
        amount = _rounded(whole * (_COMPANY - 6 + calls[m][-1]) // 100)
        found.append(_forecast("commit", amount, start, end, start + timedelta(days=5), None, None))
    return [{"id": n, **line} for n, line in enumerate(found, 1)]


def _months() -> Iterator[date]:
    """Yield the first days of the months of the quarters, and of the month after the export."""
    month = QUARTERS[0]
    while month <= LAST_DAY:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)
    yield month


def _won(deals: Deals, starts: list[int]) -> Array:
    """Return what each seller won in each month, in whole euros at the rate of the quarter."""
    won = deals.won
    day = deals.closed[won] // DAY
    firsts = [number_of(d) for d in (CRM_SINCE, *QUARTERS[:-1])]
    quarter = np.clip(np.searchsorted(firsts, day, side="right") - 1, 0, None)
    milli = np.array([[int(Decimal(r) * 1000) for r in RATES.get(t.currency, ["1"] * len(firsts))] for t in TEAMS])
    euros = deals.amount[won] * milli[deals.team[won], quarter] // 1000
    month = np.searchsorted(starts, day, side="right") - 1
    found = np.zeros((len(SELLERS), len(starts)), np.int64)
    there = month >= 0
    np.add.at(found, (deals.seller[won][there], month[there]), euros[there])
    return found


def _rounded(amount: int) -> int:
    step = 1000 if amount >= 20_000 else 100
    return (amount + step // 2) // step * step


def _forecast(
    category: str, amount: int, start: date, end: date, submitted: date, owner: str | None, team: str | None
) -> dict[str, Any]:
    return {
        "owner": owner,
        "team": team,
        "category": category,
        "amount": amount,
        "currency": CURRENCY,
        "start": start,
        "end": end,
        "submitted_at": submitted,
    }
