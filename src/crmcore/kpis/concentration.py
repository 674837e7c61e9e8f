"""Concentration: how much of the won value a few sellers or accounts bring."""

from __future__ import annotations

from ..algebra import each, gini, top_share, total
from ..metric import Metric
from .populations import WON

__all__ = ["METRICS"]

WON_BY_SELLER = each("owner", total("amount", where=WON))
WON_BY_ACCOUNT = each("account", total("amount", where=WON))

top_sellers_share = Metric(
    "top_sellers_share",
    top_share(WON_BY_SELLER, "0.2"),
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="Share of the amount won in the period that the best fifth of the sellers with a won deal brought.",
    source="M27; article A2",
    rules=("R2", "M3", "M7"),
    labels={"en": "Share of the top 20 % of sellers", "zh": "前20%销售人员业绩占比"},
    subject="concentration",
)

top_accounts_share = Metric(
    "top_accounts_share",
    top_share(WON_BY_ACCOUNT, "0.2"),
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="Share of the amount won in the period that the largest fifth of the accounts with a won deal brought.",
    source="M27; article A2",
    rules=("R2", "M3"),
    labels={"en": "Share of the top 20 % of accounts", "zh": "前20%客户收入占比"},
    subject="concentration",
)

seller_gini = Metric(
    "seller_gini",
    gini(WON_BY_SELLER),
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="Gini coefficient of the amount won in the period over the sellers with a won deal; 0 is all alike.",
    source="M27; article A2",
    rules=("R2", "M3", "M7"),
    labels={"en": "Gini coefficient of sellers", "zh": "销售人员业绩基尼系数"},
    subject="concentration",
)

account_gini = Metric(
    "account_gini",
    gini(WON_BY_ACCOUNT),
    unit="ratio",
    better="neutral",
    anchor="closed_at",
    summary="Gini coefficient of the amount won in the period over the accounts with a won deal; 0 is all alike.",
    source="M27; article A2",
    rules=("R2", "M3"),
    labels={"en": "Gini coefficient of accounts", "zh": "客户收入基尼系数"},
    subject="concentration",
)

METRICS = (top_sellers_share, top_accounts_share, seller_gini, account_gini)
