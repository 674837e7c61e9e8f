"""Records kept through the rules of the domain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest

import crmcore as cc
from crmcore.domain import Account, Activity, Contact, Lead, Money, Opportunity, Pipeline, Seller, Stage, Target
from crmcore.errors import (
    ArgumentError,
    DefinitionError,
    KeyConflict,
    NotFoundError,
    StoreError,
    TransitionError,
    VersionConflict,
)


def day(n: int) -> datetime:
    """Return noon of a day in March 2026."""
    return datetime(2026, 3, n, 12, tzinfo=UTC)


def log(ws: cc.Workspace) -> list[tuple[str, Any, dict[str, Any]]]:
    """Return the log as (table, id, values)."""
    return [(e.table, e.id, dict(e.values)) for e in ws.store.entries()]


# --- put and change


def test_a_record_comes_back_as_it_was_put(ws: cc.Workspace) -> None:
    """Each kind of value of a record survives, ids of text and numbers, in any script."""
    records = [
        Lead("L1", created_at=day(1), score=0.25, expected_amount=Money("12.50", "EUR"), name="王芳 🙂"),
        Opportunity(7, created_at=date(2026, 3, 2), term_months=12, probability=Decimal("0.3"), owner="李伟"),
        Activity("a", at=day(3), duration=timedelta(minutes=90), quantity=2),
        Account("公司", created_at=day(1), employees=12, parent=7),
        Seller("ann", active=False, hired=date(2020, 1, 1)),
        Target("t", metric="won_value", amount=Money(5, None), start=date(2026, 1, 1), end=date(2026, 4, 1)),
    ]

    assert [ws.put(r, at=day(4)) for r in records] == records
    assert [ws.get(t, r.id) for t, r in zip(
        ("lead", "opportunity", "activity", "account", "seller", "target"), records, strict=True
    )] == records  # fmt: skip
    assert ws.get("lead", "L2") is None


def test_a_record_is_its_whole_state(ws: cc.Workspace) -> None:
    """A field that the record does not give goes back to its default; the host's own fields stay; the log has what differs."""
    ws.put(Lead("L1", created_at=day(1), source="web", owner="ann"))
    ws.change("lead", "L1", {"priority": 3}, at=day(2))
    ws.put(Lead("L1", created_at=day(1), owner="bob", sample=True), at=day(3))

    assert ws.get("lead", "L1") == Lead("L1", created_at=day(1), owner="bob", sample=True, changed_at=day(3))
    assert ws.store.get("lead", "L1").values["priority"] == 3
    assert log(ws)[2][2] == {"source": None, "owner": "bob", "sample": True, "changed_at": day(3)}


def test_nothing_new_writes_nothing(ws: cc.Workspace) -> None:
    """A record put twice, a field changed to what it is, leave no entry (K5), and no other date of change."""
    lead = Lead("L1", created_at=day(1), owner="ann")
    ws.put(lead)
    ws.put(lead, at=day(2))
    ws.change("lead", "L1", {"owner": "ann", "sample": False}, at=day(3))

    assert len(log(ws)) == 1
    assert ws.get("lead", "L1").changed_at is None


def test_a_new_record_is_so_since_its_creation(ws: cc.Workspace) -> None:
    """`at` is the date of creation where it is not given; a record without one, or that is there, needs it."""
    ws.put(Lead("L1", created_at=day(5)))
    (entry,) = ws.store.entries()

    assert (entry.at, entry.recorded_at) == (day(5), day(5))
    for record, why in [
        (Lead("L2"), "has no created_at"),
        (Seller("ann"), "no date of its creation"),
        (Lead("L1", created_at=day(5), owner="x"), "is there already"),
    ]:
        with pytest.raises(ArgumentError, match=why):
            ws.put(record)


@pytest.mark.parametrize("bad", [None, "2026-03-01", datetime(2026, 3, 1), 5, float("nan")])
def test_at_is_a_date_or_an_aware_datetime(selling: cc.Workspace, bad: Any) -> None:
    """No method takes another `at`, and nothing is written."""
    selling.create("D1", pipeline="sales", at=day(2))
    before = selling.store.last()
    calls = [
        lambda: selling.change("opportunity", "D1", {"owner": "x"}, at=bad),
        lambda: selling.remove("opportunity", "D1", at=bad),
        lambda: selling.create("D2", pipeline="sales", at=bad),
        lambda: selling.move("D1", "offer", at=bad),
        lambda: selling.win("D1", at=bad),
    ]
    for call in calls:
        with pytest.raises((ArgumentError, TransitionError), match=r"is a date|is not a date"):
            call()
    assert selling.store.last() == before


