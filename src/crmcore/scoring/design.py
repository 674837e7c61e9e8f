"""Design: columns of a table as the numbers that a regression weighs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from ..errors import DataError, DefinitionError
from ..evaluate.rows import Rows
from ..table.column import Array, Column, Mask, sort_key
from .features import Feature
from .readings import key_of, values_of

__all__ = ["BLOCK", "LEVELS", "Encoded", "Levels", "Scaled", "encoded", "numbers_of"]

BLOCK = 65_536
"""Rows that are spread into a matrix at a time."""
LEVELS = 1000
"""Values that one feature may have as levels of its own."""
_NUMERIC = ("money", "number", "count", "probability", "duration", "score")


@attrs.frozen(slots=True, eq=False)
class Levels:
    """A feature of categories: one indicator for each level but the most frequent one.

    Args:
        labels: of the indicators; None is blank.
        base: the level that has none.
        pooled: whether the last indicator stands for all values that too few rows have.
        codes: for each row the place of its indicator, -1 for the base.
        shares: of each indicator among the rows.
    """

    feature: Feature
    labels: tuple[Any, ...]
    base: Any
    pooled: bool
    codes: Array
    shares: Array

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.labels)

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [f"{self.feature.name} = {'(blank)' if x is None else x}" for x in self.labels]

    def fill(self, x: Array, rows: slice) -> None:
        """Write the rows' indicators into a block."""
        codes = self.codes[rows]
        there = np.flatnonzero(codes >= 0)
        x[there, codes[there]] = 1.0


@attrs.frozen(slots=True, eq=False)
class Scaled:
    """A numeric feature: standardised, with an indicator of blanks where there are any; a blank stands at the mean."""

    feature: Feature
    mean: float
    spread: float
    values: Array
    blank: Mask | None

    @property
    def width(self) -> int:
        """Number of columns."""
        return 1 if self.blank is None else 2

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [self.feature.name, f"{self.feature.name} = (blank)"][: self.width]

    def fill(self, x: Array, rows: slice) -> None:
        """Write the rows' numbers into a block."""
        x[:, 0] = self.values[rows]
        if self.blank is not None:
            x[:, 1] = self.blank[rows]


@attrs.frozen(slots=True, eq=False)
class Encoded:
    """All features of some rows, after a column of ones."""

    parts: tuple[Levels | Scaled, ...]
    outcome: Array

    @property
    def width(self) -> int:
        """Number of columns, with that of the intercept."""
        return 1 + sum(p.width for p in self.parts)

    @property
    def names(self) -> list[str]:
        """What the columns are called."""
        return ["(intercept)", *(n for p in self.parts for n in p.names)]

    def blocks(self) -> Iterator[tuple[Array, Array]]:
        """Give the rows block by block."""
        for start in range(0, self.outcome.size, BLOCK):
            rows = slice(start, min(start + BLOCK, self.outcome.size))
            x = np.zeros((rows.stop - start, self.width))
            x[:, 0] = 1.0
            at = 1
            for part in self.parts:
                part.fill(x[:, at : at + part.width], rows)
                at += part.width
            yield x, self.outcome[rows]


def encoded(features: Sequence[Feature], rows: Rows, outcome: Array) -> tuple[Encoded, tuple[str, ...]]:
    """Return the features of rows as numbers, and the names of those that are the same in all rows and tell nothing.

    Raises:
        DefinitionError: a feature that is no number and no category.
        DataError: a feature with too many values.
        CurrencyError: amounts in several currencies (M2).
    """
    parts: list[Levels | Scaled] = []
    constant: list[str] = []
    for feature in features:
        column = values_of(rows, feature.column)
        part = _scaled(feature, rows, column) if column.kind in _NUMERIC else _levels(feature, rows, column)
        if part is None:
            constant.append(feature.name)
        else:
            parts.append(part)
    return Encoded(tuple(parts), outcome), tuple(constant)


def numbers_of(feature: Feature, rows: Rows, column: Column) -> Array:
    """Return a numeric column as float64, nan where blank; durations in days, amounts of one currency."""
    if column.kind == "money":
        column = rows.amounts(feature.column)
    values = np.where(column.present(), column.data / column.scale, np.nan)
    if bool(np.isinf(values).any()):
        raise DataError(f"feature {feature.name!r} has infinite values; a regression weighs finite numbers")
    return values


def _scaled(feature: Feature, rows: Rows, column: Column) -> Scaled | None:
    values = numbers_of(feature, rows, column)
    blank = np.isnan(values)
    known = values[~blank]
    mean = float(known.mean()) if known.size else 0.0
    spread = float(known.std()) if known.size else 0.0
    if not spread > 1e-12 * max(abs(mean), 1e-300):
        return None
    scaled = np.where(blank, 0.0, (values - mean) / spread)
    return Scaled(feature, mean, spread, scaled, blank if blank.any() else None)


def _levels(feature: Feature, rows: Rows, column: Column) -> Levels | None:
    if column.kind in ("instant", "day"):
        raise DefinitionError(
            f"feature {feature.name!r} is a date, which a regression cannot weigh; give a length of time such as "
            f"elapsed({feature.name!r}, as_of()), or period({feature.name!r}, 'quarter')"
        )
    key = key_of(rows, feature.column)
    counts = np.bincount(key.data, minlength=len(key.labels))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda c: (-int(counts[c]), c == 0, sort_key(key.labels[c])))
    own = [c for c in order if c == 0 or counts[c] >= feature.least]
    rare = [c for c in order if c not in set(own)]
    if len(own) > LEVELS:
        raise DataError(
            f"feature {feature.name!r} has {len(own):,} values of its own; pool the rare ones with "
            f"Feature({feature.name!r}, least=20), or leave it out"
        )
    places = np.full(len(key.labels), -1, np.int64)
    labels = [key.labels[c] for c in own]
    sizes = [int(counts[c]) for c in own]
    for place, code in enumerate(own):
        places[code] = place - 1
    if rare:
        places[rare] = len(own) - 1
        labels.append("(other)")
        sizes.append(int(counts[rare].sum()))
    if len(labels) < 2:  # one value, or only rare ones
        return None
    shares = np.array(sizes[1:]) / max(len(rows), 1)
    return Levels(feature, tuple(labels[1:]), labels[0], bool(rare), places[key.data], shares)
