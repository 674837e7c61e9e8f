"""Deals: opportunities with their owners, amounts, dates and outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import attrs
import numpy as np

from ..table.column import Array, Mask
from .company import CRM_SINCE, LAST_DAY, LOST_REASONS, PIPELINES, PRODUCTS, SELLERS, SOURCES, TEAMS
from .draws import Draws
from .seasons import DAY, business_day, closing_days, instants, number_of

__all__ = [
    "ABANDONED",
    "FIRST_ID",
    "LOST",
    "NONE",
    "OPEN",
    "PER_EURO",
    "WON",
    "Deals",
    "days",
    "labelled",
    "make_deals",
    "times",
]

FIRST_ID = 100_001
NONE = np.iinfo(np.int64).min
"""Stands for no date; numpy's own NaT."""
OPEN, WON, LOST, ABANDONED = range(4)
_OUTCOMES = ("open", "won", "lost", "abandoned")
_AGES = (0, 5, 12, 20, 29, 39, 51, 66, 87, 120, 230)
PER_EURO = {"EUR": 100, "GBP": 85, "CNY": 800, "USD": 112}
"""What a hundred euros are in the currency of a team; prices and amounts were set when it was so."""


@attrs.frozen(slots=True, eq=False)
class Deals:
    """Arrays of equal length, one value per deal: positions in the lists of the company, days, microseconds.

    Args:
        rank: place of a deal among those of its pipeline and team, which decides its account.
    """

    ids: Array
    team: Array
    seller: Array
    pipeline: Array
    stage: Array
    outcome: Array
    source: Array
    product: Array
    amount: Array
    created: Array
    closed: Array
    created_day: Array
    closed_day: Array
    columns: dict[str, Any]

    @property
    def won(self) -> Array:
        """Positions of the deals that were won and that count: neither deleted nor a test (O3)."""
        return np.flatnonzero((self.outcome == WON) & ~self.columns["test"] & ~self.columns["deleted"])

    @property
    def made(self) -> Array:
        """Amount that was agreed on for each deal, whether the CRM knows it or not."""
        found: Array = np.ma.getdata(self.columns["won_amount"])
        return found


def labelled(labels: Sequence[Any], codes: Array) -> Array:
    """Return labels by position as an object array; position -1 is blank."""
    return np.array([*labels, None], object)[codes]


def times(us: Array) -> Array:
    """Return microseconds as timestamps, `NONE` as NaT."""
    return us.astype("M8[us]")


def days(numbers: Array) -> Array:
    """Return days since 1970-01-01 as dates, `NONE` as NaT."""
    return numbers.astype("M8[D]")


