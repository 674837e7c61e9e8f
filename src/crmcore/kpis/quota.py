"""Quota attainment, pace, distance to quota - for sellers, teams, the organisation and products apart (M8).

A quota is a target of kind quota for the metric `won_value`, a revenue budget one of kind budget. Targets of persons, of
teams, of the organisation and of products are separate populations: each metric names one and none adds two.
"""

from __future__ import annotations

from fractions import Fraction

import attrs

from ..algebra import Expr, classify, col, count, each, positive, span, total
from ..metric import Metric
from .revenue import won_value

__all__ = ["METRICS", "SCOPES", "Scope", "quota_value", "targets"]


@attrs.frozen(slots=True)
class Scope:
    """A population of targets: its word in `target.scope`, and how metrics over it are called."""

    name: str
    prefix: str
    whose: str
    zh: str

    def en(self, words: str) -> str:
        """Return an English label for this population."""
        label = f"{self.name} {words}" if self.prefix else words
        return label[0].upper() + label[1:]


SCOPES = (
    Scope("seller", "", "the sellers", ""),
    Scope("team", "team_", "the teams", "团队"),
    Scope("organisation", "organisation_", "the organisation", "组织"),
    Scope("product", "product_", "the products", "产品"),
)


def targets(kind: str, scope: str, metric: str) -> Expr:
    """Return the condition that a target is of this kind, for this population and this metric."""
    return (col("kind") == kind) & (col("scope") == scope) & (col("metric") == metric)


def quota_value(scope: Scope) -> Metric:
    """Return the quota of one population: the sum of its targets for the won value."""
    return Metric(
        f"{scope.prefix}quota_value",
        total("amount", where=targets("quota", scope.name, "won_value")),
        unit="money",
        better="neutral",
        anchor="start",
        table="target",
        summary=f"Quota of {scope.whose} for the won value in the period; a finer period takes its share by days.",
        source="M13; Salesforce, HubSpot, Django-CRM",
        rules=("M2", "M8"),
        labels={"en": scope.en("quota"), "zh": f"{scope.zh}销售配额"},
        subject="quota",
    )


def attainment(scope: Scope) -> tuple[Metric, ...]:
    """Return what is measured against the quota of one population."""
    quota = quota_value(scope)
    missing = quota - won_value
    # attainment / (elapsed / length), as one quotient: it is rounded once, so that exactly on pace is exactly 1 (Q4)
    pace = won_value * span("length") / (quota * span("elapsed"))
    return (
        quota,
        Metric(
            f"{scope.prefix}quota_attainment",
            won_value / quota,
            unit="ratio",
            better="higher",
            anchor="closed_at",
            summary=f"Amount of the deals won in the period over the quota of {scope.whose} for it; not capped at 1.",
            source="M13; articles A0, A1; E46",
            rules=("R1", "R2", "M7", "M8"),
            labels={"en": scope.en("quota attainment"), "zh": f"{scope.zh}配额达成率"},
            subject="quota",
        ),
        Metric(
            f"{scope.prefix}quota_gap",
            missing,
            unit="money",
            better="lower",
            anchor="closed_at",
            summary=f"Quota of {scope.whose} for the period less the amount won in it: the distance still to go, "
            "negative beyond the quota.",
            source="M16; article A1",
            rules=("M7", "M8"),
            labels={"en": scope.en("distance to quota"), "zh": f"{scope.zh}配额差额"},
            subject="quota",
        ),
        Metric(
            f"{scope.prefix}required_daily_value",
            positive(missing, "target met") / span("remaining"),
            unit="money/day",
            better="lower",
            anchor="closed_at",
            summary=f"What is missing to the quota of {scope.whose}, per day that remains of the period; "
            "undefined once the quota is met or the period is over.",
            source="M16; article A1",
            rules=("R2", "T1", "M8"),
            labels={"en": scope.en("required daily won value"), "zh": f"{scope.zh}每日所需赢单金额"},
            subject="quota",
        ),
        Metric(
            f"{scope.prefix}pace",
            pace,
            unit="ratio",
            better="higher",
            anchor="closed_at",
            summary=f"Quota attainment of {scope.whose} over the share of the period's days that have elapsed; 1 is on pace.",
            source="M14; Django-CRM; E19",
            rules=("R1", "R2", "T1", "M8", "Q4"),
            labels={"en": scope.en("pace"), "zh": f"{scope.zh}配额进度"},
            subject="quota",
        ),
        Metric(
            f"{scope.prefix}pace_status",
            classify(pace, [Fraction(4, 5), 1], ["behind", "at risk", "on track"]),
            unit="label",
            better="neutral",
            anchor="closed_at",
            summary=f"Class of the pace of {scope.whose}: on track from 1, at risk from 0.8, else behind.",
            source="M14; Django-CRM",
            rules=("R2", "T1", "M8"),
            labels={"en": scope.en("pace status"), "zh": f"{scope.zh}配额进度状态"},
            subject="quota",
        ),
    )


def revenue_budget_attainment(scope: Scope) -> Metric:
    """Return the won value over the budget that one population has for it: actual against budget."""
    return Metric(
        f"{scope.prefix}revenue_budget_attainment",
        won_value / total("amount", where=targets("budget", scope.name, "won_value"), table="target", at="start"),
        unit="ratio",
        better="higher",
        anchor="closed_at",
        summary=f"Amount of the deals won in the period over the budget of {scope.whose} for it; a budget is no quota.",
        source="M26; article A1, budget against actual",
        rules=("R1", "R2", "R4", "M7", "M8"),
        labels={"en": scope.en("revenue budget attainment"), "zh": f"{scope.zh}收入预算达成率"},
        subject="quota",
    )


account_plan_attainment = Metric(
    "account_plan_attainment",
    won_value / total("amount", where=targets("plan", "account", "won_value"), table="target", at="start"),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Amount of the deals won in the period over the account plans for it; by account, against its own plan.",
    source="M24; article A3",
    rules=("R1", "R2", "M8"),
    labels={"en": "Account plan attainment", "zh": "客户计划达成率"},
    subject="quota",
)

_QUOTA = quota_value(SCOPES[0])
sellers_at_quota_share = Metric(
    "sellers_at_quota_share",
    count(each("owner", won_value / _QUOTA) >= 1) / count(each("owner", _QUOTA.formula) > 0),
    unit="ratio",
    better="higher",
    anchor="closed_at",
    summary="Sellers whose won value reaches their quota for the period, over the sellers who have a quota in it.",
    source="M15; article A0 (Aberdeen)",
    rules=("R1", "R2", "M7", "M8"),
    labels={"en": "Share of sellers at quota", "zh": "达成配额的销售占比"},
    subject="quota",
)

METRICS = (
    *(metric for scope in SCOPES for metric in attainment(scope)),
    *(revenue_budget_attainment(scope) for scope in SCOPES),
    sellers_at_quota_share,
    account_plan_attainment,
)
