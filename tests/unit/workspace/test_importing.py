"""Data brought into a store: a picture of one moment, of which only what differs is written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

import crmcore as cc
from crmcore.domain import Change, Lead, Money, Opportunity, Pipeline
from crmcore.errors import ArgumentError

NAMES = ["win_rate", "won_value", "open_value", "sales_cycle_days", "median_sales_cycle_days", "loss_rate"]


def day(n: int) -> datetime:
    """Return noon of a day in March 2026."""
    return datetime(2026, 3, n, 12, tzinfo=UTC)


def deals(**more: Any) -> dict[str, Any]:
    """Return four deals as columns: D1 won in 10 days, D2 won in 5, D3 lost, D4 open."""
    return {
        "id": ["D1", "D2", "D3", "D4"],
        "outcome": ["won", "won", "lost", "open"],
        "created_at": [day(1), day(2), day(3), day(4)],
        "closed_at": [day(11), day(7), day(9), None],
        "amount": [Decimal("100.10"), Decimal("50.05"), None, Decimal(-7)],
        "currency": ["EUR"] * 4,
        "owner": ["ann", "李伟", "李伟", None],
    } | more


def test_numbers_are_those_of_the_arrays(ws: cc.Workspace) -> None:
    """Worked by hand: 2 of 3 won, 150.15 won, -7 open, cycles of 10 and 5 days; from the store and from the arrays alike."""
    data = cc.Dataset(opportunity=deals())
    assert str(ws.import_data(data)) == "4 rows: 4 written, 0 were there, 0 rejected"

    kept = ws.measure(NAMES)
    assert kept.total == {
        "win_rate": 2 / 3, "won_value": 150.15, "open_value": -7, "sales_cycle_days": 7.5,
        "median_sales_cycle_days": 7.5, "loss_rate": 1 / 3,
    }  # fmt: skip
    for asked in ({}, {"by": "owner"}, {"by": "owner", "per": "week"}, {"as_of": date(2026, 3, 8)}):
        assert ws.measure(NAMES, **asked).rows() == ws.measure(NAMES, data, **asked).rows()  # type: ignore[arg-type]
    assert cc.functional.win_rate(outcome=deals()["outcome"]) == kept.total["win_rate"]


def test_random_arrays_measure_the_same(ws: cc.Workspace) -> None:
    """Two thousand random deals, dirt included, by every key: each number of the store is `==` that of the arrays (Q3, Q4)."""
    chance = np.random.default_rng(3)
    size = 2000
    created = np.datetime64("2025-01-01T00:00:00", "us") + chance.integers(0, 3 * 10**13, size).astype("m8[us]")
    outcome = np.array(["open", "won", "lost", "abandoned"])[chance.integers(0, 4, size)]
    closed = np.where(outcome == "open", np.datetime64("NaT"), created + chance.integers(-(10**11), 10**13, size))
    amount = np.ma.masked_less(chance.integers(-1000, 10**6, size), -900)
    table = {
        "id": np.arange(size), "created_at": created, "closed_at": closed, "outcome": outcome, "amount": amount,
        "owner": [None if n % 17 == 0 else f"o{n % 13}" for n in range(size)], "deleted": chance.random(size) < 0.05,
        "竞争对手": [f"c{n % 3}" for n in range(size)],
    }  # fmt: skip
    data = cc.Dataset(timezone="UTC", opportunity=table)
    found = ws.import_data(data)

    assert found.applied == size
    for by in ("owner", "竞争对手"):
        one, other = (ws.measure(NAMES, d, by=by, per="month") for d in (data, None))
        assert one.rows() == other.rows()
        assert [one[n].n.tolist() for n in NAMES] == [other[n].n.tolist() for n in NAMES]
    assert dict(ws.dataset()["opportunity"].excluded) == dict(data["opportunity"].excluded)


def test_only_what_differs_is_written(ws: cc.Workspace) -> None:
    """The same picture again writes nothing; a later one writes what changed, with its moment; what it has not stays."""
    ws.import_data({"opportunity": deals()})
    assert str(ws.import_data({"opportunity": deals()})) == "4 rows: 0 written, 4 were there, 0 rejected"

    later = {
        "id": ["D4", "D5"],
        "outcome": ["won", "open"],
        "closed_at": [day(20), None],
        "created_at": [day(4), day(19)],
    }
    found = ws.import_data({"opportunity": later}, name="crm")
    *_, changed, new = ws.store.entries()

    assert (found.applied, found.unchanged) == (2, 0)
    assert (dict(changed.values), changed.at, changed.source) == (
        {"outcome": "won", "closed_at": day(20)},
        day(20),
        "crm",
    )
    assert (new.id, new.version) == ("D5", 1)
    assert ws.get("opportunity", "D4").amount == Money(-7, "EUR")
    assert ws.measure("win_rate").total["win_rate"] == 3 / 4


def test_a_blank_cell_clears(ws: cc.Workspace) -> None:
    """A column that is there and blank says that there is nothing any more; a column that is not there says nothing."""
    ws.import_data({"lead": {"id": [1], "owner": ["ann"], "source": ["web"], "created_at": [day(1)]}})
    ws.import_data({"lead": {"id": [1], "owner": [None], "created_at": [day(1)]}}, at=day(5))

    assert (ws.get("lead", 1).owner, ws.get("lead", 1).source) == (None, "web")


def test_what_is_open_again_has_no_close_date(ws: cc.Workspace) -> None:
    """A picture that says open and has no column of close dates clears the date; so for leads no longer converted (O4, O5)."""
    ws.import_data({"opportunity": deals(), "lead": {"id": ["L"], "converted_at": [day(3)], "created_at": [day(1)]}})
    later: Any = {
        "opportunity": {"id": ["D1", "D2"], "outcome": ["open", "won"], "created_at": [day(1), day(2)]},
        "lead": {"id": ["L"], "converted": [False], "created_at": [day(1)]},
    }
    ws.import_data(later, at=day(20))

    assert [ws.get("opportunity", d).closed_at for d in ("D1", "D2")] == [None, day(7)]
    assert ws.get("lead", "L").converted_at is None
    assert ws.measure("open_deals").total["open_deals"] == 2


def test_rows_that_cannot_be_taken_are_told_and_the_others_are_in(ws: cc.Workspace) -> None:
    """Rows that the dataset or the store refuses, each with its number and reason; nothing else is lost."""
    table = deals(id=["D1", "D1", "D3", "D4"], closed_at=[day(11), day(7), "soon", None], note=["a", "b", "c", "d\0e"])
    found = ws.import_data({"opportunity": table})

    assert [(r.table, r.row, r.reason.split(":")[0]) for r in found.rejected] == [
        ("opportunity", 2, "id"), ("opportunity", 3, "closed_at"), ("opportunity", 4, "opportunity 'D4'")
    ]  # fmt: skip
    assert found.applied == 1
    assert ws.get("opportunity", "D1").owner == "ann"
    assert ws.get("opportunity", "D4") is None


@pytest.mark.parametrize("at", [[1, 7, 9], [0], [11], list(range(12))])
def test_refused_rows_among_many(ws: cc.Workspace, monkeypatch: pytest.MonkeyPatch, at: list[int]) -> None:
    """Wherever refused rows stand, alone or side by side, exactly they are left out."""
    monkeypatch.setattr("crmcore.workspace.importing.SIZE", 5)
    names = ["bad\0" if n in at else "good" for n in range(12)]
    steps: list[Any] = []
    found = ws.import_data(
        {"lead": {"id": list(range(12)), "name": names, "created_at": [day(1)] * 12}},
        progress=lambda *step: steps.append(step),
    )

    assert [r.row - 1 for r in found.rejected] == at
    assert [n for n in range(12) if ws.get("lead", n) is None] == at
    assert steps == [(5, 12), (10, 12), (12, 12)]


def test_an_interrupted_import_is_run_again(ws: cc.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before stays; the second run finds it there, and the log is as after one run."""
    monkeypatch.setattr("crmcore.workspace.importing.SIZE", 3)
    table = {"lead": {"id": list(range(10)), "owner": ["x"] * 10, "created_at": [day(1)] * 10}}

    def stop(done: int, _: int | None) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ws.import_data(table, progress=stop)
    assert ws.store.last() == 6
    assert str(ws.import_data(table)) == "10 rows: 4 written, 6 were there, 0 rejected"
    assert [(e.id, e.version) for e in ws.store.entries()] == [(n, 1) for n in range(10)]


