"""numpy arrays as typed blocks, and blocks as Python values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ..column import Array, Mask
from .build import Block

__all__ = ["block_of", "micros", "python_values", "shortest"]

_ORDINAL = date(1970, 1, 1).toordinal()
_AWARE = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - where readings are counted from
_UNITS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "D": 86_400_000_000,
    "W": 604_800_000_000,
}
_DAYS = {"D", "W", "M", "Y"}


def block_of(values: Array) -> Block | list[Any]:
    """Return an array as a typed block, or its values where it holds text or objects.

    Raises:
        ArgumentError: an array of more than one dimension, or of a type that no column holds.
    """
    if values.ndim != 1:
        raise ArgumentError(f"an array of one dimension is needed, got shape {values.shape}", shape=values.shape)
    valid: Mask | None = None
    if isinstance(values, np.ma.MaskedArray):
        valid = ~np.ma.getmaskarray(values)
        values = np.ma.getdata(values)
    kind = values.dtype.kind
    if kind == "b":
        return Block("bool", np.asarray(values), valid)
    if kind in "iu":
        if values.dtype == np.uint64 and values.size and int(values.max()) >= 2**63:
            return _listed(values, valid)
        return Block("int", values.astype(np.int64, copy=False), valid, lasting=values.dtype != np.int64)
    if kind == "f":
        return Block("float", values if values.dtype.itemsize <= 8 else values.astype(np.float64), valid)
    if kind in "Mm":
        there = ~np.isnat(values)
        if valid is not None:
            there &= valid
        whole = None if there.all() else there
        unit, step = np.datetime_data(values.dtype)
        if kind == "M" and unit in _DAYS:
            days = values.astype("M8[D]").view(np.int64)
            return Block("day", days if whole is None else np.where(there, days, 0), whole)
        form = "reading" if kind == "M" else "span"
        counted: Array = values.view(np.int64) if unit != "generic" else values.astype(f"{kind}8[us]").view(np.int64)
        data = micros(counted, "us" if unit == "generic" else unit, step)
        return Block(form, data if whole is None else np.where(there, data, 0), whole, lasting=unit != "us")
    if kind == "S":
        return _listed(np.array([v.decode() for v in values.tolist()], object), valid)
    if kind in "OUT":
        return _listed(values, valid)
    raise ArgumentError(f"an array of type {values.dtype} is no column; give numbers, dates, flags, text or objects")


def _listed(values: Array, valid: Mask | None) -> list[Any]:
    found: list[Any] = values.tolist()
    return found if valid is None else [v if t else None for v, t in zip(found, valid.tolist(), strict=True)]


def micros(data: Array, unit: str, step: int = 1) -> Array:
    """Return times counted in `step` units as microseconds; what is finer is cut off, what is too far stays far."""
    if unit in _UNITS:
        factor = _UNITS[unit] * step
        if factor == 1:
            return data
        most = 2**62 // factor
        if len(data) and (int(data.max()) > most or int(data.min()) < -most):
            data = np.clip(data, -most, most)
        return data * factor
    if unit == "ns":
        whole: Array = np.floor_divide(data * step if step != 1 else data, 1_000)
        return whole
    raise ArgumentError(f"times counted in {unit!r} are not supported; use days, s, ms, us or ns", unit=unit)


def shortest(values: Array) -> Array:
    """Return narrow floats as the float64 of their shortest text: 0.1 stays one tenth."""
    found: Array = values.astype("U32").astype(np.float64)
    return found


def python_values(block: Block) -> list[Any]:
    """Return the values of a block as Python objects, None where there is none."""
    found: list[Any] = _PYTHON[block.form](block)
    if block.valid is None:
        return found
    return [v if t else None for v, t in zip(found, block.valid.tolist(), strict=True)]


def _whole(block: Block) -> list[Any]:
    return block.data.tolist()  # type: ignore[no-any-return]


def _decimal(block: Block) -> list[Any]:
    return [Decimal(v).scaleb(-block.decimals) for v in block.data.tolist()]


def _float(block: Block) -> list[Any]:
    return (block.data if block.data.dtype == np.float64 else shortest(block.data)).tolist()  # type: ignore[no-any-return]


def _day(block: Block) -> list[Any]:
    return [_or_text(lambda v=v: date.fromordinal(v + _ORDINAL), v, "days") for v in block.data.tolist()]


def _instant(block: Block) -> list[Any]:
    return [_or_text(lambda v=v: _AWARE + timedelta(microseconds=v), v, "microseconds") for v in block.data.tolist()]


def _reading(block: Block) -> list[Any]:
    return [_or_text(lambda v=v: _NAIVE + timedelta(microseconds=v), v, "microseconds") for v in block.data.tolist()]


def _span(block: Block) -> list[Any]:
    return [timedelta(microseconds=v) for v in block.data.tolist()]


def _codes(block: Block) -> list[Any]:
    size = len(block.labels)
    return [block.labels[v] if 0 <= v < size else None for v in block.data.tolist()]


def _or_text(make: Any, number: int, unit: str) -> Any:
    """Return a date, or text for one that Python has no date for."""
    try:
        return make()
    except (ValueError, OverflowError):
        return f"{number} {unit} since 1970-01-01"


_PYTHON = {
    "int": _whole,
    "bool": _whole,
    "decimal": _decimal,
    "float": _float,
    "day": _day,
    "instant": _instant,
    "reading": _reading,
    "span": _span,
    "codes": _codes,
}
