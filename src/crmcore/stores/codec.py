"""Entries as text, and back: canonical, so that equal content has equal digests on every backend."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import blake2b
from json.encoder import encode_basestring as _quoted
from math import isfinite
from typing import Any, NamedTuple

from ..domain import Money
from ..domain.record import Id, Moment
from ..errors import StoreCorrupt
from .entry import Entry, Write

__all__ = ["EMPTY", "Row", "digest", "dump", "entry_of", "instant", "link", "load", "moment_in", "moment_out", "row_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
EMPTY = b"\0" * 16
"""What the first entry of a log is linked to."""


def _money(value: Money) -> str:
    currency = "null" if value.currency is None else _quoted(value.currency)
    return f'{{"$m":["{value.amount}",{currency}]}}'


def _number(value: float) -> str:
    if not isfinite(value):
        raise ValueError(f"{value!r} is no number of JSON")
    return repr(value)


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: int.__repr__,
    bool: lambda v: "true" if v else "false",
    type(None): lambda _: "null",
    float: _number,
    Money: _money,
    datetime: lambda v: f'{{"$t":{instant(v)}}}',
    date: lambda v: f'{{"$d":"{v.isoformat()}"}}',
    Decimal: lambda v: f'{{"$n":"{v}"}}',
    timedelta: lambda v: f'{{"$s":{v // _TICK}}}',
    Fraction: lambda v: f'{{"$q":[{v.numerator},{v.denominator}]}}',
}
"""Type -> its text in JSON; `check_write` has left no other type (K13)."""


@lru_cache(maxsize=4096)
def _named(name: str) -> str:
    return _quoted(name) + ":"


_VALUES: dict[str, Callable[[Any], Any]] = {
    "$m": lambda v: Money(v[0], v[1]),
    "$t": lambda v: _EPOCH + timedelta(microseconds=v),
    "$d": date.fromisoformat,
    "$n": Decimal,
    "$s": lambda v: timedelta(microseconds=v),
    "$q": lambda v: Fraction(v[0], v[1]),
}


def _value(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        (tag,) = found
        if tag in _VALUES:
            return _VALUES[tag](found[tag])
    return found


_NO_VALUES = frozenset({dict, list})
_decode = json.JSONDecoder(object_hook=_value).decode


def dump(values: Mapping[str, Any] | list[Any] | tuple[Any, ...]) -> str:
    """Return values as JSON: names in order, types kept, the same bytes on every backend."""
    if isinstance(values, Mapping):
        return (
            "{" + ",".join([_named(name) + _TEXTS[type(values[name])](values[name]) for name in sorted(values)]) + "}"
        )
    return "[" + ",".join([_TEXTS[type(value)](value) for value in values]) + "]"


def decode(text: str) -> Any:
    """Return what a text of JSON holds, with the types that `dump` keeps.

    Raises:
        StoreCorrupt: text that is no such JSON.
    """
    try:
        return _decode(text)
    except (ValueError, TypeError, ArithmeticError, RecursionError, LookupError) as error:
        raise StoreCorrupt(f"an entry cannot be read: {error}") from None


def load(text: str) -> dict[str, Any]:
    """Return values from their JSON.

    Raises:
        StoreCorrupt: text that `dump` has not written.
    """
    found = decode(text)
    if not isinstance(found, dict):
        raise StoreCorrupt(f"an entry holds {type(found).__name__} where fields are expected")
    if not _NO_VALUES.isdisjoint(map(type, found.values())):
        raise StoreCorrupt("an entry holds a list or an object where a value is expected")
    return found


def instant(at: datetime) -> int:
    """Return microseconds since 1970 UTC."""
    return (at - _EPOCH) // _TICK


def moment_out(at: Moment) -> int | str:
    """Return a date as its text, an instant as microseconds since 1970 UTC."""
    return instant(at) if isinstance(at, datetime) else at.isoformat()


def moment_in(cell: int | str) -> Moment:
    """Return the date or instant that `moment_out` gave a cell for."""
    return _EPOCH + timedelta(microseconds=cell) if isinstance(cell, int) else date.fromisoformat(cell)


class Row(NamedTuple):
    """An entry as plain cells: what a backend writes, and what the chain is made over."""

    number: int
    table: str
    id: Id
    version: int
    values: str
    old: str
    at: int | str
    recorded_at: int
    actor: Id | None
    sequence: int
    source: str
    key: str | None


def row_of(entry: Entry) -> Row:
    """Return an entry as cells."""
    return Row(
        entry.number,
        entry.table,
        entry.id,
        entry.version,
        dump(entry.values),
        dump(entry.old),
        moment_out(entry.at),
        instant(entry.recorded_at),
        entry.actor,
        entry.sequence,
        entry.source,
        entry.key,
    )


def entry_of(row: Row) -> Entry:
    """Return the entry that cells stand for.

    Raises:
        StoreCorrupt: cells that `row_of` has not made.
    """
    try:
        at, recorded = moment_in(row.at), _EPOCH + timedelta(microseconds=row.recorded_at)
    except (ValueError, TypeError, OverflowError) as error:
        raise StoreCorrupt(f"entry {row.number} cannot be read: {error}") from None
    return Entry(
        row.number,
        row.table,
        row.id,
        row.version,
        load(row.values),
        load(row.old),
        at,
        recorded,
        row.actor,
        row.sequence,
        row.source,
        row.key,
    )


def link(previous: bytes, row: Row) -> bytes:
    """Return the link that ties an entry to the one before it, 16 bytes (K12)."""
    return blake2b(previous + dump(row).encode(), digest_size=16).digest()


def digest(write: Write, values: dict[str, Any]) -> bytes:
    """Return what tells the content of a write with a key from another, 16 bytes (K4).

    Args:
        write: the write.
        values: its values as `check_write` returned them.
    """
    content = dump([write.table, write.id, dump(values), moment_out(write.at), write.sequence])
    return blake2b(content.encode(), digest_size=16).digest()
