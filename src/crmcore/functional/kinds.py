"""What the domain says about the columns and expressions of a metric, before there is any data."""

from __future__ import annotations

from ..algebra import aggregates as a
from ..algebra import columns as c
from ..algebra.node import Node
from ..algebra.walk import columns_of
from ..table.schema import FieldSchema, schema_of
from ..units import NUMBER, Dimension

__all__ = ["dimension_of", "field_of", "optional_columns"]

_MONEY, _TIME = Dimension(money=1), Dimension(time=1)
_OF_KIND = {"money": _MONEY, "duration": _TIME}


def field_of(table: str, path: str) -> FieldSchema | None:
    """Return what the domain says about a column, through references where the path has dots; None for a host's own."""
    head, _, rest = path.partition(".")
    field = schema_of(table).fields.get(head)
    if not rest or field is None or field.references is None:
        return None if rest else field
    return field_of(field.references, rest)


def dimension_of(expr: c.Expr | None, table: str) -> Dimension:
    """Return the dimension of an expression's values; a column of the host's own is a plain number."""
    if isinstance(expr, c.Col):
        field = field_of(table, expr.name)
        return NUMBER if field is None else _OF_KIND.get(field.kind, NUMBER)
    if isinstance(expr, c.Maybe):
        return dimension_of(expr.term, table)
    if isinstance(expr, c.Elapsed):
        return _TIME
    if isinstance(expr, c.Arithmetic):
        left, right = dimension_of(expr.left, table), dimension_of(expr.right, table)
        return left * right if expr.op == "*" else left
    if isinstance(expr, c.Coalesce):
        return dimension_of(expr.terms[0], table)
    return NUMBER


def optional_columns(aggregate: a.Aggregate) -> set[str]:
    """Return the columns that an aggregate can do without: those under `maybe`, and those a coalesce can step over."""
    spared: set[str] = set()
    needed: set[str] = set()

    def visit(node: object) -> None:
        if isinstance(node, c.Coalesce):
            for term in node.terms[:-1]:
                spared.update(columns_of(term))
            visit(node.terms[-1])
        elif isinstance(node, c.Maybe):
            spared.update(columns_of(node))
        elif isinstance(node, c.Col):
            needed.add(node.name)
        elif isinstance(node, Node):
            for child in node.children():
                visit(child)

    visit(aggregate)
    return spared - needed
