"""Money after the sale: invoiced, collected, outstanding, overdue, and how long it takes to come in.

What is outstanding is what was invoiced less what was paid, as it stands at the end of a period; a payment takes the age
of its invoice. An invoice without a due date is never overdue, and a payment without an invoice is set against what is
not overdue, so that the classes of age add up to the whole.
"""

from __future__ import annotations

from ..algebra import STOCK, Expr, Formula, as_of, col, count, elapsed, mean, median, span, total
from ..metric import Metric
from .entry import Analysis

__all__ = ["ANALYSES", "METRICS"]

LATE, LATE_PAYMENT = elapsed("due", as_of()), elapsed("invoice.due", as_of())
"""How long invoices, and the invoices of payments, have been overdue."""
TO_PAY = elapsed("issued_at", "paid_at")
DUE_PASSED = col("due") < as_of()
"""Its time is over; what still has time is judged neither way (R5), also where it is paid already."""

invoiced_value = Metric(
    "invoiced_value",
    total("amount"),
    unit="money",
    better="higher",
    anchor="issued_at",
    table="invoice",
    summary="Amount of the invoices issued in the period, credit notes taken off.",
    source="M25; article A1",
    rules=("T4", "M2", "M3"),
    labels={"en": "Invoiced value", "zh": "开票金额"},
    subject="receivables",
)

collected_value = Metric(
    "collected_value",
    total("amount"),
    unit="money",
    better="higher",
    anchor="at",
    table="payment",
    summary="Amount of the payments received in the period, refunds taken off.",
    source="M25; article A1",
    rules=("T4", "M2", "M3"),
    labels={"en": "Collected value", "zh": "回款金额"},
    subject="receivables",
)


def outstanding(late: Expr | None = None, paid_late: Expr | None = None) -> Formula:
    """Return what invoices under one condition were issued for, less what payments under another brought."""
    return total("amount", where=late, at=STOCK) - total("amount", where=paid_late, table="payment", at=STOCK)


receivables = Metric(
    "receivables",
    outstanding(),
    unit="money",
    better="neutral",
    anchor="stock",
    table="invoice",
    summary="Amount invoiced and not paid at the end of the period.",
    source="M25; article A1",
    rules=("T4", "M2", "M3"),
    labels={"en": "Receivables", "zh": "应收账款余额"},
    subject="receivables",
)

overdue_receivables = Metric(
    "overdue_receivables",
    outstanding(LATE > 0, LATE_PAYMENT > 0),
    unit="money",
    better="lower",
    anchor="stock",
    table="invoice",
    summary="Amount not paid at the end of the period of invoices that were due before it.",
    source="M25; article A1",
    rules=("T2", "T4", "M2", "M3"),
    labels={"en": "Overdue receivables", "zh": "逾期应收账款"},
    subject="receivables",
)

receivables_not_due = Metric(
    "receivables_not_due",
    outstanding(~(LATE > 0), ~(LATE_PAYMENT > 0)),
    unit="money",
    better="neutral",
    anchor="stock",
    table="invoice",
    summary="Amount invoiced and not paid at the end of the period that is not overdue, invoices without a due date among it.",
    source="M25; ageing of receivables",
    rules=("T2", "T4", "M2", "M3"),
    labels={"en": "Receivables not due", "zh": "未到期应收账款"},
    subject="receivables",
)


def overdue_for(after: int, until: int | None) -> Metric:
    """Return the receivables overdue for more than `after` days and at most `until`: one class of age."""
    words = f"over {after} days" if until is None else f"{after + 1} to {until} days"
    said = f"more than {after}" if until is None else f"more than {after} and up to {until}"

    def old(age: Expr) -> Expr:
        return age > after if until is None else (age > after) & (age <= until)

    return Metric(
        f"receivables_overdue_{words.replace(' ', '_')}",
        outstanding(old(LATE), old(LATE_PAYMENT)),
        unit="money",
        better="lower",
        anchor="stock",
        table="invoice",
        summary=f"Amount not paid at the end of the period of invoices that had been due for {said} days.",
        source="M25; ageing of receivables",
        rules=("R4", "T2", "T4", "M2", "M3"),
        labels={
            "en": f"Receivables overdue, {words}",
            "zh": f"逾期{after}天以上应收账款" if until is None else f"逾期{after + 1}至{until}天应收账款",
        },
        subject="receivables",
    )


overdue_share = Metric(
    "overdue_share",
    overdue_receivables / receivables,
    unit="ratio",
    better="lower",
    anchor="stock",
    table="invoice",
    summary="Share of the receivables at the end of the period that is overdue.",
    source="M25; article A1",
    rules=("R1", "R2", "T2", "T4", "M3"),
    labels={"en": "Overdue share of receivables", "zh": "逾期应收账款占比"},
    subject="receivables",
)

collection_rate = Metric(
    "collection_rate",
    collected_value / invoiced_value,
    unit="ratio",
    better="higher",
    anchor="issued_at",
    table="invoice",
    summary="Payments received in the period over the invoices issued in it; the two are different invoices, so it can exceed 1.",
    source="M25; article A1",
    rules=("R1", "R2", "R4", "T4", "M3"),
    labels={"en": "Collection rate", "zh": "回款率"},
    subject="receivables",
)

