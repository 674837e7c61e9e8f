"""Random numbers that no library decides."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from crmcore.demo.draws import Draws

MASK = 2**64 - 1


def splitmix(seed: int, name: str, size: int) -> list[int]:
    """Return the top 32 bits of SplitMix64 started at a hash of seed and name, in Python's own integers."""
    start = int.from_bytes(blake2b(f"{seed} {name}".encode(), digest_size=8).digest(), "big")
    found = []
    for step in range(1, size + 1):
        z = (start + step * 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        found.append((z ^ (z >> 31)) >> 32)
    return found


def test_bits_are_those_of_splitmix() -> None:
    """The bits are computed in Python's integers too, which no platform can change."""
    assert Draws(7, 50).bits("deal team").tolist() == splitmix(7, "deal team", 50)
    assert Draws(-3, 5).bits("").tolist() == splitmix(-3, "", 5)


def test_streams_do_not_touch_each_other() -> None:
    """Another name or seed gives other numbers; a longer stream begins like a shorter one."""
    short, long = Draws(7, 10), Draws(7, 1000)

    assert long.bits("a")[:10].tolist() == short.bits("a").tolist()
    assert short.bits("a").tolist() != short.bits("b").tolist()
    assert short.bits("a").tolist() != Draws(8, 10).bits("a").tolist()


def test_ranges_and_weights() -> None:
    """Numbers stay below their bound, picks follow their weights, and a distribution stays between its ends."""
    draws = Draws(1, 20_000)

    assert set(draws.below("n", 3).tolist()) == {0, 1, 2}
    counts = np.bincount(draws.pick("p", [1, 0, 3]), minlength=3)
    assert counts[1] == 0
    assert 0.74 < counts[2] / 20_000 < 0.76
    assert 0.24 < draws.chance("c", 2500).mean() < 0.26
    along = draws.along("q", (0, 10, 100))
    assert (int(along.min()), int(along.max())) == (0, 99)
    assert 0.49 < (along < 10).mean() < 0.51
