"""Data quality: how complete the records are, and how many repeat another."""

from __future__ import annotations

from collections.abc import Iterable

from ..algebra import Formula, col, count
from ..errors import ArgumentError
from ..metric import Metric

__all__ = ["METRICS", "completeness"]

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

METRICS = (
    completeness("lead", ["owner", "source", "status"]),
    completeness("opportunity", ["amount", "owner", "source"]),
    duplicate_lead_rate,
)
