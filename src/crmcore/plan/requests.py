"""Requests: what an engine is asked for. Two equal requests are computed once, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from ..algebra.aggregates import STOCK, Aggregate, rolls_up
from ..algebra.columns import Each, Expr, IsNull, Not
from ..algebra.formulas import Formula, Share, Window
from ..algebra.node import Node
from ..algebra.walk import terms_of, walk
from .frames import Chain

__all__ = ["VALUES", "Grid", "Leaf", "Request", "leaves_of", "requests_of"]

VALUES = frozenset({"quantile", "distinct", "smallest", "largest", "top_share", "gini"})
"""Aggregates whose state is value -> count."""



@attrs.frozen(slots=True)
class Leaf:
    """An aggregate of a formula with the windows around it."""

    aggregate: Aggregate
    chain: Chain = ()


@attrs.frozen(slots=True, eq=False)
class Grid:
    """The cells of a state: a table's rows by keys, and by buckets of an anchor date.

    `edges` cut the anchor's days into buckets; none means one bucket with every row, dated or not.
    `instant` numbers the view of the tables that is looked at; `entity` is the key of a roll-up.
    """

    table: str
    keys: tuple[Expr, ...]
    anchor: str | None = None
    edges: tuple[int, ...] = ()
    instant: int = 0
    entity: Expr | None = None
    spread: str | None = None
    key: tuple[object, ...] = attrs.field(init=False, default=())

    def __attrs_post_init__(self) -> None:
        entity = None if self.entity is None else self.entity.key
        keys = tuple(k.key for k in self.keys)
        object.__setattr__(self, "key", (self.table, keys, self.anchor, self.edges, self.instant, entity, self.spread))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def buckets(self) -> int:
        """Bucket 0 holds the rows outside the edges."""
        return max(len(self.edges), 1)


@attrs.frozen(slots=True, eq=False)
class Request:
    """One reduction on one grid: `op` is count, total, squares or values."""

    grid: Grid
    op: str
    expr: Expr | None
    where: tuple[Expr, ...]
    at: str | None = None
    key: tuple[object, ...] = attrs.field(init=False, default=())

    def __attrs_post_init__(self) -> None:
        expr = None if self.expr is None else self.expr.key
        object.__setattr__(self, "key", (self.op, expr, frozenset(w.key for w in self.where), self.at))


def leaves_of(formula: Formula) -> list[Leaf]:
    """Return the aggregates of a formula with the windows around each, each pair once."""
    found: dict[object, Leaf] = {}

    def visit(node: Node, chain: Chain) -> None:
        if isinstance(node, Aggregate):
            found.setdefault((node.key, tuple((w.kind, w.unit, w.n) for w in chain)), Leaf(node, chain))
            return
        if isinstance(node, Window):
            chain = (*chain, node)
        for child in node.children():
            visit(child, chain)

    visit(formula, ())
    return list(found.values())


def shared(formula: Formula) -> bool:
    """Does the formula look at the total over all groups?"""
    return any(isinstance(n, Share) for n in walk(formula))


def requests_of(aggregate: Aggregate, grid: Grid, where: Expr | None) -> Iterator[Request]:
    """Yield what an aggregate needs from an engine; the first request says which rows take part."""
    at = None if aggregate.at == STOCK else aggregate.at
    if aggregate.expr is not None and rolls_up(aggregate.expr) or aggregate.where is not None and rolls_up(aggregate.where):
        for each in each_of(aggregate):
            inner = attrs.evolve(grid, entity=each.by)
            yield from requests_of(each.aggregate, inner, where)
        return
    rows = _terms(aggregate.where, where)
    yield Request(grid, "count", None, rows)
    if aggregate.expr is None:
        return
    valued = _terms(aggregate.where, where, Not(IsNull(aggregate.expr)))
    if aggregate.op == "count":
        yield Request(grid, "count", None, valued)
    elif aggregate.op in VALUES:
        yield Request(grid, "count", None, valued)
        yield Request(grid, "values", aggregate.expr, valued, at)
    else:
        yield Request(grid, aggregate.op, aggregate.expr, rows, at)


def each_of(aggregate: Aggregate) -> list[Each]:
    """Return the roll-ups inside an aggregate, each structure once."""
    found: dict[object, Each] = {}
    for part in (aggregate.expr, aggregate.where):
        if part is not None:
            for node in walk(part):
                if isinstance(node, Each):
                    found.setdefault(node.key, node)
    return list(found.values())


def _terms(*conditions: Expr | None) -> tuple[Expr, ...]:
    found: dict[object, Expr] = {}
    for condition in conditions:
        for term in terms_of(condition):
            found.setdefault(term.key, term)
    return tuple(found.values())


def unique(requests: Iterable[Request]) -> dict[Grid, dict[object, Request]]:
    """Return the requests by grid, each structure once."""
    found: dict[Grid, dict[object, Request]] = {}
    for request in requests:
        found.setdefault(request.grid, {}).setdefault(request.key, request)
    return found
