"""What is a float: a score, and whatever was divided (Q3, Q4)."""

from __future__ import annotations

from ...algebra import columns as c
from ...algebra import formulas as f
from ...algebra.aggregates import Aggregate
from .dimensions import has, resolved
from .views import Book

__all__ = ["inexact"]


def inexact(book: Book, table: str, node: c.Expr) -> bool:
    """Is the expression's value a float: made of a score, of a float constant, or of entities' ratios?"""
    if isinstance(node, c.Col):
        sheet, name = resolved(book, table, node.name)
        return sheet.kind(name) == "score"
    if isinstance(node, c.Maybe):
        return has(book, table, node) and inexact(book, table, node.term)
    if isinstance(node, c.Literal):
        return isinstance(node.value, float)
    if isinstance(node, c.Each):
        return _inexact(book, node.formula)
    terms = node.children() if isinstance(node, c.Arithmetic | c.Coalesce) else ()
    return any(inexact(book, table, t) for t in terms if isinstance(t, c.Expr))


def _inexact(book: Book, node: f.Formula) -> bool:
    if isinstance(node, Aggregate):
        counts = node.expr is None or node.op in ("count", "distinct")
        return not counts and node.expr is not None and inexact(book, str(node.table), node.expr)
    if isinstance(node, f.Ratio | f.Share | f.Root):
        return True
    return any(_inexact(book, term) for term in node.children() if isinstance(term, f.Formula))
