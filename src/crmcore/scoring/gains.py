"""Gains: what rules give rows, each as the cheapest thing that can be added to a column of whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Protocol

import attrs
import numpy as np

from ..algebra import columns as c
from ..algebra.walk import columns_of, walk
from ..errors import DefinitionError, RangeError
from ..evaluate import holds, resolve
from ..evaluate.rows import Rows, rows_of
from ..table.column import Array, Column
from ..table.table import Table
from .absent import blank_columns, condition_without
from .inputs import Inputs
from .points import LARGEST, SCALE, decayed, milli

if TYPE_CHECKING:
    from .rule import Count, Rule

__all__ = ["Gain", "gains_of"]


_BLOCK = 1 << 16
"""Rows that are added together."""


class Gain(Protocol):
    """Something to be added per row; `reach` is its largest magnitude."""

    @property
    def reach(self) -> int: ...

    def add_to(self, total: Array) -> None:
        """Add it to whole numbers, one per row."""


@attrs.frozen(slots=True, eq=False)
class Labelled:
    """Points by the label of a key column: all conditions on it at once, each looked at once per label."""

    codes: Array
    points: Array
    reach: int

    def add_to(self, total: Array) -> None:
        points = self.points.astype(total.dtype)
        for block in _blocks(total.size):
            total[block] += points.take(self.codes[block])


@attrs.frozen(slots=True, eq=False)
class Held:
    """Points where a condition holds."""

    condition: c.Expr
    points: int
    inputs: Inputs
    reach: int

    def add_to(self, total: Array) -> None:
        mask = holds(self.condition, self.inputs.table, self.inputs.scope)
        flags, points = mask.view(np.int8), total.dtype.type(self.points)
        for block in _blocks(total.size):
            total[block] += np.multiply(flags[block], points, dtype=total.dtype)


def _blocks(n: int) -> Iterator[slice]:
    """Yield slices so short that what is computed on the way stays in the cache."""
    return (slice(start, start + _BLOCK) for start in range(0, n, _BLOCK))


@attrs.frozen(slots=True, eq=False)
class Counted:
    """Points that were added up elsewhere."""

    values: Array
    reach: int

    def add_to(self, total: Array) -> None:
        total += self.values.astype(total.dtype)


def gains_of(rules: Iterable[Rule], inputs: Inputs, unit: int) -> Iterator[Gain]:
    """Yield what rules give the rows, in multiples of `unit` thousandths."""
    by_label: dict[str, Array] = {}
    columns: dict[str, Column] = {}
    for rule in rules:
        if rule.count is not None:
            yield _counted(rule, rule.count, inputs, unit)
            continue
        for condition, points in _conditions(rule, inputs):
            column = _one_key(condition, inputs, columns)
            if column is None:
                yield Held(condition, points // unit, inputs, abs(points // unit))
            else:
                name = columns_of(condition)[0]
                given = _by_label(condition, name, column, inputs) * (points // unit)
                by_label[name] = by_label[name] + given if name in by_label else given
    for name, points_by in by_label.items():
        yield Labelled(columns[name].data, points_by, int(np.abs(points_by).max(initial=0)))


def _conditions(rule: Rule, inputs: Inputs) -> Iterator[tuple[c.Expr, int]]:
    """Yield the conditions of a rule with their thousandths; a band adds to the one below it."""
    if rule.when is not None:
        yield inputs.condition(rule.when), milli(rule.points)
    elif rule.value is not None:
        below = 0
        for band in rule.bands:
            yield inputs.condition(c.Compare(">=", rule.value, c.lit(band.start))), milli(band.points) - below
            below = milli(band.points)


def _one_key(condition: c.Expr, inputs: Inputs, known: dict[str, Column]) -> Column | None:
    """Return the key column that a condition is about, where it is about nothing else."""
    names = columns_of(condition)
    if len(names) != 1 or any(isinstance(n, (c.AsOf, c.Maybe)) for n in walk(condition)):
        return None
    if names[0] not in known:
        column = resolve(names[0], inputs.table, inputs.scope)
        if column.kind != "key" or len(column.labels) > max(len(inputs), 256):
            return None
        known[names[0]] = column
    return known[names[0]]


def _by_label(condition: c.Expr, name: str, column: Column, inputs: Inputs) -> Array:
    """Return whether a condition holds for each label."""
    labels = column.replace(data=np.arange(len(column.labels)))
    return holds(condition, Table(inputs.table.name, {name: labels}), inputs.scope).astype(np.int64)


def _counted(rule: Rule, count: Count, inputs: Inputs, unit: int) -> Counted:
    """Return the points for the rows of another table that belong to each row."""
    table, scope = inputs.scope.tables[count.table], inputs.scope
    gone = blank_columns(count.columns(), table, scope)
    rows = rows_of(table, scope, None if count.when is None else condition_without(count.when, gone))
    keys = rows.key(count.by or inputs.by)
    worth = _worth(rule, count, rows, gone)
    weights = _quantity(rule, count, rows, gone)
    _check_sum(rule, worth, weights)
    if weights is not None:
        worth = worth * weights
    per_label = np.zeros(len(keys.labels), np.int64)
    np.add.at(per_label, keys.data, worth)
    per_label[0] = 0
    if rule.cap is not None or rule.floor is not None:
        low = None if rule.floor is None else milli(rule.floor)
        high = None if rule.cap is None else milli(rule.cap)
        per_label = np.clip(per_label, low, high)
    values = per_label.take(_codes(keys, inputs)) // unit
    return Counted(values, int(np.abs(values).max(initial=0)))


def _worth(rule: Rule, count: Count, rows: Rows, gone: frozenset[str]) -> Array:
    """Return the thousandths that each row is worth by its age; 0 outside the window, and without a date."""
    each = milli(rule.points)
    today = rows.scope.as_of
    if count.at is None:
        return np.full(len(rows), each, np.int64)
    if today is None or count.at in gone:
        return np.zeros(len(rows), np.int64)
    days = rows.days(count.at)
    age = today.day - days.data.astype(np.int64)
    inside = days.present() & (age >= 0)
    if count.within_days is not None:
        inside &= age < count.within_days  # T6
    if count.half_life_days is None:
        return np.where(inside, each, 0)
    oldest = int(age[inside].max(initial=0))
    return np.where(inside, decayed(each, count.half_life_days, oldest).take(np.where(inside, age, 0)), 0)


def _quantity(rule: Rule, count: Count, rows: Rows, gone: frozenset[str]) -> Array | None:
    if count.quantity is None:
        return None
    if count.quantity in gone:
        return np.zeros(len(rows), np.int64)
    column = rows.values(count.quantity)
    if column.kind not in ("count", "number") or column.scale != 1:
        raise DefinitionError(
            f"rule {rule.name!r}: quantity={count.quantity!r} holds {column.kind}, not whole numbers to be counted"
        )
    return np.where(column.present(), column.data, 0).astype(np.int64)


def _check_sum(rule: Rule, worth: Array, weights: Array | None) -> None:
    """Raise where the points of a row could be more than is added exactly."""
    most = int(np.abs(worth).max(initial=0))
    rows = worth.size if weights is None else sum(map(abs, weights.tolist())) if weights.size else 0
    if most * rows >= LARGEST:
        raise RangeError(
            f"rule {rule.name!r}: up to {most / SCALE:,.0f} points for each of {rows:,} rows are more than can be added exactly"
        )


def _codes(keys: Column, inputs: Inputs) -> Array:
    """Return the code under which each scored row is found among the keys; 0 for none."""
    ids = resolve("id", inputs.table, inputs.scope)
    listed = ids.data.tolist() if ids.kind != "key" else [ids.labels[code] for code in ids.data.tolist()]
    return np.fromiter(map(keys.index.get, listed, repeat(0)), np.int64, len(listed))
