"""Grouped reductions on numpy arrays. They know no type of crmcore.

All sums are int64 and exact: addition wraps modulo 2**64, so a sum is right whenever its true value
fits, whatever happens on the way; the callers prove that it fits, or sum two halves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CHUNK", "count_small", "positions"]

Array = npt.NDArray[Any]

CHUNK = 65_536
"""Rows a pass looks at together: the buffers stay in the cache."""

_PAIRS = 1 << 16


def count_small(codes: Array, size: int) -> Array:
    """Return how often each code 0 .. size - 1 occurs; one byte a code, `size` at most 128.

    Neighbours are counted together as one 16-bit number, which halves the scattered additions.
    """
    pairs = codes.size // 2
    table = np.zeros(_PAIRS, np.int64)
    buffer = np.empty(min(pairs, CHUNK), np.int64)
    view = codes[: 2 * pairs].view(np.uint16)
    for a in range(0, pairs, CHUNK):
        part = buffer[: min(CHUNK, pairs - a)]
        part[:] = view[a : a + part.size]
        np.add.at(table, part, 1)
    square = table.reshape(256, 256)
    counts: Array = (square.sum(0) + square.sum(1))[:size]
    if codes.size % 2:
        counts[codes[-1]] += 1
    return counts


def positions(mask: npt.NDArray[np.bool_], expected: float) -> Array:
    """Return the positions of the true rows.

    numpy changes its algorithm below one true in ten, and between about 2.5 and 10 % the sparse one is
    three times slower; lengthening the mask by an eighth of true rows avoids it.
    """
    if 0.02 < expected < 0.105:
        n = mask.size
        longer = np.empty(n + n // 8 + 1, bool)
        longer[:n] = mask
        longer[n:] = True
        found = np.flatnonzero(longer)
        return found[: found.size - (longer.size - n)]
    return np.flatnonzero(mask)
