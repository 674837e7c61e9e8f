"""Evaluate a column expression on a table. What is derived is kept with the (immutable) table."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from ..algebra import columns as c
from ..algebra.walk import walk
from ..errors import ColumnNotFound, DefinitionError, UnitError
from ..table.column import NUMERIC, Array, Column, Mask, code_type, narrow
from ..table.table import Table
from ..units import NUMBER, Dimension
from .conditions import compare, is_in, present
from .moments import elapsed, local_day, period_labels
from .scope import Scope

__all__ = ["CONDITIONS", "as_key", "dimension", "evaluate", "holds", "resolve"]

CONDITIONS = (c.Compare, c.IsIn, c.IsNull, c.And, c.Or, c.Not)

_DIMENSIONS = {"money": Dimension(money=1), "duration": Dimension(time=1)}
_KINDS = {NUMBER: "number", Dimension(money=1): "money", Dimension(time=1): "duration"}
_LIMIT = 2**63


def dimension(column: Column) -> Dimension:
    """Return the dimension of a column's values."""
    return _DIMENSIONS.get(column.kind, NUMBER)


def evaluate(expr: c.Expr, table: Table, scope: Scope) -> Column:
    """Return the value of `expr` for each row of `table`.

    Raises:
        ColumnNotFound: a column that is not there, with the nearest names.
        UnitError: units that do not go together.
        DefinitionError: an operation that has no meaning for these kinds of values.
    """
    if isinstance(expr, c.Col):
        return resolve(expr.name, table, scope)
    return table.kept(("column", expr.key, _view(expr, scope)), lambda: _EVALUATORS[type(expr)](expr, table, scope))


def holds(condition: c.Expr, table: Table, scope: Scope) -> Mask:
    """Return for which rows the condition is true."""
    column = evaluate(condition, table, scope)
    if column.kind != "flag":
        raise DefinitionError(f"{condition!r} is a value ({column.kind}), not a condition; compare it with something")
    return column.data if column.valid is None else column.data & column.valid


def _view(expr: c.Expr, scope: Scope) -> tuple[Any, ...]:
    """What besides the table the value depends on."""
    parts: list[Any] = [scope.zone.name]
    for node in walk(expr):
        if isinstance(node, c.AsOf):
            parts.append(scope.as_of)
        elif isinstance(node, c.PeriodOf):
            parts.append(scope.calendar)
    return tuple(parts)


def resolve(name: str, table: Table, scope: Scope) -> Column:
    """Return a column by name, through many-to-one references where the name has dots."""
    column = table.columns.get(name)
    if column is not None:
        return column
    head, _, rest = name.partition(".")
    if rest and head in table.references and head in table.columns:
        target = scope.known.get(table.references[head])
        if target is not None:
            return table.kept(("reference", name, target), lambda: _through(table.columns[head], rest, target, scope))
        raise ColumnNotFound(
            name,
            table.columns,
            where=f"for table {table.name!r}",
            hint=f"{head!r} refers to table {table.references[head]!r}, which the dataset does not have",
        )
    available = [*table.columns]
    for key, other in table.references.items():
        if key in table.columns and other in scope.known:
            available += [f"{key}.{n}" for n in scope.known[other].columns if n != "id"]
    raise ColumnNotFound(name, available, where=f"in table {table.name!r}")


def _through(head: Column, rest: str, target: Table, scope: Scope) -> Column:
    """Follow the reference in `head` to column `rest` of `target`."""
    value = resolve(rest, target, scope)
    ids = target["id"]
    rows = target.kept(("rows by id",), lambda: _rows_by_id(ids))
    found = np.array([rows.get(label, -1) for label in head.labels] or [-1], np.int64)
    found[0] = -1
    known = found >= 0
    spots = np.maximum(found, 0)
    if len(target) == 0:
        per_label = np.zeros(len(found), value.data.dtype)
    else:
        per_label = value.data[spots]
    blank: Any = None if value.kind == "text" else 0
    per_label = np.where(known, per_label, blank) if value.kind != "key" else np.where(known, per_label, 0)
    if value.kind not in ("text", "id"):
        per_label = per_label.astype(value.data.dtype, copy=False)
    data = per_label[head.data]
    if value.kind in ("key", "text"):
        return value.replace(data=data, valid=None)
    there = known if value.valid is None or len(target) == 0 else known & value.valid[spots]
    currency = value.currency
    if isinstance(currency, Column):
        codes = np.where(known, currency.data[spots] if len(target) else 0, 0).astype(currency.data.dtype)
        currency = currency.replace(data=codes[head.data])
    return value.replace(data=data, valid=there[head.data], currency=currency)


def _rows_by_id(ids: Column) -> dict[Any, int]:
    listed = ids.data.tolist() if ids.kind != "key" else [ids.labels[k] for k in ids.data.tolist()]
    return {v: i for i, v in enumerate(listed)}


