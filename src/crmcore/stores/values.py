"""Values that a store takes: checked before anything is written, plain afterwards (K13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import isfinite
from types import MappingProxyType
from typing import Any

import attrs

from ..domain import Money
from ..domain.record import Id, is_moment, judge_of
from ..domain.schema import RECORDS
from ..errors import ArgumentError, DefinitionError
from .entry import Write

__all__ = ["check_name", "check_write", "checked", "defaults_of", "fields_known", "same"]

LONGEST_NAME = 200
_RESERVED = ("id", "version")
_HOST = "text, a whole number, a Decimal, a Fraction, a finite float, True or False, a date, a datetime with a time zone, a timedelta or Money"


def check_name(name: object, what: str) -> str:
    """Return a name of a tenant, table, field, consumer, source or key.

    Raises:
        ArgumentError: it is no text, empty, too long, or has control characters in it.
    """
    if not isinstance(name, str) or not name or len(name) > LONGEST_NAME:
        raise ArgumentError(f"{what} is text of 1 to {LONGEST_NAME} characters, got {name!r}")
    if not name.isprintable() or not _encodable(name):
        raise ArgumentError(f"{what} {name!r} has characters in it that cannot be printed")
    return str(name)


def check_write(write: Write) -> dict[str, Any]:
    """Return the values of a write, once all of it is sure to be one that a store takes.

    Raises:
        DefinitionError: an id, value, date or number that is none, or a field that is not kept this way.
        ArgumentError: a name that is none.
    """
    if not isinstance(write, Write):
        raise ArgumentError(f"a store takes crmcore.stores.Write, got {write!r}")
    check_name(write.table, "table")
    if not _is_id(write.id):
        raise _no(write, "id", "is not text or a whole number")
    if write.actor is not None and not _is_id(write.actor):
        raise _no(write, "actor", "is not text or a whole number")
    if not is_moment(write.at):
        raise _no(write, "at", "is not a date, nor a datetime with a time zone")
    recorded: Any = write.recorded_at
    if not isinstance(recorded, datetime) or recorded.utcoffset() is None:
        raise _no(write, "recorded_at", "is not a datetime with a time zone")
    if not _is_place(write.sequence):
        raise _no(write, "sequence", "is not a whole number from 0")
    if write.expected is not None and not _is_place(write.expected):
        raise _no(write, "expected", "is not a whole number from 0")
    if write.key is not None:
        check_name(write.key, "key")
    if write.source != "":
        check_name(write.source, "source")
    return checked(write.table, write.id, write.values)


def checked(table: str, id: Id, values: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002
    """Return values as plain ones: UTC datetimes, no subclasses; a cleared field has the default of its record.

    Raises:
        DefinitionError: a value that its field does not take, or a field that is not kept this way.
        ArgumentError: a field whose name is none.
    """
    known, easy = fields_known(table), _easy(table)
    defaults = defaults_of(table)
    found: dict[str, Any] = {}
    for name, value in values.items():
        # most values are of the usual type of their field, and plain: one look tells
        sure = easy.get(name, _NONE).get(type(value))
        if sure is not None and sure(value):
            found[name] = value
            continue
        judge = known.get(name, _judge_host)
        if judge is _judge_host:
            _check_field(table, name)
        if value is None:
            found[name] = defaults.get(name)
            continue
        why = judge(value)
        if why is None:
            value = _plain(value)  # noqa: PLW2901 - the same value, as a plain one
            why = _unfit(value)
        if why is not None:
            raise DefinitionError(
                f"{table} {id!r}: {name} {value!r} {why}", table=table, id=id, field=name, value=value
            )
        found[name] = value
    return found


@cache
def fields_known(table: str) -> Mapping[str, Callable[[Any], str | None]]:
    """Return the fields of a table of the domain that are kept, each with its judge; none for a host's table."""
    if table not in RECORDS:
        return MappingProxyType({})
    record: Any = RECORDS[table]
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(record)
    return MappingProxyType({a.name: judge_of(a) for a in fields if "column" in a.metadata and a.name != "id"})


@cache
def defaults_of(table: str) -> Mapping[str, Any]:
    """Return what fields of a table of the domain stand for where they have no value, other than None."""
    if table not in RECORDS:
        return MappingProxyType({})
    record: Any = RECORDS[table]
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(record)
    kept = (a for a in fields if "column" in a.metadata and a.name != "id")
    return MappingProxyType(
        {a.name: a.default for a in kept if a.default is not None and a.default is not attrs.NOTHING}
    )


