"""Which changes are undone for a row that is seen from earlier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

import crmcore as cc
from crmcore.calendars import Zone
from crmcore.scoring.rewind import rewound

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(day):
    """Return the start of a day of 2026, from 0."""
    return START + timedelta(days=day)


def seen(changes, day, **fields):
    """Return the one deal as it is seen from a day."""
    data = cc.Dataset(
        opportunity=[{"id": "7", "outcome": "open", **fields}],
        change=[{"table": "opportunity", "record": "7", **change} for change in changes],
    )
    limit = np.array([int(at(day).timestamp()) * 1_000_000], np.int64)
    return rewound(data["opportunity"], limit, data.tables, Zone("UTC"))


def test_what_came_after_the_creation_at_the_same_instant_is_a_change() -> None:
    """S4: of one instant the creation comes first, and wrote "Anna"; the next step made it "Bo", and is undone."""
    log = [
        {"field": "created_at", "new": "2026-01-05", "at": at(50), "sequence": 0},
        {"field": "owner", "new": "Anna", "at": at(50), "sequence": 0},
        {"field": "owner", "old": "Anna", "new": "Bo", "at": at(50), "sequence": 1},
    ]
    owner = seen(log, 10, owner="Bo", created_at=at(4))["owner"]

    assert owner.labels[owner.data[0]] == "Anna"


def test_what_follows_from_another_field_goes_back_with_it() -> None:
    """O8: entered on day 20 and 50, the deal seen from day 30 is in its stage since day 20; from day 10 nothing tells since when."""
    log = [
        {"field": "stage", "old": "new", "new": "offer", "at": at(20)},
        {"field": "stage", "old": "offer", "new": "talks", "at": at(50)},
    ]
    for day, stage, since in ((60, "talks", at(50)), (30, "offer", at(20)), (10, "new", None)):
        found = seen(log, day, stage="talks", stage_entered_at=at(50))
        entered = found["stage_entered_at"]

        assert found["stage"].labels[found["stage"].data[0]] == stage
        assert bool(entered.present()[0]) is (since is not None)
        if since is not None:
            assert entered.data[0] == int(since.timestamp()) * 1_000_000
