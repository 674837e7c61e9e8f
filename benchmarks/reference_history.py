"""The expected results on the log of stages, worked out in integers; they share nothing with what is timed."""

from __future__ import annotations

import numpy as np

from benchmarks.data import MONTHS
from benchmarks.events import MONTH_STARTS, SECOND_US, STAGES, Events
from benchmarks.reference import Exact, Expected

_DAY_SECONDS = 86_400


def _moves(events: Events) -> Expected:
    """Put each deal's events in order, and count each with the one that follows."""
    at = events.at.view(np.int64)
    order = np.lexsort((at, events.deal))
    deal, stage, at = events.deal[order], events.stage[order].astype(np.int64), at[order]
    followed = np.flatnonzero(deal[1:] == deal[:-1])
    pair = stage[followed] * 16 + stage[followed + 1]
    seconds = (at[followed + 1] - at[followed]) // SECOND_US
    pairs, moves = np.unique(pair, return_counts=True)
    spent = np.array([int(seconds[pair == one].sum()) for one in pairs.tolist()], np.int64)
    columns = {
        "moves": Exact(moves, np.ones(moves.shape, np.int64)),
        "seconds": Exact(spent, np.ones(moves.shape, np.int64)),
        "mean_days": Exact(spent, moves * _DAY_SECONDS),
    }
    return Expected({"stage": pairs // 16, "into": pairs % 16}, columns)


def _open_values(events: Events) -> Expected:
    """Walk through the months, keep the stage of each deal, and add up the amounts at each month-end."""
    now = np.full(events.amount.size, -1, np.int64)
    value = np.zeros((STAGES, MONTHS), np.int64)
    edges = np.searchsorted(events.at, MONTH_STARTS)
    for month in range(MONTHS):
        part = slice(edges[month], edges[month + 1])
        now[events.deal[part]] = events.stage[part]  # in time order: the last one stays
        for stage in range(STAGES):
            value[stage, month] = events.amount[now == stage].sum()
    stages, months = (grid.ravel() for grid in np.indices(value.shape))
    return Expected(
        {"stage": stages, "month": months},
        {"open_value": Exact(value.ravel(), np.ones(value.size, np.int64), money=True)},
    )


def expected_history(events: Events) -> dict[str, Expected]:
    """Work out what every side must answer."""
    return {"Q3": _moves(events), "Q5": _open_values(events)}