def test_when_it_was_learnt_is_said_or_told_by_the_clock(url: str) -> None:
    """recorded_at: what is given, else the clock, else `at` where that is an instant, else an error; no clock is hidden."""
    with cc.Workspace(store=url, clock=lambda: day(20)) as ws:
        ws.put(Lead("L1", created_at=date(2026, 3, 1)))
        ws.change("lead", "L1", {"owner": "x"}, at=date(2026, 3, 2), recorded_at=day(9))
        assert [e.recorded_at for e in ws.store.entries()] == [day(20), day(9)]
    with cc.Workspace(store="memory:") as ws:
        with pytest.raises(
            ArgumentError, match=r"when was it learnt\? at datetime\.date\(2026, 3, 1\) is a date; give"
        ):
            ws.put(Lead("L1", created_at=date(2026, 3, 1)))
        with pytest.raises(ArgumentError, match="recorded_at is a datetime with a time zone"):
            ws.put(Lead("L1", created_at=day(1)), recorded_at=datetime(2026, 3, 1))
    with pytest.raises(ArgumentError, match="clock is a function"):
        cc.Workspace(store="memory:", clock=day(1))  # type: ignore[arg-type]


def test_a_late_correction_leaves_what_came_later(ws: cc.Workspace) -> None:
    """A correction of the past changes the past, and the present only where nothing later has been said (K6)."""
    ws.put(Lead("L1", created_at=day(1), owner="ann"))
    ws.change("lead", "L1", {"owner": "bob"}, at=day(10))
    ws.change("lead", "L1", {"owner": "eve", "source": "web"}, at=day(5), recorded_at=day(12))

    assert (ws.get("lead", "L1").owner, ws.get("lead", "L1").source) == ("bob", "web")
    assert ws.dataset(at=day(6))["lead"]["owner"].labels[1:] == ("eve",)
    assert ws.dataset(at=day(6), known=day(11))["lead"]["owner"].labels[1:] == ("ann",)


def test_the_version_that_was_seen(ws: cc.Workspace) -> None:
    """`expected` is the version the writer has seen: another one by now is a conflict, and 0 makes sure that it is new."""
    ws.put(Lead("L1", created_at=day(1)), expected=0)
    ws.change("lead", "L1", {"owner": "ann"}, at=day(2), expected=1)

    with pytest.raises(VersionConflict, match="version 2"):
        ws.change("lead", "L1", {"owner": "bob"}, at=day(3), expected=1)
    with pytest.raises(VersionConflict):
        ws.put(Lead("L1", created_at=day(1)), at=day(3), expected=0)
    assert ws.get("lead", "L1").owner == "ann"


def test_a_key_is_taken_once(ws: cc.Workspace) -> None:
    """The same event sent again changes nothing, also after others; other content under its key is an error (K4)."""
    told: Any = {"at": day(2), "key": "evt-1", "source": "hook"}
    lead = Lead("L1", created_at=day(1), owner="ann")
    ws.put(lead, **told)
    ws.change("lead", "L1", {"owner": "bob"}, at=day(3))
    ws.put(lead, **told)

    assert ws.get("lead", "L1").owner == "bob"
    assert len(log(ws)) == 2
    with pytest.raises(KeyConflict):
        ws.put(attrs.evolve(lead, owner="eve"), **told)


def test_a_removed_record_enters_no_number(selling: cc.Workspace) -> None:
    """remove() marks it as deleted: it leaves the numbers and is counted (O3), its history stays, it does not move (O3)."""
    selling.create("D1", pipeline="sales", at=day(2), amount=Money(5, "EUR"))
    selling.create("D2", pipeline="sales", at=day(2), amount=Money(7, "EUR"))
    selling.remove("opportunity", "D1", at=day(4))

    assert selling.measure("open_value").total["open_value"] == 7
    assert dict(selling.dataset()["opportunity"].excluded) == {"deleted": 1}
    assert len(selling.dataset(at=day(3))["opportunity"]) == 2
    with pytest.raises(TransitionError, match="was deleted"):
        selling.move("D1", "offer", at=day(5))
    with pytest.raises(NotFoundError, match="D9"):
        selling.remove("opportunity", "D9", at=day(5))


