"""Counts of cohorts from plain arrays: who came in which period, and who came back in which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import isnan
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.operand import Operand, ratio
from ..state.sums import sums_by
from ..table.column import Array
from .exact import Numbers, whole_numbers

__all__ = ["MOST", "Cohorts", "cohorts", "counted"]

_BLOCK = 1 << 18
"""Rows that are looked at together: what is computed on the way stays in the cache."""
MOST = 5_000
"""Periods that a table of cohorts has at most: each of them has a row and a column."""
_BITMAP = 1 << 28
"""Cells of customers x periods up to which a table of bits tells who bought when."""


@attrs.frozen(slots=True, eq=False)
class Cohorts:
    """What the customers of each cohort did in each period, both numbered from 0.

    Args:
        customers: how many bought for the first time in each period.
        active: cohort x period; how many of them bought in it, 0 before the cohort's own.
        value: cohort x period; whole numbers, the amounts of these purchases x `scale`; None where none were given.
    """

    customers: Array
    active: Array
    value: Array | None
    scale: int = 1

    @property
    def retention(self) -> Array:
        """Share of each cohort active in each period, cohort x period; nan before the cohort's own and for none (R2)."""
        shares = ratio(Operand(self.active), Operand(np.broadcast_to(self.customers[:, None], self.active.shape)))
        defined = np.triu(np.ones(self.active.shape, bool)) & (self.customers[:, None] > 0)
        return np.where(defined, shares.data, np.nan)


def cohorts(
    customers: Sequence[Any] | Array, periods: Sequence[int] | Array, amounts: Numbers | None = None
) -> Cohorts:
    """Count the customers of each cohort who bought in each period.

    A customer belongs to the period of the first purchase; who buys several times in a period counts once.

    Args:
        customers: who bought, one per purchase; numbers or text.
        periods: number of the period of each purchase, from 0, such as months since the first one.
        amounts: of each purchase; none blank.

    Returns: tables of cohort x period, up to the last period with a purchase.

    Raises:
        ArgumentError: arguments of different lengths, a blank customer, or periods that are no whole numbers from 0 and
            below 5,000.

    Rules: R2, Q2, Q3.

    Examples:
        >>> found = cohorts(["a", "b", "a", "c", "b", "b"], [0, 0, 1, 1, 2, 2])
        >>> found.customers.tolist(), found.active.tolist()
        ([2, 1, 0], [[2, 1, 1], [0, 1, 0], [0, 0, 0]])
    """
    numbers = np.asarray(periods)
    if numbers.size == 0:
        numbers = numbers.astype(np.int64)
    if numbers.dtype.kind not in "iu" or (numbers.size and int(numbers.min()) < 0):
        raise ArgumentError("periods are whole numbers from 0, such as months since the first one")
    codes, who = _coded(customers)
    sums, scale = (None, 1) if amounts is None else whole_numbers(amounts, "amounts")
    if codes.size != numbers.size or (sums is not None and sums.size != numbers.size):
        raise ArgumentError(
            f"customers, periods and amounts are one per purchase, got {codes.size} customers and {numbers.size} periods"
            + ("" if sums is None else f" and {sums.size} amounts")
        )
    count = int(numbers.max()) + 1 if numbers.size else 0
    if count > MOST:
        raise ArgumentError(
            f"cohorts are a table of at most {MOST:,} periods, got period {count - 1:,}; take longer ones"
        )
    return counted(codes, who, numbers.astype(np.int64), np.arange(count), count, sums, scale)


def _coded(labels: Sequence[Any] | Array) -> tuple[Array, int]:
    listed = labels.tolist() if isinstance(labels, np.ndarray) and labels.dtype.kind in "fO" else labels
    for place, label in enumerate(listed if not isinstance(listed, np.ndarray) else ()):
        if label is None or (isinstance(label, float) and isnan(label)):
            raise ArgumentError(f"customers[{place}] is {label!r}; leave out purchases of nobody (M3)")
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        _, codes = np.unique(labels, return_inverse=True)
        return codes.reshape(-1), int(codes.max()) + 1 if codes.size else 0
    index: dict[Any, int] = {}
    found = np.array([index.setdefault(v, len(index)) for v in labels], np.int64)
    return found, len(index)


def counted(
    codes: Array,
    size: int,
    days: Array,
    period_of: Array,
    count: int,
    amounts: Array | None,
    scale: int,
    bound: int | None = None,
) -> Cohorts:
    """Count cohorts from codes of customers and places in a table of periods.

    Args:
        codes: customer of each row, below `size`.
        size: number of codes.
        days: place of each row in `period_of`.
        period_of: number of the period, below `count`.
        count: number of periods.
        amounts: whole numbers, one per row, 0 where blank.
        scale: of the amounts.
        bound: no sum of |amounts| is larger; looked for where it is not known.
    """
    periods = period_of.astype(np.min_scalar_type(-(count * count + 1)))[days]
    first = np.full(size, count, periods.dtype)
    active = np.zeros((count, count), np.int64)
    for period, who in enumerate(_buyers(codes, size, periods, count)):
        cohort = first[who]
        new = cohort == count
        first[who[new]] = period
        cohort[new] = period
        active[:, period] = np.bincount(cohort, minlength=count)
    value = None
    if amounts is not None:
        rows = first * count  # where the row of a customer's cohort starts in the table
        keys = np.empty(codes.size, periods.dtype)
        for a in range(0, codes.size, _BLOCK):
            part = slice(a, a + _BLOCK)
            np.add(rows[codes[part]], periods[part], out=keys[part])
        value = sums_by(keys, amounts, count * count, bound).reshape(count, count)
    return Cohorts(np.diagonal(active).copy(), active, value, scale)


def _buyers(codes: Array, size: int, periods: Array, count: int) -> Iterator[Array]:
    """Yield the customers who bought in each period, once each and ascending."""
    if size * count > max(_BITMAP, codes.size):
        cells = np.unique(periods.astype(np.int64) * size + codes)
        ends = np.searchsorted(cells, np.arange(1, count + 1) * size)
        for period, (a, b) in enumerate(pairwise([0, *ends.tolist()])):
            yield cells[a:b] - period * size
        return
    # rows often come in the order of time: a period's row of the table then stays in the cache
    seen = np.zeros((count, size), bool)
    flat = seen.reshape(-1)
    for a in range(0, codes.size, _BLOCK):
        part = slice(a, a + _BLOCK)
        flat[periods[part].astype(np.int64) * size + codes[part]] = True
    for row in seen:
        yield np.flatnonzero(row)
