"""Touches: what leads and accounts met on the way to a deal, and the mailings of campaigns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from ..table.column import Array
from .company import CAMPAIGNS, CRM_SINCE, LAST_DAY, SOURCES, TEAMS
from .contacts import Contacts
from .deals import OPEN, Deals, labelled, times
from .draws import Draws
from .leads import Leads
from .plans import USUAL
from .seasons import DAY, number_of

__all__ = ["make_touches"]

_CHANNELS = ("search", "social", "content", "webinar", "event", "referral", "partner", "email", "phone", "direct")
_KINDS = ("visited", "attended", "recommended", "answered", "called")
_KIND_OF = (0, 0, 0, 1, 1, 2, 2, 3, 4, 0)
_FIRST = {
    "website": (30, 5, 28, 9, 0, 0, 0, 3, 0, 25),
    "referral": (2, 2, 4, 3, 1, 72, 2, 4, 4, 6),
    "trade fair": (2, 2, 4, 4, 74, 2, 2, 5, 2, 3),
    "partner": (2, 1, 3, 4, 4, 3, 74, 4, 3, 2),
    "outbound": (1, 6, 2, 3, 2, 1, 1, 44, 38, 2),
    "advertising": (52, 38, 3, 1, 0, 0, 0, 2, 0, 4),
}
"""Channels of the first touch, by source."""
_NEXT = (9, 6, 15, 12, 4, 4, 4, 24, 8, 14)
_CAMPAIGN = {"search": ("SEARCH",), "social": ("SOCIAL",), "content": ("CONTENT",), "webinar": ("WEBINAR",),
             "event": ("FAIR-24", "FAIR-25", "FAIR-26"), "referral": ("REFER",), "partner": ("PARTNER",)}  # fmt: skip
_PER_DEAL = ((4, 15, 21, 22, 16, 10, 6, 4, 2), (34, 35, 20, 11))
"""Touches of a deal: of new business, and of the others."""
_PER_LEAD = (0, 46, 34, 20)
_MAILED = (("CONTENT", 5200), ("WEBINAR", 3900), ("REFER", 1500))
"""Campaigns that write to people once a month, and to how many."""
_MINUTE = 60_000_000
_LAST = (number_of(LAST_DAY) + 1) * DAY - 60 * _MINUTE


def make_touches(
    seed: int, rows: int, deals: Deals, leads: Leads, account: Array, contacts: Contacts
) -> dict[str, Any]:
    """Return the table of touches.

    A deal has its touches before it closes, the first one before its lead or the deal itself was made; a lead that came
    to nothing has one to three, and no account. A mailing is one row a month for each thing that became of the messages.
    """
    parts = [_of_deals(seed, deals, leads, account, contacts), _of_leads(seed, leads), _mailings(seed, rows)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort([joined["lead"], joined["account"], joined["at"]])
    found = {name: values[order] for name, values in joined.items()}
    return {
        "id": np.arange(1, order.size + 1),
        "campaign": labelled([c.id for c in CAMPAIGNS], found["campaign"]),
        "channel": labelled(_CHANNELS, found["channel"]),
        "source": labelled([s.name for s in SOURCES], found["source"]),
        "kind": found["kind"],
        "at": times(found["at"]),
        "lead": np.ma.masked_array(found["lead"], found["lead"] == 0),
        "contact": np.ma.masked_array(found["contact"], found["contact"] == 0),
        "account": np.ma.masked_array(found["account"], found["account"] == 0),
        "team": labelled([t.name for t in TEAMS], found["team"]),
        "quantity": found["quantity"],
    }


def _of_deals(seed: int, deals: Deals, leads: Leads, account: Array, contacts: Contacts) -> dict[str, Array]:
    whole = Draws(seed, deals.ids.size)
    some = [whole.pick(f"touches of deal {n}", weights) for n, weights in enumerate(_PER_DEAL)]
    deal, turn = _repeated(np.where(deals.pipeline == 0, *some))
    draws = Draws(seed, deal.size)
    lead, campaign = np.zeros(deals.ids.size, np.int64), np.full(deals.ids.size, -1)
    lead[leads.deal] = leads.ids[: leads.deal.size]
    campaign[leads.deal] = leads.campaign[: leads.deal.size]
    begin = deals.created.copy()
    begin[leads.deal] = leads.created[: leads.deal.size]
    end = np.where(deals.outcome == OPEN, _LAST, deals.closed)[deal]
    at = _times(draws, "deal touch", begin[deal], end, turn, campaign[deal])
    person = contacts.some(draws, "touch contact", account[deal])
    return _rows(draws, "deal touch", at, turn, deals.source[deal], campaign[deal], deals.team[deal]) | {
        "lead": lead[deal],
        "account": account[deal],
        "contact": person,
    }


def _of_leads(seed: int, leads: Leads) -> dict[str, Array]:
    left = np.flatnonzero(~leads.converted)
    place, turn = _repeated(Draws(seed, left.size).pick("touches of lead", _PER_LEAD))
    lead = left[place]
    draws = Draws(seed, lead.size)
    end = np.minimum(leads.created[lead] + 20 * DAY, _LAST)
    at = _times(draws, "lead touch", leads.created[lead], end, turn, leads.campaign[lead])
    blank = np.zeros(lead.size, np.int64)
    return _rows(draws, "lead touch", at, turn, leads.source[lead], leads.campaign[lead], leads.team[lead]) | {
        "lead": leads.ids[lead],
        "account": blank,
        "contact": blank,
    }


def _repeated(times_each: Array) -> tuple[Array, Array]:
    """Return each position as often as said, and which time it is."""
    place = np.repeat(np.arange(times_each.size), times_each)
    return place, np.arange(place.size) - np.repeat(np.cumsum(times_each) - times_each, times_each)


def _times(draws: Draws, name: str, begin: Array, end: Array, turn: Array, campaign: Array) -> Array:
    """Return when: the first within three weeks before the beginning, with a campaign within the hour; others later."""
    minutes = np.where(campaign < 0, draws.below(f"{name} before", 21 * 24 * 60), draws.below(f"{name} just", 60))
    first = np.maximum(begin - minutes * _MINUTE, number_of(CRM_SINCE) * DAY)
    later = begin + (np.maximum(end - begin, 0) // 1_000_000_000) * draws.below(f"{name} part", 960) * 1_000_000
    found: Array = np.where(turn == 0, np.minimum(first, begin), later)
    return found


def _rows(
    draws: Draws, name: str, at: Array, turn: Array, source: Array, campaign: Array, team: Array
) -> dict[str, Array]:
    """Return channel, kind and campaign of touches: the first by its campaign or its source, the others as they come."""
    first = np.zeros(at.size, np.int64)
    for number, s in enumerate(SOURCES):
        first = np.where(source == number, draws.pick(f"{name} {s.name}", _FIRST[s.name]), first)
    own = np.array([_channel_of(c.id) for c in CAMPAIGNS])
    first = np.where(campaign < 0, first, own[campaign])
    channel = np.where(turn == 0, first, draws.pick(f"{name} channel", _NEXT))
    ran = np.where((turn == 0) & (campaign >= 0), campaign, -1)
    day = at // DAY
    for number, c in enumerate(CAMPAIGNS):
        here = (ran < 0) & (channel == own[number]) & (day >= number_of(c.start)) & (day < number_of(c.end))
        ran = np.where(here, number, ran)
    return {
        "at": at,
        "channel": channel,
        "kind": labelled(_KINDS, np.array(_KIND_OF)[channel]),
        "campaign": ran,
        "source": source,
        "team": team,
        "quantity": np.ones(at.size, np.int64),
    }


def _channel_of(campaign: str) -> int:
    return next(_CHANNELS.index(channel) for channel, ids in _CAMPAIGN.items() if campaign in ids)


def _mailings(seed: int, rows: int) -> dict[str, Array]:
    """Return the monthly mailings: messages sent, and how many came back, were opened, clicked or ended in an opt-out."""
    found: dict[str, list[Any]] = {"at": [], "kind": [], "campaign": [], "quantity": []}
    month = CRM_SINCE
    while month <= LAST_DAY:
        for name, people in _MAILED:
            number = next(n for n, c in enumerate(CAMPAIGNS) if c.id == name)
            if CAMPAIGNS[number].start <= month < CAMPAIGNS[number].end:
                draws = Draws(seed, 5)
                swing = (90 + draws.below(f"mailing {name} {month}", 21)).tolist()
                sent = max(people * rows // USUAL, 20) * swing[0] // 100
                shares = (("sent", 1000), ("bounced", 21), ("opened", 264), ("clicked", 38), ("opted_out", 4))
                for (kind, share), percent in zip(shares, [100, *swing[1:]], strict=True):
                    found["at"].append((number_of(month) + 9) * DAY + 9 * 60 * _MINUTE)
                    found["kind"].append(kind)
                    found["campaign"].append(number)
                    found["quantity"].append(sent * share * percent // 100_000)
        month = (month + timedelta(days=32)).replace(day=1)
    size = len(found["at"])
    blank, none = np.zeros(size, np.int64), np.full(size, -1)
    arrays = {name: np.array(values, object if name == "kind" else np.int64) for name, values in found.items()}
    return arrays | {
        "channel": np.full(size, _CHANNELS.index("email")),
        "source": none,
        "team": none,
        "lead": blank,
        "account": blank,
        "contact": blank,
    }
