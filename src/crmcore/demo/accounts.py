"""Accounts: who the deals are with, by name, industry and size, and since when they are customers."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from ..table.column import Array
from .company import SELLERS, TEAMS
from .deals import NONE, Deals, labelled, times
from .draws import Draws
from .seasons import DAY

__all__ = ["make_accounts"]

INDUSTRIES = (
    "machinery",
    "software",
    "retail",
    "logistics",
    "health",
    "finance",
    "chemicals",
    "education",
    "energy",
    "food",
)
_SIZES = ("small", "medium", "large")
_EMPLOYEES = ((4, 49), (50, 499), (500, 9000))
_COUNTRIES = (("DE", "AT", "CH"), ("GB", "IE"), ("CN",), ("US", "CA"))
_NAMES = (
    (
        (
            "Müller",
            "Schäfer",
            "Brückner",
            "Weiß",
            "Köhler",
            "Hofmann",
            "Jäger",
            "Böhm",
            "Vogt",
            "Lindner",
            "Größer",
            "Nordlicht",
        ),
        (
            " Maschinenbau GmbH",
            " Logistik AG",
            " & Söhne KG",
            " Pharma GmbH",
            " Software GmbH",
            " Handels GmbH",
            " Energie AG",
        ),
    ),
    (
        ("Harlow", "Whitby", "Ashford", "Penrose", "Kestrel", "Oakham", "Thames", "Larkspur", "Brennan", "Stour"),
        (" & Finch Ltd", " Logistics plc", " Retail Ltd", " Health Ltd", " Systems Ltd", " Foods Ltd", " Partners LLP"),
    ),
    (
        (
            "上海远景",
            "北京中科",
            "深圳华信",
            "杭州东方",
            "苏州新光",
            "广州海纳",
            "成都天府",
            "南京金陵",
            "武汉长江",
            "青岛蓝海",
        ),
        (
            "科技有限公司",
            "机械有限公司",
            "物流有限公司",
            "贸易有限公司",
            "软件有限公司",
            "医疗有限公司",
            "能源有限公司",
        ),
    ),
    (
        ("Bluewater", "Granite", "Redwood", "Summit", "Lakeshore", "Prairie", "Beacon", "Hudson", "Sierra", "Maple"),
        (" Systems Inc", " Logistics LLC", " Health Inc", " Retail Co", " Software Inc", " Energy Corp", " Foods LLC"),
    ),
)


def make_accounts(seed: int, deals: Deals) -> tuple[dict[str, Any], Array]:
    """Return the table of accounts, and the account of each deal.

    A new deal comes from a company of its own, nine times out of ten; expansions and renewals are with companies of the
    same team that are there already.
    """
    draws = Draws(seed, deals.ids.size)
    new = deals.pipeline == 0
    of_team = [
        np.flatnonzero((deals.team == t) & new & ~draws.chance("account again", 1000)) for t in range(len(TEAMS))
    ]
    first = np.cumsum([1, *(rows.size + 1 for rows in of_team)])  # every team has an account, if only one
    account = np.zeros(deals.ids.size, np.int64)
    for t, rows in enumerate(of_team):
        here = deals.team == t
        account[here] = first[t] + draws.below("account of deal", rows.size + 1)[here]
        account[rows] = first[t] + np.arange(rows.size)
    size = int(first[-1]) - 1
    team = np.searchsorted(first, np.arange(1, size + 1), side="right") - 1
    return _table(Draws(seed, size), deals, account, team), account


def _table(draws: Draws, deals: Deals, account: Array, team: Array) -> dict[str, Any]:
    size = team.size
    since, created = np.full(size, np.iinfo(np.int64).max), np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(since, account[deals.won] - 1, deals.closed[deals.won])
    np.minimum.at(created, account - 1, deals.created)
    scale = draws.pick("account size", [55, 33, 12])
    low, high = np.array(_EMPLOYEES).T
    names, countries = [], []
    for own, (heads, tails) in enumerate(_NAMES):
        head = draws.below(f"account name {own}", len(heads) * len(tails))
        names.append(np.array([a + b for a, b in product(heads, tails)], object)[head])
        countries.append(np.array(_COUNTRIES[own], object)[draws.below(f"account country {own}", len(_COUNTRIES[own]))])
    sellers = [[i for i, s in enumerate(SELLERS) if s.team == t and s.left is None] for t in range(len(TEAMS))]
    owner = np.zeros(size, np.int64)
    for t, some in enumerate(sellers):
        owner = np.where(team == t, np.array(some)[draws.below("account owner", len(some))], owner)
    return {
        "id": np.arange(1, size + 1),
        "name": np.select([team == t for t in range(len(TEAMS))], names),
        "industry": labelled(
            INDUSTRIES,
            np.where(
                draws.chance("account no industry", 300),
                -1,
                draws.pick("account industry", [18, 17, 14, 11, 10, 9, 7, 6, 5, 3]),
            ),
        ),
        "size": labelled(_SIZES, scale),
        "employees": low[scale] + draws.below("account employees", high[scale] - low[scale]),
        "country": np.select([team == t for t in range(len(TEAMS))], countries),
        "region": labelled([t.region for t in TEAMS], team),
        "team": labelled([t.name for t in TEAMS], team),
        "owner": labelled([s.name for s in SELLERS], owner),
        "created_at": times(np.where(created == np.iinfo(np.int64).max, NONE, created)),
        "customer_since": np.where(since == np.iinfo(np.int64).max, NONE, since // DAY).astype("M8[D]"),
    }
