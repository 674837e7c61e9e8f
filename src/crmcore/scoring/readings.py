"""Readings: what a feature is for each row, also where no row has a value, so that nothing tells what kind it is of."""

from __future__ import annotations

import numpy as np

from ..algebra import columns as c
from ..algebra.walk import columns_of
from ..errors import DefinitionError
from ..evaluate import resolve
from ..evaluate.rows import Rows
from ..table.column import Column
from .absent import blank_columns, value_without
from .features import wants_of
from .inputs import compared

__all__ = ["key_of", "values_of"]


def values_of(rows: Rows, expr: c.Expr) -> Column:
    """Return the value of an expression for each row; blank where the columns it needs have no value in any row.

    A record that is scored alone has no amount, say; nothing then tells that amounts are numbers, and blank is what a score
    has to see.

    Raises:
        CurrencyError: amounts of several currencies, which are not to be compared (M2).
    """
    found = _read(rows, expr)
    return Column("key", np.zeros(len(rows), np.int8), labels=[None]) if found is None else rows.values(found)


def key_of(rows: Rows, expr: c.Expr) -> Column:
    """Return an expression as codes into labels, code 0 for blank; see `values_of`.

    Raises:
        DefinitionError: inexact numbers, of which no two are sure to be the same.
        CurrencyError: as `values_of`.
    """
    found = _read(rows, expr)
    if found is None:
        return Column("key", np.zeros(len(rows), np.int8), labels=[None])
    if isinstance(found, c.Col) and resolve(found.name, rows.table, rows.scope).kind == "score":
        raise DefinitionError(
            f"column {found.name!r} of {rows.table.name!r} holds inexact numbers, which are no categories; cut it into classes, "
            f"such as bins({found.name!r}, [10, 100])"
        )
    return rows.key(found)


def _read(rows: Rows, expr: c.Expr) -> c.Expr | None:
    gone = blank_columns(columns_of(expr), rows.table, rows.scope, optional=wants_of([expr]))
    for name in compared(expr):
        if name not in gone and resolve(name, rows.table, rows.scope).kind == "money":
            rows.amounts(name)  # M2
    return value_without(expr, gone)
