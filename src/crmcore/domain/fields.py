"""The fields of records: each carries the facts from which the columnar table of its record is built.

One definition serves both: an attrs field for the record, and in its metadata the column.

| metadata | meaning |
|---|---|
| column | kind of the column: id, key, text, instant, day, moment, money, probability, duration, flag, count, number, score |
| references | the table whose ids the column holds |
| recorded | an instant that something was recorded at: counts for the default as-of date (T8) |
| exists | the instant at which the record comes to exist |
| choices | the only words a key may take |
| least | the smallest value a count may take |
| any | values of any type are taken (old and new of a change) |
"""

from __future__ import annotations

from typing import Any

import attrs

__all__ = [
    "COLUMN_KINDS",
    "count",
    "day",
    "duration",
    "flag",
    "instant",
    "key",
    "moment",
    "money",
    "number",
    "probability",
    "ref",
    "score",
    "spec",
    "text",
]

COLUMN_KINDS = (
    "id",
    "key",
    "text",
    "instant",
    "day",
    "moment",
    "money",
    "probability",
    "duration",
    "flag",
    "count",
    "number",
    "score",
)


def spec(column: str, **facts: Any) -> dict[str, Any]:
    """Return the metadata of a field; used directly where a field has no default."""
    return {"column": column, **facts}


def _field(column: str, default: Any = None, **facts: Any) -> Any:
    return attrs.field(default=default, kw_only=True, metadata=spec(column, **facts))


def ref(table: str) -> Any:
    """Return a key that holds an id of another table."""
    return _field("key", references=table)


def key(default: str | None = None, *, choices: tuple[str, ...] = ()) -> Any:
    """Return a category; with `choices`, one of these words and no other."""
    return _field("key", default, choices=choices) if choices else _field("key", default)


def text() -> Any:
    """Return free text, which is not aggregated."""
    return _field("text")


def instant(*, recorded: bool = False, exists: bool = False) -> Any:
    """Return a datetime with a time zone."""
    return _field("instant", recorded=recorded, exists=exists)


def day(*, recorded: bool = False, exists: bool = False) -> Any:
    """Return a date."""
    return _field("day", recorded=recorded, exists=exists)


def moment(*, recorded: bool = False, exists: bool = False) -> Any:
    """Return a date or a datetime with a time zone, whichever the host knows."""
    return _field("moment", recorded=recorded, exists=exists)


def money() -> Any:
    """Return an amount with its currency; None is no amount, which is not zero (M3)."""
    return _field("money")


def probability() -> Any:
    """Return an exact number from 0 to 1."""
    return _field("probability")


def duration() -> Any:
    """Return a timedelta."""
    return _field("duration")


def flag(*, default: bool = False) -> Any:
    """Return True or False."""
    return _field("flag", default)


def count(default: int | None = None, *, least: int | None = None) -> Any:
    """Return a whole number, at least `least` where that is given."""
    return _field("count", default) if least is None else _field("count", default, least=least)


def number(default: Any = None) -> Any:
    """Return an exact number: int, Decimal or Fraction."""
    return _field("number", default)


def score() -> Any:
    """Return a score, the only inexact kind."""
    return _field("score")
