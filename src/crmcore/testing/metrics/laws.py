"""Laws: what the formula of a metric promises, whatever the rows: how it grows, where it lies, what it is of nothing."""

from __future__ import annotations

from ...algebra.aggregates import Aggregate
from ...algebra.columns import Each
from ...algebra.formulas import Binary, Classify, Formula, Number, Positive, Ratio, Root, Share, Span, Unary, Window
from ...algebra.walk import columns_of, walk
from ...metric import Metric
from ...plan.parts import core_of, is_proportion
from ...units import unit
from .business import identifiers

__all__ = ["bounds_of", "grows", "money_of", "shares", "times_of"]


def shares(metric: Metric) -> bool:
    """Tell whether a metric looks at other groups than its own."""
    return any(isinstance(node, Share) for node in walk(metric.formula))


def bounds_of(metric: Metric) -> tuple[float, float] | None:
    """Return what a metric lies between by its formula: a count from 0 on, a proportion from 0 to 1; None of others."""
    core = core_of(metric.formula)
    if isinstance(core, Aggregate) and core.op in ("count", "distinct"):
        return 0.0, float("inf")
    return (0.0, 1.0) if is_proportion(core) else None


def money_of(metric: Metric) -> int:
    """Return the power of money that the metric's unit has."""
    return unit(metric.unit).dimension.money


def grows(metric: Metric) -> str | None:
    """Return the table whose rows can only raise the metric, a count of them; None of others."""
    core = core_of(metric.formula)
    counts = isinstance(core, Aggregate) and core.op in ("count", "distinct")
    rolled = any(isinstance(node, Each) for node in walk(core))
    return core.table if counts and not rolled else None  # type: ignore[attr-defined]


def times_of(node: Formula) -> int | None:
    """Return the power of 2 by which two equal businesses side by side are more than one; None where no law holds."""
    if isinstance(node, Number | Span):
        return 0
    if isinstance(node, Aggregate):
        return _times_of_rows(node)
    if isinstance(node, Window | Positive | Unary):
        return times_of(node.term)
    if isinstance(node, Ratio):
        above, below = times_of(node.numerator), times_of(node.denominator)
        return None if above is None or below is None else above - below
    if isinstance(node, Binary):
        left, right = times_of(node.left), times_of(node.right)
        if left is None or right is None:
            return None
        return left + right if node.op == "*" else left if left == right else None
    if isinstance(node, Root | Classify):
        return 0 if times_of(node.term) == 0 else None
    return None


def _times_of_rows(node: Aggregate) -> int | None:
    own = identifiers(node.table or "")
    rolled = [n for n in walk(node) if isinstance(n, Each)]
    if any(not set(columns_of(n.by)) & own or len(columns_of(n.by)) != 1 for n in rolled):
        return None  # what is rolled up by is no record, and is the same in both businesses
    if node.op in ("count", "total", "squares"):
        return 1
    if node.op == "distinct":
        return 1 if rolled or (node.expr is not None and set(columns_of(node.expr)) & own) else 0
    if node.op in ("smallest", "largest", "gini"):
        return 0
    return 0 if node.op == "quantile" and node.q is not None and 2 * node.q == 1 else None
