"""Ids of one export are whole numbers, of the next text: to a dataset 1 and "1" are one record, and so they are to an import."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import crmcore as cc
from crmcore.stores import Write

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def workspace() -> cc.Workspace:
    """Return a workspace on a new store."""
    return cc.Workspace(store="memory:", clock=lambda: NOON)


def deal(id_, amount):
    """Return a won deal."""
    return {
        "id": id_,
        "outcome": "won",
        "closed_at": date(2026, 5, 1),
        "created_at": date(2026, 4, 1),
        "amount": amount,
    }


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [((1, 2), (1, 2, "A3"), (2,)), (("1", "A3"), (1, 2), ("2", "A3", "1"))],
)
def test_a_record_is_found_again_whatever_the_type_of_its_id(first, second, third) -> None:
    """Amounts of 10, then 20, then 30 for the same deals: each deal has the amount of its last import, and is there once."""
    kept = workspace()
    last: dict[str, int] = {}
    for amount, ids in ((10, first), (20, second), (30, third)):
        found = kept.import_data(cc.Dataset(opportunity=[deal(i, amount) for i in ids]))
        last |= {str(i): amount for i in ids}
        assert (len(found.rejected), found.unchanged) == (0, 0)

    assert kept.measure(["won_deals", "won_value"]).total == {"won_deals": len(last), "won_value": sum(last.values())}
    assert kept.dataset().issues == ()


def test_files_whose_ids_become_text(tmp_path) -> None:
    """A CSV file with ids 1 and 2, then one with 1, 2 and A3, where deal 1 has grown from 10 to 15: 15 + 20 + 5 = 40."""
    kept = workspace()
    head = "id,outcome,created_at,closed_at,amount\n"
    rows = ["1,won,2026-04-01,2026-05-01,10", "2,won,2026-04-01,2026-05-01,20", "A3,won,2026-04-01,2026-05-02,5"]
    for name, lines in (("a", rows[:2]), ("b", [rows[0].replace(",10", ",15"), *rows[1:]])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "opportunity.csv").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
        kept.import_data(cc.read(tmp_path / name))

    assert kept.measure(["won_deals", "won_value"]).total == {"won_deals": 3, "won_value": 40}


def test_a_history_of_several_tables_meets_its_records() -> None:
    """A table of changes to lead "L1" and deal 1 has text for both: the change of deal 1 is one of deal 1."""
    kept = workspace()
    changes = [
        {"table": t, "record": r, "field": "owner", "new": "Anna", "at": NOON, "recorded_at": NOON}
        for t, r in (("lead", "L1"), ("opportunity", "1"))
    ]
    data = cc.Dataset(opportunity=[deal(1, 10)], lead=[{"id": "L1", "created_at": NOON}], change=changes)
    kept.import_data(data)

    assert {(e.table, e.id) for e in kept.store.entries()} == {("lead", "L1"), ("opportunity", 1)}
    assert kept.measure(["won_value"], by="owner").rows() == [{"owner": "Anna", "won_value": 10}]
    again = kept.import_data(data)
    assert (again.applied, again.rejected) == (0, ())


def test_both_may_be_there() -> None:
    """A store that has 1 and "1", by its own writers, keeps them apart: each is found under its own id."""
    kept = workspace()
    kept.store.append([Write("opportunity", i, {"name": repr(i)}, NOON, NOON) for i in (1, "1")])
    kept.import_data(cc.Dataset(opportunity=[deal(1, 10)]))
    kept.import_data(cc.Dataset(opportunity=[deal("1", 20), deal("A", 5)]))

    found = {i: kept.store.get("opportunity", i).values["amount"].amount for i in (1, "1")}
    assert found == {1: 10, "1": 20}


def test_only_what_a_whole_number_would_be_written_as_is_one() -> None:
    """ "01", "²" and "1.0" are ids of their own beside 1."""
    kept = workspace()
    kept.import_data(cc.Dataset(opportunity=[deal(1, 10)]))
    kept.import_data(cc.Dataset(opportunity=[deal(i, 5) for i in ("01", "²", "1.0")]))

    assert kept.measure("won_value").total == {"won_value": 25}
