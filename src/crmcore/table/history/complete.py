"""Complete: the logs that follow from others - outcome from stages, dates and counts from the outcome (O2, O5, S5)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...calendars import Zone
from ...domain import OUTCOMES
from ..column import Array, Column, Mask
from ..dates import micros
from ..outcomes import stage_kinds
from ..stacked import stacked
from ..table import Table
from .log import Log, values_before
from .once import is_told_once
from .order import firsts, pieces
from .whole import whole

__all__ = ["codes", "complete"]

_CODES = {word: code for code, word in enumerate((None, *OUTCOMES))}
_OPEN, _WON = _CODES["open"], _CODES["won"]


def complete(
    tables: Mapping[str, Table], name: str, own: Mapping[str, Log], zone: Zone, known: int | None = None
) -> Mapping[str, Log]:
    """Return the logs of a table with those that follow from them.

    Args:
        tables: those of the dataset.
        name: of the table.
        own: its logs.
        zone: where days end.
        known: an instant, for what follows from those changes that were known at it. Where some are not, those that are
            left of what follows from all would tell of them: who is known to be reopened was closed before (O8).
    """
    if name != "opportunity":
        return own
    table = whole(tables[name], zone)
    found = dict(own)
    stage, outcome = own.get("stage"), own.get("outcome")
    now = outcome
    if stage is not None:
        if outcome is None and "outcome" in table and "stage" in tables and not is_told_once(tables, name, "stage"):
            kinds = _kinds(stage.pool, tables["stage"])
            if kinds.any():
                outcome = _outcome(table["outcome"], stage, kinds)
                now = outcome if known is None else _outcome(table["outcome"], stage, kinds, known)
        if "stage_entered_at" not in own and "stage_entered_at" in table:
            found["stage_entered_at"] = _dated(table["stage_entered_at"], _seen(stage, known), stage, zone)
    if outcome is None or now is None:
        return found
    now = _seen(now, known)
    if "closed_at" in table:
        now = _closing(table, now, zone, outcome)
        outcome = now if known is None else _closing(table, outcome, zone, outcome)
    found["outcome"] = now
    closed, won = (codes(now, word) for word in ("closed", "won"))
    created = table.columns.get("created_at")
    if "closed_at" not in own and "closed_at" in table:
        begun = closed[now.before]
        found["closed_at"] = _dated(table["closed_at"], now, outcome, zone, keep=closed, begun=begun, created=created)
    if "first_won_at" not in own and "first_won_at" in table:
        log, full = _firsts(now, won), _firsts(outcome, codes(outcome, "won"))
        begun = won[now.before]
        found["first_won_at"] = _dated(table["first_won_at"], log, full, zone, begun=begun, created=created)
    if "reopened" not in own and "reopened" in table:
        found["reopened"] = _counted(table["reopened"], _openings(now), _openings(outcome))
    return found


def _seen(log: Log, known: int | None) -> Log:
    return log if known is None else log.seen(known)


def codes(outcome: Log, word: str) -> Array:
    """Return which values of the pool of a log of outcomes are won, or closed."""
    pool = outcome.pool
    named = np.array([_CODES.get(label, 0) for label in pool.labels], np.int8)[pool.data]
    return named == _WON if word == "won" else named > _OPEN


def _kinds(stages: Column, table: Table) -> Array:
    """Return the outcome that being in each of these stages means, 0 where the table does not say."""
    kinds = {str(stage): kind for stage, kind in stage_kinds(table.columns).items() if stage is not None}
    return np.array([_CODES.get(kinds.get(str(label)), 0) for label in stages.labels], np.int64)[stages.data]


def _outcome(today: Column, stage: Log, kinds: Array, known: int | None = None) -> Log:
    """Return the log of outcomes that stages mean, those known at an instant; a stage that nobody explained is one to work in."""
    words = Column("key", np.arange(1, len(OUTCOMES) + 1, dtype=np.int8), labels=(None, *OUTCOMES))
    size = len(today)
    meant = size - 1 + np.where(kinds == 0, _OPEN, kinds)
    before = np.arange(size)
    moved = stage.rows[firsts(stage.rows)]
    stage = stage if known is None else stage.seen(known)
    before[moved] = meant[stage.before[moved]]
    # what a change comes after is the one before it, for what it says of that may name one that is not here
    turns, befores = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for piece in pieces(len(stage)):
        new, rows = meant[stage.new[piece]], stage.rows[piece]
        then = np.empty_like(new)
        then[1:] = new[:-1]
        begun = firsts(rows)
        then[begun] = meant[stage.old[piece][begun]]
        if piece.start and stage.rows[piece.start - 1] == rows[0]:
            then[0] = meant[stage.new[piece.start - 1]]
        here = np.flatnonzero(then != new)
        turns.append(here + piece.start)
        befores.append(then[here])
    kept, old = np.concatenate(turns), np.concatenate(befores)
    rows, new = stage.rows[kept], meant[stage.new[kept]]
    pool = stacked(today, words, Zone("UTC"))
    told = stage.at[kept], stage.known[kept], stage.sequence[kept]
    return Log(pool, values_before(before, rows, old), rows, *told, old, new)


def _closing(table: Table, outcome: Log, zone: Zone, full: Log) -> Log:
    """Return the log with the closing of rows that the full one leaves open and that are closed today, at their date (O4)."""
    dates = table["closed_at"]
    size = len(table)
    named = np.array([_CODES.get(label, 0) for label in full.pool.labels], np.int8)[full.pool.data]
    ends = full.before.copy()
    ends[full.rows] = full.new
    touched = np.zeros(size, bool)
    touched[full.rows] = True
    late = (named[:size] > _OPEN) & dates.present() & (~touched | (named[ends] <= _OPEN))
    rows = np.flatnonzero(late)
    if not rows.size:
        return outcome
    words = Column("key", np.ones(1, np.int8), labels=(None, "open"))
    at = micros(dates, zone)[rows]
    all_rows, all_at = np.append(outcome.rows, rows), np.append(outcome.at, at)
    order = np.lexsort((all_at, all_rows))
    is_open = np.full(rows.size, len(outcome.pool))
    old, new = np.append(outcome.old, is_open)[order], np.append(outcome.new, rows)[order]
    known = np.append(outcome.known, at)[order]
    sequence = np.append(outcome.sequence, np.zeros(rows.size, np.int64))[order]
    pool = stacked(outcome.pool, words, zone)
    return Log(
        pool,
        values_before(outcome.before, all_rows[order], old),
        all_rows[order],
        all_at[order],
        known,
        sequence,
        old,
        new,
    )


def _dated(
    today: Column,
    log: Log,
    full: Log,
    zone: Zone,
    *,
    keep: Mask | None = None,
    begun: Mask | None = None,
    created: Column | None = None,
) -> Log:
    """Return the log of a date that each change of another column sets to its own moment; the record's own is the last one's.

    Args:
        today: the date as it is now.
        log: the changes that are known.
        full: all of them.
        zone: where days end.
        keep: which values of the log's pool have a date; the others clear it. None: all.
        begun: which rows had such a value from the beginning: their date is that of their creation (O6).
        created: when that was.
    """
    size = len(today)
    changed = np.zeros(size, bool)
    changed[full.rows] = True
    since = np.zeros(0, np.int64)
    if begun is not None and created is not None:
        since = np.flatnonzero(begun & changed & created.present())
        moments = np.concatenate([log.at, [0], micros(created, zone)[since]])
    else:
        moments = np.append(log.at, 0)
    there = np.ones(len(moments), bool)
    there[len(log)] = False
    pool = stacked(today, Column("instant", moments, there), zone)
    nothing = size + len(log)
    before = np.where(changed, nothing, np.arange(size))
    before[since] = nothing + 1 + np.arange(since.size)
    dated = np.ones(len(log), bool) if keep is None else keep[log.new]
    new = np.where(dated, size + np.arange(len(log)), nothing)
    lasts = np.append(log.rows[1:] != log.rows[:-1], [True]) if len(log) else np.zeros(0, bool)
    last_of_all = np.zeros(size, np.int64)
    last_of_all[full.rows] = full.at
    own = lasts & dated & today.present()[log.rows] & (log.at == last_of_all[log.rows])
    new[own] = log.rows[own]
    old = np.append([nothing], new[:-1]) if len(log) else new
    first = firsts(log.rows)
    old[first] = before[log.rows[first]]
    return Log(pool, before, log.rows, log.at, log.known, log.sequence, old, new)


def _firsts(outcome: Log, won: Array) -> Log:
    """Return the first win of each row that was not won from its beginning."""
    wins = np.flatnonzero(won[outcome.new] & ~won[outcome.before[outcome.rows]])
    kept = np.zeros(len(outcome), bool)
    kept[wins[firsts(outcome.rows[wins])]] = True
    return outcome.select(kept)


def _openings(outcome: Log) -> Log:
    """Return the changes from a closed outcome to an open one."""
    closed = codes(outcome, "closed")
    return outcome.select(closed[outcome.old] & ~closed[outcome.new])


def _counted(today: Column, log: Log, full: Log) -> Log:
    """Return the log of how many of the changes that are known each row has had; `full` has all of them."""
    begins = firsts(log.rows)
    number = np.arange(len(log)) - np.repeat(begins, np.diff(np.append(begins, len(log)))) + 1
    most = int(number.max(initial=0))
    pool = stacked(today, Column("count", np.arange(most + 1)), Zone("UTC"))
    size = len(today)
    before = np.arange(size)
    before[full.rows] = size  # none yet
    return Log(pool, before, log.rows, log.at, log.known, log.sequence, size + number - 1, size + number)
