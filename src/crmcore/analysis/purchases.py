"""Purchases: who bought when, in which order, for how much - the order lines that name a customer and a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..algebra.columns import Expr, col
from ..errors import ArgumentError, TableNotFound
from ..state.listing import Fact
from ..table.column import Array, Column
from .tiles import label_order

if TYPE_CHECKING:
    from .view import Rows, View

__all__ = ["Purchases", "distinct_by", "purchases", "unpriced"]

LINES = "order_line"
_BLOCK = 1 << 18
"""Rows that are looked at together: what is computed on the way stays in the cache."""


@attrs.frozen(slots=True, eq=False)
class Purchases:
    """Order lines that have a customer and a date.

    Args:
        customer: code of the customer of each line; `labels[code]` is who, an array of objects.
        sorted: the codes in the order of their labels, numbers before text.
        days: local day of each line (T1).
        span: the first and the last of these days; 0, 0 where there is none.
        places: which rows of `rows` they are; None for all.
        facts: how many lines were left out, by reason.
    """

    rows: Rows
    customer: Array
    labels: Array
    sorted: Array
    days: Array
    span: tuple[int, int]
    places: Array | None
    facts: tuple[Fact, ...]

    def __len__(self) -> int:
        return int(self.customer.size)

    def amounts(self, value: str | Expr) -> Column:
        """Return the amounts of the lines; all of one currency (M2).

        Raises:
            ArgumentError: a column of another kind, or of inexact numbers.
        """
        column = self._taken(self.rows.amounts(value))
        if column.kind not in ("money", "number", "count"):
            raise ArgumentError(f"value={value!r} holds {column.kind}, not amounts")
        return column

    def codes(self, expr: str | Expr) -> tuple[Array, int]:
        """Return a column as codes below the second number; 0 is blank."""
        column = self.rows.values(expr)
        if column.kind in ("day", "count", "id") and column.data.dtype != object and len(column):
            low, high = column.bounds
            if high - low < 4 * len(column):
                codes = np.where(column.present(), column.data.astype(np.int64) - low + 1, 0)
                return self._array(codes), high - low + 2
        key = column if column.kind == "key" else self.rows.key(expr)
        return self._array(key.data), len(key.labels)

    def customers(self) -> Array:
        """Return the codes of the customers in the order of their labels, numbers before text."""
        there = np.zeros(len(self.labels), bool)
        there[self.customer] = True
        found: Array = self.sorted[there[self.sorted]]
        return found

    def _taken(self, column: Column) -> Column:
        return column if self.places is None else column.take(self.places)

    def _array(self, data: Array) -> Array:
        return data if self.places is None else data[self.places]


def purchases(view: View, customer: str | Expr = "account") -> Purchases:
    """Return the order lines of a view that have a customer and a date.

    Args:
        view: with a table of order lines.
        customer: who buys: a column or expression.

    Raises:
        TableNotFound: there is no table of order lines.
    """
    if LINES not in view:
        raise TableNotFound(LINES, view.scope.tables, where="in the dataset")
    rows = view.rows(LINES, at="at")
    key, days = rows.key(customer), rows.days("at")
    past = view.undated(LINES).key(customer)
    dated = np.count_nonzero(days.present()[key.data != 0]) if key.nulls else len(days) - days.nulls
    facts = (
        Fact("lines", dated, "count", {"en": "Order lines", "zh": "订单行"}),
        Fact(
            "lines_without_customer",
            key.nulls + past.nulls,
            "count",
            {"en": "Lines without a customer, left out", "zh": "无客户订单行（未计入）"},
            quiet=True,
        ),
        Fact(
            "lines_without_date",
            len(key) - key.nulls - dated + len(past) - past.nulls,
            "count",
            {"en": "Lines without a date, left out", "zh": "无日期订单行（未计入）"},
            quiet=True,
        ),
    )
    name = col(customer).key if isinstance(customer, str) else customer.key
    labels, ordered = rows.table.kept(("sorted labels", name), lambda: _sorted(key))
    if dated == len(key):
        return Purchases(rows, key.data, labels, ordered, days.data, days.bounds, None, facts)
    places = np.flatnonzero(key.present() & days.present())
    days = days.take(places)
    return Purchases(rows, key.data[places], labels, ordered, days.data, days.bounds, places, facts)


def _sorted(key: Column) -> tuple[Array, Array]:
    """Return the labels of a key, and the codes in their order without that of blank."""
    labels = np.empty(len(key.labels), object)
    labels[:] = key.labels
    return labels, np.argsort(label_order(labels[1:])) + 1


def unpriced(amounts: Column) -> Fact:
    """Return how many lines have no amount (M3)."""
    return Fact(
        "lines_without_amount",
        amounts.nulls,
        "count",
        {"en": "Lines without an amount", "zh": "无金额订单行"},
        quiet=True,
    )


def distinct_by(keys: Array, codes: Array, size: int, room: int) -> Array:
    """Return how many different codes each key 0 .. size - 1 has; code 0 is blank and does not count (Q2).

    Args:
        keys: one per row.
        codes: one per row, below `room`.
        size: number of keys.
        room: number of codes.
    """
    # most codes belong to one key, and whichever is noted here; these pairs are counted without a sort
    holder: Array = np.full(room, -1, np.int32 if size <= 1 << 31 else np.int64)
    holder[codes] = keys
    held = holder[1:]
    found = np.bincount(held[held >= 0], minlength=size)
    others = [np.zeros(0, np.int64)]
    for a in range(0, codes.size, _BLOCK):
        part = slice(a, a + _BLOCK)
        others.append(a + np.flatnonzero(holder[codes[part]] != keys[part]))
    rest = np.concatenate(others)
    rest = rest[codes[rest] != 0]
    if rest.size:
        pairs = keys[rest].astype(np.int64) * room + codes[rest]
        found = found + np.bincount(np.unique(pairs) // room, minlength=size)
    return found.astype(np.int64)
