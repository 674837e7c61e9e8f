"""Days sales outstanding by counting back: how many days of invoices the receivables stand for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing
from ..table.column import Array, Column
from ..table.currencies import check_one_currency, currencies_of
from .view import Rows, View

__all__ = ["count_back", "dso_count_back"]

PERIOD = Heading("period", labels={"en": "Period", "zh": "期间"})
INVOICED = Heading("invoiced", "money", {"en": "Invoiced", "zh": "开票金额"})
COUNTED = Heading("counted", "money", {"en": "Of the receivables", "zh": "计入应收账款"})
DAYS = Heading("days", "days", {"en": "Days", "zh": "天数"})
METHOD = {
    "en": "Periods are taken off the receivables from the last one backwards; the one that is not used up counts by its share.",
    "zh": "从最近期间起逐期从应收账款中扣减；未扣尽的期间按比例计入天数。",
}
OLDER = {
    "en": "Undefined: the receivables are larger than all that was invoiced.",
    "zh": "无法计算：应收账款超过全部开票金额。",
}
NEGATIVE = {
    "en": "Undefined: the receivables are below zero; more was paid than invoiced.",
    "zh": "无法计算：应收账款为负，收款多于开票。",
}


@attrs.frozen(slots=True)
class _Step:
    """One period: what of the receivables it stands for, and the days it counts."""

    place: int
    counted: Fraction
    days: Fraction


def count_back(receivables: Any, invoiced: Sequence[Any], days: Sequence[int]) -> Listing:
    """Return the days sales outstanding by counting back through periods.

    From the last period backwards: a period invoiced for no more than is left of the receivables counts all its days and
    is taken off; the first one invoiced for more counts days x what is left / invoiced. A period without invoices
    counts its days and takes nothing off; one whose credit notes exceed its invoices adds to what is left.

    Args:
        receivables: what is outstanding at the end of the last period, in money; exact where it is int, Decimal or Fraction.
        invoiced: what was invoiced in each period, in money, the oldest first.
        days: the length of each period, in days.

    Returns: one row per period walked, the last period first, with its `place` in the input; the fact `dso_days`.

    Undefined when: the receivables are negative, or larger than all that was invoiced.

    Raises:
        ArgumentError: lengths that differ, a value that is blank or no number, a period shorter than a day.

    Rules: R2, M3.

    Source: M25; the count-back form of DSO.

    Examples:
        >>> found = count_back(212_000, [70_000, 80_000, 100_000], [30, 30, 30])
        >>> round(found.fact("dso_days"), 2)
        73.71
        >>> found.plain("days")
        [30.0, 30.0, 13.714285714285714]
    """
    sales = [_number("invoiced", v) for v in invoiced]
    lengths = [_number("days", v) for v in days]
    if len(sales) != len(lengths):
        raise ArgumentError(
            f"invoiced has {len(sales)} periods and days has {len(lengths)}; give one length per period"
        )
    if any(v < 1 for v in lengths):
        raise ArgumentError(f"days are lengths of periods, at least 1, got {list(days)!r}")
    left = _number("receivables", receivables)
    steps, whole = _walk(left, sales, lengths)
    place = Heading("place", "count", {"en": "Place", "zh": "序号"})
    return _listed([(place, [s.place for s in steps])], steps, sales, left, whole)


def dso_count_back(view: View, *, per: str = "month") -> Listing:
    """Return the days sales outstanding as of the view's instant, counted back through calendar periods.

    Invoices less payments are the receivables; what was invoiced in each period is taken off them, the running period
    first, which has only its elapsed days. Amounts are converted at the rates of as_of.

    Args:
        view: a dataset with the tables invoice and payment.
        per: the kind of period that is walked: month, week, quarter ...

    Returns: one row per period walked, the last first; the facts `receivables`, `dso_days`, and what was left out.

    Undefined when: the receivables are negative, or larger than all that was invoiced, or nothing is dated.

    Raises:
        CurrencyError: amounts of several currencies (M2).
        ArgumentError: no such kind of period.

    Rules: R2, T1, T4, T8, M2, M3.

    Source: M25; the count-back form of DSO.
    """
    view.scope.calendar.axis(per)
    invoices, payments = view.rows("invoice"), view.rows("payment")
    issued, paid = invoices.amounts(), payments.amounts()
    check_one_currency("invoices and payments have amounts", currencies_of(issued, paid))
    left = Fraction(_sum(issued), issued.scale) - Fraction(_sum(paid), paid.scale)
    labels, sales, lengths, undated = _by_period(view, invoices, issued, per)
    steps, whole = _walk(left, sales, lengths)
    facts = [
        Fact("receivables", float(left), "money", {"en": "Receivables", "zh": "应收账款余额"}),
        _left_out("undated_invoices", undated, "Invoices without a date, in no period", "无日期发票数"),
        _left_out("unpriced_invoices", issued.nulls, "Invoices without an amount", "无金额发票数"),
        _left_out("unpriced_payments", paid.nulls, "Payments without an amount", "无金额回款数"),
    ]
    return _listed([(PERIOD, [labels[s.place] for s in steps])], steps, sales, left, whole, facts)


def _walk(
    left: Fraction, sales: Sequence[Fraction], lengths: Sequence[Fraction]
) -> tuple[list[_Step], Fraction | None]:
    """Return the periods that are walked, and all their days; None where the receivables cannot be used up."""
    steps: list[_Step] = []
    if left < 0:
        return steps, None
    for place in reversed(range(len(sales))):
        if left == 0:
            break
        counted = min(left, sales[place])
        share = counted / sales[place] if counted < sales[place] else Fraction(1)
        steps.append(_Step(place, counted, share * lengths[place]))
        left -= counted
    return steps, sum((s.days for s in steps), Fraction(0)) if left == 0 else None


def _by_period(
    view: View, invoices: Rows, issued: Column, per: str
) -> tuple[list[str], list[Fraction], list[Fraction], int]:
    """Return label, invoiced amount and elapsed days of each period up to as_of, and how many invoices are in none."""
    dates = invoices.days("issued_at")
    there = dates.present()
    undated = int(np.count_nonzero(~there)) + len(view.undated("invoice"))
    if view.scope.as_of is None or not there.any():
        return [], [], [], undated
    today = view.scope.as_of.day
    days = dates.data[there]
    periods = view.scope.calendar.periods(int(days.min()), today, per)
    place = np.searchsorted(np.array([p.start for p in periods]), days, side="right") - 1
    sums = np.zeros(len(periods), object if issued.magnitude >= 2**63 else np.int64)
    np.add.at(sums, place, issued.data[there])
    sales = [Fraction(int(v), issued.scale) for v in sums.tolist()]
    lengths = [Fraction(min(p.stop, today + 1) - p.start) for p in periods]
    return [p.label for p in periods], sales, lengths, undated


def _listed(
    first: list[tuple[Heading, list[Any]]],
    steps: Sequence[_Step],
    sales: Sequence[Fraction],
    left: Fraction,
    whole: Fraction | None,
    facts: Sequence[Fact] = (),
) -> Listing:
    days = Fact(
        "dso_days",
        None if whole is None else float(whole),
        "days",
        {"en": "Days sales outstanding", "zh": "应收账款周转天数"},
    )
    columns: list[tuple[Heading, list[Any]]] = [
        *first,
        (INVOICED, [float(sales[s.place]) for s in steps]),
        (COUNTED, [float(s.counted) for s in steps]),
        (DAYS, [float(s.days) for s in steps]),
    ]
    why = [] if whole is not None else [NEGATIVE if left < 0 else OLDER]
    return Listing(columns, facts=[days, *facts], notes=[METHOD, *why])


def _left_out(name: str, n: int, en: str, zh: str) -> Fact:
    return Fact(name, n, "count", {"en": en, "zh": zh}, quiet=True)


def _sum(column: Column) -> int:
    data: Array = column.data if column.magnitude < 2**63 else column.data.astype(object)
    return int(data.sum())


def _number(name: str, value: Any) -> Fraction:
    """Return a number exactly."""
    plain = value.item() if isinstance(value, np.generic) else value
    known = isinstance(plain, (int, Fraction)) and not isinstance(plain, bool)
    if known or (isinstance(plain, (float, Decimal)) and isfinite(plain)):
        return Fraction(plain)
    raise ArgumentError(f"{name} takes numbers, got {value!r}")
