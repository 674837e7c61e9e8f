"""Grouped reductions on numpy arrays. They know no type of crmcore.

All sums are int64 and exact: addition wraps modulo 2**64, so a sum is right whenever its true value
fits, whatever happens on the way; the callers prove that it fits, or sum two halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CHUNK", "count_small", "packed", "positions", "unpacked"]

Array = npt.NDArray[Any]

CHUNK = 65_536
"""Rows a pass looks at together: the buffers stay in the cache."""

_PAIRS = 1 << 16
_BLOCK = 1 << 18
_ROOM = 1 << 62


def count_small(codes: Array, size: int) -> Array:
    """Return how often each code 0 .. size - 1 occurs; one byte a code, `size` at most 128.

    Neighbours are counted together as one 16-bit number, which halves the scattered additions.
    """
    pairs = codes.size // 2
    view = codes[: 2 * pairs].view(np.uint16)
    table = np.zeros(_PAIRS, np.int64)
    for a in range(0, pairs, _BLOCK):
        table += np.bincount(view[a : a + _BLOCK], minlength=_PAIRS)
    square = table.reshape(256, 256)[:size, :size]
    counts: Array = square.sum(0) + square.sum(1)
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


def packed(codes: Sequence[Array], sizes: Sequence[int], *, room: int = 1) -> tuple[Array, Array | None]:
    """Return combinations of codes as one integer each, in their order; times `room`, they still fit int64.

    Where the sizes multiply to too much for that, combinations are numbered, and stand in the second array.
    """
    if prod(sizes) * room < _ROOM:
        result = codes[0]
        for code, size in zip(codes[1:], sizes[1:], strict=True):
            result = result.astype(np.int64) * size + code
        return result, None
    table, numbers = np.unique(np.stack(codes, axis=1).astype(np.int64), axis=0, return_inverse=True)
    return numbers.reshape(-1), table


def unpacked(numbers: Array, sizes: Sequence[int], table: Array | None) -> Array:
    """Return the codes of packed combinations, one row each; `table` is what `packed` gave with them."""
    if table is not None:
        return np.asarray(table[numbers])
    if len(sizes) == 1:
        return numbers.reshape(-1, 1)
    result = np.empty((numbers.size, len(sizes)), np.int64)
    for i in range(len(sizes) - 1, -1, -1):
        numbers, result[:, i] = np.divmod(numbers, sizes[i])
    return result
