"""Frames: the days a formula is measured in, and what windows make of them (T4 to T7)."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from ...algebra.formulas import Window
from ...calendars import Calendar, Period
from ...errors import ArgumentError
from .views import AsOf

__all__ = ["NOTHING", "UNBOUNDED", "Frame", "of_period", "span_of", "windowed"]


@attrs.frozen
class Frame:
    """A run of days, or all there is.

    `stop` is the first day after the whole run, `end` the first day after the part of it that as_of has seen. What was
    recorded counts up to `end`; targets, expected dates and the like count up to `stop`.

    Args:
        whole: a period of a calendar, or several; not a run of days that a window cut.
        running: as_of falls into it.
        grain: the kind of period that the result shows.
        windowed: a window made it, so that a filter on dates does not cut it short (T6).
    """

    start: int | None
    stop: int | None
    end: int | None
    whole: bool = True
    running: bool = False
    grain: str | None = None
    windowed: bool = False

    def days(self, *, cut: bool) -> tuple[int, int] | None:
        """Return the days [low, high) at which rows count; None when dates are not looked at."""
        if self.start is None or self.stop is None or self.end is None:
            return None
        return self.start, self.end if cut else self.stop

    @property
    def empty(self) -> bool:
        """Has it no day at all?"""
        return self.start is not None and self.start == self.stop


UNBOUNDED = Frame(None, None, None)
NOTHING = Frame(0, 0, 0)
"""No days at all: what a total spans when no period is shown."""


def of_period(period: Period, as_of: AsOf | None, grain: str | None = None) -> Frame:
    """Return the frame of a period of the calendar."""
    return _frame(period.start, period.stop, as_of, grain)


def span_of(frames: Sequence[Frame], as_of: AsOf | None) -> Frame:
    """Return the frame from the first to the last of the frames shown: what a total is measured over."""
    if not frames:
        return NOTHING
    first, last = frames[0], frames[-1]
    if first.start is None or last.stop is None:
        return UNBOUNDED
    return _frame(first.start, last.stop, as_of, first.grain)


def _frame(start: int, stop: int, as_of: AsOf | None, grain: str | None) -> Frame:
    if as_of is None:
        return Frame(start, stop, stop, grain=grain)
    return Frame(start, stop, min(stop, as_of.day + 1), running=start <= as_of.day < stop, grain=grain)


def windowed(window: Window, frame: Frame, calendar: Calendar, as_of: AsOf | None) -> Frame:
    """Return the frame in which the window's term is measured.

    Raises:
        ArgumentError: a window over an unbounded frame that has no as_of to go by.

    Rules: T5, T6.
    """
    unit, n = window.unit, window.n
    if window.kind in ("current", "previous"):
        if frame.start is None:
            frame = of_period(calendar.period(_needed(window, as_of).day, unit), as_of)
        return attrs.evolve(frame if window.kind == "current" else _earlier(frame, unit, n, calendar), windowed=True)
    end = _needed(window, as_of).day + 1 if frame.end is None else frame.end
    if as_of is not None:
        end = min(end, as_of.day + 1)
    if window.kind == "trailing" and unit == "day":
        start = end - n
    else:
        period = calendar.period(end - 1, unit)
        back = n - 1 if window.kind == "trailing" else 0
        start = calendar.shift_period(period.start, period.stop, unit, -back)[0]
    return Frame(start, end, end, whole=False, grain=frame.grain, windowed=True)


def _needed(window: Window, as_of: AsOf | None) -> AsOf:
    if as_of is None:
        raise ArgumentError(
            f"{window!r} needs an as_of: nothing in the data was recorded at any date to take it from (T8)"
        )
    return as_of


def _earlier(frame: Frame, unit: str, n: int, calendar: Calendar) -> Frame:
    """Return the frame n units earlier; of a running one, the same elapsed part (T5)."""
    start, stop, end = frame.start, frame.stop, frame.end
    assert start is not None
    assert stop is not None
    assert end is not None
    if not frame.whole:
        first, last = calendar.shift(start, unit, -n), calendar.shift(stop - 1, unit, -n)
        return Frame(first, last + 1, last + 1, whole=False, grain=frame.grain)
    first, until = calendar.shift_period(start, stop, unit, -n)
    after = until
    if frame.running:
        until = calendar.elapsed(start, stop, end, unit, -n)[1]
    elif start < end < stop:  # itself the part of a period that a running one was compared with
        until = calendar.shift_period(start, end, unit, -n)[1]
    return Frame(first, after, until, grain=frame.grain)
