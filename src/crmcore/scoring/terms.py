"""Terms: what one column gives to the log-odds of a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..evaluate.rows import Rows
from ..table.column import Array, Mask
from .design import numbers_of
from .features import Feature
from .readings import key_of, values_of

__all__ = ["LevelTerm", "NumberTerm", "Term", "term_from"]


@attrs.frozen(slots=True, eq=False)
class NumberTerm:
    """A number times its coefficient.

    Args:
        blank: what a row without a value gets.
    """

    feature: Feature
    coefficient: float
    blank: float

    def amounts(self, rows: Rows) -> tuple[Array, Mask]:
        """Return what each row gets, and which rows have no value."""
        x = numbers_of(self.feature, rows, values_of(rows, self.feature.column))
        gone = np.isnan(x)
        return np.where(gone, self.blank, self.coefficient * np.where(gone, 0.0, x)), gone

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the feature itself as plain data."""
        return {"feature": self.feature.name, "coefficient": self.coefficient, "blank": self.blank}


@attrs.frozen(slots=True, eq=False)
class LevelTerm:
    """What each value of a category gives.

    Args:
        levels: value -> what it gives; None is blank.
        other: what a value gives that is not among them.
    """

    feature: Feature
    levels: Mapping[Any, float]
    other: float

    def amounts(self, rows: Rows) -> tuple[Array, Mask]:
        """Return what each row gets, and which rows have no value."""
        key = key_of(rows, self.feature.column)
        gains = np.array([self.levels.get(label, self.other) for label in key.labels], np.float64)
        return gains[key.data], ~key.present()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the feature itself as plain data."""
        return {"feature": self.feature.name, "levels": [[k, v] for k, v in self.levels.items()], "other": self.other}


Term = NumberTerm | LevelTerm


def term_from(feature: Feature, data: Mapping[str, Any]) -> Term:
    """Return the term of `to_dict`.

    Raises:
        ArgumentError: data of no term.
    """
    if "coefficient" in data and "blank" in data:
        return NumberTerm(feature, float(data["coefficient"]), float(data["blank"]))
    if "levels" in data and "other" in data:
        return LevelTerm(feature, {k: float(v) for k, v in data["levels"]}, float(data["other"]))
    raise ArgumentError(f"{data!r} is no term of a regression")
