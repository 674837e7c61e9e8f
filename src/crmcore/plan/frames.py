"""Frames: the runs of days a formula is measured in, and the ranges that windows make of them (T4-T7)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ..algebra.formulas import Window
from ..calendars import Calendar, Period
from ..errors import ArgumentError

__all__ = ["Chain", "Frame", "frame_of", "range_of", "span_of"]

Chain = tuple[Window, ...]
"""The windows around a leaf, outermost first."""


@attrs.frozen(slots=True)
class Frame:
    """A run of days [start, stop); `until` is where what was recorded ends, earlier than `stop` while it runs.

    Unbounded frames have start None: everything up to as_of, whether dated or not. `whole` frames are periods of
    a calendar, the others were cut by a window; `grain` is the kind of period that the result shows.
    """

    start: int | None
    stop: int | None
    until: int | None
    label: str | None = None
    running: bool = False
    whole: bool = True
    grain: str | None = None


def range_of(frame: Frame, chain: Chain, calendar: Calendar, today: int | None) -> Frame:
    """Return the frame that the windows of `chain` make of `frame`.

    Args:
        frame: a period, a run of days, or everything up to as_of.
        chain: the windows, outermost first.
        calendar: what periods are.
        today: the local day of as_of; None where the data has no dates.

    Raises:
        ArgumentError: a window that needs an as_of where there is none.

    Rules: T5, T6.
    """
    for window in chain:
        frame = _through(frame, window, calendar, today)
    return frame


def _through(frame: Frame, window: Window, calendar: Calendar, today: int | None) -> Frame:
    unit, n = window.unit, window.n
    if frame.start is None and window.kind in ("current", "previous"):
        frame = _running(unit, calendar, _needed(today, window))
    if window.kind == "current":
        return frame
    if window.kind == "previous":
        return _earlier(frame, unit, n, calendar)
    until = frame.until if frame.until is not None else _needed(today, window) + 1
    until = until if today is None else min(until, today + 1)
    if unit == "day" and window.kind == "trailing":
        return Frame(until - n, until, until, whole=False, grain=frame.grain)
    period = calendar.period(until - 1, unit)
    back = n - 1 if window.kind == "trailing" else 0
    first = calendar.shift_period(period.start, period.stop, unit, -back)[0]
    return Frame(first, until, until, whole=False, grain=frame.grain)


def _needed(today: int | None, window: Window) -> int:
    if today is None:
        raise ArgumentError(
            f"a {window.kind} window needs an as_of: no date was recorded to take it from; give as_of=... (T8)"
        )
    return today


def _running(unit: str, calendar: Calendar, today: int) -> Frame:
    return frame_of(calendar.period(today, unit), today)


def frame_of(period: Period, today: int | None, grain: str | None = None) -> Frame:
    """Return the frame of a calendar period, as seen from the local day of as_of."""
    until = period.stop if today is None else min(period.stop, today + 1)
    running = today is not None and period.start <= today < period.stop
    return Frame(period.start, period.stop, until, period.label, running, grain=grain)


def _earlier(frame: Frame, unit: str, n: int, calendar: Calendar) -> Frame:
    """Return the frame n units earlier; of a running one, the same elapsed part (T5)."""
    start, stop, until = frame.start, frame.stop, frame.until
    assert start is not None
    assert stop is not None
    assert until is not None
    if not frame.whole:
        first, last = calendar.shift(start, unit, -n), calendar.shift(stop - 1, unit, -n)
        return Frame(first, last + 1, last + 1, whole=False, grain=frame.grain)
    first, after = calendar.shift_period(start, stop, unit, -n)
    end = after
    if frame.running:
        end = calendar.elapsed(start, stop, until, unit, -n)[1]
    elif start < until < stop:  # itself the part of a period that a running one was compared with
        end = calendar.shift_period(start, until, unit, -n)[1]
    return Frame(first, after, end, grain=frame.grain)


def span_of(frames: Sequence[Frame], today: int | None) -> Frame:
    """Return the frame from the start of the first to the end of the last: what a total is measured over."""
    if not frames:
        return Frame(0, 0, 0)
    first, last = frames[0], frames[-1]
    if first.start is None or last.stop is None:
        return first
    return frame_of(Period(first.grain or "", first.start, last.stop, ""), today, first.grain)
