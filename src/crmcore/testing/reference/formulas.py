"""Formulas on exact values: what a ratio, a share or a window comes to for one group in one frame (Q4)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import attrs

from ...algebra import formulas as f
from ...algebra.aggregates import Aggregate
from ...algebra.columns import Each, Expr
from ...errors import CurrencyError, DefinitionError
from ...units import DAY
from .dimensions import MONEY, TIME, dimension, of_formula
from .exactness import inexact
from .frames import Frame, windowed
from .parts import Key, Parts, roll_ups
from .presence import groups_taken
from .reductions import EMPTY, ZERO, Number, reduction
from .rows import Look, holds, value
from .values import Value
from .views import Book

__all__ = ["Found", "Measure", "fractions_of"]

NEEDS_PERIOD, NO_AS_OF, NEGATIVE_ROOT = "needs a period", "no as_of", "negative"
UNPRICED = "unpriced"
_ADDING = frozenset({"total", "squares", "smallest", "largest", "quantile", "top_share", "gini"})


@attrs.frozen
class Found:
    """A number (or a label), or why there is none, and how many rows it rests on."""

    value: Number | str | None
    reason: str | None = None
    n: int | None = None
    met: frozenset[str | None] = frozenset()
    """The currencies of the amounts that it is made of."""


class Measure:
    """Evaluates formulas for groups in frames.

    Args:
        parts: finds the rows.
        microseconds: the length of the unit of time in which durations are read.
        excluded: gathers (table, row) by the reason for which a row's value was left out.
    """

    def __init__(self, parts: Parts, microseconds: int, excluded: dict[str, set[tuple[str, int]]]) -> None:
        self.parts, self.microseconds, self.excluded = parts, microseconds, excluded
        self._found: dict[tuple[int, Key | None, Frame], Found] = {}
        self._inside: dict[tuple[object, bool], Measure] = {}

    def of(self, node: f.Formula, group: Key | None, frame: Frame) -> Found:
        """Return what the formula is for a group, or for all groups together, in a frame."""
        return _EVALUATORS[type(node)](self, node, group, frame)

    def window(self, node: f.Window, frame: Frame) -> Frame:
        """Return the frame in which the window's term is measured."""
        return frame if frame.empty else windowed(node, frame, self.parts.scene.calendar, self.parts.scene.as_of)

    # -- aggregates ------------------------------------------------------------------------------------

    def aggregate(self, node: Aggregate, group: Key | None, frame: Frame) -> Found:
        """Return an aggregate over the rows of a group that take part."""
        place = (id(node), group, frame)
        if place not in self._found:
            rolled = self._entities(node, group, frame) if node.rolls_up else None
            looks = [p.look for p in self.parts.of(node, frame, group)] if rolled is None else rolled
            values, met = self._values(node, looks)
            floats = node.expr is not None and inexact(self._book, str(node.table), node.expr)
            number, reason = reduction(node, values, inexact=floats)
            priced = of_formula(self._book, node).money != 0
            self._found[place] = Found(number, reason, len(values), self._one(node, met) if priced else frozenset())
        return self._found[place]

    def inside(self, by: Expr, *, pooled: bool = False) -> Measure:
        """Return what measures entities: with one more key inside the groups, or with that key alone; time in days."""
        key = (by.key, pooled)
        if key not in self._inside:
            scene, keys = self.parts.scene, () if pooled else self.parts.by
            self._inside[key] = Measure(Parts(scene, (*keys, by), self.parts.where), DAY, self.excluded)
        return self._inside[key]

    def _values(self, node: Aggregate, looks: Sequence[Look]) -> tuple[list[Value], set[str | None]]:
        """Return the values that the aggregate reduces, durations in its unit, with the currencies of their amounts."""
        if node.expr is None:
            return [True] * len(looks), set()
        values: list[Value] = []
        met: set[str | None] = set()
        measured = dimension(self._book, str(node.table), node.expr)
        for look in looks:
            found = value(node.expr, look)
            if found is not None:
                values.append(found / self.microseconds if measured == TIME and isinstance(found, Fraction) else found)
                met |= look.met
            elif look.row is not None:
                for reason in look.noted or ({UNPRICED} if measured == MONEY else ()):  # M3
                    self.excluded.setdefault(reason, set()).add((look.table, look.row.number))
        return values, met

    def _entities(self, node: Aggregate, group: Key | None, frame: Frame) -> list[Look]:
        """Return the entities of a roll-up for which the outer condition is true, each with its values."""
        eaches = roll_ups(node)
        if len({e.by.key for e in eaches}) > 1:
            raise DefinitionError(f"{node!r} rolls up by several keys; each() of one aggregate share one key")
        by, start = eaches[0].by, () if group is None else group
        inside = self.inside(by, pooled=group is None)
        taken = {key for each in eaches for key in groups_taken(inside, each.formula, frame)}
        looks = []
        for *first, entity in taken:
            if entity is not None and tuple(first) == start:
                rolled: dict[Any, Value] = {by.key: entity}
                met: set[str | None] = set()
                for each in eaches:
                    found = inside.of(each.formula, (*start, entity), frame)
                    rolled[each.key] = self._rolled(each, found)
                    met |= found.met
                look = Look(self.parts.scene, str(node.table), rolled=rolled, met=met)
                if holds(node.where, look):
                    looks.append(look)
        return looks

    def _rolled(self, each: Each, found: Found) -> Value:
        """Return what an entity has; durations in microseconds, like those of rows."""
        if found.value is None:
            return None
        (number,) = _numbers(each.formula, found)
        return Fraction(number) * DAY if of_formula(self._book, each.formula) == TIME else number

    @property
    def _book(self) -> Book:
        return self.parts.scene.book

    def _one(self, node: f.Formula, met: Iterable[str | None]) -> frozenset[str | None]:
        """Return the currency that the amounts of a node have in common; of several it is an error (M2)."""
        found = frozenset(met)
        if len(found) > 1 and not (isinstance(node, Aggregate) and node.op not in _ADDING):
            listed = ", ".join(sorted("no currency" if code is None else code for code in found))
            raise CurrencyError(f"{node!r} meets amounts in {listed}; give rates and a currency (M2)", currencies=found)
        return found

    # -- nodes -----------------------------------------------------------------------------------------

    def _number(self, node: f.Number, _group: Key | None, _frame: Frame) -> Found:
        return Found(node.value)

    def _binary(self, node: f.Binary, group: Key | None, frame: Frame) -> Found:
        left, right = self.of(node.left, group, frame), self.of(node.right, group, frame)
        n = _least(left.n, right.n)
        if left.value is None or right.value is None:
            return Found(None, left.reason or right.reason, n)
        a, b = _numbers(node, left, right)
        return Found(_BINARY[node.op](a, b), None, n, self._one(node, left.met | right.met))

    def _unary(self, node: f.Unary, group: Key | None, frame: Frame) -> Found:
        term = self.of(node.term, group, frame)
        if term.value is None:
            return term
        (number,) = _numbers(node, term)
        return attrs.evolve(term, value=-number) if node.op == "neg" or number < 0 else term

    def _root(self, node: f.Root, group: Key | None, frame: Frame) -> Found:
        term = self.of(node.term, group, frame)
        if term.value is None:
            return term
        (number,) = _numbers(node, term)
        if number < 0:
            return Found(None, NEGATIVE_ROOT, term.n)
        return attrs.evolve(term, value=sqrt(float(number)) if node.n == 2 else float(number) ** (1 / node.n))

    def _ratio(self, node: f.Ratio, group: Key | None, frame: Frame) -> Found:
        top, bottom = self.of(node.numerator, group, frame), self.of(node.denominator, group, frame)
        n = top.n if bottom.n is None else bottom.n
        met = self._one(node, top.met | bottom.met)
        found = _quotient(node, top, bottom, zero=EMPTY if _is_mean(node) else ZERO)
        return attrs.evolve(found, n=n, met=met if of_formula(self._book, node).money else frozenset())

    def _positive(self, node: f.Positive, group: Key | None, frame: Frame) -> Found:
        term = self.of(node.term, group, frame)
        if term.value is None:
            return term
        (number,) = _numbers(node, term)
        return term if number > 0 else Found(None, node.reason, term.n)

    def _share(self, node: f.Share, group: Key | None, frame: Frame) -> Found:
        own, whole = self.of(node.term, group, frame), self.of(node.term, None, frame)
        return attrs.evolve(_quotient(node, own, whole, zero=ZERO), n=own.n)

    def _window(self, node: f.Window, group: Key | None, frame: Frame) -> Found:
        return self.of(node.term, group, self.window(node, frame))

    def _span(self, node: f.Span, _group: Key | None, frame: Frame) -> Found:
        days, as_of = frame.days(cut=False), self.parts.scene.as_of
        if days is None or frame.empty:
            return Found(None, NEEDS_PERIOD)
        length = days[1] - days[0]
        if node.kind == "length":
            return Found(Fraction(length * DAY, self.microseconds))
        if as_of is None or frame.end is None:
            return Found(None, NO_AS_OF)
        elapsed = max(min(frame.end, as_of.day + 1) - days[0], 0)
        return Found(Fraction((elapsed if node.kind == "elapsed" else length - elapsed) * DAY, self.microseconds))

    def _classify(self, node: f.Classify, group: Key | None, frame: Frame) -> Found:
        term = self.of(node.term, group, frame)
        if term.value is None:
            return term
        (number,) = _numbers(node, term)
        return Found(node.labels[sum(edge <= number for edge in node.edges)], None, term.n)


