"""Tenants: whatever the others do in a store, a tenant has exactly what it would have in one of its own (K10)."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crmcore as cc
from crmcore.domain import Money
from crmcore.errors import CrmCoreError
from crmcore.stores import Backend, Cut, Store, Write, open_store
from crmcore.stores.codec import link, row_of
from crmcore.stores.sqlite.head import seed_of

TENANTS = ("a", "A", "a'--", "北京")
SHORT = 2_000 if os.environ.get("CRMCORE_TEST_PROFILE") == "long" else 12
"""Examples of what is slow: a file is made and synced for each."""
START = datetime(2026, 1, 1, tzinfo=UTC)
CUT = Cut(int(START.timestamp() + 5 * 86_400) * 1_000_000, (START.date() - date(1970, 1, 1)).days + 5)

moments = st.integers(0, 9).map(lambda n: START + timedelta(days=n))
fields = st.fixed_dictionaries(
    {"n": st.integers(0, 10**6)},
    optional={
        "outcome": st.sampled_from(["won", "lost", None]),
        "amount": st.one_of(st.none(), st.integers(0, 99).map(lambda n: Money(n, "EUR"))),
        "closed_at": st.one_of(st.none(), moments),
        "owner": st.sampled_from(["Anna", "王芳", None]),
        "x": st.one_of(st.none(), st.integers(0, 2), st.text("a'\"%;", max_size=3)),
    },
)
writes = st.builds(
    Write,
    st.sampled_from(["opportunity", "lead", "visit"]),
    st.sampled_from(["1", 1, "D'"]),
    fields,
    moments,
    moments,
    expected=st.sampled_from([None] * 7 + [0, 1]),
    key=st.sampled_from([None] * 5 + ["k1", "k2"]),
)
acts = st.tuples(
    st.sampled_from(TENANTS),
    st.one_of(
        st.lists(writes, min_size=1, max_size=4),
        st.tuples(st.sampled_from(["live", "other"]), st.integers(0, 6), st.sampled_from([None, b"", b"s"])),
    ),
)


@pytest.fixture(scope="module")
def numbers():
    return count()


def told(call: Any) -> Any:
    """Return what a call gives, or the error it raises, in words."""
    try:
        return call()
    except CrmCoreError as error:
        return type(error).__name__, str(error)


def done(store: Store, act: Any) -> Any:
    """Do one thing to a store, and return all that the caller learns from it."""
    if isinstance(act, list):
        return told(lambda: store.append(act))
    name, cursor, state = act
    return told(lambda: store.advance(name, cursor, state, expected=store.consumer(name).cursor))


def seen(store: Store) -> dict[str, Any]:
    """Return everything that a tenant can get to know of a store."""
    tables = store.tables()
    found: dict[str, Any] = {
        "tables": tables,
        "last": store.last(),
        "stats": (dict(store.stats().records), store.stats().entries, dict(store.stats().consumers)),
        "log": [tuple(row_of(entry)) for entry in store.entries()],
        "consumers": [store.consumer(name) for name in ("live", "other")],
    }
    for table in ("opportunity", "lead", "visit"):
        for past in ({}, {"at": CUT}, {"known": START + timedelta(days=5)}):
            scan = list(store.scan(table, size=2, **past))
            found[f"{table} {past}"] = [(b.names, [list(c) for c in b.columns]) for b in scan]
        found[f"{table} records"] = [
            record and (record.version, dict(record.values))
            for id_ in ("1", 1, "D'", "2")
            for record in [store.get(table, id_)]
        ]
    if "opportunity" in tables:
        ws = cc.Workspace(store=store)
        found["numbers"] = told(lambda: ws.measure(["win_rate", "won_value"], by=["owner"]).to_dict())
    return found


def lives(together: Backend, history: list[Any]) -> dict[str, Store]:
    """Let a history happen in one store, and each tenant's part of it in one of its own; each call answers the same."""
    alone = {tenant: open_store("memory:").scoped(tenant) for tenant in TENANTS}
    for tenant, act in history:
        assert done(together.scoped(tenant), act) == done(alone[tenant], act)
    for tenant in TENANTS:
        assert seen(together.scoped(tenant)) == seen(alone[tenant])
    assert seen(together.scoped("nobody")) == seen(open_store("memory:").scoped("nobody"))
    assert together.verify().sound
    return alone


def test_each_tenant_has_what_a_lone_store_would_give_it():
    """Records, versions, log, past, keys, consumers, answers, errors and numbers of a tenant are its own alone."""
    entries, sharing = [], []

    @given(history=st.lists(acts, min_size=4, max_size=12))
    def holds(history):
        alone = lives(open_store("memory:"), history)
        entries.append(sum(store.last() for store in alone.values()))
        sharing.append(sum(store.last() > 0 for store in alone.values()) > 1)

    holds()
    assert sum(entries) > 100  # it was tried on something
    assert sum(sharing) > 10


@settings(max_examples=SHORT, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=st.lists(acts, min_size=4, max_size=12))
def test_each_tenant_of_a_file_has_what_a_lone_store_would_give_it(numbers, tmp_path, history):
    """The same in a file of SQLite, where also the end of a tenant's chain follows from its own entries alone."""
    path = tmp_path / f"{next(numbers)}.db"
    together = open_store(f"sqlite:///{path}")
    try:
        alone = lives(together, history)
    finally:
        together.close()
    connection = sqlite3.connect(path)
    heads = connection.execute("SELECT number, name, last, chain FROM tenant").fetchall()
    for number, name, last, chain in heads:
        keyed = connection.execute("SELECT digest FROM log WHERE tenant = ? ORDER BY place", (number,)).fetchall()
        expected = seed_of(number, name)
        for entry, (content,) in zip(alone[name].entries(), keyed, strict=True):
            expected = link(expected + (content or b""), row_of(entry))
        assert (last, chain) == (alone[name].last(), expected)
    connection.close()
    assert {name for _, name, *_ in heads} >= {name for name, store in alone.items() if store.last()}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_one_tenant_changes_nothing_for_another(kind, tmp_path):
    """By hand: a's deal D1, key k and consumer live are not b's, who uses the same names for other things."""
    backend = open_store("memory:" if kind == "memory" else f"sqlite:///{tmp_path}/crm.db")
    a, b = backend.scoped("a"), backend.scoped("b")
    a.append([Write("opportunity", "D1", {"outcome": "won", "closed_at": START}, START, START, key="k")])
    a.advance("live", 1, b"a", expected=0)
    before = seen(a)
    b.append([Write("opportunity", "D1", {"outcome": "lost", "closed_at": START}, START, START, key="k", expected=0)])
    b.advance("live", 1, b"b", expected=0)
    b.append([Write("opportunity", n, {"outcome": "lost", "closed_at": START}, START, START) for n in range(3)])
    assert seen(a) == before
    assert b.last() == 4
    assert cc.Workspace(store=a).measure(["win_rate"]).total["win_rate"] == 1.0
    assert cc.Workspace(store=b).measure(["win_rate"]).total["win_rate"] == 0.0
    backend.close()
