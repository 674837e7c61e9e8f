"""Laws of what is outstanding: it adds up over ages, moves by what is invoiced and collected, and is what a ledger says."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import crmcore as cc

FIRST, END = date(2026, 1, 1), date(2026, 4, 30)
DAY = st.integers(0, 119).map(lambda n: FIRST + timedelta(days=n))
AMOUNT = st.integers(-500, 5000)
INVOICES = st.lists(st.tuples(DAY, st.integers(-5, 60) | st.none(), AMOUNT, st.sampled_from(["a", "b"])), max_size=8)
PAYMENTS = st.lists(st.tuples(st.integers(0, 7) | st.none(), DAY, AMOUNT, st.sampled_from(["a", "b"])), max_size=8)
AGES = {
    "receivables_not_due": lambda age: age is None or age <= 0,
    "receivables_overdue_1_to_30_days": lambda age: age is not None and 0 < age <= 30,
    "receivables_overdue_31_to_60_days": lambda age: age is not None and 30 < age <= 60,
    "receivables_overdue_61_to_90_days": lambda age: age is not None and 60 < age <= 90,
    "receivables_overdue_over_90_days": lambda age: age is not None and age > 90,
}
Rows = list[tuple[Any, ...]]


def dues(invoices: Rows) -> list[date | None]:
    """Return until when each invoice is to be paid."""
    return [None if span is None else issued + timedelta(days=span) for issued, span, _, _ in invoices]


def dataset(invoices: Rows, payments: Rows) -> cc.Dataset:
    """Return invoices and payments, some of which are of no invoice, or of one that is not there."""
    listed = [
        (f"i{n}", issued, due, amount, account)
        for n, ((issued, _, amount, account), due) in enumerate(zip(invoices, dues(invoices), strict=True))
    ]
    paid = [(None if n is None else f"i{n}", at, amount, account) for n, at, amount, account in payments]
    return cc.Dataset(
        invoice=(["id", "issued_at", "due", "amount", "account"], listed),
        payment=(["invoice", "at", "amount", "account"], paid),
    )


def ledger(invoices: Rows, payments: Rows, end: date, age: Any) -> int:
    """Return what is outstanding at the end of a day in one class of age, entry by entry."""
    due = dues(invoices)

    def old(n: int | None) -> int | None:
        known = None if n is None or n >= len(due) else due[n]
        return None if known is None else (end - known).days

    billed = sum(a for n, (issued, _, a, _) in enumerate(invoices) if issued <= end and age(old(n)))
    return billed - sum(a for n, at, a, _ in payments if at <= end and age(old(n)))


@given(INVOICES, PAYMENTS, DAY)
def test_each_class_of_age_is_what_the_ledger_says(invoices: Rows, payments: Rows, end: date) -> None:
    """T4, O8: of any day, each class holds what its invoices stand for, less their payments; together they are the whole."""
    names = [*AGES, "receivables", "overdue_receivables"]

    total = cc.measure(names, dataset(invoices, payments), as_of=end).total

    assert {name: total[name] for name in AGES} == {n: ledger(invoices, payments, end, age) for n, age in AGES.items()}
    assert total["receivables"] == sum(total[name] for name in AGES)
    assert total["overdue_receivables"] == total["receivables"] - total["receivables_not_due"]


@given(INVOICES, PAYMENTS)
def test_a_month_moves_by_what_is_invoiced_and_collected(invoices: Rows, payments: Rows) -> None:
    """T4: a month's end is the end before, and invoiced, and not collected; so CEI is the formula with start and end."""
    names = ["receivables", "receivables_not_due", "invoiced_value", "collected_value", "collection_effectiveness"]

    start = 0.0
    for row in cc.measure(names, dataset(invoices, payments), per="month", as_of=END).rows():
        assert row["receivables"] == start + row["invoiced_value"] - row["collected_value"]
        could = Fraction(start + row["invoiced_value"] - row["receivables_not_due"])
        did = Fraction(start + row["invoiced_value"] - row["receivables"])
        assert row["collection_effectiveness"] == (float(did / could) if could else None)
        start = row["receivables"]


@given(INVOICES, PAYMENTS, st.randoms())
def test_accounts_add_up_and_the_order_of_rows_decides_nothing(invoices: Rows, payments: Rows, random: Any) -> None:
    """R1: the stocks of the accounts sum to that of all; payments in another order give the same."""
    mixed = [*payments]
    random.shuffle(mixed)
    names = ["receivables", "invoiced_value", "collected_value"]
    whole = cc.measure(names, dataset(invoices, payments), as_of=END).total

    assert cc.measure(names, dataset(invoices, mixed), as_of=END).total == whole
    parts = cc.measure(names, dataset(invoices, payments), by="account", as_of=END).rows()
    assert {n: sum(row[n] for row in parts) for n in names} == whole
