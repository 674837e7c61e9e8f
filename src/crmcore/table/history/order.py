"""Order: changes by row and time, sorted by one packed number each; only those that it does not tell apart are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np

from ..column import Array, Mask

__all__ = ["Order", "differs", "firsts", "ordered", "pieces"]

_BITS = 63
_PIECE = 1 << 16
"""Values that are looked at together, so that they stay in the cache."""


@attrs.frozen(slots=True, eq=False)
class Order:
    """The places of changes in their order, and their rows and times in it."""

    places: Array
    rows: Array
    at: Array


def ordered(rows: Array, at: Array, ties: Callable[[Array], Sequence[Array]] | None) -> Order:
    """Return changes by row, then time, then what else tells them apart, then place.

    Args:
        rows: of each change, from 0.
        at: when it was.
        ties: arrays that tell apart changes of one row at one time, given their places: what counts most first. None
            where only the place does.
    """
    size = len(rows)
    if not size:
        return Order(np.zeros(0, np.int64), rows, at)
    width, step = int(rows.max()).bit_length(), size.bit_length()
    found, times = np.empty(size, np.int32 if width < _BITS // 2 else np.int64), np.empty(size, np.int64)
    places = rows.astype(np.int64)
    low, drop = 0, 0
    in_time = width + step <= _BITS and all((at[p][1:] >= at[p][:-1]).all() for p in pieces(size, 1))
    if in_time:  # the place stands for the time
        places <<= step
        places |= np.arange(size)
        places.sort()
    else:
        low, span = int(at.min()), (int(at.max()) - int(at.min())).bit_length()
        drop = span - min(span, _BITS - width)
        places <<= span - drop
        places |= (at - low) >> drop
        places = np.argsort(places, kind="stable")  # fast where long runs are in order already
    close, amiss = [], False
    for piece in pieces(size, 1):
        new = slice(piece.start + (piece.start > 0), piece.stop)
        mine = places[new]
        if in_time:
            found[new] = mine >> step
            mine &= (1 << step) - 1
        else:
            found[new] = rows[mine]
        times[new] = at[mine]
        row, time = found[piece], times[piece]
        coarse = (time - low) >> drop if drop else time
        alike = (row[1:] == row[:-1]) & (coarse[1:] == coarse[:-1])
        close.append(np.flatnonzero(alike) + piece.start)
        amiss |= bool(drop) and bool((alike & (time[1:] < time[:-1])).any())
    pairs = np.concatenate(close)
    if pairs.size and (ties is not None or amiss):
        spots = np.unique(np.concatenate([pairs, pairs + 1]))
        tied = np.sort(places[spots])
        told = () if ties is None else ties(tied)
        places[spots] = tied[np.lexsort((*reversed(told), at[tied], rows[tied]))]
        times[spots] = at[places[spots]]
    return Order(places, found, times)


def firsts(rows: Array) -> Array:
    """Return the places of the first of each run of equal rows."""
    return np.flatnonzero(differs(rows))


def differs(values: Array) -> Mask:
    """Return which values are not the same as the one before; the first one is not."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def pieces(size: int, overlap: int = 0) -> Iterator[slice]:
    """Yield parts of so many values that stay in the cache, each with the last ones of the part before it."""
    for start in range(0, size, _PIECE):
        yield slice(max(start - overlap, 0), min(start + _PIECE, size))
