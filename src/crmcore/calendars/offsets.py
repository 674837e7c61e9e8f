"""When the offset of a time zone changes, in whole seconds since 1970-01-01T00:00Z.

The standard library answers what the offset is at an instant, not when it changes; the changes are found by looking
every third day and halving the span in which one lies. The closest two changes in the tz database are almost seven days
apart. Found once per zone and block of 19 years; blocks are a 21st of the 400 years after which dates and weekdays repeat.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .days import CYCLE_DAYS

__all__ = ["BLOCK", "SECOND", "changes_in", "first_change", "offset_at"]

SECOND = 1_000_000
"""Microseconds in a second."""

_DAY = 86_400
_STEP = 3 * _DAY
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - gets each zone in turn
_MICROSECOND = timedelta(microseconds=1)

BLOCK = CYCLE_DAYS // 21 * _DAY
"""Seconds in a block."""
_CYCLE = 21
_OLDEST = -9
"""The block of 1798: standard times are younger, before it each place keeps its mean solar time."""
_RULED = 7
"""The block of 2103: the database lists single changes up to 2087, after them rules alone repeat."""


def offset_at(zone: ZoneInfo, second: int) -> int:
    """Return the offset from UTC in microseconds at an instant."""
    second = max(second, _OLDEST * BLOCK)
    ruled = _RULED * BLOCK
    if second >= ruled:
        second = ruled + (second - ruled) % (_CYCLE * BLOCK)
    local = zone.fromutc((_EPOCH + timedelta(seconds=second)).replace(tzinfo=zone))
    return (local.utcoffset() or timedelta()) // _MICROSECOND


def first_change(zone: ZoneInfo, low: int, high: int) -> int:
    """Return the second at which the offset turns from that at `low` to another, where it has changed by `high`."""
    before = offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


@lru_cache(maxsize=1024)
def changes_in(name: str, block: int) -> tuple[tuple[int, int], ...]:
    """Return the changes after the start of a block up to its end: (second, offset in microseconds from then on)."""
    if block < _OLDEST:
        return ()
    cycles = max(0, (block - _RULED) // _CYCLE)
    if cycles:
        later = cycles * _CYCLE * BLOCK
        return tuple((second + later, offset) for second, offset in changes_in(name, block - cycles * _CYCLE))
    zone = ZoneInfo(name)
    found = []
    low = block * BLOCK
    moment, step = (_EPOCH + timedelta(seconds=low)).replace(tzinfo=zone), timedelta(seconds=_STEP)
    before = zone.fromutc(moment).utcoffset()
    for high in range(low + _STEP, low + BLOCK + 1, _STEP):  # a block is a whole number of steps
        moment += step
        after = zone.fromutc(moment).utcoffset()
        if after != before:
            second = first_change(zone, high - _STEP, high)
            found.append((second, offset_at(zone, second)))
            before = after
    return tuple(found)
