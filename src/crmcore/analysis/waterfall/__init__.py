"""Waterfall: what moved the open pipeline between two instants, deal by deal (W1).

states of each deal at both instants -> one entry per deal and bar -> sums by group, bar and cause
"""

from __future__ import annotations

from .bars import BARS, IN, OUT, Ledger, booked
from .listing import Waterfall
from .report import check_history, pipeline_waterfall
from .states import State, States, states_of

__all__ = [
    "BARS",
    "IN",
    "OUT",
    "Ledger",
    "State",
    "States",
    "Waterfall",
    "booked",
    "check_history",
    "pipeline_waterfall",
    "states_of",
]
