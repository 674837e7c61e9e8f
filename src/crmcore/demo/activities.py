"""Activities: calls, e-mails, meetings, visits and proposals on leads and deals, tasks, and the hours of administration."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..table.column import Array
from .company import LAST_DAY, QUARTERS, SELLERS, TEAMS
from .deals import NONE, OPEN, WON, Deals, labelled, times
from .draws import Draws
from .leads import Leads
from .seasons import DAY, instants, number_of

__all__ = ["make_activities"]

_KINDS = ("call", "email", "meeting", "visit", "proposal", "task", "administration")
_MINUTES = ((3, 25), (2, 12), (30, 90), (60, 180), (45, 240), (10, 45), (45, 300))
_HOUR = 3_600_000_000


def make_activities(seed: int, deals: Deals, leads: Leads) -> dict[str, Any]:
    """Return the table of activities: four or so per deal, one or two per lead, five hours of paperwork a week per seller."""
    per_deal = Draws(seed, deals.ids.size).pick("activities of deal", [6, 12, 18, 20, 17, 12, 8, 4, 2, 1])
    per_deal = np.maximum(per_deal, deals.outcome == WON)
    per_lead = Draws(seed, leads.ids.size).pick("activities of lead", [22, 40, 24, 10, 4])
    deal, lead = np.repeat(np.arange(deals.ids.size), per_deal), np.repeat(np.arange(leads.ids.size), per_lead)
    paper = _paperwork(seed)
    parts = [_on_deals(seed, deals, deal), _on_leads(seed, leads, deals, lead), paper]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    draws = Draws(seed, joined["kind"].size)
    kind = joined["kind"]
    low, high = np.array(_MINUTES).T
    minutes = low[kind] + draws.below("activity minutes", high[kind] - low[kind])
    at = joined["at"]
    due = np.where(
        (kind == 5) | (kind == 0), np.maximum(at + (draws.below("activity due", 60) - 10) * _HOUR, at - 4 * _HOUR), NONE
    )
    end = (number_of(LAST_DAY) + 1) * DAY - 1
    done = np.where((kind == 5) & draws.chance("activity left", 900), NONE, at)
    done = np.where(done > end, NONE, done)
    size = kind.size
    return {
        "id": np.arange(1, size + 1),
        "kind": labelled(_KINDS, kind),
        "at": times(at),
        "due": times(due),
        "done": times(done),
        "duration": np.ma.masked_array(minutes, draws.chance("activity no duration", 400)) * np.timedelta64(1, "m"),
        "quantity": np.ma.masked_array(
            1 + draws.chance("activity twice", 300), draws.chance("activity no quantity", 500)
        ),
        "owner": labelled([s.name for s in SELLERS], joined["owner"]),
        "team": labelled([t.name for t in TEAMS], joined["team"]),
        "opportunity": np.ma.masked_array(joined["deal"], joined["deal"] == 0),
        "lead": np.ma.masked_array(joined["lead"], joined["lead"] == 0),
    }


def _on_deals(seed: int, deals: Deals, deal: Array) -> dict[str, Array]:
    draws = Draws(seed, deal.size)
    kind = draws.pick("deal activity kind", [34, 20, 16, 7, 11, 12])
    # every won deal has its proposal: the first activity of such a deal
    first = np.ones(deal.size, bool)
    first[1:] = deal[1:] != deal[:-1]
    kind = np.where(first & (deals.outcome[deal] == WON), 4, kind)
    end = np.where(deals.outcome == OPEN, (number_of(LAST_DAY) + 1) * DAY - _HOUR, deals.closed)[deal]
    at = _between(draws, "deal activity at", deals.created[deal], end)
    return {
        "kind": kind,
        "at": at,
        "owner": deals.seller[deal],
        "team": deals.team[deal],
        "deal": deals.ids[deal],
        "lead": np.zeros(deal.size, np.int64),
    }


def _on_leads(seed: int, leads: Leads, deals: Deals, lead: Array) -> dict[str, Array]:
    draws = Draws(seed, lead.size)
    kind = draws.pick("lead activity kind", [68, 32])
    end = np.minimum(leads.created + 30 * DAY, (number_of(LAST_DAY) + 1) * DAY - _HOUR)
    end[: leads.deal.size] = deals.created[leads.deal]
    at = _between(draws, "lead activity at", leads.created[lead], end[lead])
    return {
        "kind": kind,
        "at": at,
        "owner": leads.seller[lead],
        "team": leads.team[lead],
        "deal": np.zeros(lead.size, np.int64),
        "lead": leads.ids[lead],
    }


def _paperwork(seed: int) -> dict[str, Array]:
    """Return two blocks of administration per seller and week; the newer the team's habits, the fewer."""
    days, owners = [], []
    for number, seller in enumerate(SELLERS):
        first = max(number_of(QUARTERS[0]), number_of(seller.hired))
        last = number_of(seller.left) if seller.left else number_of(LAST_DAY) + 1
        some = np.arange(first + 4 - (first + 3) % 7, last, 7)  # the first Friday, and every week from there
        days.append(np.repeat(some, 2 if seller.team != 2 else 1))
        owners.append(np.full(days[-1].size, number))
    day, owner = np.concatenate(days), np.concatenate(owners)
    draws = Draws(seed, day.size)
    team = np.array([s.team for s in SELLERS])[owner]
    # the Berlin team has had its paperwork automated step by step: each quarter a tenth of it goes
    quarters = (day - number_of(QUARTERS[0])) // 91
    kept = ~((team == 0) & draws.chance("paperwork gone", 900 * quarters))
    at = instants(draws, "paperwork at", day, np.array([t.offset_hours for t in TEAMS])[team])
    blank = np.zeros(day.size, np.int64)
    found = {"kind": np.full(day.size, 6), "at": at, "owner": owner, "team": team, "deal": blank, "lead": blank}
    return {name: values[kept] for name, values in found.items()}


def _between(draws: Draws, name: str, start: Array, end: Array) -> Array:
    """Return instants between two, to the second."""
    found: Array = start + draws.below(name, np.maximum((end - start) // 1_000_000, 1)) * 1_000_000
    return found
