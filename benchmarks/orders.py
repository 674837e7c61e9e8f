"""Measure cohorts and RFM against polars: python -m benchmarks.orders [--rows N] [--rounds R].

Both sides hold the order lines in memory with customers and orders as small integers, dates as days and amounts in
minor units. Ours is the public `analyse`; polars is lazy, on all its threads, with the months of a day in a table. Results
are held against each other, customer by customer and cell by cell, before anything is timed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl
from attrs import frozen
from numpy.typing import NDArray

from benchmarks.timing import Times, rotate, timed
from benchmarks.variant import THREADS
from crmcore.state.listing import Listing
from crmcore.table.dataset import Dataset
from crmcore.workspace import Workspace

Array = NDArray[Any]

FIRST_DAY = 18_993  # 2022-01-01
DAYS = 1096
FIRST_MONTH = (2022 - 1970) * 12
MONTHS = 36
AS_OF = date(2024, 12, 31)
PARTS = 5
CASES = ("cohorts", "rfm_quintile", "rfm_ntile")


@frozen(eq=False)
class Lines:
    """Hold order lines: about three to an order, ten to a customer, some customers buying far more than others."""

    customer: Array  # int32, from 1
    order: Array  # int32, from 1
    day: Array  # int32, days since 1970
    amount: Array  # int64, minor units


def generate(rows: int, seed: int = 20240501) -> Lines:
    """Draw seeded order lines, in the order in which they were placed."""
    rng = np.random.default_rng(seed)
    orders = max(rows // 3, 1)
    # the square favours small numbers: a few customers place many of the orders
    customers = (rng.random(orders) ** 2 * max(rows // 10, 1)).astype(np.int32) + 1
    days = np.sort(rng.integers(0, DAYS, orders)).astype(np.int32) + FIRST_DAY
    order = np.sort(rng.integers(0, orders, rows))
    return Lines(customers[order], (order + 1).astype(np.int32), days[order], rng.integers(100, 100_000, rows))


class Ours:
    """The public analyses on a dataset that was ingested once."""

    def __init__(self, lines: Lines) -> None:
        self.workspace = Workspace()
        self.data = Dataset(
            how={"order_line.amount": {"decimals": 0}},
            order_line={
                "account": lines.customer,
                "order": lines.order,
                "at": lines.day.astype("datetime64[D]"),
                "amount": lines.amount,
            },
        )

    def call(self, case: str) -> Listing:
        name = "cohort_retention" if case == "cohorts" else case
        return self.workspace.analyse(name, self.data, as_of=AS_OF)

    def read(self, case: str, found: Listing) -> dict[str, Array]:
        if case == "cohorts":
            months = {f"{2022 + m // 12}-{m % 12 + 1:02d}": m for m in range(MONTHS)}
            cohort = np.array([months[label] for label in found["cohort"]])
            some = found["active"] > 0
            columns = {"cohort": cohort, "period": cohort + found["age"]} | {n: found[n] for n in _CELLS}
            return {n: v[some] for n, v in columns.items()}
        return {n: found[n] if n != "customer" else found[n].astype(np.int64) for n in _SCORED}


_CELLS = ("customers", "active", "retention", "value")
_SCORED = ("customer", "recency_days", "orders", "value", "r", "f", "m")


class Polars:
    """The same figures as lazy frames."""

    def __init__(self, lines: Lines) -> None:
        self.frame = pl.DataFrame({n: getattr(lines, n) for n in ("customer", "order", "day", "amount")}).rechunk()
        days = np.arange(FIRST_DAY, FIRST_DAY + DAYS).astype("datetime64[D]")
        months = (days.astype("datetime64[M]").astype(np.int64) - FIRST_MONTH).astype(np.int32)
        self.month = pl.lit(pl.Series(months)).gather(pl.col("day") - FIRST_DAY)

    def call(self, case: str) -> pl.DataFrame:
        plan = self._cohorts() if case == "cohorts" else self._scored(case)
        return plan.collect()

    def _cohorts(self) -> pl.LazyFrame:
        # one packed key of customer and month is polars' fastest: grouping by two columns takes more than twice as long
        key = (pl.col("customer") * 64 + self.month).alias("key")
        bought = (
            self.frame.lazy()
            .group_by(key)
            .agg(pl.col("amount").sum().alias("value"))
            .with_columns(customer=pl.col("key") // 64, period=pl.col("key") % 64)
            .with_columns(pl.col("period").min().over("customer").alias("cohort"))
        )
        cells = bought.group_by("cohort", "period").agg(pl.len().cast(pl.Int64).alias("active"), pl.col("value").sum())
        size = pl.col("active").filter(pl.col("period") == pl.col("cohort")).first().over("cohort")
        found = cells.with_columns(customers=size, retention=pl.col("active") / size)
        return found.sort("cohort", "period")

    def _scored(self, case: str) -> pl.LazyFrame:
        today = FIRST_DAY + DAYS - 1
        # the same of customer and order; counting different orders per customer takes a little longer
        key = (pl.col("customer").cast(pl.Int64) * (1 << 32) + pl.col("order")).alias("key")
        orders = (
            self.frame.lazy()
            .group_by(key)
            .agg(pl.col("day").max(), pl.col("amount").sum())
            .with_columns((pl.col("key") // (1 << 32)).cast(pl.Int32).alias("customer"))
        )
        customers = (
            orders.group_by("customer")
            .agg(
                (today - pl.col("day").max()).alias("recency_days"),
                pl.len().cast(pl.Int64).alias("orders"),
                pl.col("amount").sum().alias("value"),
            )
            .sort("customer")
        )
        return customers.with_columns(*(_by_rank if case == "rfm_ntile" else _by_edges)())

    def read(self, case: str, found: pl.DataFrame) -> dict[str, Array]:
        names = ("cohort", "period", *_CELLS) if case == "cohorts" else _SCORED
        return {n: found[n].to_numpy() for n in names}


_NUMBERS = (("recency_days", "r", False), ("orders", "f", True), ("value", "m", True))


def _by_edges() -> list[pl.Expr]:
    def score(name: str, more: bool) -> pl.Expr:
        edges = [pl.col(name).quantile(k / PARTS, "linear") for k in range(1, PARTS)]
        above = pl.sum_horizontal([(pl.col(name) > edge).cast(pl.Int64) for edge in edges])
        return 1 + above if more else PARTS - above

    return [score(name, more).alias(short) for name, short, more in _NUMBERS]


def _by_rank() -> list[pl.Expr]:
    def score(name: str, more: bool) -> pl.Expr:
        # rows stand in the order of their ids, so that an ordinal rank decides ties by id
        place = pl.col(name).rank("ordinal", descending=more).cast(pl.Int64) - 1
        size, larger = pl.len().cast(pl.Int64) // PARTS, pl.len().cast(pl.Int64) % PARTS
        ahead = larger * (size + 1)
        tile = pl.when(place < ahead).then(place // (size + 1)).otherwise(larger + (place - ahead) // size)
        return PARTS - tile

    return [score(name, more).alias(short) for name, short, more in _NUMBERS]


def hold(ours: dict[str, Array], theirs: dict[str, Array]) -> int:
    """Hold two results against each other, every number with ==; give how many there were."""
    for name, column in ours.items():
        assert column.shape == theirs[name].shape, f"{name}: {column.shape} against {theirs[name].shape}"
        equal = column == theirs[name]
        assert equal.all(), f"{name}[{np.argmin(equal)}]: {column[~equal][0]!r} against {theirs[name][~equal][0]!r}"
    return sum(column.size for column in ours.values())


def compare(ours: Ours, theirs: Polars, case: str, rounds: int) -> tuple[Times, int, float]:
    """Verify one case, then time it; give the times, the numbers held and the seconds of our first call."""
    first, spent = timed(partial(ours.call, case))
    held = hold(ours.read(case, first), theirs.read(case, theirs.call(case)))
    calls: dict[str, Callable[[], Any]] = {"crmcore": partial(ours.call, case), "polars": partial(theirs.call, case)}
    return rotate(calls, rounds), held, spent


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the cases and print their ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, metavar="N", help="order lines (default 10000000)")
    parser.add_argument("--rounds", type=int, default=5, metavar="R")
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES))
    chosen = parser.parse_args(arguments)
    print(f"{chosen.rows:,} order lines, {chosen.rounds} rounds; polars {version('polars')}, {THREADS} threads")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}: other work moves the times, the ratios less")
    lines = generate(chosen.rows)
    (ours, loading), (theirs, _) = timed(partial(Ours, lines)), timed(partial(Polars, lines))
    print(f"ingest {loading:.2f} s")
    for case in chosen.case:
        times, held, spent = compare(ours, theirs, case, chosen.rounds)
        print(f"\n{case}: {held:,} numbers equal; our first call {spent:.2f} s")
        for name in ("crmcore", "polars"):
            print(f"  {name:<8} median {times.median(name) * 1e3:8.1f} ms  least {times.least(name) * 1e3:8.1f} ms")
        print(f"  polars takes {times.ratio('polars', 'crmcore'):.2f} x our time")


if __name__ == "__main__":
    main()
