"""Compare: do groups last equally long? The log-rank test."""

from __future__ import annotations

from math import erfc, exp, gamma, sqrt

import attrs
import numpy as np

from ...errors import ArgumentError
from ...table.column import Array, Mask
from .risk import followed, risk_table

__all__ = ["LogRank", "log_rank"]

_BLOCK = 1 << 14
"""Times that are looked at together, for all groups."""


@attrs.frozen(slots=True)
class LogRank:
    """The result of a log-rank test.

    Args:
        statistic: chi-square; 0 where nothing tells the groups apart.
        freedom: its degrees of freedom: one less than there are groups that were at risk together.
        p: the chance of a statistic as large where all groups last equally long.
    """

    statistic: float
    freedom: int
    p: float


def log_rank(time: Array, event: Array, group: Array, *, entry: Array | None = None) -> LogRank:
    """Return whether groups differ in how long they last.

    Args:
        time: how long each was followed; shape (n,).
        event: whether it ended then; the others were followed no longer (censored); shape (n,).
        group: code of the group of each, from 0; shape (n,).
        entry: the age at which each began to be followed; shape (n,). 0, or less, is from the beginning on.

    Raises:
        ArgumentError: shapes that differ, times below 0, or a code below 0.

    Source: Mantel 1966; Peto and Peto 1972.
    """
    time, group = np.asarray(time), np.asarray(group)
    ended = np.asarray(event).astype(bool)
    if group.shape != time.shape or (group.size and int(group.min()) < 0):
        raise ArgumentError("group holds one code from 0 for each time")
    started = np.zeros(time.shape, np.int64) if entry is None else np.asarray(entry)
    times = risk_table(time, ended.astype(np.int64), entry=entry).times
    kept = followed(time, started)
    time, ended, group, started = time[kept], ended[kept], group[kept], started[kept]
    parts = [_sorted(time[rows], ended[rows], started[rows]) for rows in _rows_of(group)]
    gap, variance = np.zeros(len(parts)), np.zeros((len(parts), len(parts)))
    together = np.zeros(variance.shape, bool)
    for start in range(0, len(times), _BLOCK):
        block = times[start : start + _BLOCK]
        at_risk = np.stack([_waiting(*part, block) for part in parts])
        events = np.stack([_ending(part[1], block) for part in parts])
        n, d = at_risk.sum(axis=0), events.sum(axis=0)
        share = at_risk / np.maximum(n, 1)
        weight = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
        gap += (events - share * d).sum(axis=1)
        variance += np.diag((share * weight).sum(axis=1)) - (share * weight) @ share.T
        there = (at_risk > 0) & (weight > 0)
        together |= (there.astype(float) @ there.T) > 0
    kept = _free(together)
    if not kept.size:
        return LogRank(0.0, 0, 1.0)
    statistic = float(gap[kept] @ np.linalg.solve(variance[np.ix_(kept, kept)], gap[kept]))
    return LogRank(statistic, kept.size, chi_square_tail(statistic, kept.size))


def _free(together: Mask) -> Array:
    """Return the groups whose gaps say all: of those that were at risk together, directly or by way of others, all but one."""
    reach = together
    while ((wider := (reach.astype(float) @ reach) > 0) != reach).any():
        reach = wider
    return np.flatnonzero(np.tril(reach, -1).any(axis=1))


def _rows_of(group: Array) -> list[Array]:
    """Return the rows of each group that has some."""
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order])) + 1
    return np.split(order, edges) if group.size else []


def _sorted(time: Array, ended: Array, started: Array) -> tuple[Array, Array, Array]:
    """Return when each left, when those did that ended, and when each came that came late."""
    return np.sort(time), np.sort(time[ended]), np.sort(started[started > 0])


def _waiting(gone: Array, _: Array, came: Array, times: Array) -> Array:
    """Return how many were at risk at each time: in by then, and not out before."""
    out = np.searchsorted(gone, times, side="left")
    to_come = came.size - np.searchsorted(came, times, side="left")
    found: Array = (gone.size - out - to_come).astype(float)
    return found


def _ending(ended: Array, times: Array) -> Array:
    """Return how many ended at each time."""
    up_to, before = (np.searchsorted(ended, times, side=side) for side in ("right", "left"))
    found: Array = (up_to - before).astype(float)
    return found


def chi_square_tail(x: float, freedom: int) -> float:
    """Return the chance that a chi-square variable exceeds x."""
    half = x / 2
    odd = freedom % 2
    tail, power = (erfc(sqrt(half)), 0.5) if odd else (exp(-half), 1.0)
    while power < freedom / 2:
        tail += half**power * exp(-half) / gamma(power + 1)
        power += 1
    return tail
