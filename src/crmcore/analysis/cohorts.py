"""Cohorts: customers by the period of their first purchase, and how many of them come back in each later one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..algebra.columns import Expr
from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing, Values
from ..state.operand import Operand, ratio
from .cohort_counts import MOST, Cohorts, counted
from .purchases import purchases, unpriced

if TYPE_CHECKING:
    from ..calendars import Period
    from .view import View

__all__ = ["cohort_retention", "triangle"]

COHORT = Heading("cohort", "label", {"en": "Cohort", "zh": "同期群"})
AGE = Heading("age", "count", {"en": "Age", "zh": "期龄"})
PERIOD = Heading("period", "label", {"en": "Period", "zh": "期间"})
CUSTOMERS = Heading("customers", "count", {"en": "Customers", "zh": "客户数"})
ACTIVE = Heading("active", "count", {"en": "Active", "zh": "活跃客户数"})
RETENTION = Heading("retention", "ratio", {"en": "Retention", "zh": "留存率"})
VALUE = Heading("value", "money", {"en": "Value", "zh": "金额"})
TO_COME = Heading("days_to_come", "count", {"en": "Days to come", "zh": "剩余天数"})
_RUNNING = {
    "en": "A number with days to come is of a period that is not over: it can still grow.",
    "zh": "剩余天数大于0的数字属于尚未结束的期间，仍会增长。",
}
_LAST_RUNS = {
    "en": "The last number of each row is of a period that is not over: it can still grow.",
    "zh": "每行最后一个数字属于尚未结束的期间，仍会增长。",
}


def cohort_retention(
    view: View, *, per: str = "month", customer: str | Expr = "account", value: str | Expr = "amount"
) -> Listing:
    """Follow the customers of each period of first purchase through the periods that come after it.

    retention = customers of the cohort who bought in the period / customers of the cohort

    Args:
        view: with order lines.
        per: the kind of period: day, week, month, quarter, year, fiscal_period, fiscal_quarter or fiscal_year.
        customer: who buys: a column or expression.
        value: the amount of a line: a column or expression.

    Returns: one row per cohort and age, from age 0 to the period of as_of; periods between the first cohort and the last
        in which nobody came are there with no customers (T7). `days_to_come` are those of the period after as_of: while
        there are any, the number can still grow (R5). `triangle` puts the ages side by side.

    Undefined when: nobody is in a cohort; its retention has no value (R2).

    Raises:
        ArgumentError: no such kind of period, or more than 5,000 of them.
        NotFoundError: no order lines, or a column that is not there.
        CurrencyError: amounts of several currencies.

    Rules: R1, R2, R5, T1, T7, T8, M2, M3.

    Source: M22; article A3.
    """
    view.scope.calendar.axis(per)  # a period that does not exist is refused even where nothing was bought
    bought = purchases(view, customer)
    amounts = bought.amounts(value)
    facts = [*bought.facts, unpriced(amounts), Fact("per", per, "label", {"en": "Periods", "zh": "期间类型"})]
    if not len(bought):
        nobody = np.zeros((0, 0), np.int64)
        return _listing([], Cohorts(nobody.reshape(0), nobody, nobody), 0, facts)
    moment = view.scope.as_of
    start, last = bought.span
    today = last if moment is None else moment.day
    periods = view.scope.calendar.periods(start, max(last, today), per)
    if len(periods) > MOST:
        raise ArgumentError(
            f"per={per!r} makes {len(periods):,} periods from {periods[0].label} to {periods[-1].label}; cohorts are a table of "
            f"at most {MOST:,}: take longer periods, or leave out dates that cannot be, where=col('at') >= ..."
        )
    starts = np.array([p.start for p in periods])
    period_of = np.searchsorted(starts, np.arange(start, last + 1), side="right") - 1
    found = counted(
        bought.customer,
        len(bought.labels),
        bought.days - np.int32(start),
        period_of,
        len(periods),
        amounts.data,
        amounts.scale,
        amounts.magnitude,
    )
    return _listing(periods, found, today, facts)


def _listing(periods: list[Period], found: Cohorts, today: int, facts: list[Fact]) -> Listing:
    count, came = len(periods), np.flatnonzero(found.customers)
    rows = int(came[-1]) + 1 if came.size else 0
    cohort, place = np.triu_indices(rows, 0, count)
    names = np.array([p.label for p in periods], object)
    to_come = np.array([max(p.stop - max(p.start, today + 1), 0) for p in periods], np.int64)
    active, customers = found.active[cohort, place], found.customers[cohort]
    assert found.value is not None
    columns: list[tuple[Heading, Values]] = [
        (COHORT, names[cohort]),
        (AGE, place - cohort),
        (PERIOD, names[place]),
        (CUSTOMERS, customers),
        (ACTIVE, active),
        (RETENTION, ratio(Operand(active), Operand(customers))),
        (VALUE, Operand(found.value[cohort, place], found.scale)),
        (TO_COME, to_come[place]),
    ]
    customers_in_all = Fact("customers", int(found.customers.sum()), "count", CUSTOMERS.labels)
    return Listing(columns, facts=[customers_in_all, *facts], notes=[_RUNNING] if to_come.any() else [])


def triangle(listing: Listing, column: str = "retention") -> Listing:
    """Put the ages of a listing of cohorts side by side: one row per cohort, one column per age.

    Args:
        listing: of `cohort_retention`.
        column: what stands in the cells: retention, active or value.

    Returns: cohort, customers, then `age_0`, `age_1` ...; a cell that is still to come is undefined.

    Raises:
        ArgumentError: a listing of something else.
        ColumnNotFound: no such column.
    """
    if not {"cohort", "age", "customers", "days_to_come"} <= set(listing.names):
        raise ArgumentError(f"triangle() takes a listing of cohort_retention, this one has {', '.join(listing.names)}")
    values, ages = listing[column], listing["age"].astype(np.int64)
    if values.dtype == object:
        raise ArgumentError(f"column {column!r} holds labels; a triangle shows numbers such as 'retention' or 'active'")
    heads = np.flatnonzero(ages == 0)
    width = int(ages.max()) + 1 if ages.size else 0
    table = np.full((heads.size, width), np.nan)
    table[np.repeat(np.arange(heads.size), np.diff([*heads.tolist(), ages.size])), ages] = values
    unit = next(h.unit for h in listing.headings if h.name == column)
    columns: list[tuple[Heading, Values]] = [
        (COHORT, listing["cohort"][heads]),
        (CUSTOMERS, listing["customers"][heads]),
        *((Heading(f"age_{age}", unit, {"en": str(age), "zh": str(age)}), table[:, age]) for age in range(width)),
    ]
    runs = bool((listing["days_to_come"] > 0).any())
    return Listing(columns, facts=listing.facts, notes=[_LAST_RUNS] if runs else [], language=listing.language)
