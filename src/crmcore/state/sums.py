"""Sums of whole numbers by key that cannot overflow (Q3)."""

from __future__ import annotations

import numpy as np

from ..table.column import Array
from .operand import reach

__all__ = ["sums_by"]

_LIMIT = 2**63
_BLOCK = 1 << 16


def sums_by(keys: Array, values: Array, size: int, bound: int | None = None) -> Array:
    """Return the sum of whole numbers for each key 0 .. size - 1: int64, or Python integers where that is too small.

    Args:
        keys: one per value.
        values: whole numbers.
        size: number of keys.
        bound: no sum of |values| is larger; looked for where it is not known.
    """
    if (reach(values) * max(values.size, 1) if bound is None else bound) < _LIMIT:
        return _added(keys, values.astype(np.int64, copy=False), size)
    if values.dtype == object:
        sums = np.zeros(size, object)
        np.add.at(sums, keys, values)
        return sums
    # in two halves, of which neither overflows
    high, low = _added(keys, values >> 32, size), _added(keys, values & 0xFFFFFFFF, size)
    found: Array = (high.astype(object) << 32) + low.astype(object)
    return found if reach(found) >= _LIMIT else found.astype(np.int64)


def _added(keys: Array, values: Array, size: int) -> Array:
    sums = np.zeros(size, np.int64)
    for a in range(0, keys.size, _BLOCK):  # so that keys turned into positions stay in the cache
        part = slice(a, a + _BLOCK)
        np.add.at(sums, keys[part], values[part])
    return sums
