"""What winning costs and brings: spend, cost per lead, deal and customer, customer lifetime value, return, budget."""

from __future__ import annotations

import re

from ..algebra import Expr, Formula, col, count, distinct, total
from ..algebra.formulas import Window
from ..errors import ArgumentError
from ..metric import Metric
from .choices import plural, whole
from .conversion import leads_created
from .outcome import won_deals
from .populations import WON
from .quota import SCOPES, Scope, targets
from .revenue import won_value

__all__ = ["METRICS", "cac", "customer_lifetime_value"]

SPEND = col("kind") == "spend"
_ZH = {"day": "天", "week": "周", "month": "个月", "quarter": "个季度", "year": "年"}

spend_value = Metric(
    "spend_value",
    total("amount", where=SPEND),
    unit="money",
    better="neutral",
    anchor="date",
    table="cost",
    summary="What was spent in the period to win customers: marketing and sales together.",
    source="M17, M30; article A4",
    rules=("T4", "M2", "M3"),
    labels={"en": "Acquisition spend", "zh": "获客支出"},
    subject="acquisition",
)

expense_value = Metric(
    "expense_value",
    total("amount", where=col("kind") == "expense"),
    unit="money",
    better="lower",
    anchor="date",
    table="cost",
    summary="What persons and teams laid out in the period.",
    source="M26; article A1",
    rules=("T4", "M2", "M3"),
    labels={"en": "Expenses", "zh": "费用支出"},
    subject="acquisition",
)

new_customers = Metric(
    "new_customers",
    count("customer_since"),
    unit="count",
    better="higher",
    anchor="customer_since",
    table="account",
    summary="Accounts that became customers in the period.",
    source="M17; articles A3, A4",
    rules=("O3", "T4"),
    labels={"en": "New customers", "zh": "新增客户数"},
    subject="acquisition",
)

cac_with_expenses = Metric(
    "cac_with_expenses",
    total("amount", table="cost", at="date") / new_customers,
    unit="money",
    better="lower",
    anchor="customer_since",
    table="account",
    summary="All costs of the period, expenses of persons and teams included, over the accounts that became customers in it.",
    source="M17; article A4, the wide reading of sales cost",
    rules=("R1", "R2", "R4", "M2"),
    labels={"en": "Customer acquisition cost with expenses", "zh": "客户获取成本（含费用）"},
    subject="acquisition",
)

cost_per_lead = Metric(
    "cost_per_lead",
    spend_value / leads_created,
    unit="money",
    better="lower",
    anchor="created_at",
    table="lead",
    summary="Spend of the period over the leads created in it.",
    source="M30; article A1, Espo",
    rules=("R1", "R2", "M2"),
    labels={"en": "Cost per lead", "zh": "单条线索成本"},
    subject="acquisition",
)

cost_per_won_deal = Metric(
    "cost_per_won_deal",
    spend_value / won_deals,
    unit="money",
    better="lower",
    anchor="closed_at",
    summary="Spend of the period over the deals won in it; by source, what a won deal from it costs.",
    source="M30, F17; article A1",
    rules=("R1", "R2", "M2"),
    labels={"en": "Cost per won deal", "zh": "单个赢单成本"},
    subject="acquisition",
)

return_on_spend = Metric(
    "return_on_spend",
    (won_value - spend_value) / spend_value,
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period less the spend of the period, over that spend; by campaign, its return.",
    source="M29; SuiteCRM",
    rules=("R1", "R2", "M2"),
    labels={"en": "Return on spend", "zh": "投入产出率"},
    subject="acquisition",
)


