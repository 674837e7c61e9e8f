"""Score leads by a scheme of 30 rules against polars: python -m benchmarks.schemes [--rows N] [--rounds R].

Both sides hold the leads in memory: keys as small integers with a dictionary, amounts in minor units, dates as days and
instants. Ours is the public `score` on tables that have kept nothing from the call before; polars is one lazy plan on all its
threads, points in 16 bits. Scores, both dimensions and grades of every lead are held against each other before anything is
timed.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.timing import rotate, timed
from benchmarks.variant import THREADS
from crmcore.algebra import col
from crmcore.scoring import Grading, Group, Rule, Scheme, Scores, age_in_days
from crmcore.table.column import Column
from crmcore.table.dataset import Dataset
from crmcore.table.table import Table
from crmcore.workspace import Workspace

Array = NDArray[Any]

TODAY = date(2026, 6, 30)
FIRST = datetime(2024, 7, 1, tzinfo=UTC)
DAYS = 730
WORDS = {
    "source": ("web", "fair", "partner", "call", "mail", "ads", "social", "referral", "list", "event", "chat", "other"),
    "industry": tuple(f"industry {i:02d}" for i in range(24)),
    "country": tuple(f"C{i:02d}" for i in range(60)),
    "size": ("small", "medium", "large", "enterprise"),
    "status": ("new", "working", "nurturing", "qualified", "unqualified"),
    "title": tuple(f"title {i:03d}" for i in range(300)),
}
BLANK = 0.08
"""Share of rows without a value in each column."""


def generate(rows: int, seed: int = 20260630) -> dict[str, tuple[Array, Array]]:
    """Draw seeded leads: name -> values and where they are there; codes from 1 for keys."""
    rng = np.random.default_rng(seed)
    start = int(FIRST.timestamp()) * 1_000_000
    day = 86_400_000_000
    drawn: dict[str, Array] = {n: rng.integers(1, len(w) + 1, rows).astype(np.int32) for n, w in WORDS.items()}
    drawn |= {
        "budget": rng.integers(0, 20_000_000, rows),
        "employees": (10 ** (rng.random(rows) * 4.5)).astype(np.int64),
        "visits": rng.integers(0, 60, rows),
        "opened": rng.integers(0, 25, rows),
        "bounced": rng.integers(0, 4, rows),
        "freemail": rng.random(rows) < 0.3,
        "opted_out": rng.random(rows) < 0.05,
        "created_at": start + np.sort(rng.integers(0, DAYS * day, rows)),
        "last_visit_at": start + rng.integers(0, DAYS * day, rows),
        "last_reply": (rng.integers(0, DAYS, rows) + start // day).astype(np.int32),
    }
    there = {n: rng.random(rows) >= BLANK if n != "created_at" else np.ones(rows, bool) for n in drawn}
    return {n: (np.where(there[n], v, 0).astype(v.dtype), there[n]) for n, v in drawn.items()}


def scheme() -> Scheme:
    """Give the scheme: 30 rules in four groups with limits, graded by fit and engagement."""
    fit = Group(
        "firm",
        [
            Rule("enterprise", when=col("size") == "enterprise", points=15),
            Rule("large", when=col("size") == "large", points=10),
            Rule("small", when=col("size") == "small", points=-5),
            Rule("industry", when=col("industry").isin([f"industry {i:02d}" for i in range(8)]), points=10),
            Rule("poor_industry", when=col("industry").isin(["industry 22", "industry 23"]), points=-10),
            Rule("country", when=col("country").isin([f"C{i:02d}" for i in range(12)]), points=8),
            Rule("far_country", when=col("country").isin([f"C{i:02d}" for i in range(50, 60)]), points=-4),
            Rule("title", when=col("title").isin([f"title {i:03d}" for i in range(40)]), points=12),
            Rule("some_budget", when=col("budget") >= 10_000, points=5),
            Rule("large_budget", when=col("budget") >= 100_000, points=10),
            Rule("employees", when=(col("employees") >= 200) & (col("employees") < 5000), points=8),
            Rule("alone", when=col("employees") < 3, points=-8),
            Rule("budget_known", when=col("budget").not_null(), points=2),
        ],
        cap=50,
        dimension="fit",
    )
    origin = Group(
        "origin",
        [
            Rule("referral", when=col("source").isin(["referral", "partner"]), points=12),
            Rule("own_site", when=col("source") == "web", points=6),
            Rule("bought", when=col("source") == "list", points=-6),
            Rule("freemail", when=col("freemail") == True, points=-5),  # noqa: E712 - a condition on a column
            Rule("large_fair", when=(col("source") == "fair") & (col("size").isin(["large", "enterprise"])), points=5),
        ],
        cap=15,
        dimension="fit",
    )
    engagement = Group(
        "engagement",
        [
            Rule("visited_week", when=age_in_days("last_visit_at") < 7, points=10),
            Rule("visited_month", when=age_in_days("last_visit_at") < 30, points=6),
            Rule("visited_quarter", when=age_in_days("last_visit_at") < 90, points=3),
            Rule("replied", when=age_in_days("last_reply") < 30, points=12),
            Rule("new", when=age_in_days("created_at") < 14, points=4),
            Rule("visits", when=col("visits") >= 10, points=4),
            Rule("many_visits", when=col("visits") >= 40, points=6),
            Rule("opened", when=(col("opened") >= 5) | (col("status") == "working"), points=5),
        ],
        cap=40,
        dimension="engagement",
    )
    against = Group(
        "against",
        [
            Rule("bounced", when=col("bounced") >= 2, points=-10),
            Rule("opted_out", when=col("opted_out") == True, points=-25),  # noqa: E712 - a condition on a column
            Rule("unqualified", when=col("status") == "unqualified", points=-30),
            Rule("silent", when=age_in_days("last_visit_at") >= 365, points=-10),
        ],
        floor=-40,
    )
    grades = [
        Grading({"A": 40, "B": 20, "C": None}, of="fit"),
        Grading({"1": 20, "2": 8, "3": None}, of="engagement"),
    ]
    return Scheme("lead_score", "lead", groups=[fit, origin, engagement, against], cap=100, floor=0, grades=grades)


class Ours:
    """The public `score`, on tables that know nothing of the call before."""

    def __init__(self, leads: dict[str, tuple[Array, Array]]) -> None:
        self.leads = leads
        self.scheme = scheme()
        self.workspace = Workspace()
        self.data = self.fresh()

    def fresh(self) -> Dataset:
        """Give the leads as a dataset; a table keeps what was derived from it, a new one has nothing to keep."""
        columns: dict[str, Column] = {"id": Column("id", np.arange(self.leads["budget"][0].size) + 1)}
        for name, (values, there) in self.leads.items():
            if name in WORDS:
                codes = np.int8 if len(WORDS[name]) < 127 else np.int16
                columns[name] = Column("key", values.astype(codes), labels=[None, *WORDS[name]])
            elif name == "budget":
                columns[name] = Column("money", values, there, scale=100, currency="EUR")
            else:
                kind = {"created_at": "instant", "last_visit_at": "instant", "last_reply": "day"}.get(name)
                columns[name] = Column(kind or ("flag" if values.dtype == bool else "count"), values, there)
        return Dataset.of({"lead": Table("lead", columns)})

    def call(self) -> Scores:
        return self.workspace.score(self.scheme, self.data, as_of=TODAY)

    @staticmethod
    def read(found: Scores) -> dict[str, Array]:
        beside = {heading.name: values for heading, values in found.beside}
        assert found.grade is not None
        labels = np.array(found.grade.labels, object)
        return {"score": found.values, **beside, "grade": labels[found.grade.data]}


class Polars:
    """The same points as one lazy plan."""

    def __init__(self, leads: dict[str, tuple[Array, Array]]) -> None:
        columns: dict[str, pl.Series] = {}
        for name, (values, there) in leads.items():
            if name in WORDS:
                labels = np.array([WORDS[name][0], *WORDS[name]], object)  # blanks are set below
                found = pl.Series(name, labels[values], dtype=pl.Enum(WORDS[name]))
            elif name in ("created_at", "last_visit_at"):
                found = pl.Series(name, values).cast(pl.Datetime("us", "UTC"))
            elif name == "last_reply":
                found = pl.Series(name, values).cast(pl.Date)
            else:
                found = pl.Series(name, values)
            blank = pl.Series([None], dtype=found.dtype).new_from_index(0, there.size)
            columns[name] = found.zip_with(pl.Series(there), blank)
        self.frame = pl.DataFrame(columns).rechunk()

    def call(self) -> pl.DataFrame:
        fit = self._sum(_firm()).clip(upper_bound=50) + self._sum(_origin()).clip(upper_bound=15)
        engagement = self._sum(_engagement()).clip(upper_bound=40)
        against = self._sum(_against()).clip(lower_bound=-40)
        points = self.frame.lazy().select(fit.alias("fit"), engagement.alias("engagement"), against.alias("against"))
        total = (pl.col("fit") + pl.col("engagement") + pl.col("against")).clip(0, 100)
        letter = pl.when(pl.col("fit") >= 40).then(0).when(pl.col("fit") >= 20).then(3).otherwise(6)
        digit = pl.when(pl.col("engagement") >= 20).then(0).when(pl.col("engagement") >= 8).then(1).otherwise(2)
        return points.select(
            total.cast(pl.Float64).alias("score"),
            "fit",
            "engagement",
            (letter + digit).cast(pl.UInt8).alias("grade"),
        ).collect()

    @staticmethod
    def _sum(rules: Sequence[tuple[pl.Expr, int]]) -> pl.Expr:
        # a condition that is null gives no points; a product is faster here than when/then
        parts = [
            condition.fill_null(value=False).cast(pl.Int16) * pl.lit(points, pl.Int16) for condition, points in rules
        ]
        found = parts[0]
        for part in parts[1:]:
            found = found + part
        return found

    @staticmethod
    def read(found: pl.DataFrame) -> dict[str, Array]:
        labels = np.array([letter + digit for letter in "ABC" for digit in "123"], object)
        return {
            **{n: found[n].to_numpy() for n in ("score", "fit", "engagement")},
            "grade": labels[found["grade"].to_numpy()],
        }


def _since(days: int) -> datetime:
    """Give the instant from which on a date is among the trailing days."""
    return datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(days=days - 1)


def _firm() -> list[tuple[pl.Expr, int]]:
    size, industry, country, title = (pl.col(n) for n in ("size", "industry", "country", "title"))
    budget, employees = pl.col("budget"), pl.col("employees")
    return [
        (size == "enterprise", 15),
        (size == "large", 10),
        (size == "small", -5),
        (industry.is_in([f"industry {i:02d}" for i in range(8)]), 10),
        (industry.is_in(["industry 22", "industry 23"]), -10),
        (country.is_in([f"C{i:02d}" for i in range(12)]), 8),
        (country.is_in([f"C{i:02d}" for i in range(50, 60)]), -4),
        (title.is_in([f"title {i:03d}" for i in range(40)]), 12),
        (budget >= 1_000_000, 5),
        (budget >= 10_000_000, 10),
        ((employees >= 200) & (employees < 5000), 8),
        (employees < 3, -8),
        (budget.is_not_null(), 2),
    ]


def _origin() -> list[tuple[pl.Expr, int]]:
    source = pl.col("source")
    return [
        (source.is_in(["referral", "partner"]), 12),
        (source == "web", 6),
        (source == "list", -6),
        (pl.col("freemail"), -5),
        ((source == "fair") & pl.col("size").is_in(["large", "enterprise"]), 5),
    ]


def _engagement() -> list[tuple[pl.Expr, int]]:
    visit = pl.col("last_visit_at")
    return [
        (visit >= _since(7), 10),
        (visit >= _since(30), 6),
        (visit >= _since(90), 3),
        (pl.col("last_reply") >= _since(30).date(), 12),
        (pl.col("created_at") >= _since(14), 4),
        (pl.col("visits") >= 10, 4),
        (pl.col("visits") >= 40, 6),
        ((pl.col("opened") >= 5).fill_null(value=False) | (pl.col("status") == "working"), 5),
    ]


def _against() -> list[tuple[pl.Expr, int]]:
    return [
        (pl.col("bounced") >= 2, -10),
        (pl.col("opted_out"), -25),
        (pl.col("status") == "unqualified", -30),
        (pl.col("last_visit_at") < _since(365), -10),
    ]


def hold(ours: dict[str, Array], theirs: dict[str, Array]) -> int:
    """Hold two results against each other, every value with ==; give how many there were."""
    assert ours.keys() == theirs.keys()
    for name, column in ours.items():
        equal = column == theirs[name]
        assert equal.all(), f"{name}[{np.argmin(equal)}]: {column[~equal][0]!r} against {theirs[name][~equal][0]!r}"
    return sum(column.size for column in ours.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Score on both sides and print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.schemes", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="leads (default 1000000)")
    parser.add_argument("--rounds", type=int, default=9, metavar="R")
    chosen = parser.parse_args(arguments)
    print(f"{chosen.rows:,} leads, {chosen.rounds} rounds; polars {version('polars')}, {THREADS} threads")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}: other work moves the times, the ratios less")
    leads = generate(chosen.rows)
    ours, theirs = Ours(leads), Polars(leads)
    rules = len(ours.scheme.rules)
    first, spent = timed(ours.call)
    held = hold(ours.read(first), theirs.read(theirs.call()))
    print(f"{rules} rules: {held:,} values equal; our first call {spent:.3f} s; mean score {np.mean(first.values):.2f}")
    prepared = [ours.fresh() for _ in range(chosen.rounds)]

    def fresh() -> Scores:
        ours.data = prepared.pop()
        return ours.call()

    calls: dict[str, Callable[[], Any]] = {
        "crmcore": fresh,
        "polars": theirs.call,
    }
    times = rotate(calls, chosen.rounds)
    times_again = rotate({"crmcore, again": ours.call}, chosen.rounds)
    for name in calls:
        print(f"  {name:<15} median {times.median(name) * 1e3:8.1f} ms  least {times.least(name) * 1e3:8.1f} ms")
    again = times_again.median("crmcore, again")
    print(f"  {'crmcore, again':<15} median {again * 1e3:8.1f} ms: what the table kept serves the next call")
    print(f"  polars takes {times.ratio('polars', 'crmcore'):.2f} x our time")
    one = partial(first.of, int(first.ids[chosen.rows // 2]))
    print(f"  one lead explained in {timed(one)[1] * 1e3:.1f} ms, the next in {timed(one)[1] * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
