"""The values of a column as Python objects, for the few places that show or compare single rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from ..domain import Money
from .column import Array, Column

__all__ = ["values_of"]

_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def values_of(column: Column, rows: Array | None = None) -> list[Any]:
    """Return the values of a column, or of some of its rows, as Python objects; None where blank."""
    part = column if rows is None else column.take(rows)
    raw: list[Any] = part.data.tolist()
    if part.kind == "key":
        return [part.labels[code] for code in raw]
    if part.kind in {"id", "text"}:
        return raw
    there = part.present().tolist()
    currency = part.currency
    codes = values_of(currency) if isinstance(currency, Column) else [currency] * len(raw)
    return [_value(part, v, c) if t else None for v, t, c in zip(raw, there, codes, strict=True)]


def _value(column: Column, raw: Any, currency: str | None) -> Any:
    kind = column.kind
    if kind in {"flag", "score", "count"}:
        return raw
    if kind == "day":
        return date.fromordinal(raw + _ORDINAL)
    if kind == "instant":
        return _EPOCH + timedelta(microseconds=raw)
    if kind == "duration":
        return timedelta(days=raw) if column.scale == 1 else timedelta(microseconds=raw)
    exact = Decimal(raw) / column.scale
    return Money(exact, currency) if kind == "money" else exact
