"""Data quality: how complete the records are, how many repeat another, contradict themselves or have gone stale."""

from __future__ import annotations

from collections.abc import Iterable

from ..algebra import Expr, Formula, as_of, coalesce, col, count, elapsed, median
from ..errors import ArgumentError
from ..metric import Metric
from .choices import plural, whole
from .entry import Analysis
from .populations import CLOSED, CONVERTED, OPEN, OVERDUE, WON

__all__ = ["ANALYSES", "METRICS", "completeness", "stale_open_deals_share"]

BACKWARDS = col("closed_at") < col("created_at")
idle = elapsed(coalesce(col("last_activity_at"), col("created_at")), as_of())

_ZH = {"lead": "线索", "opportunity": "商机", "account": "客户", "contact": "联系人", "activity": "活动"}


def completeness(table: str, columns: Iterable[str], *, name: str | None = None) -> Metric:
    """Return the share of the required values that are there, over the records of a table.

    sum over columns of rows with a value / (rows x columns). What the profile declares a null word, such as
    'Select' or 'n/a', is no value.

    Args:
        table: the table whose records are looked at, e.g. "lead".
        columns: the columns that ought to be filled.
        name: of the metric; `<table>_completeness` when left out.

    Raises:
        ArgumentError: no column, or one named twice.

    Rules: R1, R2, T4.

    Source: A09; articles A0, A3.
    """
    required = (columns,) if isinstance(columns, str) else tuple(columns)
    if not required or len(set(required)) < len(required):
        raise ArgumentError(
            f"columns are the different columns that ought to be filled, at least one, got {required!r}"
        )
    filled: Formula = count(required[0])
    for column in required[1:]:
        filled = filled + count(column)
    name = f"{table}_completeness" if name is None else name
    words = name.replace("_", " ")
    chosen = "" if name == f"{table}_completeness" else f"（{'、'.join(required)}）"
    return Metric(
        name,
        filled / (count() * len(required)),
        unit="ratio",
        better="higher",
        anchor="stock",
        table=table,
        summary=f"Share of the values of {', '.join(required)} that are filled, over the {table} records at the end of the period.",
        source="A09; articles A0, A3",
        rules=("R1", "R2", "R4", "T4"),
        labels={
            "en": words[0].upper() + words[1:],
            "zh": f"{_ZH.get(table, table)}数据完整率{chosen}",
        },
        subject="data quality",
    )


duplicate_lead_rate = Metric(
    "duplicate_lead_rate",
    count(col("duplicate_of").not_null()) / count(),
    unit="ratio",
    better="lower",
    anchor="created_at",
    table="lead",
    summary="Share of the leads created in the period that repeat another lead.",
    source="A09; article A0; E50",
    rules=("O3", "R1", "R3"),
    labels={"en": "Duplicate lead rate", "zh": "重复线索率"},
    subject="data quality",
)


def share_of(faulty: Expr, among: Expr) -> Formula:
    """Return the share of the rows `among` that are faulty."""
    return count(among & faulty) / count(among)


closed_before_created_deals = Metric(
    "closed_before_created_deals",
    count(CLOSED & BACKWARDS),
    unit="count",
    better="lower",
    anchor="stock",
    summary="Deals closed by the end of the period whose close date lies before their creation, and so have no duration.",
    source="A09; E15",
    rules=("O1", "T2", "T3", "T4"),
    labels={"en": "Deals closed before creation", "zh": "关闭早于创建的商机数"},
    subject="data quality",
)

closed_before_created_share = Metric(
    "closed_before_created_share",
    share_of(BACKWARDS, CLOSED),
    unit="ratio",
    better="lower",
    anchor="stock",
    summary="Share of the deals closed by the end of the period whose close date lies before their creation.",
    source="A09; E15",
    rules=("O1", "R1", "R3", "T2", "T3", "T4"),
    labels={"en": "Share closed before creation", "zh": "关闭早于创建的商机占比"},
    subject="data quality",
)

closed_without_date_share = Metric(
    "closed_without_date_share",
    share_of(col("closed_at").is_null(), CLOSED),
    unit="ratio",
    better="lower",
    anchor="stock",
    summary="Share of the deals closed by the end of the period that have no close date, and so are in no period.",
    source="A09; O4",
    rules=("O1", "O4", "R1", "R3", "T4"),
    labels={"en": "Share closed without a date", "zh": "无关闭日期的已关闭商机占比"},
    subject="data quality",
)

won_without_amount_share = Metric(
    "won_without_amount_share",
    share_of(col("amount").is_null(), WON),
    unit="ratio",
    better="lower",
    anchor="closed_at",
    summary="Share of the deals won in the period that have no amount, and so are missing from every value.",
    source="A09; E36",
    rules=("O1", "R1", "R3", "M3"),
    labels={"en": "Share won without an amount", "zh": "无金额的赢单占比"},
    subject="data quality",
)

