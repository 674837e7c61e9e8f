"""Billing: the invoices of the orders, and the payments that came in: on time, late, in parts, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..table.column import Array
from .company import LAST_DAY, SELLERS, TEAMS
from .deals import NONE, PER_EURO, Deals, days, labelled
from .draws import Draws
from .orders import Orders
from .seasons import DAY, business_day, number_of

__all__ = ["FIRST_INVOICE", "make_invoices"]

FIRST_INVOICE = 950_001
_TERMS = (30, 14, 60)
_STATUS = ("open", "partly paid", "paid")
_LATE = (1, 2, 4, 6, 9, 12, 16, 22, 30, 45, 95)  # days
_SLOW = (0, 2, 11, 4)
"""Days that customers of a team take beyond that."""
_ON_TIME, _TOO_LATE, _IN_TWO, _IN_PART, _NEVER = range(5)


def make_invoices(seed: int, deals: Deals, orders: Orders) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tables of invoices and of payments.

    An order is invoiced within a week of it, a large one in two to four parts a month apart, as far as that is over by
    now; the parts add up to the order. What is paid of an invoice never exceeds it.
    """
    whole = Draws(seed, orders.ids.size)
    euros = orders.amount * 100 // np.array([PER_EURO[t.currency] for t in TEAMS])[orders.team]
    parts = np.where(euros >= 25_000, 2 + whole.below("invoice parts", 3), 1)
    parts = np.where(orders.amount > 0, parts, 0)
    order = np.repeat(np.arange(parts.size), parts)
    turn = np.arange(order.size) - np.repeat(np.cumsum(parts) - parts, parts)
    # the first parts take what does not divide
    amount = orders.amount[order] // parts[order] + (turn < orders.amount[order] % parts[order])
    issued = business_day(orders.at[order] // DAY + 1 + whole.below("invoice issued", 6)[order] + 30 * turn)
    issued = np.maximum(issued, orders.at[order] // DAY)
    there = np.flatnonzero(issued <= number_of(LAST_DAY))
    order, amount, issued = order[there], amount[there], issued[there]
    draws = Draws(seed, there.size)
    due = issued + np.array(_TERMS)[draws.pick("invoice term", [62, 23, 15])]
    first, second, share = _paid(draws, issued, due, orders.team[order])
    half = np.clip(amount * share // 100, 0, amount)
    paid = np.where(second > number_of(LAST_DAY), NONE, second)
    begun = (first != NONE) & (first <= number_of(LAST_DAY))
    ids = np.arange(FIRST_INVOICE, FIRST_INVOICE + there.size)
    invoices = _of(deals, orders, order) | {
        "id": ids,
        "issued_at": days(issued),
        "due": days(due),
        "paid_at": days(paid),
        "status": labelled(_STATUS, np.where(paid != NONE, 2, np.where(begun, 1, 0))),
        "amount": amount,
    }
    some, rest = np.flatnonzero(begun), np.flatnonzero(paid != NONE)
    place = np.concatenate([some, rest])
    worth = np.concatenate([half[some], (amount - np.where(begun, half, 0))[rest]])
    at = np.concatenate([first[some], paid[rest]])
    in_order = np.lexsort([place, at])
    in_order = in_order[worth[in_order] > 0]
    place, worth, at = place[in_order], worth[in_order], at[in_order]
    payments = _of(deals, orders, order[place]) | {
        "id": np.arange(1, place.size + 1),
        "invoice": ids[place],
        "at": days(at),
        "amount": worth,
    }
    return invoices, payments


def _paid(draws: Draws, issued: Array, due: Array, team: Array) -> tuple[Array, Array, Array]:
    """Return the day of a first part, the day of the rest or of the whole, and the first part in per cent."""
    fate = draws.pick("invoice fate", [66, 26, 5, 2, 1])
    late = due + draws.along("invoice late", _LATE) + np.array(_SLOW)[team]
    early = np.maximum(due - draws.below("invoice early", 16), issued + 1)
    first = np.where((fate == _IN_TWO) | (fate == _IN_PART), early, NONE)
    second = np.select(
        [fate == _ON_TIME, (fate == _TOO_LATE) | (fate == _IN_TWO)], [early, late], number_of(LAST_DAY) + 1
    )
    return first, second, np.where(first == NONE, 0, 25 + draws.below("invoice part", 50))


def _of(deals: Deals, orders: Orders, order: Array) -> dict[str, Any]:
    """Return the columns that invoices and payments take from their order."""
    deal = orders.deal[order]
    return {
        "id": None,
        "account": orders.account[order],
        "opportunity": np.ma.masked_array(deals.ids[deal], deal < 0),
        "owner": labelled([s.name for s in SELLERS], orders.seller[order]),
        "team": labelled([t.name for t in TEAMS], orders.team[order]),
        "currency": labelled([t.currency for t in TEAMS], orders.team[order]),
    }
