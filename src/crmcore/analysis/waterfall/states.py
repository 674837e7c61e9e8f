"""States: what each deal was at two instants, side by side, as known at one (O8, O9)."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Any

import attrs
import numpy as np

from ...algebra.columns import Expr, col
from ...algebra.walk import columns_of
from ...calendars import Period
from ...domain import OUTCOMES
from ...errors import ArgumentError, DefinitionError
from ...evaluate import Scope, as_key, evaluate, holds, local_day
from ...evaluate.arithmetic import scaled
from ...evaluate.pricing import priced
from ...table.column import Array, Column, Mask, sort_key
from ...table.table import Table, table_named
from ...table.views import existence
from ..view import View

__all__ = ["OPEN", "State", "States", "states_of"]

OPEN = 1
"""The number of `OUTCOMES` that is open; 0 is a deal that is not there."""
_EXACT = ("money", "number", "count")


@attrs.frozen(slots=True, eq=False)
class State:
    """The deals at one instant.

    Args:
        outcome: 1 open, 2 won, 3 lost, 4 abandoned; 0 where the deal was not there.
        kept: does the condition keep it?
        due: does it close within the window? All, where there is none.
        day: on which it is expected to close.
        dated: whether it has such a day.
        group: the number of its group.
        amount: whole, at the scale of the states; 0 where there is none.
        priced: whether it has an amount.
        currency: its code in the currencies of the states.
    """

    outcome: Array
    kept: Mask
    due: Mask
    day: Array
    dated: Mask
    group: Array
    amount: Array
    priced: Mask
    currency: Array

    @property
    def there(self) -> Mask:
        """Which deals were there."""
        found: Mask = self.outcome > 0
        return found

    @property
    def mine(self) -> Mask:
        """Which deals were there, within the condition and the window."""
        found: Mask = self.there & self.kept & self.due
        return found

    @property
    def pool(self) -> Mask:
        """Which deals were open, within the condition and the window."""
        found: Mask = self.mine & (self.outcome == OPEN)
        return found


@attrs.frozen(slots=True, eq=False)
class States:
    """Deals at two instants.

    Args:
        start: at the first.
        end: at the second.
        made: was it created by the first?
        groups: the labels of each group, in order, blank last.
        marks: name -> codes at both instants, of what can bring a deal from group to group, or in and out of the condition.
        scale: amount = amount / scale.
        currencies: their labels.
        tables: those of both instants.
        places: of each deal in those tables; -1 where it has none.
        undated: deals without a date of creation, which are left out (O9).
    """

    start: State
    end: State
    made: Mask
    groups: tuple[tuple[Any, ...], ...]
    marks: tuple[tuple[str, Array, Array], ...]
    scale: int
    currencies: tuple[Any, ...]
    tables: tuple[Table, Table]
    places: tuple[Array, Array]
    undated: int

    def __len__(self) -> int:
        return len(self.made)

    def ids(self, deals: Array) -> list[Any]:
        """Return the ids of some deals."""
        early, late = (_listed(table["id"]) for table in self.tables)
        first, second = (places[deals].tolist() for places in self.places)
        return [late[b] if b >= 0 else early[a] for a, b in zip(first, second, strict=True)]


@attrs.frozen(slots=True, eq=False)
class _Side:
    """One instant: its table, and where the deals stand in it."""

    table: Table
    scope: Scope
    places: Array

    def key(self, name: str | Expr) -> Column:
        expr = col(name) if isinstance(name, str) else name
        return as_key(evaluate(expr, self.table, self.scope), self.table, expr.key)

    def put(self, values: Array) -> Array:
        """Return values of the table's rows as those of the deals; 0 or False where a deal has no row."""
        found = np.zeros(len(self.places), values.dtype)
        here = self.places >= 0
        found[here] = values[self.places[here]]
        return found


