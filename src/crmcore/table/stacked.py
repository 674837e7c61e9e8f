"""Stacked: two columns of one meaning, one below the other, with labels, scale and currency in common."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

import numpy as np

from ..calendars import Zone
from .column import Array, Column, code_type
from .dates import local_days

__all__ = ["currencies_in", "joined", "stacked"]


def stacked(first: Column, second: Column, zone: Zone) -> Column:
    """Return the rows of one column, then those of another of the same kind.

    Where one holds dates and the other instants, all become local days: a date is never given a time (T2).

    Args:
        first: its labels keep their codes.
        second: of the same kind, or also of dates.
        zone: of the local days.
    """
    if first.kind == "key":
        return _keys(first, second)
    if {first.kind, second.kind} == {"instant", "day"}:
        first, second = (_days(column, zone) for column in (first, second))
    scale = lcm(first.scale, second.scale)
    data = np.concatenate([_scaled(first, scale), _scaled(second, scale)])
    valid = None
    if first.valid is not None or second.valid is not None:
        valid = np.concatenate([first.present(), second.present()])
    return Column(first.kind, data, valid, scale=scale, currency=_currency(first, second))


def joined(columns: Sequence[Column]) -> Column:
    """Return the rows of columns that were taken from one: labels of some may go on where those of others end."""
    first = columns[0]
    valid = None
    if any(column.valid is not None for column in columns):
        valid = np.concatenate([column.present() for column in columns])
    currency = first.currency
    if isinstance(currency, Column):
        currency = joined([column.currency for column in columns if isinstance(column.currency, Column)])
    data = np.concatenate([column.data for column in columns])
    labels = max((column.labels for column in columns), key=len)
    return first.replace(data=data, valid=valid, labels=labels, currency=currency)


def _keys(first: Column, second: Column) -> Column:
    labels = list(first.labels)
    index = dict(first.index)
    codes = np.zeros(len(second.labels), np.int64)
    for code, label in enumerate(second.labels):
        if label not in index:
            index[label] = len(labels)
            labels.append(label)
        codes[code] = index[label]
    width = code_type(len(labels))
    return Column(
        "key", np.concatenate([first.data.astype(width), codes[second.data].astype(width)]), labels=tuple(labels)
    )


def _days(column: Column, zone: Zone) -> Column:
    return column if column.kind == "day" else Column("day", local_days(column.data, zone), column.valid)


def _scaled(column: Column, scale: int) -> Array:
    return column.data if column.scale == scale else column.data * (scale // column.scale)


def _currency(first: Column, second: Column) -> str | Column | None:
    """Return the currency that both have, or one for each row; a column of blanks has none to differ in."""
    for column, other in ((first, second), (second, first)):
        if column.nulls == len(column) and not isinstance(other.currency, Column):
            return other.currency
    if not isinstance(first.currency, Column) and first.currency == second.currency:
        return first.currency
    return _keys(currencies_in(first), currencies_in(second))


def currencies_in(column: Column) -> Column:
    """Return the currency of each row."""
    if isinstance(column.currency, Column):
        return column.currency
    code = 0 if column.currency is None else 1
    return Column("key", np.full(len(column), code, np.int8), labels=(None, *[column.currency][:code]))
