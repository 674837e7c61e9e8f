"""New records written at once: the same file as one by one, to the last bit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crmcore.domain import Money
from crmcore.errors import CrmCoreError
from crmcore.stores import Write
from crmcore.stores.sqlite import SqliteBackend, writing
from crmcore.stores.sqlite.fresh import Fresh, fresh_of
from crmcore.testing.stores.samples import DOMAIN, HOST, REFUSED

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def content(path: Path) -> list[Any]:
    """Return all rows of a file with their types."""
    with closing(sqlite3.connect(path)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    return [(name, [(v, type(v)) for v in row]) for name in names for row in rows[name]]


def both(folder: Path, batches: Iterable[list[Write]], monkeypatch: pytest.MonkeyPatch) -> int:
    """Write batches both ways, hold the files against each other, and return how many records came the short way."""
    taken = 0
    counted = Fresh._write

    def count(self: Fresh, *given: Any) -> None:
        nonlocal taken
        counted(self, *given)
        taken += len(self._writes)

    batches = list(batches)
    answers: dict[str, list[Any]] = {}
    for name, short in (("short", True), ("long", False)):
        with monkeypatch.context() as patch:
            patch.setattr(writing, "CHUNK", 3)
            patch.setattr(Fresh, "_write", count)
            if not short:
                patch.setattr(writing, "fresh_of", lambda _: None)
            with closing(SqliteBackend(folder / name)) as backend:
                found = answers[name] = []
                for batch in batches:
                    try:
                        found.append(backend.scoped().append(batch))
                    except CrmCoreError as error:
                        found.append((type(error), str(error)))
                assert backend.verify().sound
    assert answers["short"] == answers["long"]
    assert content(folder / "short") == content(folder / "long")
    return taken


@pytest.mark.parametrize(("table", "field", "values"), DOMAIN, ids=[f"{t}.{f}" for t, f, _ in DOMAIN])
def test_fields_of_the_domain(
    table: str, field: str, values: tuple[Any, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value of each kind of field, alone, among others of its type, and beside blanks."""
    writes = [[Write(table, f"a{n}", {field: value}, NOW, NOW)] for n, value in enumerate(values)]
    writes += [[Write(table, f"b{n}", {field: v}, NOW, NOW) for n, v in enumerate((*values, None))]]
    by_type: dict[type, list[Any]] = {}
    for value in values:
        by_type.setdefault(type(value), []).append(value)
    for kind, some in by_type.items():
        mixed = [v for value in some for v in (value, None)]
        writes.append([Write(table, f"{kind.__name__}{n}", {field: v}, NOW, NOW) for n, v in enumerate(mixed)])
    assert both(tmp_path, writes, monkeypatch) > 0


