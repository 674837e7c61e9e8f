"""Rewind: rows with what was overwritten since put back, where a table of changes says what it was (O8)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..calendars import Zone
from ..table.column import Array, Column
from ..table.history import Log, logs_of, whole
from ..table.stacked import stacked
from ..table.table import Table
from ..table.views import fields

__all__ = ["rewound"]


def rewound(table: Table, limit: Array, tables: Mapping[str, Table], zone: Zone) -> Table:
    """Return a table in which each field has the value it had at an instant of each row.

    A change that became true, or was written down, later than that is undone: the field gets the old value of the first of
    them, and so does what follows from it, such as when a stage was entered. A step that tells when the record was created wrote the whole record, and is no change. An old value that cannot be
    read is blank.

    Args:
        table: rows with ids.
        limit: the instant that each row is seen from.
        tables: those of the dataset; without a table `change` that says of what to what, nothing is put back.
        zone: where days end.

    Rules: O8, S4.
    """
    changes = tables.get("change")
    if changes is None or "id" not in table or changes["old"].nulls == len(changes):  # nothing says what was before
        return table
    everything = whole(tables[table.name], zone)
    row_of = {label: row for row, label in enumerate(everything["id"].data.tolist())}
    own = np.array([row_of[label] for label in table["id"].data.tolist()], np.int64)
    limits, places = np.full(len(everything), np.iinfo(np.int64).max), np.zeros(len(everything), np.int64)
    limits[own], places[own] = limit, np.arange(len(table))
    logs = logs_of(tables, zone, strict=False).get(table.name, {})
    begun = [_steps(logs[f.name]) for f in fields(table.name) if f.exists and f.name in logs]
    found: dict[str, Column] = {}
    for name, log in logs.items():
        if name not in table or name == "id":
            continue
        late = np.maximum(log.at, log.known) > limits[log.rows]
        for steps in begun:
            late &= ~np.isin(_steps(log), steps)
        if late.any():
            undone = log.select(late)
            rows = np.unique(undone.rows)
            picked = np.arange(len(table))
            picked[places[rows]] = len(table) + np.arange(rows.size)
            found[name] = stacked(table[name], undone.pool.take(undone.before[rows]), zone).take(picked)
    return table.replace(found) if found else table


def _steps(log: Log) -> Array:
    """Return the step of each change: its row, when it was, and its place among those of that instant."""
    steps = np.stack([log.rows, log.at, log.sequence], 1).astype(np.int64)
    return steps.view("i8,i8,i8").reshape(-1)
