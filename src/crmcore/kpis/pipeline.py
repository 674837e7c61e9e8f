"""The open pipeline: its value, weighted value, distribution, staleness, and how far it covers the quota."""

from __future__ import annotations

from ..algebra import STOCK, as_of, coalesce, col, count, elapsed, maybe, positive, share, total
from ..metric import Metric
from .choices import plural, whole
from .entry import Analysis
from .populations import OPEN, OVERDUE
from .quota import SCOPES, Scope, quota_value
from .revenue import won_value

__all__ = ["ANALYSES", "METRICS", "open_value_closing_within", "stalled_deals"]

OPEN_VALUE = total("amount", where=OPEN, at=STOCK)

open_value = Metric(
    "open_value",
    OPEN_VALUE,
    unit="money",
    better="higher",
    anchor="stock",
    summary="Amount of the deals open at the end of the period.",
    source="M01; all CRMs",
    rules=("O2", "O7", "T4", "M2", "M3"),
    labels={"en": "Open pipeline value", "zh": "在手商机金额"},
    subject="pipeline",
)

weighted_value = Metric(
    "weighted_value",
    total(col("amount") * coalesce(col("probability"), maybe("stage.probability"), 1), where=OPEN),
    unit="money",
    better="higher",
    anchor="stock",
    summary="Amount x probability, deal by deal, of the deals open at the end of the period; a deal without a probability "
    "takes that of its stage, and goes in unweighted where the stage has none.",
    source="M02; Odoo, HubSpot, Salesforce, Espo",
    rules=("T4", "M2", "M3", "M4"),
    labels={"en": "Weighted pipeline value", "zh": "加权商机金额"},
    subject="pipeline",
)

unweighted_open_deals = Metric(
    "unweighted_open_deals",
    count(OPEN & col("probability").is_null()),
    unit="count",
    better="lower",
    anchor="stock",
    summary="Deals open at the end of the period that have no probability of their own.",
    source="E36; M4",
    rules=("T4", "M4"),
    labels={"en": "Open deals without probability", "zh": "无概率在手商机数"},
    subject="pipeline",
)

unpriced_open_deals = Metric(
    "unpriced_open_deals",
    count(OPEN & col("amount").is_null()),
    unit="count",
    better="lower",
    anchor="stock",
    summary="Deals open at the end of the period that have no amount, and so are missing from every value.",
    source="E36; margince",
    rules=("T4", "M3"),
    labels={"en": "Open deals without amount", "zh": "无金额在手商机数"},
    subject="pipeline",
)

open_deals_share = Metric(
    "open_deals_share",
    share(count(OPEN)),
    unit="ratio",
    better="neutral",
    anchor="stock",
    summary="The group's share of all deals open at the end of the period; by stage, the funnel as it stands.",
    source="F19; all CRMs",
    rules=("R1", "T4"),
    labels={"en": "Share of open deals", "zh": "在手商机数占比"},
    subject="pipeline",
)

open_value_share = Metric(
    "open_value_share",
    share(total("amount", where=OPEN)),
    unit="ratio",
    better="neutral",
    anchor="stock",
    summary="The group's share of the amount open at the end of the period; by stage, the funnel by value as it stands.",
    source="F19; Krayin",
    rules=("R1", "T4", "M3"),
    labels={"en": "Share of open value", "zh": "在手商机金额占比"},
    subject="pipeline",
)

overdue_open_deals = Metric(
    "overdue_open_deals",
    count(OPEN & OVERDUE),
    unit="count",
    better="lower",
    anchor="stock",
    summary="Deals open at the end of the period whose expected close has passed.",
    source="E56, F08; Zoho Motivator, Odoo",
    rules=("O4", "T4"),
    labels={"en": "Overdue open deals", "zh": "逾期未关闭商机数"},
    subject="pipeline",
)

overdue_open_value = Metric(
    "overdue_open_value",
    total("amount", where=OPEN & OVERDUE),
    unit="money",
    better="lower",
    anchor="stock",
    summary="Amount of the deals open at the end of the period whose expected close has passed.",
    source="E56, F08; Zoho Motivator, Odoo",
    rules=("O4", "T4", "M3"),
    labels={"en": "Overdue open value", "zh": "逾期未关闭商机金额"},
    subject="pipeline",
)

pipeline_generated = Metric(
    "pipeline_generated",
    total("amount"),
    unit="money",
    better="higher",
    anchor="created_at",
    summary="Amount of the deals created in the period, whatever became of them.",
    source="M11; article A3",
    rules=("O8", "T4", "M2", "M3"),
    labels={"en": "Pipeline generated", "zh": "新增管道金额"},
    subject="pipeline",
)


