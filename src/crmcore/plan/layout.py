"""Layout: where each leaf of the formulas finds its number, for each frame (T4-T7).

Flows of one table and anchor share one axis: all edges of all frames and windows cut its days into
buckets, and every range is a run of buckets. Stocks are measured on a view of the tables per
instant, and targets on a view per frame that holds what of each belongs to it (M8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs
import numpy as np

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import Col, Expr
from ..algebra.formulas import Formula, Share, Span
from ..algebra.node import Key, Node
from ..algebra.walk import conjunction, rewrite, walk
from ..calendars import Calendar
from ..errors import ArgumentError
from ..table.column import Array
from ..table.shares import SHARED, SPANNED
from ..table.sweeps import BUCKET
from .frames import Frame, range_of
from .requests import Grid, Leaf, Request, inside_windows, leaf_key, occurrences, requests_of, swept_requests_of

__all__ = ["Anchors", "Layout", "Need", "Place", "Shares", "Sweep", "View", "is_spanned", "lay_out"]


@attrs.frozen(slots=True)
class Shares:
    """Targets as they belong to the days [low, high): whole, or a share by days of the periods of a grain (M8)."""

    low: int
    high: int
    grain: str | None


@attrs.frozen(slots=True, eq=False)
class Sweep:
    """A table seen from the ends of these local days, and `today` from as_of as well, in one pass."""

    table: str
    days: tuple[int, ...]
    today: bool

    def bucket(self, view: View) -> int:
        """Return the bucket of the instant of a view."""
        assert view is None or isinstance(view, int)
        return len(self.days) + 1 if view is None else self.days.index(view) + 1

    @property
    def edges(self) -> tuple[int, ...]:
        """What the buckets of the instants are cut at."""
        return tuple(range(1, len(self.days) + self.today + 2))


View = int | Shares | Sweep | None
"""How the tables are looked at: from the end of a local day, with targets shared out, in a sweep, or (None) from as_of."""
SWEEP_FROM = 3
"""Instants from which stocks are swept rather than looked at one by one."""


@attrs.frozen(slots=True, eq=False)
class Anchors:
    """What is known of the dates at which rows count.

    Args:
        recorded: is (table, column) something that was recorded, so that it ends at as_of?
        seen: the condition that keeps what was recorded by as_of, where the column has later dates all the same.
        sweeps: can a stock be measured at many instants in one pass?
    """

    recorded: Callable[[str, str], bool]
    seen: Callable[[str, str], Expr | None]
    sweeps: Callable[[Aggregate], bool] = lambda _: False


@attrs.frozen(slots=True, eq=False)
class Need:
    """Numbers of a grid, of the request that counts the rows taking part, and of the request with the number itself.

    `own` is the request that counts the rows that the question itself keeps, which decide what periods are shown.
    """

    grid: int
    part: int
    value: int
    own: int


@attrs.frozen(slots=True, eq=False)
class Place:
    """What a leaf needs: one grid with bucket ranges [low, high) per frame or, `apart`, a grid of its own per frame.

    Where it is `swept`, the ranges run from the first bucket to that of the instant looked from.

    A roll-up needs no grid but a question of its own, asked in `frames`. Places that no formula asks for only tell
    in which periods there are targets.
    """

    leaf: Leaf
    frames: tuple[Frame, ...]
    apart: bool
    needs: tuple[Need, ...]
    low: Array
    high: Array
    asked: bool = True
    swept: bool = False
    single: bool = attrs.field(init=False)

    @single.default
    def _single(self) -> bool:
        """Is each frame one bucket, and the next one's the bucket after it?"""
        return bool((self.high - self.low == 1).all()) and bool((np.diff(self.low) == 1).all())


Covered = tuple[int, int, Array | None]
"""A grid, a request on it, and a mask of buckets (None: all)."""


