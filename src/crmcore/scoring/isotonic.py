"""Isotonic calibration: the rising step function that is nearest to what came (pool adjacent violators)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..table.column import Array
from .tally import Numbers, Outcomes, Tally, tally

__all__ = ["Isotonic", "pool_adjacent"]


def pool_adjacent(values: Numbers, weights: Numbers | None = None) -> Array:
    """Return the never falling sequence that is nearest to some values: pool adjacent violators.

    It minimises sum of weight x (value - fitted)^2.

    Args:
        values: in order, finite.
        weights: of each, above 0; all alike when left out.

    Returns: float64, one per value; their weighted sum is that of the values.

    Raises:
        ArgumentError: lengths that differ, a value that is not finite, a weight that is not above 0.

    Source: Ayer et al. 1955; Barlow et al. 1972.

    Examples:
        >>> pool_adjacent([1, 3, 2, 4, 3.5, 6]).tolist()
        [1.0, 2.5, 2.5, 3.75, 3.75, 6.0]
    """
    y = np.asarray(values, np.float64)
    w = np.ones(y.shape) if weights is None else np.asarray(weights, np.float64)
    if y.ndim != 1 or y.shape != w.shape:
        raise ArgumentError(f"values and weights are of one length, got shapes {y.shape} and {w.shape}")
    if not bool(np.isfinite(y).all() and np.isfinite(w).all() and (w > 0).all()):
        raise ArgumentError("values are finite numbers and weights are above 0")
    means: list[float] = []
    sizes: list[int] = []
    heavy: list[float] = []
    for value, weight in zip(y.tolist(), w.tolist(), strict=True):
        mean, size, total = value, 1, weight
        while means and means[-1] >= mean:
            before, more = means.pop(), heavy.pop()
            mean = (before * more + mean * total) / (more + total)
            total += more
            size += sizes.pop()
        means.append(mean)
        sizes.append(size)
        heavy.append(total)
    return np.repeat(np.array(means, np.float64), np.array(sizes, np.int64))


@attrs.frozen(slots=True, eq=False)
class Isotonic:
    """A never falling function from scores to probabilities, straight between its knots and level outside.

    Args:
        knots: scores, ascending.
        values: the probability at each.
    """

    knots: Array
    values: Array

    @classmethod
    def fitted(cls, scores: Numbers | Tally, outcome: Outcomes | None = None, *, least: float = 0.0) -> Isotonic:
        """Return the calibration of scores by what came: shares by distinct score, pooled until they never fall.

        Args:
            scores: one finite number per row; or a tally.
            outcome: True or 1 for what came, False or 0 for what did not.
            least: the lowest probability that is given, and 1 - least the highest.

        Raises:
            ArgumentError: no row, or a least outside 0 to 1/2.
        """
        t = tally(scores, outcome)
        if not t.n:
            raise ArgumentError("nothing to calibrate on: there is no row with a score and an outcome")
        if not 0 <= least < 0.5:
            raise ArgumentError(f"least is a probability below 0.5, got {least!r}")
        shares = np.clip(pool_adjacent(t.positives / t.rows, t.rows), least, 1 - least)
        ends = np.ones(shares.size, bool)  # a knot inside a level piece says nothing
        ends[1:-1] = (shares[1:-1] != shares[:-2]) | (shares[1:-1] != shares[2:])
        return cls(t.scores[ends], shares[ends])

    def at(self, scores: Numbers) -> Array:
        """Return the probability of each score; nan stays nan."""
        return np.asarray(np.interp(np.asarray(scores, np.float64), self.knots, self.values))

    def to_dict(self) -> dict[str, Any]:
        """Return the knots and values as plain data, ready for JSON."""
        return {"knots": self.knots.tolist(), "values": self.values.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Isotonic:
        """Return the calibration of `to_dict`.

        Raises:
            ArgumentError: knots and values of different lengths, or that fall.
        """
        knots, values = np.asarray(data["knots"], np.float64), np.asarray(data["values"], np.float64)
        if (
            not knots.size
            or knots.shape != values.shape
            or bool((np.diff(knots) <= 0).any() or (np.diff(values) < 0).any())
        ):
            raise ArgumentError(
                "a calibration has as many values as knots, at least one; knots rise, values never fall"
            )
        return cls(knots, values)
