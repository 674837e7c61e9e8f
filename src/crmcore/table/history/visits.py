"""Visits: the stays of each opportunity in its stages, from the logs of its stage and outcome (S1, S3, S4, S5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from ...calendars import Zone
from ...domain import OUTCOMES
from ...errors import HistoryUnavailable
from ..column import Array, Column, Mask
from ..dates import micros
from ..table import Table
from .log import Log
from .logs import logs_of
from .order import differs, firsts, ordered
from .whole import GONE, whole

__all__ = ["ALWAYS", "ENDED", "Visits", "parts_of", "visits_of"]

ENDED = ("still there", "moved", *OUTCOMES[1:], "removed")
"""How a visit ended, by its number: it has not, the deal moved on, it was won, lost or abandoned, or deleted or merged."""
ALWAYS = np.iinfo(np.int64).min // 2
"""The beginning of a stay of which nothing tells when it began, not even the creation of the deal."""
_MOVED = 1
_REMOVED = len(ENDED) - 1
_NEVER, _NEVER_THERE = np.iinfo(np.int64).max, np.iinfo(np.int64).min
_OPEN = 1
_KEEP = -1
_COLUMNS = ("rows", "stage", "entered", "left", "ended", "into", "made")
_EVENTS = 1 << 16
"""Changes that are looked at together; what is made of them on the way stays in the cache."""


@attrs.frozen(slots=True, eq=False)
class Visits:
    """Stays in stages, by opportunity and in the order in which they happened.

    Args:
        rows: of each stay, the position of its opportunity; ascending.
        stage: code of the stage.
        labels: code -> stage; code 0 is none.
        entered: when it began, microseconds; `ALWAYS` where nothing tells.
        left: when it ended; that of the last instant known where it has not.
        ended: how it ended, a number of `ENDED`.
        into: code of the stage that it moved to, 0 where it did not move. A deal that was won or lost by moving to such a
            stage has that stage here.
        made: whether its beginning was made up at the creation of the opportunity, as nothing tells of it (S5).
        size: number of opportunities; rows from it on are of deals that were removed.

    Rules: S1, S3, S4, S5
    """

    rows: Array
    stage: Array
    labels: tuple[Any, ...]
    entered: Array
    left: Array
    ended: Array
    into: Array
    made: Mask
    size: int

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, kept: Array) -> Visits:
        """Return some of the visits."""
        return attrs.evolve(self, **{name: getattr(self, name)[kept] for name in _COLUMNS})

    @property
    def nbytes(self) -> int:
        """Bytes that the visits take."""
        return sum(int(getattr(self, name).nbytes) for name in _COLUMNS)

    @property
    def first(self) -> Mask:
        """Which visit is the first of its opportunity."""
        return differs(self.rows)


def visits_of(tables: Mapping[str, Table], zone: Zone, last: int, *, removed: bool = False) -> Visits:
    """Return the stays of all opportunities in stages in which they were open, made once for these tables.

    Args:
        tables: those of a view: what is later than it is not in them.
        zone: where days end.
        last: the instant of the view, up to which a stay that has not ended lasts.
        removed: with the stays of deals that have been deleted or merged since, up to then (W2); those of which nothing
            tells when are left out.

    Raises:
        HistoryUnavailable: the source keeps only the last change of a stage (S5).
        IngestError: a change to a value that its column cannot take.
    """
    keeper = tables.get("change", tables["opportunity"])
    key = ("visits", zone.name, last, removed, tuple(table.serial for table in tables.values()))
    return keeper.kept(key, lambda: _joined(list(parts_of(tables, zone, last, removed=removed))))


def _joined(parts: Sequence[Visits]) -> Visits:
    rows, stage, entered, left, ended, into, made = (
        np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS
    )
    return Visits(rows, stage, parts[0].labels, entered, left, ended, into, made, parts[0].size)


def parts_of(tables: Mapping[str, Table], zone: Zone, last: int, *, removed: bool = False) -> Iterator[Visits]:
    """Yield the stays of some opportunities after those of others, as many at once as stay in the cache; see `visits_of`."""
    changes = tables.get("change")
    if changes is not None and "opportunity.stage" in changes.last_only:
        raise HistoryUnavailable(
            "the stays of opportunities in their stages are not known: the source keeps only the last change of "
            "'opportunity.stage' (S5); give the table change with every change, or measure what needs today's stage only",
            field="opportunity.stage",
        )
    deals = whole(tables["opportunity"], zone)
    logs = logs_of(tables, zone).get("opportunity", {})
    known = [log for log in (logs.get("stage"), logs.get("outcome")) if log is not None]
    created = _created(deals, known, zone)
    dated = [deals.columns.get("created_at"), None if changes is None else changes.columns.get("at")]
    by_day = any(column is not None and column.kind == "day" for column in dated)
    latest = max([last, int(created.max(initial=last)), *(log.latest for log in known)])
    until = None
    if len(deals) > len(tables["opportunity"]):
        until = _removals(tables, zone) if removed else np.full(len(deals) - len(tables["opportunity"]), _NEVER_THERE)
    events = len(deals) + sum(map(len, known))
    step = max(len(deals) * _EVENTS // max(events, 1), 1)
    for start in range(0, max(len(deals), 1), step):
        some = slice(start, min(start + step, len(deals)))
        yield _stays(deals, logs, created, some, latest, len(tables["opportunity"]), until, by_day=by_day)


def _stays(
    deals: Table,
    logs: Mapping[str, Log],
    created: Array,
    some: slice,
    latest: int,
    own: int,
    until: Array | None,
    *,
    by_day: bool,
) -> Visits:
    """Return the stays of the opportunities in some rows; `until` says when those were removed that come after one's own.

    Where dates are days, what happens on the day of the creation happens after it (T2).
    """
    stages, changes_of_stage, in_stage = _column(deals, logs, "stage", some)
    outcomes, changes_of_outcome, with_outcome = _column(deals, logs, "outcome", some)
    size = some.stop - some.start

    # what happened: a first state of each deal, then each change of its stage, then each change of its outcome
    meant = _codes(outcomes)
    rows, at, sequence = [np.arange(size)], [created[some]], [np.zeros(size, np.int64)]
    to, turned = [stages.data[in_stage]], [meant[outcomes.data[with_outcome]]]
    for log in (changes_of_stage, changes_of_outcome):
        if log is not None:
            rows.append(log.rows - some.start)
            at.append(log.at)
            sequence.append(log.sequence)
            unsaid = np.full(len(log), _KEEP, np.int8)
            to.append(stages.data[log.new] if log is changes_of_stage else unsaid)
            turned.append(unsaid if log is changes_of_stage else meant[outcomes.data[log.new]])
    kind = np.repeat(np.arange(len(rows), dtype=np.int8), [len(r) for r in rows])
    all_rows, all_at, numbers = np.concatenate(rows), np.concatenate(at), np.concatenate(sequence)
    began = all_at.copy()
    began[:size] = (int(all_at.min()) if len(all_at) else 0) - 1  # the first state comes before all
    order = ordered(all_rows, began, (lambda tied: (numbers[tied], kind[tied])) if numbers.any() else None)
    all_rows, all_at, first = order.rows, all_at[order.places], kind[order.places] == 0
    stage_now = _filled(np.concatenate(to)[order.places])
    outcome_now = _filled(np.concatenate(turned)[order.places])

    # of what happened to one deal in one stage at one instant, only the end counts
    follows = np.append(all_rows[1:] == all_rows[:-1], [False])
    same = follows.copy()
    same[:-1] &= (all_at[1:] == all_at[:-1]) & (stage_now[1:] == stage_now[:-1])
    overtaken = first & follows  # a first state that an event at, or before, the creation replaces
    overtaken[:-1] &= (all_at[1:] < all_at[:-1]) if by_day else (all_at[1:] <= all_at[:-1])
    kept = np.flatnonzero(~same & ~overtaken)
    all_rows, all_at, first = all_rows[kept], all_at[kept], first[kept]
    stage_now, outcome_now = stage_now[kept], outcome_now[kept]

    # what changes nothing, such as a stage written once more, ends no stay
    kept = np.flatnonzero(differs(all_rows) | differs(stage_now) | differs(outcome_now))
    all_rows, all_at, first = all_rows[kept], all_at[kept], first[kept]
    stage_now, outcome_now = stage_now[kept], outcome_now[kept]

    follows = np.append(all_rows[1:] == all_rows[:-1], [False])
    then_stage, then_outcome = np.append(stage_now[1:], [0]), np.append(outcome_now[1:], [0])
    left = np.where(follows, np.append(all_at[1:], [0]), latest)
    ended = np.where(~follows, 0, np.where(then_outcome > _OPEN, then_outcome, _MOVED))
    into = np.where(follows & (then_stage != stage_now), then_stage, 0)
    here = (stage_now > 0) & (outcome_now == _OPEN)
    all_rows = all_rows + some.start
    if until is not None and some.stop > own:
        ends = np.append(until, [_NEVER])[np.where(all_rows < own, len(until), all_rows - own)]
        here &= all_at < ends
        cut = (left > ends) | ((ended == 0) & (ends < _NEVER))
        left, ended, into = np.where(cut, ends, left), np.where(cut, _REMOVED, ended), np.where(cut, 0, into)
    stays = np.flatnonzero(here)
    return Visits(
        all_rows[stays].astype(np.int32),
        stage_now[stays].astype(np.int32),
        tuple(stages.labels),
        all_at[stays],
        left[stays],
        ended[stays].astype(np.int8),
        into[stays].astype(np.int32),
        first[stays],
        own,
    )


def _column(deals: Table, logs: Mapping[str, Log], name: str, some: slice) -> tuple[Column, Log | None, Array]:
    """Return the values of a column, the changes of some rows if there are any known, and what these were before them."""
    log = logs.get(name)
    if log is None:
        return deals[name], None, np.arange(some.start, some.stop)
    return log.pool, log.between(some.start, some.stop), log.before[some]


def _removals(tables: Mapping[str, Table], zone: Zone) -> Array:
    """Return since when each deal that is left out has been; those that nothing tells of were never there."""
    deals = whole(tables["opportunity"], zone)
    logs = logs_of(tables, zone).get("opportunity", {})
    since = np.full(len(deals), _NEVER)
    for name in GONE:
        column, log = deals.columns.get(name), logs.get(name)
        if column is None:
            continue
        here = _says(column)
        mine = np.full(len(deals), ALWAYS)
        if log is not None:
            says = _says(log.pool)
            turns = np.flatnonzero(says[log.new] & ~says[log.old])
            mine[log.rows[turns]] = log.at[turns]  # of several, the last one stays
        since = np.where(here, np.minimum(since, mine), since)
    found: Array = since[len(tables["opportunity"]) :]
    return found


def _says(column: Column) -> Mask:
    """Return which values of a column leave a row out."""
    found: Mask = column.data & column.present() if column.kind == "flag" else column.present()
    return found


def _created(deals: Table, logs: Sequence[Log], zone: Zone) -> Array:
    """Return when each deal was created; one without a date was there always (O9).

    One that was created on a day was so by the first change of that day.
    """
    column = deals.columns.get("created_at")
    if column is None:
        return np.full(len(deals), ALWAYS)
    found = np.where(column.present(), micros(column, zone), ALWAYS)
    if column.kind == "day":
        starts = micros(column.replace(data=column.data - 1), zone)
        for log in logs:
            places = firsts(log.rows)
            rows, at = log.rows[places], log.at[places]
            same = (at > starts[rows]) & (at < found[rows])
            found[rows[same]] = at[same]
    return found


def _codes(outcomes: Column) -> Array:
    """Return the number of each outcome: 1 open, 2 won, 3 lost, 4 abandoned; 0 where there is none."""
    numbers = {word: code for code, word in enumerate((None, *OUTCOMES))}
    return np.array([numbers.get(label, 0) for label in outcomes.labels], np.int8)


def _filled(values: Array) -> Array:
    """Return values with each gap filled by the one before; the first of each opportunity is never a gap."""
    places = np.where(values == _KEEP, 0, np.arange(len(values)))
    np.maximum.accumulate(places, out=places)
    found: Array = values[places]
    return found