def states_of(early: View, late: View, closing: Period | None, by: Sequence[Expr], value: str | Expr) -> States:
    """Return the deals at two instants.

    Args:
        early: the view from the first instant.
        late: that from the second; the same condition.
        closing: only deals that are expected to close on these days; None for all.
        by: what they are grouped by.
        value: their amount.

    Raises:
        ColumnNotFound: no such column.
        ArgumentError: an amount that is not exact.
    """
    views = (early, late)
    tables = [table_named(v.scope.tables, "opportunity") for v in views]
    numbers = [t.row_numbers(np.arange(len(t))) for t in tables]
    dated = [_created(t) for t in tables]
    deals = np.union1d(*(n[d] for n, d in zip(numbers, dated, strict=True)))
    sides = [_Side(t, v.scope, _places(deals, n, d)) for t, v, n, d in zip(tables, views, numbers, dated, strict=True)]
    amounts = [_amounts(side, value) for side in sides]
    scale = lcm(*(a.scale for a in amounts))
    currencies, codes = _together([_currency(a) for a in amounts])
    groups, group = _grouped(sides, by)
    where = late.where
    states = [
        _state(side, where, closing, amount, scale, g, code)
        for side, amount, g, code in zip(sides, amounts, group, codes, strict=True)
    ]
    return States(
        states[0],
        states[1],
        _made(sides, early.scope),
        groups,
        tuple(_marks(sides, by, where)),
        scale,
        currencies,
        (tables[0], tables[1]),
        (sides[0].places, sides[1].places),
        int(np.count_nonzero(~dated[1])) + len(late.undated("opportunity")),
    )


def _created(table: Table) -> Mask:
    made = existence(table)
    return np.ones(len(table), bool) if made is None else made.present()


def _places(deals: Array, numbers: Array, kept: Mask) -> Array:
    found = np.full(len(deals), -1)
    rows = np.flatnonzero(kept)
    found[np.searchsorted(deals, numbers[rows])] = rows
    return found


def _made(sides: Sequence[_Side], scope: Scope) -> Mask:
    """Return which deals had been created by the instant of a scope."""
    early, late = sides
    found = early.places >= 0
    created = existence(late.table)
    if created is None or scope.as_of is None:
        return np.ones(len(found), bool)
    if created.kind == "instant":
        by = created.data <= scope.as_of.instant
    else:
        ended = scope.as_of.instant >= scope.zone.end_of_day(scope.as_of.day)
        by = created.data <= (scope.as_of.day if ended else scope.as_of.day - 1)
    return found | late.put(by & created.present())


def _state(
    side: _Side, where: Expr | None, closing: Period | None, amount: Column, scale: int, group: Array, currency: Array
) -> State:
    table, scope = side.table, side.scope
    outcome = table["outcome"]
    numbers = {word: code for code, word in enumerate((None, *OUTCOMES))}
    number = np.array([numbers.get(label, 0) for label in outcome.labels], np.int64)[outcome.data]
    kept = np.ones(len(table), bool) if where is None else holds(where, table, scope)
    if closing is None:
        day, known, due = np.zeros(len(table), np.int64), np.zeros(len(table), bool), np.ones(len(table), bool)
    else:
        day, known = _closing(table, scope, number)
        due = known & (day >= closing.start) & (day < closing.stop)
    present = amount.present()
    return State(
        outcome=side.put(number),
        kept=side.put(kept),
        due=side.put(due),
        day=side.put(day),
        dated=side.put(known),
        group=group,
        amount=side.put(np.where(present, scaled(amount, scale), 0)),
        priced=side.put(present),
        currency=side.put(currency),
    )


def _closing(table: Table, scope: Scope, outcome: Array) -> tuple[Array, Mask]:
    """Return the day on which each deal is expected to close, and whether it has one.

    A closed deal without such a day, as of hosts that keep one date for both, closes on the day on which it was closed (O4).
    """
    column = local_day(table["expected_close"], scope.zone)
    day, known = column.data.astype(np.int64), column.present()
    if "closed_at" in table:
        closed = local_day(table["closed_at"], scope.zone)
        use = ~known & (outcome > OPEN) & closed.present()
        day, known = np.where(use, closed.data, day), known | use
    return day, known


