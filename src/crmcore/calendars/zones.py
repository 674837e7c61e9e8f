"""Time zones: which local day an instant falls on, and when a local day starts (T1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from operator import index
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import attrs

from ..errors import ArgumentError, MissingLibraryError, RangeError
from .days import CYCLE_DAYS, MAX_DAY, MIN_DAY, check_day
from .offsets import BLOCK, SECOND, changes_in, first_change, offset_at
from .suggest import unknown

__all__ = ["Zone"]

_DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - where readings of a local clock are counted from
_MICROSECOND = timedelta(microseconds=1)
_LOW, _HIGH = (MIN_DAY - 2) * _DAY, (MAX_DAY + 3) * _DAY  # local days of the years 1 to 9999, in any zone

_HIDDEN = ("localtime", "posixrules", "posix/", "right/")  # the machine's own zone, copies, and zones with leap seconds


@attrs.frozen(slots=True)
class Zone:
    """A time zone by its IANA name, such as "Europe/Berlin"; "UTC" needs no time zone data.

    Instants are microseconds since 1970-01-01T00:00Z, days are days since 1970-01-01.

    Raises:
        ArgumentError: no such zone, with the nearest names.
        MissingLibraryError: the machine has no time zone data (Windows); the message names the package to install.

    Rules: T1.
    """

    name: str

    def __attrs_post_init__(self) -> None:
        if self.name != "UTC":
            _check_name(self.name)

    def offset(self, us: int) -> int:
        """Return the offset from UTC in microseconds at an instant.

        Raises:
            RangeError: an instant outside the years 1 to 9999.
        """
        second = _check_instant(us) // SECOND
        return 0 if self.name == "UTC" else offset_at(ZoneInfo(self.name), second)

    def offsets(self, first_us: int, last_us: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return when each offset starts, and the offsets, for the instants from `first_us` to `last_us`.

        Returns: sorted instants, of which the first is `first_us`, and for each the offset from UTC in microseconds
            that holds from it up to the next one.

        Raises:
            ArgumentError: `last_us` before `first_us`.
            RangeError: an instant outside the years 1 to 9999.
        """
        first_us, last_us = _check_instant(first_us), _check_instant(last_us)
        if last_us < first_us:
            raise ArgumentError(f"the last instant {last_us} is before the first one {first_us}")
        starts, offsets = [first_us], [self.offset(first_us)]
        if self.name != "UTC":
            low, high = first_us // SECOND, last_us // SECOND
            for block in range(low // BLOCK, high // BLOCK + 1):
                for second, offset in changes_in(self.name, block):
                    if low < second <= high:
                        starts.append(second * SECOND)
                        offsets.append(offset)
        return tuple(starts), tuple(offsets)

    def wall_offsets(self, first_us: int, last_us: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return from which reading of the local clock each offset applies: `instant` for many readings at once.

        Args:
            first_us: earliest reading, as if the local clock showed UTC.
            last_us: latest reading.

        Returns: sorted readings, of which the first is at most `first_us`, and for each the offset to subtract up to
            the next one. An ambiguous reading gets its first occurrence, one that does not exist moves forward.

        Raises:
            ArgumentError: `last_us` before `first_us`.
            RangeError: a reading outside the years 1 to 9999.
        """
        # two offsets meet where neither reading of the clock is left: behind a repeated or a skipped hour
        starts, offsets = self.offsets(max(first_us - _DAY, _LOW), min(last_us + _DAY, _HIGH))
        later = (start + max(pair) for start, pair in zip(starts[1:], pairwise(offsets), strict=True))
        return (starts[0], *later), offsets

    def local_day(self, us: int) -> int:
        """Return the local day of an instant.

        Raises:
            RangeError: an instant outside the years 1 to 9999.
        """
        return check_day((us + self.offset(us)) // _DAY)

    def start_of_day(self, day: int) -> int:
        """Return the first instant of a local day.

        Where the clock skips midnight, that is the instant of the change; where midnight occurs twice, the first one. A
        day that the zone skipped as a whole starts, and ends, where the next one starts.

        Raises:
            RangeError: a day outside the years 1 to 9999.
        """
        return self._midnight(check_day(day))

    def end_of_day(self, day: int) -> int:
        """Return the last microsecond of a local day: the one before the next day starts (T8).

        Raises:
            RangeError: a day outside the years 1 to 9999.
        """
        return self._midnight(check_day(day) + 1) - 1

    def _midnight(self, day: int) -> int:
        if self.name == "UTC":
            return day * _DAY
        later = CYCLE_DAYS if day > MAX_DAY else 0  # the day after 9999-12-31 is beyond datetime: its like of 9600
        zone = ZoneInfo(self.name)
        reading = _EPOCH + timedelta(days=day - later)
        first, second = _two_offsets(zone, reading)
        if first >= second:
            return day * _DAY - first
        # midnight is skipped: the change lies between its two interpretations
        low, high = (day * _DAY - second) // SECOND, (day * _DAY - first) // SECOND
        return first_change(zone, low, high) * SECOND

    def instant(self, naive: datetime) -> int:
        """Return the instant at which the local clock shows `naive`.

        An ambiguous reading means its first occurrence, unless its `fold` says the second. A reading that the clock
        skips moves forward by as much as is skipped.

        Raises:
            ArgumentError: not a datetime, or one that has a zone of its own.
        """
        _check_naive(naive)
        reading = (naive.replace(fold=0) - _EPOCH) // _MICROSECOND
        if self.name == "UTC":
            return reading
        first, second = _two_offsets(ZoneInfo(self.name), naive)
        return reading - (second if naive.fold and first > second else first)


def _two_offsets(zone: ZoneInfo, reading: datetime) -> tuple[int, int]:
    """Return the offsets of both folds: equal, but larger first where the reading is ambiguous, smaller where skipped."""
    pair = (reading.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    first, second = (offset // _MICROSECOND for offset in pair)
    return first, second


def _check_naive(value: object) -> None:
    if not isinstance(value, datetime):
        raise ArgumentError(f"{value!r} is not a datetime; a date gets no time made up (T2)", value=value)
    if value.tzinfo is not None:
        raise ArgumentError(f"{value!r} has a zone of its own, which says the instant already", value=value)


def _check_instant(us: int) -> int:
    try:
        number = index(us)
    except TypeError:
        raise ArgumentError(f"an instant is a whole number of microseconds since 1970, not {us!r}", value=us) from None
    if not _LOW <= number <= _HIGH:
        raise RangeError(f"instant {number} is outside the years 1 to 9999; is its unit microseconds?", value=number)
    return number


def _check_name(name: object) -> None:
    if isinstance(name, str) and not name.startswith(_HIDDEN):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
        else:
            return
    known = sorted(k for k in available_timezones() if not k.startswith(_HIDDEN))
    if not known:
        raise MissingLibraryError(
            f"time zone {name!r}: this machine has no time zone data; install the package tzdata (pip install tzdata)",
            name="tzdata",
        )
    text = str(name).replace(" ", "_").lower()
    same = [k for k in known if text in (k.lower(), k.lower().rpartition("/")[2])]
    raise unknown("time zone", name, known, same)
