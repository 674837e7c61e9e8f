"""Dates: instants as local days, and days as the instants at which they end (T1, T8)."""

from __future__ import annotations

import numpy as np

from ..calendars import Zone
from ..units import DAY
from .column import Array, Column

__all__ = ["local_days", "micros"]


def local_days(instants: Array, zone: Zone) -> Array:
    """Return the local day numbers (int32) of instants in microseconds."""
    if instants.size == 0:
        return np.zeros(0, np.int32)
    if zone.name == "UTC":
        return np.floor_divide(instants, DAY).astype(np.int32)
    starts, offsets = zone.offsets(int(instants.min()), int(instants.max()))
    if len(offsets) == 1:
        shifted: Array = instants + offsets[0]
        return np.floor_divide(shifted, DAY).astype(np.int32)
    which = np.searchsorted(np.array(starts, np.int64), instants, side="right") - 1
    return np.floor_divide(instants + np.array(offsets, np.int64)[which], DAY).astype(np.int32)


def micros(dates: Column, zone: Zone) -> Array:
    """Return dates as microseconds; a day counts as its end (T8)."""
    if dates.kind == "instant":
        return dates.data
    days, where = np.unique(dates.data, return_inverse=True)
    ends: Array = np.array([zone.end_of_day(day) for day in days.tolist()], np.int64)[where]
    return ends
