"""Plain rows: a row of a table as the dict that a host would have given."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from ..domain.money import Money
from ..table.column import Column
from ..table.table import Table

__all__ = ["plain_row"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = date(1970, 1, 1)


def plain_row(table: Table, place: int) -> dict[str, Any]:
    """Return the row at a position: column -> value, None where blank."""
    return {name: _value(column, place) for name, column in table.columns.items()}


def _value(column: Column, place: int) -> Any:
    raw = column.data[place]
    if column.kind == "key":
        return column.labels[int(raw)]
    if column.kind in ("text", "id"):
        return raw.item() if hasattr(raw, "item") else raw
    if column.valid is not None and not column.valid[place]:
        return None
    if column.kind == "flag":
        return bool(raw)
    if column.kind == "score":
        return float(raw)
    return _number(column, int(raw), place)


def _number(column: Column, raw: int, place: int) -> Any:
    if column.kind == "instant":
        return _EPOCH + timedelta(microseconds=raw)
    if column.kind == "day":
        return _FIRST + timedelta(days=raw)
    if column.kind == "duration":
        return timedelta(microseconds=raw) if column.scale > 1 else timedelta(days=raw)
    if column.kind == "money":
        return Money(_exact(raw, column.scale), _currency(column, place))
    return raw if column.scale == 1 else _exact(raw, column.scale)


def _exact(raw: int, scale: int) -> Any:
    found = Fraction(raw, scale)
    with localcontext(prec=60):
        decimal = Decimal(found.numerator) / found.denominator
    return decimal if Fraction(decimal) == found else found


def _currency(column: Column, place: int) -> str | None:
    code = column.currency
    return code.labels[int(code.data[place])] if isinstance(code, Column) else code
