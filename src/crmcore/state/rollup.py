"""Roll-ups: an aggregate over the values that entities have inside each group."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from ..algebra.aggregates import Aggregate
from ..algebra.columns import Col, Each, Expr
from ..algebra.node import Node
from ..algebra.walk import rewrite
from ..evaluate import Scope, evaluate, holds
from ..table.column import Array, Column
from ..table.table import Table
from ..units import Dimension
from .operand import NOTHING, Operand
from .runs import evaluate_run
from .state import Run

__all__ = ["Entities", "roll_up"]


@attrs.frozen(slots=True, eq=False)
class Entities:
    """What entities have, entities x frames, and the group that each stands in.

    Args:
        values: one per `each` of the aggregate: its numbers, time in days, and their dimension.
        present: where an entity has a row.
        group_of: the group of each entity, -1 for none.
    """

    eaches: Sequence[Each]
    values: Sequence[tuple[Operand, Dimension]]
    present: Array
    group_of: Array


def roll_up(a: Aggregate, entities: Entities, size: int) -> tuple[Operand, str]:
    """Return an aggregate over entities, `size` groups x frames, and the kind of value it is of."""
    columns = {f"each {i}": _column(*value) for i, value in enumerate(entities.values)}
    names = {each.key: f"each {i}" for i, each in enumerate(entities.eaches)}

    def named(node: Node) -> Node | None:
        return Col(names[node.key]) if isinstance(node, Each) else None

    frames = entities.present.shape[1]
    shape = (size, frames)
    table = Table("each", columns, length=entities.present.size)
    scope = Scope({"each": table}, {})
    keep = (entities.present & (entities.group_of >= 0)[:, None]).ravel()
    if a.where is not None:
        keep = keep & holds(_as_expr(rewrite(a.where, named)), table, scope)
    cells = (entities.group_of[:, None] * frames + np.arange(frames)[None, :]).ravel()
    if a.expr is None:
        return Operand(np.bincount(cells[keep], minlength=size * frames).reshape(shape).astype(np.int64)), "count"
    column = evaluate(_as_expr(rewrite(a.expr, named)), table, scope)
    keep = keep & column.present()
    data, cell = column.data[keep], cells[keep]
    counts = np.bincount(cell, minlength=size * frames).reshape(shape).astype(np.int64)
    if a.op == "count":
        return Operand(counts), "count"
    if a.op in ("total", "squares"):
        return _summed(a.op, data, cell, column, shape), column.kind
    lookup, codes = np.unique(data, return_inverse=True)
    order = np.lexsort((codes, cell))
    bits = max(int(lookup.size).bit_length(), 1)
    run = Run(codes[order].astype(np.int64), bits, 0, counts, column.scale, column.kind, lookup)
    operand = evaluate_run(a.op, run, a.q, a.method)
    return operand.because(counts == 0, NOTHING) if a.op != "distinct" else operand, column.kind


def _column(value: Operand, dimension: Dimension) -> Column:
    there = np.ones(value.data.shape, bool) if value.why is None else value.why == 0
    data = np.where(there, value.data, 0).ravel()
    if not value.exact:
        return Column("score", data, there.ravel())
    kind = {(1, 0): "money", (0, 1): "duration"}.get((dimension.money, dimension.time), "number")
    return Column(kind, data, there.ravel(), scale=value.scale)


def _summed(op: str, data: Array, cell: Array, column: Column, shape: tuple[int, int]) -> Operand:
    exact = data.dtype != np.float64
    wide = data.astype(object) if exact else data
    sums = np.zeros(shape[0] * shape[1], object if exact else np.float64)
    np.add.at(sums, cell, wide * wide if op == "squares" else wide)
    return Operand(sums.reshape(shape), column.scale**2 if op == "squares" else column.scale, exact)


def _as_expr(node: Node) -> Expr:
    assert isinstance(node, Expr)
    return node
