"""Inverse: of matrices I - Q of Markov chains, with the same digits on every machine."""

from __future__ import annotations

import numpy as np

from ..table.column import Array

__all__ = ["inverse"]


def inverse(matrix: Array) -> Array:
    """Return the inverse of I - Q, whose rows are dominated by the diagonal, so that elimination needs no pivoting.

    Element by element in a fixed order, so that every machine finds the same digits; a library of linear algebra
    changes them with its version and its number of threads.
    """
    found = matrix.astype(np.float64)
    for k in range(len(found)):
        pivot = found[k, k]
        found[k, k] = 1
        found[k] /= pivot
        column = found[:, k].copy()
        column[k] = 0
        found[column != 0, k] = 0
        found -= column[:, None] * found[k]
    return found
