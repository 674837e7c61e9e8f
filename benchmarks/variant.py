"""One timed way to answer one query, and the names of the columns that every way has to give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from benchmarks.data import Array

Columns = dict[str, Array]
Cards = dict[str, Columns]  # query -> columns

THREADS = 2
QUERIES = ("Q1", "Q2", "Q4", "Q6")
DASHBOARD = "dashboard"  # the four queries in one go
HISTORY = ("Q3", "Q5")  # of the log of stages

# What a canonical result holds: key columns as integers (`month` counts from January 1970), counts and sums as
# integers or whole floats, everything else as float64 with nan where undefined, money in minor units.
KEYS = {
    "Q1": ("owner", "month"),
    "Q2": (),
    "Q3": ("stage", "into"),
    "Q4": ("source",),
    "Q5": ("stage", "month"),
    "Q6": ("owner",),
}
VALUES = {
    "Q1": ("won", "closed", "win_rate", "won_value", "mean_won_deal", "mean_cycle_days", "median_cycle_days"),
    "Q2": (
        "open",
        "won",
        "lost",
        "win_rate",
        "won_value",
        "mean_won_deal",
        "open_value",
        "mean_cycle_days",
        "median_cycle_days",
        "mean_response_hours",
        "unpriced_share",
        "won_value_change",
    ),
    "Q3": ("moves", "seconds", "mean_days"),
    "Q5": ("open_value",),
    "Q4": ("opportunities", "won", "conversion", "spend", "cac"),
    "Q6": ("p50_cycle_days", "p90_cycle_days"),
}

IDIOMATIC = "idiomatic"  # what the documentation of the library suggests
TUNED = "tuned"  # what an expert gets from the raw columns
PREPARED = "prepared"  # month, cycle and packed key, or what came before an event, are columns already
MONTHLY = "prepared with months"  # of the log of stages: the month of an event, packed with its stages, too
UNROLLED = "unrolled"  # written out by hand for these categories; shown, but not a general query

FLAT = "flat"  # rows in creation order
CLUSTERED = "clustered"  # the same rows, ordered by outcome


@frozen
class Variant:
    """Name a callable that answers a query, and how its own result is read back as canonical columns.

    Only `call` is timed. It ends with the library's own finished result in memory; `read` unpacks keys and
    replaces nulls, outside the clock.
    """

    side: str
    level: str
    rows: str
    query: str
    call: Callable[[], Any]
    read: Callable[[Any], Cards]

    @property
    def name(self) -> str:
        """Give the label of the variant in the tables."""
        return f"{self.side} {self.level}" + (" (clustered rows)" if self.rows == CLUSTERED else "")