def test_which_moment_it_is_a_picture_of(ws: cc.Workspace) -> None:
    """The newest instant that was recorded in it (T8), or the one that is given; of data without any, it has to be."""
    ws.import_data({"opportunity": deals(expected_close=[date(2030, 1, 1)] * 4)})
    assert {e.at for e in ws.store.entries()} == {day(11)}
    with pytest.raises(ArgumentError, match=r"give at=\.\.\."):
        ws.import_data({"seller": {"id": ["ann"], "team": ["north"]}})
    with pytest.raises(ArgumentError, match="when was it learnt"):
        ws.import_data({"seller": {"id": ["ann"], "team": ["north"]}}, at=date(2026, 3, 1))
    ws.import_data({"seller": {"id": ["ann"], "team": ["north"]}}, at=date(2026, 3, 1), recorded_at=day(2))
    *_, last = ws.store.entries()
    assert (last.at, last.recorded_at) == (date(2026, 3, 1), day(2))


def test_deleted_rows_are_kept_and_counted(ws: cc.Workspace) -> None:
    """Rows that enter no number are in the store, and are left out there too (O3)."""
    ws.import_data({"opportunity": deals(deleted=[True, False, False, False])})

    assert ws.get("opportunity", "D1").deleted
    assert ws.measure("won_deals").total["won_deals"] == 1
    assert dict(ws.dataset()["opportunity"].excluded) == {"deleted": 1}