def _no(write: Write, what: str, why: str) -> DefinitionError:
    value = getattr(write, what)
    return DefinitionError(f"{write.table} {write.id!r}: {what} {value!r} {why}", value=value)


def _is_place(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _true(_: Any) -> bool:
    return True


def _is_ascii(value: str) -> bool:
    return value.isascii() and "\0" not in value


def _is_int64(value: int) -> bool:
    return -(2**63) <= value < 2**63


_NONE: Mapping[type, Callable[[Any], bool]] = MappingProxyType({})
_EASY: dict[str, dict[type, Callable[[Any], bool]]] = {
    "key": {str: _is_ascii, int: _is_int64},
    "text": {str: _is_ascii},
    "moment": {datetime: lambda v: v.tzinfo is UTC, date: _true},
    "instant": {datetime: lambda v: v.tzinfo is UTC},
    "day": {date: _true},
    "money": {Money: _true},
    "count": {int: _is_int64},
    "duration": {timedelta: _true},
    "flag": {bool: _true},
    "score": {float: isfinite},
}
"""Kind of field -> type -> whether a value is plain and one that the field takes; False leaves it to its judge."""


@cache
def _easy(table: str) -> Mapping[str, Mapping[type, Callable[[Any], bool]]]:
    """Return the fields of a table of the domain whose judge asks for nothing beyond their kind."""
    if table not in RECORDS:
        return MappingProxyType({})
    record: Any = RECORDS[table]
    fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(record)
    found: dict[str, Mapping[type, Callable[[Any], bool]]] = {}
    for a in fields:
        kind, choices = a.metadata.get("column"), a.metadata.get("choices", ())
        if choices:
            found[a.name] = {str: frozenset(choices).__contains__}
        elif kind in _EASY and a.name != "id" and a.metadata.get("least") is None and not a.metadata.get("any"):
            found[a.name] = _EASY[kind]
    return MappingProxyType(found)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are one: equal, and of one type (1 is not True, a date is no instant)."""
    return type(one) is type(other) and bool(one == other)


def _check_field(table: str, name: object) -> None:
    """Refuse a field that is neither the record's nor a name for a host's own."""
    text = check_name(name, f"field of {table}")
    if table == "change":
        raise ArgumentError("changes are not written as records: a store's log is made of them; see `entries`")
    if text in _RESERVED or text.startswith("$"):
        raise ArgumentError(f"field {text!r} of {table} cannot be set; id and version are the store's, $ is reserved")
    if table in RECORDS:
        record: Any = RECORDS[table]
        if any(a.name == text for a in attrs.fields(record)):
            raise ArgumentError(f"field {text!r} of {table} is not one value; its parts are records of their own")


def _judge_host(value: Any) -> str | None:
    """Say why a value of a host's own field is none that a store keeps."""
    if isinstance(value, datetime):
        return None if is_moment(value) else "has no time zone; give a datetime with one"
    if isinstance(value, str | int | Decimal | Fraction | float | date | timedelta | Money):
        return None
    return f"is a {type(value).__name__}; a store keeps {_HOST}"


def _unfit(value: Any) -> str | None:
    """Say why a plain value cannot be written down."""
    kind = type(value)
    if kind is str:
        return None if "\0" not in value and _encodable(value) else "has characters in it that are no text"
    if kind is float and not isfinite(value):
        return "is not finite; no value is None"
    if kind is Decimal and not value.is_finite():
        return "is not finite; no value is None"
    if kind is int and not -(10**1000) < value < 10**1000:
        return "has more than 1000 digits"
    return None


def _plain(value: Any) -> Any:
    """Return the value as one of the types that a store keeps, datetimes in UTC."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is datetime and value.tzinfo is UTC:
        return value
    if isinstance(value, datetime):
        utc = value.astimezone(UTC)
        return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)
    if isinstance(value, timedelta):
        return timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    if isinstance(value, Fraction):
        return Fraction(value.numerator, value.denominator)
    if isinstance(value, Money):
        return Money(value.amount, value.currency)
    if isinstance(value, str):
        return str.__str__(value)  # of a member of an enumeration, `str` gives its name
    if isinstance(value, float):
        return float.__float__(value)
    return Decimal(value) if isinstance(value, Decimal) else int.__int__(value)


_PLAIN = frozenset((str, int, bool, float, Decimal, Fraction, Money, date, timedelta))


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return value != "" and "\0" not in value and _encodable(value)
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
