"""Plain values: what one cell of a record holds, exact and without arrays.

| kind of column | value here |
|---|---|
| id, key, text | as given: text, or a whole number |
| money, number, count, probability | Fraction, money in major units |
| duration | Fraction of microseconds |
| score | float, the only inexact one |
| flag | bool |
| day | date |
| instant | Instant |

A blank is None.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from ...domain.money import Money
from ...errors import DataError
from ...units import DAY

__all__ = ["Instant", "Value", "label_of", "microseconds", "number_of", "sort_key", "value_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AS_IT_IS = (bool, str)
_WORDS = frozenset({"id", "key", "text"})


@attrs.frozen(order=True)
class Instant:
    """A moment in microseconds since 1970-01-01T00:00Z."""

    us: int


Value = str | int | bool | Fraction | float | date | Instant | None


def microseconds(moment: datetime) -> int:
    """Return an aware datetime as microseconds since 1970.

    Raises:
        DataError: a timestamp without a zone (T1).
    """
    if moment.tzinfo is None:
        raise DataError(f"{moment!r} has no time zone; give an aware datetime or a date", value=moment)
    return (moment - _EPOCH) // _MICROSECOND


def value_of(given: Any, kind: str = "") -> Value:
    """Return a cell as it came in the form the interpreter works with; `kind` is that of its column, where known.

    Raises:
        DataError: a float in an exact column, or a timestamp without a zone.
    """
    if given is None or given == "" or (isinstance(given, float) and given != given):  # noqa: PLR0124 - NaN is blank
        return None
    if kind in _WORDS or isinstance(given, _AS_IT_IS):
        return given  # type: ignore[no-any-return]
    if isinstance(given, datetime):
        return Instant(microseconds(given))
    if isinstance(given, date):
        return given
    if isinstance(given, Money):
        return Fraction(given.amount)
    if isinstance(given, timedelta):
        return Fraction(given // _MICROSECOND)
    if kind == "score":
        return float(given)
    if isinstance(given, float):
        if not kind:
            return given
        raise DataError(f"{given!r} is a float in a column of kind {kind!r}; give an int, a Decimal or a Fraction (Q3)")
    if isinstance(given, int | Decimal | Fraction):
        return Fraction(given) * DAY if kind == "duration" else Fraction(given)
    raise DataError(f"{given!r} ({type(given).__name__}) is no value of a record", value=given)


def number_of(value: Value) -> Fraction | float | None:
    """Return a value as a number, a flag as 0 or 1; None where it is none."""
    if isinstance(value, bool | int):
        return Fraction(value)
    return value if isinstance(value, Fraction | float) else None


def label_of(value: Value) -> str | int | float | bool | None:
    """Return how a group with this key is shown: numbers as int or float, dates and instants in ISO form."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    if isinstance(value, Instant):
        return (_EPOCH + value.us * _MICROSECOND).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def sort_key(value: Value) -> tuple[int, Any]:
    """Return a key that puts numbers before text, and blank last."""
    label = label_of(value)
    if label is None:
        return (2, 0)
    return (1, label) if isinstance(label, str) else (0, label)
