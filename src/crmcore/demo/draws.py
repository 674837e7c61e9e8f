"""Draws: random numbers that are the same on every machine and with every version of numpy.

Each column of each table draws from a stream of its own: the i-th number is a hash of seed, name and i (SplitMix64), in
unsigned integers only. A new column therefore changes no other, and no library decides what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from ..table.column import Array, Mask

__all__ = ["Draws"]

_GOLDEN, _FIRST, _SECOND = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_S27, _S30, _S31, _S32 = (np.uint64(x) for x in (27, 30, 31, 32))


class Draws:
    """Streams of random whole numbers, one per name.

    Args:
        seed: the same seed gives the same numbers.
        size: how many numbers each stream gives.
    """

    def __init__(self, seed: int, size: int) -> None:
        self.seed = seed
        self.size = size
        self._steps = np.arange(1, size + 1, dtype=np.uint64) * _GOLDEN

    def bits(self, name: str) -> Array:
        """Return 32 random bits each, as int64."""
        start = blake2b(f"{self.seed} {name}".encode(), digest_size=8).digest()
        z = self._steps + np.uint64(int.from_bytes(start, "big"))
        z = (z ^ (z >> _S30)) * _FIRST
        z = (z ^ (z >> _S27)) * _SECOND
        found: Array = ((z ^ (z >> _S31)) >> _S32).astype(np.int64)
        return found

    def below(self, name: str, n: int | Array) -> Array:
        """Return whole numbers from 0 up to, and without, `n`."""
        found: Array = (self.bits(name) * np.asarray(n, np.int64)) >> np.int64(32)
        return found

    def chance(self, name: str, per_10000: int | Array) -> Mask:
        """Return True with this probability, given in 1/10,000."""
        found: Mask = self.below(name, 10_000) < per_10000
        return found

    def pick(self, name: str, weights: Sequence[int] | Array) -> Array:
        """Return positions in `weights`, each as often as its weight says."""
        ends = np.cumsum(np.asarray(weights, np.int64))
        return np.searchsorted(ends, self.below(name, int(ends[-1])), side="right")

    def along(self, name: str, quantiles: Sequence[int]) -> Array:
        """Return whole numbers of a distribution given by its quantiles at equal steps, linear between them."""
        cuts = np.asarray(quantiles, np.int64)
        place = self.bits(name) * (len(cuts) - 1)
        spot, rest = place >> 32, place & 0xFFFFFFFF
        found: Array = cuts[spot] + (((cuts[spot + 1] - cuts[spot]) * rest) >> 32)
        return found
