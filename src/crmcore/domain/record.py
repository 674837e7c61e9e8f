"""What all records share: equality, text, and the checks that a value passes when a record is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import isnan
from numbers import Rational
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn

import attrs

from ..errors import DefinitionError
from .money import Money

__all__ = ["Id", "Moment", "Record", "is_moment", "judge_of", "refuse", "values_of"]

Id = str | int
"""What identifies a record in its host: text or a whole number."""
Moment = date | datetime
"""A date, or an instant with its time zone; a date is never given a made-up time (T2)."""


def is_moment(value: object) -> bool:
    """Return whether a value is a date, or a datetime that knows its time zone."""
    return _is_instant(value) if isinstance(value, datetime) else isinstance(value, date)


def _is_id(value: object) -> bool:
    return (isinstance(value, str) and value != "") or _is_whole(value)


def _is_key(value: object) -> bool:
    return isinstance(value, str) or _is_whole(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_instant(value: object) -> bool:
    # pandas' NaT is a datetime, and raises when it is asked for its offset
    return isinstance(value, datetime) and value.tzinfo is not None and value.utcoffset() is not None


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _is_money(value: object) -> bool:
    return isinstance(value, Money)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, Rational) and not isinstance(value, bool)


def _is_probability(value: Any) -> bool:
    return _is_number(value) and bool(0 <= value <= 1)


def _is_score(value: Any) -> bool:
    return isinstance(value, float | int | Decimal) and not isinstance(value, bool) and not isnan(value)


def _is_duration(value: object) -> bool:
    return isinstance(value, timedelta)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "id": (_is_id, "text or a whole number"),
    "key": (_is_key, "text or a whole number"),
    "text": (_is_text, "text"),
    "instant": (_is_instant, "a datetime with a time zone"),
    "day": (_is_day, "a date"),
    "moment": (is_moment, "a date, or a datetime with a time zone"),
    "money": (_is_money, "Money, e.g. Money('12.50', 'USD')"),
    "count": (_is_whole, "a whole number"),
    "number": (_is_number, "an int, a Decimal or a Fraction"),
    "probability": (_is_probability, "an int, Decimal or Fraction from 0 to 1 (30 % is Decimal('0.30'))"),
    "score": (_is_score, "a number"),
    "duration": (_is_duration, "a timedelta"),
    "flag": (_is_flag, "True or False"),
}


def refuse(record: object, field: str, why: str) -> NoReturn:
    """Raise the error that says which value of which record cannot be."""
    name, value = type(record).__name__, getattr(record, field)
    raise DefinitionError(
        f"{name} {getattr(record, 'id', None)!r}: {field} {value!r} {why}", record=name, field=field, value=value
    )


def judge_of(field: attrs.Attribute[Any]) -> Callable[[Any], str | None]:
    """Return the function that says why a value is none that the field takes, or None where it is one."""
    meta = field.metadata
    check, expected = _CHECKS.get(meta.get("column", ""), (None, "a value"))
    if meta.get("any"):
        check = None
    choices: tuple[str, ...] = meta.get("choices", ())
    least: int | None = meta.get("least")

    def judge(value: Any) -> str | None:
        if value is None:
            # a field that may be blank has None as its default, and a default is not checked
            return f"is missing; give {expected}"
        if check is not None and not check(value):
            naive = isinstance(value, datetime) and expected.endswith("time zone")
            return f"has no time zone; give {expected}" if naive else f"is not {expected}"
        if choices and value not in choices:
            from difflib import get_close_matches  # only an error needs it

            near = get_close_matches(str(value), choices, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return f"is not one of {', '.join(choices)}{hint}"
        if least is not None and value < least:
            return f"is below {least}"
        return None

    return judge


class _Plan(NamedTuple):
    """What is the same for all records of a class; worked out once, when the first is made."""

    names: tuple[str, ...]
    defaults: tuple[Any, ...]
    values: Callable[[Any], tuple[Any, ...]]
    judges: tuple[Callable[[Any], str | None], ...]


@cache
def _plan(record: type[Any]) -> _Plan:
    fields = attrs.fields(record)
    names = tuple(a.name for a in fields)
    return _Plan(names, tuple(a.default for a in fields), attrgetter(*names), tuple(map(judge_of, fields)))


def _plan_of(record: Any) -> _Plan:
    kind: Any = type(record)
    return _plan(kind)


def values_of(record: Any) -> tuple[Any, ...]:
    """Return the values of a record in the order of its fields."""
    return _plan_of(record).values(record)


class Record:
    """The common part of all records.

    Equality, hash and text are written once here rather than generated for each class: that keeps the
    import of the domain cheap. A record shows only the fields that differ from their default.
    """

    __slots__ = ()

    def __attrs_post_init__(self) -> None:
        plan = _plan_of(self)
        for name, value, default, judge in zip(plan.names, plan.values(self), plan.defaults, plan.judges, strict=True):
            if value is not default and (why := judge(value)) is not None:
                refuse(self, name, why)
        self._check()

    def _check(self) -> None:
        """Check what no single field can tell; records override it."""

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values_of(self) == values_of(other)

    def __hash__(self) -> int:
        return hash((type(self), values_of(self)))

    def __repr__(self) -> str:
        plan = _plan_of(self)
        given = zip(plan.names, plan.values(self), plan.defaults, strict=True)
        shown = ", ".join(f"{name}={value!r}" for name, value, default in given if value is not default)
        return f"{type(self).__name__}({shown})"
