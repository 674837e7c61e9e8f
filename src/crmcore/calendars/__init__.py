"""Days, periods and time zones: how the flow of time becomes the rows of a report (T1, T5, T7)."""

from __future__ import annotations

from .calendar import GRAINS, Calendar, Period
from .days import MAX_DAY, MIN_DAY, date_of, day_of
from .labels import parse_period
from .working import days_off, working_days
from .zones import Zone

__all__ = [
    "GRAINS",
    "MAX_DAY",
    "MIN_DAY",
    "Calendar",
    "Period",
    "Zone",
    "date_of",
    "day_of",
    "days_off",
    "parse_period",
    "working_days",
]
