"""A formula over totals that are already there: what `.of` computes, with the finisher's own arithmetic (Q4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

import attrs
import numpy as np

from ..algebra import formulas as f
from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.walk import walk
from ..errors import ArgumentError
from ..metric import Metric
from ..plan.requests import leaves_of
from ..state.operand import NOTHING, Operand, add, constant, maximum, minimum, multiply, ratio, root, unary
from ..table.column import Array
from ..units import unit
from .names import name_of, parts_of, window_name

__all__ = ["Part", "Totals", "totals_of"]

_SPANS = {"length": "days_in_period", "elapsed": "days_elapsed", "remaining": "days_remaining"}
_OTHER = 16
Chain = tuple[f.Window, ...]


@attrs.frozen(slots=True)
class Part:
    """One argument of `.of`: its name, and what it stands for."""

    name: str
    meaning: str


@attrs.frozen(slots=True, eq=False)
class Totals:
    """The arguments of a formula, and where each stands in it.

    Args:
        parts: the arguments, in the order of the formula.
        places: (leaf, windows around it, over all groups?) -> the arguments whose sum it is.
    """

    formula: f.Formula
    parts: tuple[Part, ...]
    places: Mapping[tuple[object, ...], tuple[str, ...]]

    def value(self, given: Mapping[str, Any]) -> Any:
        """Return the formula's number for these totals: a float, or an array where one of them is an array.

        Undefined where the formula is: nan (R2).

        Raises:
            ArgumentError: a total that is missing, unknown, or no number; arrays of different shapes.
        """
        operands, shape = _operands(given)
        found = self._node(self.formula.term if isinstance(self.formula, f.Classify) else self.formula, operands, ())
        defined = np.ones(found.data.shape, bool) if found.why is None else found.why == 0
        if isinstance(self.formula, f.Classify):
            labels = np.array(self.formula.labels, object)
            values: Array = labels[_classes(self.formula, found)]
            values[~defined] = None
        else:
            values = np.where(defined, found.floats(), np.nan)
        return values.reshape(shape) if shape is not None else values[0].item() if values.dtype != object else values[0]

    def _node(self, node: f.Formula, given: Mapping[str, Operand], chain: Chain, *, whole: bool = False) -> Operand:
        def part(inner: f.Formula) -> Operand:
            return self._node(inner, given, chain, whole=whole)

        if isinstance(node, (Aggregate, f.Span)):
            return _sum([given[name] for name in self.places[_place(node, chain, whole=whole)]])
        if isinstance(node, f.Number):
            return constant(node.value, next(iter(given.values())).data.shape)
        if isinstance(node, f.Ratio):
            return ratio(part(node.numerator), part(node.denominator))
        if isinstance(node, f.Binary):
            return _BINARY[node.op](part(node.left), part(node.right))
        if isinstance(node, f.Unary):
            return unary(node.op, part(node.term))
        if isinstance(node, f.Root):
            return root(part(node.term), node.n)
        if isinstance(node, f.Window):
            return self._node(node.term, given, (*chain, node), whole=whole)
        if isinstance(node, f.Positive):
            term = part(node.term)
            return term.because(np.asarray(term.data <= 0, bool), _OTHER)
        assert isinstance(node, f.Share)
        return ratio(part(node.term), self._node(node.term, given, chain, whole=True))


_BINARY: dict[str, Callable[[Operand, Operand], Operand]] = {
    "+": add,
    "-": lambda left, right: add(left, right, -1),
    "*": multiply,
    "min": minimum,
    "max": maximum,
}


def totals_of(metric: Metric) -> Totals | str:
    """Return the arguments of a metric's formula, or why it has none."""
    formula = metric.formula
    if isinstance(formula, Aggregate):
        return "it is one aggregate; there is no formula over totals"
    if any(isinstance(n, f.Classify) for n in walk(formula) if n is not formula):
        return "it calculates with labels"
    book = _Book(metric)
    book.visit(formula.term if isinstance(formula, f.Classify) else formula, (), whole=False)
    if book.nameless is not None:
        sides = _sides(formula)
        if sides is None:
            return f"{book.nameless!r} has no short name"
        return sides
    if book.twice is not None:
        return f"two of its totals would be called {book.twice!r}"
    return Totals(formula, tuple(book.parts.values()), book.places)


def _sides(formula: f.Formula) -> Totals | None:
    """Return the arguments `numerator` and `denominator` of a quotient of two plain aggregates."""
    if not (
        isinstance(formula, f.Ratio)
        and isinstance(formula.numerator, Aggregate)
        and isinstance(formula.denominator, Aggregate)
    ):
        return None
    both = {"numerator": formula.numerator, "denominator": formula.denominator}
    parts = tuple(Part(name, repr(aggregate)) for name, aggregate in both.items())
    return Totals(formula, parts, {_place(aggregate, ()): (name,) for name, aggregate in both.items()})


