"""Once: columns of which a source keeps only the last change, so that before it nobody knows what they were (S5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...calendars import Zone
from ..column import Array
from ..table import Table
from .log import Log
from .whole import whole

__all__ = ["is_told_once", "known_since"]

_ALWAYS, _NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def is_told_once(tables: Mapping[str, Table], table: str, field: str) -> bool:
    """Does the source keep only the last change of a column?"""
    return "change" in tables and f"{table}.{field}" in tables["change"].last_only


def known_since(
    tables: Mapping[str, Table], name: str, logs: Mapping[str, Log], zone: Zone, known: int
) -> dict[str, Array]:
    """Return the columns of which a source keeps only the last change, with the first instant at which that of each row is known.

    Without a log of outcomes they follow from the dates of closing (O8); of a deal that is closed and has none, the outcome
    is known no longer than its stage.

    Args:
        tables: those of a dataset.
        name: of the table.
        logs: its logs.
        zone: where days end.
        known: what was recorded by then counts.
    """
    found = {field: _since(log, known) for field, log in logs.items() if is_told_once(tables, name, field)}
    if name != "opportunity" or "stage" not in found:
        return found
    if "stage_entered_at" in logs:
        found.setdefault("stage_entered_at", found["stage"])
    deals = whole(tables[name], zone)
    if "outcome" in deals and "outcome" not in logs:
        outcome, closed = deals["outcome"], deals.columns.get("closed_at")
        undated = outcome.present() & (outcome.data != outcome.index.get("open", -1))
        undated &= np.ones(len(deals), bool) if closed is None else ~closed.present()
        if undated.any():
            found["outcome"] = np.where(undated, found["stage"], _ALWAYS)
    return found


def _since(log: Log, known: int) -> Array:
    """Return the first instant at which the value of each row is known; before all time where it never changed."""
    found = np.full(len(log.before), _ALWAYS)
    found[log.rows] = _NEVER
    seen = log.seen(known)
    np.minimum.at(found, seen.rows, seen.at)
    return found
