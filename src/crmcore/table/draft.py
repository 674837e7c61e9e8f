"""Drafts: tables as they were read, before rows are rejected and references are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from .builders import Bad, Builder, ColumnSpec, builder
from .builders.build import Note
from .builders.money import MoneyBuilder
from .column import Array, Column
from .issue import Issue, Rejected
from .schema import schema_of

__all__ = ["Draft", "TableBuilder"]


@attrs.define(slots=True, eq=False)
class Draft:
    """A table as it was read: all its rows, and what was noticed.

    Args:
        name: name of the table.
        columns: its columns, equally long.
        length: number of rows.
        numbers: row number in the input of each row, from 0; None for 0 .. length - 1.
        bad: cells that could not be converted, by column, and rows that do not fit, by "": their rows are to be rejected.
        notes: what else was noticed, by column and kind.
        records: rows with such cells as they came, by position.
        issues: what the source noticed itself.
        rejected: rows that the source itself rejected.
        excluded: rows that were left out before, by reason.
        last_only: fields of which only the last change is known, whether or not any row says so.
    """

    name: str
    columns: dict[str, Column]
    length: int
    numbers: Array | None = None
    bad: dict[str, list[Bad]] = attrs.Factory(dict)
    notes: dict[str, dict[str, Note]] = attrs.Factory(dict)
    records: dict[int, Mapping[str, Any]] = attrs.Factory(dict)
    issues: list[Issue] = attrs.Factory(list)
    rejected: list[Rejected] = attrs.Factory(list)
    excluded: dict[str, int] = attrs.Factory(dict)
    last_only: frozenset[str] = frozenset()


class TableBuilder:
    """A table in the making: columns that grow block by block.

    Args:
        name: name of the table.
        specs: how its columns are read.
    """

    def __init__(self, name: str, specs: Iterable[ColumnSpec] = ()) -> None:
        self.name = name
        self.length = 0
        self.builders: dict[str, Builder] = {}
        self.issues: list[Issue] = []
        self.rejected: list[Rejected] = []
        self._records: dict[int, Mapping[str, Any]] = {}
        self._seen: dict[str, int] = {}
        self._numbers: list[Array] = []
        self._misfits: list[Bad] = []
        for spec in specs:
            self.column(spec)

    def column(self, spec: ColumnSpec) -> Builder:
        """Add a column, blank in the rows so far, and return its builder."""
        made = builder(spec)
        made.add_blank(self.length)
        self.builders[spec.name] = made
        return made

    def refuse(self, row: int, kind: str, record: Mapping[str, Any]) -> None:
        """Reject a row as a whole, by its position; its cells are blank."""
        self._misfits.append(Bad(row, kind, ""))
        self._records[row] = record

    def rows(self, size: int, record: Callable[[int], Mapping[str, Any]], numbers: Array | None = None) -> None:
        """Count `size` rows that every builder has been given.

        Args:
            size: number of rows.
            record: a row of the block as it came, by its place in the block; asked for only where a cell is bad.
            numbers: their row numbers in the input, from 0; given for every block or for none.
        """
        start = self.length
        self.length += size
        if numbers is not None:
            self._numbers.append(numbers)
        for name, made in self.builders.items():
            seen = self._seen.get(name, 0)
            if len(made.bad) > seen:
                for bad in made.bad[seen:]:
                    if bad.row >= start and bad.row not in self._records:
                        self._records[bad.row] = record(bad.row - start)
                self._seen[name] = len(made.bad)

    def add(self, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
        """Take rows as columns of Python values, of the named columns; others are blank."""
        size = len(columns[0])
        given = dict(zip(names, columns, strict=True))
        for name, made in self.builders.items():
            if name in given:
                made.add(given[name])
            else:
                made.add_blank(size)
        self.rows(size, lambda row: {name: column[row] for name, column in given.items()})

    def finish(self) -> Draft:
        """Return the draft; the builders are spent."""
        columns: dict[str, Column] = {}
        bad: dict[str, list[Bad]] = {"": self._misfits} if self._misfits else {}
        notes: dict[str, dict[str, Note]] = {}
        for name in list(self.builders):
            made = self.builders.pop(name)
            columns[name] = made.finish()
            if made.bad:
                bad[name] = made.bad
            if made.notes:
                notes[name] = made.notes
            if isinstance(made, MoneyBuilder) and made.currencies is not None and "currency" not in self.builders:
                columns.setdefault("currency", _currency_column(columns[name]))
        numbers = np.concatenate(self._numbers) if self._numbers else None
        return Draft(
            self.name,
            _in_order(self.name, columns),
            self.length,
            numbers,
            bad,
            notes,
            self._records,
            self.issues,
            self.rejected,
        )


def _currency_column(amount: Column) -> Column:
    """Return the currencies of amounts as a column of their own, to group by."""
    if isinstance(amount.currency, Column):
        return amount.currency
    return Column("key", amount.present().astype(np.int8), labels=(None, amount.currency))


def _in_order(name: str, columns: dict[str, Column]) -> dict[str, Column]:
    """Return the columns in the order of the record, the host's own behind."""
    fields = schema_of(name).fields
    return {n: columns[n] for n in [*(f for f in fields if f in columns), *(c for c in columns if c not in fields)]}