def test_tables_of_the_host(ws: cc.Workspace) -> None:
    """A table that the domain does not know takes any fields; there a change makes a record."""
    ws.change("拜访", "v1", {"城市": "上海", "minutes": 30, "done": True}, at=day(1))
    ws.change("拜访", "v1", {"minutes": None}, at=day(2))

    assert ws.get("拜访", "v1") == {"城市": "上海", "done": True}
    assert len(ws.dataset()["拜访"]) == 1
    with pytest.raises(NotFoundError, match="L1"):
        ws.change("lead", "L1", {"owner": "ann"}, at=day(1))


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda ws: ws.put("L1"), "put\\(\\) keeps records of the domain"),
        (lambda ws: ws.put(Activity(at=day(1))), "has no id"),
        (lambda ws: ws.change("lead", "L1", {}, at=day(1)), "field -> new value"),
        (lambda ws: ws.change("lead", "L1", [("owner", 1)], at=day(1)), "field -> new value"),
        (lambda ws: ws.change("lead", "L1", {"score": "high"}, at=day(1)), "score 'high' is not"),
        (lambda ws: ws.change("lead", "L1", {"version": 3}, at=day(1)), "version"),
        (lambda ws: ws.change("lead", "L1", {"owner": "a\0b"}, at=day(1)), "characters"),
        (lambda ws: ws.change("lead", "L1", {"converted_at": day(2)}, at=day(2)), "not converted"),
        (lambda ws: ws.change("lead", "L1", {"owner": "x"}, at=day(2), sequence=-1), "sequence"),
    ],
)
def test_what_is_no_record_is_refused(ws: cc.Workspace, call: Any, why: str) -> None:
    """Wrong types, names and values are refused before anything is written."""
    ws.put(Lead("L1", created_at=day(1)))

    with pytest.raises((ArgumentError, DefinitionError), match=why):
        call(ws)
    assert len(log(ws)) == 1


# --- motions


def test_motions_are_those_of_the_pipeline(selling: cc.Workspace) -> None:
    """Each motion gives what the pipeline itself gives, and that is what is stored; the log has who and when."""
    rules = selling.get("pipeline", "sales")
    deal, _ = rules.create("D1", at=day(2), by="ann", owner="ann", amount=Money(100, "EUR"))
    steps = [
        ("move", ("offer",), {}),
        ("win", (), {"amount": Money(90, "EUR"), "reason": "price"}),
        ("reopen", ("offer",), {}),
        ("lose", (), {"reason": "budget"}),
        ("move", ("new",), {}),
        ("abandon", (), {"reason": "spam"}),
    ]

    assert selling.create("D1", pipeline="sales", at=day(2), by="ann", owner="ann", amount=Money(100, "EUR")) == deal
    for n, (motion, where, how) in enumerate(steps, 3):
        deal, _ = getattr(rules, motion)(deal, *where, at=day(n), by="bob", **how)
        assert getattr(selling, motion)("D1", *where, at=day(n), by="bob", **how) == deal
        assert selling.get("opportunity", "D1") == deal
    assert [(e.at, e.actor) for e in selling.store.entries(5)] == [
        (day(2), "ann"), *((day(n), "bob") for n in range(3, 9))
    ]  # fmt: skip


def test_what_the_rules_forbid(selling: cc.Workspace) -> None:
    """The errors of the pipeline come through, with its hints, and nothing is written."""
    deal = selling.create("D1", pipeline="sales", at=day(2))
    selling.win("D1", at=day(5))
    before = selling.store.last()
    for call, why in [
        (lambda: selling.win(deal, at=day(6)), "is won already"),
        (lambda: selling.move(deal, "offr", at=day(6)), "did you mean 'offer'"),
        (lambda: selling.move(deal, "offer", at=day(1)), "cannot move at"),
        (lambda: selling.create("D2", pipeline="sales", at=day(2), outcome="won"), "follow from the stage"),
        (lambda: selling.adopt(deal, "new", pipeline="sales", at=day(6)), "already"),
    ]:
        with pytest.raises(TransitionError, match=why):
            call()
    with pytest.raises(NotFoundError, match="did you mean 'sales'"):
        selling.create("D2", pipeline="sale", at=day(2))
    with pytest.raises(NotFoundError, match="D2"):
        selling.move("D2", "offer", at=day(6))
    with pytest.raises(VersionConflict):
        selling.create("D1", pipeline="sales", at=day(2))
    assert selling.store.last() == before


