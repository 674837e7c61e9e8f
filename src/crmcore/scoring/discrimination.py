"""Discrimination: how well scores part positives from negatives, whatever their scale."""

from __future__ import annotations

from math import fsum

import attrs
import numpy as np

from ..table.column import Array
from .checks import whole
from .tally import Numbers, Outcomes, Tally, tally

__all__ = ["Quantiles", "average_precision", "gain", "gini", "ks", "roc_auc"]


def roc_auc(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return the chance that a positive scores above a negative.

    (pairs in which the positive is above + 1/2 pairs with equal scores) / all pairs of a positive and a negative

    Args:
        scores: one finite number per row, the larger the likelier; or a tally.
        outcome: True or 1 for a positive row, False or 0 for a negative one.

    Returns: 0 to 1; 0.5 for scores that tell nothing. Counted in whole numbers and divided once.

    Undefined when: there is no positive, or no negative.

    Raises:
        ArgumentError: lengths that differ, a score that is not finite, an outcome that is neither.

    Rules: R2.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982.

    Examples:
        >>> roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
        0.75
    """
    t = tally(scores, outcome)
    if t.one_sided:
        return None
    negatives = t.rows - t.positives
    below = np.cumsum(negatives) - negatives
    twice = sum((t.positives.astype(object) * (2 * below + negatives)).tolist())
    return float(twice / (2 * t.positive * t.negative))


def gini(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return the Gini coefficient of scores, also called accuracy ratio.

    2 x AUC - 1

    Args:
        scores: one finite number per row, the larger the likelier; or a tally.
        outcome: True or 1 for a positive row, False or 0 for a negative one.

    Returns: -1 to 1; 0 for scores that tell nothing.

    Undefined when: there is no positive, or no negative.

    Rules: R2.
    """
    area = roc_auc(scores, outcome)
    return None if area is None else 2 * area - 1


def average_precision(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return the mean precision at the scores of the positives; equal scores are reached together.

    sum over distinct scores, from above, of (recall there - recall before) x precision there

    Args:
        scores: one finite number per row, the larger the likelier; or a tally.
        outcome: True or 1 for a positive row, False or 0 for a negative one.

    Returns: 0 to 1; about the share of positives for scores that tell nothing.

    Undefined when: there is no positive.

    Rules: R2.
    """
    t = tally(scores, outcome)
    if not t.positive:
        return None
    positives, rows = t.positives[::-1], t.rows[::-1]
    precision = np.cumsum(positives) / np.cumsum(rows)
    return fsum(positives / t.positive * precision)


def ks(scores: Numbers | Tally, outcome: Outcomes | None = None) -> float | None:
    """Return the Kolmogorov-Smirnov distance between the scores of positives and of negatives.

    the largest |share of positives up to a score - share of negatives up to it|

    Args:
        scores: one finite number per row; or a tally.
        outcome: True or 1 for a positive row, False or 0 for a negative one.

    Returns: 0 to 1; 0 where both have the same scores.

    Undefined when: there is no positive, or no negative.

    Rules: R2.
    """
    t = tally(scores, outcome)
    if t.one_sided:
        return None
    apart = np.cumsum(t.positives) / t.positive - np.cumsum(t.rows - t.positives) / t.negative
    return float(np.abs(apart).max())


@attrs.frozen(slots=True, eq=False)
class Quantiles:
    """Rows from the highest score down, cut into parts of equal size; one value per part.

    Args:
        rows: size of each part; a fraction where the rows do not divide evenly.
        positives: positives in it; a fraction where equal scores lie on both sides of a cut.
        captured: positives in it and all parts above.
        gain: captured / all positives.
        lift: share of positives in it and all parts above / share of positives in all rows.
        low: the lowest score in it.
    """

    rows: Array
    positives: Array
    captured: Array
    gain: Array
    lift: Array
    low: Array


def gain(scores: Numbers | Tally, outcome: Outcomes | None = None, *, quantiles: int = 10) -> Quantiles:
    """Return how many positives the best-scored parts of the rows hold: gain and lift.

    Rows with equal scores at a cut are shared: each side has its part of their positives, which is what it would have on
    average over all orders of those rows. So the order of the rows never matters.

    Args:
        scores: one finite number per row, the larger the likelier; or a tally.
        outcome: True or 1 for a positive row, False or 0 for a negative one.
        quantiles: how many parts; 10 for deciles.

    Returns: highest scores first; a gain of 0 to 1 that ends in 1, a lift of at least 0 that ends in 1.

    Undefined when: there is no positive: gain and lift are nan. There is no row: everything is nan, rows are 0.

    Raises:
        ArgumentError: quantiles that are no whole number of at least 1.

    Rules: R2.
    """
    whole("quantiles", quantiles, least=1)
    t = tally(scores, outcome)
    if not t.n:
        blank = np.full(quantiles, np.nan)
        return Quantiles(np.zeros(quantiles), blank, blank, blank, blank, blank)
    rows = np.concatenate([[0], np.cumsum(t.rows[::-1])])
    positives = np.concatenate([[0], np.cumsum(t.positives[::-1])])
    parts = np.arange(quantiles + 1)
    cuts = t.n * parts / quantiles
    captured = np.interp(cuts, rows, positives)
    share = captured[1:] / t.positive if t.positive else np.full(quantiles, np.nan)
    last = np.searchsorted(rows[1:], cuts[1:])
    return Quantiles(
        np.diff(cuts),
        np.diff(captured),
        captured[1:],
        share,
        share * quantiles / parts[1:],
        t.scores[::-1][last],
    )
