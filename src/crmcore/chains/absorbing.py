"""Absorbing chain: from each state, the chance of each end and the time until then, with steps back."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..errors import ArgumentError
from ..table.column import Array, Mask
from .inverse import inverse

__all__ = ["Absorbing", "absorbing", "reaching"]


@attrs.frozen(slots=True, eq=False)
class Absorbing:
    """What an absorbing chain says of each of its states; nan where no end was ever seen from it.

    Args:
        visits: [state, other state] how often the other one is visited on the way, itself included.
        ends: [state, end] the chance of each end; of a state they add up to 1.
        time: until any end.
        time_by_end: [state, end] until this end, of those who come to it.
    """

    visits: Array
    ends: Array
    time: Array
    time_by_end: Array


def absorbing(
    moves: Array | Sequence[Sequence[float]], ends: Array | Sequence[Sequence[float]], dwell: Sequence[float] | Array
) -> Absorbing:
    """Solve the absorbing Markov chain of observed transitions: N = (I - Q)^-1, chances N R, time N d.

    States from which no end can be reached by observed transitions say nothing: they are undefined, and moves into them
    are left out, as if the observation had ended there.

    Args:
        moves: [from, to] how often, or with which chance, a state was followed by another.
        ends: [from, end] how often, or with which chance, a state was the last one before an end.
        dwell: time of one visit, in each state; nan where it is not known.

    Raises:
        ArgumentError: matrices that do not fit together, or a number below 0.

    Rules: R2.

    Source: Kemeny and Snell; Grinstead and Snell, section 11.2.
    """
    moved, ended, spent = (np.asarray(x, np.float64) for x in (moves, ends, dwell))
    n = len(spent)
    if moved.shape != (n, n) or ended.ndim != 2 or len(ended) != n:
        raise ArgumentError(
            f"a chain of {n} states has moves of shape ({n}, {n}) and ends of shape ({n}, ...), got {moved.shape} and {ended.shape}"
        )
    if not (np.isfinite(moved).all() and np.isfinite(ended).all() and (moved >= 0).all() and (ended >= 0).all()):
        raise ArgumentError("moves and ends are counts or chances, at least 0")
    sure = reaching(moved, ended.sum(axis=1) > 0)
    moved, ended = np.where(sure & sure[:, None], moved, 0.0), np.where(sure[:, None], ended, 0.0)
    out = np.where(sure, moved.sum(axis=1) + ended.sum(axis=1), 1.0)
    system = -moved / out[:, None]
    # one division: 1 - q would lose digits where q is near 1
    np.fill_diagonal(system, np.where(sure, (out - moved.diagonal()) / out, 1.0))
    visits = inverse(system)
    chances = np.minimum(_times(visits, ended / out[:, None]), 1.0)
    known = np.where(np.isnan(spent), 0.0, spent)
    # given an end, steps go by the chance of it: N' = N[s, j] h[j] / h[s]
    by_end = np.full(ended.shape, np.nan)
    for e in range(ended.shape[1]):
        comes = chances[:, e] > 0
        total = _times(visits, (chances[:, e] * known)[:, None])[:, 0]
        by_end[comes, e] = total[comes] / chances[comes, e]
    time = _times(visits, known[:, None])[:, 0]
    unknown = (visits[:, np.isnan(spent)] > 0).any(axis=1)
    time[unknown | ~sure] = np.nan
    by_end[unknown | ~sure] = np.nan
    visits[~sure], chances[~sure] = np.nan, np.nan
    return Absorbing(visits, chances, time, by_end)


def reaching(moves: Array, ends: Mask) -> Mask:
    """Return the states from which an end can be reached."""
    found = ends.copy()
    for _ in range(len(found)):
        more = found | (moves[:, found] > 0).any(axis=1)
        if (more == found).all():
            break
        found = more
    return found


def _times(left: Array, right: Array) -> Array:
    """Return the matrix product, added up in a fixed order."""
    found: Array = (left[:, :, None] * right[None, :, :]).sum(axis=1)
    return found
