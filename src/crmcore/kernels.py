"""Grouped reductions on numpy arrays. They know no type of crmcore.

All sums are int64 and exact: addition wraps modulo 2**64, so a sum is right whenever its true value
fits, whatever happens on the way; the callers prove that it fits, or sum two halves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CHUNK", "count_small", "count_true", "grouped_add", "pack", "positions", "run_sort", "total_of"]

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


def grouped_add(sums: Array, keys: Array, values: Array | int) -> None:
    """Add `values` into `sums` at `keys`, in place."""
    np.add.at(sums, keys, values)


def total_of(values: Array) -> int:
    """Return the exact sum of an integer array whose true sum fits int64."""
    return int(np.add.reduce(values, dtype=np.int64))


def count_true(mask: Array) -> int:
    """Return the number of true rows."""
    return int(np.count_nonzero(mask))


def pack(keys: Array, values: Array, bits: int, low: int, out: Array) -> None:
    """Write `keys << bits | (values - low)` to `out`."""
    np.left_shift(keys, bits, out=out, casting="unsafe")
    if low:
        out += (values - np.int64(low)).astype(out.dtype, copy=False)
    else:
        np.bitwise_or(out, values, out=out, casting="unsafe")


def run_sort(packed: Array) -> Array:
    """Sort packed numbers in place and return them."""
    packed.sort()
    return packed
