"""Inputs: what an entry of the catalogue needs that a dataset has not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..algebra.aggregates import Aggregate
from ..algebra.walk import columns_of, walk
from ..errors import ColumnNotFound, TableNotFound
from ..kpis.entry import Analysis
from ..metric import Metric
from ..table.shares import SHARED, SPANNED
from ..table.table import Table
from .definition import columns_needed

__all__ = ["check_tables", "missing_inputs", "needed_by"]


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


def check_tables(names: Iterable[str], metrics: Iterable[Metric], tables: Mapping[str, Table]) -> None:
    """Raise where a table that metrics read is not there, with the metric that needs it.

    Raises:
        TableNotFound: the first of `names` that is not there.
    """
    for name in names:
        if name not in tables:
            needing = next((m.name for m in metrics if any(a.table == name for a in _aggregates(m))), None)
            why = "" if needing is None else f"; metric {needing!r} needs it"
            raise TableNotFound(name, tables, where=f"in the dataset{why}")


def needed_by(error: ColumnNotFound, metrics: Iterable[Metric], tables: Mapping[str, Table]) -> ColumnNotFound:
    """Return the error that a column is not there, with the metric that needs it where one can be told."""
    name = str(getattr(error, "name", ""))
    reading = [
        (metric, a.table)
        for metric in metrics
        for a in _aggregates(metric)
        if a.table in tables and name in _read_by(a)
    ]
    if not reading:
        return error
    # a column of one name may be there in one table and not in another
    metric, table = next((x for x in reading if f"in table {x[1]!r}" in error.message), reading[0])
    own = tables[str(table)].columns
    # what of a target belongs to a period is made of these
    missing = [n for n in (_shared(name), "start", "end") if n not in own] if name in SHARED.values() else []
    if missing:
        name = missing[0]
        error = ColumnNotFound(name, own, where=f"in table {table!r}")
    error.message = f"column {name!r} is needed by {metric.name!r}: {error.message}"
    error.args = (error.message,)
    return error


def _aggregates(metric: Metric) -> list[Aggregate]:
    return [n for n in walk(metric.formula) if isinstance(n, Aggregate)]


def _read_by(a: Aggregate) -> set[str | None]:
    """Return the columns that an aggregate reads: its own, its date, and what tells its share of a period (M8)."""
    columns = columns_of(a)
    spanned = ("start", "end") if a.table in SPANNED else ()
    return {a.at, *columns, *(SHARED[c] for c in columns if c in SHARED), *spanned}


def _shared(name: str) -> str:
    """Return the column whose shares a name is, or the name."""
    return next((whole for whole, share in SHARED.items() if share == name), name)
