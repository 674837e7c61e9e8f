"""Submitted: the forecasts of people that were in force at an instant, and what was won (F1, M8)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from ...algebra.columns import Expr, col, maybe
from ...domain.opportunity import FORECAST_CATEGORIES
from ...errors import ArgumentError, HistoryUnavailable
from ...evaluate.rows import Rows
from ...table.currencies import currencies_of
from ...table.latest import newest
from ...table.shares import SHARED, shared_out
from .deals import WON
from .past import told_of

if TYPE_CHECKING:
    from ...calendars import Period
    from ...table.column import Column
    from ..view import View

__all__ = ["ENTITIES", "Submitted", "Won", "check_told", "check_whose", "in_force", "submitted_by", "won_of"]

ENTITIES = {"seller": "owner", "team": "team", "organisation": None}
"""The populations that forecast, each apart (M8), and the column that tells whose a forecast is."""
_OWNED, _OF_TEAM = maybe("owner").not_null(), maybe("team").not_null()
_WHOSE = {"seller": _OWNED, "team": ~_OWNED & _OF_TEAM, "organisation": ~_OWNED & ~_OF_TEAM}
_ABOUT = ("product", "region", "start", "end")
"""What a forecast is about: a later one about the same takes its place."""


@attrs.frozen(slots=True, eq=False)
class Submitted:
    """The forecasts of a period that were in force.

    Args:
        amounts: whose -> what was forecast; those who forecast nothing are not in it (M3).
        count: how many forecasts have an amount.
        unpriced: how many have none.
        currency: of the amounts.
    """

    amounts: dict[Any, Fraction]
    count: int
    unpriced: int
    currency: set[Any]

    @property
    def total(self) -> Fraction | None:
        """What all have forecast together; None where nobody has."""
        return sum(self.amounts.values(), Fraction(0)) if self.amounts else None


@attrs.frozen(slots=True, eq=False)
class Won:
    """What is known to have been won.

    Args:
        deals: day, whose and amount of each deal; nobody's where the data does not say.
        currency: of the amounts.
    """

    deals: list[tuple[int, Any, Fraction]]
    currency: set[Any]

    def within(self, period: Period) -> dict[Any, Fraction]:
        """Return what each has won in a period."""
        found: dict[Any, Fraction] = {}
        for day, whose, amount in self.deals:
            if period.start <= day < period.stop:
                found[whose] = found.get(whose, Fraction(0)) + amount
        return found


def check_whose(population: object, category: object) -> None:
    """Check whose forecasts of what category are asked for.

    Raises:
        ArgumentError: no such population or category.
    """
    if population not in ENTITIES:
        raise ArgumentError(f"population is one of {', '.join(ENTITIES)}, got {population!r}")
    if category not in FORECAST_CATEGORIES:
        raise ArgumentError(f"category is one of {', '.join(FORECAST_CATEGORIES)}, got {category!r}")


def submitted_by(population: str, category: str) -> Expr:
    """Return the condition that a forecast is of a population and a category."""
    return (col("category") == category) & _WHOSE[population]


def check_told(view: View) -> None:
    """Check that something tells what forecasts were before.

    Raises:
        HistoryUnavailable: nothing does (S5).
    """
    if "submitted_at" not in view.scope.tables["forecast"] and "amount" not in told_of(view, "forecast"):
        raise HistoryUnavailable(
            "what was forecast by then needs forecast.submitted_at, or the changes of forecast.amount, and there is neither (S5)"
        )


def in_force(then: View, period: Period, population: str, category: str) -> Submitted:
    """Return the forecasts of a period that were in force: of those that somebody submitted about the same, the last.

    Args:
        then: the data as they stood and as they were known.
        period: of which they are; a forecast of a longer span takes its share by days (M8).
        population: one of `ENTITIES`.
        category: of the forecasts.

    Raises:
        CurrencyError: amounts of several currencies.
    """
    entity = ENTITIES[population]
    rows = then.rows("forecast", at="start", where=submitted_by(population, category))
    rows.amounts()  # of one currency
    table = rows.as_table()
    if "submitted_at" in table:
        about = [name for name in (*_ABOUT, entity) if name is not None and name in table]
        table = table.select(newest(table, about, "submitted_at"))
    shared = shared_out(table, period.start, period.stop, period.grain, then.scope.calendar)
    column, named = shared[SHARED["amount"]], Rows(shared, then.scope, None)
    amounts: dict[Any, Fraction] = {}
    for whose, amount in _pairs(column, named.key(entity) if entity else None):
        amounts[whose] = amounts.get(whose, Fraction(0)) + amount
    return Submitted(amounts, len(column) - column.nulls, column.nulls, currencies_of(column))


def won_of(view: View, population: str) -> Won:
    """Return what is known to have been won, and whose it is.

    Raises:
        CurrencyError: amounts of several currencies.
    """
    entity = ENTITIES[population]
    rows = view.rows("opportunity", at="closed_at", where=WON)
    rows = rows.at(np.flatnonzero(rows.days("closed_at").present() & rows.amounts().present()))
    amounts = rows.amounts()
    pairs = _pairs(amounts, rows.key(entity) if entity and entity in rows.table else None)
    days = rows.days("closed_at").data.tolist()
    deals = [(day, whose, amount) for day, (whose, amount) in zip(days, pairs, strict=True)]
    return Won(deals, currencies_of(amounts))


def _pairs(amounts: Column, whose: Column | None) -> list[tuple[Any, Fraction]]:
    """Return whose each amount is, None for the organisation's; those that are blank are left out."""
    names = [None] * len(amounts) if whose is None else [whose.labels[code] for code in whose.data.tolist()]
    values = zip(names, amounts.data.tolist(), amounts.present().tolist(), strict=True)
    return [(name, Fraction(value, amounts.scale)) for name, value, there in values if there]