def cac(*, category: str | None = None, lag: int = 0, unit: str = "month") -> Metric:
    """Return the customer acquisition cost: spend / new customers.

    The plain one is `cac`; `category` adds `_of_<category>`, `lag` adds `_lag_<lag>_<unit>s`.

    Args:
        category: count only the spend of this category, e.g. "media".
        lag: set the customers of a period against the spend of so many units before, since spend takes time to work.
        unit: the unit of the lag: month, quarter, year ...

    Raises:
        ArgumentError: an empty category, or a lag below 0.

    Rules: R1, R2, R4, T5.

    Source: M17; article A4.
    """
    whole("lag", lag, least=0)
    name, en, zh, spent = "cac", "Customer acquisition cost", "客户获取成本", "Spend of the period"
    where: Expr = SPEND
    if category is not None:
        slug = re.sub(r"\W+", "_", category.lower()).strip("_")
        if not slug:
            raise ArgumentError(f"category is the word that costs carry, such as 'media', got {category!r}")
        name, en, zh, spent = (
            f"cac_of_{slug}",
            f"{en}, {category}",
            f"{zh}（{category}）",
            f"Spend of category {category!r} in the period",
        )
        where = SPEND & (col("category") == category)
    spend: Formula = total("amount", where=where, table="cost", at="date")
    customers = new_customers.formula
    if lag:
        words = plural(lag, unit)
        name, en, zh = (
            f"{name}_lag_{words.replace(' ', '_')}",
            f"{en}, spend {words} before",
            f"{zh}（滞后{lag}{_ZH.get(unit, unit)}）",
        )
        spent = f"{spent} {words} before"
        # the customers of the running unit where no period is asked for, as the spend before it is compared with them
        spend, customers = spend.previous(unit, lag), Window("current", customers, unit, 1)
    return Metric(
        name,
        spend / customers,
        unit="money",
        better="lower",
        anchor="customer_since",
        table="account",
        summary=f"{spent}, over the accounts that became customers in the period.",
        source="M17; article A4",
        rules=("R1", "R2", "R4", "T5", "M2") if lag else ("R1", "R2", "R4", "M2"),
        labels={"en": en, "zh": zh},
        subject="acquisition",
    )


def customer_lifetime_value(years: int) -> Metric:
    """Return the value of a customer over an assumed lifetime, named `customer_lifetime_value_<years>_years`.

    yearly won value per customer x years - cac, each over the 365 days that end with the period. A customer is an
    account with a deal won in them.

    Args:
        years: how long a customer stays one, on average; an assumption of the host.

    Raises:
        ArgumentError: no whole number of years, at least 1.

    Rules: R1, R2, R4, T6.

    Source: M18; article A4 (based on revenue, less the acquisition cost).
    """
    words = plural(whole("years", years), "year")
    customers = distinct("account", where=WON)
    per_year = (won_value / customers).trailing(365)
    return Metric(
        f"customer_lifetime_value_{words.replace(' ', '_')}",
        per_year * years - cac().formula.trailing(365),
        unit="money",
        better="higher",
        anchor="closed_at",
        summary=f"Won value per winning account of the last 365 days times {words}, less the customer acquisition cost of these days.",
        source="M18; article A4",
        rules=("R1", "R2", "R4", "T6", "M2"),
        labels={"en": f"Customer lifetime value, {words}", "zh": f"客户终身价值（{years}年）"},
        subject="acquisition",
    )


def budget_use(scope: Scope) -> Metric:
    """Return the expenses over the budget of one population (M8)."""
    return Metric(
        f"{scope.prefix}budget_use",
        expense_value
        / total("amount", where=targets("budget", scope.name, "expense_value"), table="target", at="start"),
        unit="ratio",
        better="lower",
        anchor="date",
        table="cost",
        summary=f"Expenses of the period over the expense budget of {scope.whose} for it; above 1 is over budget.",
        source="M26; article A1",
        rules=("R1", "R2", "M8"),
        labels={"en": scope.en("budget use"), "zh": f"{scope.zh}费用预算使用率"},
        subject="acquisition",
    )


METRICS = (
    spend_value,
    expense_value,
    new_customers,
    cac(),
    cac(lag=1),
    cac_with_expenses,
    customer_lifetime_value(3),
    cost_per_lead,
    cost_per_won_deal,
    return_on_spend,
    *(budget_use(scope) for scope in SCOPES),
)
