"""Kernels: counting bytes, positions of true rows, combinations of codes, against plain Python."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest

from crmcore import kernels
from crmcore.kernels import count_small, packed, positions, unpacked


@pytest.mark.parametrize("length", [0, 1, 2, 3, 6, 7, 254, 255, 257])
def test_count_small_counts_neighbours_in_pairs_and_the_odd_one_too(length) -> None:
    """Each code is counted once, also the last of an odd number of them."""
    codes = np.array([(i * 7 + i // 3) % 5 for i in range(length)], np.int8)
    expected = Counter(codes.tolist())

    assert count_small(codes, 5).tolist() == [expected[c] for c in range(5)]


@pytest.mark.parametrize("chunk", [2, 3, 64])
def test_count_small_over_several_chunks(monkeypatch, chunk) -> None:
    """A last chunk shorter than the others counts like them."""
    monkeypatch.setattr(kernels, "CHUNK", chunk)
    codes = np.array([c for c in range(128) for _ in range(c % 4 + 1)], np.int8)

    assert count_small(codes, 128).tolist() == [c % 4 + 1 for c in range(128)]


@pytest.mark.parametrize("every", [1, 2, 9, 10, 11, 20, 33, 40, 49, 51, 1000])
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 1000])
def test_positions_at_any_density(every, size) -> None:
    """Between 2 and 10 % true the mask is lengthened, and what was added is cut off again: nothing shows."""
    mask = np.zeros(size, bool)
    mask[::every] = True

    assert positions(mask, 1 / every).tolist() == list(range(0, size, every))


def test_positions_whatever_density_was_expected() -> None:
    """The expectation steers the way, not the answer: a mask without a true row, and one without a false one."""
    for mask in (np.zeros(100, bool), np.ones(100, bool)):
        for expected in (0.0, 0.021, 0.05, 0.1, 0.104, 0.5, 1.0):
            assert positions(mask, expected).tolist() == np.flatnonzero(mask).tolist()


def test_combinations_are_packed_in_their_order() -> None:
    """Three codes of 2, 3 and 4 values make 24 numbers in lexicographic order, and come apart again."""
    every = list(product(range(2), range(3), range(4)))
    codes = [np.array(part, np.int8) for part in zip(*every, strict=True)]

    numbers, table = packed(codes, [2, 3, 4])

    assert (numbers.tolist(), table) == (list(range(24)), None)
    assert unpacked(numbers, [2, 3, 4], table).tolist() == [list(c) for c in every]


def test_too_many_combinations_are_numbered() -> None:
    """Sizes whose product leaves 64 bits: combinations get numbers in their order, and a table tells them apart."""
    size = 2**31
    rows = [(5, size - 1, 0), (5, 0, size - 1), (0, size - 1, 7), (5, 0, size - 1)]
    codes = [np.array(part, np.int64) for part in zip(*rows, strict=True)]

    numbers, table = packed(codes, [size] * 3)

    assert numbers.tolist() == [2, 1, 0, 1]
    assert unpacked(numbers, [size] * 3, table).tolist() == [list(r) for r in rows]


def test_room_is_left_for_what_is_multiplied_later() -> None:
    """2^40 combinations fit; times 2^30 buckets they do not, and are numbered."""
    codes = [np.array([2**20 - 1]), np.array([2**20 - 1])]

    assert packed(codes, [2**20, 2**20])[1] is None
    assert packed(codes, [2**20, 2**20], room=2**30)[1] is not None