@pytest.mark.parametrize("kind", HOST)
def test_fields_of_the_host(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of every type in a host's field, of a table of the domain and of its own, with and without keys."""
    values = HOST[kind]
    writes = [
        [
            Write(table, n, {"x": v, "a": None, "z": n}, NOW, NOW, key=f"{table}{n}" if n % 2 else None)
            for n, v in enumerate((*values, None, *values))
        ]
        for table in ("lead", "x_visit")
    ]
    taken = both(tmp_path, writes, monkeypatch)
    assert taken > 0 or kind == "Fractions", "nothing was taken the short way"


def some(random: Random, count: int) -> Iterator[list[Write]]:
    """Yield batches of writes, most of them new records, some of them anything else."""
    beijing = timezone(timedelta(hours=8))
    usual: dict[str, list[Any]] = {
        "name": ["deal", "赢单", "a\nb", 'say "x"', ""],
        "owner": ["Anna", "王芳"],
        "outcome": ["open", "won", "lost"],
        "amount": [Money("1.50", "EUR"), Money("-0.00", "USD"), Money(3), Money("1E+3", "EUR")],
        "created_at": [NOW, NOW - timedelta(days=9, microseconds=1)],
        "closed_at": [date(2026, 1, 2), date(1, 1, 1)],
        "probability": [Decimal("0.25"), Decimal(0), Decimal(1)],
        "reopened": [0, 1, 5],
        "deleted": [True, False],
        "score": [0.5, -1e300],
        "x_own": ["a", "ü"],
        "x_rate": [1.25, 3.5],
    }
    odd: dict[str, list[Any]] = {
        "owner": [7], "closed_at": [NOW], "probability": [Fraction(1, 3), 1], "score": [3], "x_own": [True, 2],
        "created_at": [NOW.astimezone(beijing)],
    }  # fmt: skip
    for batch in range(count):
        names = random.sample(sorted(usual), random.randint(0, len(usual)))
        strange = random.random() < 0.3
        moments = random.choice([[NOW, NOW - timedelta(hours=1)], [date(2026, 1, 1), date(2025, 5, 5)]])
        keys = random.random() < 0.4
        writes = []
        for n in range(random.randint(1, 14)):
            values: dict[str, Any] = {}
            for name in names:
                choices = [*usual[name], *(odd.get(name, []) if strange and random.random() < 0.1 else [])]
                if random.random() < 0.8:
                    values[name] = random.choice([*choices, None])
            again = strange and random.random() < 0.1
            writes.append(
                Write(
                    "lead" if strange and random.random() < 0.05 else "opportunity",
                    "d0-0" if again else f"d{batch}-{n}",
                    {k: v for k, v in values.items() if k != "closed_at"} if again else values,
                    random.choice(moments),
                    NOW if random.random() < 0.9 else NOW + timedelta(seconds=1),
                    actor=random.choice([None, "Anna", 7] if strange else [None, "Anna"]),
                    sequence=random.choice([0, 0, 3]),
                    expected=random.choice([None, None, 0]) if not again else None,
                    key=f"k{batch}-{0 if again else n}" if keys else None,
                    source=random.choice(["", "crm"]),
                )
            )  # fmt: skip
        yield writes


@pytest.mark.parametrize("seed", range(12))
def test_any_writes(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of new records, with here and there something unusual: the same answers, errors and rows both ways."""
    batches = list(some(Random(seed), 25))
    assert both(tmp_path, batches, monkeypatch) > 30, "too few were taken the short way"


@pytest.mark.parametrize(("why", "values"), REFUSED, ids=[why for why, _ in REFUSED])
def test_refused(why: str, values: dict[Any, Any]) -> None:
    """No value that a store refuses is taken the short way (K13)."""
    usual = [Write("opportunity", f"d{n}", {}, NOW, NOW) for n in range(3)]
    assert fresh_of(usual) is not None
    assert fresh_of([*usual, Write("opportunity", "d9", values, NOW, NOW)]) is None


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("reopened", 3, -1),
        ("term_months", 12, 0),
        ("probability", Decimal("0.5"), Decimal("-0.1")),
        ("probability", Decimal("0.5"), Decimal("1.1")),
        ("probability", Decimal("0.5"), Decimal("NaN")),
        ("probability", Decimal("0.5"), Decimal("sNaN")),
        ("score", 1.0, float("nan")),
        ("score", 1.0, float("-inf")),
        ("outcome", "won", "Won"),
        ("name", "Acme", "a\0b"),
        ("name", "赢单", "\udfff"),
        ("x_own", 1.0, float("inf")),
    ],
)
def test_refused_among_others(field: str, good: Any, bad: Any) -> None:
    """One value in a thousand that a store refuses is seen, wherever it stands."""
    for place in (0, 3, 6):
        values = [good] * 7
        assert fresh_of([Write("opportunity", n, {field: v}, NOW, NOW) for n, v in enumerate(values)]) is not None
        values[place] = bad
        assert fresh_of([Write("opportunity", n, {field: v}, NOW, NOW) for n, v in enumerate(values)]) is None


@pytest.mark.parametrize(
    "other",
    [
        {"id": ""}, {"id": True}, {"id": 2**63}, {"id": "a\0"}, {"id": "\ud800"}, {"id": 1.0}, {"id": "d1"}, {"table": ""},
        {"table": 3}, {"table": "lead"}, {"at": datetime(2026, 1, 1)}, {"at": "2026-01-01"}, {"at": None},
        {"recorded_at": date(2026, 1, 1)}, {"recorded_at": datetime(2026, 1, 1)}, {"actor": ""}, {"actor": 1.5},
        {"sequence": -1}, {"sequence": True}, {"sequence": 2**63}, {"expected": 1}, {"expected": False}, {"expected": "0"},
        {"key": ""}, {"key": "a\n"}, {"key": 5}, {"key": "x" * 201}, {"key": "k1"}, {"source": None}, {"source": []}, {"key": []}, {"expected": []}, {"actor": []}, {"id": []}, {"table": []}, {"source": "a\t"},
    ],
    ids=repr,
)  # fmt: skip
def test_no_usual_write(other: dict[str, Any]) -> None:
    """A write that is refused, unusual, or one of two to a record or key, is not taken the short way."""
    usual = [
        Write("opportunity", f"d{n}", {"name": "x"}, NOW, NOW, actor="Anna", key=f"k{n}", expected=0) for n in range(3)
    ]
    assert fresh_of(usual) is not None
    given: dict[str, Any] = {"table": "opportunity", "id": "d9", "values": {}, "at": NOW, "recorded_at": NOW, **other}
    assert fresh_of([*usual, Write(**given)]) is None
