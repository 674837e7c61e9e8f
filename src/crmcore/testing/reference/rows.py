"""Column expressions on one record: a value, or a condition that is true or false and never unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import attrs

from ...algebra import columns as c
from ...calendars import Calendar, Zone, date_of, day_of
from ...domain.rate import Rate, rate_on
from ...errors import CurrencyError, DefinitionError, UnitError
from ...units import DAY
from .dimensions import TIME, dimension, has
from .values import Instant, Value, number_of, value_of
from .views import AsOf, Book, Row

__all__ = ["NEGATIVE", "NO_RATE", "Look", "Scene", "day_in", "holds", "value"]

NEGATIVE, NO_RATE = "negative duration", "no rate"
"""Why a value is left out (T3, M2)."""

_NONE: Mapping[Any, Any] = MappingProxyType({})
_ALIKE = frozenset({str, bool, Fraction, float, date, Instant})
_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


@attrs.frozen(eq=False)
class Scene:
    """What an expression may look at besides its own row: other tables, the calendar, the instant, the rates."""

    book: Book
    zone: Zone
    calendar: Calendar
    as_of: AsOf | None
    currency: str | None = None
    rates: tuple[Rate, ...] = ()

    @property
    def us(self) -> int | None:
        """The instant looked from."""
        return None if self.as_of is None else self.as_of.us

    @property
    def converts(self) -> bool:
        """Are amounts converted (M2)?"""
        return self.currency is not None and bool(self.rates)


@attrs.frozen(eq=False)
class Look:
    """One row as an expression sees it, or one entity of a roll-up.

    Args:
        row: None for an entity.
        day: the day on which amounts are converted (M2).
        shares: column -> what of its value belongs to the frame looked at (M8).
        rolled: expression -> its value for the entity.
        noted: gathers why values were left out.
        met: gathers the currencies of the amounts read.
    """

    scene: Scene
    table: str
    row: Row | None = None
    day: int | None = None
    shares: Mapping[str, Fraction] = _NONE
    rolled: Mapping[Any, Value] = _NONE
    noted: set[str] = attrs.field(factory=set)
    met: set[str | None] = attrs.field(factory=set)


def holds(condition: c.Expr | None, look: Look) -> bool:
    """Return whether the condition is true for the row; none at all is.

    Raises:
        DefinitionError: a value that is no condition.
    """
    if condition is None:
        return True
    found = value(condition, look)
    if found is None or isinstance(found, bool):
        return found is True
    raise DefinitionError(f"{condition!r} is a value, not a condition; compare it with something")


def value(expr: c.Expr, look: Look) -> Value:
    """Return what the expression is for the row; None is blank."""
    if look.rolled and expr.key in look.rolled:
        return look.rolled[expr.key]
    return _READERS[type(expr)](expr, look)


def day_in(scene: Scene, moment: Value, node: object) -> int | None:
    """Return the local day of a date or an instant (T1)."""
    if moment is None:
        return None
    if isinstance(moment, Instant):
        return scene.zone.local_day(moment.us)
    if isinstance(moment, date):
        return day_of(moment)
    raise DefinitionError(f"{node!r} is no date but {moment!r}")


# -- columns -------------------------------------------------------------------------------------------


def _col(expr: c.Col, look: Look) -> Value:
    if look.row is None:
        raise DefinitionError(
            f"{expr!r} is a column of rows; over entities only the values of each() and its key can be read"
        )
    if expr.name in look.shares:
        return _priced(expr.name, look.shares[expr.name], look.row, look)
    row, name, book = look.row, expr.name, look.scene.book
    while "." in name and name not in book.sheet(row.table).kinds:
        head, _, name = name.partition(".")
        label, table = row.values.get(head), book.sheet(row.table).fields[head].references
        target = None if label is None or table is None else book.referred(table, label, look.scene.us)
        if target is None:
            return None
        row = target
    return _priced(name, row.values.get(name), row, look)


def _priced(name: str, amount: Value, row: Row, look: Look) -> Value:
    """Return an amount in the currency that is asked for (M2); other values as they are."""
    if amount is None or name not in row.currencies:
        return amount
    code, scene = row.currencies[name], look.scene
    if not scene.converts or name not in scene.book.sheet(row.table).priced_in:
        look.met.add(code)
        return amount
    if code == scene.currency:
        return amount
    assert scene.currency is not None
    rate = None if code is None or look.day is None else rate_on(scene.rates, code, scene.currency, date_of(look.day))
    if rate is None:
        look.noted.add(NO_RATE)
        return None
    assert isinstance(amount, Fraction)
    return amount * Fraction(rate.rate)


def _maybe(expr: c.Maybe, look: Look) -> Value:
    return value(expr.term, look) if has(look.scene.book, look.table, expr) else None


def _literal(expr: c.Literal, _: Look) -> Value:
    return value_of(expr.value)


def _as_of(_: c.AsOf, look: Look) -> Value:
    return None if look.scene.us is None else Instant(look.scene.us)


# -- values --------------------------------------------------------------------------------------------


def _arithmetic(expr: c.Arithmetic, look: Look) -> Value:
    sides = []
    for term in (expr.left, expr.right):
        found = value(term, look)
        sides.append(number_of(found))
        if found is not None and sides[-1] is None:
            raise DefinitionError(f"{expr!r}: {found!r} is no number")
    left, right = sides
    if left is None or right is None:
        return None
    if expr.op == "/":
        if isinstance(left, float) or isinstance(right, float) or right.denominator != 1:
            raise UnitError(f"{expr!r}: {left!r} / {right!r} is no exact number by a whole one")
        return None if right == 0 else Fraction(left) / right
    if isinstance(left, float) or isinstance(right, float):
        return float(_SUMS[expr.op](float(left), float(right)))
    if expr.op != "*" and not look.scene.converts and len(look.met) > 1:
        raise CurrencyError(f"{expr!r}: amounts in {_listed(look.met)} are not added (M2)", currencies=look.met)
    return Fraction(_SUMS[expr.op](left, right))


def _elapsed(expr: c.Elapsed, look: Look) -> Value:
    start, end = value(expr.start, look), value(expr.end, look)
    if start is None or end is None:
        return None
    if isinstance(start, Instant) and isinstance(end, Instant):
        gone = end.us - start.us
    else:  # T2: a date on either side makes it calendar days
        first, last = day_in(look.scene, start, expr.start), day_in(look.scene, end, expr.end)
        assert first is not None
        assert last is not None
        gone = (last - first) * DAY
    if gone < 0:  # T3
        look.noted.add(NEGATIVE)
        return None
    return Fraction(gone)


def _day(expr: c.Day, look: Look) -> Value:
    day = day_in(look.scene, value(expr.term, look), expr.term)
    return None if day is None else date_of(day)


def _period_of(expr: c.PeriodOf, look: Look) -> Value:
    day = day_in(look.scene, value(expr.term, look), expr.term)
    return None if day is None else look.scene.calendar.period(day, expr.grain).label


def _coalesce(expr: c.Coalesce, look: Look) -> Value:
    for term in expr.terms:
        found = value(term, look)
        if found is not None:
            return _beside(found, term, expr, look)
    return None


def _bins(expr: c.Bins, look: Look) -> Value:
    found = value(expr.term, look)
    if found is None:
        return None
    edges = (_beside(value_of(edge), c.Literal(edge), expr.term, look) for edge in expr.edges)
    return expr.labels[sum(not _compared("<", found, edge, look, expr) for edge in edges)]


def _each(expr: c.Each, _: Look) -> Value:
    raise DefinitionError(f"{expr!r} is a roll-up: it has a value per entity, not per row; put it inside an aggregate")


def _beside(found: Value, term: c.Expr, other: c.Expr, look: Look) -> Value:
    """Return a bare number as what it stands beside: days where that is a duration."""
    if isinstance(term, c.Literal) and isinstance(found, Fraction):
        return found * DAY if dimension(look.scene.book, look.table, other) == TIME else found
    return found


# -- conditions ----------------------------------------------------------------------------------------


def _compare(expr: c.Compare, look: Look) -> Value:
    left, right = value(expr.left, look), value(expr.right, look)
    if left is None or right is None:
        return False
    left, right = _beside(left, expr.left, expr.right, look), _beside(right, expr.right, expr.left, look)
    return _compared(expr.op, left, right, look, expr)


def _compared(op: str, left: Value, right: Value, look: Look, node: c.Expr) -> bool:
    """Return a comparison of two values that are there.

    Raises:
        DefinitionError: values that do not compare: text with a number, a flag with text.
    """
    if type(left) is type(right) and type(left) in _ALIKE:
        return _OPS[op](left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        alike = False
    elif isinstance(left, float) or isinstance(right, float):
        alike = isinstance(left, Fraction | float) and isinstance(right, Fraction | float)
        left, right = (float(side) if alike else side for side in (left, right))  # type: ignore[arg-type]
    elif isinstance(left, date | Instant) or isinstance(right, date | Instant):
        alike = isinstance(left, date | Instant) and isinstance(right, date | Instant)
        if alike:  # of a date and an instant the local days compare
            left, right = (day_in(look.scene, side, node) for side in (left, right))
    else:
        alike = isinstance(left, str) == isinstance(right, str)
    if not alike:
        raise DefinitionError(f"{node!r}: {left!r} and {right!r} do not compare")
    return _OPS[op](left, right)


def _is_in(expr: c.IsIn, look: Look) -> Value:
    found = value(expr.term, look)
    if found is None:
        return False
    wanted = (_beside(value_of(v), c.Literal(v), expr.term, look) for v in expr.values)
    return any(v is not None and _compared("==", found, v, look, expr) for v in wanted)


def _listed(currencies: Iterable[str | None]) -> str:
    return ", ".join(sorted("no currency" if code is None else code for code in currencies))


_READERS: dict[type, Callable[[Any, Look], Value]] = {
    c.Col: _col,
    c.Maybe: _maybe,
    c.Literal: _literal,
    c.AsOf: _as_of,
    c.Arithmetic: _arithmetic,
    c.Elapsed: _elapsed,
    c.Day: _day,
    c.PeriodOf: _period_of,
    c.Coalesce: _coalesce,
    c.Bins: _bins,
    c.Each: _each,
    c.Compare: _compare,
    c.IsIn: _is_in,
    c.IsNull: lambda e, look: value(e.term, look) is None,
    c.And: lambda e, look: all(holds(t, look) for t in e.terms),
    c.Or: lambda e, look: any(holds(t, look) for t in e.terms),
    c.Not: lambda e, look: not holds(e.term, look),
}