def open_value_closing_within(days: int) -> Metric:
    """Return the amount of open deals expected to close in the next `days` days, `open_value_closing_within_<days>_days`.

    Counted from the end of the period; overdue deals are not in it, they have a metric of their own.

    Args:
        days: how far ahead to look; a day from now and nearer is within 1.

    Raises:
        ArgumentError: no whole number of days, at least 1.

    Rules: O4, T2, T4, M3.

    Source: M01; all CRMs.
    """
    words = plural(whole("days", days), "day")
    return Metric(
        f"open_value_closing_within_{words.replace(' ', '_')}",
        total("amount", where=OPEN & (elapsed(as_of(), "expected_close") <= days)),
        unit="money",
        better="higher",
        anchor="stock",
        summary=f"Amount of the deals open at the end of the period that are expected to close within the next {words}.",
        source="M01; all CRMs",
        rules=("O4", "R4", "T2", "T4", "M3"),
        labels={"en": f"Open value closing within {words}", "zh": f"{days}天内预计关闭商机金额"},
        subject="pipeline",
    )


def stalled_deals(days: int) -> Metric:
    """Return the number of open deals without activity for more than `days` days, `stalled_deals_<days>_days`.

    A deal that never had an activity is idle since its creation.

    Raises:
        ArgumentError: no whole number of days, at least 1.

    Rules: T2, T4.

    Source: T12; HubSpot.
    """
    words = plural(whole("days", days), "day")
    idle = elapsed(coalesce(col("last_activity_at"), col("created_at")), as_of())
    return Metric(
        f"stalled_deals_{words.replace(' ', '_')}",
        count(OPEN & (idle > days)),
        unit="count",
        better="lower",
        anchor="stock",
        summary=f"Deals open at the end of the period whose last activity, or creation, lies more than {words} back.",
        source="T12; HubSpot",
        rules=("R4", "T2", "T4"),
        labels={"en": f"Deals stalled for {words}", "zh": f"停滞超过{days}天商机数"},
        subject="pipeline",
    )


def coverage(scope: Scope) -> tuple[Metric, ...]:
    """Return the pipeline coverage of one population of quotas: of what is still missing, and of the whole."""
    quota = quota_value(scope)
    return (
        Metric(
            f"{scope.prefix}pipeline_coverage",
            OPEN_VALUE / positive(quota - won_value, "target met"),
            unit="number",
            better="target",
            anchor="closed_at",
            summary=f"Amount open at the end of the period over what is missing to the period's quota of {scope.whose}; "
            "undefined once the quota is met.",
            source="M10; Quartz",
            rules=("R1", "R2", "T4", "M8"),
            labels={"en": scope.en("pipeline coverage"), "zh": f"{scope.zh}管道覆盖率"},
            subject="pipeline",
        ),
        Metric(
            f"{scope.prefix}pipeline_coverage_of_target",
            OPEN_VALUE / quota,
            unit="number",
            better="target",
            anchor="stock",
            summary=f"Amount open at the end of the period over the period's whole quota of {scope.whose}.",
            source="M10; Quartz",
            rules=("R1", "R2", "R4", "T4", "M8"),
            labels={"en": scope.en("pipeline coverage of target"), "zh": f"{scope.zh}管道覆盖率（占配额）"},
            subject="pipeline",
        ),
    )


METRICS = (
    open_value,
    open_value_closing_within(90),
    weighted_value,
    unweighted_open_deals,
    unpriced_open_deals,
    open_deals_share,
    open_value_share,
    overdue_open_deals,
    overdue_open_value,
    stalled_deals(30),
    pipeline_generated,
    *(metric for scope in SCOPES for metric in coverage(scope)),
)

_HISTORY = {
    "opportunity": ("stage", "outcome", "created_at"),
    "change": ("table", "record", "field", "old", "new", "at"),
}

ANALYSES: tuple[Analysis, ...] = (
    Analysis(
        "funnel",
        "funnel.funnel",
        needs=_HISTORY,
        unit="ratio",
        better="higher",
        anchor="created_at",
        summary="Deals, and their amount, at each stage of a pipeline, how many of them go on to the next, and how many skip "
        "a stage, step back into it or come again.",
        source="F09, F10, F12; HubSpot, Pipedrive, Bitrix24",
        rules=("S1", "S2", "S4", "S5", "S6", "R1", "R2", "R3", "R5", "O3", "O9", "M2", "M3"),
        labels={"en": "Funnel", "zh": "销售漏斗"},
        subject="pipeline",
    ),
    Analysis(
        "stage_transitions",
        "stage_moves.stage_transitions",
        needs=_HISTORY,
        unit="ratio",
        anchor="at",
        summary="Where deals went from each stage: to another one, on or back, or won, lost or abandoned; counts and shares.",
        source="F13; ELMA365, Pipedrive",
        rules=("S1", "S3", "S4", "S6", "R1", "R2"),
        labels={"en": "Stage transitions", "zh": "阶段转移"},
        subject="pipeline",
    ),
    Analysis(
        "stage_flow",
        "stage_moves.stage_flow",
        needs=_HISTORY,
        unit="count",
        anchor="stock",
        summary="Deals in each stage at the start and the end of each period, and what came in and went out in between, by "
        "kind.",
        source="F11; Hongquan",
        rules=("W2", "S1", "S4", "T1", "T4", "T7"),
        labels={"en": "Stage flow", "zh": "阶段流量"},
        subject="pipeline",
    ),
)
