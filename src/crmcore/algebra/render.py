"""Expressions and formulas as text, the way a reader would write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import aggregates as a
from . import columns as c
from . import formulas as f
from .node import Node

__all__ = ["text"]


def text(node: Node) -> str:
    """Return the node as it would be written in Python."""
    for kind, write in _WRITERS:
        if isinstance(node, kind):
            return write(node)
    return f"{type(node).__name__}(...)"


def _wrapped(node: Node) -> str:
    inner = text(node)
    simple = isinstance(
        node, (c.Col, c.Literal, c.AsOf, c.Elapsed, c.Day, c.Each, c.Bins, c.Coalesce, c.PeriodOf, c.IsIn, c.IsNull)
    )
    simple = simple or isinstance(node, (a.Aggregate, f.Number, f.Span))
    return inner if simple else f"({inner})"


def _not(node: c.Not) -> str:
    if isinstance(node.term, c.Compare) and node.term.op == "==":
        return f"{_wrapped(node.term.left)} != {_wrapped(node.term.right)}"
    if isinstance(node.term, c.IsNull):
        return f"{_wrapped(node.term.term)} has a value"
    return f"not {_wrapped(node.term)}"


def _aggregate(node: a.Aggregate) -> str:
    parts = [] if node.expr is None else [text(node.expr)]
    if node.q is not None:
        parts.append(str(node.q))
    if node.where is not None:
        parts.append(("where " if parts else "") + text(node.where))
    name = "median" if node.op == "quantile" and node.q is not None and node.q * 2 == 1 else node.op
    if name == "median":
        parts = [p for p in parts if p != "1/2"]
    return f"{name}({', '.join(parts)})"


def _number(node: f.Number) -> str:
    return str(node.value)


def _window(node: f.Window) -> str:
    inner = text(node.term)
    if node.kind == "trailing":
        return f"{inner} over trailing {node.n} {node.unit}{'s' if node.n > 1 else ''}"
    if node.kind == "to_date":
        return f"{inner} {node.unit} to date"
    if node.kind == "current":
        return f"{inner} now"
    return f"{inner} {node.n} {node.unit}{'s' if node.n > 1 else ''} earlier"


_WRITERS: tuple[tuple[type[Node], Callable[[Any], str]], ...] = (
    (c.Col, lambda n: n.name),
    (c.Literal, lambda n: repr(n.value) if isinstance(n.value, str) else str(n.value)),
    (c.AsOf, lambda _: "as_of"),
    (c.Compare, lambda n: f"{_wrapped(n.left)} {n.op} {_wrapped(n.right)}"),
    (c.IsIn, lambda n: f"{_wrapped(n.term)} in ({', '.join(map(repr, n.values))})"),
    (c.IsNull, lambda n: f"{_wrapped(n.term)} is blank"),
    (c.And, lambda n: " and ".join(map(_wrapped, n.terms))),
    (c.Or, lambda n: " or ".join(map(_wrapped, n.terms))),
    (c.Not, _not),
    (c.Maybe, lambda n: f"{n.term.name} if there"),
    (c.Coalesce, lambda n: f"coalesce({', '.join(map(text, n.terms))})"),
    (c.Arithmetic, lambda n: f"{_wrapped(n.left)} {n.op} {_wrapped(n.right)}"),
    (c.Elapsed, lambda n: f"time from {text(n.start)} to {text(n.end)}"),
    (c.Day, lambda n: f"day of {text(n.term)}"),
    (c.PeriodOf, lambda n: f"{n.grain} of {text(n.term)}"),
    (c.Bins, lambda n: f"class of {text(n.term)} cut at {', '.join(map(str, n.edges))}"),
    (c.Each, lambda n: f"each {text(n.by)}: {text(n.formula)}"),
    (a.Aggregate, _aggregate),
    (f.Number, _number),
    (
        f.Binary,
        lambda n: (
            f"{n.op}({text(n.left)}, {text(n.right)})"
            if n.op in ("min", "max")
            else f"{_wrapped(n.left)} {n.op} {_wrapped(n.right)}"
        ),
    ),
    (f.Unary, lambda n: {"neg": "-{}", "abs": "|{}|"}[n.op].format(_wrapped(n.term))),
    (f.Root, lambda n: f"sqrt({_wrapped(n.term)})" if n.n == 2 else f"root({text(n.term)}, {n.n})"),
    (f.Ratio, lambda n: f"{_wrapped(n.numerator)} / {_wrapped(n.denominator)}"),
    (f.Positive, lambda n: f"{_wrapped(n.term)} [undefined: {n.reason}]"),
    (f.Share, lambda n: f"share of total of {_wrapped(n.term)}"),
    (f.Window, _window),
    (f.Span, lambda n: {"length": "days in period", "elapsed": "days elapsed", "remaining": "days remaining"}[n.kind]),
    (f.Classify, lambda n: f"class of {_wrapped(n.term)}"),
)