def test_what_says_nothing_is_refused(selling: cc.Workspace) -> None:
    """A misspelt argument is an error, not lost; motions have no key: the version tells one that comes again."""
    selling.create("D1", pipeline="sales", at=day(2))
    selling.put(Lead("L1", created_at=day(1)))
    wrong: Any = {"kee": "x"}
    for call in (
        lambda: selling.put(Lead("L2", created_at=day(1)), **wrong),
        lambda: selling.change("lead", "L1", {"owner": "x"}, at=day(2), **wrong),
        lambda: selling.remove("lead", "L1", at=day(2), **wrong),
        lambda: selling.move("D1", "offer", at=day(3), **wrong),
        lambda: selling.convert("L1", at=day(3), **wrong),
    ):
        with pytest.raises(ArgumentError, match="nothing is said of a change by 'kee'"):
            call()
    with pytest.raises(ArgumentError, match="did you mean 'expected'"):
        selling.win("D1", at=day(3), expectd=1)  # type: ignore[call-arg]
    with pytest.raises(ArgumentError, match="told by the version"):
        selling.win("D1", at=day(3), key="evt")  # type: ignore[call-arg]
    version = selling.store.get("opportunity", "D1").version  # type: ignore[union-attr]
    selling.win("D1", at=day(3), expected=version)
    with pytest.raises(VersionConflict):
        selling.move("D1", "offer", at=day(4), expected=version)
    assert selling.get("opportunity", "D1").outcome == "won"


def test_put_and_change_do_not_move(selling: cc.Workspace) -> None:
    """Pipeline, stage and outcome change by motions alone; an amount, or the date of the close, may be put right (O2, O5)."""
    selling.create("D1", pipeline="sales", at=day(2))
    deal = selling.win("D1", at=day(5))
    for values, motion in [
        ({"stage": "lost"}, "use move"),
        ({"outcome": "lost"}, "use win, lose"),
        ({"pipeline": None}, "use adopt"),
    ]:
        with pytest.raises(TransitionError, match=motion):
            selling.change("opportunity", "D1", values, at=day(6))
        with pytest.raises(TransitionError, match=motion):
            selling.put(attrs.evolve(deal, **values), at=day(6))
    with pytest.raises(TransitionError, match="is open, but its stage 'won' is won"):
        selling.put(Opportunity("D2", created_at=day(3), pipeline="sales", stage="won"))
    selling.change("opportunity", "D1", {"closed_at": day(4), "amount": Money(3, "EUR")}, at=day(7))

    assert selling.get("opportunity", "D1").closed_at == day(4)
    assert selling.get("opportunity", "D2") is None


def test_a_late_correction_of_a_stage(selling: cc.Workspace) -> None:
    """That a deal stood in another stage in the past can be said with change(), as long as it leaves where it stands now."""
    selling.create("D1", pipeline="sales", at=day(2))
    selling.move("D1", "offer", at=day(9))
    selling.change("opportunity", "D1", {"stage": "offer"}, at=day(6), recorded_at=day(10))

    assert selling.get("opportunity", "D1").stage == "offer"
    assert selling.dataset(at=day(7))["opportunity"]["stage"].labels[1:] == ("offer",)
    assert selling.dataset(at=day(7), known=day(9))["opportunity"]["stage"].labels[1:] == ("new",)


def test_a_motion_behind_what_is_known_is_refused(ws: cc.Workspace) -> None:
    """A deal whose state is a picture of 20 March cannot be moved at 10 March: the move would not be seen."""
    ws.put(Pipeline("sales", stages=(Stage("new"), Stage("offer"))), at=day(1))
    ws.put(Opportunity("D1", created_at=day(1), pipeline="sales", stage="new"), at=day(20))

    with pytest.raises(TransitionError, match="something later is known of its stage, which stays 'new'"):
        ws.move("D1", "offer", at=day(10))
    assert ws.move("D1", "offer", at=day(21)).stage == "offer"


def test_a_deal_without_a_pipeline(ws: cc.Workspace) -> None:
    """A deal may be kept without any pipeline, and moves once one has adopted it."""
    ws.put(Opportunity("D1", created_at=day(1), outcome="won", closed_at=day(2)))
    ws.put(Opportunity("D2", created_at=day(1), pipeline="gone", stage="x", outcome="won"))
    ws.put(Pipeline("sales", stages=(Stage("new"),)), at=day(1))

    with pytest.raises(TransitionError, match="in no pipeline; take it into one with adopt"):
        ws.move("D1", "new", at=day(3))
    with pytest.raises(NotFoundError, match="no name named 'gone' among the pipelines"):
        ws.move("D2", "new", at=day(3))
    assert ws.adopt("D1", "new", pipeline="sales", at=day(3)).reopened == 1


# --- pipelines


