"""Concentration: how much of the won value, or of the orders, a few sellers, accounts or customers bring."""

from __future__ import annotations

from ..algebra import Expr, Formula, each, gini, positive, squares, top_share, total
from ..metric import Metric
from .orders import PRICED
from .populations import WON

__all__ = ["METRICS"]

WON_BY_SELLER = each("owner", total("amount", where=WON))
WON_BY_ACCOUNT = each("account", total("amount", where=WON))
ORDERED_BY_CUSTOMER = each("account", total("amount", where=PRICED))


def herfindahl(values: Expr) -> Formula:
    """Return the sum of squared shares, in points: 10,000 x sum of squares / square of the sum."""
    whole = total(values)
    return 10_000 * squares(values) / (positive(whole, "total not above zero") * whole)  # E40


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
    unit="number",
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
    unit="number",
    better="neutral",
    anchor="closed_at",
    summary="Gini coefficient of the amount won in the period over the accounts with a won deal; 0 is all alike.",
    source="M27; article A2",
    rules=("R2", "M3"),
    labels={"en": "Gini coefficient of accounts", "zh": "客户收入基尼系数"},
    subject="concentration",
)

seller_hhi = Metric(
    "seller_hhi",
    herfindahl(WON_BY_SELLER),
    unit="points",
    better="neutral",
    anchor="closed_at",
    summary="Herfindahl index of the amount won in the period over the sellers with a won deal; 10,000 is one seller.",
    source="M27; US Department of Justice for the scale",
    rules=("R2", "M3", "M7"),
    labels={"en": "Herfindahl index of sellers", "zh": "销售人员业绩赫芬达尔指数"},
    subject="concentration",
)

account_hhi = Metric(
    "account_hhi",
    herfindahl(WON_BY_ACCOUNT),
    unit="points",
    better="neutral",
    anchor="closed_at",
    summary="Herfindahl index of the amount won in the period over the accounts with a won deal; 10,000 is one account.",
    source="M27; US Department of Justice for the scale",
    rules=("R2", "M3"),
    labels={"en": "Herfindahl index of accounts", "zh": "客户收入赫芬达尔指数"},
    subject="concentration",
)

top_customers_share = Metric(
    "top_customers_share",
    top_share(ORDERED_BY_CUSTOMER, "0.2"),
    unit="ratio",
    better="neutral",
    anchor="at",
    table="order_line",
    summary="Share of the order value of the period that the largest fifth of the accounts with an amount in it brought.",
    source="M27; article A2",
    rules=("R2", "R4", "M3"),
    labels={"en": "Share of the top 20 % of customers, by orders", "zh": "前20%客户订单占比"},
    subject="concentration",
)

customer_gini = Metric(
    "customer_gini",
    gini(ORDERED_BY_CUSTOMER),
    unit="number",
    better="neutral",
    anchor="at",
    table="order_line",
    summary="Gini coefficient of the order value of the period over the accounts with an amount in it; 0 is all alike.",
    source="M27; article A2",
    rules=("R2", "R4", "M3"),
    labels={"en": "Gini coefficient of customers, by orders", "zh": "客户订单基尼系数"},
    subject="concentration",
)

customer_hhi = Metric(
    "customer_hhi",
    herfindahl(each("account", total("amount"))),
    unit="points",
    better="neutral",
    anchor="at",
    table="order_line",
    summary="Herfindahl index of the order value of the period over the accounts with an amount in it; 10,000 is one account.",
    source="M27; US Department of Justice for the scale",
    rules=("R2", "R4", "M3"),
    labels={"en": "Herfindahl index of customers, by orders", "zh": "客户订单赫芬达尔指数"},
    subject="concentration",
)

METRICS = (
    top_sellers_share,
    top_accounts_share,
    seller_gini,
    account_gini,
    seller_hhi,
    account_hhi,
    top_customers_share,
    customer_gini,
    customer_hhi,
)
