"""Customers by what they buy: who comes back, how accounts grow and pay, cohorts, scores, classes."""

from __future__ import annotations

from ..algebra import col, count, day, distinct, each, positive, total
from ..algebra.formulas import Window
from ..metric import Metric
from .entry import Analysis
from .orders import CUSTOMER, ORDERED
from .revenue import won_value

__all__ = ["ANALYSES", "METRICS"]

_ORDERS = each("account", distinct("order", where=ORDERED))
repeat_rate = Metric(
    "repeat_rate",
    count(_ORDERS, where=_ORDERS >= 2) / count(_ORDERS),
    unit="ratio",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Accounts with two or more orders in the period, over the accounts with an order in it.",
    source="M22; article A3",
    rules=("R1", "R2", "R3", "R4", "Q2"),
    labels={"en": "Repeat rate", "zh": "复购率"},
    subject="segments",
)

_DAYS = each("account", distinct(day("at")))
repeat_rate_days = Metric(
    "repeat_rate_days",
    count(_DAYS, where=_DAYS >= 2) / count(_DAYS),
    unit="ratio",
    better="higher",
    anchor="at",
    table="order_line",
    summary="Accounts that bought on two or more days of the period, over the accounts that bought in it.",
    source="M22; article A3",
    rules=("R1", "R2", "R3", "R4", "T1", "Q2"),
    labels={"en": "Repeat rate by days", "zh": "复购率（按购买日）"},
    subject="segments",
)

_NOW = each("account", Window("current", won_value.formula, "year", 1))
_THEN = each("account", positive(won_value.formula.year_ago(), "nothing won a year before"))
account_growth = Metric(
    "account_growth",
    (total(_NOW, where=_THEN.not_null()) - total(_THEN)) / total(_THEN),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Change of the won value of the accounts that brought some a year earlier, over what they brought then.",
    source="M24; article A3",
    rules=("R1", "R2", "T5", "M2"),
    labels={"en": "Account growth", "zh": "客户增长率"},
    subject="segments",
)

_EARNED = total("amount", where=(col("outcome") == "won") & CUSTOMER)
_COST = total("amount", where=CUSTOMER, table="cost", at="date")
account_profit = Metric(
    "account_profit",
    _EARNED - _COST,
    unit="money",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period with an account, less the costs of the period that name an account.",
    source="M24; article A3 (profitability of accounts)",
    rules=("O1", "T4", "M2", "M3"),
    labels={"en": "Account profit", "zh": "客户利润"},
    subject="segments",
)

account_profitability = Metric(
    "account_profitability",
    (_EARNED - _COST) / _EARNED,
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Account profit of the period over the amount of the deals won in it with an account.",
    source="M24; article A3 (profitability of accounts)",
    rules=("O1", "R1", "R2", "T4", "M2", "M3"),
    labels={"en": "Account profitability", "zh": "客户利润率"},
    subject="segments",
)

METRICS: tuple[Metric, ...] = (repeat_rate, repeat_rate_days, account_growth, account_profit, account_profitability)

_PURCHASES = {"order_line": ("account", "order", "at", "amount")}

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "cohort_retention",
        "cohorts.cohort_retention",
        needs={"order_line": ("account", "at", "amount")},
        unit="ratio",
        better="higher",
        anchor="at",
        summary="Share of the customers of each period of first purchase who bought in each period since, with what they "
        "spent.",
        source="M22; article A3",
        rules=("R1", "R2", "R5", "T1", "T7", "T8", "M2", "M3"),
        labels={"en": "Cohort retention", "zh": "同期群留存"},
        subject="segments",
    ),
    Analysis(
        "rfm_ntile",
        "rfm.rfm_ntile",
        needs=_PURCHASES,
        unit="label",
        anchor="at",
        summary="Recency, frequency and value of each customer scored from 1 to 5 with NTILE(5), equal ones in the order of "
        "their ids.",
        source="M28; article A2 (grading of customers)",
        rules=("R4", "T1", "T8", "M2", "M3", "Q2", "Q3"),
        labels={"en": "RFM scores by rank", "zh": "RFM评分（按排名）"},
        subject="segments",
    ),
    Analysis(
        "rfm_quintile",
        "rfm.rfm_quintile",
        needs=_PURCHASES,
        unit="label",
        anchor="at",
        summary="Recency, frequency and value of each customer scored from 1 to 5 by the edges of quintiles, so that equal "
        "ones score alike.",
        source="M28; article A2 (grading of customers)",
        rules=("R4", "T1", "T8", "M2", "M3", "Q1", "Q2", "Q3"),
        labels={"en": "RFM scores by quintile", "zh": "RFM评分（按五分位数）"},
        subject="segments",
    ),
    Analysis(
        "abc_classes",
        "classes.abc_classes",
        needs={"opportunity": ("account", "amount", "outcome", "closed_at")},
        unit="label",
        anchor="closed_at",
        summary="Accounts in classes A, B and C by cumulative share of the won value; sellers, products or customers by "
        "another sum as well.",
        source="M28; article A2",
        rules=("R1", "R2", "M2", "M3", "Q3", "Q4"),
        labels={"en": "ABC classes", "zh": "ABC分类"},
        subject="segments",
    ),
)
