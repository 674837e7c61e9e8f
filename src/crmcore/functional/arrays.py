"""Arrays as tables: each keyword becomes a column, checked as ingest would, but with no row left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..errors import ArgumentError
from ..table.builders import Builder, ColumnSpec, builder
from ..table.builders.build import unreadable
from ..table.column import Array, Column
from ..table.issue import Issue
from ..table.table import Table
from .arguments import Argument
from .kinds import field_of

__all__ = ["WHERE", "TableDraft", "key_column"]

WHERE = "where ="
"""Name of the column that holds the mask; no host's column is called so."""
_CONSTANTS = (str, int, float, bool, Decimal, Fraction, date, np.generic)


def key_column(name: str) -> str:
    """Return the name of the column that a key of `by` becomes, apart from the columns of the table."""
    return f"by {name}"


class TableDraft:
    """One table in the making; all its arrays have to be equally long.

    Args:
        metric: name of the metric, for errors.
        table: name of the table.
        timezone: zone of timestamps that have none.
    """

    def __init__(self, metric: str, table: str, timezone: str | None) -> None:
        self.metric, self.table, self.timezone = metric, table, timezone
        self.issues: list[Issue] = []
        self._length: tuple[int, str] | None = None
        self._given: list[tuple[str, ColumnSpec, Any]] = []

    def column(self, argument: Argument, values: Any) -> None:
        """Take the array of an argument."""
        field = field_of(self.table, argument.column)
        if field is None:
            spec = ColumnSpec(argument.column, "auto", timezone=self.timezone)
        else:
            spec = ColumnSpec(
                argument.column, field.kind, timezone=self.timezone, choices=field.choices, least=field.least
            )
        self._take(argument.keyword, spec, values)

    def key(self, name: str, values: Any) -> None:
        """Take an array to group by."""
        self._take(f"by ({name})", ColumnSpec(key_column(name), "auto", timezone=self.timezone), values)

    def mask(self, values: Any) -> None:
        """Take the mask of the rows that count; None lets all of them count."""
        if values is not None:
            data = np.asarray(values)
            if data.dtype != bool:
                raise ArgumentError(
                    f"{self.metric}: where is a mask of True and False, got values of type {data.dtype}"
                )
            self._take("where", ColumnSpec(WHERE, "flag"), data)
        else:
            self._given.append(("where", ColumnSpec(WHERE, "flag"), True))

    def _take(self, keyword: str, spec: ColumnSpec, values: Any) -> None:
        if not isinstance(values, _CONSTANTS):
            values = listed(values)
            size = len(values)
            if self._length is None:
                self._length = (size, keyword)
            elif self._length[0] != size:
                raise ArgumentError(
                    f"{self.metric}: {keyword} has {size} values, {self._length[1]} has {self._length[0]}; "
                    f"the arrays of one table are equally long"
                )
        self._given.append((keyword, spec, values))

    def finish(self, missing: Iterable[Argument]) -> Table:
        """Return the table; columns of `missing` are blank.

        Raises:
            ArgumentError: no array says how many rows there are.
            DataError: a value that its column cannot hold.
        """
        if self._length is None:
            raise ArgumentError(
                f"{self.metric}: no array for table {self.table!r}, so it has no rows to count; "
                "give one of its columns, or by="
            )
        size = self._length[0]
        columns = {spec.name: self._built(keyword, spec, values, size) for keyword, spec, values in self._given}
        for argument in missing:
            kind = "day" if argument.kind == "moment" else "key" if argument.kind == "auto" else argument.kind
            blank = builder(ColumnSpec(argument.column, kind))
            blank.add_blank(size)
            columns[argument.column] = blank.finish()
        return Table(self.table, columns, length=size)

    def _built(self, keyword: str, spec: ColumnSpec, values: Any, size: int) -> Column:
        made = builder(spec)
        made.add([_plain(values)] * size if isinstance(values, _CONSTANTS) else values)
        column = made.finish()
        if made.bad:
            raise unreadable(f"{self.metric}: {keyword}", keyword, made.bad)
        self._noticed(made, spec.name)
        return column

    def _noticed(self, made: Builder, name: str) -> None:
        for kind, note in made.notes.items():
            self.issues.append(Issue(kind, self.table, name, note.count, rows=tuple(r + 1 for r in note.rows)))


def listed(values: Any) -> Array | list[Any]:
    """Return a column of numpy, pandas, polars, pyarrow or plain Python as an array or list."""
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, (list, tuple)):
        return list(values)
    if isinstance(values, Mapping):
        raise ArgumentError(f"an array is needed, got a mapping of {', '.join(map(repr, values))}")
    for way in ("to_pylist", "to_list", "tolist"):
        convert = getattr(values, way, None)
        if convert is not None:
            numbers = _numbers(values)
            return numbers if numbers is not None else list(convert())
    try:
        return list(values)
    except TypeError:
        raise ArgumentError(f"an array is needed, got {values!r}") from None


def _numbers(values: Any) -> Array | None:
    """Return a column of plain numbers without a detour through Python objects; None for anything else."""
    if not hasattr(values, "to_numpy") or hasattr(values, "to_pylist"):
        return None
    array = np.asarray(values.to_numpy())
    return array if array.dtype.kind in "biuf" else None


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
