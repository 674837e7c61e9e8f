"""Wins: how many of the open deals of a period will be won, each number with its chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...algebra.columns import Expr
from ...state.listing import Fact, Heading, Listing
from ..stage_chain import PRIOR
from .convolution import CERTAIN, win_chances
from .deals import deals_of

if TYPE_CHECKING:
    from ..view import View

__all__ = ["win_forecast"]

_WINS = Heading("wins", "count", {"en": "Wins", "zh": "赢单数"})
_CHANCE = Heading("chance", "ratio", {"en": "Chance", "zh": "概率"})
_AT_LEAST = Heading("chance_of_at_least", "ratio", {"en": "Chance of at least as many", "zh": "至少达到的概率"})


def win_forecast(
    view: View,
    *,
    per: str | None = "quarter",
    ahead: int = 0,
    rates: str = "own",
    segment: str | Expr | None = None,
    prior: float = PRIOR,
) -> Listing:
    """Return how many of the deals that are open and expected to close in a period will be won, with chances.

    The Poisson binomial distribution: each deal is won by itself, with its own chance.

    Args:
        view: with opportunities.
        per: the kind of period: month, quarter, fiscal_quarter ...; None for all open deals.
        ahead: how many periods after that of as_of.
        rates: "own" or "stages"; see `revenue_forecast`.
        segment: by which the chain of stages is learnt apart.
        prior: of that chain.

    Returns: one row per number of wins, from none to all, and no row where the data has no instant, and so no period;
        facts: the mean and the standard deviation.

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a choice that means nothing.

    Rules: O2, O4, T1, M4.

    Source: Hong 2013.
    """
    deals = deals_of(view, per=per, ahead=ahead, rates=rates, by=segment, prior=prior, valued=False)
    found = win_chances(deals.chances)
    least = np.minimum(np.cumsum(found[::-1])[::-1], 1.0)
    least[0] = 1.0
    spread = sum(c * (CERTAIN - c) for c in deals.chances) / CERTAIN**2
    shown = slice(0, 0 if deals.nowhere else None)
    return Listing(
        [(_WINS, np.arange(len(found))[shown]), (_CHANCE, found[shown]), (_AT_LEAST, least[shown])],
        facts=[
            Fact("mean", sum(deals.chances) / CERTAIN, "number", {"en": "Mean", "zh": "均值"}),
            Fact("standard_deviation", float(np.sqrt(spread)), "number", {"en": "Standard deviation", "zh": "标准差"}),
            *deals.facts,
        ],
    )
