"""Measure twelve KPIs over ten tables against polars, by team and month: python -m benchmarks.catalogue [--rows N].

Won value, win rate, median cycle, lead conversion, acquisition cost, quota attainment, calls per lead, average order, net
revenue retention, collection rate, NPS and response time. Every figure of ours is held against that of polars before
anything is timed. Then the whole catalogue is planned and measured, with the time of each KPI.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

import crmcore as cc
from benchmarks.timing import rotate
from crmcore.errors import CrmCoreError
from crmcore.kpis import CATALOGUE
from crmcore.plan.question import Asked, Plan, Question
from crmcore.units import unit
from crmcore.workspace.inputs import missing_inputs

Tables = dict[str, dict[str, Any]]

START, END = np.datetime64("2022-01-01", "us"), np.datetime64("2025-01-01", "us")
LAST = date(2024, 12, 31)
SELLERS, TEAMS, MONTHS = 500, 25, 36
METRICS = (
    "won_value", "win_rate", "median_sales_cycle_days", "lead_conversion_rate", "cac", "quota_attainment",
    "calls_per_lead", "average_order_value", "net_revenue_retention_month", "collection_rate", "nps",
    "first_response_hours",
)  # fmt: skip
KINDS = ("call", "email", "meeting", "visit", "proposal", "administration")
NAT = np.datetime64("NaT")


def generate(rows: int, seed: int = 7) -> Tables:
    """Make a business of so many opportunities as numpy columns; categories are codes with their names in `NAMES`."""
    rng = np.random.default_rng(seed)
    span = int((END - START) / np.timedelta64(1, "us"))

    def instants(n: int) -> np.ndarray:
        return START + np.sort(rng.integers(0, span, n)).astype("timedelta64[us]")

    def later(at: np.ndarray, hours: float, missing: float) -> np.ndarray:
        found = at + (rng.exponential(hours * 3600e6, at.size)).astype("timedelta64[us]")
        return np.where((rng.random(at.size) < missing) | (found >= END), NAT, found)

    def owners(n: int) -> np.ndarray:
        return rng.integers(1, SELLERS + 1, n)

    def days(n: int) -> np.ndarray:
        return np.sort(rng.integers(0, 1096, n)).astype("timedelta64[D]") + START.astype("datetime64[D]")

    def money(n: int, middle: float) -> np.ndarray:
        return np.maximum(rng.lognormal(np.log(middle), 1.0, n), 1).astype(np.int64)

    leads, calls, bills, customers = rows * 6 // 5, rows * 2, rows // 2, max(rows // 7, 5)
    created = instants(rows)
    closed = later(created, 55 * 24, 0.15)
    outcome = np.where(np.isnat(closed), 0, np.where(rng.random(rows) < 0.35, 1, 2))
    came = instants(leads)
    converted = later(came, 20 * 24, 0.7)
    issued, account = instants(bills), rng.integers(1, customers + 1, rows)
    subscribers, answers = max(rows // 10, 5), max(rows // 5, 5)
    begun = days(subscribers)
    ended = begun + rng.integers(20, 900, subscribers).astype("timedelta64[D]")
    owner_of = owners(customers + 1)
    subscriber = rng.integers(1, customers + 1, subscribers)
    firsts = np.arange("2022-01", "2025-02", dtype="datetime64[M]").astype("datetime64[D]")
    return {
        "seller": {"id": np.arange(1, SELLERS + 1), "team": 1 + np.arange(SELLERS) % TEAMS},
        "opportunity": {
            "id": np.arange(1, rows + 1), "owner": owners(rows), "outcome": outcome, "amount": money(rows, 8000),
            "created_at": created, "closed_at": closed, "account": account,
        },
        "lead": {
            "id": np.arange(1, leads + 1), "owner": owners(leads), "created_at": came, "converted": ~np.isnat(converted),
            "converted_at": converted, "first_response_at": later(came, 6, 0.1),
        },
        "activity": {"owner": owners(calls), "kind": rng.integers(0, len(KINDS), calls), "at": instants(calls)},
        "cost": {"owner": owners(rows // 50), "kind": np.zeros(rows // 50, np.int64), "amount": money(rows // 50, 300), "date": days(rows // 50)},
        "account": {"id": np.arange(1, customers + 1), "owner": owner_of[1:], "customer_since": instants(customers)},
        "target": {
            "owner": np.repeat(np.arange(1, SELLERS + 1), MONTHS), "amount": money(SELLERS * MONTHS, 500_000),
            "start": np.tile(firsts[:-1], SELLERS), "end": np.tile(firsts[1:], SELLERS),
        },
        "order_line": {"order": np.arange(rows) // 3, "owner": owners(rows), "at": instants(rows), "amount": money(rows, 90)},
        "subscription": {
            "account": subscriber, "owner": owner_of[subscriber], "start": begun, "end": ended,
            "recurring": money(subscribers, 1200), "term_months": rng.choice([1, 12], subscribers),
        },
        "invoice": {"id": np.arange(1, bills + 1), "owner": owners(bills), "issued_at": issued, "amount": money(bills, 2500)},
        "payment": {"owner": owners(bills), "at": issued, "amount": money(bills, 2300)},
        "response": {"owner": owners(answers), "kind": np.zeros(answers, np.int64), "score": rng.integers(0, 11, answers), "at": instants(answers)},
    }  # fmt: skip


NAMES: Mapping[tuple[str, str], Sequence[str]] = {
    ("opportunity", "outcome"): ("open", "won", "lost"),
    ("activity", "kind"): KINDS,
    ("cost", "kind"): ("spend",),
    ("response", "kind"): ("nps",),
}


def ours(tables: Tables) -> cc.Dataset:
    """Ingest once; words are given as words."""
    named = {
        t: {c: np.array(NAMES[t, c], object)[v] if (t, c) in NAMES else v for c, v in columns.items()}
        for t, columns in tables.items()
    }
    named["target"] |= {"kind": "quota", "scope": "seller", "metric": "won_value"}
    size = named["target"]["owner"].size
    named["target"] = {c: np.full(size, v, object) if isinstance(v, str) else v for c, v in named["target"].items()}
    return cc.Dataset(timezone="UTC", **named)


# -- polars --------------------------------------------------------------------------------------------


def frames(tables: Tables) -> dict[str, pl.DataFrame]:
    """Load once, with what ours keeps of a table as well: team, month, and for codes their small integers."""
    teams = pl.Series(np.concatenate([[0], tables["seller"]["team"]])).cast(pl.Int8)
    dates = {
        "opportunity": ("created_at", "closed_at"), "lead": ("created_at", "first_response_at"), "activity": ("at",),
        "cost": ("date",), "account": ("customer_since",), "target": ("start",), "order_line": ("at",),
        "invoice": ("issued_at",), "payment": ("at",), "response": ("at",), "subscription": ("start", "end"),
    }  # fmt: skip
    loaded = {}
    for name, columns in tables.items():
        frame = pl.DataFrame(columns)
        if name != "seller":
            frame = frame.with_columns(team=teams.gather(frame["owner"]))
        small = [pl.col(c).cast(pl.Int8) for t, c in NAMES if t == name]
        months = [
            ((pl.col(c).dt.year() - 2022) * 12 + pl.col(c).dt.month() - 1).cast(pl.Int16).alias(f"month_{c}")
            for c in dates.get(name, ())
        ]
        loaded[name] = frame.with_columns(small + months)
    return loaded


KEYS = ["team", "month"]


def by_cell(frame: pl.DataFrame, date: str, *aggregates: pl.Expr, where: pl.Expr | None = None) -> pl.LazyFrame:
    """Return aggregates by team and month of a date."""
    month = pl.col(f"month_{date}")
    kept = frame.lazy().filter(month.is_not_null() if where is None else where & month.is_not_null())
    return kept.group_by("team", month.alias("month")).agg(*aggregates)


def polars_card(loaded: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the twelve figures by team and month, each table read once per date."""
    col = pl.col
    deal, lead = loaded["opportunity"], loaded["lead"]
    won, decided = col("outcome") == 1, col("outcome") > 0
    cycle = (col("closed_at") - col("created_at")).dt.total_microseconds() / 86_400e6
    parts = [
        by_cell(
            deal, "closed_at",
            col("amount").filter(won).sum().alias("won_value"), won.sum().alias("won"), decided.sum().alias("decided"),
            cycle.filter(won).median().alias("median_sales_cycle_days"),
        ),
        by_cell(lead, "created_at", pl.len().alias("leads"), col("converted").sum().alias("converted")),
        by_cell(
            lead, "first_response_at",
            ((col("first_response_at") - col("created_at")).dt.total_microseconds().sum() / 3600e6 / pl.len()).alias("first_response_hours"),
        ),
        by_cell(loaded["cost"], "date", col("amount").sum().alias("spend")),
        by_cell(loaded["account"], "customer_since", pl.len().alias("customers")),
        by_cell(loaded["target"], "start", col("amount").sum().alias("quota")),
        by_cell(loaded["activity"], "at", pl.len().alias("calls"), where=col("kind") == 0),
        by_cell(loaded["order_line"], "at", col("amount").sum().alias("ordered"), col("order").n_unique().alias("orders")),
        by_cell(loaded["invoice"], "issued_at", col("amount").sum().alias("invoiced")),
        by_cell(loaded["payment"], "at", col("amount").sum().alias("collected")),
        by_cell(
            loaded["response"], "at",
            (col("score") >= 9).sum().alias("promoters"), (col("score") <= 6).sum().alias("detractors"), pl.len().alias("answers"),
        ),
        retained(loaded["subscription"]),
    ]  # fmt: skip
    cells = pl.DataFrame(
        {
            "team": np.repeat(np.arange(1, TEAMS + 1, dtype=np.int8), MONTHS),
            "month": np.tile(np.arange(MONTHS, dtype=np.int16), TEAMS),
        }
    ).lazy()
    for part in parts:
        cells = cells.join(part, on=KEYS, how="left")
    return (
        cells.select(
            *KEYS,
            col("won_value").fill_null(0),
            (col("won") / col("decided")).alias("win_rate"),
            "median_sales_cycle_days",
            (col("converted") / col("leads")).alias("lead_conversion_rate"),
            (col("spend").fill_null(0) / col("customers")).alias("cac"),
            (col("won_value").fill_null(0) / col("quota")).alias("quota_attainment"),
            (col("calls").fill_null(0) / col("leads")).alias("calls_per_lead"),
            (col("ordered") / col("orders")).alias("average_order_value"),
            "net_revenue_retention_month",
            (col("collected").fill_null(0) / col("invoiced")).alias("collection_rate"),
            (100 * (col("promoters").cast(pl.Int64) - col("detractors").cast(pl.Int64)) / col("answers")).alias("nps"),
            "first_response_hours",
        )
        .sort(KEYS)
        .collect()
    )


