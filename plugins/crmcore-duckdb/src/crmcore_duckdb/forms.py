"""Forms: how the values of a field stand in a Parquet file, and come back as they were.

| form    | column of the file           | value                                           |
|---------|------------------------------|-------------------------------------------------|
| text    | string                       | str                                             |
| whole   | int64                        | int                                             |
| flag    | boolean                      | bool                                            |
| day     | date                         | date                                            |
| instant | timestamp, microseconds UTC  | datetime                                        |
| decimal | decimal128(38, scale)        | Decimal                                         |
| money   | the same, and a string       | Money: the amount, and its currency beside it   |
| score   | double                       | float                                           |
| span    | int64, microseconds          | timedelta                                       |
| mixed   | string                       | JSON of `crmcore.stores.codec`: values of several types, or beyond the others' range |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pyarrow as pa

from crmcore.domain import Money
from crmcore.errors import StoreCorrupt
from crmcore.stores.codec import dump, load

__all__ = ["DIGITS", "FORMS", "Field", "arrow_types", "decoded", "duck_types", "encoded"]

DIGITS = 38
"""Digits of a decimal128."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_INSTANT = pa.timestamp("us", "UTC")


@attrs.frozen(slots=True)
class Field:
    """A field of a table, and the columns of the file that hold it.

    Args:
        name: of the field, any that a store takes.
        form: one of `FORMS`.
        columns: names in the file; of money the amount and the currency.
        scale: decimals of a decimal or an amount.
    """

    name: str
    form: str
    columns: tuple[str, ...]
    scale: int = 0


_TYPES: dict[str, tuple[Any, str]] = {
    "text": (pa.string(), "VARCHAR"),
    "whole": (pa.int64(), "BIGINT"),
    "flag": (pa.bool_(), "BOOLEAN"),
    "day": (pa.date32(), "DATE"),
    "instant": (_INSTANT, "TIMESTAMP WITH TIME ZONE"),
    "score": (pa.float64(), "DOUBLE"),
    "span": (pa.int64(), "BIGINT"),
    "mixed": (pa.string(), "VARCHAR"),
}
FORMS = (*_TYPES, "decimal", "money")


def arrow_types(field: Field) -> tuple[Any, ...]:
    """Return Arrow's types of the columns of a field."""
    if field.form in _TYPES:
        return (_TYPES[field.form][0],)
    amount = pa.decimal128(DIGITS, field.scale)
    return (amount, pa.string()) if field.form == "money" else (amount,)


def duck_types(field: Field) -> tuple[str, ...]:
    """Return what DuckDB calls the types of the columns of a field."""
    if field.form in _TYPES:
        return (_TYPES[field.form][1],)
    amount = f"DECIMAL({DIGITS},{field.scale})"
    return (amount, "VARCHAR") if field.form == "money" else (amount,)


# --- to Arrow


def encoded(field: Field, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return values as Arrow arrays, one for each column of the field.

    Raises:
        ArrowInvalid, OverflowError, TypeError: a value that the form does not hold.
    """
    if field.form == "money":
        amounts = [None if v is None else v.amount for v in values]
        currencies = [None if v is None else v.currency for v in values]
        return (pa.array(amounts, pa.decimal128(DIGITS, field.scale)), pa.array(currencies, pa.string()))
    (kind,) = arrow_types(field)
    if field.form == "instant":
        ticks = [None if v is None else (v - _EPOCH) // _TICK for v in values]
        return (pa.array(ticks, pa.int64()).cast(kind),)
    if field.form == "span":
        return (pa.array([None if v is None else v // _TICK for v in values], kind),)
    if field.form == "mixed":
        return (pa.array([None if v is None else dump({"v": v}) for v in values], kind),)
    return (pa.array(values, kind),)


# --- from Arrow


def decoded(field: Field, arrays: Sequence[Any]) -> list[Any]:
    """Return the values of Arrow arrays.

    Raises:
        StoreCorrupt: a cell that `encoded` has not written.
    """
    try:
        return _DECODERS.get(field.form, _plain)(arrays)
    except (ValueError, OverflowError, TypeError, KeyError) as error:
        raise StoreCorrupt(f"field {field.name!r} cannot be read: {error}") from None


def _plain(arrays: Sequence[Any]) -> list[Any]:
    found: list[Any] = arrays[0].to_pylist()
    return found


def _instants(arrays: Sequence[Any]) -> list[Any]:
    ticks = arrays[0].cast(pa.int64()).to_pylist()
    return [None if v is None else _EPOCH + timedelta(microseconds=v) for v in ticks]


def _spans(arrays: Sequence[Any]) -> list[Any]:
    return [None if v is None else timedelta(microseconds=v) for v in arrays[0].to_pylist()]


def _amounts(arrays: Sequence[Any]) -> list[Any]:
    amounts, currencies = (a.to_pylist() for a in arrays)
    return [None if v is None else Money(v, c) for v, c in zip(amounts, currencies, strict=True)]


def _mixed(arrays: Sequence[Any]) -> list[Any]:
    return [None if v is None else load(v)["v"] for v in arrays[0].to_pylist()]


_DECODERS: dict[str, Callable[[Sequence[Any]], list[Any]]] = {
    "instant": _instants,
    "span": _spans,
    "money": _amounts,
    "mixed": _mixed,
}


# --- which form


_BY_TYPE: dict[type, str] = {
    str: "text",
    int: "whole",
    bool: "flag",
    date: "day",
    datetime: "instant",
    Decimal: "decimal",
    Money: "money",
    float: "score",
    timedelta: "span",
}


@attrs.define(slots=True, eq=False)
class Survey:
    """What the values of a field are like, batch after batch: it says which form holds all of them."""

    kinds: set[type] = attrs.Factory(set)
    scale: int = 0
    whole: int = 0
    wide: bool = False
    """A value beyond what the form of its type holds."""

    def see(self, values: Sequence[Any]) -> None:
        """Look at values; None is none."""
        kinds = set(map(type, values)) - {type(None)}
        self.kinds |= kinds
        if int in kinds:
            self.wide |= any(type(v) is int and not -(2**63) <= v < 2**63 for v in values)
        if timedelta in kinds:
            self.wide |= any(type(v) is timedelta and not -(2**63) <= v // _TICK < 2**63 for v in values)
        if Decimal in kinds:
            self._measure([v for v in values if type(v) is Decimal])
        if Money in kinds:
            self._measure([v.amount for v in values if type(v) is Money])

    def _measure(self, amounts: Sequence[Decimal]) -> None:
        self.scale = max(self.scale, *(-int(a.as_tuple().exponent) for a in amounts))
        self.whole = max(self.whole, *(a.adjusted() + 1 for a in amounts))
        self.wide |= self.scale + self.whole > DIGITS

    def field(self, name: str, columns: Callable[[str], str]) -> Field | None:
        """Return the field of these values, or None where there was none.

        Args:
            name: of the field.
            columns: makes a name of a column that is free in the file.
        """
        if not self.kinds:
            return None
        form = _BY_TYPE.get(next(iter(self.kinds)), "mixed") if len(self.kinds) == 1 and not self.wide else "mixed"
        scale = self.scale if form in {"decimal", "money"} else 0
        own = (columns(name), columns(f"{name}.currency")) if form == "money" else (columns(name),)
        return Field(name, form, own, scale)
