"""Walks over expressions and formulas: leaves, columns, rewriting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar, cast

import attrs

from .aggregates import Aggregate
from .columns import And, Col, Expr
from .node import Node

__all__ = ["aggregates_of", "columns_of", "conjunction", "rewrite", "terms_of", "walk"]

N = TypeVar("N", bound=Node)


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and everything below it, parents first."""
    yield node
    for child in node.children():
        yield from walk(child)


def aggregates_of(formula: Node) -> list[Aggregate]:
    """Return the aggregates at the leaves of a formula (not those inside roll-ups), each structure once."""
    found: dict[object, Aggregate] = {}

    def visit(node: Node) -> None:
        if isinstance(node, Aggregate):
            found.setdefault(node.key, node)
            return
        for child in node.children():
            visit(child)

    visit(formula)
    return list(found.values())


def columns_of(node: Node) -> list[str]:
    """Return the names of the columns that a node reads, in order of first use."""
    return list(dict.fromkeys(n.name for n in walk(node) if isinstance(n, Col)))


def terms_of(condition: Expr | None) -> tuple[Expr, ...]:
    """Return a condition as the terms of a conjunction."""
    if condition is None:
        return ()
    return condition.terms if isinstance(condition, And) else (condition,)


def conjunction(*conditions: Expr | None) -> Expr | None:
    """Return the conjunction of the conditions that are there."""
    found: dict[object, Expr] = {}
    for condition in conditions:
        for term in terms_of(condition):
            found.setdefault(term.key, term)
    terms = tuple(found.values())
    return None if not terms else terms[0] if len(terms) == 1 else And(terms)


def rewrite(node: N, change: Callable[[Node], Node | None]) -> N:
    """Return a copy of the tree in which `change(node)` replaces each node it answers for, top down."""
    new = change(node)
    if new is not None:
        return cast("N", new)  # what stands in a node's place is of its kind
    parts: dict[str, object] = {}
    for field in attrs.fields(type(node)):
        if not field.init:
            continue
        old = getattr(node, field.name)
        if isinstance(old, Node):
            value = rewrite(old, change)
            if value is not old:
                parts[field.name] = value
        elif isinstance(old, tuple) and any(isinstance(v, Node) for v in old):
            values = tuple(rewrite(v, change) if isinstance(v, Node) else v for v in old)
            if any(a is not b for a, b in zip(values, old, strict=True)):
                parts[field.name] = values
    return attrs.evolve(node, **parts) if parts else node