def test_a_table_of_changes_is_history(ws: cc.Workspace) -> None:
    """Each change is written with its own date, author and order, its text as the value of its field, and once."""
    changes: Any = {
        "table": ["opportunity"] * 3, "record": ["D1"] * 3, "field": ["amount", "owner", "amount"],
        "new": ["80.00 EUR", "bob", "much"], "at": [day(2), day(3), day(4)], "actor": ["ann", None, None],
        "id": ["c1", "c2", "c3"],
    }  # fmt: skip
    for _ in range(2):
        found = ws.import_data({"opportunity": deals(), "change": changes})
    was = ws.dataset(at=day(3), known=day(30))["opportunity"]

    assert [(r.table, r.row) for r in found.rejected] == [("change", 3)]
    assert (found.repeated, found.applied) == (2, 0)
    assert ws.get("opportunity", "D1").owner == "ann"  # the picture of the 11th is newer
    assert ws.get("opportunity", "D1").amount == Money("100.10", "EUR")
    assert was["owner"].labels[1:] == ("bob",)
    began, closed, first, *_ = ws.store.entries()
    assert (began.at, dict(began.values)) == (day(1), {"created_at": day(1), "currency": "EUR"})
    assert (closed.at, dict(closed.values)) == (day(11), {"outcome": "won", "closed_at": day(11)})
    assert (first.at, first.actor, first.key, dict(first.values)) == (day(2), "ann", "c1", {"amount": Money(80, "EUR")})


def test_records_as_they_come(ws: cc.Workspace) -> None:
    """An iterable of records, each so since its creation; what is none, or has no moment, is rejected with its number."""
    given = [
        Lead("L1", created_at=day(1), owner="ann"),
        Opportunity("D1", created_at=day(2), amount=Money(5, "USD")),
        5,
        Lead("L2"),
        Pipeline("p"),
        Change("c1", table="lead", record="L1", field="owner", new="bob", at=day(3)),
    ]
    found = ws.import_data(iter(given))

    assert (found.rows, found.applied) == (3, 3)
    assert [r.row for r in found.rejected] == [3, 4, 5]
    assert ws.get("lead", "L1").owner == "bob"
    assert str(ws.import_data(given[:2])) == "2 rows: 0 written, 2 were there, 0 rejected"


