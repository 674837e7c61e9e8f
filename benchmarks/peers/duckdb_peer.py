"""DuckDB: an in-memory table, two threads, small-integer codes (its fastest storage)."""

from __future__ import annotations

from functools import partial
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.data import FIRST_MONTH, KEY_SHIFT, LOST, OPEN, WON, Derived, Workload
from benchmarks.variant import (
    CLUSTERED,
    DASHBOARD,
    IDIOMATIC,
    PREPARED,
    QUERIES,
    THREADS,
    TUNED,
    Cards,
    Columns,
    Variant,
)

SIDE = "duckdb"
_WON = f"FILTER (WHERE outcome = {WON})"
_DAYS = "date_diff('day', created_at, closed_at)"
_FAST_DAYS = "(closed_at::DATE - created_at::DATE)::SMALLINT"
_FAST_KEY = (
    f"(owner::INT * {1 << KEY_SHIFT} + year(closed_at::DATE) * 12 + month(closed_at::DATE) - {2022 * 12 + 1})::INT"
)
_HOUR_US = 3_600_000_000

Q1_IDIOMATIC = f"""
SELECT owner, date_trunc('month', closed_at) AS month,
       count(*) {_WON} AS won, count(*) AS closed, count(*) {_WON} / count(*) AS win_rate,
       (sum(amount) {_WON})::BIGINT AS won_value, avg(amount) {_WON} AS mean_won_deal,
       avg({_DAYS}) {_WON} AS mean_cycle_days, median({_DAYS}) {_WON} AS median_cycle_days
FROM opportunity WHERE outcome <> {OPEN} GROUP BY ALL
"""

Q2_IDIOMATIC = f"""
SELECT *, won / (won + lost) AS win_rate, now / before - 1 AS won_value_change FROM (
    SELECT count(*) FILTER (WHERE outcome = {OPEN}) AS open, count(*) {_WON} AS won,
           count(*) FILTER (WHERE outcome = {LOST}) AS lost,
           (sum(amount) {_WON})::BIGINT AS won_value, avg(amount) {_WON} AS mean_won_deal,
           (sum(amount) FILTER (WHERE outcome = {OPEN}))::BIGINT AS open_value,
           avg({_DAYS}) {_WON} AS mean_cycle_days, median({_DAYS}) {_WON} AS median_cycle_days,
           avg(date_diff('microsecond', created_at, first_contact_at)) / {_HOUR_US} AS mean_response_hours,
           1 - count(amount) / count(*) AS unpriced_share,
           sum(amount) FILTER (WHERE outcome = {WON} AND year(closed_at) = 2024) AS now,
           sum(amount) FILTER (WHERE outcome = {WON} AND year(closed_at) = 2023) AS before
    FROM opportunity)
"""

_SPEND = "(SELECT source, sum(spend)::BIGINT AS spend FROM spend GROUP BY source)"

Q4_IDIOMATIC = f"""
SELECT source, opportunities, won, won / opportunities AS conversion, spend, spend / won AS cac
FROM (SELECT source, count(*) AS opportunities, count(*) {_WON} AS won FROM opportunity GROUP BY source)
JOIN {_SPEND} USING (source)
"""

Q4_TUNED = f"""
SELECT source, opportunities, won, won / opportunities AS conversion, spend, spend / won AS cac
FROM (SELECT source, sum(n)::BIGINT AS opportunities, coalesce((sum(n) {_WON})::BIGINT, 0) AS won
      FROM (SELECT source, outcome, count(*) AS n FROM opportunity GROUP BY ALL) GROUP BY source)
JOIN {_SPEND} USING (source)
"""


def q1(key: str, days: str) -> str:
    """Group won and lost deals apart by one packed key, then join the two."""
    return f"""
WITH l AS (SELECT {key} AS key, count(*) AS lost FROM opportunity WHERE outcome = {LOST} GROUP BY ALL),
     w AS (SELECT {key} AS key, count(*) AS won, sum(amount)::BIGINT AS won_value, avg(amount) AS mean_won_deal,
                  avg({days}) AS mean_cycle_days, median({days}) AS median_cycle_days
           FROM opportunity WHERE outcome = {WON} GROUP BY ALL)
SELECT *, won / closed AS win_rate FROM (
    SELECT key, coalesce(won, 0) AS won, coalesce(won, 0) + coalesce(lost, 0) AS closed, won_value, mean_won_deal,
           mean_cycle_days, median_cycle_days
    FROM l FULL JOIN w USING (key))
"""


