"""Arithmetic on columns: at one scale, in whole numbers that hold the result, within units (M2, Q3)."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Any

import numpy as np

from ..algebra.columns import Arithmetic
from ..errors import CurrencyError, UnitError
from ..table.column import NUMERIC, Array, Column, Mask
from ..units import NUMBER, Dimension

__all__ = ["calculated", "common_scale", "currency_of", "dimension", "scaled"]

_DIMENSIONS = {"money": Dimension(money=1), "duration": Dimension(time=1)}
_KINDS = {NUMBER: "number", Dimension(money=1): "money", Dimension(time=1): "duration"}
_FLOATS = {"+": np.add, "-": np.subtract, "*": np.multiply}
_LIMIT = 2**63


def dimension(column: Column) -> Dimension:
    """Return the dimension of a column's values."""
    return _DIMENSIONS.get(column.kind, NUMBER)


def common_scale(columns: Sequence[Column]) -> int:
    """Return the smallest scale at which all columns are whole numbers."""
    return lcm(*(c.scale for c in columns))


def scaled(column: Column, scale: int) -> Array:
    """Return the data of a numeric column at a larger scale; inexact data stay as they are."""
    factor = scale // column.scale
    data = column.data.astype(np.int64) if column.data.dtype == bool else column.data
    if factor == 1 or data.dtype == np.float64:
        return data
    return data.astype(object if _reach(column) * factor >= _LIMIT else np.int64) * factor


def currency_of(columns: Sequence[Column]) -> str | Column | None:
    """Return the currency of the first amount among the columns."""
    return next((c.currency for c in columns if c.kind == "money"), None)


def calculated(expr: Arithmetic, left: Column, right: Column) -> Column:
    """Return `left op right` per row; blank where a side is.

    Raises:
        UnitError: sides that are no numbers, or whose units do not go together.
        CurrencyError: amounts of two currencies.
    """
    for side in (left, right):
        if side.kind not in NUMERIC:
            raise UnitError(f"{expr!r}: cannot calculate with a {side.kind} column")
    valid = _both(left, right)
    if "score" in (left.kind, right.kind) and expr.op != "/":
        a, b = (s.data / s.scale if s.kind != "score" else s.data for s in (left, right))
        return Column("score", _FLOATS[expr.op](a, b), valid)
    if expr.op == "*":
        return _product(expr, left, right, valid)
    if expr.op == "/":
        return _quotient(expr, left, right, valid)
    if dimension(left) != dimension(right):
        raise UnitError(f"{expr!r}: {dimension(left)} {expr.op} {dimension(right)} has no meaning")
    _same_currency(expr, left, right)
    scale = common_scale([left, right])
    a, b = scaled(left, scale), scaled(right, scale)
    if object not in (a.dtype, b.dtype):
        wide: Any = np.int64 if sum(_reach(s) * (scale // s.scale) for s in (left, right)) < _LIMIT else object
        a, b = a.astype(wide), b.astype(wide)
    data = a + b if expr.op == "+" else a - b
    return _result(_KINDS[dimension(left)], data, valid, scale, currency_of([left, right]))


def _product(expr: Arithmetic, left: Column, right: Column, valid: Mask | None) -> Column:
    kind = _KINDS.get(dimension(left) * dimension(right))
    if kind is None:
        raise UnitError(f"{expr!r}: {dimension(left)} x {dimension(right)} has no meaning in a column")
    a, b = _reach(left), _reach(right)
    wide: Any = np.int64 if max(a, b, a * b) < _LIMIT else object
    data = left.data.astype(wide) * right.data.astype(wide)
    return _result(kind, data, valid, left.scale * right.scale, currency_of([left, right]))


def _quotient(expr: Arithmetic, left: Column, right: Column, valid: Mask | None) -> Column:
    """Return left / right at the smallest scale at which all quotients are whole numbers."""
    if right.kind not in ("count", "number") or right.scale != 1:
        raise UnitError(f"{expr!r}: the divisor is a column of whole numbers, so that quotients stay exact")
    if left.kind == "score":
        raise UnitError(f"{expr!r}: a score is inexact; divide its total instead")
    divides = right.data != 0
    divisors = np.unique(right.data[divides])
    scale = lcm(*divisors.tolist())
    wide: Any = np.int64 if _reach(left) * scale < _LIMIT else object
    whole = np.where(divides, right.data, 1).astype(wide)
    data = left.data.astype(wide) * (scale // whole)
    return _result(
        _KINDS[dimension(left)], data, divides if valid is None else valid & divides, left.scale * scale, left.currency
    )


def _result(kind: str, data: Array, valid: Mask | None, scale: int, currency: str | Column | None) -> Column:
    if valid is not None:
        data = np.where(valid, data, 0)
    return Column(kind, data, valid, scale=scale, currency=currency if kind == "money" else None)


def _reach(column: Column) -> int:
    """Return the largest magnitude in a column."""
    low, high = column.bounds
    return max(abs(low), abs(high))


def _both(left: Column, right: Column) -> Mask | None:
    if left.valid is None:
        return right.valid
    return left.valid if right.valid is None else left.valid & right.valid


def _same_currency(expr: Arithmetic, left: Column, right: Column) -> None:
    if left.kind == right.kind == "money" and left.currency is not right.currency and left.currency != right.currency:
        raise CurrencyError(f"{expr!r}: the two amounts have different currencies (M2)")
