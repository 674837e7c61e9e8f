"""Tally: how many rows have each score, and how many of them are positive; all that an evaluation needs, and it adds up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..table.column import Array

__all__ = ["Numbers", "Outcomes", "Tally", "tally"]

Numbers = Array | Sequence[Any]
"""One score per row: finite numbers, the larger the likelier."""
Outcomes = Array | Sequence[Any]
"""One outcome per row: True or 1 for a positive, False or 0 for a negative."""


@attrs.frozen(slots=True, eq=False)
class Tally:
    """The distinct scores of some rows, ascending, with the number of rows and of positives of each.

    It is the state of every measure here: two tallies add up to that of both sets of rows, and the order in which rows
    came is not in it.
    """

    scores: Array
    rows: Array
    positives: Array

    def __add__(self, other: Tally) -> Tally:
        scores = np.concatenate([self.scores, other.scores])
        found, at = np.unique(scores, return_inverse=True)
        rows, positives = np.zeros(found.size, np.int64), np.zeros(found.size, np.int64)
        np.add.at(rows, at, np.concatenate([self.rows, other.rows]))
        np.add.at(positives, at, np.concatenate([self.positives, other.positives]))
        return Tally(found, rows, positives)

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.rows.sum())

    @property
    def positive(self) -> int:
        """Number of positives."""
        return int(self.positives.sum())

    @property
    def negative(self) -> int:
        """Number of negatives."""
        return self.n - self.positive

    @property
    def one_sided(self) -> bool:
        """Are all rows alike, or is there none?"""
        return not self.positive or not self.negative


def tally(scores: Numbers | Tally, outcome: Outcomes | None = None) -> Tally:
    """Count rows and positives by distinct score; a tally passes through.

    Args:
        scores: one finite number per row.
        outcome: True or 1 for a positive row, False or 0 for a negative one.

    Raises:
        ArgumentError: lengths that differ, a score that is blank or not finite, an outcome that is neither.
    """
    if isinstance(scores, Tally):
        return scores
    if outcome is None:
        raise ArgumentError("scores are judged by outcomes: give one per score, True or False")
    values, won = _scores(scores), _outcomes(outcome)
    if values.size != won.size:
        raise ArgumentError(f"scores has {values.size} values and outcome has {won.size}; give one outcome per score")
    found, at = np.unique(values, return_inverse=True)
    rows = np.bincount(at, minlength=found.size)
    return Tally(found, rows.astype(np.int64), np.bincount(at[won], minlength=found.size).astype(np.int64))


def _scores(scores: Numbers) -> Array:
    try:
        values = np.asarray(scores, np.float64)
    except (TypeError, ValueError):
        wrong = next((v for v in scores if isinstance(v, str) or not hasattr(v, "__float__")), scores)
        raise ArgumentError(f"scores are numbers, got {wrong!r}; leave out rows without one") from None
    if values.ndim != 1:
        raise ArgumentError(f"scores are one number per row, got an array of shape {values.shape}")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ArgumentError(
            f"scores[{bad[0]}] is {float(values[bad[0]])!r}; a row without a score is left out first, which evaluate() "
            "does and counts",
            row=int(bad[0]),
        )
    return values + 0.0  # -0.0 and 0.0 are one score


def _outcomes(outcome: Outcomes) -> Array:
    values = np.asarray(outcome)
    if values.ndim != 1:
        raise ArgumentError(f"outcomes are one per row, got an array of shape {values.shape}")
    if values.dtype == bool:
        return values
    listed = values.tolist()
    for place, value in enumerate(listed):
        if isinstance(value, str) or value not in (0, 1):
            raise ArgumentError(f"outcome[{place}] is {value!r}; an outcome is True or False, 1 or 0", row=place)
    return np.array([bool(v) for v in listed], bool)
