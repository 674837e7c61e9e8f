"""Roll-ups: an aggregate over the values that entities have inside each group."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import fsum

import attrs
import numpy as np

from ..algebra.aggregates import Aggregate
from ..algebra.columns import Col, Each, Expr
from ..algebra.node import Node
from ..algebra.walk import rewrite, walk
from ..evaluate import Scope, evaluate, holds
from ..table.column import Array, Column
from ..table.table import Table
from ..units import Dimension
from .currencies import NONE, Currencies, gathered, met
from .operand import NOTHING, Operand
from .runs import evaluate_run
from .state import Run

__all__ = ["Entities", "roll_up"]

_LIMIT = 2**63


@attrs.frozen(slots=True, eq=False)
class Entities:
    """What entities have, entities x frames, and the group that each stands in.

    Args:
        values: one per `each` of the aggregate: its numbers, time in days, and their dimension.
        present: where an entity has a row.
        group_of: the group of each entity, -1 for none.
        currencies: one per `each`: those of the amounts behind its numbers, by entity.
    """

    eaches: Sequence[Each]
    values: Sequence[tuple[Operand, Dimension]]
    present: Array
    group_of: Array
    currencies: Sequence[Currencies]

    def meeting(self, a: Aggregate, size: int) -> Currencies:
        """Return the currencies of an aggregate over entities by group.

        Raises:
            CurrencyError: entities of several currencies in one group (M2).
        """
        if a.expr is None or a.op == "count":
            return NONE
        found = NONE
        for each, currencies in zip(self.eaches, self.currencies, strict=True):
            if any(node.key == each.key for node in walk(a.expr)):
                found = met(found, currencies, a)
        found = gathered(found, np.where(self.present.any(1), self.group_of, -1), size, a)
        return NONE if a.op in ("distinct", "top_share", "gini") else found


def roll_up(a: Aggregate, entities: Entities, size: int, factor: int) -> tuple[Operand, str]:
    """Return an aggregate over entities, `size` groups x frames, and the kind of value it is of.

    Exact time is in days. Floats of time, such as means, are read in the unit of which a day has `factor`.
    """
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
    by_group = _Groups(entities.group_of, size)
    if a.expr is None:
        return Operand(by_group.sums(keep.reshape(-1, frames))), "count"
    expr = _as_expr(rewrite(a.expr, named))
    column = evaluate(expr, table, scope)
    keep = keep if column.valid is None else keep & column.present()
    if a.op == "count":
        return Operand(by_group.sums(keep.reshape(-1, frames))), "count"
    if a.op == "total" and column.data.dtype == np.int64 and column.magnitude < _LIMIT:
        data = column.data if keep.all() else np.where(keep, column.data, 0)
        return Operand(by_group.sums(data.reshape(-1, frames)), column.scale), column.kind
    cells = (entities.group_of[:, None] * frames + np.arange(frames)[None, :]).ravel()
    data, cell = column.data[keep], cells[keep]
    counts = np.bincount(cell, minlength=size * frames).reshape(shape).astype(np.int64)
    if column.kind == "score":
        kind = _kind(expr, entities.values)
        return _inexact(a, data, cell, counts, factor if kind == "duration" else 1), kind
    if a.op in ("total", "squares"):
        return _summed(a.op, data, cell, column, shape), column.kind
    lookup, codes = np.unique(data, return_inverse=True)
    return _ranked(a, lookup, codes, cell, counts, column.scale), column.kind


class _Groups:
    """Entities by the group they stand in, so that what they have can be added up."""

    def __init__(self, group_of: Array, size: int) -> None:
        self.size = size
        stand = np.maximum(group_of, 0)  # who stands in none has nothing
        inside = bool((stand[1:] >= stand[:-1]).all())
        self._order = None if inside else np.argsort(stand, kind="stable")
        ranked = stand if self._order is None else stand[self._order]
        self._starts = np.flatnonzero(np.diff(ranked, prepend=-1))
        self._groups = ranked[self._starts]

    def sums(self, part: Array) -> Array:
        """Return the sums of entities x frames as groups x frames."""
        found = np.zeros((self.size, part.shape[1]), np.int64)
        if self._starts.size:
            rows = part if self._order is None else part[self._order]
            found[self._groups] = np.add.reduceat(rows, self._starts, axis=0, dtype=np.int64)
        return found


def _column(value: Operand, dimension: Dimension) -> Column:
    there = None if value.why is None else (value.why == 0).ravel()
    data = value.data.ravel() if there is None else np.where(there, value.data.ravel(), 0)
    if not value.exact:
        return Column("score", data, there)
    kind = {(1, 0): "money", (0, 1): "duration"}.get((dimension.money, dimension.time), "number")
    return Column(kind, data, there, scale=value.scale)


def _kind(expr: Expr, values: Sequence[tuple[Operand, Dimension]]) -> str:
    """Return the kind of value that floats stand for: that of exact numbers in their place."""
    exact = {f"each {i}": _column(Operand(np.zeros(0, np.int64)), dimension) for i, (_, dimension) in enumerate(values)}
    table = Table("each", exact, length=0)
    return evaluate(expr, table, Scope({"each": table}, {})).kind


def _inexact(a: Aggregate, data: Array, cell: Array, counts: Array, factor: int) -> Operand:
    """Reduce floats, times a factor, without any rounding but that of the result."""
    plain, codes = np.unique(data, return_inverse=True)
    values = [Fraction(v) * factor for v in plain.tolist()]
    if a.op not in ("total", "squares"):
        lookup = np.array(values, object)
        operand = _ranked(a, lookup, codes, cell, counts, 1)
        return operand if a.op == "distinct" else Operand(operand.floats(), 1, False, operand.why)
    floats = np.array(values, np.float64)[codes]
    order = np.argsort(cell, kind="stable")
    parts = np.split(floats[order] ** (2 if a.op == "squares" else 1), np.cumsum(counts.ravel())[:-1])
    return Operand(np.array([fsum(p.tolist()) for p in parts], np.float64).reshape(counts.shape), 1, False)


def _ranked(a: Aggregate, lookup: Array, codes: Array, cell: Array, counts: Array, scale: int) -> Operand:
    order = np.lexsort((codes, cell))
    bits = max(int(lookup.size).bit_length(), 1)
    run = Run(codes[order].astype(np.int64), bits, 0, counts, scale, "number", lookup)
    operand = evaluate_run(a.op, run, a.q, a.method)
    return operand if a.op == "distinct" else operand.because(counts == 0, NOTHING)


def _summed(op: str, data: Array, cell: Array, column: Column, shape: tuple[int, int]) -> Operand:
    wide = data.astype(object)
    sums = np.zeros(shape[0] * shape[1], object)
    np.add.at(sums, cell, wide * wide if op == "squares" else wide)
    return Operand(sums.reshape(shape), column.scale**2 if op == "squares" else column.scale)


def _as_expr(node: Node) -> Expr:
    assert isinstance(node, Expr)
    return node
