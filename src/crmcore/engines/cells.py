"""Cells: the combination of keys and bucket of each row as one small integer, kept with the table."""

from __future__ import annotations

from math import prod

import attrs
import numpy as np

from ..algebra.columns import AsOf
from ..algebra.walk import walk
from ..errors import ColumnNotFound
from ..evaluate import Scope, as_key, evaluate, local_day, resolve
from ..plan.requests import Grid
from ..table.column import Array, Column
from ..table.table import Table

__all__ = ["Cells", "cells_of"]

DENSE_TO = 65_536
"""Key combinations up to which every one gets a cell; above, only those that occur, unless rows are many."""


@attrs.frozen(slots=True, eq=False)
class Cells:
    """`codes` = key combination * buckets + bucket; `combined` lists the combinations, None for all of them."""

    codes: Array
    size: int
    keys: tuple[Column, ...]
    combined: Array | None
    tiny: bool

    def combinations(self, used: Array | slice) -> Array:
        """Return the codes of each key for these combinations, one row each."""
        sizes = [len(k.labels) for k in self.keys]
        total = prod(sizes)
        packed = (np.arange(total) if self.combined is None else self.combined)[used]
        result = np.empty((packed.size, len(sizes)), np.int64)
        for i in range(len(sizes) - 1, -1, -1):
            packed, result[:, i] = np.divmod(packed, sizes[i])
        return result


def cells_of(grid: Grid, table: Table, scope: Scope) -> Cells:
    """Return the cells of a grid on a table."""
    return table.kept(("cells", tuple(e.key for e in grid.cells), grid.anchor, grid.edges, scope.zone.name, scope.calendar, scope.as_of if _looks_at_as_of(grid) else None), lambda: _cells(grid, table, scope))


def _looks_at_as_of(grid: Grid) -> bool:
    return any(isinstance(n, AsOf) for e in grid.cells for n in walk(e))


def _cells(grid: Grid, table: Table, scope: Scope) -> Cells:
    keys = tuple(as_key(evaluate(e, table, scope), table, e.key) for e in grid.cells)
    buckets = grid.buckets
    n = len(table)
    if not keys:
        codes = bucket_codes(grid, table, scope) if grid.edges else np.zeros(0, np.int8)
        return Cells(codes, buckets, (), None, bool(grid.edges) and codes.dtype == np.int8)
    sizes = [len(k.labels) for k in keys]
    count = prod(sizes)
    combined: Array | None = None
    if len(keys) == 1 and count <= max(DENSE_TO, 2 * n):
        codes = keys[0].data
    else:
        packed = keys[0].data.astype(np.int64)
        for key, size in zip(keys[1:], sizes[1:], strict=True):
            packed = packed * size + key.data
        if count > max(DENSE_TO if n > DENSE_TO else 4 * n, 2 * n):
            combined, codes = np.unique(packed, return_inverse=True)
            count = combined.size
        else:
            codes = packed
    if grid.edges:
        codes = codes.astype(np.int64) * buckets + bucket_codes(grid, table, scope)
    size = max(count * buckets, 1)
    width = np.int8 if size <= 127 else np.int16 if size <= 32767 else np.int32 if size < 2**31 else np.int64
    codes = np.ascontiguousarray(codes.astype(width, copy=False))
    return Cells(codes, count * buckets, keys, combined, codes.dtype == np.int8)


def bucket_codes(grid: Grid, table: Table, scope: Scope) -> Array:
    """Return the bucket of each row's anchor day; 0 where it has none or lies outside the edges."""
    assert grid.anchor is not None
    column = resolve(grid.anchor, table, scope)
    if column.kind not in ("instant", "day"):
        raise ColumnNotFound(grid.anchor, [n for n, c in table.columns.items() if c.kind in ("instant", "day")],
                             where=f"that holds dates in table {table.name!r}")
    days = local_day(column, scope.zone)
    edges = np.array(grid.edges, np.int64)
    low, high = int(edges[0]), int(edges[-1])
    width = np.int8 if len(edges) <= 127 else np.int16 if len(edges) <= 32767 else np.int32
    if 0 < high - low <= 200_000:
        # one look-up per row: day -> bucket, with a place before and one after for all other days
        lookup = np.zeros(high - low + 2, width)
        lookup[1:-1] = np.searchsorted(edges, np.arange(low, high), side="right")
        codes = lookup[np.clip(days.data.astype(np.int64) - (low - 1), 0, high - low + 1)]
    else:
        codes = np.searchsorted(edges, days.data, side="right").astype(width)
        codes[codes == len(edges)] = 0
    if days.valid is not None:
        codes = np.where(days.valid, codes, 0).astype(width)
    return np.ascontiguousarray(codes)