@attrs.frozen(slots=True, eq=False)
class Layout:
    """Places of all leaves, with the grids, requests and views they need, each structure once.

    `numbers` finds the place of an aggregate in its windows, by object; `own` has, per grid with an axis, the
    bucket range of each frame itself; `wide` tells whether a formula looks further than its own cell, at all groups
    together or at the period; `together` lists the grids that look from as_of, on the local day `today`.
    """

    frames: tuple[Frame, ...]
    places: tuple[Place, ...]
    numbers: dict[tuple[int, ...], int]
    grids: tuple[Grid, ...]
    requests: tuple[Request, ...]
    views: tuple[View, ...]
    own: dict[int, tuple[Array, Array]]
    wide: bool
    together: tuple[int, ...]
    calendar: Calendar
    today: int | None
    token: object = attrs.field(factory=object)
    _covered: dict[tuple[int, int], tuple[Covered, ...]] = attrs.field(factory=dict)

    def covered(self, chosen: slice) -> tuple[Covered, ...]:
        """Return, per grid and request that counts rows taking part, the buckets that the chosen frames look at."""
        key = (chosen.start, chosen.stop)
        if key not in self._covered:
            self._covered[key] = tuple(_covered(self, chosen))
        return self._covered[key]

    def asked(self, grid: int) -> list[tuple[int, Request]]:
        """Return the requests of a grid with their numbers."""
        return [(i, r) for i, r in enumerate(self.requests) if r.grid == grid]


@attrs.define(slots=True, eq=False)
class _Book:
    """Numbers grids and requests, each structure once."""

    where: Expr | None
    priced: bool
    anchors: Anchors
    grids: list[Grid] = attrs.field(factory=list)
    requests: list[Request] = attrs.field(factory=list)
    _grid: dict[Key, int] = attrs.field(factory=dict)
    _request: dict[Key, int] = attrs.field(factory=dict)

    def grid(self, grid: Grid) -> int:
        number = self._grid.setdefault(grid.key, len(self.grids))
        if number == len(self.grids):
            self.grids.append(grid)
        return number

    def request(self, request: Request) -> int:
        number = self._request.setdefault(request.key, len(self.requests))
        if number == len(self.requests):
            self.requests.append(request)
        return number

    def swept(self, a: Aggregate, grid: Grid, *, windowed: bool) -> Need:
        number = self.grid(grid)
        asked = [self.request(r) for r in swept_requests_of(a, number, self._where(a, windowed=windowed))]
        return Need(number, asked[1], asked[-1], asked[1])

    def need(self, a: Aggregate, grid: Grid, *, windowed: bool) -> Need:
        number = self.grid(attrs.evolve(grid, priced=a.at) if self.priced else grid)
        asked = [self.request(r) for r in requests_of(a, number, self._where(a, windowed=windowed))]
        own = self.request(requests_of(a, number, self._where(a, windowed=False))[0]) if windowed else asked[0]
        return Need(number, asked[0], asked[-1], own)

    def _where(self, a: Aggregate, *, windowed: bool) -> Expr | None:
        """Return the question's condition for an aggregate. Rows recorded after as_of are never in it (T8)."""
        where = inside_windows(self.where, a) if windowed else self.where
        return where if a.at in (None, STOCK) else conjunction(where, self.anchors.seen(str(a.table), str(a.at)))


