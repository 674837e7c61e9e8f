"""Inputs: the columns of a table as the matrix that a classifier reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from crmcore.errors import DataError, DefinitionError
from crmcore.evaluate.rows import Rows
from crmcore.scoring.design import LEVELS, numbers_of
from crmcore.scoring.features import Feature
from crmcore.scoring.readings import key_of, values_of
from crmcore.table.column import Array, Column

__all__ = ["Inputs", "Levels", "Numbers", "Raw", "inputs_of"]

_NUMERIC = ("money", "number", "count", "probability", "duration", "score")


@attrs.frozen(slots=True, eq=False)
class Numbers:
    """A column of numbers: (value - median) / standard deviation, so that no column outweighs another by its unit.

    A blank is the median, with a column of its own that says so where blanks were learned from.

    Args:
        typical: the median of the rows learned from.
        spread: their standard deviation.
        blanks: whether some of them were blank.
    """

    feature: Feature
    typical: float
    spread: float
    blanks: bool

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [self.feature.name, f"{self.feature.name} = (blank)"][: 1 + self.blanks]

    def matrix(self, rows: Rows) -> Array:
        """Return its columns for some rows."""
        values = numbers_of(self.feature, rows, values_of(rows, self.feature.column))
        gone = np.isnan(values)
        filled = np.where(gone, 0.0, (values - self.typical) / self.spread)
        return np.stack([filled, gone], 1) if self.blanks else filled[:, None]

    def usual(self) -> Array:
        """Return the row of a typical value."""
        return np.zeros(1 + self.blanks)


@attrs.frozen(slots=True, eq=False)
class Levels:
    """A column of categories: one column of 0 and 1 for each value, blank among them, and one for the rare ones.

    Args:
        labels: the values with a column of their own, the most frequent first.
        pooled: whether the last column stands for all values that too few rows had, and for those never seen.
    """

    feature: Feature
    labels: tuple[Any, ...]
    pooled: bool

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        own = [f"{self.feature.name} = {'(blank)' if x is None else x}" for x in self.labels]
        return own + [f"{self.feature.name} = (other)"] * self.pooled

    def matrix(self, rows: Rows) -> Array:
        """Return its columns for some rows; a value never seen has none, or that of the rare ones."""
        key = key_of(rows, self.feature.column)
        width = len(self.names)
        place = {label: i for i, label in enumerate(self.labels)}
        other = len(self.labels) if self.pooled else width
        at = np.array([place.get(label, other) for label in key.labels], np.int64)[key.data]
        return np.asarray(np.eye(width + 1)[at, :width])

    def usual(self) -> Array:
        """Return the row of the most frequent value."""
        return np.asarray(np.eye(len(self.names))[0])


@attrs.frozen(slots=True, eq=False)
class Raw:
    """A column as it is: numbers as float, nan where blank, anything else as its value, None where blank.

    Args:
        typical: the median, or the most frequent value.
    """

    feature: Feature
    numeric: bool
    typical: Any

    @property
    def names(self) -> list[str]:
        """What its column is called."""
        return [self.feature.name]

    def matrix(self, rows: Rows) -> Array:
        """Return its column for some rows."""
        if self.numeric:
            values = numbers_of(self.feature, rows, values_of(rows, self.feature.column))
            return values.astype(object)[:, None]
        key = key_of(rows, self.feature.column)
        labels = np.empty(len(key.labels), object)
        labels[:] = key.labels
        return np.asarray(labels[key.data][:, None])

    def usual(self) -> Array:
        """Return the row of a typical value."""
        found = np.empty(1, object)
        found[0] = self.typical
        return found


Part = Numbers | Levels | Raw


@attrs.frozen(slots=True, eq=False)
class Inputs:
    """All columns of a classifier.

    Args:
        parts: one per feature.
        raw: whether they are given as they are, in an array of objects.
    """

    parts: tuple[Part, ...]
    raw: bool

    @property
    def names(self) -> list[str]:
        """What the columns of the matrix are called."""
        return [n for p in self.parts for n in p.names]

    @property
    def owners(self) -> Array:
        """The number of the feature that each column of the matrix belongs to."""
        return np.repeat(np.arange(len(self.parts)), [len(p.names) for p in self.parts])

    def matrix(self, rows: Rows) -> Array:
        """Return rows x columns."""
        kind = object if self.raw else np.float64
        return np.concatenate([p.matrix(rows).astype(kind) for p in self.parts], 1)

    def usual(self) -> Array:
        """Return the columns of a typical row: medians, and the most frequent values."""
        return np.concatenate([p.usual().astype(object if self.raw else np.float64) for p in self.parts])


def inputs_of(features: Sequence[Feature], rows: Rows, *, raw: bool) -> tuple[Inputs, tuple[str, ...]]:
    """Return how the features become a matrix, and the names of those that are the same in all rows and are left out.

    Raises:
        DefinitionError: a date, which is no number and no category.
        DataError: a feature with too many values.
        CurrencyError: amounts in several currencies (M2).
    """
    parts: list[Part] = []
    constant: list[str] = []
    for feature in features:
        column = values_of(rows, feature.column)
        part = (
            _numbers(feature, rows, column, raw=raw)
            if column.kind in _NUMERIC
            else _levels(feature, rows, column, raw=raw)
        )
        if part is None:
            constant.append(feature.name)
        else:
            parts.append(part)
    return Inputs(tuple(parts), raw), tuple(constant)


def _numbers(feature: Feature, rows: Rows, column: Column, *, raw: bool) -> Part | None:
    values = numbers_of(feature, rows, column)
    gone = np.isnan(values)
    known = np.unique(values[~gone])
    if known.size + bool(gone.any()) < 2:
        return None
    typical = float(np.median(values[~gone])) if known.size else 0.0
    if raw:
        return Raw(feature, numeric=True, typical=typical)
    spread = float(np.std(values[~gone])) if known.size > 1 else 1.0
    return Numbers(feature, typical, spread, bool(gone.any()))


def _levels(feature: Feature, rows: Rows, column: Column, *, raw: bool) -> Part | None:
    if column.kind in ("instant", "day"):
        raise DefinitionError(
            f"feature {feature.name!r} is a date, which a classifier cannot weigh; give a length of time such as "
            f"elapsed({feature.name!r}, as_of()), or period({feature.name!r}, 'quarter')"
        )
    key = key_of(rows, feature.column)
    counts = np.bincount(key.data, minlength=len(key.labels)).tolist()
    codes = sorted((c for c, n in enumerate(counts) if n), key=lambda c: (-counts[c], c == 0, str(key.labels[c])))
    if len(codes) < 2:
        return None
    if raw:
        return Raw(feature, numeric=False, typical=key.labels[codes[0]])
    own = [c for c in codes if counts[c] >= feature.least]
    if len(own) > LEVELS:
        raise DataError(
            f"feature {feature.name!r} has {len(own):,} values of its own; pool the rare ones with "
            f"Feature({feature.name!r}, least=20), or leave it out"
        )
    if not own:
        return None
    return Levels(feature, tuple(key.labels[c] for c in own), pooled=len(own) < len(codes))
