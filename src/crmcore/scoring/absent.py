"""Absent: expressions on columns that have no value in any row, whatever kind such a column was taken for.

A blank makes a value blank and a comparison false, so it is left out of the expression; no kind has to be guessed.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ..algebra import columns as c
from ..errors import ColumnNotFound
from ..evaluate import Scope, resolve
from ..table.table import Table

__all__ = ["blank_columns", "condition_without", "value_without"]


def blank_columns(names: Iterable[str], table: Table, scope: Scope, *, optional: Iterable[str] = ()) -> frozenset[str]:
    """Return which columns have no value in any row, or are optional and not there.

    Raises:
        ColumnNotFound: a column that is neither there nor optional.
    """
    return frozenset(n for n in names if _blank(n, table, scope, optional=n in optional))


def _blank(name: str, table: Table, scope: Scope, *, optional: bool) -> bool:
    try:
        column = resolve(name, table, scope)
    except ColumnNotFound:
        if optional:
            return True
        raise
    return column.nulls == len(column)


def condition_without(expr: c.Expr, gone: frozenset[str]) -> c.Expr:
    """Return a condition as it reads where these columns are blank."""
    found = value_without(expr, gone)
    return c.lit(value=False) if found is None else found


def value_without(expr: c.Expr, gone: frozenset[str]) -> c.Expr | None:
    """Return a value as it reads where these columns are blank; None where it is blank itself."""
    if not gone:
        return expr
    match expr:
        case c.Col():
            return None if expr.name in gone else expr
        case c.Maybe():
            return None if expr.term.name in gone else expr
        case c.IsNull():
            term = value_without(expr.term, gone)
            return c.lit(value=True) if term is None else c.IsNull(term)
        case c.Coalesce():
            terms = tuple(t for t in (value_without(t, gone) for t in expr.terms) if t is not None)
            return c.Coalesce(terms) if terms else None
        case c.And() | c.Or():
            return type(expr)(tuple(condition_without(t, gone) for t in expr.terms))
        case c.Not():
            return c.Not(condition_without(expr.term, gone))
    found = _rebuilt(expr, gone)
    return c.lit(value=False) if found is None and isinstance(expr, (c.Compare, c.IsIn)) else found


def _rebuilt(expr: c.Expr, gone: frozenset[str]) -> c.Expr | None:
    """Return an expression of the same sort; None where something in it is blank."""
    parts: dict[str, c.Expr] = {}
    for field in attrs.fields(type(expr)):
        part = getattr(expr, field.name)
        if isinstance(part, c.Expr):
            found = value_without(part, gone)
            if found is None:
                return None
            parts[field.name] = found
    return attrs.evolve(expr, **parts) if parts else expr
