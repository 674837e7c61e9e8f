"""Compute: from a question and the tables to finished numbers, through an engine's states."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
from functools import partial

import attrs
import numpy as np

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import AsOf, Col, Compare, Expr, Not
from ..algebra.formulas import Formula
from ..calendars import Zone
from ..errors import ArgumentError, DefinitionError
from ..evaluate import Moment, Scope, local_day, resolve
from ..plan.frames import Frame, frame_of
from ..plan.layout import Anchors, Layout, Shares, Sweep, View, lay_out
from ..plan.question import Asked, Plan, Question
from ..plan.requests import each_of, reading
from ..state.finish import Finisher, Label
from ..state.groups import Groups, Spread, group
from ..state.operand import Operand
from ..state.rollup import Entities
from ..state.state import State
from ..table.column import Array, Column
from ..table.shares import SPANNED, shared_out
from ..table.sweeps import BUCKET
from ..table.table import Table
from ..table.views import existence, is_late, is_recorded, newest, view
from ..units import UNITS, Dimension
from .arrays import run
from .sweeps import can_sweep, swept

__all__ = ["Answer", "compute", "looked_at", "seen_from"]

Part = tuple[tuple[Column, ...], Array, Array | None]
"""Key columns, rows of codes into them, and which of the rows are there (None: all)."""

LARGEST = 50_000_000
"""Cells (groups x periods) a result may have."""


@attrs.frozen(slots=True, eq=False)
class Answer:
    """Finished numbers: `values[name]` is groups x frames, or cells that `spread` puts in their places."""

    groups: Groups
    frames: tuple[Frame, ...]
    values: dict[str, Operand | Label]
    reasons: tuple[str, ...]
    spread: Spread | None
    finisher: Finisher
    rolls: Rolls
    asked: tuple[Asked, ...]


def seen_from(
    tables: Mapping[str, Table],
    scope: Scope,
    given: Moment | None,
    *,
    known: int | None = None,
    beside: Mapping[str, Table] | None = None,
) -> Scope:
    """Return the scope with the tables as of an instant, by default the newest recorded one (T8, O8).

    Args:
        tables: all rows.
        scope: the zone, calendar and rates.
        given: the instant looked from.
        known: what was recorded by this instant counts; None for the instant looked from.
        beside: other tables, which also tell what is newest.
    """
    last = newest({**tables, **{f"{name}, beside": table for name, table in (beside or {}).items()}}, scope.zone)
    if given is None:
        if last is None:
            return scope.at(None, tables, tables)
        given = Moment(last[0], scope.zone.local_day(last[0]), last[1])
    given = attrs.evolve(given, known=known)
    today = last is None or given.instant >= last[0]
    views = view(tables, given.instant, given.day, scope.zone, today=today, kept=True, known=given.learnt)
    return scope.at(given, *views)


def looked_at(tables: Mapping[str, Table], scope: Scope, how: View) -> Scope:
    """Return the scope as a view shows it: from the end of a local day, or with targets shared out (M8)."""
    if how is None:
        return scope
    if isinstance(how, Shares):
        return attrs.evolve(scope, tables={**scope.tables, **_cut(scope, how)})
    assert isinstance(how, int)
    instant = scope.zone.end_of_day(how)
    last = newest(tables, scope.zone)
    today = last is None or instant >= last[0]
    learnt = instant if scope.as_of is None else scope.as_of.learnt
    moment = Moment(instant, how, "end of period", learnt)
    return scope.at(moment, *view(tables, instant, how, scope.zone, today=today, known=learnt))


def _cut(scope: Scope, how: Shares) -> dict[str, Table]:
    """Return the targets and forecasts with what of each belongs to the days."""
    found = {}
    for name in SPANNED & scope.tables.keys():
        table = scope.tables[name]
        if "start" in table and "end" in table:
            make = partial(shared_out, table, how.low, how.high, how.grain, scope.calendar)
            found[name] = table.kept(("shares", how, scope.calendar), make)
    return found


def compute(
    plan: Plan,
    tables: Mapping[str, Table],
    scope: Scope,
    frames: Sequence[Frame] | None = None,
    *,
    ordered: bool = True,
) -> Answer:
    """Answer the question of a plan.

    Args:
        plan: the question, with the layouts met before.
        tables: all rows; `scope.tables` are those seen from `scope.as_of`.
        scope: the instant, zone, calendar and rates.
        frames: measured instead of the periods of the question's `per`, all of them shown.
        ordered: put the groups in the order of their labels.

    Raises:
        CrmCoreError: anything in the question that the tables cannot answer, by its own name.
    """
    fixed = frames is not None
    first, last = (None, None) if fixed or plan.question.per is None else _days(plan, scope)
    layout = plan.layout(
        (
            scope.as_of,
            scope.zone,
            scope.calendar,
            scope.rates,
            scope.world,
            first,
            last,
            None if frames is None else tuple(frames),
        ),
        lambda: _laid_out(plan, tables, scope, frames if frames is not None else _frames(plan, scope, first, last)),
    )
    state = run(layout, layout.together, {0: scope})
    rolls = Rolls(plan, layout, tables, scope)
    chosen = slice(0, len(layout.frames))
    if layout.frames and plan.question.per is not None and not fixed and plan.anchors:
        shares = {n.grid for p in layout.places if p.apart and p.leaf.aggregate.at != STOCK for n in p.needs}
        state |= _apart(layout, shares, tables, scope)
        chosen = _shown(layout, state, rolls)
        if chosen == slice(0, 0) and plan.stocks:
            return compute(plan, tables, scope, _frames(plan, scope, *_stock_days(plan, scope)))
    rest = {n.grid for p in layout.places if p.apart for n in p.needs[chosen]}
    rest |= {n.grid for p in layout.places if p.swept for n in p.needs}
    if rest:
        state |= _apart(layout, rest - set(state), tables, scope)
    flat = not fixed and chosen.start < chosen.stop and _is_flat(layout, state)
    return _finish(plan, layout, state, chosen, rolls, flat=flat, ordered=ordered)


def _apart(layout: Layout, grids: Iterable[int], tables: Mapping[str, Table], scope: Scope) -> State:
    """Compute grids that look at views of their own, one view at a time."""
    state: State = {}
    by_view: dict[int, list[int]] = {}
    for number in sorted(grids):
        by_view.setdefault(layout.grids[number].view, []).append(number)
    for number, here in by_view.items():
        how = layout.views[number]
        seen = swept(layout, number, tables, scope) if isinstance(how, Sweep) else looked_at(tables, scope, how)
        state |= run(layout, here, {number: seen})
    return state


def _laid_out(plan: Plan, tables: Mapping[str, Table], scope: Scope, frames: Sequence[Frame]) -> Layout:
    question, moment = plan.question, scope.as_of

    def seen(table: str, column: str) -> Expr | None:
        if moment is None or table not in scope.tables:
            return None
        return _seen(scope.tables[table], column, moment, scope.zone)

    def sweeps(a: Aggregate) -> bool:
        return (moment is None or moment.informed) and can_sweep(a, question.by, question.where, tables)

    return lay_out(
        [a.formula for a in question.asked],
        frames,
        question.by,
        question.where,
        scope.calendar,
        None if moment is None else moment.day,
        anchors=Anchors(is_recorded, seen, sweeps),
        priced=scope.rates is not None,
        windowed=question.windowed,
    )


def _seen(table: Table, column: str, moment: Moment, zone: Zone) -> Expr | None:
    """Return the condition that a date of record is not after as_of, None where none is; a day means its end (T8)."""
    if not is_late(table, column, moment.instant, zone):
        return None
    ended = table.columns[column].kind == "instant" or moment.instant >= zone.end_of_day(moment.day)
    return Not(Compare(">" if ended else ">=", Col(column), AsOf()))


# -- periods ---------------------------------------------------------------------------------------------


def _frames(plan: Plan, scope: Scope, first: int | None, last: int | None) -> list[Frame]:
    """Return the periods that rows may fall in; without `per` the one unbounded frame."""
    per = plan.question.per
    if per is None:
        return [Frame(None, None, None)]
    if first is None or last is None:
        return []
    today = None if scope.as_of is None else scope.as_of.day
    return [frame_of(p, today, per) for p in scope.calendar.periods(first, last, per)]


def _days(plan: Plan, scope: Scope) -> tuple[int | None, int | None]:
    """Return the first and the last day that the periods have to cover."""
    today = None if scope.as_of is None else scope.as_of.day
    lows, highs = [], []
    for name, anchor in plan.anchors:
        table = scope.tables.get(name)
        bounds = None if table is None or not len(table) else _bounds(table, anchor, scope)
        if bounds is None:
            continue
        low, high = bounds
        if today is not None and is_recorded(name, str(anchor)):
            high = min(high, today)
        if low <= high:
            lows.append(low)
            highs.append(high)
    return (min(lows), max(highs)) if lows else _stock_days(plan, scope)


def _stock_days(plan: Plan, scope: Scope) -> tuple[int | None, int | None]:
    """Return the days from the first existence of a row to as_of (T4)."""
    if scope.as_of is None:
        return None, None
    lows = []
    for name in plan.stocks:
        table = scope.tables.get(name)
        made = None if table is None or not len(table) else existence(table)
        days = None if made is None else local_day(made, scope.zone)
        if days is not None and days.present().any():
            lows.append(int(days.data[days.present()].min()))
    rows = any(len(scope.tables[n]) for n in plan.stocks if n in scope.tables)
    return (min(lows, default=scope.as_of.day), scope.as_of.day) if rows else (None, None)


def _bounds(table: Table, anchor: str | None, scope: Scope) -> tuple[int, int] | None:
    if anchor is None:
        raise ArgumentError(
            f"an aggregate on table {table.name!r} has no anchor, so it has no place in a period; give at=..."
        )

    def find() -> tuple[int, int] | None:
        days = local_day(resolve(anchor, table, scope), scope.zone)
        known = days.data if days.valid is None else days.data[days.valid]
        if not known.size:
            return None
        last = table["end"].data.max() - 1 if table.name in SPANNED and anchor == "start" else known.max()
        return int(known.min()), int(max(last, known.max()))

    return table.kept(("days", anchor, scope.zone.name, scope.world), find)


def _shown(layout: Layout, state: State, rolls: Rolls) -> slice:
    """Return the frames from the first to the last in which a row takes part (T7)."""
    found = np.flatnonzero(_taken(layout, state, rolls))
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else slice(0, 0)


def _taken(layout: Layout, state: State, rolls: Rolls, only: Container[int] | None = None) -> Array:
    """Return in which frames a row takes part in a flow, by the frames themselves, whatever the windows."""
    taken = np.zeros(len(layout.frames), bool)
    seen: set[int] = set()
    for number, place in enumerate(layout.places):
        if only is not None and number not in only:
            continue
        if place.leaf.aggregate.rolls_up:
            taken |= rolls.taken(number)
        elif place.leaf.aggregate.at == STOCK:
            continue
        elif not place.apart and place.needs[0].own not in seen:
            need = place.needs[0]
            seen.add(need.own)
            low, high = layout.own[need.grid]
            gone = np.concatenate(([0], np.cumsum(state[need.grid].per_bucket(need.own))))
            taken |= gone[high] > gone[low]
        elif place.apart and not place.leaf.chain:
            taken |= [bool(state[n.grid].numbers[n.own].data.any()) for n in place.needs]
    return taken


# -- groups ----------------------------------------------------------------------------------------------


def _present(layout: Layout, state: State, chosen: slice) -> dict[int, Array | None]:
    """Return, per grid, which key combinations have a row in some shown range; None where all of them have."""
    found: dict[int, Array | None] = {}
    unasked = {n.grid for p in layout.places if not p.asked for n in p.needs}
    for grid, part, mask in layout.covered(chosen):
        if layout.grids[grid].buckets == 1 and mask is None and grid not in unasked:
            found[grid] = None  # a state has no other rows
            continue
        found_in = state[grid].running_in if layout.grids[grid].anchor == BUCKET else state[grid].any_in
        there = found_in(part, mask)
        before = found.get(grid)
        found[grid] = there if before is None else before | there
    return {grid: None if there is None or there.all() else there for grid, there in found.items()}


def _finish(
    plan: Plan, layout: Layout, state: State, chosen: slice, rolls: Rolls, *, flat: bool, ordered: bool
) -> Answer:
    keys = len(plan.question.by)
    present = _present(layout, state, chosen)
    grids = list(present)
    parts: list[Part] = [(state[g].keys[:keys], state[g].codes[:, :keys], present[g]) for g in grids]
    rolled = [n for n, p in enumerate(layout.places) if p.leaf.aggregate.rolls_up]
    parts += [rolls.part(n, chosen) for n in rolled]
    groups = group(parts, keys, ordered=ordered)
    frames = layout.frames[chosen]
    if groups.size * len(frames) > LARGEST:
        raise ArgumentError(
            f"{groups.size} groups x {len(frames)} periods are too many for one result (limit {LARGEST}); "
            "group by less, use a longer period, or filter"
        )
    spots = dict(zip(grids, groups.spots, strict=False))
    stands = dict(zip(rolled, groups.spots[len(grids) :], strict=True))

    def entities(number: int, whole: bool) -> Entities:
        return rolls.entities(number, chosen, stands[number], whole=whole)

    finisher = Finisher(state, layout, groups, spots, chosen, entities, flat)
    values = {
        a.name: finisher.value(a) if a.checked else finisher.measured(a.formula, a.unit)[0] for a in plan.question.asked
    }
    spread = Spread(state[0], spots[0], groups.size, layout.places[0].low[chosen]) if flat else None
    return Answer(groups, frames, values, tuple(finisher.reasons), spread, finisher, rolls, plan.question.asked)


def _is_flat(layout: Layout, state: State) -> bool:
    """Can each listed cell be measured by itself? One grid, and every leaf measured in the frames themselves."""
    return (
        len(layout.grids) == 1
        and state[0].listed is not None
        and not layout.wide
        and all(p.needs and not p.apart and not p.leaf.chain for p in layout.places)
        and all(bool((p.high - p.low == 1).all()) for p in layout.places)
    )


# -- roll-ups --------------------------------------------------------------------------------------------


class Rolls:
    """The roll-ups of a layout: each is a question of its own, with the entity as one more key, asked when needed.

    Roll-ups by the same entity in the same frames are one question.
    """

    def __init__(self, plan: Plan, layout: Layout, tables: Mapping[str, Table], scope: Scope) -> None:
        self.plan, self.question, self.layout, self.tables, self.scope = plan, plan.question, layout, tables, scope
        self._answers: dict[Hashable, Answer] = {}
        self._entities: dict[tuple[int, int, int, bool], Entities] = {}

    def _entity(self, number: int) -> Expr:
        """Return what a roll-up goes by."""
        a = self.layout.places[number].leaf.aggregate
        eaches = each_of(a)
        if len({e.by.key for e in eaches}) > 1:
            raise DefinitionError(f"{a!r} rolls up by different keys; one aggregate takes one entity")
        return eaches[0].by

    def _answer(self, number: int, *, whole: bool = False, own: bool = False) -> Answer:
        """Return what each entity has; `whole`, in all groups together; `own`, in the frames without the windows."""
        place, entity = self.layout.places[number], self._entity(number)
        frames = self.layout.frames if own else place.frames
        windowed = self.question.windowed or (bool(place.leaf.chain) and not own)
        key = (entity.key, whole, windowed, frames)
        if key not in self._answers:

            def ask() -> Question:
                eaches = {
                    e.key: e
                    for i, p in enumerate(self.layout.places)
                    if p.leaf.aggregate.rolls_up and self._alike(i, number, own=own)
                    for e in each_of(p.leaf.aggregate)
                }
                by: tuple[Expr, ...] = (entity,) if whole else (*self.question.by, entity)
                asked = (
                    Asked(f"each {i}", e.formula, UNITS["days"], checked=False) for i, e in enumerate(eaches.values())
                )
                return Question(tuple(asked), by, None, self.question.where, windowed)

            plan = self.plan.inner((*key, self.layout.token), ask)
            self._answers[key] = compute(plan, self.tables, self.scope, frames, ordered=False)
        return self._answers[key]

    def _alike(self, number: int, other: int, *, own: bool) -> bool:
        """Are two roll-ups by the same entity, in the same frames, and both or neither inside a window?"""
        a, b = self.layout.places[number], self.layout.places[other]
        same = own or (a.frames == b.frames and bool(a.leaf.chain) == bool(b.leaf.chain))
        return same and self._entity(number).key == self._entity(other).key

    def _formulas(self, number: int, answer: Answer) -> list[Formula]:
        """Return the formulas of a roll-up as its question asks them: of equal ones it asks one."""
        asked = {a.formula.key: a.formula for a in answer.asked}
        return [asked[e.formula.key] for e in each_of(self.layout.places[number].leaf.aggregate)]

    def _present(self, number: int, answer: Answer) -> Array:
        """Return in which groups and frames of an answer an entity of the roll-up has a row."""
        return answer.finisher.present(self._formulas(number, answer))

    def taken(self, number: int) -> Array:
        """Return in which frames a row takes part in a flow."""
        if all(a.at == STOCK for a in reading(self.layout.places[number].leaf.aggregate)):
            return np.zeros(len(self.layout.frames), bool)
        answer = self._answer(number, own=True)
        finisher = answer.finisher
        mine = finisher.places(self._formulas(number, answer))
        return _taken(finisher.layout, finisher.state, answer.rolls, mine)

    def part(self, number: int, chosen: slice) -> Part:
        """Return the groups that the entities of the chosen frames stand in."""
        answer = self._answer(number)
        keys = tuple(Column("key", np.zeros(0, np.int8), labels=labels) for labels in answer.groups.labels[:-1])
        return keys, answer.groups.codes[:, :-1], np.asarray(self._present(number, answer)[:, chosen].any(1))

    def entities(self, number: int, chosen: slice, group_of: Array | None, *, whole: bool) -> Entities:
        """Return what the entities have in the chosen frames."""
        key = (number, chosen.start, chosen.stop, whole)
        if key not in self._entities:
            answer = self._answer(number, whole=whole)
            size = answer.groups.size
            stand = np.zeros(size, np.int64) if whole else np.arange(size) if group_of is None else group_of
            eaches = each_of(self.layout.places[number].leaf.aggregate)
            formulas = self._formulas(number, answer)
            values = [_columns_of(answer.finisher.measured(x, UNITS["days"]), chosen) for x in formulas]
            named = answer.groups.codes[:, -1:] > 0
            present = self._present(number, answer)[:, chosen]
            present = present if named.all() else present & named
            currencies = [answer.finisher.currencies(x) for x in formulas]
            self._entities[key] = Entities(eaches, values, present, stand, currencies)
        return self._entities[key]


def _columns_of(found: tuple[Operand, Dimension], chosen: slice) -> tuple[Operand, Dimension]:
    operand, dimension = found
    if chosen == slice(0, operand.data.shape[1]):
        return operand, dimension
    why = None if operand.why is None else operand.why[:, chosen]
    return attrs.evolve(operand, data=operand.data[:, chosen], why=why), dimension