def fractions_of(measure: Measure, node: f.Formula, group: Key | None, frame: Frame) -> tuple[Found, Found] | None:
    """Return numerator and denominator of a formula that is a ratio, also under windows; None of another."""
    if isinstance(node, f.Window):
        return fractions_of(measure, node.term, group, measure.window(node, frame))
    if not isinstance(node, f.Ratio):
        return None
    return measure.of(node.numerator, group, frame), measure.of(node.denominator, group, frame)


def _least(left: int | None, right: int | None) -> int | None:
    known = [n for n in (left, right) if n is not None]
    return min(known) if known else None


def _is_mean(node: f.Ratio) -> bool:
    """Is the ratio the mean of a value: its total by the number of rows that have one?"""
    top, bottom = node.numerator, node.denominator
    if not (isinstance(top, Aggregate) and isinstance(bottom, Aggregate) and (top.op, bottom.op) == ("total", "count")):
        return False
    return attrs.evolve(top, op="count") == bottom


def _numbers(node: f.Formula, *operands: Found) -> list[Number]:
    """Return the operands as numbers: all exact, or all floats as soon as one is (Q4)."""
    numbers: list[Number] = []
    for operand in operands:
        if operand.value is None or isinstance(operand.value, str):
            raise DefinitionError(f"{node!r}: {operand.value!r} is a label, not a number")
        numbers.append(operand.value)
    return [float(n) for n in numbers] if any(isinstance(n, float) for n in numbers) else numbers


def _quotient(node: f.Formula, top: Found, bottom: Found, *, zero: str) -> Found:
    """Return top / bottom, rounded once where both are exact (Q4)."""
    if top.value is None or bottom.value is None:
        return Found(None, top.reason or bottom.reason)
    a, b = _numbers(node, top, bottom)
    return Found(None, zero) if b == 0 else Found(float(a / b))


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "min": min,
    "max": max,
}
_EVALUATORS: dict[type, Callable[[Measure, Any, Key | None, Frame], Found]] = {
    Aggregate: Measure.aggregate,
    f.Number: Measure._number,
    f.Binary: Measure._binary,
    f.Unary: Measure._unary,
    f.Root: Measure._root,
    f.Ratio: Measure._ratio,
    f.Positive: Measure._positive,
    f.Share: Measure._share,
    f.Window: Measure._window,
    f.Span: Measure._span,
    f.Classify: Measure._classify,
}
