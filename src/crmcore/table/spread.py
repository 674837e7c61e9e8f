"""Targets spread over calendar periods by days, by largest remainder, so that they add up (M8)."""

from __future__ import annotations

import numpy as np

from ..calendars import Calendar
from .column import Column
from .table import Table

__all__ = ["by_largest_remainder", "spread"]


def by_largest_remainder(amount: int, weights: list[int]) -> list[int]:
    """Return whole shares of `amount` in proportion to `weights` that sum to it; ties go to the earlier one."""
    total = sum(weights)
    exact = [divmod(amount * w, total) for w in weights]
    shares = [q for q, _ in exact]
    left = amount - sum(shares)
    for i in sorted(range(len(weights)), key=lambda i: -exact[i][1])[:left]:
        shares[i] += 1
    return shares


def spread(table: Table, calendar: Calendar, grain: str) -> Table:
    """Return the targets with those longer than a `grain` cut into its periods; dated at the start of each piece."""
    start, end = table["start"], table["end"]
    rows: list[int] = []
    starts: list[int] = []
    pieces: dict[str, list[int]] = {n: [] for n, c in table.columns.items() if c.kind in ("money", "number", "count")}
    for i, (first, stop) in enumerate(zip(start.data.tolist(), end.data.tolist(), strict=True)):
        periods = calendar.periods(first, stop - 1, grain) if stop > first else []
        days = [min(p.stop, stop) - max(p.start, first) for p in periods] or [1]
        rows += [i] * len(days)
        starts += [max(p.start, first) for p in periods] or [first]
        for name, found in pieces.items():
            found += by_largest_remainder(int(table[name].data[i]), days)
    index = np.array(rows, np.int64)
    cut = table.select(index)
    columns = {n: cut[n].replace(data=np.array(v, np.int64)) for n, v in pieces.items()}
    columns["start"] = cut["start"].replace(data=np.array(starts, np.int32))
    return cut.replace(columns)
