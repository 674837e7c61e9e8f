"""Instants: dates of a column as instants."""

from __future__ import annotations

import numpy as np

from ..calendars import Zone
from ..errors import DefinitionError
from ..table.column import Array, Column, Mask
from ..table.dates import micros

__all__ = ["instants"]


def instants(column: Column, zone: Zone) -> tuple[Array, Mask]:
    """Return dates as instants, a day as its last microsecond (T8), and which rows have one.

    Raises:
        DefinitionError: a column of something else.
    """
    if column.kind not in ("instant", "day"):
        if column.nulls == len(column):  # a column that is not there, inside coalesce()
            return np.zeros(len(column), np.int64), np.zeros(len(column), bool)
        raise DefinitionError(f"a {column.kind} column says not when a row was decided; give one with dates")
    return micros(column, zone), column.present()
