"""Builder of durations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from ..column import Column
from .build import Block, Builder, Refused
from .decimals import exact_of, exact_text
from .parts import Parts
from .spec import TIME_UNITS, ColumnSpec

__all__ = ["SpanBuilder"]

_DAY = 86_400_000_000
_MOST = 10_000_000 * _DAY  # well within int64
_CLOCK = re.compile(
    r"(?:(?P<days>\d{1,9})[d ]\s*)?(?P<hours>\d{1,9}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d(?:\.\d{1,6})?))?",
    re.ASCII,
)
_ISO = re.compile(
    r"P(?=.)(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)


class SpanBuilder(Builder):
    """Durations in microseconds, from timedeltas, clock text, ISO 8601, or numbers of the declared unit."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._parts = Parts(np.int64)

    def _objects(self, values: Sequence[Any]) -> None:
        found = self._each(values, self._span, None)
        valid = np.array([v is not None for v in found], bool)
        self._parts.put(np.array([v or 0 for v in found], np.int64), None if valid.all() else valid)

    def _span(self, value: Any) -> int | None:
        if isinstance(value, np.timedelta64):
            value = value.astype("m8[us]").item()
        if isinstance(value, timedelta):
            return self._within((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds)
        if isinstance(value, str):
            text = self.spec.clean(value)
            return None if text is None else self._text(text)
        return self._number(*exact_of(value))

    def _text(self, text: str) -> int:
        sign, bare = (-1, text[1:]) if text.startswith("-") else (1, text)
        found = _CLOCK.fullmatch(bare) or _ISO.fullmatch(bare)
        if found is None:
            return self._number(*exact_text(text, self.spec))
        parts = found.groupdict()
        exact = sum(Fraction(part or 0) * TIME_UNITS[unit] for unit, part in parts.items())
        return self._within(sign * exact)

    def _number(self, digits: int, decimals: int) -> int:
        if self.spec.unit is None:
            raise Refused("duration without a unit")
        return self._within(Fraction(digits * TIME_UNITS[self.spec.unit], 10**decimals))

    def _within(self, exact: Fraction | int) -> int:
        if not -_MOST <= exact <= _MOST:
            raise Refused("duration out of range")
        return round(exact)  # half-even, to the microsecond

    def _block(self, block: Block) -> None:
        if block.form == "span":
            data = block.data if block.lasting else block.data.copy()
            self._parts.put(data if block.valid is None else data * block.valid, block.valid)
        else:
            super()._block(block)

    def _blanks(self, size: int) -> None:
        self._parts.put_blank(size)

    def finish(self) -> Column:
        return Column("duration", *self._parts.join(), scale=_DAY)
