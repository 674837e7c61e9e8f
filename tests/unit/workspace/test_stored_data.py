"""What a workspace measures on its store, now and in the past, and what follows the log."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

import crmcore as cc
from crmcore import col
from crmcore.domain import Lead, Money, Opportunity, replay
from crmcore.errors import ArgumentError, ConsumerConflict


def day(n: int) -> datetime:
    """Return noon of a day in March 2026."""
    return datetime(2026, 3, n, 12, tzinfo=UTC)


def test_every_way_to_measure_reads_the_store(selling: cc.Workspace) -> None:
    """measure, analyse, scorecard and explain_change give without data what they give of `dataset()`."""
    for n, owner in enumerate(["ann", "ann", "bob", "bob"], 2):
        selling.create(f"D{n}", pipeline="sales", at=day(n), owner=owner, amount=Money(100 * n, "EUR"))
        (selling.win if n % 2 else selling.lose)(f"D{n}", at=day(n + 11))  # won on 14 and 16 March
    data = selling.dataset()

    for given in ((), (data,)):
        assert selling.measure("win_rate", *given).total["win_rate"] == 0.5
        assert selling.scorecard(*given).to_dict()["metrics"]["won_value"]["value"] == 800
    assert len(selling.analyse("rfm_ntile").rows()) == 0  # no order lines yet
    weeks: Any = ("won_value", "2026-W11", "2026-W12")  # Monday, 16 March begins the second
    change = selling.explain_change(*weeks, by="owner", per="week")
    assert (change.before, change.after) == (300, 500)
    assert str(change) == str(selling.explain_change(*weeks, data=data, by="owner", per="week"))
    with pytest.raises(ArgumentError, match="Dataset"):
        selling.measure("win_rate", [Lead("L1")])  # type: ignore[arg-type]


def test_an_empty_store_is_measured(ws: cc.Workspace) -> None:
    """Of no records at all a count is 0 and a ratio undefined (R2); the scorecard says that everything is missing."""
    found = ws.measure(["won_value", "leads_created", "win_rate"]).total

    assert (found["won_value"], found["leads_created"]) == (0, 0)
    assert found["win_rate"] is None
    assert len(ws.dataset()) == 0
    assert len(ws.dataset(history=True)["change"]) == 0
    assert not ws.scorecard().to_dict()["metrics"]


def test_a_field_that_no_record_has_yet_is_blank(ws: cc.Workspace) -> None:
    """The first lead of a new host can be grouped by any field of a lead."""
    ws.put(Lead("L1", created_at=day(1)))

    assert ws.measure("leads_created", by="lost_reason").rows() == [{"lost_reason": None, "leads_created": 1}]


def test_columns_that_nobody_keeps_are_left_out_where_asked(ws: cc.Workspace) -> None:
    """blank=False gives the columns of the records that are there, so that a metric on another is unavailable."""
    ws.put(Opportunity("D1", created_at=day(1), outcome="won", closed_at=day(2)))
    there = set(ws.dataset(blank=False)["opportunity"].columns)

    assert {"id", "created_at", "closed_at", "outcome", "reopened"} <= there
    assert not {"amount", "owner", "expected_close"} & there
    card = ws.scorecard().to_dict()
    assert "won_value" in card["unavailable"]
    assert card["metrics"]["won_deals"]["value"] == 1


def test_the_dataset_is_kept_until_something_is_written(ws: cc.Workspace) -> None:
    """The same object while the log stands still, another one once it has moved on."""
    ws.put(Lead("L1", created_at=day(1)))
    first = ws.dataset()

    assert ws.dataset() is first
    ws.put(Lead("L1", created_at=day(1)), at=day(2))  # changes nothing
    assert ws.dataset() is first
    ws.put(Lead("L2", created_at=day(1)))
    assert len(ws.dataset()["lead"]) == 2
    assert len(first["lead"]) == 1


def test_records_without_a_date_of_creation_were_there_always(ws: cc.Workspace) -> None:
    """O9: where no record has a date of creation, the column is left out, as it is in a source that has none."""
    ws.put(Opportunity("D1", amount=Money(5, "EUR")), at=day(5))

    assert "created_at" not in ws.dataset()["opportunity"]
    before = ws.measure(["open_deals", "open_value"], as_of=date(2020, 1, 1))
    assert before.total == {"open_deals": 1, "open_value": 5}
    assert ws.measure("open_value", as_of=day(5)).total["open_value"] == 5
    ws.put(Opportunity("D2", created_at=day(6), amount=Money(7, "EUR")))
    assert ws.measure("open_value", as_of=date(2026, 3, 5)).total["open_value"] == 0  # D1 is undated now
    assert ws.measure("open_value").total["open_value"] == 12


def test_the_past_as_it_was_and_as_it_was_known(selling: cc.Workspace) -> None:
    """dataset(at=, known=) has stage and amount of that time (O8); a restated amount is known only since it was learnt."""
    selling.create("D1", pipeline="sales", at=day(2), amount=Money(100, "EUR"))
    selling.change("opportunity", "D1", {"amount": Money(300, "EUR")}, at=day(4), recorded_at=day(9))
    selling.move("D1", "offer", at=day(6))

    def value(**when: Any) -> float:
        return float(selling.measure("weighted_value", selling.dataset(**when)).total["weighted_value"])

    assert value(at=day(3)) == 10  # 100 at the 10 % of stage new
    assert value(at=day(5)) == 30
    assert value(at=day(5), known=day(8)) == 10
    assert value(known=day(8)) == 50  # 100 at the 50 % of stage offer
    assert value() == 150
    for bad in ("2026-03-01", datetime(2026, 3, 1), 5):
        with pytest.raises(ArgumentError, match="is a date, or a datetime with a time zone"):
            selling.dataset(at=bad)  # type: ignore[arg-type]


def test_the_history_as_a_table(selling: cc.Workspace) -> None:
    """With history there is the table `change`: replaying the log gives the record; numbers and as_of are as without it."""
    selling.create("D1", pipeline="sales", at=day(2), amount=Money(100, "EUR"))
    selling.move("D1", "offer", at=day(3), by="ann")
    selling.win("D1", at=day(5), amount=Money(90, "EUR"))
    plain, full = selling.dataset(), selling.dataset(history=True)
    changes = [c for e in selling.store.entries() if e.table == "opportunity" for c in e.changes()]

    assert replay(Opportunity("D1"), changes) == selling.get("opportunity", "D1")
    # the pipeline and its stages have no date of creation: that they are as they are is no change
    assert len(full["change"]) == sum(len(e.values) for e in selling.store.entries() if e.table == "opportunity")
    assert dict(full["opportunity"].columns) == dict(plain["opportunity"].columns)
    for when in (None, date(2026, 3, 3), day(4)):
        names = ["won_value", "open_value", "win_rate"]
        a, b = (selling.measure(names, data, as_of=when) for data in (plain, full))
        assert str(a) == str(b)
    stages = cc.Metric(
        "stage_moves", cc.count(col("field") == "stage", table="change", at="at"), unit="count", better="neutral",
        anchor="at", summary="moves between stages",
    )  # fmt: skip
    assert selling.measure(stages, full).total["stage_moves"] == 3
    assert len(selling.dataset(at=day(3), history=True)["change"]) < len(full["change"])


# --- consumers


def test_a_consumer_sees_each_entry_once_and_in_order(ws: cc.Workspace) -> None:
    """Called again and again, with any size of batch, it is handed what is new, in the order of the numbers (K8, K9)."""
    seen: list[int] = []

    def take(state: bytes, entries: Any) -> bytes:
        seen.extend(e.number for e in entries)
        return state + b"." * len(entries)

    for n in range(1, 8):
        ws.put(Lead(n, created_at=day(n)))
        if n in (3, 4):
            ws.follow("counter", take, batch=2)
    found = ws.follow("counter", take, state=b"not taken: it has one", batch=100)

    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert (found.cursor, found.state) == (7, b".......")
    assert ws.follow("counter", take) == found
    assert ws.follow("other", lambda s, e: s, state=b"x").state == b"x"


def test_a_consumer_that_fails_keeps_its_place(ws: cc.Workspace) -> None:
    """What raises, or returns no bytes, leaves cursor and state as they were."""
    ws.put(Lead(1, created_at=day(1)))
    ws.follow("c", lambda s, e: b"one")
    ws.put(Lead(2, created_at=day(1)))
    for wrong, error in (((lambda s, e: 1 / 0), ZeroDivisionError), ((lambda s, e: None), ArgumentError)):
        with pytest.raises(error):
            ws.follow("c", wrong)  # type: ignore[arg-type]
    for given in ({"batch": 0}, {"batch": True}, {"state": "text"}):
        with pytest.raises(ArgumentError):
            ws.follow("c", lambda s, e: s, **given)  # type: ignore[arg-type]
    assert (ws.store.consumer("c").cursor, ws.store.consumer("c").state) == (1, b"one")


def test_the_slower_of_two_consumers_of_one_name(ws: cc.Workspace) -> None:
    """What was computed over a cursor that has moved on is not kept."""
    ws.put(Lead(1, created_at=day(1)))

    def overtaken(state: bytes, entries: Any) -> bytes:
        ws.store.advance("c", 1, b"first", expected=0)
        return b"second"

    with pytest.raises(ConsumerConflict):
        ws.follow("c", overtaken)
    assert ws.store.consumer("c").state == b"first"