def lay_out(
    formulas: Sequence[Formula],
    frames: Sequence[Frame],
    keys: tuple[Expr, ...],
    where: Expr | None,
    calendar: Calendar,
    today: int | None,
    *,
    anchors: Anchors,
    priced: bool = False,
    windowed: bool = False,
) -> Layout:
    """Return where each leaf of the formulas finds its numbers.

    Args:
        formulas: what is measured.
        frames: the runs of days it is measured in.
        keys: what the rows are grouped by.
        where: a condition on the rows of every table; None for all rows.
        calendar: what periods are.
        today: the local day of as_of; None where the data has no dates.
        anchors: what is known of the dates at which rows count.
        priced: amounts are converted at the rates of each aggregate's anchor day (M2).
        windowed: the frames themselves were made by a window.

    Raises:
        ArgumentError: an aggregate without an anchor in a bounded frame.
    """
    leaves: dict[Key, Leaf] = {}
    numbers: dict[tuple[int, ...], int] = {}
    spot: dict[Key, int] = {}
    for formula in formulas:
        for leaf in occurrences(formula):
            key = leaf_key(leaf)
            leaves.setdefault(key, leaf)
            numbers[(id(leaf.aggregate), *map(id, leaf.chain))] = spot.setdefault(key, len(spot))
    asked = len(leaves)
    for leaf in [x for x in leaves.values() if is_spanned(x.aggregate) and x.chain]:
        leaves.setdefault(leaf_key(Leaf(leaf.aggregate)), Leaf(leaf.aggregate))
    ranges = [[range_of(f, x.chain, calendar, today) for f in frames] for x in leaves.values()]
    axes = _axes(list(leaves.values()), ranges, frames, anchors)
    book = _Book(where, priced, anchors)
    views: dict[View, int] = {None: 0}
    sweeps = {} if priced or today is None else _sweeps(list(leaves.values()), ranges, anchors, today)
    places = []
    for leaf, found in zip(leaves.values(), ranges, strict=True):
        a, inside, seen_in = leaf.aggregate, windowed or bool(leaf.chain), tuple(found)
        table = str(a.table)
        once = np.zeros(len(found), np.int64)
        if a.rolls_up:
            places.append(Place(leaf, seen_in, False, (), once, once + 1))
        elif a.at == STOCK and table in sweeps and anchors.sweeps(a):
            sweep = sweeps[table]
            number = views.setdefault(sweep, len(views))
            need = book.swept(a, Grid(table, keys, BUCKET, sweep.edges, number), windowed=inside)
            high = np.array([sweep.bucket(_view(r, a, today)) + 1 for r in found], np.int64)
            places.append(Place(leaf, seen_in, False, (need,), once, high, swept=True))
        elif a.at == STOCK or is_spanned(a):
            seen = [views.setdefault(_view(r, a, today), len(views)) for r in found]
            part = _of_shares(a) if is_spanned(a) and any(r.start is not None for r in found) else a
            needs = tuple(book.need(part, Grid(table, keys, view=i), windowed=inside) for i in seen)
            places.append(Place(leaf, seen_in, True, needs, once, once + 1, len(places) < asked))
        elif all(r.start is None for r in found):
            need = book.need(a, Grid(table, keys), windowed=inside)
            places.append(Place(leaf, seen_in, False, (need,), once, once + 1))
        else:
            axis = _axis(a)
            low, high = _spots(found, axes[axis], cut=anchors.recorded(*axis))
            need = book.need(a, Grid(table, keys, axis[1], axes[axis]), windowed=inside)
            places.append(Place(leaf, seen_in, False, (need,), low, high))
    bounded = [f for f in frames if f.start is not None]
    own = {
        i: _spots(bounded, g.edges, cut=anchors.recorded(g.table, g.anchor))
        for i, g in enumerate(book.grids)
        if bounded and g.anchor is not None and g.anchor != BUCKET
    }
    wide = any(isinstance(n, (Share, Span)) for f in formulas for n in walk(f))
    return Layout(
        tuple(frames),
        tuple(places),
        numbers,
        tuple(book.grids),
        tuple(book.requests),
        tuple(views),
        own,
        wide,
        tuple(sorted({n.grid for p in places if not p.apart and not p.swept for n in p.needs})),
        calendar,
        today,
    )


