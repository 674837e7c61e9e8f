"""Deals of a forecast: those won in a period, those open that are expected to close in it, and its quota."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ...algebra.columns import Expr, coalesce, col, maybe
from ...errors import ArgumentError, TableNotFound
from ...state.listing import Fact
from ...table.column import Array, Column
from ...table.currencies import check_one_currency, currencies_of
from ...table.shares import SHARED, shared_out
from ..choices import whole
from ..stage_chain import PRIOR, chains_of
from .convolution import CERTAIN

if TYPE_CHECKING:
    from ...calendars import Period
    from ..view import Rows, View

__all__ = [
    "CATEGORY",
    "CATEGORY_OF_STAGE",
    "OF_STAGE",
    "OPEN",
    "OWN",
    "POPULATIONS",
    "RATES",
    "WON",
    "Deals",
    "alone",
    "deals_of",
    "quota_of",
    "within",
]

OPEN = col("outcome") == "open"
WON = col("outcome") == "won"
POPULATIONS = ("seller", "team", "organisation", "product")
"""Whose targets for the won value are a quota (M8)."""
RATES = ("own", "stages")
"""Where chances come from: the probability of the deal or of its stage (M4), or the chain of its stage."""
OF_STAGE = maybe("stage.probability")
OWN = coalesce(maybe("probability"), OF_STAGE)
CATEGORY_OF_STAGE = maybe("stage.forecast_category")
CATEGORY = coalesce(maybe("forecast_category"), CATEGORY_OF_STAGE)


@attrs.frozen(slots=True, eq=False)
class Deals:
    """What a forecast is made of.

    Args:
        period: of the forecast; None for all open deals.
        nowhere: whether a period was asked for where the data has no instant, and so none.
        ids: of the open deals.
        won: what was won in the period so far, in minor units.
        won_deals: how many were won.
        amounts: of each open deal, in minor units; 0 where it has none.
        priced: which open deals have an amount.
        chances: of each open deal, in 1/10,000; all of it where there is none (M4).
        told: which open deals have a chance.
        categories: their forecast categories, a key column.
        scale: minor units of 1.
        currency: of the amounts; empty where there are none.
        facts: what was left out.
    """

    period: Period | None
    nowhere: bool
    ids: list[Any]
    won: int
    won_deals: int
    amounts: list[int]
    priced: Array
    chances: list[int]
    told: Array
    categories: Column
    scale: int
    currency: frozenset[Any]
    facts: tuple[Fact, ...]


def deals_of(
    view: View,
    *,
    per: str | None,
    ahead: int = 0,
    rates: str = "own",
    by: str | Expr | None = None,
    prior: float = PRIOR,
    own: Expr = OWN,
    category: Expr = CATEGORY,
    valued: bool = True,
) -> Deals:
    """Return the deals of a forecast.

    A deal that is open is in the period in which it is expected to close, one that was won in that in which it was
    won; lost and abandoned deals are in none (M4). Without a period all open deals are in it, and none that was won.

    Args:
        view: with opportunities.
        per: the kind of period, or None.
        ahead: how many periods after that of as_of.
        rates: one of `RATES`.
        by: segments of the chain.
        prior: of the chain.
        own: the probability of a deal that no chain has.
        category: the forecast category of a deal.
        valued: whether amounts are asked for; else they may be of several currencies, and are taken for none.

    Raises:
        TableNotFound, ColumnNotFound: what is missing.
        ArgumentError: a period or rate that is none, or segments of rates that are not learnt.
        CurrencyError: amounts of several currencies.

    Rules: O2, O4, T1, M2, M3, M4.
    """
    if "opportunity" not in view:
        raise TableNotFound("opportunity", view.scope.tables, where="in the dataset")
    if rates not in RATES:
        raise ArgumentError(f"rates is one of {', '.join(map(repr, RATES))}, got {rates!r}")
    if by is not None and rates != "stages":
        raise ArgumentError(
            f"a segment is of rates='stages', by which they are learnt apart; got {by!r} beside {rates!r}"
        )
    period = _period(view, per, ahead)
    rows, facts = _open(view, per, period)
    won = view.rows("opportunity", at="closed_at", where=WON) if per is not None else None
    if won is not None:
        won = won.at(np.flatnonzero(within(won.days("closed_at"), period)))
    amounts = rows.amounts() if valued else None
    gained = won.amounts() if valued and won is not None else None
    chances, told, more = _chances(view, rows, rates, by, prior, own)
    return Deals(
        period,
        per is not None and period is None,
        rows.ids(),
        0 if gained is None else sum(gained.data.tolist()),
        0 if won is None else len(won),
        [] if amounts is None else amounts.data.tolist(),
        np.zeros(len(rows), bool) if amounts is None else amounts.present(),
        chances.tolist(),
        told,
        rows.key(category),
        1 if amounts is None else amounts.scale,
        alone(currencies_of(amounts, gained)),
        (
            Fact("won_deals", 0 if won is None else len(won), "count", {"en": "Won deals", "zh": "赢单数"}),
            Fact("open_deals", len(rows), "count", {"en": "Open deals", "zh": "在手商机数"}),
            _left("deals_without_amount", sum(c.nulls for c in (amounts, gained) if c is not None), _UNPRICED),
            *more,
            *facts,
        ),
    )


_UNPRICED = ("Deals without an amount, in no value", "无金额商机（不计入金额）")
_UNWEIGHTED = ("Open deals without a probability, unweighted", "无概率在手商机（按全额计入）")
_NO_CHAIN = ("Open deals whose stage has no chain, by their own probability", "所处阶段无转移链的商机（按自身概率）")
_UNDATED = ("Open deals without an expected close, left out", "无预计关闭日的在手商机（未计入）")
_OVERDUE = ("Open deals expected to close before the period, left out", "预计关闭日早于本期的在手商机（未计入）")


def _left(name: str, count: int, labels: tuple[str, str]) -> Fact:
    return Fact(name, int(count), "count", dict(zip(("en", "zh"), labels, strict=True)), quiet=True)


def _period(view: View, per: str | None, ahead: int) -> Period | None:
    whole("ahead", ahead)
    if per is None:
        return None
    calendar, moment = view.scope.calendar, view.scope.as_of
    calendar.axis(per)  # a period that does not exist is refused even where there is nothing
    return None if moment is None else calendar.period(calendar.shift(moment.day, per, ahead), per)


def within(days: Column, period: Period | None) -> Array:
    """Return which days are in the period; none are in None."""
    if period is None:
        return np.zeros(len(days), bool)
    found: Array = days.present() & (days.data >= period.start) & (days.data < period.stop)
    return found


def _open(view: View, per: str | None, period: Period | None) -> tuple[Rows, list[Fact]]:
    rows = view.rows("opportunity", where=OPEN)
    if per is None:
        return rows, []
    days = rows.days("expected_close")
    before = 0 if period is None else int((days.present() & (days.data < period.start)).sum())
    facts = [
        _left("deals_without_expected_close", days.nulls, _UNDATED),
        _left("deals_expected_before", before, _OVERDUE),
    ]
    return rows.at(np.flatnonzero(within(days, period))), facts


def _chances(
    view: View, rows: Rows, rates: str, by: str | Expr | None, prior: float, own: Expr
) -> tuple[Array, Array, list[Fact]]:
    """Return the chance of each open deal in 1/10,000, which deals have one, and how many had to take another."""
    said = rows.values(own)
    present = said.present()
    found = np.where(present, said.data.astype(np.int64) * CERTAIN // said.scale, CERTAIN)
    if rates == "own":
        return found, present, [_left("deals_without_probability", said.nulls, _UNWEIGHTED)]
    learnt = chains_of(view, by=by, prior=prior)
    stage = view.scope.tables["opportunity"]["stage"]
    chances = learnt.chances(stage)
    chances = chances if rows.places is None else chances[rows.places]
    told = ~np.isnan(chances)
    found = np.where(told, np.rint(np.where(told, chances, 0) * CERTAIN).astype(np.int64), found)
    return (
        found,
        told | present,
        [
            _left("deals_without_chain", int((~told).sum()), _NO_CHAIN),
            _left("deals_without_probability", int((~told & ~present).sum()), _UNWEIGHTED),
        ],
    )


def alone(used: Iterable[Any]) -> frozenset[Any]:
    """Return the currency of amounts, which have to be of one.

    Raises:
        CurrencyError: they are of several.
    """
    found = frozenset(used)
    check_one_currency(
        "what was won, what is open, what was forecast and the quota are",
        found,
        way_out="give rates to a workspace with a currency",
    )
    return found


def quota_of(view: View, deals: Deals, quota: Any) -> Fraction | None:
    """Return the quota of the period: a number as it is given, or the targets of a population; None where there are none.

    Raises:
        ArgumentError: neither a number nor a population.

    Rules: M2, M8.
    """
    if quota is None:
        return None
    if quota not in POPULATIONS:
        try:
            number = Decimal(str(quota))
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise ArgumentError(f"quota is a number, or the targets of one of {', '.join(POPULATIONS)}, got {quota!r}")
        return Fraction(number)
    if deals.period is None or "target" not in view:
        return None
    condition = (col("kind") == "quota") & (col("scope") == quota) & (col("metric") == "won_value")
    rows = view.rows("target", at="start", where=condition)
    amounts = rows.amounts()
    alone(deals.currency | currencies_of(amounts))
    table = rows.as_table()
    parts = shared_out(table, deals.period.start, deals.period.stop, deals.period.grain, view.scope.calendar)
    column = parts[SHARED["amount"]]
    there = column.present()
    return Fraction(sum(column.data[there].tolist()), column.scale) if there.any() else None
