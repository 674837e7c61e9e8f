"""Builder: one column taking shape, block by block.

A column grows as typed arrays; Python objects live only as long as their block. What cannot be converted is kept in
`bad`, its cell is stored as blank, and whoever drives the builder rejects the row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import attrs
import numpy as np

from ...errors import DataError
from ..column import Array, Column, Mask
from .spec import ColumnSpec

__all__ = ["NOTED", "Bad", "Block", "Builder", "Note", "Refused", "is_blank", "shown", "unreadable"]

NOTED = 5
"""Row positions a note keeps as examples."""
_STEP = 65_536
"""Rows of an array that are converted at once, so that what is between stays in the cache."""


class Bad(NamedTuple):
    """A cell that could not be converted: its row is rejected."""

    row: int
    kind: str
    text: str


@attrs.define(slots=True)
class Note:
    """Something worth telling about cells that were converted."""

    count: int = 0
    rows: list[int] = attrs.Factory(list)

    def see(self, rows: Sequence[int] | Array) -> None:
        """Count these row positions, and keep the first as examples."""
        self.count += len(rows)
        if len(self.rows) < NOTED:
            self.rows += [int(r) for r in rows[: NOTED - len(self.rows)]]


class Refused(Exception):  # a signal between converter and builder, never seen outside
    """A value that cannot be converted, with the kind of issue it is."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Block(NamedTuple):
    """A typed piece of a column, as arrays and dataframes hand it over.

    | form    | data                                                   |
    |---------|--------------------------------------------------------|
    | int     | int64                                                  |
    | decimal | int64, each worth 10 ** -decimals                      |
    | float   | float64                                                |
    | bool    | bool                                                   |
    | day     | int32 or int64, days since 1970-01-01                  |
    | instant | int64, microseconds UTC                                |
    | reading | int64, microseconds of a local clock without zone      |
    | span    | int64, microseconds                                    |
    | codes   | positions in `labels`                                  |

    `valid` is False where there is no value (None: everywhere one); what `data` holds there does not matter. `lasting`
    says that nobody changes `data` later, so that it need not be copied.
    """

    form: str
    data: Array
    valid: Mask | None = None
    decimals: int = 0
    labels: Sequence[Any] = ()
    lasting: bool = False


_BLANK_TYPES = {"NAType", "NaTType"}


def is_blank(value: Any) -> bool:
    """Return whether a Python value means that there is none: None, NaN, and the blanks of dataframe libraries."""
    if value is None:
        return True
    if isinstance(value, float):
        return value != value  # noqa: PLR0124
    return type(value).__name__ in _BLANK_TYPES


class Builder:
    """One column in the making. Subclasses say how values of their kind are converted.

    Attributes:
        bad: cells that could not be converted, complete only after `finish`.
        notes: kind -> what else was noticed ("float amount", "rounded" ...); the values are kept.
        length: rows taken so far.
    """

    def __init__(self, spec: ColumnSpec) -> None:
        self.spec = spec
        self.bad: list[Bad] = []
        self.notes: dict[str, Note] = {}
        self.length = 0

    # --- what goes in

    def add(self, values: Sequence[Any] | Array) -> None:
        """Take the values of the next rows: Python objects, or a numpy array."""
        if isinstance(values, np.ndarray):
            self._add_array(values)
        elif len(values):
            self._objects(values if isinstance(values, list | tuple) else list(values))
            self.length += len(values)

    def add_text(self, texts: Sequence[str]) -> None:
        """Take the text cells of the next rows: a list, or an array of numpy or pyarrow."""
        listed: Any = texts
        for method in ("to_pylist", "tolist"):
            if hasattr(texts, method):
                listed = getattr(texts, method)()
                break
        if len(listed):
            if hasattr(texts, "null_count") and texts.null_count:
                self._objects(listed)
            else:
                self._texts(listed if isinstance(listed, list) else list(listed))
            self.length += len(listed)

    def add_block(self, block: Block) -> None:
        """Take a typed block."""
        size = len(block.data)
        if size:
            self._block(block)
            self.length += size

    def add_blank(self, size: int) -> None:
        """Take `size` rows without a value."""
        if size:
            self._blanks(size)
            self.length += size

    def finish(self) -> Column:
        """Return the column; the builder is spent."""
        raise NotImplementedError

    # --- what subclasses say

    def _objects(self, values: Sequence[Any]) -> None:
        raise NotImplementedError

    def _texts(self, texts: list[str]) -> None:
        self._objects(texts)

    def _block(self, block: Block) -> None:
        from .arrays import python_values

        self._objects(python_values(block))

    def _blanks(self, size: int) -> None:
        self._objects([None] * size)

    # --- shared

    def _add_array(self, values: Array) -> None:
        from .arrays import block_of

        for start in range(0, len(values), _STEP):
            piece = block_of(values[start : start + _STEP])
            if isinstance(piece, Block):
                self.add_block(piece)
            else:
                self.add(piece)

    def _refuse(self, offset: int, kind: str, value: Any) -> None:
        self.bad.append(Bad(self.length + offset, kind, shown(value)))

    def _note(self, kind: str, offsets: Sequence[int] | Array) -> None:
        if len(offsets):
            self.notes.setdefault(kind, Note()).see(np.asarray(offsets) + self.length)

    def _each(self, values: Sequence[Any], convert: Callable[[Any], Any], blank: Any) -> list[Any]:
        """Return each value converted; what is refused is recorded and blank."""
        found = []
        for offset, value in enumerate(values):
            try:
                found.append(blank if is_blank(value) else convert(value))
            except Refused as refused:
                self._refuse(offset, refused.kind, value)
                found.append(blank)
        return found


def unreadable(what: str, column: str, bad: Sequence[Bad]) -> DataError:
    """Return the error that says which value of an array could not be read, and how many."""
    first = bad[0]
    more = f" ({len(bad)} such values)" if len(bad) > 1 else ""
    naive = "; state the zone: timezone='UTC'" if first.kind == "naive timestamp" else ""
    return DataError(f"{what}[{first.row}] is {first.text!r}: {first.kind}{more}{naive}", row=first.row, column=column)


def shown(value: Any, limit: int = 60) -> str:
    """Return a value as text for a message, cut where it is long."""
    text = value if isinstance(value, str) else str(value) if isinstance(value, Decimal | date) else repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
