"""Roll-ups: one value per entity inside each group, then an aggregate of those values."""

from __future__ import annotations

import numpy as np

from ..algebra.aggregates import Aggregate
from ..algebra.columns import Col, Each, Expr
from ..algebra.node import Node
from ..algebra.walk import rewrite
from ..evaluate import Scope, evaluate, holds
from ..plan.layout import Need
from ..plan.requests import VALUES, each_of
from ..table.column import Array, Column
from ..table.table import Table
from .operand import NOTHING, Operand
from .runs import evaluate_run, ranged
from .state import GridState, Run

__all__ = ["roll_up"]


def roll_up(
    a: Aggregate, needs: tuple[Need, ...], found: GridState, spots: Array | None, size: int,
    low: Array, high: Array, *, whole: bool,
) -> tuple[Operand, str]:
    """Return an aggregate over entities, groups x ranges of buckets, and the kind of value it is of.

    Args:
        needs: one per `each` in the aggregate, all in the same grid, whose last key is the entity.
        spots: the group of each of the grid's rows.
        whole: all groups together; an entity that stands in several of them is then one.
    """
    labels = len(found.keys[-1].labels)
    spot = np.zeros(found.rows, np.int64) if whole else np.arange(found.rows) if spots is None else spots
    entity = found.codes[:, -1]
    taken = (spot >= 0) & (entity > 0)
    pairs, inverse = np.unique(spot[taken] * labels + entity[taken], return_inverse=True)
    rows = np.full(found.rows, -1)
    rows[taken] = inverse
    columns: dict[str, Column] = {}
    names: dict[object, str] = {}
    present = np.zeros((pairs.size, low.size), bool)
    for i, (each, need) in enumerate(zip(each_of(a), needs, strict=True)):
        value, there, part = _inner(each, need, found, rows, pairs.size, low, high)
        present |= part
        names[each.key] = f"each {i}"
        columns[names[each.key]] = _column(value, there)
    return _outer(a, names, columns, present, pairs // labels, 1 if whole else size, low.size)


def _inner(
    each: Each, need: Need, found: GridState, rows: Array, size: int, low: Array, high: Array
) -> tuple[tuple[Array, int, str], Array, Array]:
    """Return per entity and range: the inner aggregate as (data, scale, kind), where it has a value, where rows take part."""
    present = _ranges(_gather(found.dense(found.numbers[need.part].data), rows, size), low, high) > 0
    if each.aggregate.op in VALUES:
        run = ranged(_regrouped(found.dense_run(found.runs[need.value]), rows, size), low, high)
        operand = evaluate_run(each.aggregate.op, run, each.aggregate.q, each.aggregate.method)
        there = np.ones(present.shape, bool) if operand.why is None else operand.why == 0
        kind = run.kind if each.aggregate.op in ("quantile", "smallest", "largest") else "count"
        return (operand.data, operand.scale, kind), there, present
    numbers = found.numbers[need.value]
    data = _ranges(_gather(found.dense(numbers.data), rows, size), low, high)
    return (data, numbers.scale, numbers.kind), np.ones(data.shape, bool), present


def _gather(data: Array, rows: Array, size: int) -> Array:
    """Add up the state's rows of each entity."""
    result = np.zeros((size, data.shape[1]), data.dtype)
    keep = rows >= 0
    np.add.at(result, rows[keep], data[keep])
    return result


def _ranges(data: Array, low: Array, high: Array) -> Array:
    cumulative = np.zeros((data.shape[0], data.shape[1] + 1), data.dtype)
    np.cumsum(data, axis=1, out=cumulative[:, 1:])
    return cumulative[:, high] - cumulative[:, low]


def _regrouped(run: Run, rows: Array, size: int) -> Run:
    """Return the run with its rows gathered per entity."""
    buckets = run.counts.shape[1]
    flat = run.counts.ravel().astype(np.int64)
    target = (rows[:, None] * buckets + np.arange(buckets)[None, :]).ravel()
    cell = np.repeat(np.where(np.repeat(rows, buckets) >= 0, target, -1), flat)
    values = run.packed & ((1 << run.bits) - 1)
    keep = cell >= 0
    order = np.lexsort((values[keep], cell[keep]))
    counts = np.bincount(cell[keep], minlength=size * buckets).reshape(size, buckets)
    return Run(values[keep][order].astype(np.int64), run.bits, run.low, counts, run.scale, run.kind, run.lookup)


def _column(value: tuple[Array, int, str], there: Array) -> Column:
    data, scale, kind = value
    inexact = data.dtype == np.float64
    kind = "score" if inexact else kind if kind in ("money", "duration", "count") else "number"
    return Column(kind, np.where(there, data, 0).ravel(), there.ravel(), scale=1 if inexact else scale)


def _outer(
    a: Aggregate, names: dict[object, str], columns: dict[str, Column], present: Array, group_of: Array, size: int, frames: int
) -> tuple[Operand, str]:
    """Measure the outer aggregate over entities as if they were the rows of a table."""

    def named(node: Node) -> Node | None:
        return Col(names[node.key]) if isinstance(node, Each) else None

    table = Table("each", columns, length=present.size)
    scope = Scope({"each": table}, {})
    keep = present.ravel()
    if a.where is not None:
        keep = keep & holds(_as_expr(rewrite(a.where, named)), table, scope)
    cells = (group_of[:, None] * frames + np.arange(frames)[None, :]).ravel()
    shape = (size, frames)
    if a.expr is None:
        return Operand(np.bincount(cells[keep], minlength=size * frames).reshape(shape).astype(np.int64)), "count"
    column = evaluate(_as_expr(rewrite(a.expr, named)), table, scope)
    keep = keep & column.present()
    data, cell = column.data[keep], cells[keep]
    counts = np.bincount(cell, minlength=size * frames).reshape(shape).astype(np.int64)
    if a.op == "count":
        return Operand(counts), "count"
    exact = data.dtype != np.float64
    if a.op in ("total", "squares"):
        wide = data.astype(object) if exact else data
        sums = np.zeros(size * frames, object if exact else np.float64)
        np.add.at(sums, cell, wide * wide if a.op == "squares" else wide)
        scale = column.scale**2 if a.op == "squares" else column.scale
        return Operand(sums.reshape(shape), scale, exact), column.kind
    lookup, codes = np.unique(data, return_inverse=True)
    order = np.lexsort((codes, cell))
    bits = max(int(lookup.size).bit_length(), 1)
    run = Run(codes[order].astype(np.int64), bits, 0, counts, column.scale, column.kind, lookup)
    operand = evaluate_run(a.op, run, a.q, a.method)
    return operand.because(counts == 0, NOTHING) if a.op != "distinct" else operand, column.kind


def _as_expr(node: Node) -> Expr:
    assert isinstance(node, Expr)
    return node
