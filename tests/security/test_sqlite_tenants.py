"""Tenants in one SQLite file: every statement is bound to its tenant, and nothing that one does shows to another (K10)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crmcore.errors import CrmCoreError
from crmcore.stores import Cut, Write
from crmcore.stores.contract import Store
from crmcore.stores.sqlite import SqliteBackend, connections
from crmcore.stores.sqlite.layout import OWN, STATES
from crmcore.testing.stores.samples import START, deal, deals, hour, writes_of

TABLES = ("log", "field", "consumer", OWN, *(shape.name for shape in STATES.values()))
_NAMES = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+({'|'.join(TABLES)})\b")
_BOUND = re.compile(r"\b_?tenant = (\?)")
_INSERT = re.compile(r"INSERT INTO \w+ \(([^)]*)\) VALUES \(([^)]*)\)")


class Recording(sqlite3.Connection):
    """A connection that writes down statements with what is bound to them."""

    seen: list[tuple[str, tuple[Any, ...]]] = []  # noqa: RUF012 - emptied by the test

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:  # type: ignore[override]
        """Write it down, and run it."""
        self.seen.append((statement, tuple(parameters)))
        return super().execute(statement, parameters)

    def executemany(self, statement: str, rows: Iterable[Any]) -> sqlite3.Cursor:  # type: ignore[override]
        """Write each down, and run it."""
        listed = [tuple(row) for row in rows]
        self.seen += [(statement, row) for row in listed]
        return super().executemany(statement, listed)


def faults(statement: str, bound: tuple[Any, ...], tenant: int) -> Iterator[str]:
    """Yield what is wrong with a statement on the tables of tenants."""
    named = _NAMES.findall(statement)
    if not named:
        return
    inserted = _INSERT.match(statement)
    if inserted:
        columns = [c.strip() for c in inserted[1].split(",")]
        values = [v.strip() for v in inserted[2].split(",")]
        place = next(n for n, column in enumerate(columns) if column in {"tenant", "_tenant"})
        if values[place] != "?" or bound[values[:place].count("?")] != tenant:
            yield "the row is not bound to the tenant"
        return
    predicates = [statement[: found.start(1)].count("?") for found in _BOUND.finditer(statement)]
    if len(predicates) < len(named):
        yield f"{len(named)} tables, {len(predicates)} predicates"
    if any(bound[place] != tenant for place in predicates):
        yield "another tenant is bound"


def work(store: Store) -> None:
    """Do all that a store can do."""
    store.append(deals(40, x_note="new"))
    store.append(writes_of(3, 120))
    store.append([deal("d1", amount=None, key="k", source="s"), deal("d39", owner="Anna", expected=1)])
    store.append([deal("d1", amount=None, key="k", source="s")])
    store.append([deal("d1", at=START - timedelta(days=9), name="learnt late")])
    store.append([Write("x_visit", n, {"city": "北京"}, START, START) for n in range(50, 70)])
    store.append([Write("x_visit", n, {"city": "Zürich"}, hour(1), hour(1)) for n in range(50, 60)])
    with store.transaction() as transaction:
        transaction.get("opportunity", "d1")
        transaction.advance("sum", 3, b"state", expected=0)
    store.advance("sum", 9, None, expected=3)
    store.consumer("sum")
    cut = Cut(int((hour(40) - START).total_seconds() * 10**6) + 10**15, 30_000)
    for table in (*store.tables(), "nothing"):
        store.get(table, "d1")
        for way in ({}, {"at": cut}, {"known": hour(30)}, {"columns": ["owner", "x_grade"]}, {"size": 7}):
            list(store.scan(table, **way))  # type: ignore[arg-type]
    list(store.entries(3, limit=5))
    store.last()
    store.dataset()
    store.dataset(["opportunity", "x_visit"], at=cut, known=hour(50))
    store.stats()


def test_every_statement_is_bound_to_its_tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenant stands in each statement on the tables of tenants, once for each table, as a bound value."""
    with closing(SqliteBackend(tmp_path / "a.db")) as backend:
        for other in ("x", "y"):
            backend.scoped(other).append(writes_of(1, 30))
    monkeypatch.setattr(connections.sqlite3, "connect", partial(sqlite3.connect, factory=Recording))
    with closing(SqliteBackend(tmp_path / "a.db")) as backend:
        Recording.seen.clear()
        work(backend.scoped("mine"))
    wrong = {(why, statement) for statement, bound in Recording.seen for why in faults(statement, bound, 3)}
    assert not wrong
    touched = {(statement.split()[0], name) for statement, _ in Recording.seen for name in _NAMES.findall(statement)}
    for kind in ("SELECT", "INSERT"):
        assert {
            (kind, name) for name in ("log", "field", "consumer", OWN, "state_opportunity", "state_lead")
        } <= touched
    assert {("UPDATE", "state_opportunity"), ("UPDATE", OWN), ("WITH", "log")} <= touched
    owners = {s for s, _ in Recording.seen if re.search(r"\btenant\b(?! =)", s) and not _NAMES.search(s)}
    assert {s for s in owners if "WHERE name = ?" not in s and "WHERE number = ?" not in s and "INSERT" not in s} == {
        "SELECT coalesce(max(number), 0) FROM tenant"
    }