def make_deals(seed: int, rows: int) -> Deals:
    """Return `rows` opportunities."""
    draws = Draws(seed, rows)
    team = draws.pick("deal team", [t.share for t in TEAMS])
    pipeline = draws.pick("deal pipeline", [p.share for p in PIPELINES])
    source = draws.pick("deal source", [s.converting for s in SOURCES])
    product = draws.pick("deal product", [p.weight for p in PRODUCTS])
    fate = draws.pick("deal fate", [9, 87, 4])  # open, decided, abandoned
    cycle = _of(PIPELINES, pipeline, lambda p, name: draws.along(name, p.days), "deal cycle")
    cycle = cycle * np.array([t.cycle for t in TEAMS])[team] // 100
    closed_day = closing_days(draws, "deal closed")
    created_day = np.where(fate == 0, number_of(LAST_DAY) - draws.along("deal age", _AGES), closed_day - cycle)
    early = created_day < number_of(CRM_SINCE)
    created_day = np.where(early, number_of(CRM_SINCE) + draws.below("deal early", 25), created_day)
    created_day = business_day(created_day)
    seller = _sellers(draws, team, created_day)
    amount = _amounts(draws, team, pipeline)
    wins = _chances(team, pipeline, seller, source, created_day)
    outcome = np.where(
        fate == 0, OPEN, np.where(fate == 2, ABANDONED, np.where(draws.chance("deal won", wins), WON, LOST))
    )
    slow = (outcome == LOST) & (pipeline == 0)
    created_day = np.where(slow, business_day(np.maximum(created_day - cycle // 5, number_of(CRM_SINCE))), created_day)
    offset = np.array([t.offset_hours for t in TEAMS])[team]
    created = instants(draws, "deal created time", created_day, offset)
    closed = np.maximum(instants(draws, "deal closed time", closed_day, offset), created)
    at_once = draws.chance("deal closed at once", 60) & (outcome == WON) & (pipeline == 1)
    created = np.where(at_once, closed, created)  # O6: entered when it was already won
    closed = np.where(outcome == OPEN, NONE, closed)
    seller = _handed_over(seller, team, outcome == OPEN)
    stage = _stages(draws, pipeline, outcome)
    deals = Deals(
        ids=np.arange(FIRST_ID, FIRST_ID + rows),
        team=team,
        seller=seller,
        pipeline=pipeline,
        stage=stage,
        outcome=outcome,
        source=source,
        product=product,
        amount=amount,
        created=created,
        closed=closed,
        created_day=created_day,
        closed_day=np.where(outcome == OPEN, NONE, closed // DAY),
        columns={},
    )
    deals.columns.update(_columns(draws, deals))
    return deals


def _of(groups: Sequence[Any], codes: Array, make: Any, name: str) -> Array:
    """Return, for each row, the number that its group's distribution gives."""
    found = np.zeros(codes.size, np.int64)
    for number, group in enumerate(groups):
        rows = codes == number
        found[rows] = make(group, name)[rows]
    return found


def _amounts(draws: Draws, team: Array, pipeline: Array) -> Array:
    """Return amounts in the currency of the team, rounded as offers are."""
    euros = _of(PIPELINES, pipeline, lambda p, name: draws.along(name, p.amounts), "deal amount")
    size = np.array([t.size * PER_EURO[t.currency] for t in TEAMS])[team]
    amount = euros * size // 10_000
    step = np.where(amount < 10_000, 50, 100) * np.array([5 if t.currency == "CNY" else 1 for t in TEAMS])[team]
    found: Array = np.maximum(amount // step, 1) * step
    return found


def _chances(team: Array, pipeline: Array, seller: Array, source: Array, created_day: Array) -> Array:
    """Return the chance of each deal to be won once it is decided, in 1/10,000."""
    since, span = number_of(CRM_SINCE), number_of(LAST_DAY) - number_of(CRM_SINCE)
    drift = np.array([t.drift for t in TEAMS])[team] * (2 * (created_day - since) - span) // (2 * span)
    base = np.array([p.wins for p in PIPELINES])[pipeline]
    skill = np.array([s.skill for s in SELLERS])[seller]
    found = np.where(pipeline == 0, np.array([s.skill for s in SOURCES])[source], 0)
    chance: Array = np.clip(base + drift + skill + found, 300, 9700)
    return chance


def _sellers(draws: Draws, team: Array, created_day: Array) -> Array:
    """Return who takes each deal: someone of the team who works there on that day, new ones after three weeks."""
    best, chosen = np.full(team.size, -1), np.zeros(team.size, np.int64)
    for number, seller in enumerate(SELLERS):
        first = number_of(seller.hired) + 21
        last = number_of(seller.left) if seller.left else number_of(date(9999, 1, 1))
        there = (team == seller.team) & (created_day >= first) & (created_day < last)
        # the largest of weighted draws decides: each seller draws from a stream of their own
        drawn = np.where(there, draws.below(f"deal seller {number}", 100 + 8 * seller.pull), -1)
        chosen = np.where(drawn > best, number, chosen)
        best = np.maximum(best, drawn)
    return chosen


def _handed_over(seller: Array, team: Array, is_open: Mask) -> Array:
    """Return the owners, with the open deals of people who left in the hands of the longest serving of their team."""
    gone = np.array([s.left is not None for s in SELLERS])[seller]
    heirs = [
        min((s.hired, i) for i, s in enumerate(SELLERS) if s.team == t and s.left is None)[1] for t in range(len(TEAMS))
    ]
    return np.where(is_open & gone, np.array(heirs)[team], seller)


def _stages(draws: Draws, pipeline: Array, outcome: Array) -> Array:
    """Return the stage of each deal, as a position in the stages of all pipelines."""
    found = np.zeros(pipeline.size, np.int64)
    start = 0
    for number, p in enumerate(PIPELINES):
        kinds = [s.kind for s in p.stages]
        among = draws.pick(f"deal stage {p.id}", [s.weight for s in p.stages])
        own = np.where(outcome == OPEN, among, np.where(outcome == WON, kinds.index("won"), kinds.index("lost")))
        found = np.where(pipeline == number, start + own, found)
        start += len(p.stages)
    return found


def _columns(draws: Draws, deals: Deals) -> dict[str, Any]:
    """Return the columns of the table; the dirty rows come later."""
    stages = [s for p in PIPELINES for s in p.stages]
    is_open = deals.outcome == OPEN
    last = number_of(LAST_DAY)
    planned = np.where(
        is_open, last - 35 + draws.below("deal expected", 125), deals.closed_day + draws.below("deal slip", 41) - 20
    )
    planned = np.maximum(business_day(planned), deals.created_day)
    reasons = [reason for reason, _ in LOST_REASONS]
    reason = draws.pick("deal reason", [weight for _, weight in LOST_REASONS])
    own = draws.chance("deal own probability", 3000) & is_open
    swing = draws.below("deal swing", 21) - 10
    percent = np.array([s.probability for s in stages])[deals.stage] + np.where(own, swing, 0)
    quiet = draws.along("deal quiet", (0, 2, 4, 6, 9, 12, 17, 24, 35, 52, 90))
    latest = deals.created + (_until(deals) - deals.created) // 100 * (100 - quiet)
    made = deals.amount * (100 - np.maximum(draws.below("deal discount", 25) - 12, 0)) // 100
    assigned = np.minimum(deals.created + draws.below("deal assigned", 72) * 3_600_000_000, _until(deals))
    unpriced = draws.chance("deal unpriced", 300)
    sellers = [s.name for s in SELLERS]
    return {
        "id": deals.ids,
        "created_at": times(deals.created),
        "pipeline": labelled([p.id for p in PIPELINES], deals.pipeline),
        "stage": labelled([s.id for s in stages], deals.stage),
        "outcome": labelled(_OUTCOMES, deals.outcome),
        "closed_at": times(deals.closed),
        "first_won_at": times(np.where(deals.outcome == WON, deals.closed, NONE)),
        "reopened": draws.chance("deal reopened", 180).astype(np.int64),
        "expected_close": planned.astype("M8[D]"),
        "amount": np.ma.masked_array(deals.amount, unpriced),
        "won_amount": np.ma.masked_array(made, unpriced | (deals.outcome != WON)),
        "currency": labelled([t.currency for t in TEAMS], deals.team),
        "probability": np.ma.masked_array(np.clip(percent, 0, 100) / 100, draws.chance("deal no probability", 1200)),
        "lost_reason": labelled(reasons, np.where(deals.outcome == LOST, reason, -1)),
        "kind": labelled([p.kind for p in PIPELINES], deals.pipeline),
        "owner": labelled(sellers, np.where(draws.chance("deal no owner", 120), -1, deals.seller)),
        "team": labelled([t.name for t in TEAMS], deals.team),
        "region": labelled([t.region for t in TEAMS], deals.team),
        "source": labelled([s.name for s in SOURCES], np.where(draws.chance("deal no source", 250), -1, deals.source)),
        "product": labelled([p.id for p in PRODUCTS], deals.product),
        "assigned_at": times(np.maximum(assigned, deals.created)),
        "last_activity_at": times(np.maximum(latest // 1_000_000 * 1_000_000, deals.created)),
        "push_count": draws.pick("deal pushes", [62, 23, 10, 4, 1]),
        "test": draws.chance("deal test", 15),
        "deleted": draws.chance("deal deleted", 45),
    }


def _until(deals: Deals) -> Array:
    """Return the end of each deal's life so far."""
    return np.where(deals.outcome == OPEN, (number_of(LAST_DAY) + 1) * DAY - DAY // 2, deals.closed)
