"""Lookups: what other tables say of the rows of one, for guided selling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..algebra.columns import Expr
from ..errors import ColumnNotFound
from ..evaluate import Scope
from ..evaluate.rows import Rows, rows_of
from ..state.listing import Heading, Values
from ..table.column import Array, Column, Mask
from ..units import DAY
from .instants import instants

__all__ = ["NEVER", "days_since", "has_planned", "keys_with", "labels_of", "last_done", "moments", "optional"]

NEVER = -(2**62)
"""An instant before all others."""


def optional(rows: Rows, expr: str | Expr) -> Column | None:
    """Return a column where the data has it, else None."""
    try:
        return rows.values(expr)
    except ColumnNotFound:
        return None


def moments(rows: Rows, column: str) -> Array | None:
    """Return a date column as instants, NEVER where blank; None where there is no such column."""
    found = optional(rows, column)
    if found is None or found.kind not in ("instant", "day"):
        return None
    at, there = instants(found, rows.scope.zone)
    return np.where(there, at, NEVER)


def days_since(at: Array, scope: Scope) -> Array:
    """Return the days from instants to as_of, as float64; nan where blank."""
    now = 0 if scope.as_of is None else scope.as_of.instant
    return np.where(at == NEVER, np.nan, (now - at) / DAY)


def last_done(rows: Rows, key: str) -> Array | None:
    """Return when each row last had an activity, by as_of; NEVER where it had none, None where nothing says.

    An activity takes place when it is done; where no activity says when it was done, at its own time.

    Args:
        rows: of the table that activities refer to.
        key: the column of activities that refers to it.
    """
    own = moments(rows, "last_activity_at")
    tables = rows.scope.tables
    if "activity" not in tables or key not in tables["activity"].columns:
        return own
    done = _happened(rows_of(tables["activity"], rows.scope))
    if done is None:
        return own
    found = np.full(len(rows), NEVER) if own is None else own.copy()
    codes, places = _codes(rows, tables["activity"][key])
    latest = np.full(len(tables["activity"][key].labels) + 1, NEVER)
    now = 2**62 if rows.scope.as_of is None else rows.scope.as_of.instant
    np.maximum.at(latest, places, np.where(done <= now, done, NEVER))
    return np.asarray(np.maximum(found, latest[codes]))


def _happened(activities: Rows) -> Array | None:
    for column in ("done", "at"):
        found = moments(activities, column)
        if found is not None and (found > NEVER).any():
            return found
    return None


def has_planned(rows: Rows, key: str, *, today: bool) -> Mask | None:
    """Return which rows have an activity that is still to come and not done; None where nothing says.

    Args:
        rows: of the table that activities refer to.
        key: the column of activities that refers to it.
        today: whether the view is of the present. One of the past has no activity of later, as nobody knows since when
            it was planned; only those due later that were there count.
    """
    tables = rows.scope.known if today else rows.scope.tables
    if "activity" not in tables or key not in tables["activity"].columns or rows.scope.as_of is None:
        return None
    activities = rows_of(tables["activity"], rows.scope)
    times = [t for t in (moments(activities, c) for c in ("at", "due")) if t is not None]
    if not times:
        return None
    done = moments(activities, "done")
    ahead = np.maximum.reduce(times) > rows.scope.as_of.instant
    if done is not None:
        ahead &= done == NEVER
    codes, places = _codes(rows, tables["activity"][key])
    found = np.zeros(len(tables["activity"][key].labels) + 1, bool)
    found[places[ahead]] = True
    found[0] = False
    return found[codes]


def keys_with(rows: Rows, column: str, found: Iterable[Any]) -> Mask:
    """Return which rows have one of these labels in a key column."""
    key = rows.key(column)
    wanted = set(found)
    return np.array([label is not None and label in wanted for label in key.labels], bool)[key.data]


def labels_of(rows: Rows, wanted: Sequence[tuple[Heading, str]]) -> list[tuple[Heading, Values]]:
    """Return the label columns that the data has."""
    found: list[tuple[Heading, Values]] = []
    for heading, column in wanted:
        values = optional(rows, column)
        if values is not None and values.kind in ("key", "text", "id"):
            data = values.data.tolist()
            found.append((heading, [values.labels[c] for c in data] if values.kind == "key" else data))
    return found


def _codes(rows: Rows, refers: Column) -> tuple[Array, Array]:
    """Return for each row the code that a reference has for its id (one past the last where it has none), and the codes."""
    index = refers.index
    none = len(refers.labels)
    return np.array([index.get(i, none) for i in rows.ids()], np.int64), refers.data.astype(np.int64)
