"""The past of the workload: the stages that each deal was in, as a log in time order, and what prepared peers keep of it."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from benchmarks.data import FIRST_MONTH, MONTHS, OPEN, WON, Array, Workload

STAGES = 6  # stages 0 to 5 are worked in; 6 is won, 7 is lost
STAGE_NAMES = (*(f"stage {number}" for number in range(STAGES)), "won", "lost")
NONE = 8  # the stage before the first one
SECOND_US = 1_000_000
MONTH_STARTS = np.arange(FIRST_MONTH, FIRST_MONTH + MONTHS + 1).astype("datetime64[M]").astype("datetime64[us]")


@frozen(eq=False)
class Events:
    """Hold the log as plain numpy arrays, in time order; a deal's events are whole seconds apart."""

    deal: Array  # int32, row of the opportunity
    stage: Array  # int8, entered
    at: Array  # datetime64[us]
    amount: Array  # int64, of each deal; 0 where it has none
    outcome: Array  # int8, of each deal
    created_at: Array  # datetime64[us], of each deal
    priced: Array  # bool, of each deal

    @property
    def size(self) -> int:
        """Give the number of events."""
        return int(self.deal.size)


@frozen(eq=False)
class Transitions:
    """Hold what the prepared peers keep of each event, in time order."""

    out: Array  # int8, the stage before; NONE for the first
    into: Array  # int8
    seconds: Array  # int32 in the stage before; 0 for the first
    month: Array  # int8, since 2022-01
    amount: Array  # int64, of the deal
    pair: Array  # int8, out * 8 + into, -1 for the first
    key: Array  # int16, month, out and into in one


def history(data: Workload, seed: int = 7) -> Events:
    """Draw the log: deals pass six stages, skip one with 8 %, go back two with 5 %, and end won or lost; 4.7 events each."""
    rng = np.random.default_rng(seed)
    created = data.created_at.view(np.int64)
    decided = data.outcome != OPEN
    closed = np.where(decided, data.closed_at.view(np.int64), MONTH_STARTS[-1].astype(np.int64))
    length = (closed - created) // SECOND_US
    reached = np.where(data.outcome == WON, STAGES, rng.integers(1, STAGES + 1, data.rows))
    now, latest = np.full(data.rows, -1, np.int8), np.full(data.rows, -1, np.int64)
    parts = []
    for number in range(STAGES):
        here = reached > number
        stage = np.full(data.rows, number, np.int8)
        after = np.zeros(data.rows, np.int64)
        if number:
            here &= rng.random(data.rows) >= 0.08
            after = (length * ((number + 0.6 * rng.random(data.rows)) / 7)).astype(np.int64)
        if number > 1:
            stage[rng.random(data.rows) < 0.05] -= 2
        rows = np.flatnonzero(here & (stage != now) & (after > latest))
        now[rows], latest[rows] = stage[rows], after[rows]
        parts.append((rows, stage[rows], after[rows]))
    rows = np.flatnonzero(decided)
    ends = np.where(data.outcome == WON, STAGES, STAGES + 1).astype(np.int8)
    parts.append((rows, ends[rows], np.maximum(length, latest + 1)[rows]))
    deal, stage, after = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    at = created[deal] + after * SECOND_US
    order = np.argsort(at, kind="stable")
    return Events(
        deal=deal[order].astype(np.int32),
        stage=stage[order],
        at=at[order].view("datetime64[us]"),
        amount=data.amount,
        outcome=data.outcome,
        created_at=data.created_at,
        priced=data.priced,
    )


def transitions(events: Events) -> Transitions:
    """Work out what came before each event, as an application that prepares its tables would."""
    order = np.argsort(events.deal, kind="stable")
    deal, stage, at = events.deal[order], events.stage[order], events.at[order].view(np.int64)
    follows = np.append([False], deal[1:] == deal[:-1])
    out, seconds = np.empty(events.size, np.int8), np.empty(events.size, np.int32)
    out[order] = np.where(follows, np.append([NONE], stage[:-1]), NONE)
    seconds[order] = np.where(follows, (at - np.append([0], at[:-1])) // SECOND_US, 0)
    month = np.searchsorted(MONTH_STARTS, events.at, side="right") - 1
    pair = np.where(out == NONE, -1, out * 8 + events.stage)
    wide = month.astype(np.int64) * 128 + out.astype(np.int64) * 8 + events.stage
    return Transitions(
        out=out,
        into=events.stage,
        seconds=seconds,
        month=month.astype(np.int8),
        amount=events.amount[events.deal],
        pair=pair.astype(np.int8),
        key=wide.astype(np.int16),
    )


def bytes_of(events: Events) -> dict[str, int]:
    """Give the bytes of the raw columns that each query has to read at least once."""
    log = int(events.deal.nbytes + events.stage.nbytes + events.at.nbytes)
    return {"Q3": log, "Q5": log + int(events.amount.nbytes)}


def filled(columns: dict[str, Array], running: bool) -> dict[str, Array]:
    """Give the open value of every stage at every month-end; where nothing is said it is what it was, or 0."""
    value = np.zeros((STAGES, MONTHS), np.int64)
    said = np.zeros((STAGES, MONTHS), bool)
    spot = columns["stage"].astype(np.int64), columns["month"].astype(np.int64)
    value[spot], said[spot] = columns["open_value"], True
    if running:
        latest = np.maximum.accumulate(np.where(said, np.arange(MONTHS), -1), axis=1)
        value = np.where(latest < 0, 0, np.take_along_axis(value, np.maximum(latest, 0), axis=1))
    stage, month = (grid.ravel() for grid in np.indices(value.shape))
    return {"stage": stage, "month": month, "open_value": value.ravel()}
