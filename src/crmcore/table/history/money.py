"""Money: the logs of amounts and of their currency, which a source keeps in one field or in two, made to agree (M2, O8)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import attrs
import numpy as np

from ...calendars import Zone
from ..column import Array, Column
from ..stacked import currencies_in, stacked
from ..table import Table
from .log import Log
from .order import differs
from .whole import whole

__all__ = ["with_currencies"]

_UTC = Zone("UTC")


def with_currencies(
    logs: Mapping[str, Mapping[str, Log]], tables: Mapping[str, Table], zone: Zone, known: int | None = None
) -> Mapping[str, Mapping[str, Log]]:
    """Return logs in which an amount has the currency that its record had then, and the currency follows amounts that name theirs.

    Args:
        logs: table -> column -> its log.
        tables: those of a dataset, with a table `change`.
        zone: where days end.
        known: the instant at which the logs are looked at with `Log.seen`: the currency is the one known at it.
    """
    found = dict(logs)
    for name, own in logs.items():
        table = tables[name]
        if any(column.kind == "money" for column in table.columns.values()):
            key, changes, rows = ("money", zone.name, table.serial), tables["change"], whole(table, zone)
            more = changes.kept(key, partial(_agreed, rows, own))
            if known is not None and any(log.gaps(known) for log in more.values()):
                past = {field: log.seen(known) for field, log in own.items()}
                more = {**more, **changes.kept((*key, known), partial(_agreed, rows, past))}
            found[name] = {**own, **more}
    return found


def _agreed(table: Table, own: Mapping[str, Log]) -> dict[str, Log]:
    """Return the logs of a table that are not as the source tells them."""
    found: dict[str, Log] = {}
    for name, today in table.columns.items():
        beside = f"{name}_currency" if f"{name}_currency" in table else "currency"
        currency = table.columns.get(beside)
        if today.kind != "money" or currency is None or currency.kind != "key":
            continue
        if beside in own:
            found[name] = _following(today, currency, own.get(name), own[beside])
        elif name in own and beside not in found:
            said = _said(today, currency, own[name])
            if said is not None:
                found[beside] = said
    return found


def _said(today: Column, currency: Column, amounts: Log) -> Log | None:
    """Return the log of the currency that amounts name; None where it is always that of the record."""
    if [*currency.labels[1:]] == [amounts.pool.currency] and not currency.nulls:
        return None  # there is no other one
    size = len(today)
    names = stacked(currency, currencies_in(amounts.pool), _UTC)
    own, said = names.data[:size], names.data[size:]
    rows = np.concatenate([np.arange(size), amounts.rows, amounts.rows])
    places = np.concatenate([amounts.before, amounts.old, amounts.new])
    codes = np.where(amounts.pool.present()[places], said[places], own[rows])
    if (codes == own[rows]).all() or not _is_that_of(today, currency).all():
        return None
    return _log(names.replace(data=np.concatenate([own, codes])), amounts, size)


def _is_that_of(today: Column, currency: Column) -> Array:
    """Return which amounts of today are in the currency beside them; a blank one is."""
    names = stacked(currency, currencies_in(today), _UTC).data
    same: Array = (names[: len(today)] == names[len(today) :]) | ~today.present()
    return same


def _following(today: Column, currency: Column, amounts: Log | None, currencies: Log) -> Log:
    """Return the log of amounts in the currency of their record at the time, where they name no other one.

    An amount and its currency that changed at one instant changed together.
    """
    size = len(today)
    if amounts is None:
        merged, pool = currencies, today
        rows = np.concatenate([np.arange(size), merged.rows, merged.rows])
        places, turns = rows, np.concatenate([merged.before, merged.old, merged.new])
    else:
        pool = amounts.pool
        merged, places, turns = _merged(amounts, currencies)
        rows = np.concatenate([np.arange(size), merged.rows, merged.rows])
    names = stacked(currencies.pool, currencies_in(pool), _UTC)
    beside, said = names.data[: len(currencies.pool)], names.data[len(currencies.pool) :]
    unsaid = said[places] == said[:size][rows]
    codes = np.where(unsaid & _is_that_of(today, currency)[rows], beside[turns], said[places])
    values = pool.take(np.concatenate([np.arange(size), places]))
    found = values.replace(currency=names.replace(data=np.concatenate([said[:size], codes])))
    return attrs.evolve(_log(found, merged, size), told=amounts is not None)


def _merged(amounts: Log, currencies: Log) -> tuple[Log, Array, Array]:
    """Return when one of two logs of a table changed, and the values of both: before all, before and after each of them."""
    both = amounts, currencies
    rows, at, known, sequence = (
        np.concatenate([getattr(log, name) for log in both]) for name in ("rows", "at", "known", "sequence")
    )
    which = np.repeat([0, 1], [len(amounts), len(currencies)])
    order = np.lexsort((which, at, rows))
    rows, at, known, sequence, which = (x[order] for x in (rows, at, known, sequence, which))
    sides = []
    for number, log in enumerate(both):
        mine = which == number
        last = np.cumsum(mine) - 1
        there = (last >= 0) & (log.rows.take(last, mode="clip") == rows) if len(log) else np.zeros(len(rows), bool)
        after = log.before[rows].copy()
        after[there] = log.new[last[there]]
        before = after.copy()
        before[mine] = log.old
        sides.append((before, after))
    first, last = _together(rows, at, known, which)
    when = at[last]
    made = Log(
        amounts.pool,
        amounts.before,
        rows[last],
        when,
        when if all(log.known is log.at for log in both) else known[last],
        sequence[last],
        sides[0][0][first],
        sides[0][1][last],
    )
    places, turns = (
        np.concatenate([log.before, before[first], after[last]])
        for log, (before, after) in zip(both, sides, strict=True)
    )
    return made, places, turns


def _together(rows: Array, at: Array, known: Array, which: Array) -> tuple[Array, Array]:
    """Return the first and the last of each run of changes that are one: of both, of one row, at one instant."""
    if not len(rows):
        return rows, rows
    starts = np.flatnonzero(differs(rows) | differs(at) | differs(known))
    mixed = np.minimum.reduceat(which, starts) != np.maximum.reduceat(which, starts)
    alone = ~np.repeat(mixed, np.diff(np.append(starts, len(rows))))
    alone[starts] = True
    first = np.flatnonzero(alone)
    return first, np.append(first[1:], len(rows)) - 1


def _log(pool: Column, times: Log, size: int) -> Log:
    """Return a log with the times of another, the values of today in its pool, then those before all, before, and after each."""
    places = np.arange(size, len(pool), dtype=np.int32)
    before, old, new = np.split(places, [size, size + len(times)])
    return attrs.evolve(times, pool=pool, before=before, old=old, new=new)
