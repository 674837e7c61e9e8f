"""Layout: where each leaf of the formulas finds its number, for each frame (T4-T7).

Flows of one table and anchor share one axis: all edges of all frames and windows cut its days into
buckets, and every range is a run of buckets. Stocks are measured on a view of the tables per instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs
import numpy as np

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import Expr
from ..algebra.formulas import Formula
from ..algebra.node import Key
from ..calendars import Calendar
from ..errors import ArgumentError, DefinitionError
from ..table.column import Array
from .frames import Frame, range_of
from .requests import Grid, Leaf, Request, each_of, leaf_key, occurrences, requests_of

__all__ = ["Layout", "Need", "Place", "lay_out"]


@attrs.frozen(slots=True, eq=False)
class Need:
    """Numbers of a grid, of the request that counts the rows taking part, and of the request with the number itself.

    `values_count` is the request that counts the values of a multiset.
    """

    grid: int
    part: int
    value: int


@attrs.frozen(slots=True, eq=False)
class Place:
    """What a leaf needs: `low` and `high` are bucket ranges per frame in one grid; without them, one grid per frame.

    A plain aggregate has one need per grid, a roll-up one per `each` in it.
    """

    leaf: Leaf
    stock: bool
    needs: tuple[tuple[Need, ...], ...]
    low: Array
    high: Array


@attrs.frozen(slots=True, eq=False)
class Layout:
    """Places of all leaves, with the grids and requests they need, each structure once.

    `instants` are the local days that stocks are measured at the end of (None: as_of).
    `own` has, per grid with an axis, the bucket range of each frame itself.
    """

    frames: tuple[Frame, ...]
    places: tuple[Place, ...]
    numbers: dict[tuple[int, ...], int]
    grids: tuple[Grid, ...]
    requests: tuple[Request, ...]
    instants: tuple[int | None, ...]
    own: dict[int, tuple[Array, Array]]
    token: object = attrs.field(factory=object)

    def asked(self, grid: int) -> list[tuple[int, Request]]:
        """Return the requests of a grid with their numbers."""
        return [(i, r) for i, r in enumerate(self.requests) if r.grid == grid]


@attrs.define(slots=True, eq=False)
class _Book:
    """Numbers grids and requests, each structure once."""

    where: Expr | None
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

    def need(self, a: Aggregate, grid: Grid) -> tuple[Need, ...]:
        rolled = each_of(a)
        if not rolled:
            number = self.grid(grid)
            asked = [self.request(r) for r in requests_of(a, number, self.where)]
            return (Need(number, asked[0], asked[-1]),)
        if len({e.by.key for e in rolled}) > 1:
            raise DefinitionError(f"{a!r} rolls up by different keys; one aggregate takes one entity")
        return tuple(n for e in rolled for n in self.need(e.aggregate, attrs.evolve(grid, entity=e.by)))


def lay_out(
    formulas: Iterable[Formula],
    frames: Sequence[Frame],
    keys: tuple[Expr, ...],
    where: Expr | None,
    calendar: Calendar,
    today: int | None,
    *,
    recorded: Callable[[str, str], bool],
    per: str | None,
) -> Layout:
    """Return where each leaf of the formulas finds its numbers.

    Args:
        today: the local day of as_of.
        recorded: tells whether a (table, column) holds recorded dates, which end at as_of.
        per: the grain of the frames, which long targets are spread over (M8).

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
            numbers[occurrence(leaf)] = spot.setdefault(key, len(spot))
    ranges = [[range_of(f, x.chain, calendar, today) for f in frames] for x in leaves.values()]
    axes = _axes(list(leaves.values()), ranges, frames, recorded, per)
    book = _Book(where)
    instants: dict[int | None, int] = {None: 0}
    places = []
    for leaf, found in zip(leaves.values(), ranges, strict=True):
        a = leaf.aggregate
        assert a.table is not None
        once = np.zeros(len(found), np.int64)
        if a.at == STOCK:
            seen = [instants.setdefault(_instant(r, today), len(instants)) for r in found]
            needs = tuple(book.need(a, Grid(a.table, keys, instant=i)) for i in seen)
            places.append(Place(leaf, True, needs, once, once + 1))
        elif all(r.start is None for r in found):
            places.append(Place(leaf, False, (book.need(a, Grid(a.table, keys)),), once, once + 1))
        else:
            axis = _axis(a, per)
            edges = axes[axis]
            low, high = _spots(found, edges, cut=recorded(axis[0], axis[1]))
            grid = Grid(axis[0], keys, axis[1], edges, spread=axis[2])
            places.append(Place(leaf, False, (book.need(a, grid),), low, high))
    bounded = [f for f in frames if f.start is not None]
    own = {
        i: _spots(bounded, g.edges, cut=recorded(g.table, g.anchor)) for i, g in enumerate(book.grids) if g.anchor is not None
    } if bounded else {}
    return Layout(
        tuple(frames), tuple(places), numbers, tuple(book.grids), tuple(book.requests), tuple(instants), own,
    )


def occurrence(leaf: Leaf) -> tuple[int, ...]:
    """Identify one occurrence of a leaf by the objects it is made of."""
    return (id(leaf.aggregate), *map(id, leaf.chain))


Axis = tuple[str, str, str | None]


def _axes(
    leaves: Sequence[Leaf], ranges: Sequence[Sequence[Frame]], frames: Sequence[Frame],
    recorded: Callable[[str, str], bool], per: str | None,
) -> dict[Axis, tuple[int, ...]]:
    """Return, per table and anchor, all edges that its days are cut at."""
    edges: dict[Axis, set[int]] = {}
    for leaf, found in zip(leaves, ranges, strict=True):
        bounded = [r for r in found if r.start is not None]
        if leaf.aggregate.at == STOCK or not bounded:
            continue
        axis = _axis(leaf.aggregate, per)
        new = axis not in edges
        cuts = edges.setdefault(axis, set())
        cut = recorded(axis[0], axis[1])
        for r in bounded if not (new and frames) else (*bounded, *frames):
            if r.start is not None:
                cuts.add(r.start)
                cuts.add((r.until if cut else r.stop) or 0)
    return {axis: tuple(sorted(cuts)) for axis, cuts in edges.items()}


def _spots(frames: Sequence[Frame], edges: tuple[int, ...], *, cut: bool) -> tuple[Array, Array]:
    """Return the bucket range [low, high) of each frame."""
    place = {day: i + 1 for i, day in enumerate(edges)}
    low = np.array([place[f.start] for f in frames if f.start is not None], np.int64)
    high = np.array([place[(f.until if cut else f.stop) or 0] for f in frames], np.int64)
    return low, np.maximum(low, high)


def _axis(a: Aggregate, per: str | None) -> Axis:
    assert a.table is not None
    if a.at is None:
        raise ArgumentError(
            f"{a!r} on table {a.table!r} has no anchor: with `per` or a window it must say at which date a row counts (at=...)"
        )
    return a.table, a.at, per if a.table == "target" and a.at == "start" else None


def _instant(frame: Frame, today: int | None) -> int | None:
    """Return the local day whose end a stock is measured at; None for as_of itself."""
    if frame.until is None or (today is not None and frame.until > today):
        return None
    return frame.until - 1
