"""Moments: when something is said of a record to be true or known, as a store takes it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ..calendars import Zone
from ..calendars.moments import moment_of, utc_of
from ..domain.record import is_moment
from ..errors import ArgumentError
from ..stores.contract import Cut

__all__ = ["check_moment", "cut_at", "end_of"]


def check_moment(value: Any, what: str) -> date:
    """Return a date or an aware datetime.

    Raises:
        ArgumentError: it is neither.
    """
    if not isinstance(value, date) or not is_moment(value):
        naive = " without a time zone" if isinstance(value, datetime) else ""
        raise ArgumentError(f"{what} is a date, or a datetime with a time zone, got {value!r}{naive}")
    return value


def cut_at(at: date, zone: Zone) -> Cut:
    """Return the instant to look from: of a date the end of its local day."""
    return Cut(*moment_of(at, "at", zone))


def end_of(at: date, zone: Zone) -> datetime:
    """Return a moment as an instant: of a date the end of its local day (T8)."""
    return utc_of(cut_at(at, zone).instant)
