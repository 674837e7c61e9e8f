"""Changes that come without an id: none is taken for another one, and what they say is read as it was meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

import crmcore as cc
from crmcore.domain import Change
from crmcore.workspace.beginnings import key_of

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def workspace() -> cc.Workspace:
    """Return a workspace on a new store."""
    return cc.Workspace(store="memory:", clock=lambda: NOON)


def change(record, field, new, **more):
    """Return a row of the table of changes."""
    return {
        "table": "opportunity",
        "record": record,
        "field": field,
        "new": new,
        "at": NOON,
        "recorded_at": NOON,
        **more,
    }


def test_no_change_is_taken_for_another() -> None:
    """K4: of record "a:b" the field "c", and of record "a" the field "b:c", both at noon, are two changes."""
    kept = workspace()
    found = kept.import_data(cc.Dataset(change=[change("a:b", "c", "x"), change("a", "b:c", "y")]))

    assert (found.applied, found.rejected) == (2, ())
    assert [(e.id, dict(e.values)) for e in kept.store.entries()] == [("a:b", {"c": "x"}), ("a", {"b:c": "y"})]


def test_records_1_and_text_1_are_two() -> None:
    """K4, K11: a change of record 1 and one of record "1" are two, as their records are."""
    kept = workspace()
    records = [Change(None, table="opportunity", record=r, field="owner", new=f"of {r!r}", at=NOON) for r in (1, "1")]
    found = kept.import_data(records)

    assert (found.applied, found.rejected) == (2, ())
    assert {e.id: e.values["owner"] for e in kept.store.entries()} == {1: "of 1", "1": "of '1'"}


def test_a_long_id_is_no_reason_to_lose_a_change() -> None:
    """A key has 200 characters at most; a change of a record whose id has 190 is taken, and once."""
    kept = workspace()
    data = cc.Dataset(change=[change("x" * 190, "owner", "Anna"), change("y" * 190, "owner", "Ben")])
    first, second = kept.import_data(data), kept.import_data(data)

    assert (first.applied, first.rejected) == (2, ())
    assert (second.applied, second.repeated, second.rejected) == (0, 2, ())


def test_keys_do_not_depend_on_the_time_zone() -> None:
    """K4: the same instant said in another zone is the same change; a date is another one than its midnight."""
    east = NOON.astimezone(timezone(timedelta(hours=8)))

    assert key_of("lead", "L1", "owner", NOON, 0) == key_of("lead", "L1", "owner", east, 0)
    assert len({key_of("lead", "L1", "owner", at, 0) for at in (NOON, date(2026, 5, 4), NOON.replace(hour=0))}) == 3
    assert len({key_of("lead", "L1", "owner", NOON, n) for n in (0, 1, 10)}) == 3


@pytest.mark.parametrize("text", ["²", "--5", "007", "٣", "-0", "5.0", "9" * 30])
def test_text_that_is_no_whole_number_stays_text(text) -> None:
    """Among owners 5 and 7, whole numbers, a change to other text is that text: no error, and no other number."""
    kept = workspace()
    deals = [{"id": n, "owner": n + 4, "created_at": NOON} for n in (1, 3)]
    found = kept.import_data(cc.Dataset(opportunity=deals, change=[change(1, "owner", text), change(3, "owner", "5")]))

    assert found.rejected == ()
    assert [e.values["owner"] for e in kept.store.entries() if "owner" in e.values][:2] == [text, 5]
