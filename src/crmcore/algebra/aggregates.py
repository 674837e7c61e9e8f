"""Aggregates: the closed set of mergeable reductions an engine computes.

The state of `count`, `total` and `squares` is one number per group; that of `quantile`, `distinct`,
`smallest` and `largest` one number per group and value (how often the value occurs). Both merge
by addition, so that order and partition cannot matter. An aggregate over `each(...)` has one
number per group and entity as its state.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import attrs

from ..errors import DefinitionError
from .columns import And, Compare, Expr, IsIn, IsNull, Not, Or, _flat, col, lit
from .formulas import Formula, Ratio

__all__ = [
    "OPS",
    "STOCK",
    "Aggregate",
    "count",
    "distinct",
    "gini",
    "largest",
    "mean",
    "median",
    "quantile",
    "smallest",
    "squares",
    "top_share",
    "total",
    "weighted_mean",
    "weighted_total",
]

OPS = ("count", "total", "squares", "smallest", "largest", "distinct", "quantile", "top_share", "gini")
STOCK = "stock"
"""The anchor of an aggregate that measures what exists at an instant (T4)."""


@attrs.frozen(eq=False, repr=False)
class Aggregate(Formula):
    """One reduction over the rows of one table.

    `at` is the date column a row counts at (a flow), or `STOCK`; `table` and `at` may be left to the metric.
    """

    op: str
    expr: Expr | None = None
    where: Expr | None = None
    table: str | None = None
    at: str | None = None
    q: Fraction | None = None
    method: str = "linear"

    def also(self, condition: Expr | None) -> Aggregate:
        """Return this aggregate with one more condition."""
        if condition is None:
            return self
        where = condition if self.where is None else And(_flat(And, (self.where, condition)))
        return attrs.evolve(self, where=where)


def _value(expr: Expr | str) -> Expr:
    return col(expr) if isinstance(expr, str) else lit(expr)


def _is_condition(expr: Expr) -> bool:
    return isinstance(expr, (Compare, IsIn, IsNull, And, Or, Not))


def count(
    condition: Expr | str | None = None, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the number of rows for which `condition` holds; of a value, the rows that have one.

    Undefined when: never; over no row it is 0 (R2).
    """
    if condition is None:
        return Aggregate("count", None, where, table, at)
    expr = _value(condition)
    if _is_condition(expr):
        return Aggregate("count", None, None, table, at).also(expr).also(where)
    return Aggregate("count", expr, where, table, at)


def total(expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None) -> Aggregate:
    """Return the sum of a value; blanks are left out (M3), over no row it is 0 (R2)."""
    return Aggregate("total", _value(expr), where, table, at)


def squares(
    expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the sum of squares of a value, the third number that a variance needs."""
    return Aggregate("squares", _value(expr), where, table, at)


def weighted_total(
    expr: Expr | str, weight: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the sum of value x weight per row (M4); rows that lack either are left out."""
    return Aggregate("total", _value(expr) * _value(weight), where, table, at)


def mean(expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None) -> Formula:
    """Return total / number of rows that have a value; undefined over none (R2)."""
    return Ratio(total(expr, where=where, table=table, at=at), Aggregate("count", _value(expr), where, table, at))


def weighted_mean(
    expr: Expr | str, weight: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Formula:
    """Return sum(value x weight) / sum(weight) over the rows that have both."""
    both = Not(IsNull(_value(expr)))
    return Ratio(
        weighted_total(expr, weight, where=where, table=table, at=at),
        total(weight, where=where, table=table, at=at).also(both),
    )


def smallest(
    expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the smallest value; undefined over none (R2)."""
    return Aggregate("smallest", _value(expr), where, table, at)


def largest(
    expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the largest value; undefined over none (R2)."""
    return Aggregate("largest", _value(expr), where, table, at)


def distinct(
    expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the number of different values, exactly; blanks are left out (Q2)."""
    return Aggregate("distinct", _value(expr), where, table, at)


def quantile(
    expr: Expr | str,
    q: Fraction | Decimal | str | int,
    *,
    method: str = "linear",
    where: Expr | None = None,
    table: str | None = None,
    at: str | None = None,
) -> Aggregate:
    """Return the exact `q` quantile; undefined over none (Q1, R2).

    Args:
        expr: a value per row; text names a column. Blanks are left out.
        q: between 0 and 1, as a fraction: `Fraction(9, 10)`, `Decimal("0.9")` or `"0.9"`.
        method: "linear" (type 7, interpolated) or "discrete" (type 1, always a value of the data).
        where: a condition on the rows.
        table: the table it reads; by default the metric's.
        at: the date column at which a row counts, or `STOCK`; by default the metric's anchor.
    """
    if isinstance(q, float):
        raise DefinitionError(f"q = {q!r} is a float; write Fraction(9, 10) or '0.9', since 0.9 has no exact float")
    share = Fraction(q)
    if not 0 <= share <= 1:
        raise DefinitionError(f"a quantile lies between 0 and 1, got {q!r}")
    if method not in ("linear", "discrete"):
        raise DefinitionError(f"method is 'linear' or 'discrete', got {method!r}")
    return Aggregate("quantile", _value(expr), where, table, at, share, method)


def median(
    expr: Expr | str, *, where: Expr | None = None, table: str | None = None, at: str | None = None
) -> Aggregate:
    """Return the exact median; undefined over none (Q1, R2)."""
    return quantile(expr, Fraction(1, 2), where=where, table=table, at=at)


def top_share(
    values: Expr,
    q: Fraction | Decimal | str,
    *,
    where: Expr | None = None,
    table: str | None = None,
    at: str | None = None,
) -> Aggregate:
    """Return the share of the total held by the top `q` of entities (at least one), of `each(...)` values."""
    return attrs.evolve(quantile(values, q, where=where, table=table, at=at), op="top_share")


def gini(values: Expr, *, where: Expr | None = None, table: str | None = None, at: str | None = None) -> Aggregate:
    """Return the Gini coefficient of `each(...)` values: sum of (2i - n - 1) x_i / (n x sum), x ascending."""
    return Aggregate("gini", _value(values), where, table, at)
