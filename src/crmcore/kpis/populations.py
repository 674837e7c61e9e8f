"""The populations that KPIs count: opportunities by outcome (O1), leads by conversion."""

from __future__ import annotations

from ..algebra import as_of, col, lit

__all__ = ["ABANDONED", "CLOSED", "CONVERTED", "DECIDED", "LOST", "OPEN", "OPEN_OR_WON", "OVERDUE", "REOPENED", "WON"]

OPEN = col("outcome") == "open"
WON = col("outcome") == "won"
LOST = col("outcome") == "lost"
ABANDONED = col("outcome") == "abandoned"
DECIDED = col("outcome").isin(["won", "lost"])
CLOSED = col("outcome").isin(["won", "lost", "abandoned"])
OPEN_OR_WON = col("outcome").isin(["open", "won"])

OVERDUE = col("expected_close") < as_of()
"""Past its expected close; stands beside OPEN, as a won deal is never overdue (E10, E56)."""
REOPENED = col("reopened") > 0
"""Left a closed stage at least once, whatever it is now (O5)."""

CONVERTED = col("converted") == lit(True)
