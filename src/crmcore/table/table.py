"""Table and Dataset: immutable columns, and the references between tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from itertools import count, pairwise
from types import MappingProxyType
from typing import Any, TypeVar

import attrs
import numpy as np

from ..errors import ColumnNotFound, TableNotFound
from .column import Array, Column
from .columns import Columns

__all__ = ["CLUSTER_FROM", "Segment", "Table", "table_named"]

T = TypeVar("T")

CLUSTER_FROM = 65_536
"""Rows from which a table is ordered by its clustering column."""
KEPT_TIMES = 4
"""What a table may keep of derived columns, as a multiple of its own size ..."""
KEPT_LEAST = 32 << 20
"""... and in bytes at the least; beyond, the oldest are dropped."""


_SERIALS = count()
"""Tells tables apart for what is derived from several of them; unlike `id` a number is never used again."""


@attrs.frozen(slots=True)
class Segment:
    """A run of rows that share one code of the clustering column."""

    code: int
    start: int
    stop: int


class Table:
    """One kind of record as columns of equal length.

    Args:
        name: the table's name, e.g. "opportunity".
        columns: name -> column.
        references: name of a key column -> name of the table whose ids it holds.
        excluded: reason -> rows left out for all metrics (deleted, sample ...; O3).
        rows: the row number in the input of each row, or None for 0 .. n - 1.
        clustered: name of the column of codes the rows are ordered by, if they are.
        aside: the rows that are left out (O3), for questions about a time at which they still counted.
        last_only: of a table of changes, the fields ("opportunity.stage") of which only the last change is known; of a view of the
            past, its columns that some row has only a later change of, so that nobody knows what they were (S5).
    """

    def __init__(
        self,
        name: str,
        columns: Mapping[str, Column],
        *,
        length: int | None = None,
        references: Mapping[str, str] | None = None,
        excluded: Mapping[str, int] | None = None,
        rows: Array | None = None,
        clustered: str | None = None,
        aside: Table | None = None,
        last_only: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.columns: Mapping[str, Column] = (
            columns if isinstance(columns, Columns) else MappingProxyType(dict(columns))
        )
        self.length = length if length is not None else len(next(iter(columns.values()))) if columns else 0
        self.references: Mapping[str, str] = MappingProxyType(dict(references or {}))
        self.excluded: Mapping[str, int] = MappingProxyType(dict(excluded or {}))
        self.rows = rows
        self.clustered = clustered
        self.aside = aside
        self.last_only = last_only
        self.serial = next(_SERIALS)
        self._derived: dict[Hashable, tuple[Any, int]] = {}
        self._kept = 0
        self._segments: tuple[Segment, ...] | None = None

    def __len__(self) -> int:
        return self.length

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {self.length} rows, {len(self.columns)} columns)"

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> Column:
        try:
            return self.columns[name]
        except KeyError:
            raise ColumnNotFound(name, self.columns, where=f"in table {self.name!r}") from None

    def row_numbers(self, positions: Array) -> Array:
        """Return the input row numbers of these positions."""
        return positions if self.rows is None else self.rows[positions]

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` derives from this table, made once and kept; the oldest are dropped when there are too many."""
        found = self._derived.get(key)
        if found is not None:
            known: T = found[0]
            return known
        value = make()
        size = _bytes(value)
        self._kept += size
        while self._kept > self._budget and self._derived:
            oldest = next(iter(self._derived))
            self._kept -= self._derived.pop(oldest)[1]
        self._derived[key] = (value, size)
        return value

    @cached_property
    def _budget(self) -> int:
        return max(KEPT_LEAST, KEPT_TIMES * _bytes(self))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The runs of equal code in the clustering column; one run with code -1 when not clustered."""
        if self._segments is None:
            if self.clustered is None:
                self._segments = (Segment(-1, 0, self.length),)
            else:
                codes = self.columns[self.clustered].data
                cuts = [0, *(np.flatnonzero(codes[1:] != codes[:-1]) + 1).tolist(), self.length]
                self._segments = tuple(Segment(int(codes[a]), a, b) for a, b in pairwise(cuts) if a < b)
        return self._segments

    def cluster(self, name: str) -> Table:
        """Return the table with its rows stably ordered by the codes of column `name`."""
        order = np.argsort(self.columns[name].data, kind="stable")
        return self.select(order, clustered=name)

    def select(self, rows: Array, *, clustered: str | None = None) -> Table:
        """Return the rows at these positions (or where a mask is true) as a table."""
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        numbers = rows if self.rows is None else self.rows.take(rows)
        return Table(
            self.name,
            Columns.of(self.columns, rows),
            length=len(rows),
            references=self.references,
            excluded=self.excluded,
            rows=numbers,
            clustered=clustered,
            last_only=self.last_only,
        )

    def beside(self, aside: Table | None) -> Table:
        """Return the table with the rows that are left out of it (O3)."""
        return Table(
            self.name,
            self.columns,
            length=self.length,
            references=self.references,
            excluded=self.excluded,
            rows=self.rows,
            clustered=self.clustered,
            aside=aside,
            last_only=self.last_only,
        )

    def unknown(self, columns: Iterable[str]) -> Table:
        """Return the table with these columns marked as not known, because only a later change of them is (S5)."""
        found = self.beside(self.aside)
        found.last_only = frozenset(columns)
        return found

    def replace(
        self,
        columns: Mapping[str, Column],
        *,
        excluded: Mapping[str, int] | None = None,
        clustered: str | None = None,
    ) -> Table:
        """Return the table with these columns put in place of, or beside, its own; `clustered` if one orders the rows."""
        if clustered is None and self.clustered not in columns:
            clustered = self.clustered
        own = self.columns
        together = own.over(columns) if isinstance(own, Columns) else {**own, **columns}
        return Table(
            self.name,
            together,
            length=self.length,
            references=self.references,
            excluded=self.excluded if excluded is None else excluded,
            rows=self.rows,
            clustered=clustered,
            last_only=self.last_only,
        )


def table_named(tables: Mapping[str, Table], name: str, *, hint: str = "") -> Table:
    """Return the table called `name`, or say which there are."""
    try:
        return tables[name]
    except KeyError:
        raise TableNotFound(name, tables, hint=hint) from None


def _bytes(value: Any) -> int:
    """Return roughly what a derived thing holds in memory; what it shares with others counts too."""
    if isinstance(value, Column):
        return int(value.data.nbytes) + (0 if value.valid is None else int(value.valid.nbytes))
    if isinstance(value, Table):
        columns = value.columns
        return columns.nbytes if isinstance(columns, Columns) else sum(map(_bytes, columns.values()))
    if isinstance(value, tuple):
        return sum(map(_bytes, value))
    if hasattr(value, "nbytes"):
        return int(value.nbytes)
    return 256 + sum(_bytes(getattr(value, n)) for n in ("data", "codes") if hasattr(value, n))