def as_key(column: Column, table: Table, name: Any) -> Column:
    """Return the column as a key column, so that it can group rows; dates and numbers are encoded."""
    if column.kind == "key":
        return column
    if column.kind == "score":
        raise DefinitionError(f"cannot group by {name}: it holds inexact numbers; cut it into classes with bins()")
    return table.kept(("key", name), lambda: _encoded(column))


def _encoded(column: Column) -> Column:
    there = column.present()
    if column.data.dtype == object:
        index: dict[Any, int] = {}
        codes = [0 if v is None else index.setdefault(v, len(index) + 1) for v in column.data.tolist()]
        labels: list[Any] = [None, *index]
        return Column("key", np.array(codes, code_type(len(labels))), labels=labels)
    values, inverse = np.unique(column.data, return_inverse=True)
    codes = np.where(there, inverse + 1, 0)
    return Column(
        "key", codes.astype(code_type(values.size + 1)), labels=[None, *(_label(column, v) for v in values.tolist())]
    )


def _label(column: Column, value: Any) -> Any:
    from ..calendars import date_of

    if column.kind == "day":
        return date_of(value).isoformat()
    if column.kind in ("flag", "count", "id"):
        return value
    if column.scale == 1:
        return value
    exact = Fraction(value, column.scale)
    return int(exact) if exact.denominator == 1 else float(exact)


# -- values -----------------------------------------------------------------------------------------


def _literal(expr: c.Literal, table: Table, scope: Scope) -> Column:
    value, n = expr.value, len(table)
    if isinstance(value, bool):
        return Column("flag", np.full(n, value))
    if isinstance(value, str):
        return Column("key", np.ones(n, np.int8), labels=[None, value])
    if isinstance(value, float):
        return Column("score", np.full(n, value))
    if isinstance(value, int):
        return Column("count", np.full(n, value, np.int64))
    if not hasattr(value, "year"):
        exact = Fraction(value)
        return Column("number", np.full(n, exact.numerator, np.int64), scale=exact.denominator)
    from .moments import constant

    kind, number = constant(value)
    return Column(kind, np.full(n, number, np.int32 if kind == "day" else np.int64))


def _as_of(expr: c.Expr, table: Table, scope: Scope) -> Column:
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


def _coalesce(expr: c.Coalesce, table: Table, scope: Scope) -> Column:
    terms = [t for t in expr.terms if _is_there(t, table, scope)] or list(expr.terms)
    parts = [evaluate(t, table, scope) for t in terms]
    kinds = {p.kind for p in parts}
    if kinds == {"instant", "day"}:
        parts = [local_day(p, scope.zone) for p in parts]
    elif kinds == {"key"}:
        return _first_key(parts)
    elif (not kinds <= NUMERIC and len(kinds) > 1) or len({dimension(p) for p in parts}) > 1:
        raise UnitError(f"coalesce() of {', '.join(sorted(kinds))} in {expr!r}: the terms need one kind of value")
    scale = _common(parts)
    first = parts[0]
    data, valid = _scaled(first, scale).copy(), first.present().copy()
    for part in parts[1:]:
        use = ~valid & part.present()
        data[use] = _scaled(part, scale)[use]
        valid |= use
    kind = first.kind if len(kinds) == 1 or first.kind in ("money", "duration", "instant", "day") else "number"
    return Column(
        parts[0].kind if kinds == {"instant", "day"} else kind, data, valid, scale=scale, currency=_currency(parts)
    )


def _first_key(parts: list[Column]) -> Column:
    labels: dict[Any, int] = {None: 0}
    result = np.zeros(len(parts[0]), np.int64)
    for part in parts:
        codes = np.array([labels.setdefault(x, len(labels)) for x in part.labels], np.int64)[part.data]
        result = np.where(result == 0, codes, result)
    return Column("key", result.astype(code_type(len(labels))), labels=list(labels))


def _common(parts: list[Column]) -> int:
    from math import lcm

    return lcm(*(p.scale for p in parts))


def _scaled(column: Column, scale: int) -> Array:
    """Return the data of a numeric column at a larger scale."""
    factor = scale // column.scale
    data = column.data.astype(np.int64) if column.data.dtype == bool else column.data
    if factor == 1 or data.dtype == np.float64:
        return data
    return _checked(data, column, factor)


def _checked(data: Array, column: Column, factor: int) -> Array:
    low, high = column.bounds
    if max(abs(low), abs(high)) * factor >= _LIMIT:
        return data.astype(object) * factor
    return data.astype(np.int64) * factor


def _currency(parts: list[Column]) -> str | Column | None:
    money = [p.currency for p in parts if p.kind == "money"]
    return money[0] if money else None


