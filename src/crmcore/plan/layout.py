"""Layout: where each leaf of the formulas finds its number, for each frame (T4-T7).

Flows of one table and anchor share one axis: all edges of all frames and windows cut its days into
buckets, and every range is a run of buckets. Stocks are measured on a view of the tables per instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import Expr
from ..calendars import Calendar
from ..errors import ArgumentError
from .frames import Frame, range_of
from .requests import Grid, Leaf

__all__ = ["Layout", "Place", "lay_out"]


@attrs.frozen(slots=True, eq=False)
class Place:
    """The grids of a leaf: one with bucket ranges [low[p], high[p]) per frame, or one grid per frame (stocks)."""

    grids: tuple[Grid, ...]
    low: tuple[int, ...] = ()
    high: tuple[int, ...] = ()


@attrs.frozen(slots=True, eq=False)
class Layout:
    """Places of all leaves, and the local days (None: as_of) of the instants that stocks are measured at."""

    frames: tuple[Frame, ...]
    places: dict[tuple[object, ...], Place]
    instants: tuple[int | None, ...]

    def place(self, leaf: Leaf) -> Place:
        return self.places[leaf_key(leaf)]


def leaf_key(leaf: Leaf) -> tuple[object, ...]:
    """Identify a leaf by the structure of its aggregate and windows."""
    return (leaf.aggregate.key, tuple((w.kind, w.unit, w.n) for w in leaf.chain))


def lay_out(
    leaves: Iterable[Leaf],
    frames: Sequence[Frame],
    keys: tuple[Expr, ...],
    calendar: Calendar,
    today: int | None,
    *,
    recorded: Callable[[str, str], bool],
    per: str | None,
) -> Layout:
    """Return where each leaf finds its numbers.

    Args:
        today: the local day of as_of.
        recorded: tells whether a (table, column) holds recorded dates, which end at as_of.
        per: the grain of the frames, which long targets are spread over (M8).

    Raises:
        ArgumentError: an aggregate without an anchor in a bounded frame.
    """
    listed = list(leaves)
    ranges = {leaf_key(x): [range_of(f, x.chain, calendar, today) for f in frames] for x in listed}
    edges: dict[tuple[str, str, str | None], set[int]] = {}
    for leaf in listed:
        a = leaf.aggregate
        if a.at == STOCK:
            continue
        bounded = [r for r in ranges[leaf_key(leaf)] if r.start is not None]
        if bounded:
            cuts = edges.setdefault(_axis(a, per), set())
            for r in (*bounded, *(f for f in frames if f.start is not None)):
                cuts.update((_first(r), _end(r, a, recorded)))
    axes = {axis: tuple(sorted(cuts)) for axis, cuts in edges.items()}
    spots = {axis: {day: i for i, day in enumerate(cuts)} for axis, cuts in axes.items()}
    instants: dict[int | None, int] = {None: 0}
    places: dict[tuple[object, ...], Place] = {}
    for leaf in listed:
        a, found = leaf.aggregate, ranges[leaf_key(leaf)]
        assert a.table is not None
        if a.at == STOCK:
            numbers = [instants.setdefault(_instant(r, today), len(instants)) for r in found]
            places[leaf_key(leaf)] = Place(tuple(Grid(a.table, keys, instant=i) for i in numbers))
        elif all(r.start is None for r in found):
            spread = _axis(a, per)[2] if a.at is not None else None
            places[leaf_key(leaf)] = Place((Grid(a.table, keys, spread=spread),), (0,) * len(found), (1,) * len(found))
        else:
            axis = _axis(a, per)
            spot = spots[axis]
            low = tuple(spot[_first(r)] + 1 for r in found)
            high = tuple(max(spot[_end(r, a, recorded)], spot[_first(r)]) + 1 for r in found)
            grid = Grid(axis[0], keys, axis[1], axes[axis], spread=axis[2])
            places[leaf_key(leaf)] = Place((grid,), low, high)
    return Layout(tuple(frames), places, tuple(instants))


def _axis(a: Aggregate, per: str | None) -> tuple[str, str, str | None]:
    assert a.table is not None
    if a.at is None:
        raise ArgumentError(
            f"{a!r} on table {a.table!r} has no anchor: with `per` or a window it must say at which date a row counts (at=...)"
        )
    return a.table, a.at, per if a.table == "target" and a.at == "start" else None


def _first(frame: Frame) -> int:
    assert frame.start is not None
    return frame.start


def _end(frame: Frame, a: Aggregate, recorded: Callable[[str, str], bool]) -> int:
    assert frame.until is not None and frame.stop is not None
    assert a.table is not None and a.at is not None
    return frame.until if recorded(a.table, a.at) else frame.stop


def _instant(frame: Frame, today: int | None) -> int | None:
    """Return the local day whose end a stock is measured at; None for as_of itself."""
    if frame.until is None or today is None or frame.until > today:
        return None if today is None or frame.until is None or frame.until - 1 >= today else frame.until - 1
    return frame.until - 1
