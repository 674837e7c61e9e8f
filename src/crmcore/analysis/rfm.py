"""RFM: customers by how recently, how often and for how much they bought, in two schemes of scores from 1 to 5."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..calendars import date_of
from ..state.listing import Fact, Heading, Listing, Values
from ..state.operand import Operand
from ..state.sums import sums_by
from ..table.column import Array
from .purchases import Purchases, distinct_by, purchases, unpriced
from .tiles import edges_below, tile_of

if TYPE_CHECKING:
    from .view import View

__all__ = ["rfm_ntile", "rfm_quintile"]

PARTS = 5
_CUSTOMER = Heading("customer", "label", {"en": "Customer", "zh": "客户"})
_SCORES = (
    Heading("r", "count", {"en": "R", "zh": "R"}),
    Heading("f", "count", {"en": "F", "zh": "F"}),
    Heading("m", "count", {"en": "M", "zh": "M"}),
)
_COLUMNS = (
    Heading("recency_days", "count", {"en": "Days since", "zh": "距今天数"}),
    Heading("orders", "count", {"en": "Orders", "zh": "订单数"}),
    Heading("value", "money", {"en": "Value", "zh": "金额"}),
)
_RFM = Heading("rfm", "label", {"en": "RFM", "zh": "RFM"})
_NTILE = {
    "en": "Scores are 6 less the fifth by rank, best first, equal ones in the order of the customers' ids; the first fifths are "
    "the larger ones.",
    "zh": "评分为6减去按排名的五分位组号（最优在前），数值相同按客户编号排序，前面的组较大。",
}
_QUINTILE = {
    "en": "Scores are cut at the linear 20, 40, 60 and 80 % quantiles; equal ones share a score.",
    "zh": "评分由线性20%、40%、60%、80%分位数划分，数值相同的客户评分相同。",
}
Scorer = Callable[[Array, Array, bool], Array]
"""Whole numbers, ranks of the ids and whether more is better give scores from 1 to 5."""


@attrs.frozen(slots=True, eq=False)
class _Customers:
    """What is scored: days since the last purchase, orders, exact value x scale; `priced` where some line has an amount."""

    labels: Array
    recency: Array
    orders: Array
    value: Array
    scale: int
    priced: Array


def rfm_ntile(
    view: View, *, customer: str | Expr = "account", order: str | Expr = "order", value: str | Expr = "amount"
) -> Listing:
    """Score customers by recency, frequency and value with NTILE(5), so that each score has a fifth of them.

    score = 6 - NTILE(5), ordered best first and by id; the larger fifths are the better ones

    Args:
        view: with order lines; recency is counted in days up to as_of.
        customer: who buys: a column or expression.
        order: what is counted as a purchase: the different values of a column or expression, such as `day("at")`.
        value: the amount of a line: a column or expression.

    Returns: one row per customer in the order of their ids; `rfm` is the three scores side by side, 555 the best.

    Undefined when: no line of a customer has an amount: then there is no M and no RFM.

    Raises:
        NotFoundError: no order lines, or a column that is not there.
        CurrencyError: amounts of several currencies.

    Rules: R4, T1, T8, M2, M3, Q2, Q3.

    Source: M28; article A2 (grading of customers).
    """

    def score(numbers: Array, rank: Array, more: bool) -> Array:
        return PARTS + 1 - tile_of(-numbers if more else numbers, PARTS, rank)

    return _scored(view, customer, order, value, score, _NTILE)


def rfm_quintile(
    view: View, *, customer: str | Expr = "account", order: str | Expr = "order", value: str | Expr = "amount"
) -> Listing:
    """Score customers by recency, frequency and value with the edges of quintiles, so that equal ones score alike.

    F, M: 1 + edges strictly below; R: 5 - edges strictly below; edges are the linear 20, 40, 60, 80 % quantiles

    Args:
        view: with order lines; recency is counted in days up to as_of.
        customer: who buys: a column or expression.
        order: what is counted as a purchase: the different values of a column or expression, such as `day("at")`.
        value: the amount of a line: a column or expression.

    Returns: one row per customer in the order of their ids; `rfm` is the three scores side by side, 555 the best.

    Undefined when: no line of a customer has an amount: then there is no M and no RFM.

    Raises:
        NotFoundError: no order lines, or a column that is not there.
        CurrencyError: amounts of several currencies.

    Rules: R4, T1, T8, M2, M3, Q1, Q2, Q3.

    Source: M28; article A2 (grading of customers).
    """

    def score(numbers: Array, _: Array, more: bool) -> Array:
        edges = edges_below(numbers, PARTS)
        return 1 + edges if more else PARTS - edges

    return _scored(view, customer, order, value, score, _QUINTILE)


def _scored(
    view: View, customer: str | Expr, order: str | Expr, value: str | Expr, score: Scorer, note: dict[str, str]
) -> Listing:
    bought = purchases(view, customer)
    today = bought.span[1] if view.scope.as_of is None else view.scope.as_of.day
    found, facts = _customers(bought, order, value, today)
    rank = np.arange(found.labels.size)
    r, f = score(found.recency, rank, False), score(found.orders, rank, True)
    priced = np.flatnonzero(found.priced)
    m = np.zeros(rank.size, np.int64)
    m[priced] = score(found.value[priced], np.arange(priced.size), True)
    missing = None if priced.size == rank.size else (~found.priced).astype(np.int8)
    columns: list[tuple[Heading, Values]] = [
        (_CUSTOMER, found.labels),
        (_COLUMNS[0], found.recency),
        (_COLUMNS[1], found.orders),
        (_COLUMNS[2], Operand(found.value, found.scale, why=missing)),
        (_SCORES[0], r),
        (_SCORES[1], f),
        (_SCORES[2], m if missing is None else np.where(found.priced, m, np.nan)),
        (_RFM, _names()[r * 36 + f * 6 + m]),
    ]
    as_of = Fact("as_of", date_of(today).isoformat(), "label", {"en": "Days since are counted up to", "zh": "天数截至"})
    customers = Fact("customers", rank.size, "count", {"en": "Customers", "zh": "客户数"})
    return Listing(columns, facts=[customers, *([as_of] if rank.size else []), *facts], notes=[note])


def _names() -> Array:
    """Return the text of each three scores r x 36 + f x 6 + m; a score of 0 is missing, and so is the text."""
    scores = range(PARTS + 1)
    texts = [f"{r}{f}{m}" if 0 not in (r, f, m) else None for r in scores for f in scores for m in scores]
    return np.array(texts, object)


def _customers(bought: Purchases, order: str | Expr, value: str | Expr, today: int) -> tuple[_Customers, list[Fact]]:
    amounts = bought.amounts(value)
    codes, size = bought.customer, len(bought.labels)
    orders, room = bought.codes(order)
    who = bought.customers()
    last = np.full(size, np.iinfo(bought.days.dtype).min, bought.days.dtype)
    np.maximum.at(last, codes, bought.days)
    priced = np.ones(size, bool)
    if amounts.valid is not None:
        priced = np.zeros(size, bool)
        priced[codes[amounts.valid]] = True
    facts = [*bought.facts, unpriced(amounts)]
    without = int(np.count_nonzero(orders == 0))
    facts.append(
        Fact(
            "lines_without_order",
            without,
            "count",
            {"en": "Lines without an order", "zh": "无订单号订单行"},
            quiet=True,
        )
    )
    return (
        _Customers(
            bought.labels[who],
            today - last[who].astype(np.int64),
            distinct_by(codes, orders, size, room)[who],
            sums_by(codes, amounts.data, size, amounts.magnitude)[who],
            amounts.scale,
            priced[who],
        ),
        facts,
    )
