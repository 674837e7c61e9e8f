"""Groups: the key combinations of all grids together, by label, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..kernels import packed, unpacked
from ..table.column import Array, Column, sort_key
from .state import GridState

__all__ = ["Groups", "Spread", "group"]


@attrs.frozen(slots=True, eq=False)
class Groups:
    """Key combinations in label order: `labels[k][codes[g, k]]`; `spots[i]` places the rows of part i among them."""

    labels: tuple[Sequence[Any], ...]
    codes: Array
    spots: tuple[Array | None, ...]

    @property
    def size(self) -> int:
        return int(self.codes.shape[0])

    def column(self, k: int) -> list[Any]:
        """Return the label of key k of each group."""
        labels = self.labels[k]
        return [labels[c] for c in self.codes[:, k].tolist()]


@attrs.frozen(slots=True, eq=False)
class Spread:
    """Where listed cells stand among groups x frames; every other place holds the empty cell.

    Args:
        spots: the group of each row of the state (None: the same).
        low: the bucket of each frame.
    """

    found: GridState
    spots: Array | None
    groups: int
    low: Array

    def index(self) -> Array:
        """Return, for each group and frame, the cell to show."""
        assert self.found.listed is not None
        row, bucket = np.divmod(self.found.listed, self.found.buckets)
        group_of = row if self.spots is None else self.spots[row]
        frames = self.low.size
        place = np.full(self.found.buckets, -1)
        place[self.low] = np.arange(frames)
        shown = (group_of >= 0) & (place[bucket] >= 0)
        index = np.full(self.groups * frames, self.found.listed.size)
        index[group_of[shown] * frames + place[bucket[shown]]] = np.flatnonzero(shown)
        return index


def group(
    parts: Sequence[tuple[tuple[Column, ...], Array, Array | None]], keys: int, *, ordered: bool = True
) -> Groups:
    """Return the union of the key combinations of several grids.

    Args:
        parts: for each grid its key columns, the code rows, and a mask of those that are present (None: all).
        keys: number of key columns that each of them has.
        ordered: put the groups in the order of their labels; else those of a single part stay as they stand.

    Returns: spots[i] has, for each row of part i, its group or -1; None where rows and groups are the same.
    """
    if keys == 0:
        return Groups(
            (),
            np.empty((1, 0), np.int64),
            tuple(None if c.shape[0] == 1 else np.zeros(c.shape[0], np.int64) for _, c, _ in parts),
        )
    if not parts:
        return Groups(tuple((None,) for _ in range(keys)), np.empty((0, keys), np.int64), ())
    if len(parts) == 1 and not ordered and parts[0][2] is None:
        return Groups(tuple(k.labels for k in parts[0][0]), parts[0][1], (None,))
    if len(parts) == 1 and keys == 1 and parts[0][2] is None:
        return _single(parts[0][0][0], parts[0][1])
    labels, ranks, remaps = [], [], []
    for k in range(keys):
        union, rank, remap = _union([columns[k] for columns, _, _ in parts])
        labels.append(union)
        ranks.append(rank)
        remaps.append(remap)
    placed = []
    for i, (_, codes, _) in enumerate(parts):
        onto = [remaps[k][i] for k in range(keys)]
        own = [codes[:, k] if to is None else to[codes[:, k]] for k, to in enumerate(onto)]
        placed.append(np.stack([ranks[k][code] for k, code in enumerate(own)], axis=1))
    sizes = [len(x) for x in labels]
    together = np.concatenate(placed)
    numbers, table = packed([together[:, k] for k in range(keys)], sizes)
    order_of = np.split(numbers, np.cumsum([p.shape[0] for p in placed])[:-1])
    used = [p if present is None else p[present] for p, (_, _, present) in zip(order_of, parts, strict=True)]
    found = np.unique(np.concatenate(used)) if used else np.empty(0, np.int64)
    spots: list[Array | None] = []
    for part in order_of:
        if part.size == found.size and np.array_equal(part, found):
            spots.append(None)
            continue
        spot = np.minimum(np.searchsorted(found, part), max(found.size - 1, 0))
        spots.append(np.where(found[spot] == part, spot, -1) if found.size else np.full(part.size, -1))
    codes_out = unpacked(found, sizes, table).copy()
    for k in range(keys):
        back = np.empty(sizes[k], np.int64)
        back[ranks[k]] = np.arange(sizes[k])
        codes_out[:, k] = back[codes_out[:, k]]
    return Groups(tuple(labels), codes_out, tuple(spots))


def _single(key: Column, codes: Array) -> Groups:
    """Return the groups of one grid with one key, all of whose rows are shown."""
    rank = key.rank[codes[:, 0]]
    if bool((rank[1:] > rank[:-1]).all()):
        return Groups((key.labels,), codes, (None,))
    order = np.argsort(rank)
    if bool((rank[order[1:]] == rank[order[:-1]]).any()):  # one row per entity: rows share groups
        found, spots = np.unique(rank, return_inverse=True)
        back = np.empty(len(key.labels), np.int64)
        back[key.rank] = np.arange(len(key.labels))
        return Groups((key.labels,), back[found].reshape(-1, 1), (spots,))
    spots = np.empty(order.size, np.int64)
    spots[order] = np.arange(order.size)
    return Groups((key.labels,), codes[order], (spots,))


def _union(columns: Sequence[Column]) -> tuple[Sequence[Any], Array, list[Array | None]]:
    """Return the union of the columns' labels, the rank of each, and each column's codes in the union."""
    first = columns[0]
    if all(c.labels is first.labels for c in columns):
        return first.labels, first.rank, [None] * len(columns)
    index: dict[Any, int] = {None: 0}
    remaps: list[Array | None] = [
        np.array([index.setdefault(x, len(index)) for x in column.labels], np.int64) for column in columns
    ]
    union = list(index)
    order = sorted(range(1, len(union)), key=lambda c: sort_key(union[c]))
    rank = np.empty(len(union), np.int64)
    rank[order] = np.arange(len(order))
    rank[0] = len(order)
    return union, rank, remaps