overdue_open_share = Metric(
    "overdue_open_share",
    share_of(OVERDUE, OPEN),
    unit="ratio",
    better="lower",
    anchor="stock",
    summary="Share of the deals open at the end of the period whose expected close has passed.",
    source="A09; E56",
    rules=("O4", "R1", "R3", "T4"),
    labels={"en": "Share of open deals overdue", "zh": "逾期未关闭商机占比"},
    subject="data quality",
)

undated_deals_share = Metric(
    "undated_deals_share",
    count(col("created_at").is_null()) / count(),
    unit="ratio",
    better="lower",
    anchor="stock",
    summary="Share of the deals that have no date of creation; they are in today's stocks and in nothing else.",
    source="A09; O9",
    rules=("O9", "R1", "R3", "T4"),
    labels={"en": "Share of deals without a creation date", "zh": "无创建日期的商机占比"},
    subject="data quality",
)

undated_leads_share = Metric(
    "undated_leads_share",
    count(col("created_at").is_null()) / count(),
    unit="ratio",
    better="lower",
    anchor="stock",
    table="lead",
    summary="Share of the leads that have no date of creation; they are in today's stocks and in nothing else.",
    source="A09; O9",
    rules=("O9", "R1", "R3", "T4"),
    labels={"en": "Share of leads without a creation date", "zh": "无创建日期的线索占比"},
    subject="data quality",
)

converted_before_created_share = Metric(
    "converted_before_created_share",
    share_of(col("converted_at") < col("created_at"), CONVERTED),
    unit="ratio",
    better="lower",
    anchor="stock",
    table="lead",
    summary="Share of the leads converted by the end of the period whose conversion lies before their creation.",
    source="A09; E15",
    rules=("R1", "R3", "T2", "T3", "T4"),
    labels={"en": "Share converted before creation", "zh": "转化早于创建的线索占比"},
    subject="data quality",
)

median_open_deal_idle_days = Metric(
    "median_open_deal_idle_days",
    median(idle, where=OPEN),
    unit="days",
    better="lower",
    anchor="stock",
    summary="Median time since the last activity, or the creation, of the deals open at the end of the period.",
    source="A09; T12",
    rules=("T2", "T4", "Q1"),
    labels={"en": "Median idle time of open deals (days)", "zh": "在手商机未跟进时长中位数（天）"},
    subject="data quality",
)


def stale_open_deals_share(days: int) -> Metric:
    """Return the share of open deals without activity for more than `days` days, `stale_open_deals_share_<days>_days`.

    A deal that never had an activity is idle since its creation.

    Raises:
        ArgumentError: no whole number of days, at least 1.

    Rules: R1, T2, T4.

    Source: A09; T12.
    """
    words = plural(whole("days", days), "day")
    return Metric(
        f"stale_open_deals_share_{words.replace(' ', '_')}",
        share_of(idle > days, OPEN),
        unit="ratio",
        better="lower",
        anchor="stock",
        summary=f"Share of the deals open at the end of the period whose last activity, or creation, lies more than {words} back.",
        source="A09; T12",
        rules=("R1", "R3", "R4", "T2", "T4"),
        labels={"en": f"Share of open deals stale for {words}", "zh": f"超过{days}天未跟进的在手商机占比"},
        subject="data quality",
    )


METRICS = (
    completeness("lead", ["owner", "source", "status"]),
    completeness("opportunity", ["amount", "owner", "source"]),
    completeness("account", ["industry", "country", "owner"]),
    completeness("contact", ["account", "email", "phone"]),
    duplicate_lead_rate,
    closed_before_created_deals,
    closed_before_created_share,
    closed_without_date_share,
    won_without_amount_share,
    overdue_open_share,
    converted_before_created_share,
    undated_deals_share,
    undated_leads_share,
    median_open_deal_idle_days,
    stale_open_deals_share(30),
)

ANALYSES = (
    Analysis(
        "field_completeness",
        "completeness.field_completeness",
        needs={},
        unit="ratio",
        better="higher",
        anchor="stock",
        summary="Share of the records of each table that have a value in each of its fields, the emptiest field first.",
        source="A09; articles A0, A3",
        rules=("O3", "R1", "R2"),
        labels={"en": "Completeness by field", "zh": "字段完整率"},
        subject="data quality",
    ),
    Analysis(
        "duplicate_records",
        "duplicates.duplicate_records",
        needs={"contact": ("email",)},
        unit="count",
        better="lower",
        anchor="stock",
        summary="Records of a table that say the same in chosen fields, apart from case, width and spaces.",
        source="A09; methods 8; E50",
        rules=("O3", "R2", "R4"),
        labels={"en": "Duplicate records", "zh": "重复记录"},
        subject="data quality",
    ),
    Analysis(
        "data_quality_score",
        "quality.data_quality_score",
        needs={},
        unit="points",
        better="higher",
        anchor="stock",
        summary="Completeness, uniqueness, accuracy and freshness of the data as one score from 0 to 100, with its checks.",
        source="A09; articles A0, A3",
        rules=("R1", "R2", "R4", "T4"),
        labels={"en": "Data quality score", "zh": "数据质量得分"},
        subject="data quality",
    ),
)
