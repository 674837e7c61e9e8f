"""Business: rows to try metrics on, and what the checks do with rows: thin out, split, double, scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import numpy as np

from ...demo import dataset
from ...domain import Money
from ...domain.schema import RECORDS, fields_of
from ...table.dataset import Dataset
from ..plainrow import plain_row

__all__ = ["PART", "Records", "business", "doubled", "emptied", "identifiers", "parted", "scaled"]

Row = dict[str, Any]
Records = Mapping[str, list[Row]]
PART = "part_of_the_suite"
"""The column by which rows are split in parts."""
DEALS = 90
_MOST = {"activity": 350, "cost": 200, "forecast": 250, "touch": 250, "target": 250}
"""Tables of the demo that are large however few deals there are -> rows that are kept."""


@cache
def business() -> Records:
    """Return the rows of a small organisation with something in every table, all amounts in one currency."""
    found: dict[str, list[Row]] = {}
    for name, table in dataset(DEALS).items():
        step = -(-len(table) // _MOST.get(name, len(table) or 1))
        found[name] = [_in_dollars(plain_row(table, place)) for place in range(0, len(table), step)]
    for name, rows in _more():
        found[name] += rows
    return found


def _more() -> Iterator[tuple[str, list[Row]]]:
    """Yield what the demo has nothing of: a deal of long ago, quotas that are not met yet, budgets of sellers and products."""
    long_ago, quarter = datetime(2023, 5, 10, 9, tzinfo=UTC), {"start": date(2026, 4, 1), "end": date(2026, 7, 1)}
    yield "opportunity", [{
        "id": "long ago", "outcome": "won", "created_at": long_ago, "closed_at": long_ago, "amount": Money(900, "USD"),
    }]  # fmt: skip
    yield "target", [
        {"id": f"{kind} {scope} {what}", "kind": kind, "scope": scope, "metric": what, "amount": Money(size, "USD"), **quarter}
        for kind, what, size in (("quota", "won_value", 10**7), ("budget", "won_value", 900), ("budget", "expense_value", 70))
        for scope in ("seller", "team", "product", "organisation")
    ]  # fmt: skip


def _in_dollars(row: Row) -> Row:
    return {name: Money(v.amount, "USD") if isinstance(v, Money) else v for name, v in row.items()}


def emptied(data: Dataset) -> Dataset:
    """Return the same tables without rows."""
    return Dataset.of({name: table.select(np.empty(0, np.int64)) for name, table in data.tables.items()})


def parted(records: Records) -> Records:
    """Return the rows with a column that puts each into one of three parts."""
    return {name: [{**row, PART: "abc"[n * n % 7 % 3]} for n, row in enumerate(rows)] for name, rows in records.items()}


def scaled(records: Records, factor: int) -> Records:
    """Return the rows with every amount of money so many times as large."""
    return {
        name: [{c: v * factor if isinstance(v, Money) else v for c, v in row.items()} for row in rows]
        for name, rows in records.items()
    }


@cache
def identifiers(table: str) -> frozenset[str]:
    """Return the columns of a table of the domain that name a record: its id, and references to others."""
    if table not in RECORDS:
        return frozenset(("id",))
    return frozenset(("id", *(f.name for f in fields_of(RECORDS[table]) if f.kind == "id" or f.references)))


def doubled(records: Records) -> Records:
    """Return two such businesses side by side: every row once more, about other records of the same kind."""
    return {
        name: [*rows, *({c: _other(v) if c in identifiers(name) else v for c, v in row.items()} for row in rows)]
        for name, rows in records.items()
    }


def _other(value: Any) -> Any:
    return value if value is None else f"{value} of the other"
