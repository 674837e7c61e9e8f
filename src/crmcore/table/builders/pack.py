"""Numbers as arrays, the quick way.

Packing a list takes a third of the time that an array of it does; arithmetic of two types at once is done in steps that
stay in the cache.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from struct import error, pack

import numpy as np

from ..column import Array, Mask

__all__ = ["floats64", "ints32", "ints64", "multiplied", "zeroed"]

_STEP = 65_536


def ints64(values: Collection[int]) -> Array:
    """Return whole numbers as int64.

    Raises:
        OverflowError: a number that does not fit.
    """
    try:
        return np.frombuffer(pack(f"{len(values)}q", *values), np.int64)
    except error as problem:
        raise OverflowError(str(problem)) from None


def ints32(values: Iterable[int], size: int) -> Array:
    """Return `size` whole numbers, which fit, as int32."""
    return np.frombuffer(pack(f"{size}i", *values), np.int32)


def floats64(values: Collection[float]) -> Array:
    """Return floats as float64."""
    return np.frombuffer(pack(f"{len(values)}d", *values), np.float64)


def zeroed(data: Array, valid: Mask) -> Array:
    """Return a copy of the data with 0 where it is not valid."""
    if valid.strides == (0,):
        valid = valid.copy()
    made = np.empty(data.shape, data.dtype)
    kept = valid.view(np.int8) if data.dtype.kind == "i" else valid
    for start in range(0, len(data), _STEP):
        to = slice(start, start + _STEP)
        np.multiply(data[to], kept[to], out=made[to])
    return made


def multiplied(data: Array, factor: int) -> Array:
    """Return the data times a factor, which fits."""
    made = np.empty(data.shape, data.dtype)
    return np.multiply(data, factor, out=made)
