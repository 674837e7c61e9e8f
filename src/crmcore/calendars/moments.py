"""Moments: a date or an instant as a caller gives it; a date means the end of its local day (T8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from ..errors import ArgumentError
from .days import day_of
from .zones import Zone

__all__ = ["micros_of", "moment_of", "read_moment", "utc_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros_of(at: datetime) -> int:
    """Return an aware datetime in microseconds since 1970 UTC."""
    return (at - _EPOCH) // _MICROSECOND


def utc_of(micros: int) -> datetime:
    """Return microseconds since 1970 UTC as a datetime."""
    return _EPOCH + timedelta(microseconds=micros)


def moment_of(given: date, what: str, zone: Zone) -> tuple[int, int]:
    """Return a date (its end) or an aware datetime in microseconds, and its local day.

    Raises:
        ArgumentError: neither; `what` names the argument.
    """
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise ArgumentError(
                f"{what} {given!r} has no time zone; give a date or an aware datetime (with a time zone)"
            )
        instant = micros_of(given)
        return instant, zone.local_day(instant)
    if not isinstance(given, date):
        raise ArgumentError(f"{what} is a date or an aware datetime, got {given!r}")
    day = day_of(given)
    return zone.end_of_day(day), day


def read_moment(text: str) -> date | None:
    """Return the date or datetime that a text of ISO 8601 says, None where it says none."""
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(text)
        except ValueError:
            pass
    return None
