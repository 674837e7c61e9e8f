"""Leads and what becomes of them: volume, conversion by cohort and by flow, customers won from leads."""

from __future__ import annotations

from ..algebra import count, distinct, total
from ..metric import Metric
from .entry import Analysis
from .populations import CONVERTED, WON

__all__ = ["ANALYSES", "METRICS", "leads_converted", "leads_created"]

leads_created = Metric(
    "leads_created",
    count(),
    unit="count",
    better="higher",
    anchor="created_at",
    table="lead",
    summary="Leads created in the period.",
    source="F01; Frappe, article A3",
    rules=("O3", "O9", "T4"),
    labels={"en": "Leads created", "zh": "新增线索数"},
    subject="conversion",
)

leads_converted = Metric(
    "leads_converted",
    count(CONVERTED),
    unit="count",
    better="higher",
    anchor="converted_at",
    table="lead",
    summary="Leads converted in the period, whenever they were created.",
    source="F03; variant of ours",
    rules=("O7", "T4"),
    labels={"en": "Leads converted", "zh": "转化线索数"},
    subject="conversion",
)

lead_conversion_rate = Metric(
    "lead_conversion_rate",
    count(CONVERTED) / count(),
    unit="ratio",
    better="higher",
    anchor="created_at",
    table="lead",
    summary="Share of the leads created in the period that have been converted by now; a young cohort can still rise.",
    source="F02; article A4, Django-CRM",
    rules=("R1", "R3", "R4", "R5"),
    labels={"en": "Lead conversion rate", "zh": "线索转化率"},
    subject="conversion",
)

lead_conversion_rate_flow = Metric(
    "lead_conversion_rate_flow",
    count(CONVERTED, at="converted_at") / count(at="created_at"),
    unit="ratio",
    better="higher",
    anchor="converted_at",
    table="lead",
    summary="Leads converted in the period over leads created in the period; the two are different leads, so it can exceed 1.",
    source="F03; variant of ours",
    rules=("R1", "R4", "T4"),
    labels={"en": "Lead conversion rate, by flow", "zh": "线索转化率（按当期发生）"},
    subject="conversion",
)

lead_to_customer_rate = Metric(
    "lead_to_customer_rate",
    distinct("account", where=WON) / count(table="lead", at="created_at"),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Accounts that had a deal won in the period over the leads created in it.",
    source="F04; article A4: won customers / potential customers",
    rules=("R1", "R4", "Q2"),
    labels={"en": "Lead to customer rate", "zh": "潜在客户成交率"},
    subject="conversion",
)

account_conversion_rate = Metric(
    "account_conversion_rate",
    distinct("account", where=WON) / distinct("account"),
    unit="ratio",
    better="higher",
    anchor="created_at",
    summary="Share of the accounts with an opportunity created in the period that have won one of these by now.",
    source="F04; the variant whose potential customers are the accounts in the pipeline",
    rules=("R1", "R4", "R5", "Q2"),
    labels={"en": "Account conversion rate", "zh": "客户成交率"},
    subject="conversion",
)

won_value_per_lead = Metric(
    "won_value_per_lead",
    total("amount", where=WON) / count(table="lead", at="created_at"),
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period over the leads created in it; by source or campaign, what a lead from it brings.",
    source="F17; article A1, Espo, SuiteCRM",
    rules=("R1", "M3"),
    labels={"en": "Won value per lead", "zh": "单条线索赢单金额"},
    subject="conversion",
)

METRICS = (
    leads_created,
    leads_converted,
    lead_conversion_rate,
    lead_conversion_rate_flow,
    lead_to_customer_rate,
    account_conversion_rate,
    won_value_per_lead,
)

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "conversion_events",
        "events.conversion_events",
        needs={
            "lead": ("converted", "created_at"),
            "change": ("table", "record", "field", "old", "new", "at"),
        },
        unit="count",
        anchor="at",
        summary="How often leads were converted, and recycled, in each period: events, of which a lead can have several.",
        source="E51; variant of ours",
        rules=("O7", "S5", "T1", "T4", "T7"),
        labels={"en": "Conversions as events", "zh": "转化事件"},
        subject="conversion",
    ),
)
