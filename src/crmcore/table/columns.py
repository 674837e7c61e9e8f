"""Columns of some rows of a table, each gathered when it is first looked at.

Hosts hand over many columns and a metric reads few: ordering a table, or looking at a part of it, costs nothing for
columns that nobody asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .column import Array, Column

__all__ = ["Columns"]


class _Waiting:
    """A column that has not been gathered yet."""

    __slots__ = ("column", "rows", "source")

    def __init__(self, source: Column | _Waiting, rows: Array) -> None:
        self.source: Column | _Waiting | None = source
        self.rows: Array | None = rows
        self.column: Column | None = None

    def gather(self) -> Column:
        """Return the column; the first time it is taken from its source, which is then let go."""
        if self.column is None:
            source, rows = self.source, self.rows
            assert source is not None
            assert rows is not None
            self.column = (source if isinstance(source, Column) else source.gather()).take(rows)
            self.source = self.rows = None
        return self.column

    @property
    def nbytes(self) -> int:
        """Bytes that the column takes once it is gathered."""
        if self.column is not None:
            return _bytes(self.column)
        rows = self.rows
        assert rows is not None
        source: Column | _Waiting | None = self
        while isinstance(source, _Waiting):
            source = source.source if source.column is None else source.column  # a column of no rows is false
        assert source is not None
        return len(rows) * (source.data.itemsize + (source.valid is not None))


def _bytes(column: Column) -> int:
    return int(column.data.nbytes) + (0 if column.valid is None else int(column.valid.nbytes))


class Columns(Mapping[str, Column]):
    """A mapping from names to columns that were picked from others, without their being gathered yet."""

    def __init__(self, columns: Mapping[str, Column | _Waiting]) -> None:
        self._columns = dict(columns)

    @classmethod
    def of(cls, columns: Mapping[str, Column], rows: Array) -> Columns:
        """Return the columns at these row positions."""
        held: Mapping[str, Column | _Waiting] = columns._columns if isinstance(columns, Columns) else columns
        return cls({name: _Waiting(column, rows) for name, column in held.items()})

    def over(self, columns: Mapping[str, Column]) -> Columns:
        """Return these columns with others in place of, or beside, them."""
        return Columns(self._columns | dict(columns))

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take once all are gathered."""
        return sum(c.nbytes if isinstance(c, _Waiting) else _bytes(c) for c in self._columns.values())

    def __getitem__(self, name: str) -> Column:
        column = self._columns[name]
        return column.gather() if isinstance(column, _Waiting) else column

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)
