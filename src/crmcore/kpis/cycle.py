"""Cycle and speed: how long deals take to be won or lost, and how fast leads are answered and assigned."""

from __future__ import annotations

from fractions import Fraction

from ..algebra import as_of, coalesce, col, count, elapsed, maybe, mean, median
from ..metric import Metric
from .choices import plural, whole
from .entry import Analysis
from .populations import DECIDED, LOST, OPEN, WON

__all__ = ["ANALYSES", "CYCLE", "METRICS", "response_sla_rate", "sales_cycle_days"]

CYCLE = elapsed("created_at", "closed_at")
"""From the deal's creation to its close."""
CONTACT_TO_CLOSE = elapsed("first_contact_at", "closed_at")
LEAD_TO_CLOSE = elapsed(coalesce(maybe("lead.created_at"), col("created_at")), "closed_at")
AGE = elapsed("created_at", as_of())
RESPONSE = elapsed("created_at", "first_response_at")

sales_cycle_days = Metric(
    "sales_cycle_days",
    mean(CYCLE, where=WON),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Mean time from the creation of a deal to its close, over the deals won in the period; a cycle of zero counts.",
    source="T02; Frappe, HubSpot",
    rules=("O6", "R1", "R2", "T2", "T3"),
    labels={"en": "Sales cycle (days)", "zh": "销售周期（天）"},
    subject="cycle",
)

median_sales_cycle_days = Metric(
    "median_sales_cycle_days",
    median(CYCLE, where=WON),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Median time from the creation of a deal to its close, over the deals won in the period.",
    source="T02; Quartz",
    rules=("O6", "R2", "T2", "T3", "Q1"),
    labels={"en": "Median sales cycle (days)", "zh": "销售周期中位数（天）"},
    subject="cycle",
)

sales_cycle_from_first_contact_days = Metric(
    "sales_cycle_from_first_contact_days",
    mean(CONTACT_TO_CLOSE, where=WON),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Mean time from the first contact to the close, over the deals won in the period that have a first contact.",
    source="T01; article A4",
    rules=("R1", "R2", "R4", "T2", "T3"),
    labels={"en": "Sales cycle from first contact (days)", "zh": "首次接触至成交周期（天）"},
    subject="cycle",
)

median_sales_cycle_from_first_contact_days = Metric(
    "median_sales_cycle_from_first_contact_days",
    median(CONTACT_TO_CLOSE, where=WON),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Median time from the first contact to the close, over the deals won in the period that have a first contact.",
    source="T01; article A4, Quartz",
    rules=("R2", "R4", "T2", "T3", "Q1"),
    labels={"en": "Median sales cycle from first contact (days)", "zh": "首次接触至成交周期中位数（天）"},
    subject="cycle",
)

lead_to_close_days = Metric(
    "lead_to_close_days",
    mean(LEAD_TO_CLOSE, where=WON),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Mean time from the creation of the lead, or of the deal where it has none, to the close, "
    "over the deals won in the period.",
    source="T03; Frappe",
    rules=("R1", "R2", "R4", "T2", "T3"),
    labels={"en": "Lead to close (days)", "zh": "线索至成交周期（天）"},
    subject="cycle",
)

median_lead_to_close_days = Metric(
    "median_lead_to_close_days",
    median(LEAD_TO_CLOSE, where=WON),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Median time from the creation of the lead, or of the deal where it has none, to the close, "
    "over the deals won in the period.",
    source="T03; Frappe",
    rules=("R2", "R4", "T2", "T3", "Q1"),
    labels={"en": "Median lead to close (days)", "zh": "线索至成交周期中位数（天）"},
    subject="cycle",
)

days_to_close = Metric(
    "days_to_close",
    mean(CYCLE, where=DECIDED),
    unit="days",
    better="lower",
    anchor="closed_at",
    summary="Mean time from the creation of a deal to its close, over the deals won or lost in the period.",
    source="T02, T04; HubSpot",
    rules=("R1", "R2", "R4", "R5", "T2", "T3"),
    labels={"en": "Days to close", "zh": "商机关闭用时（天）"},
    subject="cycle",
)

days_to_loss = Metric(
    "days_to_loss",
    mean(CYCLE, where=LOST),
    unit="days",
    better="neutral",
    anchor="closed_at",
    summary="Mean time from the creation of a deal to its close, over the deals lost in the period.",
    source="T04; Pipedream",
    rules=("R1", "R2", "T2", "T3"),
    labels={"en": "Days to loss", "zh": "输单用时（天）"},
    subject="cycle",
)

