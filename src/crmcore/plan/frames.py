"""Frames: the runs of days a formula is measured in, and the ranges that windows make of them (T4-T7)."""

from __future__ import annotations

import attrs

from ..algebra.formulas import Window
from ..calendars import Calendar
from ..errors import ArgumentError

__all__ = ["Chain", "Frame", "range_of", "span_of"]

Chain = tuple[Window, ...]
"""The windows around a leaf, outermost first."""


@attrs.frozen(slots=True)
class Frame:
    """A run of days [start, stop); `until` is where it effectively ends, earlier than `stop` while it runs.

    Unbounded frames have start None: everything up to as_of, whether dated or not.
    """

    start: int | None
    stop: int | None
    until: int | None
    label: str | None = None
    running: bool = False
    whole: bool = True


def range_of(frame: Frame, chain: Chain, calendar: Calendar, today: int | None) -> Frame:
    """Return the frame that the windows of `chain` make of `frame`.

    Args:
        today: the local day of as_of.

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
    if unit == "day" and window.kind == "trailing":
        return Frame(until - n, until, until, whole=False)
    first = calendar.period(until - 1, unit).start
    if window.kind == "trailing" and n > 1:
        first = calendar.shift_period(first, calendar.period(until - 1, unit).stop, unit, 1 - n)[0]
    return Frame(first, until, until, whole=False)


def _needed(today: int | None, window: Window) -> int:
    if today is None:
        raise ArgumentError(f"a {window.kind} window needs an as_of: the data has no dates to take it from (T8)")
    return today


def _running(unit: str, calendar: Calendar, today: int) -> Frame:
    period = calendar.period(today, unit)
    return Frame(period.start, period.stop, today + 1, period.label, running=today + 1 < period.stop)


def _earlier(frame: Frame, unit: str, n: int, calendar: Calendar) -> Frame:
    assert frame.start is not None and frame.stop is not None and frame.until is not None
    if not frame.whole:
        start = calendar.shift(frame.start, unit, -n)
        stop = calendar.shift(frame.until - 1, unit, -n) + 1
        return Frame(start, stop, stop, whole=False)
    if frame.running:
        start, stop = calendar.elapsed(frame.start, frame.stop, frame.until, unit, -n)
    else:
        start, stop = calendar.shift_period(frame.start, frame.stop, unit, -n)
    return Frame(start, stop, stop, whole=not frame.running)


def span_of(frames: list[Frame]) -> Frame:
    """Return the frame from the start of the first to the end of the last: what a total is measured over."""
    if not frames or frames[0].start is None:
        return Frame(None, None, None)
    last = frames[-1]
    return Frame(frames[0].start, last.stop, last.until, running=last.running, whole=len(frames) == 1)
