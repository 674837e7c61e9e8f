"""Formulas: arithmetic, guarded ratios, shares and windows over aggregates; they nest freely."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

import attrs

from ..errors import DefinitionError
from .node import Node

__all__ = [
    "Binary",
    "Classify",
    "Formula",
    "Number",
    "Positive",
    "Ratio",
    "Root",
    "Share",
    "Span",
    "Unary",
    "Window",
    "absolute",
    "classify",
    "greatest",
    "least",
    "number",
    "positive",
    "root",
    "share",
    "span",
    "square_root",
]


@attrs.frozen(eq=False, repr=False)
class Formula(Node):
    """A number per group and period. Equal when built alike."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __add__(self, other: object) -> Formula:
        return Binary("+", self, number(other))

    def __radd__(self, other: object) -> Formula:
        return Binary("+", number(other), self)

    def __sub__(self, other: object) -> Formula:
        return Binary("-", self, number(other))

    def __rsub__(self, other: object) -> Formula:
        return Binary("-", number(other), self)

    def __mul__(self, other: object) -> Formula:
        return Binary("*", self, number(other))

    def __rmul__(self, other: object) -> Formula:
        return Binary("*", number(other), self)

    def __truediv__(self, other: object) -> Formula:
        return Ratio(self, number(other))

    def __rtruediv__(self, other: object) -> Formula:
        return Ratio(number(other), self)

    def __neg__(self) -> Formula:
        return Unary("neg", self)

    def __abs__(self) -> Formula:
        return Unary("abs", self)

    def trailing(self, n: int, unit: str = "day") -> Formula:
        """Measure over the `n` days (or periods) that end with the period's last day (T6)."""
        _count_of(n, unit, "trailing")
        return Window("trailing", self, unit, n)

    def to_date(self, unit: str) -> Formula:
        """Measure from the start of the `unit` (month, quarter, year ...) to the period's last day."""
        return Window("to_date", self, unit, 1)

    def previous(self, unit: str, n: int = 1) -> Formula:
        """Measure the same period `n` units earlier; a running period is compared with its same part (T5)."""
        _count_of(n, unit, "previous")
        return Window("previous", self, unit, n)

    def year_ago(self) -> Formula:
        """Measure the same calendar days a year earlier; 29 February maps to 28 February (T5)."""
        return self.previous("year")

    def change(self, unit: str) -> Formula:
        """Relative change against the same period one `unit` earlier: (now - then) / |then| (C01, R2, T5)."""
        now = Window("current", self, unit, 1)
        then = self.previous(unit)
        return Ratio(Binary("-", now, then), Unary("abs", then))

    def difference(self, unit: str) -> Formula:
        """Change in the metric's own unit against the same period one `unit` earlier (T5)."""
        return Binary("-", Window("current", self, unit, 1), self.previous(unit))

    def share(self) -> Formula:
        """Share of the total over all groups of the same period."""
        return Share(self)

    def __repr__(self) -> str:
        from .render import text

        return text(self)


def _count_of(n: object, unit: str, verb: str) -> None:
    """Raise where `n` is no number of units that a window can have."""
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise DefinitionError(f"{verb}() takes a whole number of {unit}s, at least 1, got {n!r}")


@attrs.frozen(eq=False, repr=False)
class Number(Formula):
    """A constant, exact."""

    value: Fraction


@attrs.frozen(eq=False, repr=False)
class Binary(Formula):
    """`op` one of + - * min max."""

    op: str
    left: Formula
    right: Formula


@attrs.frozen(eq=False, repr=False)
class Unary(Formula):
    """`op` one of neg abs."""

    op: str
    term: Formula


@attrs.frozen(eq=False, repr=False)
class Root(Formula):
    """The n-th root of `term`; undefined below zero."""

    term: Formula
    n: int


@attrs.frozen(eq=False, repr=False)
class Ratio(Formula):
    """A quotient; undefined where the denominator is zero (R2)."""

    numerator: Formula
    denominator: Formula


@attrs.frozen(eq=False, repr=False)
class Positive(Formula):
    """`term` where it is above zero; undefined elsewhere, for the given reason."""

    term: Formula
    reason: str


@attrs.frozen(eq=False, repr=False)
class Share(Formula):
    """`term` divided by its value over all groups together."""

    term: Formula


@attrs.frozen(eq=False, repr=False)
class Window(Formula):
    """`term` measured in another range of days: `kind` one of trailing to_date previous current."""

    kind: str
    term: Formula
    unit: str
    n: int


@attrs.frozen(eq=False, repr=False)
class Span(Formula):
    """Days of the period itself: `kind` one of length elapsed remaining. Undefined without a period."""

    kind: str


@attrs.frozen(eq=False, repr=False)
class Classify(Formula):
    """The label of the half-open class [edge, next edge) that the value falls in."""

    term: Formula
    edges: tuple[Fraction, ...]
    labels: tuple[str, ...]


def number(value: object) -> Formula:
    """Return a constant as a formula; formulas, and objects that carry one, pass through."""
    inner = getattr(value, "formula", value)
    if isinstance(inner, Formula):
        return inner
    if isinstance(inner, bool) or not isinstance(inner, (int, Fraction, Decimal)):
        raise DefinitionError(f"{value!r} cannot stand in a formula; constants are whole numbers, Decimal or Fraction")
    return Number(Fraction(inner))


def least(left: object, right: object) -> Formula:
    """Return the smaller of two formulas; a blank side makes it undefined."""
    return Binary("min", number(left), number(right))


def greatest(left: object, right: object) -> Formula:
    """Return the larger of two formulas; a blank side makes it undefined."""
    return Binary("max", number(left), number(right))


def absolute(term: object) -> Formula:
    """Return the magnitude of a formula."""
    return Unary("abs", number(term))


def square_root(term: object) -> Formula:
    """Return the square root of a formula; undefined below zero."""
    return Root(number(term), 2)


def root(term: object, n: int) -> Formula:
    """Return the n-th root of a formula, such as the yearly growth of n years; undefined below zero."""
    _count_of(n, "degree", "root")
    return Root(number(term), n) if n > 1 else number(term)


def positive(term: object, reason: str) -> Formula:
    """Return the formula where it is above zero, else undefined for `reason`."""
    return Positive(number(term), reason)


def share(term: object) -> Formula:
    """Return the share of the total over all groups."""
    return Share(number(term))


def span(kind: str) -> Formula:
    """Return the days of the measured period: its `length`, or what has `elapsed` or is `remaining` at as_of."""
    if kind not in ("length", "elapsed", "remaining"):
        raise DefinitionError(f"span() takes 'length', 'elapsed' or 'remaining', got {kind!r}")
    return Span(kind)


def classify(term: object, edges: Iterable[int | Fraction | Decimal], labels: Iterable[str]) -> Formula:
    """Return the label of the half-open class the value falls in; `n` edges make `n + 1` classes."""
    cuts, names = tuple(Fraction(e) for e in edges), tuple(labels)
    if not cuts or list(cuts) != sorted(set(cuts)) or len(names) != len(cuts) + 1:
        raise DefinitionError(
            f"classify() takes ascending edges and one label more than edges, got {cuts!r}, {names!r}"
        )
    return Classify(number(term), cuts, names)