days_to_assign = Metric(
    "days_to_assign",
    mean(elapsed("created_at", "assigned_at")),
    unit="days",
    better="lower",
    anchor="assigned_at",
    table="lead",
    summary="Mean time from the creation of a lead to its assignment, over the leads assigned in the period.",
    source="T05; Odoo",
    rules=("R1", "R2", "T2", "T3"),
    labels={"en": "Days to assign", "zh": "线索分配用时（天）"},
    subject="cycle",
)

deal_days_to_assign = Metric(
    "deal_days_to_assign",
    mean(elapsed("created_at", "assigned_at")),
    unit="days",
    better="lower",
    anchor="assigned_at",
    summary="Mean time from the creation of a deal to its assignment, over the deals assigned in the period.",
    source="T05; Odoo",
    rules=("R1", "R2", "R4", "T2", "T3"),
    labels={"en": "Days to assign a deal", "zh": "商机分配用时（天）"},
    subject="cycle",
)

first_response_hours = Metric(
    "first_response_hours",
    mean(RESPONSE),
    unit="hours",
    better="lower",
    anchor="first_response_at",
    table="lead",
    summary="Mean time from the creation of a lead to the first response to it, over the leads first answered in the period.",
    source="T06; Frappe, Salesforce",
    rules=("R1", "R2", "T2", "T3"),
    labels={"en": "First response time (hours)", "zh": "首次响应时间（小时）"},
    subject="cycle",
)

median_first_response_hours = Metric(
    "median_first_response_hours",
    median(RESPONSE),
    unit="hours",
    better="lower",
    anchor="first_response_at",
    table="lead",
    summary="Median time from the creation of a lead to the first response to it, over the leads first answered in the period.",
    source="T06; Frappe, Salesforce",
    rules=("R2", "T2", "T3", "Q1"),
    labels={"en": "Median first response time (hours)", "zh": "首次响应时间中位数（小时）"},
    subject="cycle",
)

open_deal_age_days = Metric(
    "open_deal_age_days",
    mean(AGE, where=OPEN),
    unit="days",
    better="lower",
    anchor="stock",
    summary="Mean time since creation of the deals open at the end of the period.",
    source="T08; Quartz",
    rules=("R1", "R2", "T2", "T4"),
    labels={"en": "Age of open deals (days)", "zh": "在手商机平均存续时间（天）"},
    subject="cycle",
)

median_open_deal_age_days = Metric(
    "median_open_deal_age_days",
    median(AGE, where=OPEN),
    unit="days",
    better="lower",
    anchor="stock",
    summary="Median time since creation of the deals open at the end of the period.",
    source="T08; Quartz",
    rules=("R2", "T2", "T4", "Q1"),
    labels={"en": "Median age of open deals (days)", "zh": "在手商机存续时间中位数（天）"},
    subject="cycle",
)


def response_sla_rate(hours: int) -> Metric:
    """Return the share of leads answered within `hours` hours, named `response_sla_rate_<hours>_hours`.

    met / (met + missed), where missed is answered later, or unanswered for longer than that. A lead that still has
    time counts in neither (R5).

    Args:
        hours: the promised time, in full hours.

    Raises:
        ArgumentError: no whole number of hours, at least 1.

    Rules: R3, R4, R5, T2, T3.

    Source: T06; Frappe.
    """
    limit = Fraction(whole("hours", hours), 24)  # a duration compares in days
    words = plural(hours, "hour")
    answered, waited = RESPONSE, AGE
    judged = answered.not_null() | (col("first_response_at").is_null() & (waited > limit))
    return Metric(
        f"response_sla_rate_{words.replace(' ', '_')}",
        count(judged & (answered <= limit)) / count(judged),
        unit="ratio",
        better="higher",
        anchor="created_at",
        table="lead",
        summary=f"Of the leads created in the period that were answered or have waited longer than {words}, "
        f"the share answered within {words}.",
        source="T06; Frappe",
        rules=("R1", "R3", "R4", "R5", "T2", "T3"),
        labels={"en": f"Answered within {words}", "zh": f"{hours}小时内响应率"},
        subject="cycle",
    )


