"""Stays: how long each deal was in each stage, one by one, by its latest or first visit, or over all visits (S3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..errors import HistoryUnavailable, TableNotFound
from ..table.column import Array, Mask
from ..table.dates import local_days, micros
from ..table.history import ALWAYS, Visits, logs_of, visits_of
from ..table.stages import Stages, stages_of
from .clock import Clock

if TYPE_CHECKING:
    from .view import View

__all__ = ["Stays", "stages_in", "stays_of", "visits_in", "visits_seen"]

_STILL_THERE = 0


@attrs.frozen(slots=True, eq=False)
class Stays:
    """How long deals were in stages: one entry per deal and stage that it was in.

    Args:
        rows: position of the deal.
        stage: code of the stage.
        labels: code -> stage.
        entered: when the first visit that counts began, microseconds.
        left: when the last one ended; that of the view where it has not.
        time: how long, microseconds.
        ended: whether the deal has left; else it is still there, and the time is what it has lasted so far.
        visits: how many visits there were, those that the policy does not look at too.
        made: whether the beginning of one of the visits that count was made up at the creation of the deal (S5).
        unknown: whether nothing tells when one of them began; the time is undefined.
        negative: whether one of them ended before it began (T3); the time is undefined.
    """

    rows: Array
    stage: Array
    labels: tuple[Any, ...]
    entered: Array
    left: Array
    time: Array
    ended: Mask
    visits: Array
    made: Mask
    unknown: Mask
    negative: Mask

    @property
    def known(self) -> Mask:
        """Of which the time is defined."""
        return ~(self.unknown | self.negative)

    def select(self, kept: Array) -> Stays:
        """Return some of them."""
        names = ("rows", "stage", "entered", "left", "time", "ended", "visits", "made", "unknown", "negative")
        return attrs.evolve(self, **{name: getattr(self, name)[kept] for name in names})


def visits_in(view: View, *, removed: bool = False) -> Visits:
    """Return the visits of deals to stages that a view has.

    Args:
        view: with opportunities and changes.
        removed: with deals that were deleted or merged since.

    Raises:
        TableNotFound: no deals, or no table of changes (S5).
        HistoryUnavailable: only the last change of each stage is known (S5).
    """
    tables, moment = view.scope.tables, view.scope.as_of
    for name in ("opportunity", "change"):
        if name not in view:
            hint = "without changes of stages the stays in them are unavailable (S5)" if name == "change" else ""
            raise TableNotFound(name, tables, where="in the dataset", hint=hint)
    return visits_of(tables, view.scope.zone, 0 if moment is None else moment.instant, removed=removed)


def stages_in(view: View, labels: Sequence[Any], order: Sequence[Any] | None = None) -> Stages:
    """Return the stages of a view; see `stages_of`."""
    moment = view.scope.as_of
    until = np.iinfo(np.int64).max if moment is None else moment.instant
    return stages_of(view.scope.tables, view.scope.zone, labels, until=until, order=order)


def visits_seen(view: View) -> Visits:
    """Return the visits to stages that a view has.

    Raises:
        TableNotFound: no deals, or no table of changes (S5).
        HistoryUnavailable: deals were closed and no change of a stage is known, or only the last one of each (S5).
    """
    found = visits_in(view)
    tables = view.scope.tables
    deals = tables["opportunity"]
    logs = logs_of(tables, view.scope.zone).get("opportunity", {})
    # deals were closed, and the changes that are there tell of no step towards it
    if logs and not {"stage", "outcome"} & set(logs) and "closed_at" in deals and deals["closed_at"].present().any():
        raise HistoryUnavailable(
            f"the table change has changes of {', '.join(sorted(logs))} of opportunities and none of 'stage', so their stays in stages "
            "are not known (S5); give it every change of a stage",
            field="opportunity.stage",
        )
    return found


def stays_of(view: View, policy: str, clock: Clock) -> Stays:
    """Return how long each deal was in each stage.

    Args:
        view: a dataset with changes of stages.
        policy: total adds up all visits, latest and first take one.
        clock: what counts as time.
    """
    visits = visits_seen(view)
    start, end = visits.entered, visits.left
    began_by_day, changed_by_day = _by_day(view, "opportunity", "created_at"), _by_day(view, "change", "at")
    dates = np.where(visits.made, began_by_day, changed_by_day)
    dates |= (visits.ended != _STILL_THERE) & changed_by_day
    unknown = start <= ALWAYS
    time = np.zeros(len(visits), np.int64)
    seen = np.flatnonzero(~unknown)
    time[seen] = clock.between(start[seen], end[seen], dates[seen])
    # stays that ended before the deal was created come first: nothing but a negative time is known of them
    early_rows, early_stage = _before_creation(view)

    def after(value: int, values: Array) -> Array:
        return np.concatenate([np.full(len(early_rows), value, values.dtype), values])

    rows, stage = np.append(early_rows, visits.rows), np.append(early_stage, visits.stage)
    start, end = after(ALWAYS, start), after(ALWAYS, end)
    time, ended = after(-1, time), after(1, visits.ended != _STILL_THERE)
    marks = (after(1, visits.made), after(0, unknown), time < 0)
    order = np.lexsort((np.arange(len(rows)), stage, rows))
    rows, stage = rows[order], stage[order]
    firsts = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(stage, prepend=-1) != 0))
    lasts = np.append(firsts[1:], [len(rows)]) - 1 if len(rows) else firsts
    count = lasts - firsts + 1
    chosen = order[firsts if policy == "first" else lasts]
    begun = order[lasts if policy == "latest" else firsts]
    spent = time[chosen]
    found = [mark[chosen] for mark in marks]
    if policy == "total" and len(rows):
        spent = np.add.reduceat(time[order], firsts)
        found = [np.logical_or.reduceat(mark[order], firsts) for mark in marks]
    return Stays(
        rows[firsts], stage[firsts], visits.labels, start[begun], end[chosen], spent, ended[chosen], count, *found
    )


def _before_creation(view: View) -> tuple[Array, Array]:
    """Return deals, and their stages, that left a stage before they were created (T3, E20)."""
    tables, zone = view.scope.tables, view.scope.zone
    deals = tables["opportunity"]
    log = logs_of(tables, zone).get("opportunity", {}).get("stage")
    created = deals.columns.get("created_at")
    if log is None or created is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    firsts = np.flatnonzero(np.diff(log.rows, prepend=-1))
    firsts = firsts[log.rows[firsts] < len(deals)]
    rows = log.rows[firsts]
    stage = log.pool.data[log.old[firsts]]
    left = (stage > 0) & (stage != log.pool.data[log.new[firsts]])
    at, born = log.at[firsts], micros(created, zone)[rows]
    if created.kind == "day" or _by_day(view, "change", "at"):  # on one and the same day nothing comes before (T2)
        at, born = local_days(at, zone), local_days(born, zone)
    wrong = left & created.present()[rows] & (at < born)
    return rows[wrong], stage[wrong].astype(np.int64)


def _by_day(view: View, table: str, column: str) -> bool:
    found = view.scope.tables[table].columns.get(column)
    return found is not None and found.kind == "day"
