"""Dates and durations: local days, periods, elapsed time (T1, T2)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np

from ..calendars import Calendar, Zone, day_of
from ..calendars.moments import micros_of
from ..errors import DefinitionError
from ..table.column import Column, code_type
from ..table.dates import local_days
from ..units import DAY
from .scope import Scope

__all__ = ["constant", "elapsed", "local_day", "period_labels"]


def constant(value: Any) -> tuple[str, int]:
    """Return a date as ("day", number) or an aware datetime as ("instant", microseconds)."""
    if isinstance(value, datetime):
        return "instant", micros_of(value)
    if isinstance(value, date):
        return "day", day_of(value)
    raise DefinitionError(f"{value!r} is no date")


def local_day(column: Column, zone: Zone) -> Column:
    """Return the local day of each instant; a day column passes through."""
    if column.kind == "day":
        return column
    if column.kind != "instant":
        raise DefinitionError(f"a {column.kind} column is no date")
    days: dict[str, Column] = column.__dict__.setdefault("_local_days", {})
    if zone.name not in days:
        data = local_days(column.data, zone)
        if column.valid is not None:
            data = np.where(column.valid, data, 0).astype(np.int32)
        days[zone.name] = Column("day", data, column.valid)
    return days[zone.name]


def elapsed(start: Column, end: Column, scope: Scope, text: str) -> Column:
    """Return end - start: microseconds between instants, calendar days when either is a date (T2); may be negative."""
    for side in (start, end):
        if side.kind not in ("instant", "day"):
            raise DefinitionError(f"{text}: a {side.kind} column is no date")
    exact = start.kind == end.kind == "instant"
    a, b = (start, end) if exact else (local_day(start, scope.zone), local_day(end, scope.zone))
    data = b.data.astype(np.int64) - a.data
    valid = a.present() & b.present()
    return Column("duration", data, valid, scale=DAY if exact else 1)


def period_labels(days: Column, grain: str, calendar: Calendar) -> Column:
    """Return the label of the period of each day, as a key column."""
    there = days.present()
    if not there.any():
        return Column("key", np.zeros(len(days), np.int8), labels=[None])
    known = days.data[there]
    periods = calendar.periods(int(known.min()), int(known.max()), grain)
    starts = np.array([p.start for p in periods])
    codes = np.where(there, np.searchsorted(starts, days.data, side="right"), 0)
    return Column("key", codes.astype(code_type(len(periods) + 1)), labels=[None, *(p.label for p in periods)])
