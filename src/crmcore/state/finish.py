"""Finish: formulas over states. The one place where numbers are divided, guarded and rounded (R1, R2, Q4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import reduce

import attrs
import numpy as np

from ..algebra import formulas as f
from ..algebra.aggregates import Aggregate
from ..errors import UnitError
from ..plan.frames import Chain, Frame, range_of
from ..plan.layout import Layout, Need, Place
from ..plan.parts import is_mean
from ..plan.question import Asked
from ..plan.requests import VALUES, occurrences
from ..table.column import NUMERIC, Array
from ..table.sweeps import BUCKET
from ..units import DAY, NUMBER, UNITS, Dimension, Unit
from .currencies import NONE, Currencies, gathered, met
from .groups import Groups
from .operand import (
    NO_AS_OF,
    NOTHING,
    PERIOD,
    ZERO,
    Operand,
    add,
    constant,
    maximum,
    minimum,
    multiply,
    ratio,
    reach,
    root,
    scaled,
    unary,
)
from .rollup import Entities, roll_up
from .runs import collapsed, evaluate_run, ranged
from .state import GridState, Numbers, Run, State

__all__ = ["Finisher", "Label"]

_DIMENSIONS = {"money": Dimension(money=1), "duration": Dimension(time=1)}


@attrs.frozen(slots=True, eq=False)
class Label:
    """Labels per cell: positions in `names`, and why there is none."""

    data: Array
    names: tuple[str, ...]
    why: Array | None


@attrs.define(slots=True, eq=False)
class Finisher:
    """Evaluates formulas on a state, for all groups and frames at once.

    Args:
        spots: grid -> where its rows stand among the groups (None: the same).
        chosen: the frames that are shown, as positions in the layout's.
        flat: measure the listed cells of the only grid, each by itself, not groups x frames.
        entities: what a roll-up of this number works on, in groups or in all groups together.
    """

    state: State
    layout: Layout
    groups: Groups
    spots: dict[int, Array | None]
    chosen: slice
    entities: Callable[[int, bool], Entities]
    flat: bool = False
    reasons: list[str] = attrs.field(factory=list)
    _done: dict[tuple[int, int, bool], tuple[Operand, Dimension]] = attrs.field(factory=dict)
    _running: dict[tuple[int, int], Array] = attrs.field(factory=dict)
    _there: dict[frozenset[int], Array] = attrs.field(factory=dict)

    @property
    def frames(self) -> Sequence[Frame]:
        return self.layout.frames[self.chosen]

    def value(self, asked: Asked) -> Operand | Label:
        """Return a formula's numbers, groups x frames.

        Raises:
            UnitError: the formula's dimension is not the unit's.
        """
        name, formula, unit = asked.name, asked.formula, asked.unit
        if isinstance(formula, f.Classify):
            operand, _ = self._node(formula.term, (), unit, whole=False)
            return self._classified(formula, operand)
        operand, dimension = self.measured(formula, unit)
        if self.frames and dimension != unit.dimension:
            raise UnitError(
                f"metric {name!r} is declared in {unit.name}, but its formula gives {dimension}: {formula!r}"
            )
        return operand

    def measured(self, formula: f.Formula, unit: Unit) -> tuple[Operand, Dimension]:
        """Return a formula's numbers and their dimension, whatever it is; time is read in the unit's."""
        return self._node(formula, (), unit, whole=False)

    def places(self, formulas: Iterable[f.Formula]) -> frozenset[int]:
        """Return the numbers of the places that formulas of the question read."""
        return frozenset(
            self.layout.numbers[(id(leaf.aggregate), *map(id, leaf.chain))]
            for formula in formulas
            for leaf in occurrences(formula)
        )

    def present(self, formulas: Iterable[f.Formula]) -> Array:
        """Return in which groups and frames some row takes part in one of these formulas of the question."""
        numbers = self.places(formulas)
        if numbers not in self._there:
            self._there[numbers] = self._present(numbers)
        return self._there[numbers]

    def _present(self, numbers: frozenset[int]) -> Array:
        there = np.zeros((self.groups.size, len(self.frames)), bool)
        if not there.size:
            return there
        for number, place in enumerate(self.layout.places):
            if number not in numbers:
                continue
            if place.leaf.aggregate.rolls_up:
                found = self.entities(number, False)
                rows = np.flatnonzero(found.group_of >= 0)
                np.logical_or.at(there, found.group_of[rows], found.present[rows])
            elif place.asked:
                counts = attrs.evolve(place.leaf.aggregate, op="count", expr=None)
                there |= self._counted(counts, place).data > 0
        return there

    def _counted(self, a: Aggregate, place: Place) -> Operand:
        needs = tuple(attrs.evolve(n, value=n.part) for n in place.needs)
        return self._of_place(a, attrs.evolve(place, needs=needs), UNITS["count"], whole=False)[0]

    def _classified(self, formula: f.Classify, operand: Operand) -> Label:
        code = np.zeros(operand.data.shape, np.int64)
        for edge in formula.edges:
            if operand.exact:
                code += scaled(operand, edge.denominator) >= edge.numerator * operand.scale
            else:
                code += operand.data >= float(edge)
        return Label(code, formula.labels, operand.why)

    # -- nodes ------------------------------------------------------------------------------------

    def _node(self, node: f.Formula, chain: Chain, unit: Unit, *, whole: bool) -> tuple[Operand, Dimension]:
        """Return the numbers and dimension of a node; `whole` measures all groups together."""
        if isinstance(node, Aggregate):
            return self._leaf(node, chain, unit, whole=whole)
        if isinstance(node, f.Number):
            return constant(node.value, self._shape(whole=whole)), NUMBER
        if isinstance(node, f.Ratio):
            return self._ratio(node, chain, unit, whole=whole)
        if isinstance(node, f.Binary):
            return self._binary(node, chain, unit, whole=whole)
        if isinstance(node, f.Unary):
            operand, dimension = self._node(node.term, chain, unit, whole=whole)
            return unary(node.op, operand), dimension
        if isinstance(node, f.Root):
            operand, dimension = self._node(node.term, chain, unit, whole=whole)
            if dimension.money % node.n or dimension.time % node.n:
                raise UnitError(f"{node!r}: {dimension} has no root of this degree")
            return root(operand, node.n), Dimension(dimension.money // node.n, dimension.time // node.n)
        if isinstance(node, f.Window):
            return self._node(node.term, (*chain, node), unit, whole=whole)
        if isinstance(node, f.Positive):
            operand, dimension = self._node(node.term, chain, unit, whole=whole)
            return operand.because(np.asarray(operand.data <= 0, bool), self._reason(node.reason)), dimension
        if isinstance(node, f.Share):
            part, _ = self._node(node.term, chain, unit, whole=whole)
            total, _ = self._node(node.term, chain, unit, whole=True)
            return ratio(part, _broadcast(total, part.data.shape)), NUMBER
        if isinstance(node, f.Span):
            return self._span(node, chain, self._shape(whole=whole), unit), Dimension(time=1)
        raise UnitError(f"{node!r} gives labels and cannot be calculated with")

    def _shape(self, *, whole: bool) -> tuple[int, ...]:
        if self.flat:
            listed = self.state[0].listed
            return (1 if listed is None else listed.size + 1,)
        return (1 if whole else self.groups.size, len(self.frames))

    def _reason(self, text: str) -> int:
        if text not in self.reasons:
            self.reasons.append(text)
        return 16 + self.reasons.index(text)

    def _ratio(self, node: f.Ratio, chain: Chain, unit: Unit, *, whole: bool) -> tuple[Operand, Dimension]:
        top, a = self._node(node.numerator, chain, unit, whole=whole)
        below, b = self._node(node.denominator, chain, unit, whole=whole)
        if a.money and b.money:
            met(self.currencies(node.numerator, chain), self.currencies(node.denominator, chain), node)
        return ratio(top, below, NOTHING if is_mean(node) else ZERO), a / b

    def _binary(self, node: f.Binary, chain: Chain, unit: Unit, *, whole: bool) -> tuple[Operand, Dimension]:
        left, a = self._node(node.left, chain, unit, whole=whole)
        right, b = self._node(node.right, chain, unit, whole=whole)
        if node.op == "*":
            return multiply(left, right), a * b
        if a != b and self.frames:
            raise UnitError(f"{node!r}: {a} {node.op} {b} has no meaning")
        if a.money:
            met(self.currencies(node.left, chain), self.currencies(node.right, chain), node)
        if node.op in "+-":
            return add(left, right, 1 if node.op == "+" else -1), a
        return (minimum if node.op == "min" else maximum)(left, right), a

    def currencies(self, node: f.Formula, chain: Chain = ()) -> Currencies:
        """Return the currencies of the amounts in a formula, by group; amounts by amounts have none.

        Raises:
            CurrencyError: amounts of one currency meet those of another (M2).
        """
        if isinstance(node, Aggregate):
            return self._read_currencies(node, self.layout.numbers[(id(node), *map(id, chain))], whole=False)
        if isinstance(node, f.Window):
            return self.currencies(node.term, (*chain, node))
        if isinstance(node, f.Share):
            return NONE
        parts = [self.currencies(n, chain) for n in node.children() if isinstance(n, f.Formula)]
        if isinstance(node, f.Ratio):
            return NONE if parts[1].names else parts[0]
        return reduce(lambda x, y: met(x, y, node), parts, NONE)

    def _read_currencies(self, a: Aggregate, number: int, *, whole: bool) -> Currencies:
        """Return the currencies of the amounts that an aggregate reads, by group, or in all groups together."""
        place = self.layout.places[number]
        if a.rolls_up:
            return self.entities(number, whole).meeting(a, 1 if whole else self.groups.size)
        found = NONE
        for need in place.needs[self.chosen] if place.apart else place.needs:
            here = self.state[need.grid].currencies.get(need.value, NONE)
            rows = np.zeros(self.state[need.grid].rows, np.int64) if whole else self.spots[need.grid]
            found = met(found, gathered(here, rows, 1 if whole else self.groups.size, a), a)
        return found

    def _span(self, node: f.Span, chain: Chain, shape: tuple[int, ...], unit: Unit) -> Operand:
        today = self.layout.today
        frames = [range_of(frame, chain, self.layout.calendar, today) for frame in self.frames]
        days, why = np.array([_days(node.kind, frame, today) for frame in frames], np.int64).reshape(-1, 2).T
        return Operand(
            np.broadcast_to(days * (DAY // unit.microseconds), shape),
            why=np.broadcast_to(why.astype(np.int8), shape) if why.any() else None,
        )

    # -- leaves ------------------------------------------------------------------------------------

    def _leaf(self, a: Aggregate, chain: Chain, unit: Unit, *, whole: bool) -> tuple[Operand, Dimension]:
        number = self.layout.numbers[(id(a), *map(id, chain))]
        key = (number, unit.microseconds, whole)
        if key not in self._done:
            self._done[key] = self._measured(a, number, unit, whole=whole)
        return self._done[key]

    def _measured(self, a: Aggregate, number: int, unit: Unit, *, whole: bool) -> tuple[Operand, Dimension]:
        place = self.layout.places[number]
        size = 1 if whole else self.groups.size
        if not place.low[self.chosen].size:
            return Operand(np.zeros((size, 0), np.int64)), NUMBER
        if whole or a.rolls_up:
            self._read_currencies(a, number, whole=whole)  # what is added up is of one currency (M2)
        if a.rolls_up:
            return self._read(a, *roll_up(a, self.entities(number, whole), size, DAY // unit.microseconds), unit)
        return self._of_place(a, place, unit, whole=whole)

    def _of_place(self, a: Aggregate, place: Place, unit: Unit, *, whole: bool) -> tuple[Operand, Dimension]:
        low, high = place.low[self.chosen], place.high[self.chosen]
        if not place.apart:
            return self._in(place.needs[0], a, low, high, unit, single=place.single, whole=whole)
        columns = []
        dimension = NUMBER
        for need in place.needs[self.chosen]:
            operand, dimension = self._in(need, a, low[:1], high[:1], unit, single=True, whole=whole)
            columns.append(operand)
        return _beside(columns, 1 if whole else self.groups.size), dimension

    def _in(
        self, need: Need, a: Aggregate, low: Array, high: Array, unit: Unit, *, single: bool, whole: bool
    ) -> tuple[Operand, Dimension]:
        """Return an aggregate in ranges of buckets of one grid."""
        found = self.state[need.grid]
        if self.flat:
            return self._read(a, *_of_cells(a, found, need), unit)
        if a.op in VALUES:
            operand, kind = _of_run(a, found.dense_run(found.runs[need.value]), low, high, whole=whole)
        elif not whole and self.layout.grids[need.grid].anchor == BUCKET:
            numbers = found.numbers[need.value]
            # the highest bucket that each frame looks at; those of a period follow each other
            last = high - 1
            running = self._sums_of_events(need, found)
            follow = bool((np.diff(last) == 1).all())
            part = running[:, last[0] : last[-1] + 1] if follow else running[:, last]
            operand, kind = Operand(part, numbers.scale, numbers.exact, bound=numbers.bound), numbers.kind
        else:
            numbers = found.numbers[need.value]
            operand, kind = _of_numbers(numbers, found.dense(numbers.data), low, high, single=single, whole=whole)
        if not whole:
            missing = NOTHING if _needs_rows(a.op) else 0
            operand = placed(operand, self.spots[need.grid], self.groups.size, missing)
        return self._read(a, operand, kind, unit)

    def _sums_of_events(self, need: Need, found: GridState) -> Array:
        """Return the sums of a sweep's events up to each bucket, rows x buckets."""
        key = (need.grid, need.value)
        if key not in self._running:
            numbers = found.numbers[need.value]
            data = found.dense(numbers.data)
            if (
                data.dtype == np.int64
                and (reach(data) if numbers.bound is None else numbers.bound) * data.shape[1] >= 2**63
            ):
                data = data.astype(object)
            self._running[key] = np.cumsum(data, axis=1)
        return self._running[key]

    def _read(self, a: Aggregate, operand: Operand, kind: str, unit: Unit) -> tuple[Operand, Dimension]:
        """Return an aggregate's numbers with time in the metric's unit of it, and their dimension."""
        if a.op not in ("count", "distinct") and kind not in NUMERIC:
            raise UnitError(f"{a!r}: a {kind} column holds no numbers")
        dimension = NUMBER if a.op in ("count", "distinct", "top_share", "gini") else _DIMENSIONS.get(kind, NUMBER)
        power = 2 if a.op == "squares" else 1
        if dimension.time and operand.exact:  # floats of time come from roll-ups, in the unit
            operand = _in_time(operand, (DAY // unit.microseconds) ** power)
        return operand, dimension if power == 1 else dimension * dimension


def _days(kind: str, frame: Frame, today: int | None) -> tuple[int, int]:
    """Return the days of a frame, or those gone or left at as_of, and why there are none."""
    if frame.start is None or frame.stop is None or frame.until is None:
        return 0, PERIOD
    until = frame.until if today is None else min(frame.until, today + 1)
    length, gone = frame.stop - frame.start, max(until - frame.start, 0)
    known = kind == "length" or today is not None
    return {"length": length, "elapsed": gone, "remaining": length - gone}[kind], 0 if known else NO_AS_OF


def _needs_rows(op: str) -> bool:
    return op in VALUES and op != "distinct"


def _in_time(operand: Operand, factor: int) -> Operand:
    """Return days read in a smaller unit of time."""
    if factor == 1:
        return operand
    common = Fraction(factor, operand.scale)
    bound = None if operand.bound is None else operand.bound * common.numerator
    return attrs.evolve(operand, data=scaled(operand, common.numerator), scale=common.denominator, bound=bound)


def _of_cells(a: Aggregate, found: GridState, need: Need) -> tuple[Operand, str]:
    if a.op in VALUES:
        run = found.runs[need.value]
        return evaluate_run(a.op, run, a.q, a.method), run.kind
    numbers = found.numbers[need.value]
    return Operand(numbers.data, numbers.scale, numbers.exact, bound=numbers.bound), numbers.kind


def _of_numbers(
    numbers: Numbers, data: Array, low: Array, high: Array, *, single: bool, whole: bool
) -> tuple[Operand, str]:
    if whole:
        data = _sum(data)
    if data.shape[1] == 1 and low[0] == 0:
        part = data
    elif single:
        part = data[:, low[0] : high[-1]]
    else:
        part = _windowed(data, low, high)
    return Operand(part, numbers.scale, numbers.exact, bound=numbers.bound), numbers.kind


def _sum(data: Array) -> Array:
    if data.dtype == np.int64 and reach(data) * max(data.shape[0], 1) >= 2**63:
        data = data.astype(object)
    return data.sum(0, keepdims=True) if data.shape[0] else np.zeros((1, data.shape[1]), data.dtype)


def _windowed(data: Array, low: Array, high: Array) -> Array:
    """Return sums of runs of buckets, as differences of cumulative sums."""
    if data.dtype == np.float64:
        return np.stack([data[:, a:b].sum(1) for a, b in zip(low.tolist(), high.tolist(), strict=True)], axis=1)
    if data.dtype == np.int64 and reach(data) * data.shape[1] >= 2**63:
        data = data.astype(object)
    cumulative = np.zeros((data.shape[0], data.shape[1] + 1), data.dtype)
    np.cumsum(data, axis=1, out=cumulative[:, 1:])
    return cumulative[:, high] - cumulative[:, low]


def _of_run(a: Aggregate, run: Run, low: Array, high: Array, *, whole: bool) -> tuple[Operand, str]:
    if whole and run.counts.shape[0] != 1:
        run = collapsed(run)
    if run.counts.shape[1] > 1 or low[0] > 0:
        run = _frames_only(run, low, high)
    return evaluate_run(a.op, run, a.q, a.method), run.kind


def _frames_only(run: Run, low: Array, high: Array) -> Run:
    """Return the run with one cell per range; where ranges are single buckets and all rows lie in them, as it is."""
    single = bool((high - low == 1).all()) and bool((np.diff(low) == 1).all())
    if single and run.packed.size == int(run.counts[:, low[0] : high[-1]].sum()):
        return attrs.evolve(run, counts=run.counts[:, low[0] : high[-1]])
    return ranged(run, low, high)


def placed(operand: Operand, spots: Array | None, size: int, missing: int) -> Operand:
    """Return rows moved to their groups; groups without a row get 0, or are undefined for `missing`."""
    if spots is None:
        return operand
    there = spots >= 0
    shape = (size, operand.data.shape[1])
    data = np.zeros(shape, operand.data.dtype)
    data[spots[there]] = operand.data[there]
    why = operand.why
    if why is not None or missing:
        new = np.full(shape, missing, np.int8)
        new[spots[there]] = 0 if why is None else why[there]
        why = new
    return Operand(data, operand.scale, operand.exact, why, operand.bound)


def _beside(columns: Sequence[Operand], size: int) -> Operand:
    """Return operands of one frame each side by side."""
    if len(columns) == 1:
        return columns[0]
    from math import lcm

    if not columns:
        return Operand(np.zeros((size, 0), np.int64))
    exact = all(c.exact for c in columns)
    scale = lcm(*(c.scale for c in columns)) if exact else 1
    parts = [scaled(c, scale // c.scale) if exact else c.floats() for c in columns]
    why = None
    if any(c.why is not None for c in columns):
        why = np.concatenate([np.zeros(c.data.shape, np.int8) if c.why is None else c.why for c in columns], axis=1)
    return Operand(np.concatenate(parts, axis=1), scale, exact, why)


def _broadcast(operand: Operand, shape: tuple[int, ...]) -> Operand:
    why = None if operand.why is None else np.broadcast_to(operand.why, shape)
    return Operand(np.broadcast_to(operand.data, shape), operand.scale, operand.exact, why, operand.bound)
