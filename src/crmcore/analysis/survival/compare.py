"""Compare: do groups last equally long? The log-rank test."""

from __future__ import annotations

from math import erfc, exp, gamma, sqrt

import attrs
import numpy as np

from ...errors import ArgumentError
from ...table.column import Array
from .risk import risk_table

__all__ = ["LogRank", "log_rank"]


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
        entry: the age at which each began to be followed, where that was not 0; shape (n,).

    Raises:
        ArgumentError: shapes that differ, times below 0, or a code below 0.

    Source: Mantel 1966; Peto and Peto 1972.
    """
    time, group = np.asarray(time), np.asarray(group)
    ended = np.asarray(event).astype(bool)
    if group.shape != time.shape or (group.size and int(group.min()) < 0):
        raise ArgumentError("group holds one code from 0 for each time")
    times = risk_table(time, ended.astype(np.int64), entry=entry).times
    codes = [np.flatnonzero(group == code) for code in range(int(group.max(initial=-1)) + 1)]
    started = np.zeros(time.shape, time.dtype) - 1 if entry is None else np.asarray(entry)
    at_risk = np.stack([_waiting(time[rows], started[rows], times) for rows in codes] or [np.zeros(len(times))])
    events = np.stack([_ending(time[rows][ended[rows]], times) for rows in codes] or [np.zeros(len(times))])
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    share = at_risk / np.maximum(n, 1)
    gap = (events - share * d).sum(axis=1)
    weight = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag((share * weight).sum(axis=1)) - (share * weight) @ share.T
    rank = int(np.linalg.matrix_rank(variance)) if variance.any() else 0
    if rank == 0:
        return LogRank(0.0, 0, 1.0)
    statistic = float(gap @ np.linalg.pinv(variance) @ gap)
    return LogRank(statistic, rank, chi_square_tail(statistic, rank))


def _waiting(time: Array, entry: Array, times: Array) -> Array:
    """Return how many were at risk at each time: in by then, and not out before."""
    kept = entry < time
    gone = np.searchsorted(np.sort(time[kept]), times, side="left")
    came = np.searchsorted(np.sort(entry[kept]), times, side="left")
    found: Array = (came - gone).astype(float)
    return found


def _ending(time: Array, times: Array) -> Array:
    return np.bincount(np.searchsorted(times, time), minlength=len(times))[: len(times)].astype(float)


def chi_square_tail(x: float, freedom: int) -> float:
    """Return the chance that a chi-square variable exceeds x."""
    half = x / 2
    odd = freedom % 2
    tail, power = (erfc(sqrt(half)), 0.5) if odd else (exp(-half), 1.0)
    while power < freedom / 2:
        tail += half**power * exp(-half) / gamma(power + 1)
        power += 1
    return tail
