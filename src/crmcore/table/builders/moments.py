"""Dates and timestamps in text, and what a reading of a local clock is in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import numpy as np

from ...calendars import Zone
from ...errors import ArgumentError
from ..column import Array
from .build import Refused
from .spec import ColumnSpec

__all__ = ["dates_only", "instants_of", "parse"]

_FIELDS = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3})",
    "B": r"(?P<B>[A-Za-z]+)",
    "H": r"(?P<H>\d{1,2})",
    "I": r"(?P<I>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "p": r"(?P<p>[AaPp][Mm])",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2})",
    "%": "%",
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ),
        1,
    )
    for name in (names, names[:3])
}
_CLOCK = frozenset("HIMSfpz")
_DAY = 86_400_000_000


@lru_cache(maxsize=64)
def _pattern(form: str) -> re.Pattern[str]:
    """Return the expression that reads a format; the names of its groups are the letters of the format."""
    parts, at = [], 0
    while at < len(form):
        mark = form[at]
        if mark != "%":
            parts.append(r"\s+" if mark == " " else re.escape(mark))
            at += 1
            continue
        letter = form[at + 1 : at + 2]
        if letter not in _FIELDS:
            known = " ".join(f"%{k}" for k in _FIELDS)
            raise ArgumentError(f"date format {form!r}: %{letter} is not supported; there are {known}", format=form)
        parts.append(_FIELDS[letter])
        at += 2
    letters = set(re.findall(r"%([A-Za-z])", form))
    if not (letters & set("Yy") and letters & set("mbB") and "d" in letters):
        raise ArgumentError(f"date format {form!r} needs a year, a month and a day, e.g. '%d.%m.%Y'", format=form)
    try:
        return re.compile("".join(parts), re.ASCII)
    except re.error:
        raise ArgumentError(f"date format {form!r} names a part twice", format=form) from None


def dates_only(formats: tuple[str, ...]) -> bool:
    """Return whether none of the formats has a time of day.

    Raises:
        ArgumentError: a format that cannot be read.
    """
    return all(_CLOCK.isdisjoint(_pattern(f).groupindex) for f in formats)


def parse(text: str, spec: ColumnSpec) -> date | datetime:
    """Return a date, or a datetime where there is a time of day.

    Raises:
        Refused: text that is no date in ISO 8601, or in any of the declared formats.
    """
    if not spec.formats:
        try:
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            raise Refused("not a date") from None
    for form in spec.formats:
        found = _pattern(form).fullmatch(text)
        if found is not None:
            try:
                return _moment(found.groupdict())
            except ValueError:
                continue
    raise Refused("not a date")


def _moment(parts: dict[str, str | None]) -> date | datetime:
    def number(letter: str, default: int = 0) -> int:
        return int(parts.get(letter) or default)

    short = number("y")
    year = number("Y") if "Y" in parts else short + (1900 if short >= 69 else 2000)  # as POSIX reads two digits
    name = parts.get("b") or parts.get("B")
    month = _MONTHS.get(name.lower(), 0) if name else number("m")
    day = date(year, month, number("d"))
    if _CLOCK.isdisjoint(parts):
        return day
    hour = number("H")
    if "I" in parts:
        if not 1 <= number("I") <= 12:
            raise ValueError(parts)
        hour = number("I") % 12 + 12 * ((parts.get("p") or "am").lower() == "pm")
    micro = int((parts.get("f") or "0").ljust(6, "0")[:6])
    moment = datetime(day.year, day.month, day.day, hour, number("M"), number("S"), micro)  # noqa: DTZ001
    zone = parts.get("z")
    if zone is None:
        return moment
    if zone == "Z":
        return moment.replace(tzinfo=UTC)
    sign = -1 if zone[0] == "-" else 1
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return moment.replace(tzinfo=timezone(sign * offset))


def instants_of(readings: Array, zone: Zone) -> tuple[Array, Array]:
    """Return the instants at which a local clock shows these readings, and the rows where the clock does not say.

    A reading that occurs twice is its first occurrence, one that the clock skips moves forward.

    Args:
        readings: int64 microseconds, as if the clock showed UTC.
        zone: where the clock hangs.
    """
    none = np.zeros(0, np.int64)
    if not readings.size or zone.name == "UTC":
        return readings, none
    first, last = int(readings.min()), int(readings.max())
    starts, offsets = zone.wall_offsets(first, last)
    shifts = np.array(offsets, np.int64)
    if len(offsets) == 1:
        return readings - shifts[0], none
    edges = np.array(starts, np.int64)
    which = np.searchsorted(edges, readings, side="right") - 1
    # just before each edge the clock repeats or skips as much as the offset changes
    gap = np.abs(np.diff(shifts, append=shifts[-1]))
    following = np.append(edges[1:], np.iinfo(np.int64).max)
    unclear = np.flatnonzero(readings >= (following - gap)[which])
    return readings - shifts[which], unclear
