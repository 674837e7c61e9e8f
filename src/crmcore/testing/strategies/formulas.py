"""Aggregates, formulas and metrics whose units fit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from ...algebra import (
    Aggregate,
    Expr,
    Formula,
    absolute,
    classify,
    col,
    count,
    distinct,
    each,
    gini,
    greatest,
    largest,
    least,
    mean,
    median,
    number,
    positive,
    quantile,
    root,
    smallest,
    span,
    square_root,
    squares,
    top_share,
    total,
    weighted_mean,
    weighted_total,
)
from ...algebra.walk import aggregates_of
from ...metric import Metric
from .expressions import conditions, values
from .shapes import SHAPES, kinds_of

__all__ = ["SCORED", "aggregates", "formulas", "metrics", "scored_metrics"]

SCORED = ("lead", "opportunity")
"""The tables that may have a score."""

_QUANTILES = tuple(map(Fraction, ("1/2", "9/10", "1/3", "1/4", "0", "1", "19/20")))
_WINDOW_UNITS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_period")


@st.composite
def aggregates(draw: DrawFn, table: str, kind: str = "number") -> Aggregate:
    """Return an aggregate of a table that measures `money`, a `number` or `time`, with any anchor of the table."""
    where = draw(_maybe_where(table))
    given: dict[str, Any] = {"where": where, "table": table, "at": draw(st.sampled_from(SHAPES[table].anchors))}
    expr = draw(values(table, kind))
    if table == "target":
        return total(expr, **given)
    if kind == "number" and draw(st.booleans()):
        return draw(_counts(table, given))
    if draw(st.integers(0, 4)) == 0:
        return draw(_rolled_up(table, expr, given))
    if kind == "number" and draw(st.integers(0, 5)) == 0:
        return squares(expr, **given)
    if draw(st.integers(0, 2)) == 0:
        method = draw(st.sampled_from(("linear", "linear", "discrete")))
        return quantile(expr, draw(st.sampled_from(_QUANTILES)), method=method, **given)
    return draw(st.sampled_from((total, total, total, smallest, largest)))(expr, **given)


@cache
def _maybe_where(table: str) -> SearchStrategy[Expr | None]:
    return st.none() | st.none() | conditions(table)


@st.composite
def _rolled_up(draw: DrawFn, table: str, expr: Expr, given: dict[str, Any]) -> Aggregate:
    """Return an aggregate over what entities have: a sum, a mean, or its change since last month."""
    make = draw(st.sampled_from((total, total, largest, mean)))
    inner: Formula = make(expr, **given)
    if draw(st.integers(0, 3)) == 0:
        inner = inner.difference("month")
    entities = each(draw(st.sampled_from(SHAPES[table].words)), inner)
    # a mean is a float: its ranks are exact, its sums are not
    pick = (smallest, largest, median) if make is mean else (smallest, largest, median, total, total, total)
    return draw(st.sampled_from(pick))(entities, table=table, at=given["at"])


def _counts(table: str, given: dict[str, Any]) -> SearchStrategy[Aggregate]:
    """Return aggregates that are plain numbers whatever they look at."""
    words = st.sampled_from(SHAPES[table].words)
    value = st.sampled_from(kinds_of(table)).flatmap(lambda kind: values(table, kind))
    outer = {"table": table, "at": given["at"]}
    rolled = st.builds(lambda w, v: each(w, total(v, **given)), words, value)
    counted = words.map(lambda w: each(w, count(**given)))
    reduced = (
        st.builds(lambda e, n: count(e >= n, **outer), counted | rolled, st.sampled_from((0, 1, 2, 100)))
        | st.builds(lambda w: count(each(w, count(**given) / count(**outer)) >= Fraction(1, 2), **outer), words)
        | st.builds(lambda e, q: top_share(e, q, **outer), counted | rolled, st.sampled_from(("0.2", "0.5", "1")))
        | (counted | rolled).map(lambda e: gini(e, **outer))
    )
    plain = st.builds(lambda: count(**given)) | value.map(lambda v: count(v, **given))
    return st.one_of(plain, (words | value).map(lambda v: distinct(v, **given)), reduced)


def formulas(tables: Sequence[str], kind: str = "number", *, depth: int = 2) -> SearchStrategy[Formula]:
    """Return formulas over aggregates of these tables that measure `money`, a `number` or `time`."""
    return _formulas(tuple(tables), kind, depth)


@cache
def _formulas(tables: tuple[str, ...], kind: str, depth: int) -> SearchStrategy[Formula]:
    if depth == 0:
        return _leaves(tables, kind)
    inner, less = _formulas(tables, kind, depth - 1), _formulas(tables, "number", depth - 1)
    n = st.integers(1, 3)
    unit = st.sampled_from(_WINDOW_UNITS)
    same = [
        _leaves(tables, kind),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(least, inner, inner),
        st.builds(greatest, inner, inner),
        inner.map(lambda f: -f),
        inner.map(absolute),
        st.builds(lambda f, g: f * g, inner, less),
        st.builds(lambda f, g: f / g, inner, less),
        inner.map(lambda f: positive(f, "not above zero")),
        st.builds(lambda f, n, u: f.trailing(n, u), inner, n | st.integers(1, 90), st.just("day")),
        st.builds(lambda f, n, u: f.trailing(n, u), inner, n, unit),
        st.builds(lambda f, u: f.to_date(u), inner, unit),
        st.builds(lambda f, u, n: f.previous(u, n), inner, unit, n),
        st.builds(lambda f, u: f.difference(u), inner, unit),
    ]
    if kind != "number":
        return st.one_of(same)
    other = _kinds(tables).flatmap(lambda k: _formulas(tables, k, depth - 1))
    ratio = _kinds(tables).flatmap(lambda k: _ratios(tables, k))
    same += [
        ratio,
        ratio,
        other.map(lambda f: f.share()),
        st.builds(lambda f, u: f.change(u), other, unit),
        less.map(square_root),
        less.map(lambda f: root(f, 3)),
        st.just(span("elapsed") / span("length")),
        st.sampled_from((number(2), number(Decimal("0.3")))),
    ]
    return st.one_of(same)


@cache
def _ratios(tables: tuple[str, ...], kind: str) -> SearchStrategy[Formula]:
    return st.builds(lambda a, b: a / b, _leaves(tables, kind), _leaves(tables, kind))


@cache
def _kinds(tables: tuple[str, ...]) -> SearchStrategy[str]:
    return st.sampled_from([k for k in ("money", "number", "time") if all(k in kinds_of(t) for t in tables)])


@st.composite
def _leaves(draw: DrawFn, tables: tuple[str, ...], kind: str) -> Formula:
    """Return an aggregate, or a mean."""
    table = draw(st.sampled_from([t for t in tables if kind in kinds_of(t)]))
    if table == "target" or draw(st.integers(0, 3)):
        plain: Formula = draw(aggregates(table, kind))
        return plain
    given: dict[str, Any] = {"table": table, "at": draw(st.sampled_from(SHAPES[table].anchors))}
    expr = draw(values(table, kind))
    if kind != "money" or not SHAPES[table].numbers:
        return mean(expr, where=draw(_maybe_where(table)), **given)
    weighted = draw(st.sampled_from((weighted_total, weighted_mean)))
    return weighted(draw(st.sampled_from(SHAPES[table].money)), draw(st.sampled_from(SHAPES[table].numbers)), **given)


@st.composite
def metrics(draw: DrawFn, tables: Sequence[str], name: str = "metric") -> Metric:
    """Return a metric over these tables, in a unit that fits what it measures."""
    own = tuple(tables)
    kind = draw(_kinds(own))
    unit = draw(st.sampled_from({"money": ("money",), "number": ("ratio", "number"), "time": ("days", "hours")}[kind]))
    # a leaf first: a formula of constants and spans alone is no metric
    formula = draw(_leaves(own, kind) | formulas(own, kind))
    if not aggregates_of(formula):
        formula = formula + draw(_leaves(own, kind))
    if kind == "number" and draw(st.integers(0, 7)) == 0:
        return Metric(name, classify(formula, [0, Fraction(1, 2)], ["red", "yellow", "green"]), unit="label")
    return Metric(name, formula, unit=unit)


@st.composite
def scored_metrics(draw: DrawFn, table: str, name: str = "score") -> Metric:
    """Return a metric over the scores of a table, which are floats."""
    given: dict[str, Any] = {"where": draw(_maybe_where(table)), "table": table, "at": "created_at"}
    expr = draw(st.sampled_from((col("score"), col("score") * 3, col("score") + col("score"))))
    q = draw(st.sampled_from(_QUANTILES))
    formula: Formula = draw(
        st.sampled_from((total(expr, **given), mean(expr, **given), quantile(expr, q, **given), largest(expr, **given)))
    )
    return Metric(name, formula, unit="score")
