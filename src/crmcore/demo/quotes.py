"""Quotes: what was offered for a deal, when it was asked for, sent and decided."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..table.column import Array
from .company import LAST_DAY, SELLERS, TEAMS
from .deals import ABANDONED, LOST, NONE, OPEN, WON, Deals, days, labelled, times
from .draws import Draws
from .seasons import DAY, number_of

__all__ = ["FIRST_QUOTE", "make_quotes"]

FIRST_QUOTE = 800_001
_STATUS = ("draft", "sent", "revised", "declined", "expired", "accepted")
_DRAFT, _SENT, _REVISED, _DECLINED, _EXPIRED, _ACCEPTED = range(len(_STATUS))
_QUOTED = {OPEN: 4500, WON: 10_000, LOST: 6200, ABANDONED: 1500}
_TURNAROUND = (1, 4, 9, 16, 24, 32, 47, 68, 96, 150, 330)  # hours
_HOUR = 3_600_000_000


def make_quotes(seed: int, deals: Deals, account: Array) -> tuple[dict[str, Any], Array]:
    """Return the table of quotes, and for each deal the quote that was accepted, 0 where none was.

    A deal won a day or more after its creation was quoted; where a quote was revised, the second one decides.
    """
    whole = Draws(seed, deals.ids.size)
    end = np.where(deals.outcome == OPEN, (number_of(LAST_DAY) + 1) * DAY - _HOUR, deals.closed)
    chance = np.array([_QUOTED[outcome] for outcome in sorted(_QUOTED)])[deals.outcome]
    deal = np.flatnonzero(whole.chance("quote of deal", chance) & (end - deals.created >= DAY))
    draws = Draws(seed, deal.size)
    outcome, until = deals.outcome[deal], end[deal]
    asked = _part(deals.created[deal], until, 5 + draws.below("quote asked", 50))
    sent = _sent(draws, "quote", asked)
    sent = np.where(outcome == OPEN, sent, np.minimum(sent, until - _HOUR))
    again = np.flatnonzero((sent < until - 2 * DAY) & draws.chance("quote revised", 2300))
    asked_again = _part(sent[again], until[again], 20 + draws.below("quote asked again", 50)[again])
    sent_again = np.minimum(_sent(Draws(seed, again.size), "revised quote", asked_again), until[again] - _HOUR)

    draft = sent >= until
    status = np.select(
        [draft, outcome == OPEN, outcome == WON, draws.chance("quote declined", 7200)],
        [_DRAFT, _SENT, _ACCEPTED, _DECLINED],
        _EXPIRED,
    )
    percent = np.where(outcome == WON, 0, draws.below("quote discount", 15))
    listed = deals.amount[deal]
    amount = np.where(outcome == WON, deals.made[deal], listed * (100 - percent) // 100)
    first = {"place": np.arange(deal.size), "asked": asked, "sent": np.where(draft, NONE, sent), "status": status}
    first["status"] = np.where(np.isin(first["place"], again), _REVISED, status)
    first["amount"] = np.where(first["status"] == _REVISED, (listed + amount) // 2, amount)
    second = {
        "place": again,
        "asked": asked_again,
        "sent": sent_again,
        "status": status[again],
        "amount": amount[again],
    }
    joined = {name: np.concatenate([first[name], second[name]]) for name in first}
    order = np.lexsort([joined["sent"], joined["place"]])
    rows = {name: values[order] for name, values in joined.items()}
    return _table(seed, deals, account, deal[rows["place"]], end, rows)


def _part(start: Array, end: Array, percent: Array) -> Array:
    """Return instants some per cent of the way, to the second."""
    found: Array = start + (end - start) // 100_000_000 * percent * 1_000_000
    return found


def _sent(draws: Draws, name: str, asked: Array) -> Array:
    found: Array = (
        asked + (draws.along(f"{name} turnaround", _TURNAROUND) * 60 + draws.below(f"{name} minutes", 60)) * 60_000_000
    )
    return found


def _table(
    seed: int, deals: Deals, account: Array, deal: Array, end: Array, rows: dict[str, Array]
) -> tuple[dict[str, Any], Array]:
    draws = Draws(seed, deal.size)
    ids = np.arange(FIRST_QUOTE, FIRST_QUOTE + deal.size)
    status, sent = rows["status"], rows["sent"]
    accepted = np.zeros(deals.ids.size, np.int64)
    accepted[deal[status == _ACCEPTED]] = ids[status == _ACCEPTED]
    decided = np.where(np.isin(status, (_DECLINED, _ACCEPTED)), end[deal], NONE)
    valid = np.where(sent == NONE, NONE, sent // DAY + 30)
    listed = deals.amount[deal]
    unasked = draws.chance("quote nobody asked for", 1500)
    table = {
        "id": ids,
        "opportunity": deals.ids[deal],
        "account": account[deal],
        "owner": labelled([s.name for s in SELLERS], deals.seller[deal]),
        "team": labelled([t.name for t in TEAMS], deals.team[deal]),
        "created_at": times(rows["asked"]),
        "requested_at": times(np.where(unasked, NONE, rows["asked"])),
        "sent_at": times(sent),
        "decided_at": times(decided),
        "valid_until": days(valid),
        "status": labelled(_STATUS, status),
        "amount": rows["amount"],
        "list_amount": listed,
        "discount": listed - rows["amount"],
        "currency": labelled([t.currency for t in TEAMS], deals.team[deal]),
    }
    return table, accepted
