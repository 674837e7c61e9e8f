"""Tiles: values in n parts, by rank with ties decided by id, or by quantile edges with ties together; ranks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.operand import reach
from ..table.column import Array, sort_key
from .exact import Numbers, whole_numbers

__all__ = ["Ranks", "above_edges", "edges_below", "label_order", "ntile", "quantile_edges", "ranks", "tile_of"]

_ROOM = 1 << 62


def ntile(values: Numbers, n: int, ids: Sequence[Any] | Array, *, descending: bool = False) -> Array:
    """Return the tile 1 .. n of each value, as NTILE(n) of SQL ordered by value and id.

    Args:
        values: one number per subject, none blank.
        n: number of tiles, at least 1.
        ids: one per subject, no two alike; equal values stand in the order of their ids, numbers before text.
        descending: the largest value is in tile 1; equal ones still stand in ascending order of ids.

    Returns: int64. Tiles differ by one subject at most, and the larger ones come first.

    Raises:
        ArgumentError: n below 1, no numbers, ids of another length, or an id twice.

    Rules: R4.

    Source: SQL:2003 window functions.

    Examples:
        >>> ntile([3, 10, 10, 25, 40], 2, ["e", "d", "c", "b", "a"]).tolist()
        [1, 1, 1, 2, 2]
    """
    numbers, _ = whole_numbers(values)
    return tile_of(-numbers if descending else numbers, _parts(n), label_order(ids, numbers.size))


def tile_of(numbers: Array, n: int, rank: Array) -> Array:
    """Return the tile 1 .. n of each whole number, ascending, with equal ones ordered by their ranks 0, 1, 2 ..."""
    size, larger = divmod(numbers.size, n)
    places = np.arange(numbers.size)
    ahead = larger * (size + 1)
    tiles = np.where(places < ahead, places // (size + 1), larger + (places - ahead) // max(size, 1))
    found = np.empty(numbers.size, np.int64)
    found[_order(numbers, rank)] = tiles + 1
    return found


def _order(numbers: Array, rank: Array) -> Array:
    """Return the positions of numbers in ascending order, equal ones by rank."""
    place = np.empty(rank.size, np.int64)
    place[rank] = np.arange(rank.size)
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)
    if numbers.dtype == object or (high - low + 1) * rank.size >= _ROOM:
        stable: Array = place[np.argsort(numbers[place], kind="stable")]
        return stable
    packed: Array = (numbers - low) * rank.size + rank
    packed.sort()
    ordered: Array = place[packed % rank.size]
    return ordered


def label_order(labels: Sequence[Any] | Array, size: int | None = None) -> Array:
    """Return the position of each label when all are sorted, numbers before text.

    Raises:
        ArgumentError: a label twice, or another number of them than `size`.
    """
    listed = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
    if size is not None and len(listed) != size:
        raise ArgumentError(f"{size} values need as many ids, got {len(listed)}")
    alike = {type(v) for v in listed} in ({int}, {str})
    order = sorted(range(len(listed)), key=listed.__getitem__ if alike else lambda i: sort_key(listed[i]))
    twice = next((i for i, j in pairwise(order) if listed[i] == listed[j]), None)
    if twice is not None:
        raise ArgumentError(
            f"id {listed[twice]!r} stands for two subjects; ties are decided by id, so each has its own"
        )
    rank = np.empty(len(listed), np.int64)
    rank[order] = np.arange(len(listed))
    return rank


def _parts(n: object) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise ArgumentError(f"values are cut into a whole number of parts, at least 1, got {n!r}")
    return n


# -- edges --------------------------------------------------------------------------------------------


def quantile_edges(values: Numbers, n: int = 5) -> tuple[Fraction, ...]:
    """Return the n - 1 edges that cut values into n parts: the linear quantiles 1/n, 2/n ... (type 7), exactly.

    Undefined when: there is no value; then there is no edge.

    Raises:
        ArgumentError: n below 1, or a value that is no number.

    Rules: Q1.

    Examples:
        >>> [float(e) for e in quantile_edges([1, 2, 3, 4, 10], 4)]
        [2.0, 3.0, 4.0]
    """
    numbers, scale = whole_numbers(values)
    return tuple(Fraction(int(e), scale * n) for e in _edges(numbers, _parts(n)))


def above_edges(values: Numbers, n: int = 5) -> Array:
    """Return how many of the n - 1 quantile edges lie strictly below each value: 0 .. n - 1.

    Equal values always get the same number; compared in whole numbers.

    Raises:
        ArgumentError: n below 1, or a value that is no number.

    Rules: Q1.
    """
    numbers, _ = whole_numbers(values)
    return edges_below(numbers, _parts(n))


def edges_below(numbers: Array, n: int) -> Array:
    """Return how many of the n - 1 quantile edges lie strictly below each whole number."""
    edges = _edges(numbers, n)
    if reach(numbers) * n * 2 >= 1 << 63:
        numbers = numbers.astype(object)
    # an edge is below a number where number x n > edge; edges ascend
    return np.searchsorted(np.array(edges, numbers.dtype), numbers * n, side="left").astype(np.int64)


def _edges(numbers: Array, n: int) -> list[int]:
    """Return the edges times n."""
    if not numbers.size:
        return []
    found = []
    wanted = [divmod((numbers.size - 1) * k, n) for k in range(1, n)]
    spots = sorted({s for spot, _ in wanted for s in (spot, min(spot + 1, numbers.size - 1))})
    ordered = np.partition(numbers, spots) if numbers.dtype != object and spots else np.sort(numbers)
    for spot, part in wanted:
        low, high = int(ordered[spot]), int(ordered[min(spot + 1, numbers.size - 1)])
        found.append(low * n + (high - low) * part)
    return found


# -- ranks --------------------------------------------------------------------------------------------


@attrs.frozen(slots=True, eq=False)
class Ranks:
    """Where values stand: `rank` from 1, equal ones share the first; `percent_rank` and `cume_dist` in 0 .. 1."""

    rank: Array
    percent_rank: Array
    cume_dist: Array


def ranks(values: Numbers, *, descending: bool = False) -> Ranks:
    """Return RANK, PERCENT_RANK and CUME_DIST of SQL for each value.

    percent_rank = (rank - 1) / (n - 1), 0 where there is one value; cume_dist = values up to it / n

    Args:
        values: numbers, none blank.
        descending: the largest value has rank 1.

    Raises:
        ArgumentError: a value that is no number.

    Source: SQL:2003 window functions.
    """
    numbers, _ = whole_numbers(values)
    if descending:
        numbers = -numbers
    ordered = np.sort(numbers)
    less = np.searchsorted(ordered, numbers, side="left")
    upto = np.searchsorted(ordered, numbers, side="right")
    return Ranks(less + 1, less / max(numbers.size - 1, 1), upto / max(numbers.size, 1))
