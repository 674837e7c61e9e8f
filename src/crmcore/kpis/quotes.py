"""From request to quote, and from lead to cash: how fast quotes go out and are decided, how long until money comes in."""

from __future__ import annotations

from ..algebra import coalesce, col, count, each, elapsed, maybe, mean, median, smallest
from ..metric import Metric

__all__ = ["METRICS"]

TURNAROUND = elapsed(coalesce(maybe("requested_at"), col("created_at")), "sent_at")
"""From the customer's request, or from the creation of the quote where none is recorded."""
LEAD_OF_DEAL = coalesce(maybe("opportunity.lead.created_at"), col("opportunity.created_at"))
"""When the lead of a deal was created, or the deal itself where it has none."""
FIRST_QUOTE = each("opportunity", smallest(elapsed("opportunity.created_at", "sent_at")))
LEAD_TO_FIRST_QUOTE = each("opportunity", smallest(elapsed(LEAD_OF_DEAL, "sent_at")))
LEAD_TO_CASH = elapsed(LEAD_OF_DEAL, "paid_at")
DECIDED = col("decided_at").not_null()

quote_turnaround_days = Metric(
    "quote_turnaround_days",
    mean(TURNAROUND),
    unit="days",
    better="lower",
    anchor="sent_at",
    table="quote",
    summary="Mean time from the request for a quote, or from its creation where there is none, to its sending, "
    "over the quotes sent in the period.",
    source="T10; article A3",
    rules=("R1", "R2", "R3", "T2", "T3"),
    labels={"en": "Quote turnaround (days)", "zh": "报价周转时间（天）"},
    subject="cycle",
)

median_quote_turnaround_days = Metric(
    "median_quote_turnaround_days",
    median(TURNAROUND),
    unit="days",
    better="lower",
    anchor="sent_at",
    table="quote",
    summary="Median time from the request for a quote, or from its creation where there is none, to its sending, "
    "over the quotes sent in the period.",
    source="T10; article A3",
    rules=("R2", "R4", "T2", "T3", "Q1"),
    labels={"en": "Median quote turnaround (days)", "zh": "报价周转时间中位数（天）"},
    subject="cycle",
)

first_quote_days = Metric(
    "first_quote_days",
    mean(FIRST_QUOTE),
    unit="days",
    better="lower",
    anchor="opportunity.created_at",
    table="quote",
    summary="Mean time from the creation of a deal to the first quote sent for it, over the deals created in the period "
    "that have been sent one by now.",
    source="T10; article A3",
    rules=("R1", "R2", "R4", "R5", "T2", "T3"),
    labels={"en": "Time to first quote (days)", "zh": "首次报价用时（天）"},
    subject="cycle",
)

median_first_quote_days = Metric(
    "median_first_quote_days",
    median(FIRST_QUOTE),
    unit="days",
    better="lower",
    anchor="opportunity.created_at",
    table="quote",
    summary="Median time from the creation of a deal to the first quote sent for it, over the deals created in the period "
    "that have been sent one by now.",
    source="T10; article A3",
    rules=("R2", "R4", "R5", "T2", "T3", "Q1"),
    labels={"en": "Median time to first quote (days)", "zh": "首次报价用时中位数（天）"},
    subject="cycle",
)

lead_to_first_quote_days = Metric(
    "lead_to_first_quote_days",
    mean(LEAD_TO_FIRST_QUOTE),
    unit="days",
    better="lower",
    anchor="opportunity.created_at",
    table="quote",
    summary="Mean time from the creation of the lead, or of the deal where it has none, to the first quote sent, "
    "over the deals created in the period that have been sent one by now.",
    source="T10; article A3",
    rules=("R1", "R2", "R4", "R5", "T2", "T3"),
    labels={"en": "Lead to first quote (days)", "zh": "线索至首次报价用时（天）"},
    subject="cycle",
)

quote_acceptance_rate = Metric(
    "quote_acceptance_rate",
    count(DECIDED & (col("status") == "accepted")) / count(DECIDED),
    unit="ratio",
    better="higher",
    anchor="decided_at",
    table="quote",
    summary="Share of the quotes decided in the period whose status is accepted.",
    source="T10; variant of ours",
    rules=("R1", "R2", "R3", "R5"),
    labels={"en": "Quote acceptance rate", "zh": "报价接受率"},
    subject="cycle",
)

quote_decision_days = Metric(
    "quote_decision_days",
    mean(elapsed("sent_at", "decided_at")),
    unit="days",
    better="lower",
    anchor="decided_at",
    table="quote",
    summary="Mean time from the sending of a quote to the customer's decision, over the quotes decided in the period.",
    source="T10; variant of ours",
    rules=("R1", "R2", "R3", "T2", "T3"),
    labels={"en": "Quote decision time (days)", "zh": "报价决策用时（天）"},
    subject="cycle",
)

lead_to_cash_days = Metric(
    "lead_to_cash_days",
    mean(LEAD_TO_CASH),
    unit="days",
    better="lower",
    anchor="paid_at",
    table="invoice",
    summary="Mean time from the creation of the lead, or of the deal where it has none, to the payment in full of an invoice, "
    "over the invoices of deals paid in the period.",
    source="T11; article A3",
    rules=("R1", "R2", "R3", "T2", "T3"),
    labels={"en": "Lead to cash (days)", "zh": "线索至回款周期（天）"},
    subject="cycle",
)

median_lead_to_cash_days = Metric(
    "median_lead_to_cash_days",
    median(LEAD_TO_CASH),
    unit="days",
    better="lower",
    anchor="paid_at",
    table="invoice",
    summary="Median time from the creation of the lead, or of the deal where it has none, to the payment in full of an invoice, "
    "over the invoices of deals paid in the period.",
    source="T11; article A3",
    rules=("R2", "R4", "T2", "T3", "Q1"),
    labels={"en": "Median lead to cash (days)", "zh": "线索至回款周期中位数（天）"},
    subject="cycle",
)

METRICS = (
    quote_turnaround_days,
    median_quote_turnaround_days,
    first_quote_days,
    median_first_quote_days,
    lead_to_first_quote_days,
    quote_acceptance_rate,
    quote_decision_days,
    lead_to_cash_days,
    median_lead_to_cash_days,
)
