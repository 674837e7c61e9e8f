"""Scans and datasets, from records in the order they were made: for backends that have no faster way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from ..errors import ArgumentError
from ..table.dataset import Dataset
from .contract import Batch, Stored
from .values import check_name, defaults_of, fields_known

__all__ = ["batches", "columns_of", "dataset_of"]


def columns_of(table: str, columns: Sequence[str] | None, own: Iterable[str]) -> tuple[str, ...]:
    """Return the columns of a scan beside id and version.

    Args:
        table: its name.
        columns: those asked for, or None for all.
        own: the host's own fields that records of the table have; may be lazy, it is read only for all columns.

    Raises:
        ArgumentError: columns that are no names, or a name twice.
    """
    if columns is None:
        return (*fields_known(table), *sorted(set(own) - fields_known(table).keys()))
    if isinstance(columns, str):
        raise ArgumentError(f"columns is a list of names, got {columns!r}")
    names = tuple(check_name(name, f"column of {table}") for name in columns)
    if len(set(names)) < len(names) or {"id", "version"} & set(names):
        raise ArgumentError(f"columns {names!r}: each is named once; id and version are always there")
    return names


def batches(table: str, records: Iterable[Stored], columns: tuple[str, ...], size: int) -> Iterator[Batch]:
    """Yield records as batches of columns; a blank field has its default."""
    if type(size) is not int or size < 1:
        raise ArgumentError(f"size is a whole number from 1, got {size!r}")
    defaults = [(name, defaults_of(table).get(name)) for name in columns]
    iterator = iter(records)
    while some := list(islice(iterator, size)):
        values = tuple([r.values.get(name, default) for r in some] for name, default in defaults)
        yield Batch(("id", "version", *columns), ([r.id for r in some], [r.version for r in some], *values))


def dataset_of(tables: Iterable[tuple[str, Iterator[Batch]]]) -> Dataset:
    """Return tables as a dataset, from their scans; one without records is left out."""
    found: dict[str, Any] = {}
    for table, scan in tables:
        first = next(scan, None)
        if first is not None:
            names = ("id", *first.names[2:])
            found[table] = (names, _rows(chain([first], scan)))
    return Dataset(**found)


def _rows(scan: Iterable[Batch]) -> Iterator[tuple[Any, ...]]:
    for batch in scan:
        yield from zip(batch.columns[0], *batch.columns[2:], strict=True)
