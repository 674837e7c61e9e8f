"""A workspace on PostgreSQL keeps records, and measures the same numbers as one in memory."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

import crmcore as cc
import crmcore_postgres
from crmcore import demo
from crmcore.domain import Account, Lead, Money, Opportunity, Pipeline, Stage
from crmcore.errors import CrmCoreError
from crmcore.testing.stores.compare import values_of
from crmcore.testing.stores.samples import writes_of

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ASKED = [
    "win_rate",
    "won_value",
    "sales_cycle_days",
    "open_value",
    "open_deals",
    "leads_created",
    "opportunities_created",
]


@pytest.fixture
def pair(database):
    """Return a workspace on PostgreSQL, and one in memory."""
    with (
        cc.Workspace(store=database.url, plugins=[crmcore_postgres]) as ours,
        cc.Workspace(store="memory:") as model,
    ):
        yield ours, model


def same(pair, *, moments=()):
    """Check that both have the same log, and the same tables and numbers, now and at some moments."""
    ours, model = pair
    assert ours.store.last() == model.store.last() > 0
    for at in (None, *moments):
        for past in ({}, {"at": at}, {"known": at}, {"at": at, "known": at}) if at is not None else ({},):
            assert values_of(ours.dataset(**past)) == values_of(model.dataset(**past)), past
    assert values_of(ours.dataset(history=True)) == values_of(model.dataset(history=True))


def live(ws, seed, steps):
    """Let a small business go on: leads come, some become deals, these move, are won, lost, reopened, corrected; count what is refused."""
    random = Random(seed)
    stages = (Stage("new"), Stage("offer", probability=Decimal("0.5")), Stage("won", kind="won"), Stage("lost", kind="lost"))  # fmt: skip
    ws.put(Pipeline("sales", stages=stages), at=START)
    refused = 0
    for n in range(steps):
        try:
            step(ws, random, n)
        except CrmCoreError:
            refused += 1
    return refused


def step(ws, random, n):
    """Do one thing."""
    now = START + timedelta(hours=7 * n)
    new, deal, amount = f"D{n // 4}", f"D{random.randrange(n // 4 + 1)}", Money(random.randrange(10_000), "EUR")
    by, late, lead = random.choice(("Anna", "Ben", "客户")), now - timedelta(days=random.randrange(20)), f"L{random.randrange(n + 1)}"  # fmt: skip
    random.choice(
        (
            lambda: ws.put(Lead(f"L{n}", created_at=now, owner=by, source="web"), by=by),
            lambda: ws.convert(
                lead, at=now, account=Account(f"A{n}"), opportunity=Opportunity(new, pipeline="sales"), by=by
            ),
            lambda: ws.create(new, pipeline="sales", at=now, owner=by, amount=amount),
            lambda: ws.move(deal, "offer", at=now, by=by),
            lambda: ws.win(deal, at=now, amount=amount, by=by),
            lambda: ws.lose(deal, at=now, reason="price", by=by),
            lambda: ws.reopen(deal, at=now, by=by),
            lambda: ws.change("opportunity", deal, {"amount": amount, "own": n}, at=late, recorded_at=now),
        )
    )()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_random_life_gives_the_same_numbers(pair, seed):
    """What the rules allow and refuse, the log, the tables of any day and what is measured on them are those of the store in memory."""
    assert live(pair[0], seed, 120) == live(pair[1], seed, 120) < 100
    same(pair, moments=(START + timedelta(days=9), date(2026, 1, 25)))
    for at in (None, date(2026, 1, 20)):
        found = [ws.measure(ASKED, by=["owner"], as_of=at).to_dict() for ws in pair]
        assert found[0] == found[1]
    assert pair[0].measure(ASKED).total["opportunities_created"] > 5


@pytest.mark.parametrize("seed", [3, 4])
def test_the_same_random_history_gives_the_same_tables(pair, seed):
    """Writes in any order of time, of the domain's tables and the host's own, give equal tables, now and in the past."""
    for ws in pair:
        with ws.store.transaction() as transaction:
            transaction.append(writes_of(seed, 300, records=20))
    moments = sorted({entry.recorded_at for entry in pair[1].store.entries()})
    same(pair, moments=(moments[40], moments[200].date(), moments[-1]))


def test_an_organisation_is_imported(pair):
    """An import of all tables of the generated organisation gives on both the same tables and the same scorecard."""
    for ws in pair:
        ws.import_data(demo.dataset(20, 7))
    same(pair)
    assert pair[0].scorecard().to_dict() == pair[1].scorecard().to_dict()
    assert pair[0].import_data(demo.dataset(20, 7)).applied == 0  # a second time nothing is new


def test_a_consumer_follows(pair):
    """A consumer of the feed sees every entry once, and its state is that of the store in memory."""

    def count(state, entries):
        seen = [int(x) for x in state.split()]
        return " ".join(map(str, [*seen, *(entry.number for entry in entries)])).encode()

    for seed in (5, 6):
        for ws in pair:
            ws.store.append(writes_of(seed, 60))
            with suppress(StopIteration):
                ws.follow("all", count, batch=7)
    ours, model = (ws.store.consumer("all") for ws in pair)
    assert ours == model
    assert [int(x) for x in ours.state.split()] == list(range(1, pair[0].store.last() + 1))


def test_without_the_plugin_the_url_says_so(database):
    """A workspace that was not given the package does not know the kind of URL, and shows no password."""
    with pytest.raises(CrmCoreError) as caught:
        cc.Workspace(store=database.url)
    assert "postgresql" in str(caught.value)
    assert "s3cret" not in str(caught.value)
