"""Once: columns of which a source keeps only the last change, so that before it nobody knows what they were (S5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..column import Array, Mask
from ..table import Table
from .log import Log

__all__ = ["last_changes_of", "unknown_at", "unknown_since"]

_NEVER = np.iinfo(np.int64).max
_FROM_OUTCOME = ("closed_at", "first_won_at", "reopened")


def last_changes_of(tables: Mapping[str, Table], name: str, logs: Mapping[str, Log]) -> dict[str, str]:
    """Return the columns of a table of which only the last change is known, each with the column whose change that is.

    Args:
        tables: those of a dataset.
        name: of the table.
        logs: its logs; what follows from a column that is known so little is known no better.
    """
    changes = tables.get("change")
    if changes is None or not changes.last_only or not logs:
        return {}
    found = {f.partition(".")[2]: f.partition(".")[2] for f in changes.last_only if f.startswith(f"{name}.")}
    if name == "opportunity" and found:
        own = changes.kept(("own fields", name), lambda: _own(changes, name))
        if "stage" in found:
            found |= {n: "stage" for n in ("stage_entered_at", "outcome") if n in logs and n not in own}
        if "outcome" in found:
            found |= {n: found["outcome"] for n in _FROM_OUTCOME if n in logs and n not in own}
    return {column: source for column, source in found.items() if source in logs}


def unknown_at(log: Log, instant: int, known: int) -> Mask:
    """Return of which rows the value at an instant is not known, by what was known at another."""
    return unknown_since(log, known) > instant


def unknown_since(log: Log, known: int) -> Array:
    """Return the first instant at which the value of each row is known; before all time where it never changed."""
    found = np.full(len(log.before), np.iinfo(np.int64).min)
    found[log.rows] = _NEVER
    seen = log.seen(known)
    np.minimum.at(found, seen.rows, seen.at)
    return found


def _own(changes: Table, name: str) -> frozenset[str]:
    """Return the columns of a table that changes name themselves."""
    tables, fields = changes["table"], changes["field"]
    mine = fields.data[tables.data == tables.index.get(name, -1)]
    return frozenset(fields.labels[code] for code in np.unique(mine).tolist() if code)
