"""Risk: at each time at which something happened, how many were at risk, and what happened to how many."""

from __future__ import annotations

import attrs
import numpy as np

from ...errors import ArgumentError
from ...table.column import Array, Mask

__all__ = ["Risk", "followed", "risk_table"]

_DENSE = 8
"""Times are counted in a table of all whole numbers between them while that has at most this many places for each row."""


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
    if time.dtype.kind in "iu" and int(time.max()) <= _DENSE * time.size:
        return _dense(time, cause, causes, entry)
    happened = cause > 0
    times = _distinct(time[happened])
    ended = np.sort(time)
    at_risk = time.size - np.searchsorted(ended, times, side="left")
    if entry is not None:
        at_risk -= entry.size - np.searchsorted(np.sort(entry), times, side="left")
    place = np.searchsorted(times, time[happened])
    events = np.bincount((cause[happened] - 1) * len(times) + place, minlength=causes * len(times))
    return Risk(times, at_risk, events.reshape(causes, len(times)), float(time.max()), time.size)


def followed(time: Array, entry: Array) -> Mask:
    """Return who was ever at risk: from the beginning on, or for longer than until their entry."""
    found: Mask = (entry <= 0) | (entry < time)
    return found


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


def _distinct(values: Array) -> Array:
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if ordered.size else ordered
