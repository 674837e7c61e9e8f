"""The arrays engine: requests on tables in memory, in chunks that stay in the cache.

Rows are clustered by outcome (large tables), so a condition on it is decided per segment, not per
row; what is left of a condition is one kept mask. Keys and buckets are one kept integer column, so
a pass is a scattered addition per number and one sort per multiset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np

from ..evaluate import Scope
from ..kernels import CHUNK, count_small, positions
from ..plan.requests import Grid, Request, unique
from ..state.state import GridState, Numbers, Run, State
from ..table.column import Array, Mask
from ..table.table import Segment, Table
from .cells import Cells, cells_of
from .terms import Residual, residual
from .values import Source, source_of

__all__ = ["run"]

SELECT_BELOW = 0.6
"""Share of true rows below which rows are picked out rather than weighted by the mask."""


def run(requests: Iterable[Request], views: Mapping[int, Scope]) -> State:
    """Compute the state of all requests.

    Args:
        views: the tables as seen from each instant the grids name, by number.
    """
    state: State = {}
    for grid, asked in unique(requests).items():
        scope = views[grid.instant]
        table = scope.tables[grid.table]
        state[grid] = _Pass(grid, table, scope, list(asked.values())).run()
    return state


@attrs.define(slots=True)
class _Sum:
    """An accumulator: counts (source None) or totals, of the rows a segment's residual keeps."""

    source: Source | None
    squared: bool
    data: Array
    high: Array | None = None


