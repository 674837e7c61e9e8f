"""Activities: how many, how many it takes for a lead, a meeting or a sale, where the time goes, what is late.

An activity counts at the time it takes place, as often as its `quantity` says, once where that is blank.
"""

from __future__ import annotations

from ..algebra import STOCK, as_of, coalesce, col, count, distinct, lit, total
from ..metric import Metric
from .conversion import leads_converted, leads_created
from .outcome import won_deals

__all__ = ["METRICS", "activities"]

QUANTITY = coalesce(col("quantity"), 1)
CONTACT_KINDS = ("call", "email")
FACE_TO_FACE_KINDS = ("meeting", "visit")

DUE_PASSED = col("due") < as_of()
"""Its time is over; what still has time is judged neither way (R5), also where it is done already: else what is late would
be judged later than what is early."""

activities = Metric(
    "activities",
    total(QUANTITY),
    unit="count",
    better="higher",
    anchor="at",
    table="activity",
    summary="Activities of any kind that took place in the period.",
    source="A04; Odoo, Pipedrive",
    rules=("T4",),
    labels={"en": "Activities", "zh": "活动数"},
    subject="activity",
)

calls = Metric(
    "calls",
    total(QUANTITY, where=col("kind") == "call"),
    unit="count",
    better="higher",
    anchor="at",
    table="activity",
    summary="Calls that took place in the period.",
    source="A01, A04; article A1",
    rules=("T4",),
    labels={"en": "Calls", "zh": "通话数"},
    subject="activity",
)

contacts_made = Metric(
    "contacts_made",
    total(QUANTITY, where=col("kind").isin(CONTACT_KINDS)),
    unit="count",
    better="higher",
    anchor="at",
    table="activity",
    summary="Calls and e-mails of the period.",
    source="A01; article A1",
    rules=("T4",),
    labels={"en": "Contacts made", "zh": "联系次数"},
    subject="activity",
)

meetings = Metric(
    "meetings",
    total(QUANTITY, where=col("kind") == "meeting"),
    unit="count",
    better="higher",
    anchor="at",
    table="activity",
    summary="Meetings that took place in the period.",
    source="A01, A04; article A1",
    rules=("T4",),
    labels={"en": "Meetings", "zh": "会议数"},
    subject="activity",
)

visits = Metric(
    "visits",
    total(QUANTITY, where=col("kind") == "visit"),
    unit="count",
    better="higher",
    anchor="at",
    table="activity",
    summary="Visits that took place in the period.",
    source="A01, A04; articles A1, A3",
    rules=("T4",),
    labels={"en": "Visits", "zh": "拜访数"},
    subject="activity",
)

proposals = Metric(
    "proposals",
    total(QUANTITY, where=col("kind") == "proposal"),
    unit="count",
    better="higher",
    anchor="at",
    table="activity",
    summary="Proposals made in the period.",
    source="A01, A04; articles A1, A3",
    rules=("T4",),
    labels={"en": "Proposals", "zh": "方案数"},
    subject="activity",
)

calls_per_lead = Metric(
    "calls_per_lead",
    calls / leads_created,
    unit="number",
    better="lower",
    anchor="at",
    table="activity",
    summary="Calls of the period over the leads created in it.",
    source="A01; article A1",
    rules=("R1", "R2"),
    labels={"en": "Calls per lead", "zh": "每条线索通话数"},
    subject="activity",
)

calls_per_converted_lead = Metric(
    "calls_per_converted_lead",
    calls / leads_converted,
    unit="number",
    better="lower",
    anchor="at",
    table="activity",
    summary="Calls of the period over the leads converted in it: what a lead that proves valuable costs in calls.",
    source="A01; article A1",
    rules=("R1", "R2", "R4"),
    labels={"en": "Calls per converted lead", "zh": "每条转化线索通话数"},
    subject="activity",
)

contacts_per_meeting = Metric(
    "contacts_per_meeting",
    contacts_made / meetings,
    unit="number",
    better="lower",
    anchor="at",
    table="activity",
    summary="Calls and e-mails of the period over the meetings in it.",
    source="A01; article A1",
    rules=("R1", "R2"),
    labels={"en": "Contacts per meeting", "zh": "每次会议所需联系次数"},
    subject="activity",
)

