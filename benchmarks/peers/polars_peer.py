# ruff: noqa: SIM300  (columns are named constants here; a comparison reads column first)
"""polars: lazy frames, two threads, small-integer codes (its fastest storage)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from benchmarks.data import DAY_US, FIRST_MONTH, KEY_SHIFT, LOST, OPEN, WON, Derived, Workload
from benchmarks.variant import (
    CLUSTERED,
    DASHBOARD,
    FLAT,
    IDIOMATIC,
    PREPARED,
    QUERIES,
    THREADS,
    TUNED,
    UNROLLED,
    Cards,
    Columns,
    Variant,
)

SIDE = "polars"
_Makers = dict[str, Callable[[], Any]]  # query -> what makes its lazy frame
_HOUR_US = 3_600_000_000
_OUTCOME = pl.col("outcome")
_IS_WON = _OUTCOME == WON
_AMOUNT = pl.col("amount")
_CLOSED_AT = pl.col("closed_at")
_CREATED_AT = pl.col("created_at")
_CYCLE = (_CLOSED_AT.dt.date() - _CREATED_AT.dt.date()).dt.total_days()
_FAST_CYCLE = (_CLOSED_AT.cast(pl.Int64) // DAY_US - _CREATED_AT.cast(pl.Int64) // DAY_US).cast(pl.Int16)
# day -> month since 2022-01: a table look-up costs less than calendar arithmetic on every row
_DAYS = np.arange("1970-01-01", "2026-01-01", dtype="datetime64[D]")
_MONTH_OF_DAY = pl.Series((_DAYS.astype("datetime64[M]").astype(np.int64) - FIRST_MONTH).astype(np.int32))
_FAST_KEY = pl.col("owner").cast(pl.Int32) * (1 << KEY_SHIFT) + pl.lit(_MONTH_OF_DAY).gather(
    _CLOSED_AT.cast(pl.Int64) // DAY_US
)


def _frame(data: Workload, derived: Derived) -> pl.DataFrame:
    names = ("owner", "source", "outcome", "amount", "priced", "created_at", "first_contact_at", "closed_at")
    raw = pl.DataFrame({name: getattr(data, name) for name in names})
    frame = raw.with_columns(
        pl.when("priced").then("amount").alias("amount"),
        month=pl.Series(derived.month),
        cycle=pl.Series(derived.cycle),
        key=pl.Series(derived.key),
    )
    return frame.drop("priced").rechunk()


class Polars:
    """Hold one frame and answer the queries as lazy frames.

    Rows ordered by outcome are also kept as one slice per outcome, which saves the filter.
    """

    def __init__(self, data: Workload, derived: Derived, rows: str = FLAT) -> None:
        if pl.thread_pool_size() != THREADS:
            raise RuntimeError(f"polars runs {pl.thread_pool_size()} threads, not {THREADS}")
        self.rows = rows
        self.frame = _frame(data, derived)
        self.spend = pl.DataFrame({"source": data.spend_source, "day": data.spend_day, "spend": data.spend})
        self.slices: dict[int, pl.DataFrame] = {}
        if rows == CLUSTERED:
            edges = np.searchsorted(data.outcome, np.arange(4))
            self.slices = {c: self.frame.slice(edges[c], edges[c + 1] - edges[c]) for c in (OPEN, WON, LOST)}

    def _of(self, outcome: int) -> pl.LazyFrame:
        if self.slices:
            return self.slices[outcome].lazy()
        return self.frame.lazy().filter(_OUTCOME == outcome)

    def q1_idiomatic(self) -> pl.LazyFrame:
        """One group_by with filtered aggregations."""
        amount, cycle = _AMOUNT.filter(_IS_WON), _CYCLE.filter(_IS_WON)
        closed = self.frame.lazy().filter(_OUTCOME != OPEN)
        return closed.group_by("owner", _CLOSED_AT.dt.truncate("1mo").alias("month")).agg(
            won=_IS_WON.sum(),
            closed=pl.len(),
            win_rate=_IS_WON.mean(),
            won_value=amount.sum(),
            mean_won_deal=amount.mean(),
            mean_cycle_days=cycle.mean(),
            median_cycle_days=cycle.median(),
        )

    def q1(self, key: pl.Expr = _FAST_KEY, cycle: pl.Expr = _FAST_CYCLE) -> pl.LazyFrame:
        """Group won and lost deals apart by one packed key, then join the two."""
        lost = self._of(LOST).select(key.alias("key")).group_by("key").agg(lost=pl.len())
        won = self._of(WON).select("amount", key.alias("key"), cycle.alias("cycle"))
        figures = won.group_by("key").agg(
            won=pl.len(),
            won_value=_AMOUNT.sum(),
            priced=_AMOUNT.count(),
            days=pl.col("cycle").sum(),
            median_cycle_days=pl.col("cycle").median(),
        )
        both = lost.join(figures, on="key", how="full", coalesce=True)
        both = both.with_columns(pl.col("won").fill_null(0).cast(pl.Int64), pl.col("won_value").fill_null(0))
        return both.with_columns(closed=pl.col("won") + pl.col("lost").fill_null(0)).with_columns(
            win_rate=pl.col("won") / pl.col("closed"),
            mean_won_deal=pl.col("won_value") / pl.col("priced"),
            mean_cycle_days=pl.col("days") / pl.col("won"),
        )

    def q2_idiomatic(self) -> pl.LazyFrame:
        """One select with filtered aggregations."""
        amount, cycle, year = _AMOUNT.filter(_IS_WON), _CYCLE.filter(_IS_WON), _CLOSED_AT.dt.year()
        waited = (pl.col("first_contact_at") - _CREATED_AT).dt.total_microseconds()
        return (
            self.frame.lazy()
            .select(
                open=(_OUTCOME == OPEN).sum(),
                won=_IS_WON.sum(),
                lost=(_OUTCOME == LOST).sum(),
                won_value=amount.sum(),
                mean_won_deal=amount.mean(),
                open_value=_AMOUNT.filter(_OUTCOME == OPEN).sum(),
                mean_cycle_days=cycle.mean(),
                median_cycle_days=cycle.median(),
                mean_response_hours=waited.mean() / _HOUR_US,
                unpriced_share=_AMOUNT.null_count() / pl.len(),
                now=_AMOUNT.filter(_IS_WON & (year == 2024)).sum(),
                before=_AMOUNT.filter(_IS_WON & (year == 2023)).sum(),
            )
            .with_columns(
                win_rate=pl.col("won") / (pl.col("won") + pl.col("lost")),
                won_value_change=pl.col("now") / pl.col("before") - 1,
            )
        )

    def q2(self, cycle: pl.Expr = _FAST_CYCLE) -> pl.LazyFrame:
        """Filter each outcome once, compare dates with constants, divide the sums at the end."""
        start, end = pl.lit(datetime(2023, 1, 1)), pl.lit(datetime(2024, 1, 1))  # noqa: DTZ001
        won = self._of(WON).select(
            won=pl.len(),
            won_value=_AMOUNT.sum(),
            won_priced=_AMOUNT.count(),
            days=cycle.cast(pl.Int64).sum(),
            median_cycle_days=cycle.median(),
            now=_AMOUNT.filter(_CLOSED_AT >= end).sum(),
            before=_AMOUNT.filter((_CLOSED_AT >= start) & (_CLOSED_AT < end)).sum(),
        )
        still_open = self._of(OPEN).select(open=pl.len(), open_value=_AMOUNT.sum())
        contact = pl.col("first_contact_at")
        everything = self.frame.lazy().select(
            rows=pl.len(),
            waited=(contact.cast(pl.Int64) - _CREATED_AT.cast(pl.Int64)).sum(),
            contacted=contact.count(),
            unpriced=_AMOUNT.null_count(),
        )
        one = pl.concat([won, still_open, everything], how="horizontal")
        return one.with_columns(lost=pl.col("rows") - pl.col("won") - pl.col("open")).with_columns(
            win_rate=pl.col("won") / (pl.col("won") + pl.col("lost")),
            mean_won_deal=pl.col("won_value") / pl.col("won_priced"),
            mean_cycle_days=pl.col("days") / pl.col("won"),
            mean_response_hours=pl.col("waited") / (pl.col("contacted").cast(pl.Int64) * _HOUR_US),
            unpriced_share=pl.col("unpriced") / pl.col("rows"),
            won_value_change=(pl.col("now") - pl.col("before")) / pl.col("before"),
        )

    def _acquisition(self, counts: pl.LazyFrame) -> pl.LazyFrame:
        spend = self.spend.lazy().group_by("source").agg(pl.col("spend").sum())
        return counts.join(spend, on="source").with_columns(
            conversion=pl.col("won") / pl.col("opportunities"), cac=pl.col("spend") / pl.col("won")
        )

    def q4_idiomatic(self) -> pl.LazyFrame:
        """Group by source, join the spend."""
        return self._acquisition(self.frame.lazy().group_by("source").agg(opportunities=pl.len(), won=_IS_WON.sum()))

    def q4(self) -> pl.LazyFrame:
        """Count one packed byte of source and outcome, then fold it."""
        key = pl.col("source") * 4 + _OUTCOME
        cells = self.frame.lazy().group_by(key.alias("cell")).agg(n=pl.len())
        counts = cells.group_by((pl.col("cell") // 4).alias("source")).agg(
            opportunities=pl.col("n").sum(), won=pl.col("n").filter(pl.col("cell") % 4 == WON).sum()
        )
        return self._acquisition(counts)

    def q4_unrolled(self) -> pl.LazyFrame:
        """One comparison and sum for each of the 24 cells, written out for sources 0 to 11."""
        sources = range(12)
        counts = [(pl.col("source") == s).sum() for s in sources]
        wins = [(pl.col("cell") == s * 4 + WON).sum() for s in sources]
        packed = self.frame.lazy().select("source", cell=pl.col("source") * 4 + _OUTCOME)
        wide = packed.select(opportunities=pl.concat_list(counts), won=pl.concat_list(wins))
        long = wide.explode("opportunities", "won").with_columns(source=pl.int_range(12, dtype=pl.Int8))
        return self._acquisition(long.filter(pl.col("opportunities") > 0))

    def q6_idiomatic(self) -> pl.LazyFrame:
        """Group the won deals by owner."""
        return self.q6(_CYCLE)

    def q6(self, cycle: pl.Expr = _FAST_CYCLE) -> pl.LazyFrame:
        """Group the won deals by owner, with an int16 cycle."""
        days = pl.col("cycle")
        return (
            self._of(WON)
            .select("owner", cycle=cycle)
            .group_by("owner")
            .agg(p50_cycle_days=days.quantile(0.5, "linear"), p90_cycle_days=days.quantile(0.9, "linear"))
        )

    def plans(self) -> dict[str, _Makers]:
        """Give the makers of lazy frames by level and query."""
        cycle, key = pl.col("cycle"), pl.col("key")
        tuned: _Makers = {"Q1": self.q1, "Q2": self.q2, "Q4": self.q4, "Q6": self.q6}
        prepared: _Makers = {
            "Q1": partial(self.q1, key, cycle),
            "Q2": partial(self.q2, cycle),
            "Q4": self.q4,
            "Q6": partial(self.q6, cycle),
        }
        if self.rows == CLUSTERED:
            return {TUNED: tuned, PREPARED: prepared}
        plain: _Makers = {
            "Q1": self.q1_idiomatic,
            "Q2": self.q2_idiomatic,
            "Q4": self.q4_idiomatic,
            "Q6": self.q6_idiomatic,
        }
        return {IDIOMATIC: plain, TUNED: tuned, PREPARED: prepared, UNROLLED: {"Q4": self.q4_unrolled}}


def _columns(frame: pl.DataFrame) -> Columns:
    made = {name: frame[name].to_numpy() for name in frame.columns}
    if "key" in made:
        made["owner"] = made["key"] >> KEY_SHIFT
        made["month"] = (made["key"] & ((1 << KEY_SHIFT) - 1)) + FIRST_MONTH
    elif "month" in made:
        made["month"] = made["month"].astype("datetime64[M]").astype(np.int64)
    return made


def _one(make: Callable[[], pl.LazyFrame]) -> pl.DataFrame:
    return make().collect()


def _in_turn(makers: list[Callable[[], pl.LazyFrame]]) -> list[pl.DataFrame]:
    return [make().collect() for make in makers]


def _together(makers: list[Callable[[], pl.LazyFrame]]) -> list[pl.DataFrame]:
    frames: list[pl.DataFrame] = pl.collect_all([make() for make in makers])
    return frames


def _read_one(query: str, frame: pl.DataFrame) -> Cards:
    return {query: _columns(frame)}


def _read_all(frames: list[pl.DataFrame]) -> Cards:
    return dict(zip(QUERIES, map(_columns, frames), strict=True))


def variants(data: Workload, derived: Derived, rows: str) -> list[Variant]:
    """Build the frame once and list every way to answer from it."""
    made: list[Variant] = []
    for level, makers in Polars(data, derived, rows).plans().items():
        for query, make in makers.items():
            made.append(Variant(SIDE, level, rows, query, partial(_one, make), partial(_read_one, query)))
        if len(makers) == len(QUERIES):
            run: Callable[..., Any] = _in_turn if level == IDIOMATIC else _together
            made.append(Variant(SIDE, level, rows, DASHBOARD, partial(run, list(makers.values())), _read_all))
    return made