def _arithmetic(expr: c.Arithmetic, table: Table, scope: Scope) -> Column:
    left, right = evaluate(expr.left, table, scope), evaluate(expr.right, table, scope)
    for side in (left, right):
        if side.kind not in NUMERIC:
            raise UnitError(f"{expr!r}: cannot calculate with a {side.kind} column")
    valid = _both(left, right)
    if "score" in (left.kind, right.kind):
        a, b = (s.data / s.scale if s.kind != "score" else s.data for s in (left, right))
        return Column("score", {"+": np.add, "-": np.subtract, "*": np.multiply}[expr.op](a, b), valid)
    if expr.op == "*":
        return _product(expr, left, right, valid)
    if dimension(left) != dimension(right):
        raise UnitError(f"{expr!r}: {dimension(left)} {expr.op} {dimension(right)} has no meaning")
    _same_currency(expr, left, right)
    scale = _common([left, right])
    a, b = _scaled(left, scale), _scaled(right, scale)
    if a.dtype != object and b.dtype != object:
        reach = sum(max(map(abs, s.bounds)) * (scale // s.scale) for s in (left, right))
        a, b = (a.astype(np.int64), b.astype(np.int64)) if reach < _LIMIT else (a.astype(object), b.astype(object))
    data = a + b if expr.op == "+" else a - b
    return _result(_KINDS[dimension(left)], data, valid, scale, _currency([left, right]))


def _product(expr: c.Arithmetic, left: Column, right: Column, valid: Mask | None) -> Column:
    kind = _KINDS.get(dimension(left) * dimension(right))
    if kind is None:
        raise UnitError(f"{expr!r}: {dimension(left)} x {dimension(right)} has no meaning in a column")
    reach = max(map(abs, left.bounds)) * max(map(abs, right.bounds))
    wide: Any = np.int64 if reach < _LIMIT else object
    data = left.data.astype(wide) * right.data.astype(wide)
    return _result(kind, data, valid, left.scale * right.scale, _currency([left, right]))


def _result(kind: str, data: Array, valid: Mask | None, scale: int, currency: str | Column | None) -> Column:
    if valid is not None:
        data = np.where(valid, data, 0)
    return Column(kind, data, valid, scale=scale, currency=currency if kind == "money" else None)


def _both(left: Column, right: Column) -> Mask | None:
    if left.valid is None:
        return right.valid
    return left.valid if right.valid is None else left.valid & right.valid


def _same_currency(expr: c.Expr, left: Column, right: Column) -> None:
    from ..errors import CurrencyError

    if left.kind == right.kind == "money" and left.currency is not right.currency and left.currency != right.currency:
        raise CurrencyError(f"{expr!r}: the two amounts have different currencies (M2)")


def _elapsed(expr: c.Elapsed, table: Table, scope: Scope) -> Column:
    raw = table.kept(
        ("elapsed", expr.key, _view(expr, scope)),
        lambda: elapsed(evaluate(expr.start, table, scope), evaluate(expr.end, table, scope), scope, repr(expr)),
    )
    there = raw.present() & (raw.data >= 0)  # T3
    return Column("duration", narrow(np.where(there, raw.data, 0)), there, scale=raw.scale)


def _day(expr: c.Day, table: Table, scope: Scope) -> Column:
    column = evaluate(expr.term, table, scope)
    if column.kind not in ("instant", "day"):
        raise DefinitionError(f"{expr!r}: {column.kind} is no date")
    return local_day(column, scope.zone)


def _period_of(expr: c.PeriodOf, table: Table, scope: Scope) -> Column:
    column = evaluate(expr.term, table, scope)
    if column.kind not in ("instant", "day"):
        raise DefinitionError(f"{expr!r}: {column.kind} is no date")
    return period_labels(local_day(column, scope.zone), expr.grain, scope.calendar)


def _bins(expr: c.Bins, table: Table, scope: Scope) -> Column:
    column = evaluate(expr.term, table, scope)
    if column.kind not in NUMERIC and column.kind not in ("day", "instant"):
        raise DefinitionError(f"{expr!r}: bins() cuts numbers and dates, not a {column.kind} column")
    code = np.ones(len(table), np.int64)
    for edge in expr.edges:
        code += ~compare("<", column, edge, scope, repr(expr))
    code[~column.present()] = 0
    return Column("key", code.astype(code_type(len(expr.labels) + 1)), labels=[None, *expr.labels])


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
    c.Compare: _condition(_compare),
    c.IsIn: _condition(lambda e, t, s: is_in(evaluate(e.term, t, s), e.values, s, repr(e))),
    c.IsNull: _condition(lambda e, t, s: ~present(evaluate(e.term, t, s))),
    c.And: _condition(_combine(np.logical_and)),
    c.Or: _condition(_combine(np.logical_or)),
    c.Not: _condition(lambda e, t, s: ~holds(e.term, t, s)),
}


def unsupported(expr: c.Expr, table: Table, scope: Scope) -> Column:
    """Say that a roll-up cannot be evaluated row by row."""
    raise DefinitionError(f"{expr!r} is a roll-up: it has a value per entity, not per row; put it inside an aggregate")


_EVALUATORS[c.Each] = unsupported