@pytest.mark.parametrize(
    ("statement", "bound"),
    [
        ("SELECT * FROM log WHERE place > ?", (1,)),
        ("SELECT * FROM log WHERE tenant = 3 AND place > ?", (1,)),
        ("SELECT * FROM log JOIN state_lead ON place = _place WHERE tenant = ?", (3,)),
        ("SELECT * FROM log WHERE place > ? AND tenant = ?", (3, 1)),
        ("UPDATE state_lead SET name = ? WHERE _place = ?", ("x", 1)),
        ("DELETE FROM log", ()),
        ("INSERT INTO log (place, tenant, kind) VALUES (?, 3, ?)", (1, "lead")),
        ("INSERT INTO log (place, tenant) VALUES (?, ?)", (3, 1)),
    ],
)
def test_a_statement_without_its_tenant_is_found(statement: str, bound: tuple[Any, ...]) -> None:
    """Planted faults."""
    assert list(faults(statement, bound, 3))


# --- nothing shows


def seen(store: Store) -> dict[str, Any]:
    """Return all that a tenant can see."""
    return {
        "tables": store.tables(),
        "log": [repr(entry) for entry in store.entries()],
        "now": [repr(batch) for name in store.tables() for batch in store.scan(name)],
        "columns": [[(b.names, b.columns) for b in store.scan(name)] for name in store.tables()],
        "past": [[(b.names, b.columns) for b in store.scan(name, known=hour(9))] for name in store.tables()],
        "data": {
            name: {n: (c.data.tolist(), c.labels, c.nulls) for n, c in table.columns.items()}
            for name, table in store.dataset().items()
        },
        "issues": [str(issue) for issue in store.dataset().issues],
        "some": [repr(store.get("opportunity", f"d{n}")) for n in range(6)],
        "last": store.last(),
        "consumer": store.consumer("sum"),
        "stats": (dict(store.stats().records), store.stats().entries, dict(store.stats().consumers)),
    }


def tried(store: Store, step: tuple[str, int]) -> str:
    """Do something, and return what came of it, errors and their words included."""
    what, n = step
    try:
        if what == "append":
            return repr(store.append(writes_of(n, 1 + n % 7)))
        if what == "new":
            return repr(store.append(deals(5, first=10 * n, x_note=str(n))))
        if what == "key":
            return repr(store.append([deal("d1", key="same", source="s", reopened=n)]))
        if what == "version":
            return repr(store.append([deal("d2", expected=n % 3, reopened=n)]))
        if what == "refused":
            return repr(store.append([deal("d3", reopened=n), deal("d3", reopened=-1)]))
        return repr(store.advance("sum", n % 9, bytes([n % 256]), expected=store.consumer("sum").cursor))
    except CrmCoreError as error:
        return repr(error)


WHAT = ("append", "new", "key", "version", "refused", "advance")


def test_nothing_that_another_does_shows(tmp_path: Path, long_run: bool) -> None:
    """What a tenant sees, answers and errors too, is the same whether another one works in the file or not."""
    steps = others = errors = 0
    for seed in range(150 if long_run else 8):
        random = Random(seed)
        with (
            closing(SqliteBackend(tmp_path / f"both{seed}.db")) as both,
            closing(SqliteBackend(tmp_path / f"alone{seed}.db")) as alone,
        ):
            mine, other, only = both.scoped("mine"), both.scoped("other"), alone.scoped("mine")
            for _ in range(14):
                step = (random.choice(WHAT), random.randrange(30))
                if random.random() < 0.5:
                    tried(other, step)
                    others += 1
                    continue
                answer = tried(mine, step)
                assert answer == tried(only, step)
                steps, errors = steps + 1, errors + ("Conflict" in answer or "Error" in answer)
            assert seen(mine) == seen(only)
            assert both.verify().sound
    assert min(steps, others) > 30
    assert errors > 5
