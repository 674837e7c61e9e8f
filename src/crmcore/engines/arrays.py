"""The arrays engine: requests on tables in memory, in chunks that stay in the cache.

Rows are clustered by outcome (large tables), so a condition on it is decided per segment, not per
row; what is left of a condition is one kept mask. Keys and buckets are one kept integer column, so
a pass is a scattered addition per number and one sort per multiset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from threading import Thread

import attrs
import numpy as np

from ..evaluate import Scope
from ..evaluate.pricing import priced
from ..kernels import CHUNK, count_small, positions
from ..plan.layout import Layout
from ..plan.requests import Grid, Request
from ..state.currencies import Currencies
from ..state.state import GridState, Numbers, Run, State
from ..table.column import Array, Mask
from ..table.table import Segment, Table
from .cells import Cells, cells_of
from .terms import Residual, residual
from .values import Source, currencies_met, source_of

__all__ = ["run"]

SELECT_BELOW = 0.6
"""Share of true rows below which rows are picked out rather than weighted by the mask."""
SORT_ASIDE = 65_536
"""Values from which a multiset is sorted by a thread of its own while the pass goes on."""
COMPLEMENT_ABOVE = 0.75
"""Share of true rows above which their count is that of all rows less the others."""


def run(layout: Layout, grids: Iterable[int], views: Mapping[int, Scope]) -> State:
    """Compute the state of these grids of a layout.

    Args:
        layout: what is asked, by grid.
        grids: numbers of its grids.
        views: the tables as each view shows them, by number.
    """
    state: State = {}
    for number in grids:
        grid = layout.grids[number]
        scope = views[grid.view]
        table = priced(scope.tables[grid.table], grid.priced, scope)
        pass_ = table.kept(("pass", layout.token, number), partial(_compiled, layout, number, table, scope))
        state[number] = pass_.run()
    return state


@attrs.frozen(slots=True, eq=False)
class _Job:
    """One number to compute in a segment, for all requests that share it, each so many times."""

    requests: tuple[int, ...]
    times: tuple[int, ...]
    source: Source | None


@attrs.frozen(slots=True, eq=False)
class _Work:
    """What is computed from the rows of a segment that one residual condition keeps, or taken off again (sign -1).

    A segment of one chunk has the positions of its rows, where not all are kept, and their cells ready.
    """

    start: int
    stop: int
    left: Residual
    sums: tuple[_Job, ...]
    runs: tuple[_Job, ...]
    sign: int = 1
    aside: bool = False
    picked: Array | None = None
    keys: Array | None = None


@attrs.frozen(slots=True, eq=False)
class _Pass:
    """One pass over a table for the requests of one grid: planned once, run as often as asked.

    `rows` is the length of the table, `always` keeps the cells of a grid without keys even when they are empty.
    """

    cells: Cells
    works: tuple[_Work, ...]
    counts: tuple[int, ...]
    totals: Mapping[int, Source]
    values: Mapping[int, tuple[Source, int]]
    currencies: Mapping[int, tuple[Currencies, Array]]
    rows: int
    always: bool

    def run(self) -> GridState:
        sums: dict[int, Array] = {}
        runs: dict[int, list[Array]] = {number: [] for number in self.values}
        sorting: dict[int, Thread] = {}
        for work in self.works:
            _execute(work, self.cells, sums, runs)
            if work.aside:  # numpy sorts without the interpreter's lock, while the scattered adds that follow hold it
                buffers = {id(runs[n][0]): runs[n][0] for job in work.runs for n in job.requests}
                sorting |= {place: _begun(buffer.sort) for place, buffer in buffers.items()}
        for thread in sorting.values():
            thread.join()
        packed: dict[int, Array] = {}
        for n, (source, _) in self.values.items():
            done = len(runs[n]) == 1 and id(runs[n][0]) in sorting
            packed[n] = runs[n][0] if done else _sorted(_together(runs[n], source), source, self.cells)
        return self._state(sums, packed)

    def _state(self, sums: dict[int, Array], packed: dict[int, Array]) -> GridState:
        cells = self.cells
        nothing = np.zeros(cells.size, np.int64)
        used = self._used(sums)
        there = slice(0, cells.size - 1) if isinstance(used, slice) and cells.listed is not None else used
        codes, listed = cells.rows(there)
        pick = self._picker(used)
        numbers = {n: Numbers(pick(sums.get(n, nothing)), bound=self.rows) for n in self.counts}
        for n, s in self.totals.items():
            data = sums[n] if n in sums else nothing.astype(s.sum_type)
            numbers[n] = Numbers(pick(data), s.scale, s.kind, s.exact, s.bound)
        found: dict[int, Run] = {}
        for n, (s, count) in self.values.items():
            counts = numbers[count].data
            if packed[n].size != int(counts.sum()):
                counts = pick(s.counted(packed[n], cells.size))
            found[n] = Run(packed[n], s.bits, s.low, counts, s.scale, s.kind, s.lookup)
        return GridState(cells.keys, codes, cells.buckets, numbers, found, listed, self._currencies(there))

    def _currencies(self, used: Array | slice) -> dict[int, Currencies]:
        """Return the currencies of the amounts in the rows of the state."""
        found = {n: currencies for n, (currencies, _) in self.currencies.items()}
        for n, (currencies, numbers) in self.currencies.items():
            if currencies.codes is not None:
                rows = self.cells.numbers(used)
                spots = np.minimum(np.searchsorted(numbers, rows), numbers.size - 1)
                found[n] = attrs.evolve(currencies, codes=np.where(numbers[spots] == rows, currencies.codes[spots], -1))
        return found

    def _used(self, sums: dict[int, Array]) -> Array | slice:
        """Return the cells, or where none are listed the key combinations, with a row in them."""
        if self.always:
            return slice(None)
        there = np.zeros(self.cells.size, bool)
        for data in {id(sums[n]): sums[n] for n in self.counts if n in sums}.values():
            there |= data != 0
        if self.cells.listed is None:
            there = np.asarray(there.reshape(-1, self.cells.buckets).any(1))
            return slice(None) if there.all() else np.flatnonzero(there)
        return slice(None) if there[:-1].all() else np.flatnonzero(there)

    def _picker(self, used: Array | slice) -> Callable[[Array], Array]:
        if self.cells.listed is None:
            shape = (-1, self.cells.buckets)
            return lambda data: data.reshape(shape)[used]
        if isinstance(used, slice):
            return lambda data: data
        kept = np.append(used, self.cells.size - 1)
        return lambda data: data[kept]


def _together(parts: Sequence[Array], source: Source) -> Array:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, source.packed)


# -- planning --------------------------------------------------------------------------------------------


def _compiled(layout: Layout, number: int, table: Table, scope: Scope) -> _Pass:
    grid = layout.grids[number]
    asked = layout.asked(number)
    cells = cells_of(grid, table, scope)
    sources = {n: source_of(grid, r, table, scope) for n, r in asked if r.op != "count"}
    counts = {r.key: n for n, r in asked if r.op == "count"}
    values = {
        n: (sources[n], counts[(number, "count", None, frozenset(w.key for w in r.where))])
        for n, r in asked
        if r.op == "values"
    }
    works = [_ready(w, cells) for w in _works(grid, asked, sources, table, scope)]
    return _Pass(
        cells,
        tuple(_runs_first(works, cells)),
        tuple(counts.values()),
        {n: sources[n] for n, r in asked if r.op in ("total", "squares")},
        values,
        {n: currencies_met(grid, r, table, scope) for n, r in asked if r.op != "count"},
        len(table),
        not grid.keys,
    )


def _runs_first(works: Sequence[_Work], cells: Cells) -> list[_Work]:
    """Put long multisets first, each in a work of its own, so that they are sorted while sums are added up."""
    fed = Counter(n for work in works for job in work.runs for n in job.requests)
    first, rest = [], []
    for work in works:
        alone = all(fed[n] == 1 for job in work.runs for n in job.requests)
        aside = bool(work.runs) and alone and cells.size > 1 and work.left.rows >= SORT_ASIDE
        if aside:
            first.append(attrs.evolve(work, sums=(), aside=True))
        if work.sums or not aside:
            rest.append(attrs.evolve(work, runs=()) if aside else work)
    return [*first, *rest]


def _begun(target: Callable[[], None]) -> Thread:
    thread = Thread(target=target)
    thread.start()
    return thread


def _works(
    grid: Grid, asked: Sequence[tuple[int, Request]], sources: Mapping[int, Source], table: Table, scope: Scope
) -> Iterable[_Work]:
    for segment in table.segments:
        jobs: _Jobs = {}
        for number, request in asked:
            left = residual(request.where, table, scope, segment)
            source = sources.get(number)
            if left is not None and source is not None and source.valid is not None:
                left = left.also(source.valid, source.key, segment)
            if left is None:
                continue
            each = 1
            if source is not None and request.op != "values":
                same = source.constant(segment.start, segment.stop)
                if same is not None:  # its sum is so many times the count
                    source, each = None, same
            what = _COUNT if source is None else source.key
            job = jobs.setdefault(left.key, (left, {}))[1].setdefault(what, (source, request.op == "values", []))
            job[2].append((number, each))
        if grid.keys or grid.edges:
            yield from _complements(jobs, segment)
        for left, group in jobs.values():
            sums = tuple(_job(s, n) for s, multiset, n in group.values() if not multiset)
            runs = tuple(_job(s, n) for s, multiset, n in group.values() if multiset)
            yield _Work(segment.start, segment.stop, left, sums, runs)


_COUNT = ("count",)
_Jobs = dict[object, tuple[Residual, dict[object, tuple[Source | None, bool, list[tuple[int, int]]]]]]


def _job(source: Source | None, asked: Sequence[tuple[int, int]]) -> _Job:
    return _Job(tuple(n for n, _ in asked), tuple(each for _, each in asked), source)


def _complements(jobs: _Jobs, segment: Segment) -> Iterable[_Work]:
    """Turn counts of nearly all rows of a segment into counts of all rows less those of the few others.

    Only where all rows are counted anyway; the few are picked out, which is cheaper than weighing the many.
    """
    every = next((group[_COUNT][2] for left, group in jobs.values() if left.mask is None and _COUNT in group), None)
    if every is None:
        return
    for left, group in jobs.values():
        if left.mask is not None and left.density > COMPLEMENT_ABOVE and _COUNT in group:
            numbers = group.pop(_COUNT)[2]
            every.extend(numbers)
            yield _Work(segment.start, segment.stop, left.others(segment), (_job(None, numbers),), (), -1)


def _sorted(packed: Array, source: Source, cells: Cells) -> Array:
    """Sort packed values in place; the values of a single cell in a short range are counted instead."""
    if cells.size == 1 and source.bits <= 16:
        counts = np.bincount(packed, minlength=1)
        return np.repeat(np.arange(counts.size, dtype=packed.dtype), counts)
    packed.sort()
    return packed


# -- execution -------------------------------------------------------------------------------------------


@attrs.define(slots=True, eq=False)
class _Sum:
    """An accumulator per cell; `high` takes the upper halves of numbers whose sum may not fit int64."""

    source: Source | None
    data: Array
    high: Array | None = None


def _execute(work: _Work, cells: Cells, sums: dict[int, Array], runs: dict[int, list[Array]]) -> None:
    left = work.left
    counting = not work.runs and left.mask is None and all(j.source is None for j in work.sums)
    if counting and cells.tiny:
        totals = [_Sum(None, count_small(cells.codes[work.start : work.stop], cells.size)) for _ in work.sums]
    else:
        totals = [_fresh(j.source, cells.size) for j in work.sums]
        buffers = [np.empty(left.rows, j.source.packed) for j in work.runs if j.source is not None]
        _chunks(work, cells, totals, buffers)
        for job, buffer in zip(work.runs, buffers, strict=True):
            for n in job.requests:
                runs[n].append(buffer)
    for job, total in zip(work.sums, totals, strict=True):
        result = total.data if total.high is None else _joined(total.data, total.high)
        for n, each in zip(job.requests, job.times, strict=True):
            signed = each * work.sign
            part = result if signed == 1 else result * signed
            sums[n] = sums[n] + part if n in sums else part


def _fresh(source: Source | None, size: int) -> _Sum:
    if source is None:
        return _Sum(None, np.zeros(size, np.int64))
    return _Sum(source, np.zeros(size, source.sum_type), np.zeros(size, np.int64) if source.wide else None)


def _ready(work: _Work, cells: Cells) -> _Work:
    """Return the work with what does not change from one time to the next: positions and cells of a short segment."""
    if work.stop - work.start > CHUNK:
        return work
    mask = work.left.mask
    picked = None if mask is None else np.flatnonzero(mask[work.start : work.stop])
    keys = None if cells.size == 1 else _keys(cells, work.start, work.stop, picked)
    return attrs.evolve(work, picked=picked, keys=keys)


def _chunks(work: _Work, cells: Cells, totals: Sequence[_Sum], buffers: Sequence[Array]) -> None:
    left, a, b = work.left, work.start, work.stop
    if b - a <= CHUNK:
        for total in totals:
            _add(total, work.keys, a, b, None, work.picked)
        for job, buffer in zip(work.runs, buffers, strict=True):
            assert job.source is not None
            job.source.pack(work.keys, a, b, work.picked, buffer)
        return
    summing = any(t.source is not None for t in totals)
    pick = left.mask is not None and (bool(buffers) or (left.density < SELECT_BELOW and (summing or cells.size > 1)))
    filled = 0
    for a in range(work.start, work.stop, CHUNK):
        b = min(a + CHUNK, work.stop)
        mask = None if left.mask is None else left.mask[a:b]
        rows = positions(mask, left.density) if pick and mask is not None else None
        keys = None if cells.size == 1 else _keys(cells, a, b, rows)
        for total in totals:
            _add(total, keys, a, b, None if pick else mask, rows)
        count = b - a if rows is None else int(rows.size)
        for job, buffer in zip(work.runs, buffers, strict=True):
            assert job.source is not None
            job.source.pack(keys, a, b, rows, buffer[filled : filled + count])
        filled += count


def _keys(cells: Cells, a: int, b: int, rows: Array | None) -> Array:
    codes = cells.codes[a:b]
    return (codes if rows is None else codes.take(rows)).astype(np.int64)


def _add(total: _Sum, keys: Array | None, a: int, b: int, mask: Mask | None, rows: Array | None) -> None:
    """Add one chunk to an accumulator: all rows, rows weighted by a mask, or picked rows."""
    if total.source is None:
        if keys is not None:
            np.add.at(total.data, keys, 1 if mask is None else mask.astype(np.int64))
        elif mask is not None:
            total.data[0] += np.count_nonzero(mask)
        else:
            total.data[0] += b - a if rows is None else rows.size
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
        np.add.at(sums, keys, values if values.dtype == sums.dtype else values.astype(sums.dtype))


def _joined(low: Array, high: Array) -> Array:
    """Return high * 2**32 + low as Python integers, as int64 when all of them fit."""
    exact: Array = high.astype(object) * (1 << 32) + low.astype(object)
    return exact.astype(np.int64) if all(-(2**62) < v < 2**62 for v in exact.tolist()) else exact
