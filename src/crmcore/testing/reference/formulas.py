"""Formulas on exact values: what an aggregate, a ratio, a share or a window comes to for one group in one frame (Q4)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import sqrt
from typing import Any

import attrs

from ...algebra import formulas as f
from ...algebra.aggregates import Aggregate
from ...errors import CurrencyError, DefinitionError
from ...units import DAY
from .dimensions import MONEY, dimension, inexact, of_aggregate
from .frames import Frame, windowed
from .parts import Key, Part, Parts, inner_aggregates, roll_ups
from .reductions import EMPTY, ZERO, Number, reduction
from .rows import Look, holds, value
from .values import Value

__all__ = ["Found", "Measure", "fractions_of", "leaves"]

NEEDS_PERIOD, NO_AS_OF, NEGATIVE_ROOT = "needs a period", "no as_of", "negative"
UNPRICED = "unpriced"
_ADDING = frozenset({"total", "squares", "smallest", "largest", "quantile", "top_share", "gini"})


@attrs.frozen
class Found:
    """A number (or a label), or why there is none, and how many rows it rests on."""

    value: Number | str | None
    reason: str | None = None
    n: int | None = None


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
            found = self._reduced(
                node, *self._values(node, {id(a): self.parts.of(a, frame, group) for a in inner_aggregates(node)})
            )
            power = of_aggregate(self.parts.scene.book, str(node.table), node).time
            if power and isinstance(found.value, Fraction):
                found = attrs.evolve(found, value=found.value / self.microseconds**power)
            self._found[place] = found
        return self._found[place]

    def _values(self, node: Aggregate, rows: dict[int, list[Part]]) -> tuple[list[Value], set[str | None]]:
        """Return the values that the aggregate reduces, with the currencies of their amounts."""
        looks = [p.look for p in rows[id(node)]] if id(node) in rows else self._entities(node, rows)
        if node.expr is None:
            return [True] * len(looks), set()
        values: list[Value] = []
        met: set[str | None] = set()
        priced = dimension(self.parts.scene.book, str(node.table), node.expr) == MONEY
        for look in looks:
            found = value(node.expr, look)
            if found is not None:
                values.append(found)
                met |= look.met
            elif look.row is not None:
                for reason in look.noted or ({UNPRICED} if priced else ()):  # M3
                    self.excluded.setdefault(reason, set()).add((look.table, look.row.number))
        return values, met

    def _reduced(self, node: Aggregate, values: Sequence[Value], met: set[str | None]) -> Found:
        book, table = self.parts.scene.book, str(node.table)
        if len(met) > 1 and node.op in _ADDING and node.expr is not None and dimension(book, table, node.expr) == MONEY:
            listed = ", ".join(sorted("no currency" if code is None else code for code in met))
            raise CurrencyError(f"{node!r} meets amounts in {listed}; give rates and a currency (M2)", currencies=met)
        number, reason = reduction(node, values, inexact=node.expr is not None and inexact(book, table, node.expr))
        return Found(number, reason, len(values))

    def _entities(self, node: Aggregate, rows: dict[int, list[Part]]) -> list[Look]:
        """Return the entities of a roll-up for which the outer condition is true, each with its values."""
        eaches = roll_ups(node)
        if len({e.by.key for e in eaches}) > 1:
            raise DefinitionError(f"{node!r} rolls up by several keys; each() of one aggregate share one key")
        split: dict[Value, dict[int, list[Part]]] = {}
        inside = {id(a): e for e in eaches for a in inner_aggregates(e.aggregate)}
        for leaf, each in inside.items():
            for part in rows[leaf]:
                entity = value(each.by, part.look)
                if entity is not None:
                    split.setdefault(entity, {}).setdefault(leaf, []).append(part)
        looks = []
        for entity, own in split.items():
            rolled: dict[Any, Value] = {eaches[0].by.key: entity}
            met: set[str | None] = set()
            for each in eaches:
                given = {id(a): own.get(id(a), []) for a in inner_aggregates(each.aggregate)}
                values, currencies = self._values(each.aggregate, given)
                number = self._reduced(each.aggregate, values, currencies).value
                assert not isinstance(number, str)
                rolled[each.key] = number
                met |= currencies
            look = Look(self.parts.scene, str(node.table), rolled=rolled, met=met)
            if holds(node.where, look):
                looks.append(look)
        return looks

    # -- nodes -----------------------------------------------------------------------------------------

    def _number(self, node: f.Number, _group: Key | None, _frame: Frame) -> Found:
        return Found(node.value)

    def _binary(self, node: f.Binary, group: Key | None, frame: Frame) -> Found:
        left, right = self.of(node.left, group, frame), self.of(node.right, group, frame)
        n = _least(left.n, right.n)
        if left.value is None or right.value is None:
            return Found(None, left.reason or right.reason, n)
        a, b = _numbers(node, left, right)
        return Found(_BINARY[node.op](a, b), None, n)

    def _unary(self, node: f.Unary, group: Key | None, frame: Frame) -> Found:
        term = self.of(node.term, group, frame)
        if term.value is None:
            return term
        (number,) = _numbers(node, term)
        if node.op == "sqrt":
            return Found(None, NEGATIVE_ROOT, term.n) if number < 0 else Found(sqrt(float(number)), None, term.n)
        if node.op == "neg" or number < 0:
            number = -number
        return Found(number, None, term.n)

    def _ratio(self, node: f.Ratio, group: Key | None, frame: Frame) -> Found:
        top, bottom = self.of(node.numerator, group, frame), self.of(node.denominator, group, frame)
        n = top.n if bottom.n is None else bottom.n
        return attrs.evolve(_quotient(node, top, bottom, zero=EMPTY if _is_mean(node) else ZERO), n=n)

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


def leaves(measure: Measure, node: f.Formula, frame: Frame) -> list[tuple[Aggregate, Frame]]:
    """Return the aggregates that read rows for the formula, each with the frame in which it is measured."""
    if isinstance(node, Aggregate):
        return [(a, frame) for a in inner_aggregates(node)]
    inner = measure.window(node, frame) if isinstance(node, f.Window) else frame
    return [
        found for child in node.children() if isinstance(child, f.Formula) for found in leaves(measure, child, inner)
    ]


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
    f.Ratio: Measure._ratio,
    f.Positive: Measure._positive,
    f.Share: Measure._share,
    f.Window: Measure._window,
    f.Span: Measure._span,
    f.Classify: Measure._classify,
}
