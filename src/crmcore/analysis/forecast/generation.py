"""Generation: what was created in the period of a forecast, and what of it is won already."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ...errors import CurrencyError
from ...state.listing import Fact
from ...table.column import Array
from ...table.currencies import currencies_of
from .deals import WON, Deals, alone, within

if TYPE_CHECKING:
    from ..view import Rows, View

__all__ = ["generated"]


def generated(view: View, deals: Deals) -> list[Fact]:
    """Return the amount of the deals created in the period, whatever became of them, and of those of them won in it.

    None where there is no period, no `created_at`, or where the amounts are of several currencies.

    Rules: O8, M2, M3.
    """
    created, won = None, None
    if deals.period is not None and "created_at" in view.scope.tables["opportunity"]:
        every = view.rows("opportunity", at="created_at")
        ended = view.rows("opportunity", at="closed_at", where=WON)
        new = within(ended.days("created_at"), deals.period) & within(ended.days("closed_at"), deals.period)
        created = _sum(every, within(every.days("created_at"), deals.period), deals)
        won = _sum(ended, new, deals)
    labels = (
        {"en": "Created in the period", "zh": "本期新增管道金额"},
        {"en": "Created and won in the period", "zh": "本期新增且赢单"},
    )
    return [
        Fact("pipeline_generated", created, "money", labels[0], quiet=created is None),
        Fact("created_and_won", won, "money", labels[1], quiet=won is None),
    ]


def _sum(rows: Rows, keep: Array, deals: Deals) -> float | None:
    """Return the amount of some rows; None where they are not of the forecast's currency."""
    try:
        amounts = rows.at(np.flatnonzero(keep)).amounts()
        alone(deals.currency | currencies_of(amounts))
    except CurrencyError:
        return None
    return float(Fraction(sum(amounts.data.tolist()), amounts.scale))
