"""Markov: what would be lost if a channel were not there, by a chain over the channels."""

from __future__ import annotations

from fractions import Fraction
from math import fsum

import numpy as np

from ...chains.inverse import inverse
from ...state.listing import Fact
from ...table.column import Array
from .credit import summed
from .journeys import Journeys
from .result import Attribution

__all__ = ["markov"]


def markov(journeys: Journeys) -> Attribution:
    """Credit channels in proportion to their removal effect in a first-order Markov chain.

    removal effect = 1 - P(conversion without the channel) / P(conversion);  credit = removal effect / sum of all

    The states are the start, the channels, conversion and null; a step is as likely as it was frequent among all
    journeys, with and without conversion, and a channel that follows itself is a step too. Without a channel every step
    into it leads to null. In closed form P(conversion through c) = P(reaching c) x P(conversion from c), all of it
    from one inverse of (I - Q). The value is shared by the same effects.

    Undefined when: nothing converted; then the removal effects are nan and all credits 0.

    Rules: R2, W3.

    Source: Anderl et al. 2016.
    """
    start, steps, won, left = _counted(journeys)
    chance, effect = _removal(start, steps, won, left)
    whole = fsum(effect.tolist())
    parts = [Fraction(e / whole) if whole > 0 else Fraction(0) for e in effect.tolist()]
    value = journeys.value
    worth = None if value is None else [p * journeys.worth for p in parts]
    says = {
        "en": "Credit goes by removal effect: the share of conversions that would be lost without the channel.",
        "zh": "按移除效应分配：去掉该渠道将失去的转化占比。",
    }
    chosen = Fact("conversion_probability", chance, "ratio", {"en": "Probability of conversion", "zh": "转化概率"})
    return Attribution(
        "markov",
        journeys,
        [p * journeys.credited for p in parts],
        worth,
        says,
        [chosen],
        effect,
    )


def _counted(journeys: Journeys) -> tuple[Array, Array, Array, Array]:
    """Return how often a journey starts in each channel, steps from one to another, and ends there with and without."""
    n = len(journeys.channels)
    codes = journeys.codes.astype(np.int64)
    walks = journeys.conversions + journeys.nulls

    def counted(cells: Array, size: int, amounts: Array) -> Array:
        found = np.zeros(size)
        for cell, total in summed(cells, size, amounts):
            found[cell] = total
        return found

    goes_on = np.ones(codes.size, bool)
    goes_on[journeys.last] = False
    step = np.flatnonzero(goes_on)
    steps = counted(codes[step] * n + codes[step + 1], n * n, np.repeat(walks, journeys.lengths - 1))
    return (
        counted(codes[journeys.offsets[:-1]], n, walks),
        steps.reshape(n, n),
        counted(codes[journeys.last], n, journeys.conversions),
        counted(codes[journeys.last], n, journeys.nulls),
    )


def _removal(start: Array, steps: Array, won: Array, left: Array) -> tuple[float | None, Array]:
    """Return the probability of conversion, None without any journey, and the removal effect of each channel."""
    total = fsum(start.tolist())
    if not total:
        return None, np.full(start.size, np.nan)
    visits = steps.sum(axis=1) + won + left
    some = np.where(visits > 0, visits, 1)
    system = -steps / some[:, None]
    # one division of whole numbers: 1 - q would lose digits where q is near 1
    np.fill_diagonal(system, np.where(visits > 0, (visits - steps.diagonal()) / some, 1))
    passes = inverse(system)
    begins = start / total
    converts = (passes * (won / some)).sum(axis=1)
    reached = (begins[:, None] * passes).sum(axis=0) / passes.diagonal()
    chance = fsum((begins * converts).tolist())
    if not chance:
        return 0.0, np.full(start.size, np.nan)
    # where every conversion goes through a channel, the quotient may pass 1 by a hair
    return min(chance, 1.0), np.minimum(reached * converts / chance, 1)
