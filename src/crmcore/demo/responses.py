"""Responses: what customers answer when they are asked, and how many do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..table.column import Array
from .company import LAST_DAY, QUARTERS, SELLERS, TEAMS
from .contacts import Contacts
from .deals import NONE, Deals, labelled, times
from .draws import Draws
from .seasons import DAY, business_day, instants, number_of

__all__ = ["make_responses"]

_KINDS = ("nps", "csat", "ces")
_ANSWERS = (
    # from 0 to 10, from 1 to 5, from 1 to 7: how often each is chosen in a bad mood, and in each better one
    ((6, 4, 5, 6, 7, 11, 14, 17, 15, 9, 6), (14, 20, 28, 26, 12), (4, 6, 10, 16, 22, 24, 18)),
    ((2, 2, 3, 3, 4, 8, 10, 19, 23, 15, 11), (6, 11, 23, 37, 23), (8, 12, 17, 21, 19, 14, 9)),
    ((1, 1, 1, 2, 2, 5, 7, 16, 25, 22, 18), (3, 6, 15, 42, 34), (15, 21, 22, 18, 12, 8, 4)),
    ((1, 0, 1, 1, 1, 3, 4, 11, 22, 28, 28), (1, 3, 9, 38, 49), (25, 27, 21, 13, 8, 4, 2)),
)
_MOOD = ((3, 4), (6, -3), (5, 2), (4, 0))
"""Per team: the mood of its customers in thirds of a step, and by how many it moves in two years."""
_FIRST_SCORE = (0, 1, 1)
_EVERY = 182
"""Days between two questions whether a customer would recommend."""


def make_responses(seed: int, deals: Deals, account: Array, contacts: Contacts, until: Array) -> dict[str, Any]:
    """Return the table of responses: one per question that was sent; without a score where nobody answered.

    Customers are asked for a recommendation twice a year as long as they stay, for their satisfaction after each
    purchase, and about the effort in every second case a month after it.
    """
    won = deals.won[np.lexsort([deals.closed[deals.won], account[deals.won]])]
    first = np.ones(won.size, bool)
    first[1:] = account[won][1:] != account[won][:-1]
    new = won[first]
    closed = deals.closed // DAY
    turns = (number_of(LAST_DAY) - number_of(QUARTERS[0])) // _EVERY + 2
    some = won[Draws(seed, won.size).chance("response effort", 5000)]
    asked = [(0, new, 45 + _EVERY * turn) for turn in range(turns)] + [(1, won, 5), (2, some, 30)]
    kind = np.concatenate([np.full(whom.size, k) for k, whom, _ in asked])
    deal = np.concatenate([whom for _, whom, _ in asked])
    day = business_day(closed[deal] + np.concatenate([np.full(whom.size, after) for _, whom, after in asked]))
    there = (day <= number_of(LAST_DAY)) & ((kind > 0) | (day < until[account[deal]]))
    kind, deal, day = kind[there], deal[there], day[there]
    order = np.lexsort([deal, kind, day])
    kind, deal, day = kind[order], deal[order], day[order]
    draws = Draws(seed, deal.size)
    team = deals.team[deal]
    answered = draws.chance("response answered", np.array([3900, 3100, 2600])[kind])
    offset = np.array([t.offset_hours for t in TEAMS])[team]
    return {
        "id": np.arange(1, deal.size + 1),
        "kind": labelled(_KINDS, kind),
        "score": np.ma.masked_array(_scores(draws, kind, team, day), ~answered),
        "at": times(instants(draws, "response at", day, offset)),
        "account": account[deal],
        "contact": contacts.some(draws, "response contact", account[deal]),
        "opportunity": np.ma.masked_array(deals.ids[deal], kind == 0),
        "owner": labelled([s.name for s in SELLERS], deals.seller[deal]),
        "team": labelled([t.name for t in TEAMS], team),
        "channel": labelled(("e-mail", "phone", "in product"), draws.pick("response channel", [62, 14, 24])),
    }


def _scores(draws: Draws, kind: Array, team: Array, day: Array) -> Array:
    """Return the answers: the better the mood of a team's customers on that day, the better."""
    base, drift = np.array(_MOOD).T
    passed = np.clip(day - number_of(QUARTERS[0]), 0, 730)
    thirds = base[team] + drift[team] * passed // 730 + draws.below("response mood", 5) - 1
    mood = np.clip(thirds // 3, 0, len(_ANSWERS) - 1)
    found = np.full(kind.size, NONE)
    for number, answers in enumerate(_ANSWERS):
        for k, weights in enumerate(answers):
            drawn = draws.pick(f"response {_KINDS[k]} {number}", weights) + _FIRST_SCORE[k]
            found = np.where((kind == k) & (mood == number), drawn, found)
    return found
