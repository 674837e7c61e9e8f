"""Reasons: what each feature of a row gives to its log-odds, against a typical row (Shapley 1953)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np

from crmcore.table.column import Array

__all__ = ["EXACT", "contributions"]

EXACT = 6
"""Features up to which every set of them is asked about: 2^6 questions per row."""
SEED = 20260630


def contributions(
    log_odds: Callable[[Array], Array], matrix: Array, usual: Array, owners: Array, features: int, orders: int
) -> Array:
    """Return rows x features; with the log-odds of the typical row they add up to those of each row.

    Args:
        log_odds: of rows as the classifier reads them.
        matrix: the rows.
        usual: the typical row.
        owners: the feature of each column.
        features: how many there are.
        orders: how many orders are averaged where there are more than six features; at least two are taken.
    """
    if not len(matrix):
        return np.zeros((0, features))
    asked: dict[frozenset[int], Array] = {}

    def value(chosen: frozenset[int]) -> Array:
        """Return the log-odds with the rows' own values for these features and typical ones for the rest."""
        if chosen not in asked:
            own = np.isin(owners, [*chosen])
            asked[chosen] = log_odds(np.where(own[None, :], matrix, usual[None, :]))
        return asked[chosen]

    found = np.zeros((len(matrix), features))
    if features <= EXACT:
        for size in range(features):
            weight = factorial(size) * factorial(features - size - 1) / factorial(features)
            for chosen in combinations(range(features), size):
                for more in set(range(features)) - set(chosen):
                    gain = value(frozenset((*chosen, more))) - value(frozenset(chosen))
                    found[:, more] += weight * gain
        return found
    rng = np.random.default_rng(SEED)
    half = max(orders // 2, 1)
    for _ in range(half):
        order = rng.permutation(features).tolist()
        for way in (order, order[::-1]):
            for i, more in enumerate(way):
                found[:, more] += value(frozenset(way[: i + 1])) - value(frozenset(way[:i]))
    return found / (2 * half)
