"""Outcomes: what revenue may come out, each with its chance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from ...errors import ArgumentError
from ...table.column import Array

__all__ = ["Outcomes"]

_NOISE = 1e-12
"""Chances that were added up differ from their exact sum by less."""
_FAR = 1 << 62


@attrs.frozen(slots=True, eq=False)
class Outcomes:
    """A distribution of revenue: `base` + each of `values` times `unit`, with its chance.

    Args:
        values: ascending whole numbers.
        chances: of each; they add up to 1.
        unit: what 1 stands for.
        base: what is added to all.
        step: of the grid that amounts were put on; 0 where none was moved.
        moved: no sum of amounts is farther from what it is on the grid.
    """

    values: Array
    chances: Array
    unit: Fraction = Fraction(1)
    base: Fraction = Fraction(0)
    step: Fraction = Fraction(0)
    moved: Fraction = Fraction(0)

    def quantile(self, q: float) -> Fraction:
        """Return the smallest outcome that is not passed with a chance of `q` or more; of 0.1, the one called P10.

        Raises:
            ArgumentError: no number between 0 and 1.
        """
        if not 0 < q < 1:
            raise ArgumentError(f"a quantile is a number between 0 and 1, such as 0.9, got {q!r}")
        place = int(np.searchsorted(np.cumsum(self.chances), q - _NOISE))
        return self.base + int(self.values[min(place, len(self.values) - 1)]) * self.unit

    def at_least(self, value: Any) -> float:
        """Return the chance that at least `value` comes out."""
        needed = max(min(-((self.base - Fraction(value)) // self.unit), _FAR), -_FAR)
        place = int(np.searchsorted(self.values, needed))
        return min(float(self.chances[place:].sum()), 1.0) if place else 1.0
