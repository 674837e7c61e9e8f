"""Credit: what each channel gets, as exact fractions from a few kinds of touches, or as floats from each touch."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import fsum, lcm

import attrs
import numpy as np

from ...state.operand import reach
from ...table.column import Array
from .journeys import Journeys, exact_sum

__all__ = ["Share", "credited", "summed", "weighed"]

_EXACT_FLOAT = 2**53
_HALF = 32


@attrs.frozen(slots=True, eq=False)
class Share:
    """Touches that get a share of their journey each, by kind.

    Args:
        codes: the channel of each.
        owners: the journey of each.
        kind: the kind of each; None where all are of kind 0.
        weights: per kind, the part of its journey's conversions and value that a touch gets.
    """

    codes: Array
    owners: Array
    kind: Array | None
    weights: Sequence[Fraction]


def credited(journeys: Journeys, shares: Sequence[Share], amounts: Array) -> list[Fraction]:
    """Return what each channel gets of the amounts of all journeys, exactly (Q3).

    Whole amounts are summed per channel and kind first, so neither the order of the rows nor how they are split up
    makes a difference, and each sum is multiplied by its weight once.
    """
    common = lcm(*(weight.denominator for share in shares for weight in share.weights))
    found = [0] * len(journeys.channels)
    for share in shares:
        kinds = len(share.weights)
        cells = share.codes.astype(np.int64) * kinds
        if share.kind is not None:
            cells += share.kind
        parts = [weight.numerator * (common // weight.denominator) for weight in share.weights]
        for cell, total in summed(cells, len(found) * kinds, amounts[share.owners]):
            found[cell // kinds] += total * parts[cell % kinds]
    # W3: the shares of each journey sum to one, so nothing is lost or made up on the way
    assert sum(found) == common * exact_sum(amounts)
    return [Fraction(total, common) for total in found]


def summed(cells: Array, size: int, amounts: Array) -> list[tuple[int, int]]:
    """Return (cell, exact sum of its amounts) of each cell below `size` that has one; the rest is 0."""
    if size > max(4 * cells.size, 1 << 16):
        distinct, cells = np.unique(cells, return_inverse=True)
        labels = distinct.tolist()
    else:
        labels = range(size)
    if amounts.dtype != object and reach(amounts) * amounts.size < _EXACT_FLOAT:
        # bincount adds in float64, which is exact as long as no sum on the way passes 2**53
        totals = np.bincount(cells, amounts, len(labels)).astype(np.int64).tolist()
    else:
        high, low = (_added(cells, half, len(labels)) for half in (amounts >> _HALF, amounts & ((1 << _HALF) - 1)))
        totals = [(h << _HALF) + v for h, v in zip(high, low, strict=True)]
    return [(cell, total) for cell, total in zip(labels, totals, strict=True) if total]


def _added(cells: Array, halves: Array, size: int) -> list[int]:
    totals = np.zeros(size, np.int64)
    np.add.at(totals, cells, halves.astype(np.int64))
    found: list[int] = totals.tolist()
    return found


def weighed(journeys: Journeys, weights: Array, amounts: Array) -> list[Fraction]:
    """Return what each channel gets where every touch has a weight of its own.

    The part of a touch is its weight over the weights of its journey, in float64; the parts of a channel are summed as
    if exactly and rounded once, whatever their order.
    """
    if not len(journeys):
        return []
    whole = np.add.reduceat(weights, journeys.offsets[:-1])
    parts = weights / np.repeat(whole, journeys.lengths) * np.repeat(amounts.astype(np.float64), journeys.lengths)
    kept = np.flatnonzero(parts)
    kept = kept[np.argsort(journeys.codes[kept], kind="stable")]
    cuts = np.searchsorted(journeys.codes[kept], np.arange(len(journeys.channels) + 1))
    parts = parts[kept]
    return [Fraction(fsum(parts[a:b].tolist())) for a, b in pairwise(cuts.tolist())]
