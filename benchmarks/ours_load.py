"""crmcore in the comparison of loading: the public ways to hand over a million rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.load_data import NAMES, TIMES
from crmcore import Dataset, read

_PROFILE = {"file": [{"match": "*", "table": "opportunity", "timezone": "UTC"}]}

_MICROSECONDS = {f"opportunity.{name}": {"unit": "microseconds"} for name in TIMES}


def records(objects: Sequence[Any]) -> Dataset:
    """Load a host's own objects."""
    return Dataset(opportunity=objects, timezone="UTC")


def tuples(rows: Sequence[tuple[Any, ...]]) -> Dataset:
    """Load tuples with their names."""
    return Dataset(opportunity=(NAMES, rows), timezone="UTC")


def dicts(rows: Sequence[dict[str, Any]]) -> Dataset:
    """Load dicts."""
    return Dataset(opportunity=rows, timezone="UTC")


def arrow(table: pa.Table) -> Dataset:
    """Load an Arrow table with dictionary columns."""
    return Dataset(opportunity=table, timezone="UTC")


def csv(path: Path) -> Dataset:
    """Load a CSV file."""
    return read(path, profile=_PROFILE)


def sqlite(connection: sqlite3.Connection, statement: str) -> Dataset:
    """Load a cursor's rows as they come, instants as integer microseconds."""
    return Dataset(opportunity=(NAMES, connection.execute(statement)), how=_MICROSECONDS)


def sqlite_text(connection: sqlite3.Connection, statement: str) -> Dataset:
    """Load a cursor's rows as they come, instants as ISO text."""
    return Dataset(opportunity=(NAMES, connection.execute(statement)), timezone="UTC")


def facts(loaded: Dataset) -> dict[str, int]:
    """Return counts and sums that must equal those of the other loaders."""
    table = loaded["opportunity"]
    owner, outcome, amount = table["owner"], table["outcome"], table["amount"]
    made = {
        "rows": len(table),
        "id_total": int(table["id"].data.sum()),
        "owners": int(np.unique(owner.data).size),
        "won": int(np.count_nonzero(outcome.data == outcome.labels.index("won"))),
        "unpriced": amount.nulls,
        "amount_total": int(amount.data.sum()) // amount.scale,
    }
    for name in TIMES:
        column = table[name]
        made[f"{name}_null"] = column.nulls
        made[f"{name}_total"] = int((column.data[column.present()] // 1_000_000).sum())
    return made
