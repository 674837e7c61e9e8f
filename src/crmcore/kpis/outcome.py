"""Outcomes of opportunities: how many, the win rates, why deals are lost, and which come back."""

from __future__ import annotations

from ..algebra import STOCK, as_of, col, count, elapsed, share, total
from ..metric import Metric
from .choices import whole
from .entry import Analysis
from .populations import ABANDONED, CLOSED, DECIDED, LOST, OPEN, OVERDUE, REOPENED, WON

__all__ = ["ANALYSES", "METRICS", "open_deals", "win_rate", "win_rate_stale_as_lost", "won_deals"]

opportunities_created = Metric(
    "opportunities_created",
    count(),
    unit="count",
    better="higher",
    anchor="created_at",
    summary="Opportunities created in the period, whatever became of them.",
    source="F07, M11; Hongquan CRM",
    rules=("O3", "O9", "T4"),
    labels={"en": "Opportunities created", "zh": "新增商机数"},
    subject="outcome",
)

open_deals = Metric(
    "open_deals",
    count(OPEN),
    unit="count",
    better="higher",
    anchor="stock",
    summary="Opportunities open at the end of the period, overdue ones included.",
    source="F19; all CRMs",
    rules=("O1", "O2", "O7", "T4"),
    labels={"en": "Open deals", "zh": "在手商机数"},
    subject="outcome",
)

won_deals = Metric(
    "won_deals",
    count(WON),
    unit="count",
    better="higher",
    anchor="closed_at",
    summary="Deals won in the period, by close date.",
    source="F05; all CRMs",
    rules=("O1", "O2", "O6", "O7"),
    labels={"en": "Won deals", "zh": "赢单数"},
    subject="outcome",
)

lost_deals = Metric(
    "lost_deals",
    count(LOST),
    unit="count",
    better="lower",
    anchor="closed_at",
    summary="Deals lost in the period, by close date.",
    source="F05, F16; all CRMs",
    rules=("O1", "O2", "O7"),
    labels={"en": "Lost deals", "zh": "输单数"},
    subject="outcome",
)

abandoned_deals = Metric(
    "abandoned_deals",
    count(ABANDONED),
    unit="count",
    better="lower",
    anchor="closed_at",
    summary="Deals closed in the period without being won or lost: cancelled, omitted or disqualified.",
    source="E09; creme, Salesforce",
    rules=("O1", "O7"),
    labels={"en": "Abandoned deals", "zh": "放弃商机数"},
    subject="outcome",
)

closed_deals = Metric(
    "closed_deals",
    count(CLOSED),
    unit="count",
    better="neutral",
    anchor="closed_at",
    summary="Deals won, lost or abandoned in the period.",
    source="F15; all CRMs",
    rules=("O1", "O7"),
    labels={"en": "Closed deals", "zh": "已关闭商机数"},
    subject="outcome",
)

win_rate = Metric(
    "win_rate",
    count(WON) / count(DECIDED),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Share of the deals decided in the period, won or lost, that were won.",
    source="F05; HubSpot",
    rules=("O1", "O2", "R1", "R3", "R4", "R5"),
    labels={"en": "Win rate", "zh": "赢率"},
    subject="outcome",
)

win_rate_by_value = Metric(
    "win_rate_by_value",
    total("amount", where=WON) / total("amount", where=DECIDED),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Share of the amount decided in the period, won or lost, that was won; deals without an amount are left out.",
    source="F06; QuarterOne",
    rules=("R1", "R4", "R5", "M3"),
    labels={"en": "Win rate by value", "zh": "赢率（按金额）"},
    subject="outcome",
)

win_rate_of_all = Metric(
    "win_rate_of_all",
    count(WON) / count(),
    unit="ratio",
    better="higher",
    anchor="created_at",
    summary="Share of all deals created in the period, open and abandoned ones included, that have been won by now.",
    source="F07; Hongquan CRM",
    rules=("R1", "R3", "R4", "R5"),
    labels={"en": "Win rate of all created", "zh": "赢单率（占全部商机）"},
    subject="outcome",
)

win_rate_with_abandoned = Metric(
    "win_rate_with_abandoned",
    count(WON) / count(CLOSED),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Share of the deals closed in the period, abandoned ones included, that were won.",
    source="F05; variant after creme, Salesforce",
    rules=("O1", "R1", "R3", "R4", "R5"),
    labels={"en": "Win rate with abandoned", "zh": "赢率（含放弃）"},
    subject="outcome",
)

loss_rate = Metric(
    "loss_rate",
    count(LOST) / count(DECIDED),
    unit="ratio",
    better="lower",
    anchor="closed_at",
    summary="Share of the deals decided in the period, won or lost, that were lost.",
    source="F05; the complement of the win rate",
    rules=("O1", "R1", "R3", "R4", "R5"),
    labels={"en": "Loss rate", "zh": "输单率"},
    subject="outcome",
)

