"""Which stocks can be swept, and the events that a sweep runs over: many instants, one pass (T4, O8).

What is asked of a row may change from one instant to the next only at dates that the row itself bears: when it came to
exist, when what is undone had happened, and dates that a condition compares with as_of, also with a number of days added.
An age grows all the time; what reads one is measured instant by instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

import attrs
import numpy as np

from ..algebra.aggregates import Aggregate
from ..algebra.columns import AsOf, Compare, Elapsed, Expr, IsNull, Literal
from ..algebra.walk import columns_of, walk
from ..domain.past import Revert
from ..domain.schema import REVERTS
from ..evaluate import Moment, Scope, evaluate, holds, unknown_before
from ..plan.layout import Layout, Sweep
from ..table.column import Array, Column, Mask
from ..table.dates import numbers_among
from ..table.history import GONE, Log, gone, known_since, logged, logs_of, whole
from ..table.sweeps import (
    SEEN_FROM,
    Events,
    Instants,
    Stretches,
    changes,
    cut,
    events,
    seen_in,
    stretches,
    together,
)
from ..table.table import Table
from ..table.views import newest
from ..units import DAY

__all__ = ["can_sweep", "seen_at", "swept", "turns_at_dates"]

_OPS = ("count", "total")
_ROWS = 1 << 16
"""Rows that are looked at together; what is made of them on the way stays small."""


@attrs.frozen(slots=True, eq=False)
class Flip:
    """A date with a number of days added, at which something compared with as_of changes."""

    date: Expr
    days: Fraction = Fraction(0)

    @property
    def key(self) -> tuple[object, Fraction]:
        """Identify the flip by structure."""
        return self.date.key, self.days


def can_sweep(a: Aggregate, keys: Iterable[Expr], where: Expr | None, tables: Mapping[str, Table]) -> bool:
    """Can a stock be swept: does all that it reads change only at dates of the row?"""
    read = [e for e in (a.expr, a.where, where, *keys) if e is not None]
    return a.op in _OPS and turns_at_dates(read, str(a.table), tables)


def turns_at_dates(read: Iterable[Expr], table: str, tables: Mapping[str, Table]) -> bool:
    """Do the values of expressions on a table change only at dates of the row?"""
    base = tables.get(table)
    return base is not None and all(_flips(e, base, tables) is not None for e in read)


def _flips(expr: Expr, table: Table, tables: Mapping[str, Table]) -> list[Flip] | None:
    """Return at which dates the value of an expression may change; None where it may at any time."""
    if not _followed(expr, table, tables):
        return None
    found = list(_in_order(expr))
    if any(f is None for f in found):
        return None
    flips = [f for f in found if f is not None]
    own = set() if table.name in logged(tables) else _undoable(table)
    return None if any(own & set(columns_of(f.date)) for f in flips) else flips


def _in_order(node: Expr) -> Iterator[Flip | None]:
    if isinstance(node, AsOf):
        yield None
        return
    if isinstance(node, Compare):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(side, AsOf) and not _sees_clock(other):
                yield Flip(other)
                return
            gone = _since(side)
            if gone is not None and isinstance(other, Literal) and isinstance(other.value, (int, Fraction, Decimal)):
                date, sign = gone
                yield Flip(date)
                yield Flip(date, sign * Fraction(other.value))
                return
    if isinstance(node, IsNull):
        gone = _since(node.term)
        if gone is not None:
            yield Flip(gone[0])
            return
    for child in node.children():
        if isinstance(child, Expr):
            yield from _in_order(child)


def _since(node: Expr) -> tuple[Expr, int] | None:
    """Return the date of a time between a date and as_of, and 1, or -1 where it runs towards the date."""
    if isinstance(node, Elapsed):
        if isinstance(node.end, AsOf) and not _sees_clock(node.start):
            return node.start, 1
        if isinstance(node.start, AsOf) and not _sees_clock(node.end):
            return node.end, -1
    return None


def _sees_clock(expr: Expr) -> bool:
    return any(isinstance(n, AsOf) for n in walk(expr))


def _undoable(table: Table) -> set[str]:
    """Return the columns whose values of the past differ from those of the record."""
    return {name for revert in REVERTS.get(table.name, ()) for name in revert.resets if revert.when in table}


def _followed(expr: Expr, table: Table, tables: Mapping[str, Table]) -> bool:
    """Are the columns of other tables that an expression reads the same at all times?"""
    for name in columns_of(expr):
        at, path = table, name
        while path not in at and "." in path:
            head, _, path = path.partition(".")
            target = tables.get(at.references.get(head, ""))
            if target is None:
                break  # whoever evaluates it says what is missing
            if target.name in logged(tables) or path.partition(".")[0] in _undoable(target):
                return False
            at = target
    return True


def swept(layout: Layout, view: int, tables: Mapping[str, Table], scope: Scope) -> Scope:
    """Return the scope in which the table of a sweep has its events in the place of its rows."""
    sweep = layout.views[view]
    assert isinstance(sweep, Sweep)
    grids = [(i, g) for i, g in enumerate(layout.grids) if g.view == view]
    requests = [r for i, _ in grids for _, r in layout.asked(i)]
    read = [e for r in requests for e in (*r.where, *([] if r.expr is None else [r.expr]))]
    return seen_at(sweep, [*read, *(k for _, g in grids for k in g.keys)], [r.where for r in requests], tables, scope)


def seen_at(
    sweep: Sweep,
    read: Iterable[Expr],
    conditions: Iterable[tuple[Expr, ...]],
    tables: Mapping[str, Table],
    scope: Scope,
) -> Scope:
    """Return the scope in which a table has the events of a sweep in the place of its rows.

    Args:
        sweep: the table, and the instants it is seen from.
        read: what is evaluated on the events.
        conditions: conjunctions; rows that meet none of them at any instant have no event.
        tables: all rows of all tables.
        scope: the zone, calendar and as_of.
    """
    assert scope.as_of is not None
    base = tables[sweep.table]
    known = {e.key: e for e in read} | {e.key: e for terms in conditions for e in terms}
    kept = {frozenset(w.key for w in terms): terms for terms in conditions}
    around = Scope(dict(tables), dict(tables), scope.zone, scope.calendar, scope.as_of)
    instants = [*(scope.zone.end_of_day(day) for day in sweep.days), *([scope.as_of.instant] if sweep.today else [])]

    at = Instants.of(instants, scope.zone)
    last = newest(tables, scope.zone)
    today = 0 if last is None else int(np.searchsorted(at.instants, last[0], side="left"))
    flips = list({f.key: f for e in known.values() for f in _flips(e, base, tables) or ()}.values())
    logs = _logs(sweep.table, known.values(), tables, scope)
    since = _known_since(sweep.table, known.values(), tables, scope)

    def seen(table: Table, undone: list[tuple[Revert, Column]], logs: Mapping[str, Log], start: int) -> Events:
        if logs or since:
            found, part = _lived(table, logs, flips, undone, at, today, around)
            for name, first in since.items():
                if (at.instants[found.first] < first[start + found.rows]).any():
                    raise unknown_before(f"{sweep.table}.{name}")
        else:
            bounds = [b for f in flips for b in _bounds(f, table, around, at)]
            bounds += [b for _, when in undone for b in changes(when, at, 0, 1)]
            found = stretches(table, at, bounds, today)
            part = seen_in(table, found, at, undone, logs)
        return events(part, found, _kept(list(kept.values()), part, found, around), at.size)

    def make() -> Table:
        table = whole(base, scope.zone) if logs or since else base
        undone = list(_undone(table, {n for e in known.values() for n in columns_of(e)}))
        parts = []
        for start in range(0, max(len(table), 1), _ROWS):
            stop = min(start + _ROWS, len(table))
            some = np.arange(start, stop)
            told = {name: log.part(start, stop) for name, log in logs.items()}
            found = seen(table.select(some), [(revert, when.take(some)) for revert, when in undone], told, start)
            parts.append(found.moved(start))
        reset = {name for revert, _ in undone for name in revert.resets if name in table}
        return together(table, parts, [SEEN_FROM, *{**logs, **dict.fromkeys(sorted(reset))}])

    settings = (tuple(instants), scope.as_of.learnt, scope.zone.name, scope.calendar, scope.world)
    key = ("events", *settings, tables["change"].serial if logs else None, frozenset(known), frozenset(kept))
    return around.at(
        Moment(instants[-1], scope.as_of.day, "swept"), {**tables, sweep.table: base.kept(key, make)}, tables
    )


def _logs(table: str, read: Iterable[Expr], tables: Mapping[str, Table], scope: Scope) -> dict[str, Log]:
    """Return the logs of the columns that are read, and of those that leave rows out."""
    learnt = scope.as_of.learnt if scope.as_of is not None else 0
    found = logs_of(tables, scope.zone, known=learnt).get(table, {})
    names = {name.partition(".")[0] for e in read for name in columns_of(e)}.union(GONE)
    return {name: log.seen(learnt) for name, log in found.items() if name in names}


def _known_since(table: str, read: Iterable[Expr], tables: Mapping[str, Table], scope: Scope) -> dict[str, Array]:
    """Return since when the columns that are read are known, of those of which only the last change is (S5)."""
    learnt = scope.as_of.learnt if scope.as_of is not None else 0
    found = known_since(tables, table, logs_of(tables, scope.zone).get(table, {}), scope.zone, learnt)
    names = {name.partition(".")[0] for e in read for name in columns_of(e)} if found else set()
    return {name: since for name, since in found.items() if name in names}


def _lived(
    base: Table,
    logs: Mapping[str, Log],
    flips: Iterable[Flip],
    undone: list[tuple[Revert, Column]],
    at: Instants,
    today: int,
    scope: Scope,
) -> tuple[Stretches, Table]:
    """Return the stretches of rows whose changes are known, and the rows as they look in them.

    First each life is cut where a log has a change, which settles what the columns hold; then where a date that they hold
    flips a condition.
    """
    lives = stretches(base, at, [], today)
    pieces = np.arange(lives.rows.size)
    spot = np.full(len(base), -1)
    spot[lives.rows] = pieces
    cuts = [(spot[log.rows], numbers_among(at.instants, log.at)) for log in logs.values()]
    cuts = [(of[of >= 0], bound[of >= 0]) for of, bound in cuts]
    cuts += [(pieces, bound[lives.rows]) for _, when in undone for bound in changes(when, at, 0, 1)]
    found, _ = _cut(lives, cuts, at)
    there = ~gone(part := seen_in(base, found, at, undone, logs))
    if not there.all():
        part = part.select(np.flatnonzero(there))
        found = Stretches(found.rows[there], found.first[there], found.stop[there])
    pieces = np.arange(found.rows.size)
    found, of = _cut(found, [(pieces, bound) for f in flips for bound in _bounds(f, part, scope, at)], at)
    seen_from = Column("instant", at.instants[found.first])
    return found, part.select(of).replace({SEEN_FROM: seen_from})


def _cut(found: Stretches, cuts: list[tuple[Array, Array]], at: Instants) -> tuple[Stretches, Array]:
    pieces, bounds = (
        (np.concatenate([np.zeros(0, np.int64), *side]) for side in zip(*cuts, strict=True))
        if cuts
        else (
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
        )
    )
    return cut(found, pieces, bounds, at.size)


def _bounds(flip: Flip, base: Table, scope: Scope, at: Instants) -> Iterator[Array]:
    column = evaluate(flip.date, base, scope)
    unit = DAY if column.kind == "instant" else 1
    shift = flip.days * unit
    yield from changes(column, at, shift.numerator, shift.denominator)


def _undone(base: Table, read: set[str]) -> Iterator[tuple[Revert, Column]]:
    """Yield what is undone of the columns that are read, with the dates at which it happened."""
    for revert in REVERTS.get(base.name, ()):
        when = base.columns.get(revert.when)
        if when is not None and when.kind in ("instant", "day") and read & {n.partition(".")[0] for n in revert.resets}:
            yield revert, when


def _kept(conditions: list[tuple[Expr, ...]], part: Table, found: Stretches, scope: Scope) -> Mask | None:
    """Return the stretches that some request reads; None where that is all of them."""
    kept = np.zeros(found.rows.size, bool)
    for terms in conditions:
        if not terms:
            return None
        here = np.ones(found.rows.size, bool)
        for term in terms:
            here &= holds(term, part, scope)
        kept |= here
    return kept
