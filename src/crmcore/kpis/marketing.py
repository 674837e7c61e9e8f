"""Campaigns and channels: what their messages do, what a customer won through them costs, what they return.

By campaign, channel or source a number is that of the costs, touches and deals that carry it. A touch counts as often as
its `quantity` says, once where that is blank. Opened, clicked, bounced and opted out are set against what was sent in the
same period.
"""

from __future__ import annotations

from ..algebra import coalesce, col, distinct, total
from ..metric import Metric
from .acquisition import SPEND, spend_value
from .populations import WON
from .revenue import won_value

__all__ = ["METRICS"]

QUANTITY = coalesce(col("quantity"), 1)
_OF_CAMPAIGN = col("campaign").not_null()
CAMPAIGN_SPEND = total("amount", where=SPEND & _OF_CAMPAIGN, table="cost", at="date")
CAMPAIGN_WON = total("amount", where=WON & _OF_CAMPAIGN)

cost_per_won_customer = Metric(
    "cost_per_won_customer",
    spend_value / distinct("account", where=WON),
    unit="money",
    better="lower",
    anchor="closed_at",
    summary="Spend of the period over the different accounts that had a deal won in it; by source, what a customer from it costs.",
    source="M30, F17; article A1",
    rules=("R1", "R2", "R4", "M2", "Q2"),
    labels={"en": "Cost per won customer", "zh": "单个成交客户成本"},
    subject="marketing",
)

campaign_return = Metric(
    "campaign_return",
    (CAMPAIGN_WON - CAMPAIGN_SPEND) / CAMPAIGN_SPEND,
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals of campaigns won in the period less the spend on campaigns, over that spend; "
    "deals and costs of no campaign are left out.",
    source="M29; SuiteCRM",
    rules=("R1", "R2", "R4", "M2", "M3"),
    labels={"en": "Return on campaigns", "zh": "营销活动投资回报率"},
    subject="marketing",
)


def touches(name: str, kind: str, en: str, zh: str, said: str, better: str) -> Metric:
    """Return how many touches of one kind there were."""
    return Metric(
        name,
        total(QUANTITY, where=col("kind") == kind),
        unit="count",
        better=better,
        anchor="at",
        table="touch",
        summary=f"Touches of the kind {kind} in the period: {said}.",
        source="M30; Espo",
        rules=("T4",),
        labels={"en": en, "zh": zh},
        subject="marketing",
    )


messages_sent = touches("messages_sent", "sent", "Messages sent", "发送消息数", "messages that went out", "neutral")
messages_opened = touches(
    "messages_opened", "opened", "Messages opened", "消息打开数", "messages that were opened", "higher"
)
messages_clicked = touches(
    "messages_clicked", "clicked", "Clicks in messages", "消息点击数", "links in messages that were followed", "higher"
)


def of_sent(name: str, kind: str, en: str, zh: str, better: str) -> Metric:
    """Return the touches of one kind over the messages sent."""
    return Metric(
        name,
        total(QUANTITY, where=col("kind") == kind) / messages_sent,
        unit="ratio",
        better=better,
        anchor="at",
        table="touch",
        summary=f"Touches of the kind {kind} over the messages sent in the period.",
        source="M30; Espo",
        rules=("R1", "R2", "T4"),
        labels={"en": en, "zh": zh},
        subject="marketing",
    )


won_value_per_message = Metric(
    "won_value_per_message",
    won_value / messages_sent,
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period over the messages sent in it; by campaign, what a message of it brings.",
    source="M30; Espo",
    rules=("R1", "R2", "M2", "M3"),
    labels={"en": "Won value per message", "zh": "单条消息赢单金额"},
    subject="marketing",
)

METRICS = (
    cost_per_won_customer,
    campaign_return,
    messages_sent,
    messages_opened,
    messages_clicked,
    of_sent("open_rate", "opened", "Open rate", "消息打开率", "higher"),
    of_sent("click_rate", "clicked", "Click rate", "消息点击率", "higher"),
    of_sent("bounce_rate", "bounced", "Bounce rate", "退信率", "lower"),
    of_sent("opt_out_rate", "opted_out", "Opt-out rate", "退订率", "lower"),
    won_value_per_message,
)
