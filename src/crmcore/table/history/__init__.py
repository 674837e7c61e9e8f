"""History: the change table as one log per column, and the tables as they were at an instant.

change table -> logs_of() -> {table: {column: Log}}, from which a view takes what the columns were
"""

from __future__ import annotations

from .flows import Flows, Matrix, flows_of
from .log import Log
from .logs import Logs, logged, logs_of, times_of
from .once import known_since
from .visits import ALWAYS, ENDED, Visits, visits_of
from .whole import GONE, gone, whole

__all__ = [
    "ALWAYS",
    "ENDED",
    "GONE",
    "Flows",
    "Log",
    "Logs",
    "Matrix",
    "Visits",
    "flows_of",
    "gone",
    "known_since",
    "logged",
    "logs_of",
    "times_of",
    "visits_of",
    "whole",
]
