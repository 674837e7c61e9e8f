"""Hold a result against the expected one.

Every number stands for an integer over an integer, and is compared as such: value x denominator, rounded, must be the
numerator. That makes counts, sums, medians and quantiles exact, and means exact through their sums, whatever order a
library adds its floats in. Where the numerator is too large for float64 to carry it (microseconds summed over a million
rows), the value may be off by ULPS units in the last place. `strict` asks for more: the correctly rounded quotient.
"""

from __future__ import annotations

import numpy as np
from attrs import frozen

from benchmarks.data import Array
from benchmarks.reference import Exact, Expected
from benchmarks.variant import KEYS, VALUES, Columns

ULPS = 8.0
_CARRIED = 2**50


class Disagreement(AssertionError):
    """A side gave another number than the reference."""


@frozen
class Agreement:
    """Say how far from correctly rounded a result is, at worst, in units in the last place."""

    who: str
    column: str
    ulps: float


def _fail(who: str, column: str, where: str, got: object, want: object) -> None:
    raise Disagreement(f"{who}: {column!r} {where} is {got!r}, expected {want!r}")


def _ordered(who: str, query: str, columns: Columns) -> Columns:
    """Sort by the keys and prove that all columns are there, one row per group."""
    wanted = (*KEYS[query], *VALUES[query])
    if missing := [name for name in wanted if name not in columns]:
        raise Disagreement(f"{who}: {query} lacks the columns {missing}; it has {sorted(columns)}")
    made = {name: np.atleast_1d(np.ma.filled(columns[name], 0)) for name in wanted}
    if len({column.size for column in made.values()}) != 1:
        raise Disagreement(f"{who}: {query} has columns of different lengths")
    if KEYS[query]:
        order = np.lexsort(tuple(made[name] for name in reversed(KEYS[query])))
        made = {name: column[order] for name, column in made.items()}
    return made


def _distance(got: Array, want: Array) -> Array:
    with np.errstate(invalid="ignore", over="ignore"):
        ulps: Array = np.abs(got - want) / np.spacing(np.abs(want))
    ulps[np.isnan(want)] = 0.0
    return ulps


def _wrong(got: Array, exact: Exact, want: Array, scale: int, strict: bool) -> Array:
    """Mark the rows whose value is not the expected integer ratio; x / 0 may be inf in a library."""
    factor = scale if exact.money else 1
    undefined = exact.den == 0
    with np.errstate(invalid="ignore", over="ignore"):
        back = np.rint(got * (factor * exact.den))
        ratio = np.where(np.abs(exact.num) < _CARRIED, back == exact.num, _distance(got, want) <= ULPS)
    return np.where(undefined, ~np.isnan(got) if strict else np.isfinite(got), ~ratio)


def check(
    who: str, query: str, columns: Columns, expected: Expected, *, strict: bool = False, money_scale: int = 1
) -> Agreement:
    """Raise where a result differs from the expected one, else say how close it came.

    Args:
        who: whose result it is, for the message.
        query: Q1, Q2, Q4 or Q6.
        columns: the canonical result, rows in any order.
        expected: what `reference.expected` gave for the query.
        strict: ask for correctly rounded quotients in every column that is one division.
        money_scale: minor units per presented unit of money: 1, or 100 where money comes in major units.

    Raises:
        Disagreement: naming the column, the group, the value and what was expected.
    """
    made = _ordered(who, query, columns)
    for name, key in expected.keys.items():
        if made[name].shape != key.shape or not (made[name] == key).all():
            _fail(who, name, f"of {query}", f"{made[name].size} groups", f"{key.size} groups, or others")
    worst = Agreement(who, "", 0.0)
    for name, exact in expected.columns.items():
        got, want = made[name].astype(np.float64), exact.rounded(money_scale)
        bad = _wrong(got, exact, want, money_scale, strict)
        ulps = _distance(got, want)
        if strict and not exact.steps:
            bad = bad | (ulps > 0)
        if bad.any():
            at = int(np.argmax(bad))
            group = ", ".join(f"{key}={expected.keys[key][at]}" for key in expected.keys)
            _fail(who, name, f"of {query} ({group})", float(got[at]), float(want[at]))
        if float(ulps.max(initial=0.0)) > worst.ulps:
            worst = Agreement(who, f"{query} {name}", float(ulps.max()))
    return worst