visits_and_calls_per_sale = Metric(
    "visits_and_calls_per_sale",
    total(QUANTITY, where=col("kind").isin(["visit", "call"])) / won_deals,
    unit="number",
    better="lower",
    anchor="at",
    table="activity",
    summary="Visits and calls of the period over the deals won in it.",
    source="A01; article A1",
    rules=("R1", "R2"),
    labels={"en": "Visits and calls per sale", "zh": "每单拜访与通话数"},
    subject="activity",
)

proposals_per_sale = Metric(
    "proposals_per_sale",
    proposals / won_deals,
    unit="number",
    better="lower",
    anchor="at",
    table="activity",
    summary="Proposals of the period over the deals won in it.",
    source="A01; article A1",
    rules=("R1", "R2"),
    labels={"en": "Proposals per sale", "zh": "每单方案数"},
    subject="activity",
)

activities_per_deal = Metric(
    "activities_per_deal",
    total(QUANTITY, where=col("opportunity").not_null()) / distinct("opportunity"),
    unit="number",
    better="neutral",
    anchor="at",
    table="activity",
    summary="Activities of the period that belong to a deal, over the deals they belong to.",
    source="A04; Odoo, Pipedrive",
    rules=("R1", "R2", "Q2"),
    labels={"en": "Activities per deal", "zh": "单商机活动数"},
    subject="activity",
)

activities_per_seller = Metric(
    "activities_per_seller",
    total(QUANTITY, where=col("owner").not_null()) / distinct("owner"),
    unit="number",
    better="higher",
    anchor="at",
    table="activity",
    summary="Activities of the period that have an owner, over the sellers who own them.",
    source="A04; Odoo, Pipedrive",
    rules=("R1", "R2", "Q2"),
    labels={"en": "Activities per seller", "zh": "人均活动数"},
    subject="activity",
)

face_time_hours = Metric(
    "face_time_hours",
    total("duration", where=col("kind").isin(FACE_TO_FACE_KINDS)),
    unit="hours",
    better="higher",
    anchor="at",
    table="activity",
    summary="Time spent in meetings and visits in the period.",
    source="A02; article A3",
    rules=("R2", "T3", "T4"),
    labels={"en": "Face time (hours)", "zh": "面谈时长（小时）"},
    subject="activity",
)

admin_time_share = Metric(
    "admin_time_share",
    total("duration", where=col("kind") == "administration") / total("duration"),
    unit="ratio",
    better="lower",
    anchor="at",
    table="activity",
    summary="Share of the recorded working time of the period that went into administration.",
    source="A03; article A0",
    rules=("R1", "R2", "T3"),
    labels={"en": "Share of time on administration", "zh": "行政事务时间占比"},
    subject="activity",
)

on_time_rate = Metric(
    "on_time_rate",
    count(DUE_PASSED & (col("done") <= col("due"))) / count(DUE_PASSED),
    unit="ratio",
    better="higher",
    anchor="due",
    table="activity",
    summary="Of the activities due in the period whose time is over, the share that was done by then.",
    source="A04; Odoo, Pipedrive",
    rules=("R1", "R3", "R5", "T2"),
    labels={"en": "On-time completion rate", "zh": "活动按时完成率"},
    subject="activity",
)

overdue_activities = Metric(
    "overdue_activities",
    count(col("done").is_null() & DUE_PASSED),
    unit="count",
    better="lower",
    anchor="stock",
    table="activity",
    summary="Activities not done at the end of the period although their time is over.",
    source="A04; Odoo",
    rules=("T2", "T4"),
    labels={"en": "Overdue activities", "zh": "逾期活动数"},
    subject="activity",
)

tool_adoption = Metric(
    "tool_adoption",
    distinct("owner", where=col("owner.active") == lit(True), at="done")
    / count(col("active") == lit(True), table="seller", at=STOCK),
    unit="ratio",
    better="higher",
    anchor="done",
    table="activity",
    summary="Share of the sellers active today who have done an activity in the period that is recorded.",
    source="A10; article A3",
    rules=("R1", "R2", "O8", "T4", "Q2"),
    labels={"en": "Tool adoption", "zh": "系统使用率"},
    subject="activity",
)

METRICS = (
    activities,
    calls,
    contacts_made,
    meetings,
    visits,
    proposals,
    calls_per_lead,
    calls_per_converted_lead,
    contacts_per_meeting,
    visits_and_calls_per_sale,
    proposals_per_sale,
    activities_per_deal,
    activities_per_seller,
    face_time_hours,
    admin_time_share,
    on_time_rate,
    overdue_activities,
    tool_adoption,
)