def q2(days: str) -> str:
    """Filter each outcome once and compare dates with constants."""
    return f"""
SELECT open, won, rows - won - open AS lost, won / (rows - open) AS win_rate, won_value, mean_won_deal, open_value,
       mean_cycle_days, median_cycle_days, waited / (contacted * {_HOUR_US}) AS mean_response_hours,
       (rows - priced) / rows AS unpriced_share, (now - before) / before AS won_value_change
FROM (SELECT count(*) AS won, sum(amount)::BIGINT AS won_value, avg(amount) AS mean_won_deal,
             avg({days}) AS mean_cycle_days, median({days}) AS median_cycle_days,
             sum(amount) FILTER (WHERE closed_at >= '2024-01-01') AS now,
             sum(amount) FILTER (WHERE closed_at >= '2023-01-01' AND closed_at < '2024-01-01') AS before
      FROM opportunity WHERE outcome = {WON}),
     (SELECT count(*) AS open, sum(amount)::BIGINT AS open_value FROM opportunity WHERE outcome = {OPEN}),
     (SELECT count(*) AS rows, count(amount) AS priced, count(first_contact_at) AS contacted,
             sum(epoch_us(first_contact_at) - epoch_us(created_at)) AS waited FROM opportunity)
"""


def q6(days: str) -> str:
    """Ask for both quantiles at once, so that the values are kept once."""
    return f"""
SELECT owner, q[1] AS p50_cycle_days, q[2] AS p90_cycle_days
FROM (SELECT owner, quantile_cont({days}, [0.5, 0.9]) AS q FROM opportunity WHERE outcome = {WON} GROUP BY owner)
"""


STATEMENTS = {
    IDIOMATIC: {"Q1": Q1_IDIOMATIC, "Q2": Q2_IDIOMATIC, "Q4": Q4_IDIOMATIC, "Q6": q6(_DAYS)},
    TUNED: {"Q1": q1(_FAST_KEY, _FAST_DAYS), "Q2": q2(_FAST_DAYS), "Q4": Q4_TUNED, "Q6": q6(_FAST_DAYS)},
    PREPARED: {"Q1": q1("key", "cycle"), "Q2": q2("cycle"), "Q4": Q4_TUNED, "Q6": q6("cycle")},
}


def _connect(data: Workload, derived: Derived) -> duckdb.DuckDBPyConnection:
    raw = {name: getattr(data, name) for name in ("owner", "source", "outcome")}
    times = {name: pa.array(getattr(data, name)) for name in ("created_at", "first_contact_at", "closed_at")}
    kept = {"month": derived.month, "cycle": derived.cycle, "key": derived.key}
    opportunity = pa.table(raw | {"amount": pa.array(data.amount, mask=~data.priced)} | times | kept)
    spend = pa.table({"source": data.spend_source, "day": pa.array(data.spend_day), "spend": data.spend})
    connection = duckdb.connect(":memory:", config={"threads": THREADS})
    for name, table in (("opportunity", opportunity), ("spend", spend)):
        connection.register("arrow_table", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow_table")
        connection.unregister("arrow_table")
    return connection


def _columns(raw: dict[str, Any]) -> Columns:
    """Turn nulls into 0 in sums, which SQL leaves null over no value, and into nan elsewhere."""
    made = {name: np.ma.filled(column, 0 if column.dtype.kind in "iu" else np.nan) for name, column in raw.items()}
    if "key" in made:
        made["owner"] = made["key"] >> KEY_SHIFT
        made["month"] = (made["key"] & ((1 << KEY_SHIFT) - 1)) + FIRST_MONTH
    elif "month" in made:
        made["month"] = made["month"].astype("datetime64[M]").astype(np.int64)
    return made


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> dict[str, Any]:
    answer: dict[str, Any] = connection.execute(statement).fetchnumpy()
    return answer


def _in_turn(connection: duckdb.DuckDBPyConnection, statements: list[str]) -> list[dict[str, Any]]:
    return [_one(connection, statement) for statement in statements]


def _read_one(query: str, raw: dict[str, Any]) -> Cards:
    return {query: _columns(raw)}


def _read_all(raw: list[dict[str, Any]]) -> Cards:
    return dict(zip(QUERIES, map(_columns, raw), strict=True))


def variants(data: Workload, derived: Derived, rows: str) -> list[Variant]:
    """Load the tables once and list every way to answer from them."""
    connection = _connect(data, derived)
    made: list[Variant] = []
    for level, statements in STATEMENTS.items():
        if rows == CLUSTERED and level == IDIOMATIC:
            continue
        for query, statement in statements.items():
            call = partial(_one, connection, statement)
            made.append(Variant(SIDE, level, rows, query, call, partial(_read_one, query)))
        call_all = partial(_in_turn, connection, list(statements.values()))
        made.append(Variant(SIDE, level, rows, DASHBOARD, call_all, _read_all))
    return made
