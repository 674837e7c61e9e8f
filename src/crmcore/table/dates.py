"""Dates: instants as local days, and days as the instants at which they end (T1, T8)."""

from __future__ import annotations

import numpy as np

from ..calendars import Zone
from ..units import DAY
from .column import Array, Column

__all__ = ["local_days", "micros", "numbers_among"]

_NEAR = 1 << 20
"""Days up to which there is a place for each one."""


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
    if not len(dates):
        return np.zeros(0, np.int64)
    first, last = dates.bounds
    if last - first >= _NEAR:
        days, where = np.unique(dates.data, return_inverse=True)
        found: Array = np.array([zone.end_of_day(day) for day in days.tolist()], np.int64)[where]
        return found
    there = np.zeros(last - first + 1, bool)
    there[dates.data - first] = True
    of_day = np.zeros(len(there), np.int64)
    for day in np.flatnonzero(there).tolist():
        of_day[day] = zone.end_of_day(first + day)
    ends: Array = of_day[dates.data - first]
    return ends


def numbers_among(instants: Array, at: Array) -> Array:
    """Return for each of many points in time the number of the first of some instants that is not before it.

    As `np.searchsorted(instants, at)`, by a look-up of the day where the instants are days apart.

    Args:
        instants: microseconds, ascending.
        at: microseconds, in any order.
    """
    first, last = (int(t) // DAY for t in (instants[0], instants[-1])) if len(instants) else (0, _NEAR)
    if last - first >= _NEAR or len(at) < last - first:
        return np.searchsorted(instants, at, side="left")
    starts = np.searchsorted(instants, np.arange(first, last + 2) * DAY, side="left")
    if int(np.diff(starts).max()) > 1:
        return np.searchsorted(instants, at, side="left")
    days = np.floor_divide(at, DAY)
    days -= first
    np.clip(days, 0, last + 1 - first, out=days)
    found = starts[days]
    found += np.append(instants, np.iinfo(np.int64).max)[found] < at
    return found
