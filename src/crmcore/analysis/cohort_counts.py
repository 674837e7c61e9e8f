"""Counts of cohorts from plain arrays: who came in which period, and who came back in which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.operand import Operand, ratio
from ..table.column import Array
from .exact import Numbers, sums_by, whole_numbers

__all__ = ["Cohorts", "cohorts", "counted"]

_BLOCK = 1 << 18
"""Rows that are looked at together: what is computed on the way stays in the cache."""
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
        ArgumentError: arguments of different lengths, or periods that are no whole numbers from 0.

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
    return counted(codes, who, numbers.astype(np.int64), np.arange(count), count, sums, scale)


def _coded(labels: Sequence[Any] | Array) -> tuple[Array, int]:
    if isinstance(labels, np.ndarray) and labels.dtype != object:
        _, codes = np.unique(labels, return_inverse=True)
        return codes.reshape(-1), int(codes.max()) + 1 if codes.size else 0
    index: dict[Any, int] = {}
    found = np.array([index.setdefault(v, len(index)) for v in labels], np.int64)
    return found, len(index)


def counted(
    codes: Array, size: int, days: Array, period_of: Array, count: int, amounts: Array | None, scale: int
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
    """
    cells = _bought(codes, size, days, period_of, count)
    who, when = cells // max(count, 1), cells % max(count, 1)
    heads = np.flatnonzero(np.diff(who, prepend=-1))  # cells ascend, so a customer's first one is the first period
    first = np.full(size, count, np.int64)
    first[who[heads]] = when[heads]
    customers = np.bincount(first, minlength=count + 1)[:count]
    active = np.bincount(first[who] * count + when, minlength=count * count).reshape(count, count)
    value = None
    if amounts is not None:
        keys = np.empty(codes.size, np.int64)
        for a in range(0, codes.size, _BLOCK):
            part = slice(a, a + _BLOCK)
            keys[part] = first[codes[part]] * count + period_of[days[part]]
        value = sums_by(keys, amounts, count * count).reshape(count, count)
    return Cohorts(customers, active, value, scale)


def _bought(codes: Array, size: int, days: Array, period_of: Array, count: int) -> Array:
    """Return customer x count + period for each period a customer bought in, once and ascending."""
    if size * count > max(_BITMAP, codes.size):
        return np.unique(codes.astype(np.int64) * count + period_of[days])
    seen = np.zeros(size * count, bool)
    for a in range(0, codes.size, _BLOCK):
        part = slice(a, a + _BLOCK)
        seen[codes[part].astype(np.int64) * count + period_of[days[part]]] = True
    return np.flatnonzero(seen)