METRICS = (
    sales_cycle_days,
    median_sales_cycle_days,
    sales_cycle_from_first_contact_days,
    median_sales_cycle_from_first_contact_days,
    lead_to_close_days,
    median_lead_to_close_days,
    days_to_close,
    days_to_loss,
    days_to_assign,
    deal_days_to_assign,
    first_response_hours,
    median_first_response_hours,
    response_sla_rate(1),
    response_sla_rate(24),
    open_deal_age_days,
    median_open_deal_age_days,
)

_CYCLE = {"opportunity": ("created_at", "closed_at", "outcome")}
_STAYS = {"opportunity": ("created_at", "stage", "outcome"), "change": ("table", "record", "field", "old", "new", "at")}
_STAY_RULES = ("R2", "R5", "S3", "S4", "S5", "T2", "T3", "T8")

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "sales_cycle",
        "cycle.sales_cycle",
        needs=_CYCLE,
        unit="days",
        better="lower",
        anchor="created_at",
        summary="How long deals take from creation to being won, lost or abandoned, with the open ones counted for as long as they "
        "were seen.",
        source="T02; Aalen and Johansen 1978",
        rules=("O1", "O6", "R2", "R5", "T1", "T2", "T3", "T8"),
        labels={"en": "Sales cycle with open deals", "zh": "销售周期（含进行中商机）"},
        subject="cycle",
    ),
    Analysis(
        "sales_cycle_curve",
        "cycle.sales_cycle_curve",
        needs=_CYCLE,
        unit="ratio",
        anchor="created_at",
        summary="Share of the deals that are won, lost, abandoned and still open by each of some ages, with the open ones counted "
        "for as long as they were seen.",
        source="T02; Kaplan and Meier 1958, Aalen and Johansen 1978",
        rules=("O1", "O6", "R2", "R5", "T1", "T2", "T3", "T8"),
        labels={"en": "Outcome of deals by age", "zh": "按商机天数的结果占比"},
        subject="cycle",
    ),
    Analysis(
        "time_in_stage",
        "time_in_stage.time_in_stage",
        needs=_STAYS,
        history=True,
        unit="days",
        better="lower",
        anchor="stock",
        summary="How long deals stay in each stage, all visits of a deal added up, those that are still there counted for as long as "
        "they have been.",
        source="T07; HubSpot, Odoo",
        rules=_STAY_RULES,
        labels={"en": "Time in stage", "zh": "阶段停留时间"},
        subject="cycle",
    ),
    Analysis(
        "time_in_stage_latest",
        "time_in_stage.time_in_stage_latest",
        needs=_STAYS,
        history=True,
        unit="days",
        better="lower",
        anchor="stock",
        summary="How long the latest visit of each deal to each stage lasted, those that are still there counted for as long as they "
        "have been.",
        source="T07; HubSpot",
        rules=_STAY_RULES,
        labels={"en": "Time in stage, latest visit", "zh": "阶段停留时间（最近一次）"},
        subject="cycle",
    ),
    Analysis(
        "time_in_stage_first",
        "time_in_stage.time_in_stage_first",
        needs=_STAYS,
        history=True,
        unit="days",
        better="lower",
        anchor="stock",
        summary="How long the first visit of each deal to each stage lasted, those that are still there counted for as long as they "
        "have been.",
        source="T07; policies of time in stage",
        rules=_STAY_RULES,
        labels={"en": "Time in stage, first visit", "zh": "阶段停留时间（首次）"},
        subject="cycle",
    ),
    Analysis(
        "stage_ageing",
        "ageing.stage_ageing",
        needs={"opportunity": ("stage", "outcome")},
        unit="count",
        better="lower",
        anchor="stock",
        summary="Open deals of each stage that are in time, late and rotting, by the days that the stage allows.",
        source="T09; Odoo, Pipedrive, Django-CRM",
        rules=("O8", "R2", "S3", "S5", "T2", "T8"),
        labels={"en": "Ageing of open deals by stage", "zh": "各阶段在手商机老化"},
        subject="cycle",
    ),
    Analysis(
        "deal_ageing",
        "ageing.deal_ageing",
        needs={"opportunity": ("stage", "outcome")},
        unit="days",
        better="lower",
        anchor="stock",
        summary="Open deals by how far they are beyond the days that their stage allows.",
        source="T09; Odoo, Pipedrive",
        rules=("O8", "R2", "S3", "S5", "T2", "T8"),
        labels={"en": "Ageing of open deals", "zh": "在手商机老化明细"},
        subject="cycle",
    ),
)