def retained(subscriptions: pl.DataFrame) -> pl.LazyFrame:
    """Return net revenue retention by team and month: the monthly revenue of each account at the ends of all months.

    A subscription runs at the ends of the months from that of its start until before that of its end.
    """
    keys = ["team", "account", "month"]
    running = (
        subscriptions.lazy()
        .select(
            "team",
            "account",
            (pl.col("recurring") / pl.col("term_months")).alias("monthly"),
            "month_start",
            "month_end",
        )
        .with_columns(
            month=pl.int_ranges("month_start", pl.min_horizontal("month_end", pl.lit(MONTHS)), dtype=pl.Int16)
        )
        .explode("month", empty_as_null=False)
        .group_by(keys)
        .agg(pl.col("monthly").sum())
    )
    before = running.select("team", "account", (pl.col("month") + 1).cast(pl.Int16).alias("month"), then="monthly")
    both = before.join(running, on=keys, how="left").filter(pl.col("month") < MONTHS)
    rate = pl.col("monthly").fill_null(0).sum() / pl.col("then").sum()
    return both.group_by(KEYS).agg(rate.alias("net_revenue_retention_month"))


# -- both ------------------------------------------------------------------------------------------------


def agree(card: cc.Result, frame: pl.DataFrame) -> None:
    """Hold our figures against those of polars: sums of money exact, quotients to eleven digits."""
    wanted = frame.filter(pl.col("team").is_not_null())
    assert len(card) == wanted.height, (len(card), wanted.height)
    for name in METRICS:
        ours_, theirs = card[name].values, wanted[name].cast(pl.Float64).to_numpy()
        if name == "won_value":
            assert np.array_equal(ours_, theirs), name
        else:
            np.testing.assert_allclose(ours_, theirs, rtol=1e-11, equal_nan=True, err_msg=name)


