"""Travels: the deals of a view with their stays in stages, as the analyses of history read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ..calendars import Period
from ..errors import ArgumentError
from ..evaluate.moments import local_day
from ..evaluate.rows import Rows, rows_of
from ..state.listing import Heading, Values
from ..table.column import Array, Column
from ..table.dates import micros
from ..table.history import ALWAYS, Visits, logs_of, whole
from ..table.history.complete import codes as closing
from ..table.stages import Stages
from .choices import names_of
from .coded import STATUSES
from .passages import NEVER, Passages
from .stays import stages_in, visits_in

if TYPE_CHECKING:
    from .view import View

__all__ = ["PIPELINE", "STAGE", "STATUS", "Travels", "one_of", "periods_from", "periods_over", "piped", "travels_of"]

PIPELINE = Heading("pipeline", "label", {"en": "Pipeline", "zh": "销售管道"})
STAGE = Heading("stage", "label", {"en": "Stage", "zh": "阶段"})
STATUS = Heading("status", "label", {"en": "Status", "zh": "状态"}, STATUSES)
MOST = 5_000
"""Periods that an analysis of stages has at most."""


@attrs.frozen(slots=True, eq=False)
class Travels:
    """The deals that count, and what happened to them; visits and passages number them as `rows` does."""

    rows: Rows
    passages: Passages

    @property
    def visits(self) -> Visits:
        """Their stays in stages."""
        return self.passages.visits

    @property
    def stages(self) -> Stages:
        """The stages of the history."""
        return self.passages.stages


def travels_of(view: View, order: Sequence[str] | str | None = None, *, removed: bool = False) -> Travels:
    """Return the deals of a view with their stays in stages.

    Args:
        view: with opportunities and changes.
        order: these stages in this order, instead of those of pipelines.
        removed: with deals that were deleted or merged since.

    Raises:
        TableNotFound: no opportunities, or no changes.
        ArgumentError: an order that names what is no stage.
    """
    visits = visits_in(view, removed=removed)
    if removed:
        table = whole(view.scope.tables["opportunity"], view.scope.zone)
        rows = rows_of(table, view.scope, view.where)
    else:
        rows = view.rows("opportunity")
    if rows.places is not None:
        number = np.full(len(rows.table), -1)
        number[rows.places] = np.arange(len(rows))
        visits = visits.select(np.flatnonzero(number[visits.rows] >= 0))
        visits = attrs.evolve(visits, rows=number[visits.rows])
    chosen = None if order is None else names_of("stages", order)
    stages = stages_in(view, visits.labels, chosen)
    outcome = rows.key("outcome")
    is_open = outcome.data == (outcome.labels.index("open") if "open" in outcome.labels else -1)
    first, last = _wins(view, rows)
    return Travels(rows, Passages(visits, stages, _pipelines(rows, visits, stages), is_open, first, last))


def _wins(view: View, rows: Rows) -> tuple[Array, Array]:
    """Return when each deal was won for the first time, and when it was won that is won now."""
    table, zone = rows.table, view.scope.zone
    size = len(table)
    outcome = rows.table["outcome"]
    won = outcome.data == (outcome.labels.index("won") if "won" in outcome.labels else -1)
    begun = [column for name in ("closed_at", "created_at") if (column := table.columns.get(name)) is not None]
    first, last = np.full(size, NEVER), np.full(size, NEVER)
    log = logs_of(view.scope.tables, zone).get("opportunity", {}).get("outcome")
    since = np.full(size, ALWAYS)
    for column in reversed(begun):
        since = np.where(column.present(), micros(column, zone), since)
    if log is not None:
        pool = closing(log, "won")
        turns = np.flatnonzero(pool[log.new] & ~pool[log.old])
        turns = turns[log.rows[turns] < size]
        last[log.rows[turns]] = log.at[turns]  # of several, the last one stays
        first[log.rows[turns[::-1]]] = log.at[turns[::-1]]
        ever = pool[log.before[:size]]  # won from the beginning
        made = np.full(size, ALWAYS)
        if "created_at" in table:
            made = np.where(table["created_at"].present(), micros(table["created_at"], zone), ALWAYS)
        touched = np.zeros(size, bool)
        touched[log.rows[log.rows < size]] = True
        first = np.where(ever & touched, made, first)
    bare = won & (last == NEVER)
    last = np.where(won, np.where(bare, since, last), NEVER)
    first = np.minimum(first, last)
    return (first, last) if rows.places is None else (first[rows.places], last[rows.places])


def _pipelines(rows: Rows, visits: Visits, stages: Stages) -> Array:
    """Return the pipeline in which each deal is now: its own, else that of the stage in which it was last."""
    if len(stages.pipelines) == 1:
        return np.zeros(len(rows), np.int64)
    last = stages.pipelines.index(None)
    found = np.full(len(rows), last)
    found[visits.rows] = stages.pipeline[visits.stage]
    if "pipeline" in rows.table:
        key = rows.key("pipeline")
        numbers = {name: number for number, name in enumerate(stages.pipelines)}
        known = np.array([numbers.get(label, last) for label in key.labels])[key.data]
        found = np.where(key.present(), known, found)
    return found


def piped(stages: Stages, codes: Sequence[int], taken: Sequence[str] = ()) -> list[tuple[Heading, Values]]:
    """Return the column of the pipelines of stages, where there are several, and no other column has its name."""
    if len(stages.pipelines) == 1 or PIPELINE.name in taken:
        return []
    return [(PIPELINE, [stages.pipelines[stages.pipeline[code]] for code in codes])]


def periods_over(view: View, travels: Travels, per: str | None) -> list[Period] | None:
    """Return the periods from the first known beginning or end of a stay, or win, to the day of the view; None for all as one.

    Raises:
        ArgumentError: no such kind of period, or too many of them.
    """
    if per is None:
        return None
    visits, wins = travels.visits, travels.passages.first_won
    return periods_from(
        view, np.concatenate([visits.entered, visits.left[visits.ended != 0], wins[wins != NEVER]]), per
    )


def periods_from(view: View, at: Array, per: str) -> list[Period]:
    """Return the periods from the first known one of some instants to the day of the view.

    Raises:
        ArgumentError: no such kind of period, or too many of them.
    """
    calendar, moment = view.scope.calendar, view.scope.as_of
    calendar.axis(per)
    dated = at[at > ALWAYS]
    if not dated.size:
        return []
    day = int(local_day(Column("instant", np.array([dated.min()])), view.scope.zone).data[0])
    found = calendar.periods(day, max(day, day if moment is None else moment.day), per)
    if len(found) > MOST:
        raise ArgumentError(f"per={per!r} makes {len(found):,} periods; {MOST:,} are the most: take longer ones")
    return found


def one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Check that the value of argument `name` is one of some words.

    Raises:
        ArgumentError: it is not.
    """
    if value not in allowed:
        raise ArgumentError(f"{name} is one of {', '.join(allowed)}, got {value!r}")
