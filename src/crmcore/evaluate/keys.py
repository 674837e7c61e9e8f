"""Keys: any column as codes into labels, so that rows can be grouped by it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from ..calendars import date_of
from ..calendars.moments import utc_of
from ..errors import DefinitionError
from ..table.column import NUMERIC, Column, code_type
from ..table.table import Table

__all__ = ["as_key"]


def as_key(column: Column, table: Table, name: Any) -> Column:
    """Return the column as a key column; dates and numbers are encoded, once per table.

    Args:
        column: a column of the table.
        table: keeps what is encoded.
        name: what the column is called, or its structure.

    Raises:
        DefinitionError: a column of inexact numbers.
    """
    if column.kind == "key":
        return column
    if column.kind == "score":
        raise DefinitionError(f"cannot group by {name}: it holds inexact numbers; cut it into classes with bins()")
    return table.kept(("key", name), lambda: _encoded(column))


def _encoded(column: Column) -> Column:
    if column.data.dtype == object and column.kind not in NUMERIC:
        index: dict[Any, int] = {}
        places = [0 if v is None else index.setdefault(v, len(index) + 1) for v in column.data.tolist()]
        labels = [None, *index]
        return Column("key", np.array(places, code_type(len(labels))), labels=labels)
    values, inverse = np.unique(column.data, return_inverse=True)
    codes = np.where(column.present(), inverse + 1, 0).astype(code_type(values.size + 1))
    return Column("key", codes, labels=[None, *(_label(column, v) for v in values.tolist())])


def _label(column: Column, value: Any) -> Any:
    if column.kind == "day":
        return date_of(value).isoformat()
    if column.kind == "instant":
        return utc_of(value).isoformat()
    if column.kind in ("flag", "count", "id") or column.scale == 1:
        return value
    exact = Fraction(value, column.scale)
    return int(exact) if exact.denominator == 1 else float(exact)
