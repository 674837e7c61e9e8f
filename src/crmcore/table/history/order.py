"""Order: changes by row and time, sorted by one packed number each; only those that it does not tell apart are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from ..column import Array, Mask

__all__ = ["Order", "ordered"]

_BITS = 63


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
    keys = rows.astype(np.int64)
    if width + step <= _BITS and bool((at[1:] >= at[:-1]).all()):
        # in time order already: the place stands for the time
        keys <<= step
        keys |= np.arange(size)
        keys.sort()
        places = keys & ((1 << step) - 1)
        keys >>= step
        times = at[places]
        close = _alike(keys) & _alike(times)
    else:
        low, span = int(at.min()), (int(at.max()) - int(at.min())).bit_length()
        kept = min(span, _BITS - width)
        keys <<= kept
        keys |= (at - low) >> (span - kept)
        places = np.argsort(keys, kind="stable")  # fast where long runs are in order already
        close = _alike(keys[places])
        keys, times = rows[places], at[places]
    if close.any() and (ties is not None or bool((close & (times[1:] < times[:-1])).any())):
        spots = np.flatnonzero(np.append([False], close) | np.append(close, [False]))
        tied = np.sort(places[spots])
        told = () if ties is None else ties(tied)
        places[spots] = tied[np.lexsort((*reversed(told), at[tied], rows[tied]))]
        times[spots] = at[places[spots]]
    return Order(places, keys, times)


def _alike(column: Array) -> Mask:
    """Return whether each value is the same as the next one."""
    found: Mask = column[1:] == column[:-1]
    return found
