"""Shares: what of a target or forecast belongs to a run of days, by largest remainder, so that the parts add up (M8)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..calendars import Calendar
from ..domain.money import minor_units
from .column import Column
from .table import Table

__all__ = ["SHARED", "SPANNED", "by_largest_remainder", "shared_out"]

SPANNED = frozenset({"target", "forecast"})
"""The tables whose rows are about the days from their `start` until the day before their `end` (M8)."""
SHARED = {"amount": "amount in the period", "quantity": "quantity in the period"}
"""Their columns that are shared out over these days, and what the shares are called."""


def by_largest_remainder(amount: int, weights: list[int]) -> list[int]:
    """Return whole parts of `amount` in proportion to `weights` that sum to it; what is left goes to the earlier ones first."""
    total, size = sum(weights), abs(amount)
    parts = [size * w // total for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] % total), i))
    for i in order[: size - sum(parts)]:
        parts[i] += 1
    return [-p for p in parts] if amount < 0 else parts


def shared_out(table: Table, low: int, high: int, grain: str | None, calendar: Calendar) -> Table:
    """Return the targets (or forecasts) that overlap the days [low, high), each with what of it belongs to them.

    A target inside them counts whole. Else it is shared out by days among the periods of the grain that it
    overlaps; days that cut through periods take their own days against the days outside. The shares stand beside the
    whole amounts, which conditions and groups go by.
    """
    start, end = table["start"].data.astype(np.int64), table["end"].data.astype(np.int64)
    end = np.maximum(end, start + 1)
    rows = np.flatnonzero((start < high) & (end > low) & table["start"].present())
    cut = table.select(rows)
    amounts = {n: cut[n].data.astype(np.int64) for n in SHARED if n in cut}
    for i in np.flatnonzero((start[rows] < low) | (end[rows] > high)).tolist():
        days = _cuts(int(start[rows[i]]), int(end[rows[i]]), low, high, grain, calendar)
        weights = [b - a for a, b in pairwise(days)]
        for name, data in amounts.items():
            unit = _unit(cut[name], i)
            parts = by_largest_remainder(int(data[i]) // unit, weights)
            data[i] = unit * sum(p for p, (a, b) in zip(parts, pairwise(days), strict=True) if low <= a and b <= high)
    return cut.replace({SHARED[n]: cut[n].replace(data=data) for n, data in amounts.items()})


def _cuts(start: int, end: int, low: int, high: int, grain: str | None, calendar: Calendar) -> list[int]:
    if grain is not None:
        periods = calendar.periods(start, end - 1, grain)
        edges = {p.start for p in periods} | {p.stop for p in periods}
        if {max(low, periods[0].start), min(high, periods[-1].stop)} <= edges:
            return [start, *(p.start for p in periods[1:]), end]
    return [start, max(start, low), min(end, high), end]


def _unit(column: Column, row: int) -> int:
    """Return the minor unit of an amount at the column's scale: that of its currency, or finer where the amount is."""
    digits = len(str(column.scale)) - 1
    least = 0
    if column.kind == "money":
        code = (
            column.currency.labels[column.currency.data[row]]
            if isinstance(column.currency, Column)
            else column.currency
        )
        least = minor_units(code)
    value = abs(int(column.data[row]))
    while digits > least and value % 10 == 0:
        value //= 10
        digits -= 1
    unit: int = column.scale // 10**digits
    return unit
