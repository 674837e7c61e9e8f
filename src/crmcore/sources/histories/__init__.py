"""Histories: the table of changes, made of the shapes in which hosts keep history.

    rows of a log -> from_...() -> History -> Dataset(opportunity=..., change=history)

Each function takes rows in any shape that a dataset takes, with the names of its columns, which are by default those of a host
that keeps its history in this shape. What cannot be read is rejected and listed, never dropped.
"""

from __future__ import annotations

from ...table.changes import History
from .field_changes import from_diffs, from_field_changes, from_messages, percent
from .last_change import from_last_change
from .row_versions import from_row_versions
from .stays import from_entered_and_left, from_intervals

__all__ = [
    "History",
    "from_diffs",
    "from_entered_and_left",
    "from_field_changes",
    "from_intervals",
    "from_last_change",
    "from_messages",
    "from_row_versions",
    "percent",
]