class _Book:
    """Collects the arguments of a formula, and finds out whether their names tell them apart."""

    def __init__(self, metric: Metric) -> None:
        self.unit = unit(metric.unit)
        windows = {window_name(leaf.chain) for leaf in leaves_of(metric.formula)}
        self.several = len(windows) > 1
        self._read_as = _read_as(metric)
        self.parts: dict[str, Part] = {}
        self.places: dict[tuple[object, ...], tuple[str, ...]] = {}
        self.nameless: Aggregate | None = None
        self.twice: str | None = None
        self._whose: dict[str, tuple[object, ...]] = {}

    def visit(self, node: f.Formula, chain: Chain, *, whole: bool) -> None:
        if isinstance(node, Aggregate):
            self._leaf(node, chain, whole=whole)
        elif isinstance(node, f.Span):
            self._enter(_SPANS[node.kind], repr(node), node.key)
            self.places[_place(node, chain, whole=whole)] = (_SPANS[node.kind],)
        elif isinstance(node, f.Share):
            self.visit(node.term, chain, whole=False)
            self.visit(node.term, chain, whole=True)
        else:
            inner = (*chain, node) if isinstance(node, f.Window) else chain
            for child in node.children():
                assert isinstance(child, f.Formula)
                self.visit(child, inner, whole=whole)

    def _leaf(self, leaf: Aggregate, chain: Chain, *, whole: bool) -> None:
        names = []
        for piece in parts_of(leaf):
            short = name_of(piece, self.unit)
            if short is None:
                self.nameless = self.nameless or piece
                return
            name = short + (window_name(chain) if self.several else "") + ("_of_all" if whole else "")
            meaning = self._text(piece) + window_name(chain).replace("_", " ") + (" over all groups" if whole else "")
            self._enter(name, meaning, (piece.key, tuple(w.key for w in chain), whole))
            names.append(name)
        self.places[_place(leaf, chain, whole=whole)] = tuple(names)

    def _text(self, piece: Aggregate) -> str:
        """Return an aggregate as text, with its table and date where others of this metric read the same."""
        text = repr(piece)
        if len(self._read_as[text]) == 1:
            return text
        return f"{text} of {piece.table}, " + ("at the end" if piece.at == STOCK else f"by {piece.at}")

    def _enter(self, name: str, meaning: str, whose: tuple[object, ...]) -> None:
        if self._whose.setdefault(name, whose) != whose:
            self.twice = self.twice or name
        self.parts.setdefault(name, Part(name, meaning))


def _read_as(metric: Metric) -> dict[str, set[tuple[object, ...]]]:
    """Return what the texts of a metric's aggregates stand for: (table, date) of each."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for leaf in leaves_of(metric.formula):
        for piece in parts_of(leaf.aggregate):
            found.setdefault(repr(piece), set()).add((piece.table, piece.at))
    return found


def _place(node: f.Formula, chain: Chain, *, whole: bool = False) -> tuple[object, ...]:
    return node.key, tuple((w.kind, w.unit, w.n) for w in chain), whole


# -- numbers that come in -----------------------------------------------------------------------------


def _operands(given: Mapping[str, Any]) -> tuple[dict[str, Operand], tuple[int, ...] | None]:
    """Return the totals as operands of one length, and the shape they had; None where all are single numbers."""
    plain = {name: _array(name, value) for name, value in given.items()}
    shape = None
    if any(array.ndim for array in plain.values()):
        try:
            shape = np.broadcast_shapes(*(array.shape for array in plain.values()))
        except ValueError:
            sizes = ", ".join(f"{name} {array.shape}" for name, array in plain.items())
            raise ArgumentError(f"totals of different shapes: {sizes}") from None
    full = shape if shape is not None else ()
    return {name: _operand(name, np.broadcast_to(array, full).reshape(-1)) for name, array in plain.items()}, shape


def _array(name: str, value: Any) -> Array:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (str, bytes)):
        raise ArgumentError(f"{name} is a number or an array of numbers, got {value!r}")
    if isinstance(value, int) and not isinstance(value, bool):
        return np.array(value, object)  # whole numbers of any size stay exact
    return np.array(value, object) if isinstance(value, (Decimal, Fraction, type(None))) else np.asarray(value)


def _operand(name: str, data: Array) -> Operand:
    """Return numbers as an operand: whole numbers, Decimal and Fraction exact, floats not (Q3)."""
    kind = data.dtype.kind
    if kind in "iu":
        return Operand(data.astype(np.int64)) if data.dtype != np.uint64 else Operand(_narrow(data.astype(object)))
    if kind == "f":
        return Operand(data.astype(np.float64), 1, False)
    if kind != "O":
        raise ArgumentError(f"{name} is a number or an array of numbers, got {data.dtype}")
    values = data.tolist()
    wrong = next(
        (
            v
            for v in values
            if isinstance(v, (bool, str)) or not isinstance(v, (int, float, Decimal, Fraction, np.number, type(None)))
        ),
        None,
    )
    if wrong is not None:
        raise ArgumentError(f"{name} is a number or an array of numbers, got {wrong!r}")
    blank = np.array([v is None for v in values], bool)
    numbers = [0 if v is None else v for v in values]
    if any(isinstance(v, (float, np.floating)) for v in numbers):
        return Operand(np.array([float(v) for v in numbers]), 1, False).because(blank, NOTHING)
    exact = [Fraction(int(v) if isinstance(v, np.integer) else v) for v in numbers]
    scale = lcm(1, *(v.denominator for v in exact))
    whole = np.array([v.numerator * (scale // v.denominator) for v in exact] or np.empty(0), object)
    return Operand(_narrow(whole), scale).because(blank, NOTHING)


def _narrow(data: Array) -> Array:
    return data.astype(np.int64) if all(-(2**63) < v < 2**63 for v in data.tolist()) else data


def _sum(operands: list[Operand]) -> Operand:
    found = operands[0]
    for operand in operands[1:]:
        found = add(found, operand)
    return found


def _classes(formula: f.Classify, operand: Operand) -> Array:
    code = np.zeros(operand.data.shape, np.int64)
    for edge in formula.edges:
        if operand.exact:
            code += np.asarray(operand.data.astype(object) * edge.denominator >= edge.numerator * operand.scale, bool)
        else:
            code += operand.data >= float(edge)
    return code
