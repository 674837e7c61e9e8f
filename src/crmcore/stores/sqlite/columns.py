"""Columns: the values that many new records have in one field, checked and written down all at once.

The rules are those of `check_write`, the texts those of `dump`, the cells those of `Shape.cells`: what is not certain to be
taken is left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring as quoted
from math import isfinite
from typing import Any, NamedTuple

import attrs

from ...domain import Money
from ...domain.record import judge_of
from ...domain.schema import RECORDS
from ..values import defaults_of
from .forms import FORMS, Cell, cell_of_decimal
from .layout import currency_of, shape_of

__all__ = ["Filled", "filled", "is_text", "is_whole", "microseconds"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORDINAL = date(1970, 1, 1).toordinal()
_DAY = 86_400
_INT64 = 2**63


class Filled(NamedTuple):
    """What a field of some records is in JSON, "" for a blank one, and the columns of its cells."""

    texts: Sequence[str]
    cells: dict[str, Sequence[Cell]]


class _Field(NamedTuple):
    """What is known of a field: its default, its kind in the layout, None for a host's own, and how values are judged."""

    name: str
    prefix: str
    kind: str | None
    default: Any
    judge: Callable[[Any], str | None] | None
    choices: frozenset[str]


def is_text(values: Sequence[Any]) -> bool:
    """Return whether all values are text that can be written down."""
    joined = "".join(values)
    if joined.isascii():
        return "\0" not in joined
    try:
        joined.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return "\0" not in joined


def is_whole(values: Sequence[int]) -> bool:
    """Return whether all whole numbers fit a cell."""
    return min(values) >= -_INT64 and max(values) < _INT64


def microseconds(instants: Sequence[datetime]) -> list[int]:
    """Return instants as microseconds since 1970 UTC."""
    gone = [at - _EPOCH for at in instants]
    return [(t.days * _DAY + t.seconds) * 1_000_000 + t.microseconds for t in gone]


@cache
def _field(table: str, name: str) -> _Field:
    kind = shape_of(table).kinds.get(name)
    if table not in RECORDS:
        return _Field(name, quoted(name) + ":", kind, None, None, frozenset())
    record: Any = RECORDS[table]
    known = {a.name: a for a in attrs.fields(record)}
    if name not in known:
        return _Field(name, quoted(name) + ":", kind, None, None, frozenset())
    choices = frozenset(known[name].metadata.get("choices", ()))
    return _Field(name, quoted(name) + ":", kind, defaults_of(table).get(name), judge_of(known[name]), choices)


def filled(table: str, name: str, values: Sequence[Any]) -> Filled | None:
    """Return what a field of new records is, or None where that takes a closer look.

    Args:
        table: of the records.
        name: of the field, which is one that a store keeps.
        values: of each record, None where it has none.
    """
    field = _field(table, name)
    types = set(map(type, values))
    blank = type(None) in types
    types.discard(type(None))
    if len(types) != 1:
        return None if types else Filled([""] * len(values), {})
    (kind,) = types
    if kind is type(field.default) and field.default in values:
        # what stands there without being written is not written
        blank, values = True, [None if v == field.default else v for v in values]
    there = [v for v in values if v is not None] if blank else values
    found = _filled(field, kind, there) if there else Filled((), {})
    if found is None or not blank:
        return found
    places = [v is not None for v in values]
    return Filled(_spread(found.texts, places, ""), {n: _spread(c, places, None) for n, c in found.cells.items()})


def _spread(some: Sequence[Any], places: Sequence[bool], blank: Any) -> list[Any]:
    following = iter(some)
    return [next(following) if there else blank for there in places]


def _filled(field: _Field, kind: type, values: Sequence[Any]) -> Filled | None:
    """Return what values of one type are, none of them blank."""
    take = _TAKEN.get(kind)
    if take is None or not _fits(field, kind, values):
        return None
    found = take(field, values)
    return found if found is None or field.kind is not None else Filled(found.texts, {})


def _fits(field: _Field, kind: type, values: Sequence[Any]) -> bool:
    """Return whether a field takes values of a type: the ends of an order, each word of a few, else one for all."""
    if kind is float and not all(map(isfinite, values)):
        return False
    if kind is Decimal and not all(map(Decimal.is_finite, values)):
        return False
    if field.judge is None:
        return True
    if field.choices:
        return kind is str and field.choices.issuperset(values)
    ends = (min(values), max(values)) if kind in {int, float, Decimal} else values[:1]
    return all(field.judge(value) is None for value in ends)


def _words(field: _Field, values: Sequence[str]) -> Filled | None:
    return Filled([field.prefix + quoted(v) for v in values], {field.name: values}) if is_text(values) else None


def _wholes(field: _Field, values: Sequence[int]) -> Filled | None:
    return Filled([f"{field.prefix}{v!r}" for v in values], _cells(field, values)) if is_whole(values) else None


def _money(field: _Field, values: Sequence[Money]) -> Filled:
    amounts = [v.amount for v in values]
    texts = list(map(str, amounts))
    currencies = [v.currency for v in values]
    ends = {c: f'",{"null" if c is None else quoted(c)}]}}' for c in set(currencies)}
    prefix = field.prefix + '{"$m":["'
    written = [f"{prefix}{text}{ends[c]}" for text, c in zip(texts, currencies, strict=True)]
    if field.kind is None:
        return Filled(written, {})
    cells = list(map(cell_of_decimal, amounts, texts))
    return Filled(written, {field.name: cells, currency_of(field.name): currencies})


def _decimals(field: _Field, values: Sequence[Decimal]) -> Filled:
    return Filled([f'{field.prefix}{{"$n":"{v}"}}' for v in values], _cells(field, values))


def _instants(field: _Field, values: Sequence[datetime]) -> Filled | None:
    if any([v.tzinfo is not UTC for v in values]):  # noqa: C419 - a list is faster
        return None
    found = microseconds(values)
    prefix = field.prefix + '{"$t":'
    return Filled([f"{prefix}{us}}}" for us in found], {field.name: [us * 2 for us in found]})


def _dates(field: _Field, values: Sequence[date]) -> Filled:
    cells = [(v.toordinal() - _ORDINAL) * 2 + 1 for v in values]
    return Filled([f'{field.prefix}{{"$d":"{v.isoformat()}"}}' for v in values], {field.name: cells})


def _flags(field: _Field, values: Sequence[bool]) -> Filled:
    return Filled([field.prefix + ("true" if v else "false") for v in values], _cells(field, values))


def _scores(field: _Field, values: Sequence[float]) -> Filled:
    return Filled([f"{field.prefix}{v!r}" for v in values], _cells(field, values))


def _spans(field: _Field, values: Sequence[timedelta]) -> Filled:
    found = [(v.days * _DAY + v.seconds) * 1_000_000 + v.microseconds for v in values]
    return Filled([f'{field.prefix}{{"$s":{us}}}' for us in found], _cells(field, values))


def _cells(field: _Field, values: Sequence[Any]) -> dict[str, Sequence[Cell]]:
    return {} if field.kind is None else {field.name: list(map(FORMS[field.kind].encode, values))}


_TAKEN: dict[type, Callable[[_Field, Any], Filled | None]] = {
    str: _words,
    int: _wholes,
    Money: _money,
    Decimal: _decimals,
    datetime: _instants,
    date: _dates,
    bool: _flags,
    float: _scores,
    timedelta: _spans,
}
