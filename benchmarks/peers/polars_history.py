"""polars on the log of stages: moves between stages, and the open value at every month-end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from benchmarks.data import DAY_US, FIRST_MONTH
from benchmarks.events import MONTH_STARTS, NONE, SECOND_US, STAGES, Events, Transitions
from benchmarks.variant import FLAT, IDIOMATIC, MONTHLY, PREPARED, TUNED, Cards, Columns, Variant

SIDE = "polars"
_DAYS = np.arange("1970-01-01", "2026-01-01", dtype="datetime64[D]")
_MONTH_OF_DAY = pl.Series((_DAYS.astype("datetime64[M]").astype(np.int64) - FIRST_MONTH).astype(np.int16))
_STAGE, _AT = pl.col("stage"), pl.col("at")


class Polars:
    """Hold the log, the amounts, and for the prepared level what came before each event."""

    def __init__(self, events: Events, kept: Transitions) -> None:
        self.log = pl.DataFrame({"deal": events.deal, "stage": events.stage, "at": events.at})
        deals = np.arange(events.amount.size, dtype=np.int32)
        self.deals = pl.DataFrame({"deal": deals, "amount": events.amount})
        names = ("out", "into", "seconds", "amount", "pair", "key")
        self.kept = pl.DataFrame({"at": events.at} | {name: getattr(kept, name) for name in names})

    def _moves(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        figures = rows.group_by("stage", "into").agg(moves=pl.len(), seconds=pl.col("seconds").sum())
        return figures.with_columns(mean_days=pl.col("seconds") / pl.col("moves") / 86_400)

    def q3_idiomatic(self) -> pl.DataFrame:
        """Look at each deal's next event by a window."""
        following = self.log.lazy().with_columns(
            into=_STAGE.shift(-1).over("deal"), seconds=(_AT.shift(-1).over("deal") - _AT).dt.total_seconds()
        )
        return self._moves(following.filter(pl.col("into").is_not_null())).collect()

    def q3(self) -> pl.DataFrame:
        """Sort by deal once and look at the next row."""
        ordered = self.log.lazy().sort("deal", maintain_order=True)
        rows = ordered.select(
            "stage",
            into=_STAGE.shift(-1),
            seconds=(_AT.shift(-1) - _AT).cast(pl.Int64) // SECOND_US,
            same=pl.col("deal") == pl.col("deal").shift(-1),
        )
        return self._moves(rows.filter("same")).collect()

    def q3_prepared(self) -> pl.DataFrame:
        """Group the moves by one byte for both stages."""
        figures = self.kept.lazy().group_by("pair").agg(moves=pl.len(), seconds=pl.col("seconds").cast(pl.Int64).sum())
        named = figures.filter(pl.col("pair") >= 0).with_columns(stage=pl.col("pair") // 8, into=pl.col("pair") % 8)
        return named.with_columns(mean_days=pl.col("seconds") / pl.col("moves") / 86_400).collect()

    def q5_idiomatic(self) -> pl.DataFrame:
        """Take the last event of each deal before each month-end."""
        frames = []
        for month, end in enumerate(MONTH_STARTS[1:]):
            last = self.log.lazy().filter(pl.lit(end) > _AT).group_by("deal").agg(_STAGE.last())
            there = last.filter(_STAGE < STAGES).join(self.deals.lazy(), on="deal")
            value = there.group_by("stage").agg(open_value=pl.col("amount").sum())
            frames.append(value.with_columns(month=pl.lit(month, pl.Int16)))
        return pl.concat(pl.collect_all(frames))

    def _running(self, cells: pl.LazyFrame) -> pl.DataFrame:
        """Add up what came into and went out of each stage, month after month."""
        gone = cells.group_by("month", stage=pl.col("out")).agg(-pl.col("amount").sum())
        net = pl.concat([cells.group_by("month", "stage").agg(pl.col("amount").sum()), gone])
        by_month = net.filter(_STAGE < STAGES).group_by("stage", "month").agg(pl.col("amount").sum())
        running = by_month.sort("stage", "month").with_columns(open_value=pl.col("amount").cum_sum().over("stage"))
        return running.collect()

    def q5(self) -> pl.DataFrame:
        """Sort by deal, and add what each event changes, by month."""
        ordered = self.log.lazy().sort("deal", maintain_order=True)
        same = pl.col("deal") == pl.col("deal").shift(1)
        rows = ordered.select(
            "stage",
            out=pl.when(same).then(_STAGE.shift(1)).otherwise(NONE).cast(pl.Int8),
            month=pl.lit(_MONTH_OF_DAY).gather(_AT.cast(pl.Int64) // DAY_US),
            amount=pl.lit(self.deals["amount"]).gather("deal"),
        )
        return self._running(rows.group_by("month", "out", "stage").agg(pl.col("amount").sum()))

    def q5_prepared(self) -> pl.DataFrame:
        """Make one number of the month of an event and its stages, and group by it."""
        month = pl.lit(_MONTH_OF_DAY).gather(_AT.cast(pl.Int64) // DAY_US)
        key = month * 128 + pl.col("out").cast(pl.Int16) * 8 + pl.col("into")
        return self._cells(self.kept.lazy().select("amount", key=key))

    def q5_monthly(self) -> pl.DataFrame:
        """Group the events by one number that is kept for month and stages."""
        return self._cells(self.kept.lazy())

    def _cells(self, rows: pl.LazyFrame) -> pl.DataFrame:
        cells = rows.group_by("key").agg(pl.col("amount").sum())
        key = pl.col("key")
        stages = {"out": (key // 8 % 16).cast(pl.Int8), "stage": (key % 8).cast(pl.Int8)}
        return self._running(cells.with_columns(month=key // 128, **stages))


def _columns(frame: pl.DataFrame) -> Columns:
    return {name: frame[name].to_numpy() for name in frame.columns}


def _read(query: str, frame: pl.DataFrame) -> Cards:
    return {query: _columns(frame)}


def variants(events: Events, kept: Transitions) -> list[Variant]:
    """Build the frames once and list every way to answer from them."""
    peer = Polars(events, kept)
    ways: dict[str, dict[str, Callable[[], pl.DataFrame]]] = {
        IDIOMATIC: {"Q3": peer.q3_idiomatic, "Q5": peer.q5_idiomatic},
        TUNED: {"Q3": peer.q3, "Q5": peer.q5},
        PREPARED: {"Q3": peer.q3_prepared, "Q5": peer.q5_prepared},
        MONTHLY: {"Q5": peer.q5_monthly},
    }
    return [
        Variant(SIDE, level, FLAT, query, call, partial(_read, query))
        for level, calls in ways.items()
        for query, call in calls.items()
    ]
