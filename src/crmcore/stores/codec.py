"""Entries as text, and back: canonical, so that equal content has equal digests on every backend."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import blake2b
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


def _cell(value: Any) -> dict[str, Any]:
    """Return a value that JSON has no form for."""
    if isinstance(value, Money):
        return {"$m": [str(value.amount), value.currency]}
    if isinstance(value, datetime):
        return {"$t": instant(value)}
    if isinstance(value, date):
        return {"$d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$n": str(value)}
    if isinstance(value, timedelta):
        return {"$s": value // _TICK}
    if isinstance(value, Fraction):
        return {"$q": [value.numerator, value.denominator]}
    raise TypeError(f"a store keeps no {type(value).__name__}")  # K13 has refused it before


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


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), default=_cell
).encode
_decode = json.JSONDecoder(object_hook=_value).decode


def dump(values: Any) -> str:
    """Return values as JSON: keys in order, types kept."""
    return _encode(values if isinstance(values, dict | list) else dict(values))


def load(text: str) -> dict[str, Any]:
    """Return values from their JSON.

    Raises:
        StoreCorrupt: text that `dump` has not written.
    """
    try:
        found = _decode(text)
    except (ValueError, TypeError, ArithmeticError, RecursionError, LookupError) as error:
        raise StoreCorrupt(f"an entry cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise StoreCorrupt(f"an entry holds {type(found).__name__} where fields are expected")
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
    """Return the entry that cells stand for."""
    return Entry(
        row.number,
        row.table,
        row.id,
        row.version,
        load(row.values),
        load(row.old),
        moment_in(row.at),
        _EPOCH + timedelta(microseconds=row.recorded_at),
        row.actor,
        row.sequence,
        row.source,
        row.key,
    )


def link(previous: bytes, row: Row) -> bytes:
    """Return the link that ties an entry to the one before it, 16 bytes (K12)."""
    return blake2b(previous + _encode(row).encode(), digest_size=16).digest()


def digest(write: Write, values: dict[str, Any]) -> bytes:
    """Return what tells the content of a write with a key from another, 16 bytes (K4).

    Args:
        write: the write.
        values: its values as `check_write` returned them.
    """
    content = [write.table, write.id, values, moment_out(write.at), write.sequence]
    return blake2b(_encode(content).encode(), digest_size=16).digest()
