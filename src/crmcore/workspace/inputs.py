"""Inputs: what an entry of the catalogue needs that a dataset has not."""

from __future__ import annotations

from collections.abc import Mapping

from ..algebra.aggregates import Aggregate
from ..algebra.walk import walk
from ..kpis.entry import Analysis
from ..metric import Metric
from ..table.table import Table
from .definition import columns_needed

__all__ = ["missing_inputs"]


def missing_inputs(entry: Metric | Analysis, tables: Mapping[str, Table]) -> tuple[str, ...]:
    """Return the tables ("lead") and columns ("lead.source") that are not there; none where the entry can be measured."""
    if isinstance(entry, Metric):
        named = {n.table: None for n in walk(entry.formula) if isinstance(n, Aggregate) and n.table and not n.rolls_up}
        columns = columns_needed(entry)
    else:
        named = dict.fromkeys(entry.needs)
        columns = [f"{table}.{column}" for table, listed in entry.needs.items() for column in listed]
    found: dict[str, None] = {}
    for table in [*named, *(c.partition(".")[0] for c in columns)]:
        if table not in tables:
            found[str(table)] = None
    for path in columns:
        table, _, column = path.partition(".")
        if table in tables and column not in tables[table]:
            found[path] = None
    return tuple(found)
