"""Builder of a column whose kind follows from its values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from ...domain import Money
from ..column import Column
from ..values import values_of
from .build import Block, Builder, is_blank
from .spec import ColumnSpec

__all__ = ["AutoBuilder"]

_FORMS = {
    "int": "count",
    "decimal": "number",
    "float": "score",
    "bool": "flag",
    "day": "moment",
    "instant": "moment",
    "reading": "moment",
    "span": "duration",
    "codes": "key",
}
_NUMBERS = ("count", "number", "score")  # each takes in the ones before it


def kind_of(value: Any) -> str:
    """Return the kind of column that a Python value calls for."""
    if isinstance(value, bool | np.bool_):
        return "flag"
    if isinstance(value, int | np.integer):
        return "count"
    if isinstance(value, float | np.floating):
        return "score"
    if isinstance(value, Decimal | Fraction):
        return "number"
    if isinstance(value, date | np.datetime64):
        return "moment"
    if isinstance(value, timedelta | np.timedelta64):
        return "duration"
    if isinstance(value, Money):
        return "money"
    return "text" if isinstance(value, list | dict | set | tuple) else "key"


def joined(one: str, other: str) -> str:
    """Return the kind that holds both."""
    if one == other:
        return one
    if one in _NUMBERS and other in _NUMBERS:
        return max(one, other, key=_NUMBERS.index)
    return "text" if "text" in {one, other} else "key"


class AutoBuilder(Builder):
    """A column that no record knows: its values decide its kind, mixed ones make it a key.

    It never rejects a row: a cell that cannot be converted becomes blank, and is noted.
    """

    def __init__(self, spec: ColumnSpec, make: Callable[[ColumnSpec], Builder]) -> None:
        super().__init__(spec)
        self._make = make
        self._kind: str | None = None
        self._builder: Builder | None = None

    def _for(self, kind: str) -> Builder:
        """Return the builder that takes values of this kind along with those before."""
        if self._builder is None or self._kind is None:
            self._kind = kind
            self._builder = self._make(attrs.evolve(self.spec, kind=kind))
            self._builder.add_blank(self.length)
        elif (wider := joined(self._kind, kind)) != self._kind:
            before = self._builder
            column = before.finish()
            self._kind = wider
            self._builder = self._make(attrs.evolve(self.spec, kind=wider))
            self._builder.add(values_of(column))
            self._take_notes(before)
        return self._builder

    def _take_notes(self, builder: Builder) -> None:
        for kind, note in builder.notes.items():
            self.notes.setdefault(kind, note)
        for bad in builder.bad:
            self._note(bad.kind, [bad.row - self.length])

    def _objects(self, values: Sequence[Any]) -> None:
        samples = {type(v): v for v in values}
        if float in samples and len(samples) > 1 and all(v != v for v in values if type(v) is float):  # noqa: PLR0124
            del samples[float]  # an object column of a frame has NaN where there is no value
        kinds = {kind_of(v) for t, v in samples.items() if t is float or not is_blank(v)}
        if not kinds:
            self._blanks(len(values))
            return
        kind = kinds.pop()
        for other in kinds:
            kind = joined(kind, other)
        self._for(kind).add(values)

    def _texts(self, texts: list[str]) -> None:
        self._for("key").add_text(texts)

    def _block(self, block: Block) -> None:
        self._for(_FORMS[block.form]).add_block(block)

    def _blanks(self, size: int) -> None:
        if self._builder is not None:
            self._builder.add_blank(size)

    def finish(self) -> Column:
        builder = self._for(self._kind or "key")
        column = builder.finish()
        self._take_notes(builder)
        return column
