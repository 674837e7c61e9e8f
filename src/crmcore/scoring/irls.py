"""Maximum likelihood of a logistic regression by iteratively reweighted least squares, on blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import numpy as np

from ..table.column import Array
from .calibration import probability_of

__all__ = ["Blocks", "Solution", "dependent", "maximised"]

Blocks = Callable[[], Iterator[tuple[Array, Array]]]
"""Gives the rows block by block: a matrix of rows x columns, and the outcome of each row as 0.0 or 1.0."""

ROUNDS = 50
CLOSE = 1e-10
"""Largest change of a coefficient, relative to 1 + its size, at which the search has ended."""
ALONE = 1e-10
"""What of a column's sum of squares the columns before it must leave unexplained."""


@attrs.frozen(slots=True, eq=False)
class Solution:
    """What the search found; coefficients and covariance are of the columns as they were given.

    Args:
        converged: whether it ended by itself; where it did not, the coefficients grow without end.
        log_likelihood: at the end, without the penalty.
    """

    coefficients: Array
    covariance: Array
    log_likelihood: float
    rounds: int
    converged: bool


def dependent(blocks: Blocks, size: int) -> int | None:
    """Return the first column that is a sum of multiples of those before it, or None."""
    gram = np.zeros((size, size))
    for x, _ in blocks():
        gram += x.T @ x
    own = np.diag(gram).copy()
    for j in range(size):
        if gram[j, j] <= ALONE * max(own[j], 1e-300):
            return j
        gram[j + 1 :] -= np.outer(gram[j + 1 :, j] / gram[j, j], gram[j])
    return None


def maximised(blocks: Blocks, penalty: Array) -> Solution:
    """Return the coefficients under which the outcomes are most likely: Newton's method, halving steps that overshoot.

    maximises sum of y ln p + (1 - y) ln(1 - p) - sum of penalty x coefficient^2 / 2

    Args:
        blocks: the rows.
        penalty: one per column, 0 for none.
    """
    b = np.zeros(penalty.size)
    value, gradient, information = _at(blocks, b, penalty)
    converged, done = False, 0
    while not converged and done < ROUNDS:
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        done += 1
        size = 1.0
        while True:
            new = b + size * step
            found = _at(blocks, new, penalty)
            if found[0] >= value - 1e-12 * abs(value) or size < 1e-6:
                break
            size /= 2
        converged = bool((np.abs(new - b) <= CLOSE * (1 + np.abs(b))).all())
        b, (value, gradient, information) = new, found
    try:
        covariance = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        covariance, converged = np.full_like(information, np.nan), False
    return Solution(b, covariance, value + float((penalty * b * b).sum()) / 2, done, converged)


def _at(blocks: Blocks, b: Array, penalty: Array) -> tuple[float, Array, Array]:
    """Return the penalised log-likelihood with its gradient and its negative second derivatives."""
    value = -float((penalty * b * b).sum()) / 2
    gradient, information = -penalty * b, np.diag(penalty).astype(np.float64)
    for x, y in blocks():
        eta = x @ b
        p = probability_of(eta)
        value -= float(np.logaddexp(0, np.where(y > 0, -eta, eta)).sum())
        gradient = gradient + x.T @ (y - p)
        information = information + (x * (p * (1 - p))[:, None]).T @ x
    return value, gradient, information
