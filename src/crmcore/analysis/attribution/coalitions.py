"""Shapley: what each channel adds, on average over all orders in which channels could have come in."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from .credit import Share
from .journeys import Journeys
from .result import Attribution, attributed

__all__ = ["shapley"]


def shapley(journeys: Journeys) -> Attribution:
    """Credit channels with their Shapley value in the game whose coalitions win the journeys that need no other channel.

    v(S) = conversions of journeys whose channels all lie in S; the value of a channel is the sum, over the sets T of
    channels that it is in, of the conversions of the journeys with exactly these channels / |T|. So it is the linear
    model over the different channels of a journey: repeats do not count.

    Rules: R4, W3.

    Source: Shapley 1953.
    """
    size = max(len(journeys.channels), 1)
    pairs = np.sort(journeys.owners * size + journeys.codes)
    owners, codes = np.divmod(pairs[np.diff(pairs, prepend=-1) > 0], size)
    members = np.bincount(owners, minlength=len(journeys))
    distinct, kind = np.unique(members, return_inverse=True)
    share = Share(codes, owners, kind[owners], [Fraction(1, n) for n in distinct.tolist()])
    says = {
        "en": "A journey is shared equally among its different channels, which is their Shapley value.",
        "zh": "每段旅程由其不同渠道均分，即夏普利值。",
    }
    return attributed("shapley", journeys, [share], says)
