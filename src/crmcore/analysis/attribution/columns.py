"""Arrays of the caller as columns, checked as ingest would, but with no row left out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ArgumentError, DataError
from ...table.builders import ColumnSpec, builder
from ...table.builders.build import unreadable
from ...table.column import Array, Column
from ...table.currencies import check_one_currency, currencies_of

__all__ = ["amounts", "column", "counts", "of_one_currency"]

_KINDS = {
    "key": ("key", "text", "id"),
    "moment": ("day", "instant"),
    "money": ("money", "number", "count"),
    "count": ("count", "number"),
}


def column(name: str, kind: str, values: Any, *, timezone: str | None = None) -> Column:
    """Return an array, list or column as a column of a kind.

    Raises:
        ArgumentError: a column of another kind.
        DataError: a value that cannot be read, with its place.
    """
    if isinstance(values, Column):
        if values.kind not in _KINDS[kind]:
            raise ArgumentError(f"{name} is a column of kind {values.kind!r}; {' or '.join(_KINDS[kind])} is needed")
        return keyed(values) if kind == "key" else values
    made = builder(ColumnSpec(name, kind, timezone=timezone, least=0 if kind == "count" else None))
    made.add(values if isinstance(values, np.ndarray) else list(values))
    found = made.finish()
    if made.bad:
        raise unreadable(name, name, made.bad)
    return found


def keyed(values: Column) -> Column:
    """Return a column of ids or texts as codes into labels; code 0 is blank."""
    if values.kind == "key":
        return values
    index: dict[Any, int] = {}
    codes = [0 if v is None else index.setdefault(v, len(index) + 1) for v in values.data.tolist()]
    return Column("key", np.array(codes, np.int64), labels=[None, *index])


def counts(name: str, values: Any) -> Array:
    """Return counts as int64; a blank one is an error, since blank is not zero (M3)."""
    found = column(name, "count", values)
    if found.nulls:
        raise DataError(f"{name}[{np.flatnonzero(~found.present())[0]}] is blank; write 0 where nothing happened (M3)")
    if found.scale != 1:
        whole, rest = np.divmod(found.data, found.scale)
        if rest.any():
            raise DataError(f"{name} are whole numbers; row {np.flatnonzero(rest)[0]} is not")
        return np.asarray(whole)
    return found.data.astype(np.int64)


def amounts(name: str, values: Any) -> Column:
    """Return amounts of one currency or of none.

    Raises:
        CurrencyError: amounts of several currencies (M2).
    """
    return of_one_currency(name, column(name, "money", values))


def of_one_currency(name: str, values: Column) -> Column:
    """Return amounts with their currency as one code, or None where they declare none.

    Raises:
        CurrencyError: amounts of several currencies (M2).
    """
    currency = values.currency
    if isinstance(currency, Column):
        used = currencies_of(values)
        check_one_currency(
            f"{name} has amounts", used, way_out="credit them one currency at a time, or convert them first"
        )
        currency = used.pop() if used else None
    return values.replace(kind="money", currency=currency)
