"""Measured: the numbers of one metric in a result, with what each rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..metric import Metric
from ..table.column import Array, Mask
from .operand import REASONS

if TYPE_CHECKING:
    from .result import Result

__all__ = ["Measured"]


@attrs.frozen(slots=True, eq=False)
class Measured:
    """One metric's numbers, one per row of the result.

    `values` is float64, nan where undefined; for a metric whose unit is "label", an object array of text or None.
    """

    metric: Metric
    values: Array
    why: Array | None
    reasons: tuple[str, ...]
    _result: Result

    def __len__(self) -> int:
        return int(self.values.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values.tolist())

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array(self.values, dtype=dtype)

    def __repr__(self) -> str:
        return f"<{self.metric.name}: {self.values!r}>"

    @property
    def defined(self) -> Mask:
        """Where there is a number."""
        return np.ones(self.values.size, bool) if self.why is None else self.why == 0

    def reason(self, row: int) -> str | None:
        """Return why the number of a row is undefined, None when it is defined."""
        if self.why is None or self.why[row] == 0:
            return None
        code = int(self.why[row])
        return REASONS[code] if code in REASONS else self.reasons[code - 16]

    @property
    def n(self) -> Array:
        """Rows that the number rests on (R3)."""
        return self._result.details[self.metric.name].n

    @property
    def numerator(self) -> Array | None:
        """Numerator of a ratio, in its own unit."""
        return self._result.details[self.metric.name].numerator

    @property
    def denominator(self) -> Array | None:
        """Denominator of a ratio, in its own unit."""
        return self._result.details[self.metric.name].denominator

    @property
    def low(self) -> Array | None:
        """Lower bound of the interval; None for metrics that have none (R3)."""
        return self._result.details[self.metric.name].low

    @property
    def high(self) -> Array | None:
        """Upper bound of the interval; None for metrics that have none (R3)."""
        return self._result.details[self.metric.name].high
