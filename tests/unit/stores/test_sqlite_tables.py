"""Tables of a SQLite store as a dataset: the same as a dataset made of their scans."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from crmcore import Dataset
from crmcore.domain import Money
from crmcore.stores import Write
from crmcore.stores.scanning import dataset_of
from crmcore.stores.sqlite import SqliteBackend, tables
from crmcore.table import rows
from crmcore.table.column import Column
from crmcore.testing.stores.samples import DOMAIN, HOST

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def facts(column: Column) -> list[Any]:
    """Return all there is of a column."""
    currency = facts(column.currency) if isinstance(column.currency, Column) else column.currency
    valid = column.present().tolist()
    return [
        column.kind,
        str(column.data.dtype),
        column.data.tolist(),
        valid,
        list(column.labels),
        column.scale,
        currency,
    ]


def everything(data: Dataset) -> dict[str, Any]:
    """Return all there is of a dataset."""
    return {
        "tables": {
            name: ({n: facts(c) for n, c in t.columns.items()}, np.asarray(t.rows).tolist(), dict(t.excluded))
            for name, t in data.tables.items()
        },
        "left out": {name: {n: facts(c) for n, c in t.columns.items()} for name, t in data.left_out.items()},
        "issues": [repr(issue) for issue in data.issues],
        "rejected": [repr(rejected) for rejected in data.rejected],
    }


def compare(backend: SqliteBackend) -> Dataset:
    """Hold a dataset against the one made of scans."""
    store = backend.scoped()
    found = store.dataset()
    wanted = dataset_of((name, store.scan(name)) for name in store.tables())
    assert everything(found) == everything(wanted)
    return found


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteBackend]:
    """Return an empty store, whose tables are read seven rows at a time."""
    monkeypatch.setattr(tables, "_CHUNK", 7)
    monkeypatch.setattr(rows, "CHUNK", 7)  # what is told of odd values depends on those beside them
    with closing(SqliteBackend(tmp_path / "a.db")) as made:
        yield made


@pytest.mark.parametrize(("table", "field", "values"), DOMAIN, ids=[f"{t}.{f}" for t, f, _ in DOMAIN])
def test_fields_of_the_domain(table: str, field: str, values: tuple[Any, ...], backend: SqliteBackend) -> None:
    """Each value of each kind of field: alone, with blanks, and all of a type together."""
    kinds = dict.fromkeys(map(type, values))
    together = [v for kind in kinds for value in values if type(value) is kind for v in (value, None, value)]
    backend.scoped().append(
        Write(table, f"d{n}", {field: value}, NOW, NOW) for n, value in enumerate((*values, *[None] * 9, *together))
    )
    compare(backend)


@pytest.mark.parametrize("kind", HOST)
def test_fields_of_the_host(kind: str, backend: SqliteBackend) -> None:
    """Values of every type in a host's field, of a table of the domain and of its own."""
    for table in ("lead", "x_visit"):
        backend.scoped().append(
            Write(table, n, {"x": value, "z": n} if n % 3 else {}, NOW, NOW) for n, value in enumerate(HOST[kind] * 2)
        )
    compare(backend)


@pytest.mark.parametrize(
    ("large", "fine"),
    [("99999999999999999", "0.12345678901234"), ("-9999999999999999", "0.123456789"), ("92233720368", "0.123456789")],
)
def test_amounts_far_apart(large: str, fine: str, backend: SqliteBackend) -> None:
    """Amounts that no one number of decimals holds beside each other: the large one is whole, or rejected, never another."""
    backend.scoped().append(
        Write("opportunity", n, {"amount": Money(amount, "EUR")}, NOW, NOW)
        for n, amount in enumerate((large, "1", fine) * 3)
    )
    table = compare(backend)["opportunity"]
    found = table["amount"]
    assert {Decimal(v) / found.scale for v in found.data.tolist()} <= {Decimal(large), Decimal(1), Decimal(fine)}


def deals(random: Random, count: int) -> Iterator[Write]:
    """Yield deals with everything that a dataset may trip over."""
    ids: list[Any] = random.choice([[f"d{n}" for n in range(count)], list(range(count)), [" 1", "1", 1, *"abc"]])
    for n, id_ in enumerate(ids):
        values = {
            "owner": random.choice(["Anna", " Anna", "王芳", 7, None]),
            "account": random.choice(["a1", "a2", "a9"]),
            "outcome": random.choice(["open", "won", "lost", None]),
            "amount": random.choice(
                [Money("1.50", "EUR"), Money("2", "USD"), Money("3.125"), Money("1E+25", "EUR"), None]
            ),
            "created_at": random.choice([NOW, NOW + timedelta(microseconds=n), NOW - timedelta(days=90_000)]),
            "closed_at": random.choice([date(2026, 1, 2), None, date(1800, 1, 1)]),
            "expected_close": random.choice([date(2026, 1, 2), NOW, None]),
            "probability": random.choice([Decimal("0.25"), 0, 1, Fraction(1, 3), None]),
            "reopened": random.choice([0, 1, None]),
            "deleted": random.choice([True, False, False, None]),
            "score": random.choice([0.5, 3, Decimal("2.5"), None]),
            "x_own": random.choice(["a", 2, True, None]),
        }
        kept = {name: value for name, value in values.items() if random.random() < 0.8}
        yield Write("opportunity", id_, kept, NOW, NOW)


@pytest.mark.parametrize("seed", range(20))
def test_any_deals(seed: int, backend: SqliteBackend) -> None:
    """Rejected rows, issues, references, deleted records: nothing differs."""
    random = Random(seed)
    store = backend.scoped()
    store.append(deals(random, 60))
    store.append([Write("account", f"a{n}", {"name": f"firm {n}"}, NOW, NOW) for n in range(3)])
    data = compare(backend)
    assert set(data) == {"account", "opportunity"}
    store.append([Write("opportunity", "late", {"amount": Money("0.000000001", "EUR")}, NOW, NOW)])
    compare(backend)


def test_large_table(tmp_path: Path) -> None:
    """Chunks as they are: amounts whose decimals grow in the last one, a column that begins late."""
    with closing(SqliteBackend(tmp_path / "a.db")) as backend:
        backend.scoped().append(
            Write(
                "opportunity",
                n,
                {"amount": Money(n, "EUR") if n < 9_000 else Money("0.12345", "EUR")}
                | ({"owner": "B"} if n > 8_500 else {}),
                NOW,
                NOW,
            )
            for n in range(9_500)
        )
        table = compare(backend)["opportunity"]
    assert table["amount"].scale == 100_000
    assert table["owner"].nulls == 8_501


def test_tables_are_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another connection writes while tables are read is in none of them."""
    with closing(SqliteBackend(tmp_path / "a.db")) as backend, closing(SqliteBackend(tmp_path / "a.db")) as other:
        store = other.scoped()
        store.append([Write("account", "a1", {}, NOW, NOW), Write("lead", "l1", {}, NOW, NOW)])
        draft = tables._draft

        def and_then(*arguments: Any) -> Any:
            found = draft(*arguments)
            store.append([Write("lead", f"after {arguments[2].kind}", {}, NOW, NOW)])
            return found

        with monkeypatch.context() as patch:
            patch.setattr(tables, "_draft", and_then)
            data = backend.scoped().dataset()
        assert (len(data["account"]), len(data["lead"]), store.last()) == (1, 1, 4)
        assert len(backend.scoped().dataset()["lead"]) == 3