def test_a_pipeline_and_its_versions(ws: cc.Workspace) -> None:
    """A stage left out of a pipeline is retired, not deleted; a motion is judged by the stages in force at its date (S1)."""
    ws.put(Pipeline("sales", stages=(Stage("new"), Stage("demo"), Stage("won", kind="won"))), at=day(1))
    ws.put(Pipeline("sales", stages=(Stage("new"), Stage("trial"), Stage("won", kind="won"))), at=day(10))
    stages = {s.id: s for s in ws.get("pipeline", "sales").stages}

    assert stages["demo"].active_to == day(10)
    assert [s.id for s in ws.get("pipeline", "sales").version() if not s.retired(day(10))] == ["new", "trial", "won"]
    ws.create("D1", pipeline="sales", at=day(2))
    assert ws.move("D1", "demo", at=day(5)).stage == "demo"
    with pytest.raises(TransitionError, match="no stage named 'trial'"):
        ws.move("D1", "trial", at=day(6))
    with pytest.raises(TransitionError, match="retired"):
        ws.create("D2", "demo", pipeline="sales", at=day(11))
    assert ws.move("D1", "trial", at=day(12)).stage == "trial"


def test_stages_of_one_name_in_two_pipelines(ws: cc.Workspace) -> None:
    """A stage belongs to one pipeline: the id of another's is refused, since a deal names its stage by the id alone."""
    ws.put(Pipeline("a", stages=(Stage("new"),)), at=day(1))

    with pytest.raises(DefinitionError, match="stage 'new' belongs to pipeline 'a'"):
        ws.put(Pipeline("b", stages=(Stage("new"),)), at=day(1))
    assert ws.get("pipeline", "b") is None


# --- transactions


def test_a_transaction_is_kept_whole_or_not_at_all(selling: cc.Workspace) -> None:
    """What is done in a block is seen in it, and gone where the block raises, or goes on after a refusal."""
    before = selling.store.last()
    with pytest.raises(ZeroDivisionError), selling.transaction() as t:  # noqa: PT012
        t.put(Lead("L1", created_at=day(1)))
        raise ZeroDivisionError
    with pytest.raises(StoreError), selling.transaction() as t:  # noqa: PT012
        t.create("D1", pipeline="sales", at=day(2))
        with pytest.raises(TransitionError):
            t.change("opportunity", "D1", {"stage": "won"}, at=day(3))
    assert selling.store.last() == before

    with selling.transaction() as t:
        t.put(Pipeline("p2", stages=(Stage("p2-new"), Stage("p2-won", kind="won"))), at=day(1))
        t.create("D1", pipeline="p2", at=day(2))
        assert t.win("D1", at=day(3)).stage == "p2-won"
    assert selling.get("opportunity", "D1").outcome == "won"


# --- leads


def test_a_lead_becomes_what_it_is_converted_to(selling: cc.Workspace) -> None:
    """The lead is marked and linked; what it knows is carried over where the new record says nothing, in one transaction."""
    lead = Lead(
        "L1", name="Wei", created_at=day(1), owner="ann", team="east", source="web", campaign="c", region="EMEA",
        country="DE", industry="steel", size="M", first_contact_at=day(2), expected_amount=Money(5, "EUR"),
    )  # fmt: skip
    selling.put(lead)
    before = selling.store.last()
    done = selling.convert(
        "L1",
        at=day(6),
        opportunity=Opportunity("D1", pipeline="sales", owner="bob"),
        account=Account("A1", name="ACME"),
        contact=Contact("C1"),
        by="ann",
    )

    assert done == attrs.evolve(
        lead, converted=True, converted_at=day(6), opportunity="D1", account="A1", contact="C1", changed_at=day(6)
    )
    assert selling.get("opportunity", "D1") == Opportunity(
        "D1", pipeline="sales", stage="new", created_at=day(6), stage_entered_at=day(6), changed_at=day(6), owner="bob",
        team="east", source="web", campaign="c", region="EMEA", first_contact_at=day(2), amount=Money(5, "EUR"),
        lead="L1", account="A1", contact="C1",
    )  # fmt: skip
    assert selling.get("account", "A1") == Account(
        "A1", name="ACME", owner="ann", team="east", source="web", region="EMEA", country="DE", industry="steel", size="M",
        created_at=day(6),
    )  # fmt: skip
    assert selling.get("contact", "C1") == Contact(
        "C1", name="Wei", owner="ann", source="web", country="DE", account="A1", created_at=day(6)
    )
    assert {(e.at, e.actor) for e in selling.store.entries(before)} == {(day(6), "ann")}
    with pytest.raises(TransitionError, match="was converted at 2026-03-06"):
        selling.convert("L1", at=day(7))


