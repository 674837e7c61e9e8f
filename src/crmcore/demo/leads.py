"""Leads: those that became deals, and the many that did not."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..table.column import Array, Mask
from .company import CAMPAIGNS, CRM_SINCE, LAST_DAY, SELLERS, SOURCES, TEAMS
from .deals import NONE, Deals, labelled, times
from .draws import Draws
from .seasons import DAY, created_days, instants, number_of

__all__ = ["FIRST_LEAD", "Leads", "make_leads"]

FIRST_LEAD = 500_001
_HOUR = 3_600_000_000
_RESPONSE = (2, 12, 25, 45, 80, 130, 240, 480, 1100, 2200, 8600)  # minutes
_QUALIFYING = (0, 1, 2, 3, 5, 7, 9, 12, 16, 23, 60)  # days from lead to deal
_STATUS = ("new", "working", "disqualified", "converted")
_REASONS = ("no need", "no budget", "not reached", "too small", "student")


@attrs.frozen(slots=True, eq=False)
class Leads:
    """Arrays of equal length, one value per lead; those that became deals come first, in the order of `deal`."""

    ids: Array
    deal: Array
    team: Array
    seller: Array
    source: Array
    created: Array
    converted: Mask
    campaign: Array
    columns: dict[str, Any]


def make_leads(seed: int, deals: Deals, account: Array) -> Leads:
    """Return the leads of three quarters of the new deals, and about three times as many that came to nothing."""
    deal = np.flatnonzero((deals.pipeline == 0) & Draws(seed, deals.ids.size).chance("lead of deal", 7600))
    others = deal.size * 27 // 10
    draws, rest = Draws(seed, deal.size + others), Draws(seed, others)
    size = deal.size + others
    converted = np.arange(size) < deal.size

    def both(own: Array, other: Array) -> Array:
        return np.concatenate([own, other])

    team = both(deals.team[deal], rest.pick("lead team", [t.share for t in TEAMS]))
    source = both(deals.source[deal], rest.pick("lead source", [s.other for s in SOURCES]))
    created_day = created_days(rest, "lead created")
    offset = np.array([t.offset_hours for t in TEAMS])[team]
    before = (
        draws.along("lead qualifying", _QUALIFYING)[: deal.size] * DAY
        + draws.below("lead hours", 7)[: deal.size] * _HOUR
    )
    since = number_of(CRM_SINCE) * DAY + 6 * _HOUR
    own_created = np.minimum(np.maximum(deals.created[deal] - before, since), deals.created[deal])
    created = both(own_created, instants(rest, "lead time", created_day, offset[deal.size :]))
    seller = both(deals.seller[deal], _takers(rest, team[deal.size :]))
    campaign = _campaigns(draws, source, created)
    leads = Leads(
        np.arange(FIRST_LEAD, FIRST_LEAD + size), deal, team, seller, source, created, converted, campaign, {}
    )
    leads.columns.update(_columns(draws, leads, deals, account))
    return leads


def _takers(draws: Draws, team: Array) -> Array:
    found = np.zeros(team.size, np.int64)
    for t in range(len(TEAMS)):
        some = np.array([i for i, s in enumerate(SELLERS) if s.team == t and s.left is None])
        found = np.where(team == t, some[draws.below("lead owner", some.size)], found)
    return found


def _columns(draws: Draws, leads: Leads, deals: Deals, account: Array) -> dict[str, Any]:
    size, taken = leads.ids.size, leads.deal.size
    end = (number_of(LAST_DAY) + 1) * DAY - _HOUR
    limit = np.full(size, end)
    limit[:taken] = deals.created[leads.deal]
    assigned = np.minimum(
        leads.created + draws.along("lead assigned", (0, 1, 2, 3, 5, 8, 12, 20, 30, 48, 120)) * _HOUR, limit
    )
    response = np.minimum(leads.created + draws.along("lead response", _RESPONSE) * 60_000_000, limit)
    silent = ~leads.converted & (draws.chance("lead silent", 2100) | (response >= end))
    response = np.where(silent, NONE, response)
    age = (end - leads.created) // DAY
    dead = ~leads.converted & (draws.below("lead dead", 45) + 15 < age)
    status = np.where(leads.converted, 3, np.where(dead, 2, np.where(silent, 0, 1)))
    converted_at, opportunity, own = np.full(size, NONE), np.full(size, 0), np.zeros(size, np.int64)
    converted_at[:taken], opportunity[:taken] = deals.created[leads.deal], deals.ids[leads.deal]
    own[:taken] = account[leads.deal]
    repeats = ~leads.converted & draws.chance("lead repeats", 160)
    lost = np.minimum(leads.created + (5 + draws.below("lead lost", 30)) * DAY, end)
    return {
        "id": leads.ids,
        "created_at": times(leads.created),
        "source": labelled([s.name for s in SOURCES], np.where(draws.chance("lead no source", 200), -1, leads.source)),
        "status": labelled(_STATUS, status),
        "owner": labelled([s.name for s in SELLERS], np.where(draws.chance("lead no owner", 150), -1, leads.seller)),
        "team": labelled([t.name for t in TEAMS], leads.team),
        "region": labelled([t.region for t in TEAMS], leads.team),
        "assigned_at": times(assigned),
        "first_response_at": times(response),
        "first_contact_at": times(response),
        "converted": leads.converted,
        "converted_at": times(converted_at),
        "opportunity": np.ma.masked_array(opportunity, ~leads.converted),
        "account": np.ma.masked_array(own, ~leads.converted),
        "campaign": labelled([c.id for c in CAMPAIGNS], leads.campaign),
        "lost_at": times(np.where(dead, lost, NONE)),
        "lost_reason": labelled(_REASONS, np.where(dead, draws.pick("lead reason", [34, 18, 27, 15, 6]), -1)),
        "duplicate_of": np.ma.masked_array(FIRST_LEAD + draws.below("lead twin", max(size, 1)), ~repeats),
        "test": draws.chance("lead test", 20),
        "deleted": draws.chance("lead deleted", 50),
    }


def _campaigns(draws: Draws, sources: Array, created: Array) -> Array:
    """Return the campaign of each lead: one of its source that ran when it came, or none."""
    found = np.full(created.size, -1)
    day = created // DAY
    best = draws.below("lead no campaign", 60)
    for number, campaign in enumerate(CAMPAIGNS):
        source = next(i for i, s in enumerate(SOURCES) if s.name == campaign.source)
        ran = (sources == source) & (day >= number_of(campaign.start)) & (day < number_of(campaign.end))
        drawn = np.where(ran, draws.below(f"lead campaign {campaign.id}", 100), -1)
        found = np.where(drawn > best, number, found)
        best = np.maximum(best, drawn)
    return found
