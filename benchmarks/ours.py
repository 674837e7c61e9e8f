"""crmcore in the comparison: the public `measure` on a dataset that was ingested once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

import crmcore.table.table as tables
from benchmarks.data import OUTCOMES, OWNERS, SOURCES, Array, Workload
from benchmarks.variant import DASHBOARD, Columns
from crmcore.algebra import col, count, day, elapsed, mean, median, quantile, total
from crmcore.metric import Metric
from crmcore.table.dataset import Dataset
from crmcore.workspace import Workspace

MONEY_SCALE = 1
AS_OF = date(2024, 12, 31)

WON, CLOSED, OPEN = col("outcome") == "won", col("outcome").isin(["won", "lost"]), col("outcome") == "open"
CYCLE = elapsed(day("created_at"), day("closed_at"))


def _metric(name: str, formula: Any, unit: str, anchor: str = "closed_at") -> Metric:
    return Metric(name, formula, unit=unit, anchor=anchor)


WON_VALUE = _metric("won_value", total("amount", where=WON), "money")
Q1 = (
    _metric("won", count(WON), "count"),
    _metric("closed", count(CLOSED), "count"),
    _metric("win_rate", count(WON) / count(CLOSED), "ratio"),
    WON_VALUE,
    _metric("mean_won_deal", mean("amount", where=WON), "money"),
    _metric("mean_cycle_days", mean(CYCLE, where=WON), "days"),
    _metric("median_cycle_days", median(CYCLE, where=WON), "days"),
)
Q2 = (
    _metric("open", count(OPEN), "count", "created_at"),
    _metric("won", count(WON), "count"),
    _metric("lost", count(col("outcome") == "lost"), "count"),
    Q1[2],
    WON_VALUE,
    Q1[4],
    _metric("open_value", total("amount", where=OPEN), "money", "created_at"),
    Q1[5],
    Q1[6],
    _metric("mean_response_hours", mean(elapsed("created_at", "first_contact_at")), "hours", "created_at"),
    _metric("unpriced_share", count(col("amount").is_null()) / count(), "ratio", "created_at"),
    WON_VALUE.change("year"),
)
_SPEND = total("amount", table="cost", at="date")
Q4 = (
    _metric("opportunities", count(), "count", "created_at"),
    _metric("won", count(WON), "count", "created_at"),
    _metric("conversion", count(WON) / count(), "ratio", "created_at"),
    _metric("spend", _SPEND, "money"),
    _metric("cac", _SPEND / count(WON), "money", "created_at"),
)
Q6 = (
    _metric("p50_cycle_days", quantile(CYCLE, "1/2", where=WON), "days"),
    _metric("p90_cycle_days", quantile(CYCLE, "9/10", where=WON), "days"),
)


def named(codes: Array, names: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))


def arrow(data: Workload) -> tuple[pa.Table, pa.Table]:
    """Return the workload as Arrow tables with dictionary columns."""
    instants = pa.timestamp("us", tz="UTC")
    opportunity = pa.table(
        {
            "id": pa.array(data.id),
            "owner": named(data.owner, [f"owner {i:03d}" for i in range(OWNERS)]),
            "source": named(data.source, [f"source {i:02d}" for i in range(SOURCES)]),
            "outcome": named(data.outcome, list(OUTCOMES)),
            "amount": pa.array(data.amount, mask=~data.priced),
            "created_at": pa.array(data.created_at).cast(instants),
            "first_contact_at": pa.array(data.first_contact_at).cast(instants),
            "closed_at": pa.array(data.closed_at).cast(instants),
        }
    )
    cost = pa.table(
        {
            "source": named(data.spend_source, [f"source {i:02d}" for i in range(SOURCES)]),
            "date": pa.array(data.spend_day.astype("datetime64[D]")),
            "amount": pa.array(data.spend),
        }
    )
    return opportunity, cost


def prepare(data: Workload) -> tuple[Workspace, Dataset]:
    """Ingest the tables."""
    opportunity, cost = arrow(data)
    return Workspace(), Dataset(opportunity=opportunity, cost=cost)


def q1(obj: tuple[Workspace, Dataset]) -> Any:
    """Measure seven KPIs by owner and closed month."""
    return obj[0].measure(Q1, obj[1], by="owner", per="month", as_of=AS_OF)


def q2(obj: tuple[Workspace, Dataset]) -> Any:
    """Measure twelve overall KPIs."""
    return obj[0].measure(Q2, obj[1], as_of=AS_OF)


def q4(obj: tuple[Workspace, Dataset]) -> Any:
    """Measure conversion and acquisition cost by source."""
    return obj[0].measure(Q4, obj[1], by="source", as_of=AS_OF)


def q6(obj: tuple[Workspace, Dataset]) -> Any:
    """Measure two quantiles of the cycle by owner."""
    return obj[0].measure(Q6, obj[1], by="owner", as_of=AS_OF)


def dashboard(obj: tuple[Workspace, Dataset]) -> Mapping[str, Any]:
    """Measure all four."""
    return {"Q1": q1(obj), "Q2": q2(obj), "Q4": q4(obj), "Q6": q6(obj)}


def canonical(query: str, result: Any) -> Columns:
    """Read a result as canonical columns."""
    columns: Columns = {m: np.asarray(result[m].values) for m in result.names}
    if query == "Q2":
        columns["won_value_change"] = columns.pop("won_value_change_year")
    for key in ("owner", "source"):
        if key in result.keys:
            columns[key] = np.array([int(x.split()[1]) for x in result.column(key)])
    if query == "Q1":
        columns["month"] = np.array([(int(p[:4]) - 1970) * 12 + int(p[5:]) - 1 for p in result.column("period")])
        some = columns["closed"] > 0
        columns = {k: v[some] for k, v in columns.items()}
    return columns


def _flat(data: Workload) -> tuple[Workspace, Dataset]:
    limit, tables.CLUSTER_FROM = tables.CLUSTER_FROM, data.rows + 1
    try:
        return prepare(data)
    finally:
        tables.CLUSTER_FROM = limit


def _no_plan(obj: tuple[Workspace, Dataset], call: Any) -> Any:
    return call((Workspace(), obj[1]))


EXTRA = {
    "plan made anew": (
        prepare,
        {q: (lambda obj, c=c: _no_plan(obj, c)) for q, c in (("Q1", q1), ("Q2", q2), ("Q4", q4), ("Q6", q6))},
    ),
    "not clustered": (_flat, {"Q1": q1, "Q2": q2, "Q4": q4, "Q6": q6, DASHBOARD: dashboard}),
}
