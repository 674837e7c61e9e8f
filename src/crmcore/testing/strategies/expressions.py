"""Column expressions that mean something: values of one dimension, keys of groups, conditions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...algebra import Expr, as_of, bins, coalesce, col, day, elapsed, period
from .records import days, instants
from .shapes import COMMON, SHAPES, WORDS, Shape, kinds_of

__all__ = ["conditions", "keys", "values"]


@cache
def values(table: str, kind: str) -> SearchStrategy[Expr]:
    """Return expressions of a table that measure `money`, a `number` or `time`."""
    shape = SHAPES[table]
    if table == "target" and kind != "time":  # what is shared out over days stands by itself (M8)
        return st.sampled_from(shape.money if kind == "money" else shape.numbers).map(col)
    numbers = _numbers(shape)
    if kind == "money":
        amounts = st.sampled_from(shape.money).map(col)
        factor = numbers if shape.numbers else st.sampled_from((2, Decimal("0.5"), -1))
        return (
            amounts
            | amounts
            | st.builds(lambda a, n: a * n, amounts, factor)
            | st.builds(lambda a, n: a / n, amounts, _divisors(shape))
            | st.builds(coalesce, amounts, amounts)
        )
    if kind == "number":
        return numbers
    moments = st.sampled_from(shape.dates).map(col)
    gone = st.builds(elapsed, moments, moments | st.just(as_of()))
    return gone | st.sampled_from(shape.durations).map(col) if shape.durations else gone


def _numbers(shape: Shape) -> SearchStrategy[Expr]:
    # a flag or a condition is a number once it is calculated with; by itself it compares with no number
    base = st.sampled_from(shape.words).map(lambda w: col(w).not_null() * Fraction(1))
    if shape.flags:
        base |= st.sampled_from(shape.flags).map(lambda f: col(f) * 1)
    if shape.numbers:
        base |= st.sampled_from(shape.numbers).map(col) | st.sampled_from(shape.numbers).map(col)
    return (
        base
        | st.builds(lambda a, b: a + b, base, base)
        | st.builds(lambda a: 2 - a * 3, base)
        | st.builds(lambda a, n: a / n, base, _divisors(shape))
    )


def _divisors(shape: Shape) -> SearchStrategy[Any]:
    """Return what a value can be divided by: whole numbers, also those of a column."""
    constants: SearchStrategy[Any] = st.sampled_from((3, 12, -7))
    return constants | st.sampled_from(shape.counts).map(col) if shape.counts else constants


@cache
def keys(table: str) -> SearchStrategy[str | Expr]:
    """Return what the rows of a table can be grouped by."""
    shape = SHAPES[table]
    cut: SearchStrategy[Any] = st.builds(lambda e: bins(e, [0, 1, 100]), values(table, kinds_of(table)[0]))
    moments = st.sampled_from(shape.dates)
    return (
        st.sampled_from(shape.words)
        | st.sampled_from(shape.words).map(lambda w: coalesce(col(w), "none"))
        | st.builds(period, moments, st.sampled_from(("month", "quarter", "fiscal_year")))
        | moments.map(day)
        | cut
    )


@cache
def conditions(table: str | None = None) -> SearchStrategy[Expr]:
    """Return conditions on the rows of a table, or ones that all tables have the columns for."""
    if table is None:
        return _worded(COMMON)
    shape = SHAPES[table]
    words, moments = st.sampled_from(shape.words).map(col), st.sampled_from(shape.dates).map(col)
    simple = [
        _worded(shape.words),
        _worded(shape.words),
        st.builds(lambda c: c.is_null(), words | moments),
        st.builds(_compared, moments, days() | instants(), st.sampled_from("<>=")),
        st.builds(_compared, moments, moments, st.sampled_from("<>=")),
        *(
            st.builds(
                _compared,
                values(table, kind),
                st.sampled_from((0, 1, 7, Decimal("2.50"), Fraction(1, 3))),
                st.sampled_from("<>="),
            )
            for kind in kinds_of(table)
        ),
    ]
    if shape.flags:
        simple.append(st.builds(lambda c, v: c == v, st.sampled_from(shape.flags).map(col), st.booleans()))
    return st.recursive(
        st.one_of(simple),
        lambda inner: (
            inner.map(lambda c: ~c)
            | st.builds(lambda a, b: a & b, inner, inner)
            | st.builds(lambda a, b: a | b, inner, inner)
        ),
        max_leaves=3,
    )


@cache
def _worded(columns: tuple[str, ...]) -> SearchStrategy[Expr]:
    """Return conditions on one of these columns of words, by words that it holds."""

    def of(column: str) -> SearchStrategy[Expr]:
        word = st.sampled_from(WORDS[column])
        some: SearchStrategy[list[Any]] = st.lists(word | st.none(), min_size=1, max_size=4) | st.just([])
        return (
            word.map(lambda w: col(column) == w)
            | word.map(lambda w: col(column) != w)
            | some.map(lambda ws: col(column).isin(ws))
        )

    return st.sampled_from(columns).flatmap(of)


def _compared(left: Expr, right: object, sign: str) -> Expr:
    if sign == "=":
        return left == right
    return left < right if sign == "<" else left >= right
