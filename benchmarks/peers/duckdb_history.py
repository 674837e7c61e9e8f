"""DuckDB on the log of stages: moves between stages, and the open value at every month-end."""

from __future__ import annotations

from functools import partial
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.data import FIRST_MONTH
from benchmarks.events import MONTH_STARTS, NONE, STAGES, Events, Transitions
from benchmarks.variant import FLAT, IDIOMATIC, MONTHLY, PREPARED, THREADS, TUNED, Cards, Columns, Variant

SIDE = "duckdb"
_MONTH = f"(year(ts) * 12 + month(ts) - 1 - {FIRST_MONTH + 1970 * 12})::INT"

_MEAN = "seconds / moves / 86400 AS mean_days"
Q3 = f"""
SELECT *, {_MEAN} FROM (
    SELECT stage, "into", count(*) AS moves, sum(date_diff('second', ts, next))::BIGINT AS seconds
    FROM (SELECT stage, ts, lead(stage) OVER w AS "into", lead(ts) OVER w AS next FROM log
          WINDOW w AS (PARTITION BY deal ORDER BY ts))
    WHERE "into" IS NOT NULL GROUP BY ALL)
"""
# whole seconds apart: a division of microseconds is cheaper than date_diff
Q3_TUNED = Q3.replace("date_diff('second', ts, next)", "(epoch_us(next) - epoch_us(ts)) // 1000000")
Q3_PREPARED = f"""
SELECT *, {_MEAN} FROM (
    SELECT pair // 8 AS stage, pair % 8 AS "into", moves, seconds
    FROM (SELECT pair, count(*) AS moves, sum(seconds)::BIGINT AS seconds FROM kept GROUP BY pair) WHERE pair >= 0)
"""

Q5_IDIOMATIC = f"""
WITH stays AS (SELECT deal, stage, ts, lead(ts, 1, TIMESTAMP '2999-01-01') OVER (PARTITION BY deal ORDER BY ts) AS gone
               FROM log)
SELECT stage, month, sum(amount)::BIGINT AS open_value
FROM stays JOIN ends ON ts < ends.start AND gone >= ends.start JOIN deals USING (deal)
WHERE stage < {STAGES} GROUP BY ALL
"""


def _running(cells: str) -> str:
    """Add up what came into and went out of each stage, month after month."""
    return f"""
WITH cells AS ({cells}),
     net AS (SELECT month, stage, sum(amount) AS amount FROM (
        SELECT month, stage, amount FROM cells UNION ALL SELECT month, out, -amount FROM cells)
        WHERE stage < {STAGES} GROUP BY ALL)
SELECT stage, month, (sum(amount) OVER (PARTITION BY stage ORDER BY month))::BIGINT AS open_value FROM net
"""


Q5_TUNED = _running(f"""
SELECT {_MONTH} AS month, stage, out, sum(amount) AS amount
FROM (SELECT deal, ts, stage, lag(stage, 1, {NONE}::TINYINT) OVER (PARTITION BY deal ORDER BY ts) AS out FROM log)
JOIN deals USING (deal) GROUP BY ALL
""")
Q5_PREPARED = _running(f"""
SELECT {_MONTH} AS month, "into" AS stage, out, sum(amount) AS amount FROM kept GROUP BY ALL
""")
Q5_MONTHLY = _running("""
SELECT key // 128 AS month, key % 8 AS stage, key // 8 % 16 AS out, amount
FROM (SELECT key, sum(amount) AS amount FROM kept GROUP BY key)
""")

STATEMENTS = {
    IDIOMATIC: {"Q3": Q3, "Q5": Q5_IDIOMATIC},
    TUNED: {"Q3": Q3_TUNED, "Q5": Q5_TUNED},
    PREPARED: {"Q3": Q3_PREPARED, "Q5": Q5_PREPARED},
    MONTHLY: {"Q5": Q5_MONTHLY},
}


def _connect(events: Events, kept: Transitions) -> duckdb.DuckDBPyConnection:
    deals = np.arange(events.amount.size, dtype=np.int32)
    months = np.arange(len(MONTH_STARTS) - 1, dtype=np.int32)
    names = ("out", "into", "seconds", "amount", "pair", "key")
    tables = {
        "log": pa.table({"deal": events.deal, "stage": events.stage, "ts": pa.array(events.at)}),
        "deals": pa.table({"deal": deals, "amount": events.amount}),
        "ends": pa.table({"month": months, "start": pa.array(MONTH_STARTS[1:])}),
        "kept": pa.table({"ts": pa.array(events.at)} | {name: getattr(kept, name) for name in names}),
    }
    connection = duckdb.connect(":memory:", config={"threads": THREADS})
    for name, table in tables.items():
        connection.register("arrow_table", table)
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow_table")
        connection.unregister("arrow_table")
    return connection


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> dict[str, Any]:
    answer: dict[str, Any] = connection.execute(statement).fetchnumpy()
    return answer


def _read(query: str, raw: dict[str, Any]) -> Cards:
    columns: Columns = {name: np.asarray(column) for name, column in raw.items()}
    return {query: columns}


def variants(events: Events, kept: Transitions) -> list[Variant]:
    """Load the tables once and list every way to answer from them."""
    connection = _connect(events, kept)
    return [
        Variant(SIDE, level, FLAT, query, partial(_one, connection, statement), partial(_read, query))
        for level, statements in STATEMENTS.items()
        for query, statement in statements.items()
    ]
