"""Instants compared with a date, without a day made of each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from crmcore.algebra import col
from crmcore.algebra.columns import Compare, lit
from crmcore.calendars import Zone
from crmcore.evaluate import Scope, holds, local_day
from crmcore.table.column import Column
from crmcore.table.table import Table

OPS: dict[str, Any] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
}


def around(day: date) -> list[datetime]:
    """Return instants before, on and after a day, each half hour and the microseconds beside it."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    steps = [noon + timedelta(minutes=30 * k) for k in range(-120, 121)]
    return [s + timedelta(microseconds=k) for s in steps for k in (-1, 0, 1)]


def table_of(moments: list[datetime | None]) -> Table:
    """Return a table with one column of instants."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    data = np.array([0 if m is None else (m - epoch) // timedelta(microseconds=1) for m in moments], np.int64)
    return Table("lead", {"at": Column("instant", data, np.array([m is not None for m in moments]))})


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", date(2026, 3, 1)),
        ("Asia/Shanghai", date(2026, 3, 1)),
        ("America/New_York", date(2026, 7, 4)),
        ("America/New_York", date(2026, 3, 8)),  # clocks go forward
        ("America/New_York", date(2026, 11, 1)),  # clocks go back
        ("America/Havana", date(2026, 11, 1)),  # back from 1 to 0 o'clock
        ("Atlantic/Azores", date(2026, 10, 25)),  # back from 1 to 0 o'clock
        ("America/Sao_Paulo", date(2018, 2, 18)),  # back from midnight into the day before
        ("America/Sao_Paulo", date(2018, 11, 4)),  # midnight is skipped
        ("Pacific/Apia", date(2011, 12, 30)),  # a day that never was
        ("Pacific/Apia", date(2011, 12, 31)),
    ],
)
def test_a_date_parts_instants_where_the_clock_on_the_wall_does(zone: str, day: date, op: str) -> None:
    """Each instant compares with a date as the day that a wall clock shows does, also where clocks are changed (T1)."""
    moments: list[datetime | None] = [*around(day), None]
    expected = [m is not None and OPS[op](m.astimezone(ZoneInfo(zone)).date(), day) for m in moments]
    table = table_of(moments)
    scope = Scope({"lead": table}, {"lead": table}, Zone(zone))

    assert holds(Compare(op, col("at"), lit(day)), table, scope).tolist() == expected


def test_days_that_are_known_are_used() -> None:
    """Where the local days of a column have been made already, the answer is the same."""
    moments: list[datetime | None] = [*around(date(2026, 3, 1))]
    fresh, used = table_of(moments), table_of(moments)
    local_day(used["at"], Zone("Asia/Shanghai"))
    found = [
        holds(col("at") >= date(2026, 3, 1), t, Scope({"lead": t}, {"lead": t}, Zone("Asia/Shanghai")))
        for t in (fresh, used)
    ]

    assert found[0].tolist() == found[1].tolist()
    assert 0 < found[0].sum() < len(moments)


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1, 1, 3), date(9999, 12, 31)])
def test_dates_at_the_ends_of_the_calendar(day: date) -> None:
    """The first and the last days there are compare like others."""
    table = table_of([datetime(2026, 3, 1, tzinfo=UTC)])
    scope = Scope({"lead": table}, {"lead": table}, Zone("Asia/Shanghai"))

    assert holds(col("at") >= day, table, scope).tolist() == [day.year == 1]
    assert holds(col("at") > day, table, scope).tolist() == [day.year == 1]
