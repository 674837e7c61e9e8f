"""Subscriptions: what the won deals brought in per term, how long it ran, and who came back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..table.column import Array
from .company import LAST_DAY, PIPELINES, PRODUCTS, SELLERS, TEAMS
from .deals import NONE, Deals, days, labelled
from .draws import Draws
from .seasons import DAY, number_of

__all__ = ["FIRST_SUBSCRIPTION", "FOREVER", "make_subscriptions"]

FIRST_SUBSCRIPTION = 850_001
FOREVER = np.iinfo(np.int64).max
_TERMS = (12, 3, 1)
_LIFE = (2, 7, 12, 18, 26, 36, 50, 72, 110, 180, 400)
"""Months that a subscription runs, by quantile, if nothing cuts it off."""
_REASONS = ("price", "no use", "competitor", "insolvent", None)
_STATUS = ("active", "cancelled", "ended")
_ENDS, _CHANGED, _BACK = range(3)


def make_subscriptions(seed: int, deals: Deals, account: Array, accounts: int) -> tuple[dict[str, Any], Array]:
    """Return the table of subscriptions, and per account the day its last one ends, `FOREVER` while one runs.

    The first won deal of an account and each won expansion begin one, on the first of the month after; onboarding is
    paid once. Some that end are replaced by a larger or smaller one on the same day, some accounts come back months later.
    """
    won = deals.won[np.lexsort([deals.closed[deals.won], account[deals.won]])]
    new = np.ones(won.size, bool)
    new[1:] = account[won][1:] != account[won][:-1]
    expansion = next(n for n, p in enumerate(PIPELINES) if p.kind == "upsell")
    once = next(n for n, p in enumerate(PRODUCTS) if p.id == "ONBOARDING")
    deal = won[(new | (deals.pipeline[won] == expansion)) & (deals.product[won] != once)]
    draws = Draws(seed, deal.size)
    term = np.array(_TERMS)[draws.pick("subscription term", [46, 14, 40])]
    start = _month(deals.closed[deal] // DAY) + 1
    monthly = np.maximum(deals.made[deal] // 12, 1)
    life = -(-draws.along("subscription life", _LIFE) // term) * term  # whole terms
    end, notice = _ended(draws, "subscription", start + life)
    fate = np.where(end == NONE, _ENDS, draws.pick("subscription fate", [56, 29, 15]))
    after = np.flatnonzero((fate == _BACK) | (fate == _CHANGED))
    later = Draws(seed, after.size)
    gap = np.where(fate[after] == _BACK, 2 + later.below("subscription gap", 6), 0)
    change = np.where(
        fate[after] == _BACK, 65 + later.below("subscription back", 45), 70 + later.below("subscription change", 110)
    )
    again = end[after] + gap
    began = _first_day(again) <= number_of(LAST_DAY)
    after, again, change = after[began], again[began], change[began]
    term_again = term[after]
    # one that was announced as a change and had not begun when the export was made is an end for now
    rows = {
        "deal": np.concatenate([deal, deal[after]]),
        "term": np.concatenate([term, term_again]),
        "start": np.concatenate([start, again]),
        "end": np.concatenate([end, np.full(after.size, NONE)]),
        "notice": np.concatenate([notice, np.full(after.size, NONE)]),
        "monthly": np.concatenate([monthly, np.maximum(monthly[after] * change // 100, 1)]),
    }
    order = np.lexsort([rows["start"], rows["deal"]])
    return _table(seed, deals, account, accounts, {name: values[order] for name, values in rows.items()})


def _month(day: Array) -> Array:
    """Return days as months since January 1970."""
    return days(day).astype("M8[M]").astype(np.int64)


def _first_day(month: Array) -> Array:
    """Return the first days of months; none of `NONE`."""
    first = month.astype("M8[M]").astype("M8[D]").astype(np.int64)
    return np.where(month == NONE, NONE, first)


def _ended(draws: Draws, name: str, end: Array) -> tuple[Array, Array]:
    """Return the end, and the day on which notice was given, of those of which it is known by now."""
    notice = _first_day(end) - 3 - draws.below(f"{name} notice", 60)
    known = notice <= number_of(LAST_DAY)
    return np.where(known, end, NONE), np.where(known, notice, NONE)


def _table(
    seed: int, deals: Deals, account: Array, accounts: int, rows: dict[str, Array]
) -> tuple[dict[str, Any], Array]:
    deal, size = rows["deal"], rows["deal"].size
    draws = Draws(seed, size)
    start, end = _first_day(rows["start"]), _first_day(rows["end"])
    notice = np.where(rows["end"] == NONE, NONE, np.maximum(rows["notice"], start))
    last = np.full(accounts + 1, NONE)
    np.maximum.at(last, account[deal], np.where(end == NONE, FOREVER, end))
    over = (end != NONE) & (end <= number_of(LAST_DAY))
    table = {
        "id": np.arange(FIRST_SUBSCRIPTION, FIRST_SUBSCRIPTION + size),
        "account": account[deal],
        "opportunity": deals.ids[deal],
        "product": labelled([p.id for p in PRODUCTS], deals.product[deal]),
        "owner": labelled([s.name for s in SELLERS], deals.seller[deal]),
        "team": labelled([t.name for t in TEAMS], deals.team[deal]),
        "kind": labelled([p.family for p in PRODUCTS], deals.product[deal]),
        "status": labelled(_STATUS, np.where(over, 2, np.where(end != NONE, 1, 0))),
        "created_at": days(np.minimum(start, deals.closed[deal] // DAY)),
        "start": days(start),
        "end": days(end),
        "cancelled_at": days(notice),
        "cancel_reason": labelled(
            _REASONS, np.where(end != NONE, draws.pick("subscription reason", [28, 24, 21, 7, 20]), -1)
        ),
        "recurring": rows["monthly"] * rows["term"],
        "term_months": rows["term"],
        "currency": labelled([t.currency for t in TEAMS], deals.team[deal]),
    }
    return table, np.where(last == NONE, FOREVER, last)