lost_reason_share = Metric(
    "lost_reason_share",
    share(count(LOST)),
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="The group's share of all deals lost in the period; by lost_reason, the distribution of the reasons.",
    source="F16; Frappe, Odoo, Krayin",
    rules=("R1", "T4"),
    labels={"en": "Share of lost deals", "zh": "输单原因占比"},
    subject="outcome",
)

lost_reason_value_share = Metric(
    "lost_reason_value_share",
    share(total("amount", where=LOST)),
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="The group's share of the amount lost in the period; by lost_reason, what each reason costs.",
    source="F16; Frappe, Krayin",
    rules=("R1", "M3", "T4"),
    labels={"en": "Share of lost value", "zh": "输单原因金额占比"},
    subject="outcome",
)

no_reason_share = Metric(
    "no_reason_share",
    count(LOST & col("lost_reason").is_null()) / count(LOST),
    unit="ratio",
    better="lower",
    anchor="closed_at",
    summary="Share of the deals lost in the period for which no reason was recorded.",
    source="F16; Odoo, Krayin",
    rules=("R1", "R3"),
    labels={"en": "Share of losses without a reason", "zh": "无输单原因占比"},
    subject="outcome",
)

reopened_deals = Metric(
    "reopened_deals",
    count(REOPENED),
    unit="count",
    better="lower",
    anchor="created_at",
    summary="Deals created in the period that left a closed state at least once.",
    source="F15; Odoo, Pipedrive",
    rules=("O5", "O7"),
    labels={"en": "Reopened deals", "zh": "重开商机数"},
    subject="outcome",
)

# Anchored at creation: a reopened deal that is open again has no close date to count at (O5).
reopen_rate = Metric(
    "reopen_rate",
    count((CLOSED | REOPENED) & REOPENED) / count(CLOSED | REOPENED),
    unit="ratio",
    better="lower",
    anchor="created_at",
    summary="Of the deals created in the period that were ever closed, the share that left the closed state at least once.",
    source="F15; E01",
    rules=("O5", "R1", "R3"),
    labels={"en": "Reopen rate", "zh": "商机重开率"},
    subject="outcome",
)


def win_rate_stale_as_lost(days: int = 90) -> Metric:
    """Return the win rate that counts open deals as lost once they are overdue or more than `days` days old.

    won / (won + lost + stale); a deal both overdue and old is one stale deal. Won and lost are those of the period,
    stale is what lies there at its end. For 90 days the name is `win_rate_stale_as_lost`, else it names the days.

    Args:
        days: age since creation, above which an open deal is old.

    Raises:
        ArgumentError: no whole number of days, at least 1.

    Rules: R4, R5, T4.

    Source: F08; Zoho Motivator; E56.
    """
    default = whole("days", days) == 90
    stale = OPEN & (OVERDUE | (elapsed("created_at", as_of()) > days))
    return Metric(
        "win_rate_stale_as_lost" if default else f"win_rate_stale_as_lost_{days}_days",
        count(WON) / (count(DECIDED) + count(stale, at=STOCK)),
        unit="ratio",
        better="higher",
        anchor="closed_at",
        summary=f"Deals won in the period over those won or lost in it and those open at its end "
        f"that are past their expected close or older than {days} days.",
        source="F08; Zoho Motivator",
        rules=("O1", "R1", "R4", "R5", "T4"),
        labels={
            "en": "Win rate, stale as lost" if default else f"Win rate, stale after {days} days as lost",
            "zh": "赢率（停滞计为输单）" if default else f"赢率（停滞{days}天计为输单）",
        },
        subject="outcome",
    )


METRICS = (
    opportunities_created,
    open_deals,
    won_deals,
    lost_deals,
    abandoned_deals,
    closed_deals,
    win_rate,
    win_rate_by_value,
    win_rate_of_all,
    win_rate_with_abandoned,
    win_rate_stale_as_lost(),
    loss_rate,
    lost_reason_share,
    lost_reason_value_share,
    no_reason_share,
    reopened_deals,
    reopen_rate,
)

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "outcome_events",
        "events.outcome_events",
        needs={
            "opportunity": ("outcome", "created_at"),
            "change": ("table", "record", "field", "old", "new", "at"),
        },
        unit="count",
        anchor="at",
        summary="How often deals were won, lost, abandoned and reopened in each period: events, of which a deal can have several.",
        source="E06; EspoCRM",
        rules=("O2", "O5", "O6", "O7", "S5", "T1", "T4", "T7"),
        labels={"en": "Outcomes as events", "zh": "结果事件"},
        subject="outcome",
    ),
)
