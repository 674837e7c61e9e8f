"""Pricing: amounts converted into the workspace's currency at the rate of a day (M2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..algebra.aggregates import STOCK
from ..errors import CurrencyError
from ..table.column import Column
from ..table.table import Table
from .moments import local_day
from .references import resolve
from .scope import Scope

__all__ = ["converted", "priced"]


def priced(table: Table, anchor: str | None, scope: Scope) -> Table:
    """Return the table with its amounts converted at the rates in force on the anchor's day; for a stock, that of as_of."""
    if scope.rates is None:
        return table
    moment = scope.as_of if anchor in (None, STOCK) else None
    key = ("priced", scope.rates, anchor, moment, scope.zone.name)
    return table.kept(
        key,
        lambda: table.replace(
            {
                name: converted(column, anchor, table, scope)
                for name, column in table.columns.items()
                if column.kind == "money" and column.currency is not None
            }
        ),
    )


def converted(column: Column, anchor: str | None, table: Table, scope: Scope) -> Column:
    """Return an amount column in the currency of the rates; rows without a rate have no value."""
    rates, currency = scope.rates, column.currency
    assert rates is not None
    if currency is None or currency == rates.currency:
        return column
    n = len(table)
    if isinstance(currency, str):
        currency = Column("key", np.ones(n, np.int8), labels=[None, currency])
    if anchor in (None, STOCK):
        if scope.as_of is None:
            raise CurrencyError(
                "amounts that count at no date are converted at the rate of as_of, and there is none (T8)"
            )
        days, dated = np.full(n, scope.as_of.day), np.ones(n, bool)
    else:
        moment = local_day(resolve(str(anchor), table, scope), scope.zone)
        days, dated = moment.data, moment.present()
    rate, there = rates.on(currency, days)
    own = currency.data == currency.index.get(rates.currency, -1)
    there = (there & dated | own) & column.present()
    rate = np.where(own, rates.scale, rate)
    reach = max(map(abs, column.bounds)) * int(rate.max(initial=0))
    kind: Any = np.int64 if reach < 2**63 else object
    data = np.where(there, column.data.astype(kind) * rate.astype(kind), 0)
    return Column("money", data, there, scale=column.scale * rates.scale, currency=rates.currency)
