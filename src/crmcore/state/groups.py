"""Groups: the key combinations of all grids together, by label, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..table.column import Array, Column, sort_key

__all__ = ["Groups", "group"]


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


def group(parts: Sequence[tuple[tuple[Column, ...], Array, Array | None]], keys: int) -> Groups:
    """Return the union of the key combinations of several grids.

    Args:
        parts: for each grid its key columns, the code rows, and a mask of those that are present (None: all).

    Returns: spots[i] has, for each row of part i, its group or -1; None where rows and groups are the same.
    """
    if keys == 0:
        return Groups((), np.empty((1, 0), np.int64), tuple(None if c.shape[0] == 1 else np.zeros(c.shape[0], np.int64) for _, c, _ in parts))
    if not parts:
        return Groups(tuple((None,) for _ in range(keys)), np.empty((0, keys), np.int64), ())
    labels, ranks, remaps = [], [], []
    for k in range(keys):
        union, rank, remap = _union([columns[k] for columns, _, _ in parts])
        labels.append(union)
        ranks.append(rank)
        remaps.append(remap)
    order_of = []
    for i, (_, codes, _) in enumerate(parts):
        packed = np.zeros(codes.shape[0], np.int64)
        for k in range(keys):
            remap = remaps[k][i]
            code = codes[:, k] if remap is None else remap[codes[:, k]]
            packed = packed * len(labels[k]) + ranks[k][code]
        order_of.append(packed)
    used = [p if present is None else p[present] for p, (_, _, present) in zip(order_of, parts, strict=True)]
    found = np.unique(np.concatenate(used)) if used else np.empty(0, np.int64)
    spots: list[Array | None] = []
    for packed in order_of:
        if packed.size == found.size and np.array_equal(packed, found):
            spots.append(None)
            continue
        spot = np.minimum(np.searchsorted(found, packed), max(found.size - 1, 0))
        spots.append(np.where(found[spot] == packed, spot, -1) if found.size else np.full(packed.size, -1))
    codes_out = np.empty((found.size, keys), np.int64)
    rest = found
    for k in range(keys - 1, -1, -1):
        rest, place = np.divmod(rest, len(labels[k]))
        back = np.empty(len(labels[k]), np.int64)
        back[ranks[k]] = np.arange(len(labels[k]))
        codes_out[:, k] = back[place]
    return Groups(tuple(labels), codes_out, tuple(spots))


def _union(columns: Sequence[Column]) -> tuple[Sequence[Any], Array, list[Array | None]]:
    """Return the union of the columns' labels, the rank of each, and each column's codes in the union."""
    first = columns[0]
    if all(c.labels is first.labels for c in columns):
        return first.labels, first.rank, [None] * len(columns)
    index: dict[Any, int] = {None: 0}
    remaps: list[Array | None] = []
    for column in columns:
        remaps.append(np.array([index.setdefault(x, len(index)) for x in column.labels], np.int64))
    union = list(index)
    order = sorted(range(1, len(union)), key=lambda c: sort_key(union[c]))
    rank = np.empty(len(union), np.int64)
    rank[order] = np.arange(len(order))
    rank[0] = len(order)
    return union, rank, remaps
