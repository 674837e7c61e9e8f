"""Compute: from a question and the tables to finished numbers, through an engine's states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs
import numpy as np

from ..algebra.aggregates import STOCK
from ..errors import ArgumentError
from ..evaluate import Moment, Scope, local_day, resolve
from ..plan.frames import Frame
from ..plan.layout import Layout, lay_out
from ..plan.question import Question
from ..plan.requests import Grid, Leaf, Request, leaves_of, requests_of
from ..state.finish import Finisher, Label
from ..state.groups import Groups, group
from ..state.operand import Operand
from ..state.state import GridState, State
from ..table.column import Array
from ..table.spread import spread
from ..table.table import Table
from ..table.views import existence, is_recorded, newest, view
from .arrays import run

__all__ = ["Answer", "compute", "seen_from"]

LARGEST = 50_000_000
"""Cells (groups x periods) a result may have."""


@attrs.frozen(slots=True, eq=False)
class Answer:
    """Finished numbers: `values[name]` is groups x frames."""

    groups: Groups
    frames: tuple[Frame, ...]
    values: dict[str, Operand | Label]
    reasons: tuple[str, ...]


def seen_from(tables: Mapping[str, Table], scope: Scope, given: Moment | None) -> Scope:
    """Return the scope with the tables as of an instant; by default the newest recorded one (T8, O8)."""
    last = newest(tables, scope.zone)
    if given is None:
        if last is None:
            return scope.at(None, tables)
        given = Moment(last[0], scope.zone.local_day(last[0]), last[1])
    today = last is None or given.instant >= last[0]
    return scope.at(given, view(tables, given.instant, given.day, today=today))


def compute(question: Question, tables: Mapping[str, Table], scope: Scope, frames: Sequence[Frame] | None = None) -> Answer:
    """Answer a question.

    Args:
        tables: all rows; `scope.tables` are those seen from `scope.as_of`.
        frames: measured instead of the periods of `question.per`, all of them shown.

    Raises:
        CrmCoreError: anything in the question that the tables cannot answer, by its own name.
    """
    leaves = list({id(x): x for a in question.asked for x in leaves_of(a.formula)}.values())
    today = None if scope.as_of is None else scope.as_of.day
    fixed = frames is not None
    frames = _frames(question, leaves, scope) if frames is None else frames
    if question.per is None and not fixed and any(f.start is not None for f in frames):
        raise AssertionError("frames without per are unbounded")
    layout = lay_out(leaves, frames, question.by, scope.calendar, today, recorded=is_recorded, per=question.per)
    flows = [x for x in leaves if x.aggregate.at != STOCK]
    stocks = [x for x in leaves if x.aggregate.at == STOCK]
    views = {0: scope}
    spreads(layout, views)
    state: State = run(_requests(flows, layout, question), views)
    chosen = slice(0, len(frames)) if fixed or question.per is None or not flows else _shown(layout, flows, state, question)
    if stocks:
        asked = list(_requests(stocks, layout, question, chosen))
        for number in {r.grid.instant for r in asked} - {0}:
            views[number] = _view(tables, scope, layout.instants[number])
        state |= run(asked, views)
    return _finish(question, layout, state, leaves, chosen)


def spreads(layout: Layout, views: dict[int, Scope]) -> None:
    """Put the spread targets beside the tables, where a grid asks for them (M8)."""
    scope = views[0]
    for place in layout.places.values():
        for grid in place.grids:
            if grid.spread is not None and grid.table in scope.tables:
                table = scope.tables[grid.table]
                cut = table.kept(("spread", scope.calendar, grid.spread), lambda t=table, g=grid: spread(t, scope.calendar, g.spread))  # type: ignore[misc]
                views[0] = attrs.evolve(scope, tables={**scope.tables, grid.table: cut})
                return


def _frames(question: Question, leaves: Sequence[Leaf], scope: Scope) -> list[Frame]:
    """Return the periods that the rows may fall in; without `per` the one unbounded frame."""
    if question.per is None:
        return [Frame(None, None, None)]
    today = None if scope.as_of is None else scope.as_of.day
    first, last = _days(leaves, scope, today)
    if first is None or last is None:
        return []
    frames = []
    for p in scope.calendar.periods(first, last, question.per):
        running = today is not None and p.start <= today < p.stop - 1
        until = today + 1 if running and today is not None else p.stop
        frames.append(Frame(p.start, p.stop, until, p.label, running=running))
    return frames


def _days(leaves: Sequence[Leaf], scope: Scope, today: int | None) -> tuple[int | None, int | None]:
    lows, highs = [], []
    flows = {(x.aggregate.table, x.aggregate.at) for x in leaves if x.aggregate.at != STOCK}
    for table_name, anchor in flows:
        if table_name is None or table_name not in scope.tables:
            continue
        if anchor is None:
            raise ArgumentError(f"an aggregate on table {table_name!r} has no anchor, so it has no place in a period; give at=...")
        table = scope.tables[table_name]
        if len(table):
            bounds = table.kept(("days", anchor, scope.zone.name), lambda t=table, a=anchor: _bounds(t, a, scope))  # type: ignore[misc]
            if bounds is not None:
                cut = today is not None and is_recorded(table_name, anchor)
                if not cut or (today is not None and bounds[0] <= today):
                    lows.append(bounds[0])
                    highs.append(min(bounds[1], today) if cut and today is not None else bounds[1])
    if not flows:
        for table_name in {x.aggregate.table for x in leaves}:
            table_of = scope.tables.get(table_name or "")
            made = None if table_of is None else existence(table_of)
            if made is not None and made.present().any():
                days = local_day(made, scope.zone)
                lows.append(int(days.data[days.present()].min()))
                highs.append(today if today is not None else int(days.data.max()))
    return (min(lows), max(highs)) if lows else (None, None)


def _bounds(table: Table, anchor: str, scope: Scope) -> tuple[int, int] | None:
    column = resolve(anchor, table, scope)
    days = local_day(column, scope.zone)
    known = days.data if days.valid is None else days.data[days.valid]
    return (int(known.min()), int(known.max())) if known.size else None


def _view(tables: Mapping[str, Table], scope: Scope, day: int | None) -> Scope:
    assert day is not None
    return scope.at(
        Moment(scope.zone.end_of_day(day), day, "end of period"),
        view(tables, scope.zone.end_of_day(day), day, today=False),
    )


def _requests(leaves: Iterable[Leaf], layout: Layout, question: Question, chosen: slice = slice(None)) -> Iterable[Request]:
    for leaf in leaves:
        place = layout.place(leaf)
        for grid in place.grids if place.low else place.grids[chosen]:
            yield from requests_of(leaf.aggregate, grid, question.where)


def _first_count(leaf: Leaf, grid: Grid, question: Question) -> Iterable[Request]:
    return (r for r in requests_of(leaf.aggregate, grid, question.where) if r.op == "count" and r.expr is None)


def _shown(layout: Layout, flows: Sequence[Leaf], state: State, question: Question) -> slice:
    """Return the frames from the first to the last in which a row takes part (T7)."""
    if not layout.frames:
        return slice(0, 0)
    taken = np.zeros(len(layout.frames), bool)
    for leaf in flows:
        grid = layout.place(leaf).grids[0]
        spot = {day: i for i, day in enumerate(grid.edges)}
        for request in _first_count(leaf, grid, question):
            counts = np.concatenate(([0], np.cumsum(state[request.grid].numbers[request.key].data.sum(0))))
            for i, frame in enumerate(layout.frames):
                if frame.start in spot:
                    end = frame.until if frame.until in spot else frame.stop
                    if end in spot:
                        taken[i] |= bool(counts[spot[end] + 1] > counts[spot[frame.start] + 1])
    found = np.flatnonzero(taken)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)


def _present(layout: Layout, leaves: Sequence[Leaf], state: State, question: Question, chosen: slice) -> dict[Grid, Array]:
    """Return, per grid, which key combinations have a row in some shown range."""
    found: dict[Grid, Array] = {}
    for leaf in leaves:
        place = layout.place(leaf)
        spans = list(zip(place.low[chosen], place.high[chosen], strict=True)) if place.low else [(0, 1)]
        for base in place.grids if place.low else place.grids[chosen]:
            for request in _first_count(leaf, base, question):
                data = state[request.grid].numbers[request.key].data
                covered = np.zeros(data.shape[1], bool)
                for low, high in spans:
                    covered[low:high] = True
                there = found.setdefault(request.grid, np.zeros(data.shape[0], bool))
                there |= (data > 0).any(1) if covered.all() else (data[:, covered] > 0).any(1)
    return found


def _finish(question: Question, layout: Layout, state: State, leaves: Sequence[Leaf], chosen: slice) -> Answer:
    present = _present(layout, leaves, state, question, chosen)
    keys = len(question.by)
    grids = [g for g in state if g in present]
    parts = [_part(state[g], present[g], keys) for g in grids]
    groups = group(parts, keys)
    frames = layout.frames[chosen]
    if groups.size * len(frames) > LARGEST:
        raise ArgumentError(
            f"{groups.size} groups x {len(frames)} periods are too many for one result (limit {LARGEST}); "
            "group by less, use a longer period, or filter"
        )
    spots = dict(zip(grids, groups.spots, strict=True))
    for grid in state:
        spots.setdefault(grid, None if not keys else np.full(state[grid].rows, -1))
    finisher = Finisher(state, layout, groups, spots, chosen, question.where)
    values = {a.name: finisher.value(a.name, a.formula, a.unit) for a in question.asked}
    return Answer(groups, frames, values, tuple(finisher.reasons))


def _part(found: GridState, present: Array, keys: int) -> tuple[tuple[object, ...], Array, Array | None]:
    return found.keys[:keys], found.codes[:, :keys], None if present.all() else present  # type: ignore[return-value]