def planning() -> float:
    """Return the seconds in which the whole catalogue becomes a plan, the median of five."""
    took = []
    for _ in range(5):
        start = perf_counter()
        asked = tuple(Asked(m.name, m.formula, unit(m.unit)) for m in CATALOGUE.values())
        Plan(Question(asked, (cc.col("owner.team"),), "month", None))
        took.append(perf_counter() - start)
    return median(took)


def each_kpi(workspace: cc.Workspace, data: cc.Dataset) -> list[tuple[float, str]]:
    """Return the seconds of each KPI that the tables have the inputs for, by team and month, slowest first."""
    found = []
    for name, metric in CATALOGUE.items():
        if missing_inputs(metric, data.tables):
            continue
        call = _call(workspace, name, data)
        try:
            call()
        except CrmCoreError as error:
            print(f"  {name}: {error}")
            continue
        start = perf_counter()
        call()
        found.append((perf_counter() - start, name))
    return sorted(found, reverse=True)


def _call(workspace: cc.Workspace, metrics: Any, data: cc.Dataset) -> Callable[[], cc.Result]:
    return lambda: workspace.measure(metrics, data, by=["owner.team"], per="month", as_of=LAST)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="opportunities (default 1000000)")
    parser.add_argument("--rounds", type=int, default=7, metavar="R")
    chosen = parser.parse_args(arguments)
    tables = generate(chosen.rows)
    data, loaded, workspace = ours(tables), frames(tables), cc.Workspace()
    print(", ".join(f"{name} {len(table):,}" for name, table in data.tables.items()))
    card, frame = _call(workspace, METRICS, data)(), polars_card(loaded)
    agree(card, frame)
    print(f"twelve KPIs by {TEAMS} teams and {MONTHS} months: {len(card):,} rows, all figures equal")
    times = rotate({"crmcore": _call(workspace, METRICS, data), "polars": lambda: polars_card(loaded)}, chosen.rounds)
    print(
        f"crmcore {times.median('crmcore') * 1e3:.0f} ms, polars {times.median('polars') * 1e3:.0f} ms ({pl.thread_pool_size()} threads)"
    )
    print(f"polars / crmcore: {times.ratio('polars', 'crmcore'):.2f} (target 2)")
    print(f"the whole catalogue, {len(CATALOGUE)} metrics, is planned in {planning() * 1e3:.1f} ms (target 50)")
    print("time of each KPI by team and month, ms:")
    for seconds, name in each_kpi(workspace, data):
        print(f"  {seconds * 1e3:8.1f}  {name}")


if __name__ == "__main__":
    main()
