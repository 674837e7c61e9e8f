"""Dirt: what real exports have in them, so that ingest has something to notice."""

from __future__ import annotations

from typing import Any

import numpy as np

from .draws import Draws

__all__ = ["soil"]

_DAY = np.timedelta64(1, "D")
_LEAST = 100
"""Rows below which a table stays clean: a handful of odd rows would be most of it."""


def soil(seed: int, tables: dict[str, Any]) -> None:
    """Put odd rows into the tables.

    - an opportunity entered twice under one id, and one that was closed before it was created,
    - a product whose id was mistyped, and records without the date of their creation,
    - an amount that is a remark, and a cost without a date.
    """
    deals, leads, costs = tables["opportunity"], tables["lead"], tables["cost"]
    rows = len(deals["id"])
    if rows < _LEAST:
        return
    draws = Draws(seed, rows)
    spots = draws.below("dirt", rows)
    closed = np.flatnonzero(~np.isnat(deals["closed_at"]))
    early = np.unique(closed[spots[:4] % closed.size])
    deals["created_at"][early] = deals["closed_at"][early] + 9 * _DAY
    undated = np.setdiff1d(np.unique(spots[4:9]), early)
    deals["created_at"][undated] = np.datetime64("NaT")
    deals["product"][draws.chance("dirt product", 40) & (deals["product"] == "CORE")] = "CROE"
    twice = spots[10:12]
    for name, column in deals.items():
        if isinstance(column, list):
            deals[name] = column + [column[spot] for spot in twice.tolist()]
        else:
            deals[name] = (np.ma if isinstance(column, np.ma.MaskedArray) else np).concatenate([column, column[twice]])
    leads["created_at"][spots[12:16] % len(leads["id"])] = np.datetime64("NaT")
    costs[len(costs) // 3]["amount"] = "ca. 4200"
    costs[len(costs) // 2]["date"] = None