def _sweeps(
    leaves: Sequence[Leaf], ranges: Sequence[Sequence[Frame]], anchors: Anchors, today: int
) -> dict[str, Sweep]:
    """Return the sweeps of the tables whose stocks are looked at from many instants."""
    found: dict[str, set[View]] = {}
    for leaf, frames in zip(leaves, ranges, strict=True):
        a = leaf.aggregate
        if a.at == STOCK and not a.rolls_up and all(f.start is not None for f in frames) and anchors.sweeps(a):
            found.setdefault(str(a.table), set()).update(_view(f, a, today) for f in frames)
    return {
        table: Sweep(table, tuple(sorted(v for v in views if isinstance(v, int))), None in views)
        for table, views in found.items()
        if len(views) >= SWEEP_FROM
    }


def _covered(layout: Layout, chosen: slice) -> Iterator[Covered]:
    marks: dict[tuple[int, int], Array] = {}
    for place in (p for p in layout.places if p.asked):
        for need in place.needs[chosen] if place.apart else place.needs:
            steps = marks.setdefault((need.grid, need.part), np.zeros(layout.grids[need.grid].buckets + 1, np.int64))
            inside = np.zeros(steps.size, np.int64)
            # of a sweep what counts is what was there at the instants looked from; its bucket 0 is empty
            steps[0] += place.swept
            np.add.at(inside, place.high[chosen] - 1 if place.swept else place.low[chosen], 1)
            np.add.at(inside, place.high[chosen], -1)
            steps += np.cumsum(inside) > 0
    for (grid, part), found in marks.items():
        mask = found[:-1] > 0
        yield grid, part, None if mask.all() else mask


def is_spanned(a: Aggregate) -> bool:
    """Does the aggregate count targets or forecasts, which belong to the days from their start to their end (M8)?"""
    return a.table in SPANNED and a.at == "start" and not a.rolls_up


def _of_shares(a: Aggregate) -> Aggregate:
    """Return an aggregate of targets that reads what of their amounts belongs to the days (M8)."""
    if a.expr is None:
        return a

    def share(node: Node) -> Node | None:
        return Col(SHARED[node.name]) if isinstance(node, Col) and node.name in SHARED else None

    return attrs.evolve(a, expr=rewrite(a.expr, share))


def _axes(
    leaves: Sequence[Leaf], ranges: Sequence[Sequence[Frame]], frames: Sequence[Frame], anchors: Anchors
) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return, per table and anchor, all edges that its days are cut at."""
    edges: dict[tuple[str, str], set[int]] = {}
    for leaf, found in zip(leaves, ranges, strict=True):
        a = leaf.aggregate
        bounded = [r for r in found if r.start is not None]
        if a.rolls_up or a.at == STOCK or is_spanned(a) or not bounded:
            continue
        axis = _axis(a)
        cut = anchors.recorded(*axis)
        if axis not in edges:
            bounded += [f for f in frames if f.start is not None]
        cuts = edges.setdefault(axis, set())
        for r in bounded:
            cuts.update((r.start or 0, (r.until if cut else r.stop) or 0))
    return {axis: tuple(sorted(cuts)) for axis, cuts in edges.items()}


def _spots(frames: Sequence[Frame], edges: tuple[int, ...], *, cut: bool) -> tuple[Array, Array]:
    """Return the bucket range [low, high) of each frame."""
    place = {day: i + 1 for i, day in enumerate(edges)}
    low = np.array([place[f.start or 0] for f in frames], np.int64)
    high = np.array([place[(f.until if cut else f.stop) or 0] for f in frames], np.int64)
    return low, np.maximum(low, high)


def _axis(a: Aggregate) -> tuple[str, str]:
    if a.at is None:
        raise ArgumentError(
            f"{a!r} on table {a.table!r} has no date column to count at, which per and windows need; "
            "give the metric an anchor, e.g. anchor='closed_at'"
        )
    return str(a.table), a.at


def _view(frame: Frame, a: Aggregate, today: int | None) -> View:
    """Return how the tables are looked at for a stock, or for targets, in a frame."""
    if frame.start is None or frame.until is None or frame.stop is None:
        return None
    if is_spanned(a):
        return Shares(frame.start, frame.stop, frame.grain)
    return None if frame.running or (today is not None and frame.until > today) else frame.until - 1
