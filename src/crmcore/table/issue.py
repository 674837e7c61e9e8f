"""Issues: what ingest noticed. Nothing is repaired silently and nothing is dropped silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

__all__ = ["EXAMPLES", "Issue", "Rejected"]

EXAMPLES = 5
"""Row numbers an issue quotes."""


@attrs.frozen(slots=True)
class Issue:
    """One kind of oddity in one column, with how often and where.

    Args:
        kind: e.g. "not a number", "unknown reference", "closed before created".
        rejected: True when the rows are left out; False when they are kept as they are.
        rows: example row numbers in the input, counted from 1 without the header.
        detail: what was found, e.g. the offending values.
    """

    kind: str
    table: str
    column: str
    count: int
    rejected: bool = False
    rows: tuple[int, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        where = f"{where}: " if where else ""  # a file that was not read belongs to no table
        fate = "rejected" if self.rejected else "kept"
        rows = (
            f" (rows {', '.join(map(str, self.rows))}{' …' if self.count > len(self.rows) else ''})"
            if self.rows
            else ""
        )
        return f"{where}{self.kind}: {self.count} {fate}{rows}{': ' + self.detail if self.detail else ''}"

    def to_dict(self) -> dict[str, Any]:
        """Return the issue as plain data."""
        return attrs.asdict(self) | {"rows": list(self.rows)}


@attrs.frozen(slots=True)
class Rejected:
    """A row that was left out, with the reason and the row as it came."""

    table: str
    row: int
    reason: str
    record: Mapping[str, Any]