def test_a_conversion_that_fails_makes_nothing(selling: cc.Workspace) -> None:
    """Unknown ids, a deal that is there, a date before the lead, a deleted or merged lead: all as before."""
    selling.put(Lead("L1", created_at=day(3)))
    selling.put(Lead("L2", created_at=day(3), deleted=True))
    selling.put(Lead("L3", created_at=day(3), merged_into="L1"))
    selling.create("D1", pipeline="sales", at=day(2))
    before = selling.store.last()
    new = Account("A1")
    for lead, links, error, why in [
        ("L9", {}, NotFoundError, "L9"),
        ("L1", {"account": new, "opportunity": "D7"}, NotFoundError, "D7"),
        ("L1", {"account": new, "opportunity": Opportunity("D1")}, VersionConflict, "D1"),
        ("L1", {"account": new, "opportunity": 1.5}, ArgumentError, "or the id of one"),
        ("L2", {"account": new}, TransitionError, "was deleted"),
        ("L3", {"account": new}, TransitionError, "merged into 'L1'"),
    ]:
        with pytest.raises(error, match=why):
            selling.convert(lead, at=day(6), **links)
    with pytest.raises(TransitionError, match="it was created at"):
        selling.convert("L1", at=day(2), account=new)
    assert selling.store.last() == before
    assert selling.convert("L1", at=day(6), opportunity="D1").opportunity == "D1"


# --- the store of a workspace


def test_two_workspaces_on_one_store(selling: cc.Workspace) -> None:
    """Another workspace on the same store sees what the first writes; one of another tenant sees nothing (K10)."""
    other = cc.Workspace(store=selling.store)
    selling.put(Lead("L1", created_at=day(1)))
    assert other.measure("leads_created").total["leads_created"] == 1
    other.put(Lead("L2", created_at=day(2)))

    assert selling.measure("leads_created").total["leads_created"] == 2
    assert "store of tenant 'main'" in repr(other)
    with pytest.raises(ArgumentError, match="is that of tenant 'main', not of 'x'"):
        cc.Workspace(store=selling.store, tenant="x")


def test_tenants(url: str) -> None:
    """Two tenants of one open backend keep apart."""
    from crmcore.stores import open_store

    backend = open_store(url)
    a, b = (cc.Workspace(store=backend, tenant=name) for name in ("a", "b"))
    a.put(Lead("L1", created_at=day(1)))

    assert b.get("lead", "L1") is None
    assert b.store.last() == 0
    backend.close()


def test_without_a_store() -> None:
    """The errors say what to give."""
    ws = cc.Workspace()
    for call in (
        lambda: ws.put(Lead("L1", created_at=day(1))),
        lambda: ws.store,
        ws.dataset,
        lambda: ws.get("lead", 1),
    ):
        with pytest.raises(ArgumentError, match="has no store; give it one"):
            call()
    for call in (lambda: ws.measure("win_rate"), ws.scorecard, lambda: ws.analyse("rfm_ntile")):
        with pytest.raises(ArgumentError, match="no data: give a Dataset"):
            call()
    with pytest.raises(ArgumentError, match="is of a store"):
        cc.Workspace(tenant="x")
    with pytest.raises(ArgumentError, match="or an open store, got a int"):
        cc.Workspace(store=5)  # type: ignore[arg-type]
    ws.close()


def test_no_password_is_shown() -> None:
    """Neither repr nor error shows the password of a store's URL."""
    with pytest.raises(cc.CrmCoreError) as caught:
        cc.Workspace(store="nosuch://ann:s3cret@host/db")
    assert "s3cret" not in repr(caught.value) + str(caught.value)


def test_days_of_the_past_are_local(url: str) -> None:
    """A date given to `dataset(at=)` ends where the workspace's day ends."""
    late = datetime(2026, 3, 5, 20, tzinfo=UTC)  # already the 6th in Shanghai
    for zone, there in (("UTC", True), ("Asia/Shanghai", False)):
        with cc.Workspace(store="memory:", timezone=zone) as ws:
            ws.put(Lead("L1", created_at=late))
            assert ("lead" in ws.dataset(at=date(2026, 3, 5))) is there
            assert ("lead" in ws.dataset(known=date(2026, 3, 5))) is there
            assert "lead" in ws.dataset(at=late.astimezone(timezone(timedelta(hours=8))))