def _amounts(side: _Side, value: str | Expr) -> Column:
    """Return the amounts: what is open at the rates of the instant, what is closed at those of its closing (M2)."""
    expr = col(value) if isinstance(value, str) else value
    table, scope = side.table, side.scope
    found = evaluate(expr, priced(table, None, scope), scope)
    if found.kind not in _EXACT:
        raise ArgumentError(f"value is an amount, such as 'amount' or col('amount') - col('discount'), got {expr!r}")
    if scope.rates is not None and "closed_at" in table:
        closing = evaluate(expr, priced(table, "closed_at", scope), scope)
        closed = table["closed_at"].present() & (table["outcome"].data != table["outcome"].index.get("open", -1))
        scale = lcm(found.scale, closing.scale)
        data = np.where(closed, scaled(closing, scale), scaled(found, scale))
        found = found.replace(data=data, valid=np.where(closed, closing.present(), found.present()), scale=scale)
    return found


def _currency(amounts: Column) -> Column:
    if isinstance(amounts.currency, Column):
        return amounts.currency
    return Column("key", np.ones(len(amounts), np.int8), labels=(None, amounts.currency))


def _grouped(sides: Sequence[_Side], by: Sequence[Expr]) -> tuple[tuple[tuple[Any, ...], ...], list[Array]]:
    """Return the groups in order, and the number of each deal's at both instants."""
    labels, codes = [], []
    for expr in by:
        names, pair = _together([side.key(expr) for side in sides])
        labels.append(names)
        codes.append([side.put(code) for side, code in zip(sides, pair, strict=True)])
    size = len(sides[0].places)
    if not by:
        return ((),), [np.zeros(size, np.int64)] * 2
    number = np.zeros(2 * size, np.int64)
    for names, pair in zip(labels, codes, strict=True):
        number = np.unique(number * len(names) + np.concatenate(pair), return_inverse=True)[1].reshape(-1)
    one_of = np.zeros(int(number.max(initial=-1)) + 1, np.int64)
    one_of[number] = np.arange(2 * size)
    rows = np.stack([np.concatenate(pair)[one_of] for pair in codes], axis=1)
    named = [tuple(names[c] for names, c in zip(labels, row, strict=True)) for row in rows.tolist()]
    order = sorted(range(len(named)), key=lambda g: [(x is None, sort_key(x)) for x in named[g]])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    number = place[number]
    return tuple(named[g] for g in order), [number[:size], number[size:]]


def _marks(sides: Sequence[_Side], by: Sequence[Expr], where: Expr | None) -> list[tuple[str, Array, Array]]:
    """Return what deals are grouped and kept by, at both instants: the groups' own first."""
    named = {_name(expr): expr for expr in by}
    if where is not None:
        named |= {name: col(name) for name in columns_of(where) if name not in named}
    found = []
    for name, expr in named.items():
        try:
            keys = [side.key(expr) for side in sides]
        except DefinitionError:  # inexact numbers are in no group, and a condition on them names no cause
            continue
        early, late = (side.put(c) for side, c in zip(sides, _together(keys)[1], strict=True))
        found.append((name, early, late))
    return found


def _name(expr: Expr) -> str:
    columns = columns_of(expr)
    return columns[0] if len(columns) == 1 else repr(expr)


def _together(columns: Sequence[Column]) -> tuple[tuple[Any, ...], list[Array]]:
    """Return the labels of key columns together, and the rows of each as codes into them."""
    index: dict[Any, int] = {None: 0}
    codes = [
        np.array([index.setdefault(label, len(index)) for label in column.labels], np.int64)[column.data]
        for column in columns
    ]
    return tuple(index), codes


def _listed(ids: Column) -> list[Any]:
    data = ids.data.tolist()
    return [ids.labels[c] for c in data] if ids.kind == "key" else data