@pytest.mark.parametrize("bad", [None, 5, b"x", Lead("L1")])
def test_what_is_no_data(ws: cc.Workspace, bad: Any) -> None:
    """Anything else is refused at the call."""
    with pytest.raises((ArgumentError, TypeError)):
        ws.import_data(bad)
    assert ws.store.last() == 0


def test_columns_of_every_kind_come_back(ws: cc.Workspace) -> None:
    """The host's own columns keep their kind: text, counts, numbers, flags, days, instants, durations, scores."""
    own: Any = {
        "id": [1, 2], "文字": ["甲", "乙"], "whole": [5, None], "exact": [Decimal("1.25"), Decimal("0.5")],
        "yes": [True, False], "day": [date(2026, 3, 1), None], "span": [timedelta(hours=2), timedelta(days=-1)],
        "score": [0.25, 0.75], "when": [day(1), day(2)],
    }  # fmt: skip
    data = cc.Dataset(拜访=own)
    ws.import_data(data, at=day(3))
    kept = ws.dataset()["拜访"]

    for name, column in data["拜访"].columns.items():
        assert (name, kept[name].kind, kept[name].nulls) == (name, column.kind, column.nulls)
    assert ws.get("拜访", 1) == {n: v[0] for n, v in own.items() if n != "id"}


def test_two_workspaces_write_to_one_store(url: str, ws: cc.Workspace) -> None:
    """What one imports the other measures at once; the slower of two that saw one version is told."""
    other = cc.Workspace(store=ws.store) if url == "memory:" else cc.Workspace(store=url)
    ws.import_data({"opportunity": deals()})
    assert other.measure("won_deals").total["won_deals"] == 2
    other.import_data({"opportunity": deals(outcome=["won", "won", "won", "open"])}, at=day(20))
    assert ws.measure("won_deals").total["won_deals"] == 3
    other.close()


def test_a_key_that_comes_with_other_content_is_rejected_alone(ws: cc.Workspace) -> None:
    """Of changes sent again, the one that says something else now is refused; those beside it are in, or there (K4)."""
    ws.import_data([Lead("L1", created_at=day(1))])
    sent = [Change(f"c{n}", table="lead", record="L1", field="owner", new=f"o{n}", at=day(n)) for n in range(2, 9)]
    assert ws.import_data(sent[:5]).applied == 5
    again = [*sent[:3], Change("c5", table="lead", record="L1", field="owner", new="other", at=day(5)), *sent[4:]]
    found = ws.import_data(again)

    assert [(r.row, "used before, with other content" in r.reason) for r in found.rejected] == [(4, True)]
    assert (found.rows, found.repeated, found.applied) == (7, 4, 2)
    assert ws.get("lead", "L1").owner == "o8"


def test_columns_that_a_store_cannot_keep_are_told(ws: cc.Workspace) -> None:
    """A column with a name that is the store's own is left out, which is an issue, and the rows are in."""
    found = ws.import_data({"lead": {"id": [1, 2], "version": [3, 4], "created_at": [day(1), day(1)]}})

    assert [(i.kind, i.column, i.count) for i in found.issues] == [("column not kept", "version", 2)]
    assert (found.applied, ws.get("lead", 2).created_at) == (2, day(1))


def test_what_an_import_first_saw_was_so_before(ws: cc.Workspace) -> None:
    """O8, S5: before its first picture a record is as in it, by its own dates; what is changed since has a past.

    D4 is open from 4 March with -7, as the picture of 11 March has it, and with 30 from 20 March on.
    """
    ws.import_data({"opportunity": deals()})
    ws.change("opportunity", "D4", {"amount": Money(30, "EUR")}, at=day(20))
    data = cc.Dataset(opportunity=deals())

    for when in (day(3), day(8), day(10), day(12)):
        assert ws.measure(NAMES, as_of=when).total == ws.measure(NAMES, data, as_of=when).total
    found = [ws.measure("open_value", as_of=day(n)).total["open_value"] for n in (3, 12, 19, 20)]
    assert found == [150.15, -7, -7, 30]
    assert ws.measure("open_value", per="week", as_of=date(2026, 3, 22)).rows()[-2:] == [
        {"period": "2026-W11", "open_value": -7.0},
        {"period": "2026-W12", "open_value": 30.0},
    ]
