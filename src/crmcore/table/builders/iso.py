"""Timestamps in ISO 8601, a chunk at once: the common shapes, digit by digit over all rows.

What is in any other shape, and anything that is no timestamp, is left to the parser of single cells, which is the
reference: what is read here it reads the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from ..column import Array

__all__ = ["SHORTEST", "timestamps"]

SHORTEST = 19
"""Characters of a timestamp down to the second."""

_ZONE = 6
_TENS = np.array([0, 2, 5, 8, 11, 14, 17])
_PARTS = {
    "century": (0, 99),
    "year": (0, 99),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
}
"""Each two digits, one of the places in `_TENS` and the one behind it, with the least and most they may be."""
_LEAST = np.array([[low] for low, _ in _PARTS.values()], np.uint8)
_MOST = np.array([[high] for _, high in _PARTS.values()], np.uint8)


def timestamps(texts: Sequence[str]) -> tuple[str, Array] | None:
    """Return texts of equal length as ("instant" or "reading", microseconds), or None if one has another shape.

    The shapes: 2026-01-31T09:30:00, a space for the T, up to six decimals of the second, then nothing, Z, or +01:00.
    """
    width = len(texts[0])
    try:
        blob = "".join(texts).encode("ascii")
    except UnicodeEncodeError:
        return None
    signs = np.ascontiguousarray(np.frombuffer(blob, np.uint8).reshape(len(texts), width).T)
    if not (_are(signs, (4, 7), "-") and _are(signs, (13, 16), ":") and _either(signs[10], "T", " ")):
        return None
    zone = _ZONE if width >= SHORTEST + _ZONE and _are(signs, (-3,), ":") and _either(signs[-_ZONE], "+", "-") else 0
    end = width - zone if zone or not _are(signs, (-1,), "Z") else width - 1
    decimals = end - SHORTEST - 1
    if decimals == 0 or decimals > 6 or (decimals > 0 and not _are(signs, (SHORTEST,), ".")):
        return None
    digits = signs - 48  # what is below "0" wraps round to large numbers
    moment = _moment(digits)
    if moment is not None and decimals > 0:
        moment = _plus(moment, digits[SHORTEST + 1 : end], 10 ** (6 - decimals))
    if moment is not None and zone:
        moment = _without_offset(moment, digits[-_ZONE + 1 :], signs[-_ZONE] == ord("-"))
    return None if moment is None else ("reading" if end == width else "instant", moment)


def _are(signs: Array, places: tuple[int, ...], sign: str) -> bool:
    return all(bool((signs[place] == ord(sign)).all()) for place in places)


def _either(row: Array, one: str, other: str) -> bool:
    return bool(((row == ord(one)) | (row == ord(other))).all())


@cache
def _months() -> Array:
    """Return the first day of each month, by year x 12 + month - 1, up to the year 10000."""
    starts: Array = np.arange("0000-01", "10000-02", dtype="M8[M]").astype("M8[D]").view(np.int64)
    return starts


def _moment(digits: Array) -> Array | None:
    """Return microseconds since 1970 down to the second, or None if a part is out of its range."""
    tens, ones = digits[_TENS], digits[_TENS + 1]
    parts = tens * 10 + ones
    if ((tens > 9) | (ones > 9) | (parts < _LEAST) | (parts > _MOST)).any():
        return None
    century, year, month, day, hour, minute, second = parts.astype(np.int64)
    place = (century * 100 + year) * 12 + month - 1
    if int(place.min()) < 12:  # there is no year 0
        return None
    start = _months()[place]
    if (day > _months()[place + 1] - start).any():
        return None
    moment: Array = (((start + day - 1) * 24 + hour) * 60 + minute) * 60 + second
    return moment * 1_000_000


def _plus(moment: Array, digits: Array, unit: int) -> Array | None:
    """Return the moments with their decimals, the last of which counts `unit` microseconds."""
    if int(digits.max()) > 9:
        return None
    value: Array = digits[0].astype(np.int64)
    for row in digits[1:]:
        value = value * 10 + row
    value *= unit
    value += moment
    return value


def _without_offset(moment: Array, digits: Array, west: Array) -> Array | None:
    """Return the moments in UTC; the digits are hh:mm, ahead of it unless `west`."""
    digits = digits[[0, 1, 3, 4]].astype(np.int64)
    hours, minutes = digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]
    if int(digits.max()) > 9 or int(hours.max()) > 23 or int(minutes.max()) > 59:
        return None
    offset = (hours * 60 + minutes) * 60_000_000
    utc: Array = moment - np.where(west, -offset, offset)
    return utc
