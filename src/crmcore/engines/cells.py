"""Cells: the combination of keys and bucket of each row as one small integer, kept with the table."""

from __future__ import annotations

from math import prod

import attrs
import numpy as np

from ..errors import ColumnNotFound
from ..evaluate import Scope, as_key, evaluate, local_day, resolve, seen_by
from ..kernels import packed, unpacked
from ..plan.requests import Grid
from ..table.column import Array, Column
from ..table.table import Table

__all__ = ["Cells", "cells_of"]

DENSE_TO = 65_536
"""Cells up to which, in a large table, every one is kept, whether it occurs or not."""


@attrs.frozen(slots=True, eq=False)
class Cells:
    """The cell of each row: its code, key combination * buckets + bucket, or the code's place among those `listed`.

    `size` counts the cells, with one empty one at the end where they are listed; `tiny` codes fit in a byte; `table`
    holds the key combinations by number, where there are too many for a number to tell.
    """

    codes: Array
    size: int
    buckets: int
    keys: tuple[Column, ...]
    listed: Array | None = None
    tiny: bool = False
    table: Array | None = None

    def combinations(self) -> Array | None:
        """Return the key combination of each row; None without keys."""
        if not self.keys:
            return None
        codes = self.codes.astype(np.int64) if self.listed is None else self.listed[self.codes]
        return codes // self.buckets

    def numbers(self, used: Array | slice) -> Array:
        """Return the numbers of the key combinations with a used cell, in order."""
        if self.listed is None:
            return np.arange(self.size // self.buckets)[used]
        return np.unique(self.listed[used] // self.buckets)

    def rows(self, used: Array | slice) -> tuple[Array, Array | None]:
        """Return the key codes of the combinations with a used cell, and the used cells' positions among them."""
        sizes = [len(k.labels) for k in self.keys]
        if self.listed is None:
            return unpacked(np.arange(self.size // self.buckets)[used], sizes, None), None
        cells = self.listed[used]
        numbers = cells // self.buckets
        new = np.ones(numbers.size, bool)
        new[1:] = numbers[1:] != numbers[:-1]
        row = np.cumsum(new) - 1
        return unpacked(numbers[new], sizes, self.table), row * self.buckets + cells % self.buckets


def cells_of(grid: Grid, table: Table, scope: Scope) -> Cells:
    """Return the cells of a grid on a table."""
    keys = tuple((e.key, seen_by(e, scope)) for e in grid.keys)
    world = scope.world if grid.anchor is not None and "." in grid.anchor else None
    key = ("cells", keys, grid.anchor, grid.edges, scope.zone.name, world)
    return table.kept(key, lambda: _cells(grid, table, scope))


def _cells(grid: Grid, table: Table, scope: Scope) -> Cells:
    keys = tuple(as_key(evaluate(e, table, scope), table, (e.key, seen_by(e, scope))) for e in grid.keys)
    buckets, n = grid.buckets, len(table)
    if not keys:
        codes = bucket_codes(grid, table, scope) if grid.edges else np.zeros(0, np.int8)
        return Cells(codes, buckets, buckets, (), None, bool(grid.edges) and codes.dtype == np.int8)
    sizes = [len(k.labels) for k in keys]
    size = prod(sizes) * buckets
    codes, many = packed([k.data for k in keys], sizes, room=buckets)
    if grid.edges:
        codes = codes.astype(np.int64) * buckets + bucket_codes(grid, table, scope)
    if _all_kept(size, n):
        return Cells(_narrow(codes, size), size, buckets, keys, None, size <= 127)
    listed, codes = np.unique(codes, return_inverse=True)
    size = listed.size + 1
    return Cells(_narrow(codes, size), size, buckets, keys, listed.astype(np.int64), table=many)


def _all_kept(size: int, rows: int) -> bool:
    """Is every cell kept, whether it occurs or not?"""
    return size <= max(min(rows, DENSE_TO), 2 * rows if rows > DENSE_TO else 0)


def _narrow(codes: Array, size: int) -> Array:
    width = np.int8 if size <= 127 else np.int16 if size <= 32767 else np.int32 if size < 2**31 else np.int64
    return np.ascontiguousarray(codes.astype(width, copy=False))


def bucket_codes(grid: Grid, table: Table, scope: Scope) -> Array:
    """Return the bucket of each row's anchor day; 0 where it has none or lies outside the edges."""
    assert grid.anchor is not None
    column = resolve(grid.anchor, table, scope)
    if column.kind not in ("instant", "day"):
        dates = [name for name, c in table.columns.items() if c.kind in ("instant", "day")]
        raise ColumnNotFound(grid.anchor, dates, where=f"that holds dates in table {table.name!r}")
    days = local_day(column, scope.zone)
    edges = np.array(grid.edges, np.int64)
    low, high = int(edges[0]), int(edges[-1])
    width = np.int8 if len(edges) <= 127 else np.int16 if len(edges) <= 32767 else np.int32
    if 0 < high - low <= max(10_000, len(table)):
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
