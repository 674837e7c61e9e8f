"""Visits of deals that were removed, and of deals beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import crmcore as cc
from crmcore.table.history import ENDED, visits_of

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def day(number):
    return FIRST + timedelta(days=number)


def moved(record, number, old, new, field="stage"):
    return {"table": "opportunity", "record": record, "field": field, "old": old, "new": new, "at": day(number)}


DATA = cc.Dataset(
    opportunity=[
        {"id": "A", "stage": "b", "outcome": "open", "created_at": day(0), "deleted": True},
        {"id": "B", "stage": "b", "outcome": "open", "created_at": day(0), "deleted": False},
        {"id": "C", "stage": "b", "outcome": "open", "created_at": day(0), "deleted": True},
    ],
    change=[
        moved("A", 2, "a", "b"),
        moved("A", 4, "false", "true", "deleted"),
        moved("B", 3, "a", "b"),
        moved("B", 5, "b", "b"),
    ],
)


def stays(as_of, **choices):
    scope = cc.Workspace().view(DATA, as_of=as_of).scope
    found = visits_of(scope.tables, scope.zone, scope.as_of.instant, **choices)
    since = round(FIRST.timestamp() * 1_000_000)
    days = [((t - since) // 86_400_000_000).tolist() for t in (found.entered, found.left)]
    return found.size, [
        (row, found.labels[stage], *span, ENDED[how])
        for row, stage, *span, how in zip(
            found.rows.tolist(), found.stage.tolist(), *days, found.ended.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize("as_of", [None, day(6)])
def test_deals_that_were_removed_count_nowhere(as_of) -> None:
    """O3: their changes are in no stay of another; a stage written once more ends no stay."""
    end = 5 if as_of is None else 6

    assert stays(as_of) == (1, [(0, "a", 0, 3, "moved"), (0, "b", 3, end, "still there")])


def test_deals_that_were_removed_stay_until_then() -> None:
    """W2: asked for, they stay until they were deleted; one of which nothing tells when is left out."""
    assert stays(day(6), removed=True) == (
        1,
        [
            (0, "a", 0, 3, "moved"),
            (0, "b", 3, 6, "still there"),
            (1, "a", 0, 2, "moved"),
            (1, "b", 2, 4, "removed"),
        ],
    )


def test_before_they_were_removed_they_count() -> None:
    """O8: on the third day nothing tells that A will be deleted; C, of which nothing tells when, counts nowhere."""
    assert stays(day(3)) == (
        2,
        [
            (0, "a", 0, 3, "moved"),
            (0, "b", 3, 3, "still there"),
            (1, "a", 0, 2, "moved"),
            (1, "b", 2, 3, "still there"),
        ],
    )


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 2, 0), (2, 3, 0, 1), (1, 0, 3, 2)])
def test_changes_without_an_old_value(order) -> None:
    """S5: it is that of the change before it, of the same deal, in whatever order the changes stand."""
    changes = [
        {k: v for k, v in moved(record, number, None, new).items() if k != "old"}
        for record, number, new in (("A", 0, "a"), ("A", 2, "b"), ("B", 1, "a"), ("B", 3, "c"))
    ]
    deals = [
        {"id": name, "stage": stage, "outcome": "open", "created_at": day(0)}
        for name, stage in (("A", "b"), ("B", "c"))
    ]
    data = cc.Dataset(opportunity=deals, change=[changes[n] for n in order])
    scope = cc.Workspace().view(data, as_of=day(4)).scope
    found = visits_of(scope.tables, scope.zone, scope.as_of.instant)

    assert [(r, found.labels[s]) for r, s in zip(found.rows, found.stage, strict=True)] == [
        (0, "a"), (0, "b"), (1, "a"), (1, "c")
    ]  # fmt: skip
