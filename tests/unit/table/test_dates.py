"""Days and instants as numbers (T1, T8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.calendars import Zone
from crmcore.table.column import Column
from crmcore.table.dates import micros, numbers_among

DAY = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
far = st.integers(-(2**62), 2**62)
near = st.integers(-40 * DAY, 40 * DAY)


@given(
    st.lists(near | st.integers(-40, 40).map(lambda n: n * DAY), max_size=12).map(sorted),
    st.lists(far | near, max_size=90),
)
def test_an_instant_finds_the_first_that_is_not_before_it(instants, at):
    """The number is that of a search one by one, whether the instants are days or moments apart."""
    points = np.array([*at, *instants, *(t + 1 for t in instants), *(t - 1 for t in instants)], np.int64)

    found = numbers_among(np.array(instants, np.int64), points)

    assert found.tolist() == [sum(t < point for t in instants) for point in points.tolist()]


@pytest.mark.parametrize("name", ["UTC", "America/New_York", "Asia/Shanghai"])
@pytest.mark.parametrize("spread", [1, 3_000_000])
def test_a_day_counts_as_its_end(name, spread):
    """T8: a day ends where the next one begins in its zone, however far apart days are."""
    days = [20_000, 19_000, 20_000, 20_000 + spread // 2_000]
    if spread > 1:
        days.append(-700_000)  # so long ago that days are looked up one by one

    ends = micros(Column("day", np.array(days, np.int32)), Zone(name))

    for day, end in zip(days[:4], ends.tolist(), strict=False):
        midnight = datetime(1970, 1, 1) + timedelta(day + 1)
        assert end == (midnight.replace(tzinfo=ZoneInfo(name)) - EPOCH) // timedelta(microseconds=1) - 1
    assert ends[0] == ends[2]


def test_no_days_are_no_instants():
    """An empty column is an empty array."""
    assert micros(Column("day", np.zeros(0, np.int32)), Zone("UTC")).tolist() == []
