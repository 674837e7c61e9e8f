"""Requests: what an engine is asked for. Two equal requests are computed once, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..algebra.aggregates import Aggregate
from ..algebra.columns import Col, Each, Expr, IsNull, Not
from ..algebra.formulas import Formula, Window
from ..algebra.node import Key, Node
from ..algebra.walk import columns_of, conjunction, terms_of
from ..table.sweeps import SIGN
from .frames import Chain

__all__ = [
    "VALUES",
    "Grid",
    "Leaf",
    "Request",
    "each_of",
    "inside_windows",
    "leaf_key",
    "leaves_of",
    "occurrences",
    "reading",
    "reads",
    "requests_of",
    "swept_requests_of",
]

VALUES = frozenset({"quantile", "distinct", "smallest", "largest", "top_share", "gini"})
"""Aggregates whose state is value -> count."""


@attrs.frozen(slots=True, eq=False)
class Leaf:
    """An aggregate of a formula with the windows around it, outermost first, and the entities it is rolled up by."""

    aggregate: Aggregate
    chain: Chain = ()
    entities: tuple[Expr, ...] = ()


@attrs.frozen(slots=True, eq=False)
class Grid:
    """The cells of a state: a table's rows by keys, and by buckets of an anchor date.

    `edges` cut the anchor's days into buckets; none means one bucket with every row, dated or not.
    `view` numbers the view of the tables that is looked at;
    `priced` is the anchor at whose rates amounts are converted.
    """

    table: str
    keys: tuple[Expr, ...]
    anchor: str | None = None
    edges: tuple[int, ...] = ()
    view: int = 0
    priced: str | None = None

    @property
    def key(self) -> Key:
        """Identify the grid by structure."""
        return (self.table, tuple(k.key for k in self.keys), self.anchor, self.edges, self.view, self.priced)

    @property
    def buckets(self) -> int:
        """Bucket 0 holds the rows outside the edges."""
        return max(len(self.edges), 1)


@attrs.frozen(slots=True, eq=False)
class Request:
    """One reduction on the grid of this number: `op` is count, total, squares or values."""

    grid: int
    op: str
    expr: Expr | None
    where: tuple[Expr, ...]

    @property
    def key(self) -> Key:
        """Identify the request by structure; the order of its conditions does not matter."""
        expr = None if self.expr is None else self.expr.key
        return (self.grid, self.op, expr, frozenset(w.key for w in self.where))


def occurrences(formula: Formula) -> Iterator[Leaf]:
    """Yield each aggregate of a formula with the windows around it, as often as it stands there."""

    def visit(node: Node, chain: Chain) -> Iterator[Leaf]:
        if isinstance(node, Aggregate):
            yield Leaf(node, chain)
            return
        inner = (*chain, node) if isinstance(node, Window) else chain
        for child in node.children():
            yield from visit(child, inner)

    yield from visit(formula, ())


def leaf_key(leaf: Leaf) -> Key:
    """Identify a leaf by the structure of its aggregate and windows."""
    return (leaf.aggregate.key, tuple((w.kind, w.unit, w.n) for w in leaf.chain))


def leaves_of(formula: Formula) -> list[Leaf]:
    """Return the aggregates of a formula with the windows around them, each structure once."""
    return list({leaf_key(leaf): leaf for leaf in reversed(list(occurrences(formula)))}.values())[::-1]


def requests_of(a: Aggregate, grid: int, where: Expr | None) -> list[Request]:
    """Return what an aggregate (not a roll-up) needs: first the count of rows that take part, last its own number."""
    rows = terms_of(conjunction(a.where, where))
    asked = [Request(grid, "count", None, rows)]
    if a.expr is not None:
        valued = terms_of(conjunction(a.where, where, Not(IsNull(a.expr))))
        if a.op == "count" or a.op in VALUES:
            asked.append(Request(grid, "count", None, valued))
        if a.op in VALUES:
            asked.append(Request(grid, "values", a.expr, valued))
        elif a.op != "count":
            asked.append(Request(grid, a.op, a.expr, rows))
    return asked


def swept_requests_of(a: Aggregate, grid: int, where: Expr | None) -> list[Request]:
    """Return what a stock needs of a sweep's events: how many there are, the rows that take part, and its own number.

    An event adds its row (sign 1) or takes it off (sign -1), so that sums up to an instant are what is there at it.
    """
    rows = terms_of(conjunction(a.where, where))
    sign: Expr = Col(SIGN)
    asked = [Request(grid, "count", None, rows), Request(grid, "total", sign, rows)]
    if a.expr is not None and a.op == "count":
        valued = terms_of(conjunction(a.where, where, Not(IsNull(a.expr))))
        asked += [Request(grid, "count", None, valued), Request(grid, "total", sign, valued)]
    elif a.expr is not None:
        asked.append(Request(grid, "total", a.expr * sign, rows))
    return asked


def each_of(a: Aggregate) -> list[Each]:
    """Return the outermost roll-ups of an aggregate, each structure once; none for a plain one."""
    found: dict[Key, Each] = {}

    def visit(node: Node) -> None:
        if isinstance(node, Each):
            found.setdefault(node.key, node)
            return
        for child in node.below:
            if child.rolls_up:
                visit(child)

    visit(a)
    return list(found.values())


def reading(a: Aggregate) -> list[Aggregate]:
    """Return the aggregates that read rows: this one, or those inside its roll-ups."""
    rolled = each_of(a)
    return [b for e in rolled for leaf in leaves_of(e.formula) for b in reading(leaf.aggregate)] if rolled else [a]


def reads(leaf: Leaf) -> list[Leaf]:
    """Return the leaves that read rows: this one, or those inside its roll-ups under all windows around them."""
    rolled = each_of(leaf.aggregate)
    if not rolled:
        return [leaf]
    return [
        Leaf(below.aggregate, (*leaf.chain, *below.chain), (each.by, *below.entities))
        for each in rolled
        for inner in leaves_of(each.formula)
        for below in reads(inner)
    ]


def inside_windows(where: Expr | None, a: Aggregate) -> Expr | None:
    """Return a question's condition for an aggregate inside a window.

    Terms about the anchor's date are not in it: they say which periods are shown, and the days of a window are its
    own (T6).
    """
    return conjunction(*(t for t in terms_of(where) if columns_of(t) != [a.at]))