class _Pass:
    """One pass over a table for the requests of one grid."""

    def __init__(self, grid: Grid, table: Table, scope: Scope, requests: list[Request]) -> None:
        self.grid, self.table, self.scope, self.requests = grid, table, scope, requests
        self.cells: Cells = cells_of(grid, table, scope)
        self.sources: dict[object, Source] = {}

    def run(self) -> GridState:
        size = self.cells.size
        sums: dict[object, Array] = {r.key: np.zeros(size, np.int64) for r in self.requests if r.op != "values"}
        runs: dict[object, list[Array]] = {r.key: [] for r in self.requests if r.op == "values"}
        for segment in self.table.segments:
            self._segment(segment, sums, runs)
        return self._state(sums, runs)

    # -- planning of a segment -------------------------------------------------------------------

    def _source(self, request: Request) -> Source:
        assert request.expr is not None
        key = (request.op, request.expr.key, request.at)
        if key not in self.sources:
            self.sources[key] = source_of(request, self.table, self.scope)
        return self.sources[key]

    def _segment(self, segment: Segment, sums: dict[object, Array], runs: dict[object, list[Array]]) -> None:
        jobs: dict[object, tuple[Residual, dict[object, list[Request]]]] = {}
        for request in self.requests:
            left = residual(request.where, self.table, self.scope, segment)
            if left is None:
                continue
            if request.op != "count":
                source = self._source(request)
                if request.op == "values" and source.valid is not None:
                    left = left.also(source.valid, source.key, segment)
                    if left is None:
                        continue
            what = ("count",) if request.op == "count" else (request.op, self._source(request).key)
            jobs.setdefault(left.key, (left, {}))[1].setdefault(what, []).append(request)
        for left, asked in jobs.values():
            self._work(segment, left, asked, sums, runs)

    # -- the passes themselves ---------------------------------------------------------------------

    def _work(
        self, segment: Segment, left: Residual, asked: dict[object, list[Request]],
        sums: dict[object, Array], runs: dict[object, list[Array]],
    ) -> None:
        trivial = self.cells.size == 1
        adders = [(list(r), self._fresh(r[0])) for r in asked.values() if r[0].op != "values"]
        takers = [(r, self._source(r[0])) for r in asked.values() if r[0].op == "values"]
        if not takers and left.mask is None and self.cells.tiny and all(s.source is None for _, s in adders):
            for _, total in adders:
                total.data += count_small(self.cells.codes[segment.start : segment.stop], self.cells.size)
        else:
            pick = left.mask is not None and (bool(takers) or left.density < SELECT_BELOW)
            buffers = [np.empty(left.rows, s.packed) for _, s in takers]
            filled = 0
            for a in range(segment.start, segment.stop, CHUNK):
                b = min(a + CHUNK, segment.stop)
                mask = None if left.mask is None else left.mask[a:b]
                rows = positions(mask, left.density) if pick and mask is not None else None
                keys = None if trivial else self._keys(a, b, rows)
                for _, total in adders:
                    _add(total, keys, a, b, None if pick else mask, rows)
                count = b - a if rows is None else rows.size
                for (_, source), buffer in zip(takers, buffers, strict=True):
                    source.pack(keys, a, b, rows, buffer[filled : filled + count])
                filled += count
            for (wanted, _), buffer in zip(takers, buffers, strict=True):
                for request in wanted:
                    runs[request.key].append(buffer)
        for wanted, total in adders:
            result = total.data if total.high is None else _joined(total.data, total.high)
            for request in wanted:
                sums[request.key] = sums[request.key] + result

    def _fresh(self, request: Request) -> _Sum:
        size = self.cells.size
        if request.op == "count":
            return _Sum(None, False, np.zeros(size, np.int64))
        source = self._source(request)
        return _Sum(source, source.squared, np.zeros(size, source.sum_type), np.zeros(size, np.int64) if source.wide else None)

    def _keys(self, a: int, b: int, rows: Array | None) -> Array:
        codes = self.cells.codes[a:b]
        return codes.astype(np.int64) if rows is None else codes.take(rows).astype(np.int64)

    # -- what comes out ----------------------------------------------------------------------------

    def _state(self, sums: dict[object, Array], runs: dict[object, list[Array]]) -> GridState:
        buckets = self.grid.buckets
        shape = (self.cells.size // buckets, buckets)
        there = np.zeros(shape[0], bool)
        for request in self.requests:
            if request.op == "count":
                there |= (sums[request.key].reshape(shape) > 0).any(1)
        if not self.grid.keys and self.grid.entity is None:
            there[:] = True
        used = slice(None) if there.all() else np.flatnonzero(there)
        numbers: dict[Any, Numbers] = {}
        found: dict[Any, Run] = {}
        for request in self.requests:
            if request.op == "values":
                continue
            data = sums[request.key].reshape(shape)[used]
            if request.op == "count":
                numbers[request.key] = Numbers(data)
            else:
                s = self._source(request)
                numbers[request.key] = Numbers(data, s.scale, s.kind, s.exact)
        for request in self.requests:
            if request.op == "values":
                s = self._source(request)
                parts = runs[request.key]
                packed = parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.empty(0, s.packed)
                packed.sort()
                counts = numbers[("count", None, frozenset(w.key for w in request.where), None)].data
                if packed.size != int(counts.sum()):
                    counts = s.counted(packed, self.cells.size).reshape(shape)[used]
                found[request.key] = Run(packed, s.bits, s.low, counts, s.scale, s.kind, s.lookup)
        return GridState(self.grid, self.cells.keys, self.cells.combinations(used), numbers, found)


def _add(total: _Sum, keys: Array | None, a: int, b: int, mask: Mask | None, rows: Array | None) -> None:
    """Add one chunk to an accumulator: all rows, rows weighted by a mask, or picked rows."""
    if total.source is None:
        if keys is None:
            total.data[0] += b - a if mask is None and rows is None else np.count_nonzero(mask) if rows is None else rows.size  # type: ignore[arg-type]
        elif mask is None:
            np.add.at(total.data, keys, 1)
        else:
            np.add.at(total.data, keys, mask.astype(np.int64))
        return
    values = total.source.chunk(a, b, rows)
    if mask is not None:
        values = values * mask
    if total.high is not None:
        _add_values(total.high, keys, values >> 32)
        values = values & 0xFFFFFFFF
    _add_values(total.data, keys, values)


def _add_values(sums: Array, keys: Array | None, values: Array) -> None:
    if keys is None:
        sums[0] += values.sum() if values.dtype == object else np.add.reduce(values, dtype=sums.dtype)
    else:
        np.add.at(sums, keys, values)


def _joined(low: Array, high: Array) -> Array:
    """Return high * 2**32 + low as Python integers (int64 when all fit)."""
    exact = high.astype(object) * (1 << 32) + low.astype(object)
    return exact.astype(np.int64) if all(-(2**62) < v < 2**62 for v in exact.tolist()) else exact

