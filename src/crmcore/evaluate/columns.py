"""Evaluate a column expression on a table. What is derived is kept with the (immutable) table."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np

from ..algebra import columns as c
from ..algebra.walk import walk
from ..errors import ColumnNotFound, DefinitionError, UnitError
from ..table.column import NUMERIC, Array, Column, Mask, code_type, narrow
from ..table.sweeps import SEEN_FROM
from ..table.table import Table
from .arithmetic import calculated, common_scale, currency_of, dimension, scaled
from .conditions import compare, is_in, present
from .moments import constant, elapsed, local_day, period_labels
from .references import resolve
from .scope import Scope

__all__ = ["CONDITIONS", "evaluate", "holds", "seen_by"]

CONDITIONS = (c.Compare, c.IsIn, c.IsNull, c.And, c.Or, c.Not)


def evaluate(expr: c.Expr, table: Table, scope: Scope) -> Column:
    """Return the value of `expr` for each row of `table`.

    Raises:
        ColumnNotFound: a column that is not there, with the nearest names.
        UnitError: units that do not go together.
        DefinitionError: an operation that has no meaning for these kinds of values.
    """
    if isinstance(expr, c.Col):
        return resolve(expr.name, table, scope)
    return table.kept(("column", expr.key, seen_by(expr, scope)), lambda: _EVALUATORS[type(expr)](expr, table, scope))


def holds(condition: c.Expr, table: Table, scope: Scope) -> Mask:
    """Return for which rows the condition is true."""
    column = evaluate(condition, table, scope)
    if column.kind != "flag":
        raise DefinitionError(f"{condition!r} is a value ({column.kind}), not a condition; compare it with something")
    return column.data if column.valid is None else column.data & column.valid


def seen_by(expr: c.Expr, scope: Scope) -> tuple[Any, ...]:
    """Return what besides its table the value of an expression depends on."""
    parts: list[Any] = [scope.zone.name]
    for node in walk(expr):
        if isinstance(node, c.AsOf):
            parts.append(scope.as_of)
        elif isinstance(node, c.PeriodOf):
            parts.append(scope.calendar)
        elif isinstance(node, c.Col) and "." in node.name:
            parts.append(scope.world)
    return tuple(parts)


# -- values -----------------------------------------------------------------------------------------


def _literal(expr: c.Literal, table: Table, _scope: Scope) -> Column:
    value, n = expr.value, len(table)
    if isinstance(value, bool):
        return Column("flag", np.full(n, value))
    if isinstance(value, str):
        return Column("key", np.ones(n, np.int8), labels=[None, value])
    if isinstance(value, float):
        return Column("score", np.full(n, value))
    if isinstance(value, int):
        return Column("count", _repeated(value, n))
    if not hasattr(value, "year"):
        exact = Fraction(value)
        return Column("number", _repeated(exact.numerator, n), scale=exact.denominator)
    kind, number = constant(value)
    return Column(kind, np.full(n, number, np.int32 if kind == "day" else np.int64))


def _repeated(value: int, n: int) -> Array:
    """Return a whole number n times, as Python integers where int64 is too small (Q3)."""
    data: Array = np.full(n, value, np.int64 if -(2**63) <= value < 2**63 else object)
    return data


def _as_of(_expr: c.Expr, table: Table, scope: Scope) -> Column:
    if SEEN_FROM in table.columns:  # events look from an instant of their own
        return table.columns[SEEN_FROM]
    moment = scope.as_of
    if moment is None:
        return Column("instant", np.zeros(len(table), np.int64), np.zeros(len(table), bool))
    return Column("instant", np.full(len(table), moment.instant, np.int64))


def _maybe(expr: c.Maybe, table: Table, scope: Scope) -> Column:
    try:
        return resolve(expr.term.name, table, scope)
    except ColumnNotFound:
        return Column("number", np.zeros(len(table), np.int64), np.zeros(len(table), bool))


def _is_there(expr: c.Expr, table: Table, scope: Scope) -> bool:
    return not isinstance(expr, c.Maybe) or evaluate(expr, table, scope).nulls < len(table)


def _first_known(terms: tuple[c.Expr, ...], table: Table, scope: Scope) -> c.Expr:
    """Return the first column that is there at all, of several that have no value in any row; its kind is theirs."""
    for term in terms:
        if isinstance(term, c.Maybe):
            with suppress(ColumnNotFound):
                resolve(term.term.name, table, scope)
                return term
    return terms[0]


def _coalesce(expr: c.Coalesce, table: Table, scope: Scope) -> Column:
    terms = [t for t in expr.terms if _is_there(t, table, scope)] or [_first_known(expr.terms, table, scope)]
    parts = _of_one_kind(terms, [evaluate(t, table, scope) for t in terms], expr)
    kinds = {p.kind for p in parts}
    if kinds == {"instant", "day"}:
        parts = [local_day(p, scope.zone) for p in parts]
    elif kinds == {"key"}:
        return _first_key(parts)
    inexact = "score" in kinds
    scale = 1 if inexact else common_scale(parts)
    values = [p.data / p.scale if inexact else scaled(p, scale) for p in parts]
    first = parts[0]
    data, taken = values[0].astype(np.result_type(*values)), np.where(first.present(), 0, -1)
    for i, (part, value) in enumerate(zip(parts[1:], values[1:], strict=True), 1):
        use = (taken < 0) & part.present()
        data[use], taken[use] = value[use], i
    own = len(kinds) == 1 or first.kind in ("money", "duration", "instant", "day")
    kind = "score" if inexact else first.kind if own else "number"
    return Column(kind, data, taken >= 0, scale=scale, currency=_currency_taken(parts, taken))


def _of_one_kind(terms: list[c.Expr], parts: list[Column], expr: c.Coalesce) -> list[Column]:
    """Return the columns with bare numbers as what they stand beside: an amount, or days."""
    bare = [isinstance(t, c.Literal) and p.kind in ("count", "number") for t, p in zip(terms, parts, strict=True)]
    known = {p.kind for p, plain in zip(parts, bare, strict=True) if not plain}
    beside = known.pop() if len(known) == 1 and known <= {"money", "duration"} else None
    if beside is not None:
        currency = _filled(currency_of([p for p, plain in zip(parts, bare, strict=True) if not plain]))
        parts = [p.replace(kind=beside, currency=currency) if x else p for p, x in zip(parts, bare, strict=True)]
    kinds = {p.kind for p in parts}
    alike = kinds == {"instant", "day"} or len(kinds) == 1
    if not alike and (not kinds <= NUMERIC or len({dimension(p) for p in parts}) > 1):
        raise UnitError(f"coalesce() of {', '.join(sorted(kinds))} in {expr!r}: the terms need one kind of value")
    return parts


def _filled(currency: str | Column | None) -> str | Column | None:
    """Return the currency that bare numbers take beside amounts: that of their row, or any where it has none."""
    if not isinstance(currency, Column) or not currency.nulls:
        return currency
    return currency.replace(data=np.where(currency.data == 0, currency.bounds[1], currency.data))


def _currency_taken(parts: list[Column], taken: Array) -> str | Column | None:
    """Return the currency of the amount that each row takes (M2)."""
    money = [p for p in parts if p.kind == "money"]
    if not money or all(p.currency is money[0].currency or p.currency == money[0].currency for p in money):
        return currency_of(parts)
    keys = []
    for i, part in enumerate(parts):
        code = part.currency
        key = code if isinstance(code, Column) else Column("key", np.ones(taken.size, np.int8), labels=[None, code])
        keys.append(key.replace(data=np.where(taken == i, key.data, 0)))
    return _first_key(keys)


def _first_key(parts: list[Column]) -> Column:
    labels: dict[Any, int] = {None: 0}
    result = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        codes = np.array([labels.setdefault(x, len(labels)) for x in part.labels], np.int64)[part.data]
        result = np.where(result == 0, codes, result)
    return Column("key", result.astype(code_type(len(labels))), labels=list(labels))


def _arithmetic(expr: c.Arithmetic, table: Table, scope: Scope) -> Column:
    return calculated(expr, evaluate(expr.left, table, scope), evaluate(expr.right, table, scope))


def _elapsed(expr: c.Elapsed, table: Table, scope: Scope) -> Column:
    raw = table.kept(
        ("elapsed", expr.key, seen_by(expr, scope)),
        lambda: elapsed(evaluate(expr.start, table, scope), evaluate(expr.end, table, scope), scope, repr(expr)),
    )
    there = raw.present() & (raw.data >= 0)  # T3
    return Column("duration", narrow(np.where(there, raw.data, 0)), there, scale=raw.scale)


def _day(expr: c.Day, table: Table, scope: Scope) -> Column:
    return _days(expr.term, expr, table, scope)


def _period_of(expr: c.PeriodOf, table: Table, scope: Scope) -> Column:
    return period_labels(_days(expr.term, expr, table, scope), expr.grain, scope.calendar)


def _days(moment: c.Expr, expr: c.Expr, table: Table, scope: Scope) -> Column:
    column = evaluate(moment, table, scope)
    if column.kind not in ("instant", "day"):
        raise DefinitionError(f"{expr!r}: {column.kind} is no date")
    return local_day(column, scope.zone)


def _bins(expr: c.Bins, table: Table, scope: Scope) -> Column:
    column = evaluate(expr.term, table, scope)
    if column.kind not in NUMERIC and column.kind not in ("day", "instant"):
        raise DefinitionError(f"{expr!r}: bins() cuts numbers and dates, not a {column.kind} column")
    code = np.ones(len(table), np.int64)
    for edge in expr.edges:
        code += ~compare("<", column, edge, scope, repr(expr))
    code[~column.present()] = 0
    return Column("key", code.astype(code_type(len(expr.labels) + 1)), labels=[None, *expr.labels])


def _roll_up(expr: c.Each, _table: Table, _scope: Scope) -> Column:
    raise DefinitionError(f"{expr!r} is a roll-up: it has a value per entity, not per row; put it inside an aggregate")


# -- conditions ---------------------------------------------------------------------------------------


def _condition(make: Callable[[Any, Table, Scope], Mask]) -> Callable[[Any, Table, Scope], Column]:
    def build(expr: Any, table: Table, scope: Scope) -> Column:
        return Column("flag", make(expr, table, scope))

    return build


def _compare(expr: c.Compare, table: Table, scope: Scope) -> Mask:
    left, right, op = expr.left, expr.right, expr.op
    if isinstance(left, c.Literal) and not isinstance(right, c.Literal):
        left, right, op = right, left, {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(op, op)
    column = evaluate(left, table, scope)
    other: Any = right.value if isinstance(right, c.Literal) else evaluate(right, table, scope)
    return compare(op, column, other, scope, repr(expr))


def _combine(op: Callable[[Mask, Mask], Mask]) -> Callable[[Any, Table, Scope], Mask]:
    def build(expr: Any, table: Table, scope: Scope) -> Mask:
        parts = [holds(t, table, scope) for t in expr.terms]
        result = parts[0]
        for part in parts[1:]:
            result = op(result, part)
        return result

    return build


_EVALUATORS: dict[type, Callable[[Any, Table, Scope], Column]] = {
    c.Literal: _literal,
    c.AsOf: _as_of,
    c.Coalesce: _coalesce,
    c.Maybe: _maybe,
    c.Arithmetic: _arithmetic,
    c.Elapsed: _elapsed,
    c.Day: _day,
    c.PeriodOf: _period_of,
    c.Bins: _bins,
    c.Each: _roll_up,
    c.Compare: _condition(_compare),
    c.IsIn: _condition(lambda e, t, s: is_in(evaluate(e.term, t, s), e.values, s, repr(e))),
    c.IsNull: _condition(lambda e, t, s: ~present(evaluate(e.term, t, s))),
    c.And: _condition(_combine(np.logical_and)),
    c.Or: _condition(_combine(np.logical_or)),
    c.Not: _condition(lambda e, t, s: ~holds(e.term, t, s)),
}