invoice_collection_rate = Metric(
    "invoice_collection_rate",
    total("amount", table="payment", at="invoice.issued_at") / invoiced_value,
    unit="ratio",
    better="higher",
    anchor="issued_at",
    table="invoice",
    summary="Share of the amount invoiced in the period that has been paid by now, whenever it was; young invoices can still be.",
    source="M25; variant of ours",
    rules=("R1", "R2", "R4", "R5", "M3"),
    labels={"en": "Collection rate, by invoice", "zh": "回款率（按开票批次）"},
    subject="receivables",
)

collection_effectiveness = Metric(
    "collection_effectiveness",
    collected_value / (collected_value + overdue_receivables),
    unit="ratio",
    better="higher",
    anchor="at",
    table="payment",
    summary="Payments of the period over these payments and what is overdue at its end: of what could be collected, the share that was.",
    # (start + invoiced - end) / (start + invoiced - end that is not due), where start + invoiced - end is what was collected
    source="M25; collection effectiveness index (CEI)",
    rules=("R1", "R2", "T4", "M3"),
    labels={"en": "Collection effectiveness", "zh": "催收有效性指数（CEI）"},
    subject="receivables",
)

dso_days = Metric(
    "dso_days",
    receivables * span("elapsed") / invoiced_value,
    unit="days",
    better="lower",
    anchor="issued_at",
    table="invoice",
    summary="Days sales outstanding: receivables at the end of the period over what was invoiced in it, times its elapsed days.",
    source="M25; DSO, the simple form",
    rules=("R1", "R2", "T1", "T4", "M3"),
    labels={"en": "Days sales outstanding", "zh": "应收账款周转天数（DSO）"},
    subject="receivables",
)

best_possible_dso_days = Metric(
    "best_possible_dso_days",
    receivables_not_due * span("elapsed") / invoiced_value,
    unit="days",
    better="lower",
    anchor="issued_at",
    table="invoice",
    summary="What the days sales outstanding would be if nothing were overdue: receivables not due over what was invoiced, "
    "times the elapsed days.",
    source="M25; best possible DSO",
    rules=("R1", "R2", "R4", "T1", "T4", "M3"),
    labels={"en": "Best possible days sales outstanding", "zh": "最佳可能应收账款周转天数"},
    subject="receivables",
)

days_to_pay = Metric(
    "days_to_pay",
    mean(TO_PAY),
    unit="days",
    better="lower",
    anchor="paid_at",
    table="invoice",
    summary="Mean time from the issue of an invoice to its payment in full, over the invoices paid in the period.",
    source="T11; variant of ours",
    rules=("R1", "R2", "R3", "T2", "T3"),
    labels={"en": "Days to pay", "zh": "平均付款天数"},
    subject="receivables",
)

median_days_to_pay = Metric(
    "median_days_to_pay",
    median(TO_PAY),
    unit="days",
    better="lower",
    anchor="paid_at",
    table="invoice",
    summary="Median time from the issue of an invoice to its payment in full, over the invoices paid in the period.",
    source="T11; variant of ours",
    rules=("R2", "R4", "T2", "T3", "Q1"),
    labels={"en": "Median days to pay", "zh": "付款天数中位数"},
    subject="receivables",
)

paid_on_time_rate = Metric(
    "paid_on_time_rate",
    count(DUE_PASSED & (col("paid_at") <= col("due"))) / count(DUE_PASSED),
    unit="ratio",
    better="higher",
    anchor="due",
    table="invoice",
    summary="Of the invoices due in the period whose time is over, the share that was paid in full by then.",
    source="M25; variant of ours",
    rules=("R1", "R3", "R5", "T2"),
    labels={"en": "Paid on time", "zh": "按期付款率"},
    subject="receivables",
)

METRICS: tuple[Metric, ...] = (
    invoiced_value,
    collected_value,
    receivables,
    overdue_receivables,
    receivables_not_due,
    overdue_for(0, 30),
    overdue_for(30, 60),
    overdue_for(60, 90),
    overdue_for(90, None),
    overdue_share,
    collection_rate,
    invoice_collection_rate,
    collection_effectiveness,
    dso_days,
    best_possible_dso_days,
    days_to_pay,
    median_days_to_pay,
    paid_on_time_rate,
)

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "dso_count_back",
        "dso.dso_count_back",
        needs={"invoice": ("issued_at", "amount"), "payment": ("at", "amount")},
        unit="days",
        better="lower",
        anchor="stock",
        summary="Days sales outstanding by counting back: from the end, months are taken off the receivables until these are used up.",
        source="M25; DSO, the count-back form",
        rules=("R2", "R4", "T1", "T4", "M2", "M3"),
        labels={"en": "Days sales outstanding, counted back", "zh": "应收账款周转天数（倒推法）"},
        subject="receivables",
    ),
)
