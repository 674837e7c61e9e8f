"""Risk: at each time at which something happened, how many were at risk, and what happened to how many."""

from __future__ import annotations

import attrs
import numpy as np

from ...errors import ArgumentError
from ...table.column import Array, Mask

__all__ = ["Risk", "followed", "risk_table"]

_DENSE = 8
"""Times are counted in a table of all whole units up to the longest while that has at most this many places for each row."""
_UNITS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1)
"""Of microseconds whole days, hours, minutes and seconds, and whole numbers: the coarsest first."""
_FEW = 100


@attrs.frozen(slots=True, eq=False)
class Risk:
    """Who was at risk when.

    Args:
        times: at which at least one event of any cause happened, ascending; shape (k,).
        at_risk: how many were still in, and in already, just before each time; shape (k,).
        events: how many events of each cause happened at each time; shape (causes, k).
        last: the longest time of all, events or not; 0 where there is nobody.
        size: how many there are.
    """

    times: Array
    at_risk: Array
    events: Array
    last: float
    size: int

    @property
    def any_cause(self) -> Array:
        """Events of all causes at each time."""
        found: Array = self.events.sum(axis=0)
        return found


def risk_table(time: Array, cause: Array, *, causes: int = 1, entry: Array | None = None) -> Risk:
    """Return who was at risk at each time of an event.

    Who is censored at the time of an event is still at risk at it. With an entry, somebody is at risk only after it: from
    (entry, time].

    Args:
        time: how long each was followed, in any unit; at least 0; shape (n,).
        cause: what ended it: 0 nothing yet (censored), else 1 .. causes; shape (n,).
        causes: how many causes there are.
        entry: the age at which each began to be followed; shape (n,). 0, or less, is from the beginning on, a time of 0
            included. Who entered later and was followed no longer than that was never at risk.

    Raises:
        ArgumentError: times below 0 or of no number, causes out of range, shapes that differ.
    """
    time, cause = np.asarray(time), np.asarray(cause)
    if time.ndim != 1 or time.shape != cause.shape or (entry is not None and np.asarray(entry).shape != time.shape):
        raise ArgumentError("time, cause and entry are arrays of one length")
    if time.size and not (time >= 0).all():
        raise ArgumentError("a time is a number from 0; negative durations are left out before (T3)")
    if cause.size and not (int(cause.min()) >= 0 and int(cause.max()) <= causes):
        raise ArgumentError(f"a cause is a number from 0 (none yet) to {causes}")
    if entry is not None:
        kept = followed(time, np.asarray(entry))
        time, cause, entry = time[kept], cause[kept], np.asarray(entry)[kept]
        entry = entry[entry > 0]  # the others were there from the beginning
    if not time.size:
        none = np.zeros(0, np.int64)
        return Risk(none, none, np.zeros((causes, 0), np.int64), 0.0, 0)
    last = float(time.max())
    unit = _unit(time)
    if unit:
        units = time if unit == 1 else time // unit
        found = _dense(units.astype(np.int64, copy=False), cause, causes, None if entry is None else entry // unit)
        return attrs.evolve(found, times=(found.times * unit).astype(time.dtype), last=last)
    # needles in order, and no search for each row: that is what takes long
    happened = [np.sort(time[cause == number]) for number in range(1, causes + 1)]
    times = _distinct(happened[0] if causes == 1 else np.sort(np.concatenate(happened)))
    at_risk = time.size - np.searchsorted(np.sort(time), times, side="left")
    if entry is not None:
        at_risk -= entry.size - np.searchsorted(np.sort(entry), times, side="left")
    events = [np.diff(np.searchsorted(ends, times, side="left"), append=ends.size) for ends in happened]
    return Risk(times, at_risk, np.array(events, np.int64).reshape(causes, len(times)), last, time.size)


def followed(time: Array, entry: Array) -> Mask:
    """Return who was ever at risk: from the beginning on, or for longer than until their entry."""
    found: Mask = (entry <= 0) | (entry < time)
    return found


def _unit(time: Array) -> int:
    """Return the unit of which all times are whole multiples, few enough to count each up to the longest; 0 for none."""
    longest, whole = time.max(), time.dtype.kind in "iu"
    for unit in _UNITS:
        few = longest / unit <= _DENSE * time.size
        if few and ((whole and unit == 1) or not any((part % unit).any() for part in (time[:_FEW], time))):
            return unit
    return 0


def _dense(time: Array, cause: Array, causes: int, entry: Array | None) -> Risk:
    """Return the same by counting each whole number up to the longest time; entries are those above 0."""
    longest = int(time.max())
    counts = np.bincount(cause.astype(np.int64) * (longest + 1) + time, minlength=(causes + 1) * (longest + 1))
    ended = counts.reshape(causes + 1, longest + 1)
    gone = ended.sum(axis=0)
    at_risk = time.size - np.cumsum(gone) + gone
    if entry is not None:
        came = np.bincount(entry.astype(np.int64), minlength=longest + 1)[: longest + 1]
        at_risk -= entry.size - np.cumsum(came) + came
    times = np.flatnonzero(ended[1:].sum(axis=0))
    return Risk(times, at_risk[times], ended[1:, times], float(longest), time.size)


def _distinct(ordered: Array) -> Array:
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if ordered.size else ordered
