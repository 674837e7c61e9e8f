"""Retention and recurring revenue: who stays, what they pay, how it moves.

The monthly recurring revenue (MRR) of a subscription is its amount per term over the months of that term; it counts from
its start until the day before its end. What moves is measured account by account between two instants one unit apart:
an account is a start-customer when it paid then, and stays when it still pays.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ..algebra import STOCK, Expr, Formula, as_of, col, count, distinct, each, least, total
from ..algebra.formulas import Window
from ..errors import ArgumentError
from ..metric import Metric
from .acquisition import cac
from .entry import Analysis
from .populations import WON

__all__ = ["ANALYSES", "METRICS", "lifetime_value", "recurring_movements", "recurring_retention", "returning_customers"]

ACTIVE = col("end").is_null() | (col("end") > as_of())
"""Begun and not ended; what has not begun is not there yet (T4)."""
MONTHLY = col("recurring") / col("term_months")
_ZH = {"month": "月", "quarter": "季", "year": "年"}


def _money(name: str, formula: Formula, summary: str, en: str, zh: str, *, better: str, source: str) -> Metric:
    return Metric(
        name,
        formula,
        unit="money",
        better=better,
        anchor="stock",
        table="subscription",
        summary=summary,
        source=source,
        rules=("M2", "M3", "M5", "T4"),
        labels={"en": en, "zh": zh},
        subject="retention",
    )


mrr = _money(
    "mrr",
    total(MONTHLY, where=ACTIVE),
    "Amount per month of the subscriptions that run at the end of the period.",
    "Monthly recurring revenue",
    "月度经常性收入",
    better="higher",
    source="M07; Odoo, article A3",
)
arr = _money(
    "arr",
    mrr * 12,
    "Amount per year of the subscriptions that run at the end of the period: twelve times their amount per month.",
    "Annual recurring revenue",
    "年度经常性收入",
    better="higher",
    source="M08; HubSpot",
)
subscribers = Metric(
    "subscribers",
    distinct("account", where=ACTIVE),
    unit="count",
    better="higher",
    anchor="stock",
    table="subscription",
    summary="Accounts with a subscription that runs at the end of the period.",
    source="M22; article A3",
    rules=("T4", "Q2"),
    labels={"en": "Subscribers", "zh": "订阅客户数"},
    subject="retention",
)
arpa = _money(
    "arpa",
    mrr / subscribers,
    "Monthly recurring revenue at the end of the period over the accounts that subscribe then.",
    "Monthly revenue per account",
    "单客户月均收入",
    better="higher",
    source="M19, M20",
)

active_subscriptions = Metric(
    "active_subscriptions",
    count(ACTIVE),
    unit="count",
    better="higher",
    anchor="stock",
    table="subscription",
    summary="Subscriptions that run at the end of the period.",
    source="M22",
    rules=("T4",),
    labels={"en": "Active subscriptions", "zh": "有效订阅数"},
    subject="retention",
)
_KNOWN = count(table="subscription", at=STOCK)


def _now(formula: Formula) -> Expr:
    return each("account", formula)


def _then(formula: Formula, unit: str) -> Expr:
    return each("account", formula.previous(unit))


def _unit(unit: str) -> str:
    """Return a unit that retention is measured over.

    Raises:
        ArgumentError: it is none.
    """
    if unit not in _ZH:
        raise ArgumentError(f"unit is one of {', '.join(_ZH)}, got {unit!r}")
    return unit


def recurring_movements(unit: str) -> tuple[Metric, ...]:
    """Return what moved the monthly recurring revenue since one `unit` before, account by account.

    start + new + reactivated + expansion - contraction - churned = end, exactly, where no account owes less than nothing.

    Args:
        unit: month, quarter or year; the names end with it.

    Raises:
        ArgumentError: another unit.

    Rules: M5, R4, T4, T5.

    Source: M21, M23.
    """
    now, then, known = _now(mrr.formula), _then(mrr.formula, _unit(unit)), _then(_KNOWN, unit)
    words, zh = f"one {unit} before", f"（{_ZH[unit]}）"

    def movement(kind: str, value: Expr, where: Expr, summary: str, en: str, name: str, better: str) -> Metric:
        return _money(
            f"{kind}_mrr_{unit}",
            total(value, where=where),
            f"{summary}.",
            f"{en}, against {words}",
            f"{name}{zh}",
            better=better,
            source="M23",
        )

    parts = (
        movement(
            "new", now, known == 0, f"Monthly recurring revenue of accounts that pay now and had no subscription {words}",
            "New MRR", "新增月度经常性收入", "higher",
        ),
        movement(
            "reactivated", now, (known > 0) & (then <= 0), f"Monthly recurring revenue of accounts that pay now, did not pay {words}, and had a subscription before that",
            "Reactivated MRR", "恢复月度经常性收入", "higher",
        ),
        movement(
            "expansion", now - then, (then > 0) & (now > then), f"What accounts that paid {words} pay more per month now",
            "Expansion MRR", "扩展月度经常性收入", "higher",
        ),
        movement(
            "contraction", then - now, (now > 0) & (now < then), f"What accounts that paid {words}, and still do, pay less per month now",
            "Contraction MRR", "缩减月度经常性收入", "lower",
        ),
        movement(
            "churned", then, (then > 0) & (now <= 0), f"Monthly recurring revenue {words} of the accounts that pay nothing now",
            "Churned MRR", "流失月度经常性收入", "lower",
        ),
    )  # fmt: skip
    new, reactivated, expansion, contraction, churned = (m.formula for m in parts)
    return (
        *parts,
        Metric(
            f"quick_ratio_{unit}",
            (new + reactivated + expansion) / (contraction + churned),
            unit="number",
            better="higher",
            anchor="stock",
            table="subscription",
            summary=f"Monthly recurring revenue gained since {words} over what was lost since then; "
            "undefined where nothing was lost.",
            source="M23",
            rules=("R1", "R2", "M5", "T4", "T5"),
            labels={"en": f"Quick ratio, against {words}", "zh": f"速动比率{zh}"},
            subject="retention",
        ),
    )


def recurring_retention(unit: str) -> tuple[Metric, ...]:
    """Return what of the accounts and the revenue of one `unit` before is still there.

    NRR = what start-customers pay now / what they paid then; GRR caps each of them at what it paid then.

    Args:
        unit: month, quarter or year; the names end with it.

    Raises:
        ArgumentError: another unit.

    Rules: R1, R3, R4, T4, T5.

    Source: M21, M22.
    """
    now, then = _now(mrr.formula), _then(mrr.formula, _unit(unit))
    active, before = _now(active_subscriptions.formula), _then(active_subscriptions.formula, unit)
    capped = each("account", least(mrr.formula, mrr.formula.previous(unit)))
    start = total(then, where=then > 0)
    words, zh = f"one {unit} before", f"（{_ZH[unit]}）"

    def rate(name: str, formula: Formula, summary: str, en: str, label: str, *, better: str, source: str) -> Metric:
        return Metric(
            f"{name}_{unit}",
            formula,
            unit="ratio",
            better=better,
            anchor="stock",
            table="subscription",
            summary=summary,
            source=source,
            rules=("R1", "R2", "R4", "M5", "T4", "T5"),
            labels={"en": f"{en}, against {words}", "zh": f"{label}{zh}"},
            subject="retention",
        )

    return (
        rate(
            "net_revenue_retention", total(now, where=then > 0) / start,
            f"What the accounts that paid {words} pay per month now, over what they paid then; above 1 they pay more.",
            "Net revenue retention", "净收入留存率", better="higher", source="M21",
        ),
        rate(
            "gross_revenue_retention", total(capped, where=then > 0) / start,
            f"The same with each account counted for at most what it paid {words}; it cannot exceed 1.",
            "Gross revenue retention", "总收入留存率", better="higher", source="M21",
        ),
        rate(
            "revenue_churn_rate", total(then, where=(then > 0) & (now <= 0)) / start,
            f"Monthly recurring revenue {words} of the accounts that pay nothing now, over that of all accounts then.",
            "Revenue churn", "收入流失率", better="lower", source="M22; article A3",
        ),
        rate(
            "logo_retention_rate", count((before > 0) & (active > 0)) / count(before > 0),
            f"Share of the accounts with a subscription {words} that have one now.",
            "Logo retention", "客户留存率", better="higher", source="M22; article A3",
        ),
        rate(
            "logo_churn_rate", count((before > 0) & (active == 0)) / count(before > 0),
            f"Share of the accounts with a subscription {words} that have none now.",
            "Logo churn", "客户流失率", better="lower", source="M22; article A3",
        ),
    )  # fmt: skip


def returning_customers(unit: str) -> tuple[Metric, ...]:
    """Return the share of the customers of one `unit` that bought again in the next: by orders, and by won deals.

    Args:
        unit: month, quarter or year; the names end with it.

    Raises:
        ArgumentError: another unit.

    Rules: R1, R3, R4, T5.

    Source: M22; article A3 (retention).
    """
    found = []
    for name, table, at, where, en, zh, what in (
        ("customer_retention_rate", "order_line", "at", None, "Customer retention", "下单客户留存率", "ordered"),
        (
            "account_retention_rate",
            "opportunity",
            "closed_at",
            WON,
            "Account retention",
            "成交客户留存率",
            "had a deal won",
        ),
    ):
        bought = count(where=where, table=table, at=at)
        now, then = each("account", Window("current", bought, _unit(unit), 1)), each("account", bought.previous(unit))
        found.append(
            Metric(
                f"{name}_{unit}",
                count((then > 0) & (now > 0)) / count(then > 0),
                unit="ratio",
                better="higher",
                anchor=at,
                table=table,
                summary=f"Share of the accounts that {what} in the period one {unit} before that {what} in this one as well; "
                "a running period is compared with the same part of the earlier one.",
                source="M22; article A3",
                rules=("R1", "R3", "R4", "T5"),
                labels={"en": f"{en}, against one {unit} before", "zh": f"{zh}（{_ZH[unit]}）"},
                subject="retention",
            )
        )
    return tuple(found)


def lifetime_value(margin: Fraction | Decimal | str | int) -> tuple[Metric, ...]:
    """Return the value of a subscriber at a gross margin: monthly revenue per account x margin / monthly logo churn.

    With it come its ratio to the acquisition cost, and the months until an account has paid that cost back. The names
    end with the margin in percent: `lifetime_value_margin_80_percent`. CAC is that of the last 365 days.

    Args:
        margin: share of the revenue that is left after the cost of serving it; an assumption of the host.

    Raises:
        ArgumentError: a margin outside (0, 1], or a float.

    Rules: R1, R2, R4, T6.

    Source: M19, M20.
    """
    share = _margin(margin)
    percent = f"{float(share * 100):g}".replace(".", "_")
    churn = next(m for m in recurring_retention("month") if m.name == "logo_churn_rate_month")
    yearly_cac = cac().formula.trailing(365)
    kept = arpa * share
    value = kept / churn
    suffix, zh = f"margin_{percent}_percent", f"（毛利率{percent.replace('_', '.')}%）"
    words = f"at a margin of {percent.replace('_', '.')} %"

    def of(
        name: str, formula: Formula, unit: str, better: str, summary: str, en: str, label: str, source: str
    ) -> Metric:
        return Metric(
            f"{name}_{suffix}",
            formula,
            unit=unit,
            better=better,
            anchor="stock",
            table="subscription",
            summary=summary,
            source=source,
            rules=("R1", "R2", "R4", "M2", "M5", "T4", "T6"),
            labels={"en": f"{en}, {words}", "zh": f"{label}{zh}"},
            subject="retention",
        )

    return (
        of(
            "lifetime_value", value, "money", "higher",
            f"Monthly revenue per account {words}, over the share of accounts that left since one month before.",
            "Lifetime value", "客户终身价值", "M19",
        ),
        of(
            "lifetime_value_to_cac", value / yearly_cac, "number", "higher",
            f"Lifetime value of an account {words} over the acquisition cost of the last 365 days.",
            "Lifetime value to CAC", "终身价值与获客成本比", "M20",
        ),
        of(
            "cac_payback_months", yearly_cac / kept, "number", "lower",
            f"Months in which an account {words} pays back the acquisition cost of the last 365 days.",
            "CAC payback (months)", "获客成本回收期（月）", "M20",
        ),
    )  # fmt: skip


def _margin(margin: Fraction | Decimal | str | int) -> Fraction:
    try:
        share = None if isinstance(margin, (float, bool)) else Fraction(margin)
    except (ValueError, ZeroDivisionError):
        share = None
    if share is None or not 0 < share <= 1:
        raise ArgumentError(f"margin is a share above 0 and up to 1, such as '0.8' or Fraction(4, 5), got {margin!r}")
    return share


METRICS: tuple[Metric, ...] = (
    mrr,
    arr,
    active_subscriptions,
    subscribers,
    arpa,
    *recurring_movements("month"),
    *recurring_retention("month"),
    *recurring_retention("year"),
    *returning_customers("year"),
    *lifetime_value("0.8"),
)
ANALYSES: tuple[Analysis, ...] = ()
