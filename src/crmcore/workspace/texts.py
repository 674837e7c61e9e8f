"""Texts: a stored value as the text of a cell, which a reader of the column gives the same value back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..domain import Money

__all__ = ["text_of"]


def text_of(value: Any) -> str:
    """Return a value as text: ISO 8601 for dates, instants and durations, "12.50 EUR" for money, true and false."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is datetime:
        utc = value.astimezone(UTC)
        return f"{utc:%Y-%m-%dT%H:%M:%S}{f'.{utc.microsecond:06}' if utc.microsecond else ''}Z"
    if kind is date:
        return value.isoformat()  # type: ignore[no-any-return]
    if kind is Money:
        return f"{value.amount:f} {value.currency or ''}".rstrip()
    if kind is timedelta:
        micros = value // timedelta(microseconds=1)
        sign, micros = ("-", -micros) if micros < 0 else ("", micros)
        seconds, rest = divmod(micros, 1_000_000)
        fraction = f".{rest:06}" if rest else ""
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"
    if kind is Decimal:
        return f"{value:f}"
    if kind is Fraction:
        return f"{value.numerator}/{value.denominator}"
    return repr(value) if kind is float else str(value)
