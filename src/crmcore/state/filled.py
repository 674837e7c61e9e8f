"""A formula with the numbers of one row in the place of its aggregates."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ..algebra.aggregates import Aggregate
from ..algebra.formulas import Binary, Classify, Formula, Number, Positive, Ratio, Root, Share, Span, Unary, Window
from ..plan.frames import Chain

__all__ = ["fill", "leaves_within"]


def leaves_within(formula: Formula) -> list[Formula]:
    """Return the parts of a formula that get a number of their own: aggregates with their windows, shares and spans."""
    found: dict[object, Formula] = {}

    def note(leaf: Formula) -> str:
        found.setdefault(leaf.key, leaf)
        return ""

    fill(formula, note)
    return list(found.values())


def fill(formula: Formula, number: Callable[[Formula], str]) -> str:
    """Return the text of a formula with `number(leaf)` for each of its leaves.

    A share stands as one number, since its divisor belongs to all groups.
    """
    return _fill(formula, (), number)


def _fill(node: Formula, chain: Chain, number: Callable[[Formula], str]) -> str:
    def inner(child: Formula) -> str:
        text = _fill(child, chain, number)
        return f"({text})" if _compound(child) else text

    if isinstance(node, (Aggregate, Share, Span)):
        return number(_windowed(node, chain))
    if isinstance(node, Window):
        return _fill(node.term, (*chain, node), number)
    if isinstance(node, Number):
        return str(node.value)
    if isinstance(node, Ratio):
        return f"{inner(node.numerator)} / {inner(node.denominator)}"
    if isinstance(node, Binary):
        if node.op in ("min", "max"):
            return f"{node.op}({_fill(node.left, chain, number)}, {_fill(node.right, chain, number)})"
        return f"{inner(node.left)} {node.op} {inner(node.right)}"
    if isinstance(node, Unary):
        if node.op == "neg":
            return f"-{inner(node.term)}"
        term = _fill(node.term, chain, number)
        return f"|{term}|"
    if isinstance(node, Root):
        term = _fill(node.term, chain, number)
        return f"sqrt({term})" if node.n == 2 else f"root({term}, {node.n})"
    if isinstance(node, (Positive, Classify)):
        return _fill(node.term, chain, number)
    raise AssertionError(f"{node!r} has no text")


def _compound(node: Formula) -> bool:
    if isinstance(node, (Window, Positive, Classify)):
        return _compound(node.term)
    return isinstance(node, Ratio) or (isinstance(node, (Binary, Unary)) and node.op in ("+", "-", "*", "neg"))


def _windowed(leaf: Formula, chain: Chain) -> Formula:
    for window in reversed(chain):
        leaf = attrs.evolve(window, term=leaf)
    return leaf
