"""Comparisons of a column with a constant or another column: true or false, false where a side is blank."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from datetime import date
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np

from ..calendars import Zone
from ..errors import DefinitionError, RangeError
from ..table.column import NUMERIC, Array, Column, Mask
from ..units import DAY
from .moments import constant, local_day
from .scope import Scope

__all__ = ["compare", "is_in", "present"]

_NEAR = 3
"""Days beyond which no change of the clock moves an instant across a midnight."""
_OPS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def present(column: Column) -> Mask:
    """Return which rows have a value."""
    return column.present()


def compare(op: str, column: Column, other: Any, scope: Scope, text: str) -> Mask:
    """Return where `column op other` is true; `other` is a column or a plain value."""
    if isinstance(other, Column):
        return _columns(op, column, other, scope, text)
    if column.kind in ("key", "text", "id"):
        return _texts(op, column, other, text)
    if column.kind in ("instant", "day"):
        result = _dates(op, column, other, scope, text)
    elif column.kind == "flag":
        if not isinstance(other, bool):
            raise DefinitionError(f"{text}: a flag compares with True or False, not {other!r}")
        result = _OPS[op](column.data, other)
    elif isinstance(other, (bool, str, date)):
        raise DefinitionError(f"{text}: a {column.kind} column compares with a number, not {other!r}")
    elif column.kind == "score":
        result = _OPS[op](column.data, float(other))
    else:
        result = _numbers(op, column, other, text)
    if column.valid is not None:
        np.logical_and(result, column.valid, out=result)
    return result


def _numbers(op: str, column: Column, value: Any, text: str) -> Mask:
    if isinstance(value, float):
        raise DefinitionError(f"{text}: {value!r} is a float; compare exact numbers with int, Decimal or Fraction")
    cut = Fraction(value) * column.scale
    if op == "==":
        return np.zeros(len(column), bool) if cut.denominator != 1 else _OPS[op](column.data, _fits(column, int(cut)))
    # between whole numbers: x < 2.5 is x < 3, x <= 2.5 is x <= 2
    whole = ceil(cut) if op in ("<", ">=") else floor(cut)
    found: Mask = _OPS[op](column.data, _fits(column, whole))
    return found


def _fits(column: Column, value: int) -> Any:
    """Bring a bound into the range of the data's type without changing any comparison."""
    if column.data.dtype == object:
        return value
    return (
        max(min(value, 2**63 - 1), -(2**63))
        if column.data.dtype == np.int64
        else np.int64(max(min(value, 2**63 - 1), -(2**63)))
    )


def _texts(op: str, column: Column, value: Any, text: str) -> Mask:
    if column.kind == "key":
        labels = column.labels
        known = [x for x in labels[1:16] if x is not None]
        if known and not isinstance(value, bool) and all(type(x) is not type(value) for x in known):
            raise DefinitionError(
                f"{text}: the column holds {type(known[0]).__name__} values such as {known[0]!r}, not {value!r}"
            )
        test = np.array(
            [x is not None and type(x) is type(value) and bool(_OPS[op](x, value)) for x in labels] or [False], bool
        )
        return test.take(column.data)
    if column.data.dtype == object:
        return np.array(
            [x is not None and type(x) is type(value) and bool(_OPS[op](x, value)) for x in column.data.tolist()], bool
        )
    return np.asarray(_OPS[op](column.data, value), bool)


def _dates(op: str, column: Column, value: Any, scope: Scope, text: str) -> Mask:
    if not isinstance(value, date):
        raise DefinitionError(f"{text}: a date compares with a date or an aware datetime, not {value!r}")
    kind, number = constant(value)
    if kind == "day" and column.kind == "instant":
        start = None if op == "==" else _start(number + (op in {"<=", ">"}), column, scope.zone)
        if start is not None:
            return np.asarray(column.data < start if op in {"<", "<="} else column.data >= start, bool)
        column = local_day(column, scope.zone)
    elif kind == "instant" and column.kind == "day":
        number = scope.zone.local_day(number)
    return np.asarray(_OPS[op](column.data, number), bool)


def _start(day: int, column: Column, zone: Zone) -> int | None:
    """Return the instant that parts earlier local days from this and later ones, so that no instant has to be turned into a day.

    None where the days of the column are known already, and where the clock is changed nearby: then an instant may have an
    earlier local day than one before it.
    """
    if zone.name in column.__dict__.get("_local_days", ()):
        return None
    if zone.name == "UTC":
        return day * DAY
    try:
        _, offsets = zone.offsets((day - _NEAR) * DAY, (day + _NEAR) * DAY)
    except RangeError:
        return None
    return day * DAY - offsets[0] if len(offsets) == 1 else None


def _columns(op: str, left: Column, right: Column, scope: Scope, text: str) -> Mask:
    both = left.present() & right.present()
    words = {"key", "text", "id"}
    if {left.kind, right.kind} <= words:
        return _words_compared(op, _words(left), _words(right), text)
    if {left.kind, right.kind} & words:
        raise DefinitionError(f"{text}: a {left.kind} and a {right.kind} column do not compare")
    dates = {"instant", "day"}
    if left.kind in dates or right.kind in dates:
        if not {left.kind, right.kind} <= dates:
            raise DefinitionError(f"{text}: a {left.kind} and a {right.kind} column do not compare")
        if left.kind != right.kind:
            left, right = local_day(left, scope.zone), local_day(right, scope.zone)
        return np.asarray(_OPS[op](left.data, right.data), bool) & both
    if {left.kind, right.kind} <= NUMERIC:
        if {left.kind, right.kind} & {"money", "duration"} and left.kind != right.kind:
            raise DefinitionError(f"{text}: {left.kind} and {right.kind} do not compare")
        return np.asarray(_OPS[op](_wide(left, right), _wide(right, left)), bool) & both
    raise DefinitionError(f"{text}: a {left.kind} and a {right.kind} column do not compare")


def _wide(column: Column, other: Column) -> Array:
    """Return the data times the other's scale, so that both sides are at one scale."""
    if "score" in (column.kind, other.kind):
        return column.data / column.scale
    data = column.data.astype(np.int64) if column.data.dtype == bool else column.data
    if max(map(abs, column.bounds)) * other.scale >= 2**63:
        return data.astype(object) * other.scale
    return data.astype(np.int64) * other.scale if data.dtype != object else data * other.scale


def _words_compared(op: str, left: list[Any], right: list[Any], text: str) -> Mask:
    pairs = zip(left, right, strict=True)
    try:
        return np.array([x is not None and y is not None and bool(_OPS[op](x, y)) for x, y in pairs], bool)
    except TypeError:
        raise DefinitionError(f"{text}: words and numbers do not compare") from None


def _words(column: Column) -> list[Any]:
    if column.kind == "key":
        return [column.labels[k] for k in column.data.tolist()]
    return list(column.data.tolist())


def is_in(column: Column, values: Iterable[Any], scope: Scope, text: str) -> Mask:
    """Return where the value is one of `values`."""
    wanted = tuple(values)
    if column.kind == "key":
        typed = {(type(v), v) for v in wanted}
        test = np.array([(type(x), x) in typed for x in column.labels] or [False], bool)
        return test.take(column.data)
    result = np.zeros(len(column), bool)
    for value in wanted:
        result |= compare("==", column, value, scope, text)
    return result
