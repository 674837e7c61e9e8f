"""pandas: one thread; categories as its documentation suggests, integers where an expert would have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.data import (
    DAY_US,
    FIRST_MONTH,
    KEY_SHIFT,
    LOST,
    OPEN,
    OUTCOMES,
    OWNERS,
    SOURCES,
    WON,
    Array,
    Derived,
    Workload,
)
from benchmarks.variant import (
    CLUSTERED,
    DASHBOARD,
    FLAT,
    IDIOMATIC,
    PREPARED,
    QUERIES,
    TUNED,
    Cards,
    Columns,
    Variant,
)

SIDE = "pandas"
_HOUR_US = 3_600_000_000
_YEAR_2023, _YEAR_2024 = (int(np.datetime64(f"{y}-01-01", "us").astype(np.int64)) for y in (2023, 2024))
_DAYS = np.arange("1970-01-01", "2026-01-01", dtype="datetime64[D]")
_MONTH_OF_DAY = _DAYS.astype("datetime64[M]").astype(np.int64) - FIRST_MONTH


class Idiomatic:
    """Work on a frame of categories, nullable integers and timestamps."""

    def __init__(self, data: Workload) -> None:
        def category(codes: Array, size: int) -> Any:
            return pd.Categorical.from_codes(codes, categories=np.arange(size))

        self.frame = pd.DataFrame(
            {
                "owner": category(data.owner, OWNERS),
                "source": category(data.source, SOURCES),
                "outcome": pd.Categorical.from_codes(data.outcome, categories=OUTCOMES),
                "amount": pd.Series(pd.arrays.IntegerArray(data.amount.copy(), ~data.priced)),
                "created_at": data.created_at,
                "first_contact_at": data.first_contact_at,
                "closed_at": data.closed_at,
            }
        )
        self.spend = pd.DataFrame({"source": category(data.spend_source, SOURCES), "spend": data.spend})

    def _won(self) -> pd.DataFrame:
        won = self.frame[self.frame["outcome"] == "won"]
        days = won["closed_at"].dt.normalize() - won["created_at"].dt.normalize()
        return won.assign(cycle=days.dt.days)

    def q1(self) -> pd.DataFrame:
        """Group the closed and the won deals, join the two."""
        closed = self.frame[self.frame["outcome"] != "open"]
        closed = closed.assign(month=closed["closed_at"].dt.to_period("M"), won=closed["outcome"] == "won")
        card = closed.groupby(["owner", "month"], observed=True).agg(closed=("won", "size"), won=("won", "sum"))
        won = self._won()
        won = won.assign(month=won["closed_at"].dt.to_period("M"))
        figures = won.groupby(["owner", "month"], observed=True).agg(
            won_value=("amount", "sum"),
            mean_won_deal=("amount", "mean"),
            mean_cycle_days=("cycle", "mean"),
            median_cycle_days=("cycle", "median"),
        )
        card = card.join(figures)
        card["win_rate"] = card["won"] / card["closed"]
        return card.reset_index()

    def q2(self) -> dict[str, Any]:
        """Filter once per outcome."""
        frame, won = self.frame, self._won()
        still_open, year = frame[frame["outcome"] == "open"], won["closed_at"].dt.year
        lost = int((frame["outcome"] == "lost").sum())
        now, before = (won.loc[year == y, "amount"].sum() for y in (2024, 2023))
        waited = (frame["first_contact_at"] - frame["created_at"]).dt.total_seconds()
        return {
            "open": len(still_open),
            "won": len(won),
            "lost": lost,
            "win_rate": len(won) / (len(won) + lost),
            "won_value": won["amount"].sum(),
            "mean_won_deal": won["amount"].mean(),
            "open_value": still_open["amount"].sum(),
            "mean_cycle_days": won["cycle"].mean(),
            "median_cycle_days": won["cycle"].median(),
            "mean_response_hours": waited.mean() / 3600,
            "unpriced_share": frame["amount"].isna().mean(),
            "won_value_change": now / before - 1,
        }

    def q4(self) -> pd.DataFrame:
        """Group by source, align the spend."""
        won = self.frame["outcome"] == "won"
        card = won.groupby(self.frame["source"], observed=True).agg(opportunities="size", won="sum")
        card["spend"] = self.spend.groupby("source", observed=True)["spend"].sum()
        card["conversion"] = card["won"] / card["opportunities"]
        card["cac"] = card["spend"] / card["won"]
        return card.reset_index()

    def q6(self) -> pd.DataFrame:
        """Ask for both quantiles at once."""
        quantiles = self._won().groupby("owner", observed=True)["cycle"].quantile([0.5, 0.9]).unstack()  # noqa: PD010
        return quantiles.set_axis(["p50_cycle_days", "p90_cycle_days"], axis=1).reset_index()


class Tuned:
    """Work on integer columns, one packed key, and only the rows and columns a figure needs."""

    def __init__(self, data: Workload, derived: Derived | None = None) -> None:
        columns = {name: getattr(data, name) for name in ("owner", "source", "outcome", "amount", "priced")}
        times = {name: getattr(data, name).view(np.int64) for name in ("created_at", "first_contact_at", "closed_at")}
        self.frame = pd.DataFrame(columns | times)
        self.contacted = ~np.isnat(data.first_contact_at)
        self.prepared = derived is not None
        if derived is not None:
            self.frame["cycle"], self.frame["key"] = derived.cycle, derived.key
        self.spend = pd.DataFrame({"source": data.spend_source, "spend": data.spend})

    def _column(self, name: str, keep: Array) -> Array:
        column: Array = self.frame[name].to_numpy()[keep]
        return column

    def _key(self, keep: Array) -> Array:
        if self.prepared:
            return self._column("key", keep)
        month = _MONTH_OF_DAY.take(self._column("closed_at", keep) // DAY_US)
        packed: Array = (self._column("owner", keep).astype(np.int64) << KEY_SHIFT) | month
        return packed

    def _cycle(self, keep: Array) -> Array:
        if self.prepared:
            return self._column("cycle", keep)
        days = self._column("closed_at", keep) // DAY_US - self._column("created_at", keep) // DAY_US
        short: Array = days.astype(np.int16)
        return short

    def _rows(self, outcome: int) -> Array:
        rows: Array = np.flatnonzero(self.frame["outcome"].to_numpy() == outcome)
        return rows

    def q1(self) -> pd.DataFrame:
        """Group won and lost deals apart by one packed key, then align the two."""
        lost, won = self._rows(LOST), self._rows(WON)
        losses = pd.Series(self._key(lost)).value_counts(sort=False)
        columns = {"key": self._key(won), "cycle": self._cycle(won)}
        columns |= {"amount": self._column("amount", won), "priced": self._column("priced", won)}
        groups = pd.DataFrame(columns).groupby("key", sort=False)
        sums = groups[["amount", "priced"]].sum()
        card = pd.DataFrame(
            {
                "won": groups.size(),
                "won_value": sums["amount"],
                "mean_won_deal": sums["amount"] / sums["priced"],
                "mean_cycle_days": groups["cycle"].mean(),
                "median_cycle_days": groups["cycle"].median(),
                "lost": losses,
            }
        )
        counts = card[["won", "lost", "won_value"]].fillna(0).astype(np.int64)
        card["won"], card["won_value"] = counts["won"], counts["won_value"]
        card["closed"] = counts["won"] + counts["lost"]
        card["win_rate"] = card["won"] / card["closed"]
        return card.rename_axis("key").reset_index()

    def q2(self) -> dict[str, Any]:
        """Reduce whole integer columns."""
        won, still_open = self._rows(WON), self._rows(OPEN)
        amount, closed = pd.Series(self._column("amount", won)), self._column("closed_at", won)
        now = amount[closed >= _YEAR_2024].sum()
        before = amount[(closed >= _YEAR_2023) & (closed < _YEAR_2024)].sum()
        cycle, rows = pd.Series(self._cycle(won)), len(self.frame)
        n_won, n_open = len(won), len(still_open)
        waited = (self.frame["first_contact_at"] - self.frame["created_at"])[self.contacted]
        return {
            "open": n_open,
            "won": n_won,
            "lost": rows - n_won - n_open,
            "win_rate": n_won / (rows - n_open),
            "won_value": amount.sum(),
            "mean_won_deal": amount.sum() / int(self._column("priced", won).sum()),
            "open_value": self._column("amount", still_open).sum(),
            "mean_cycle_days": cycle.mean(),
            "median_cycle_days": cycle.median(),
            "mean_response_hours": int(waited.sum()) / (len(waited) * _HOUR_US),
            "unpriced_share": (rows - int(self.frame["priced"].sum())) / rows,
            "won_value_change": (now - before) / before,
        }

    def q4(self) -> pd.DataFrame:
        """Count one packed byte of source and outcome, then fold it."""
        cells = (self.frame["source"] * 4 + self.frame["outcome"]).value_counts(sort=False)
        source, won = cells.index.to_numpy() // 4, cells.index.to_numpy() % 4 == WON
        counts = pd.DataFrame({"source": source, "opportunities": cells.to_numpy(), "won": cells.to_numpy() * won})
        card = counts.groupby("source").sum()
        card["spend"] = self.spend.groupby("source")["spend"].sum()
        card["conversion"] = card["won"] / card["opportunities"]
        card["cac"] = card["spend"] / card["won"]
        return card.reset_index()

    def q6(self) -> pd.DataFrame:
        """Ask for both quantiles of an int16 cycle at once."""
        won = self._rows(WON)
        days = pd.Series(self._cycle(won)).groupby(self._column("owner", won))
        quantiles = days.quantile([0.5, 0.9]).unstack()  # noqa: PD010
        return quantiles.set_axis(["p50_cycle_days", "p90_cycle_days"], axis=1).rename_axis("owner").reset_index()


def _columns(answer: Any) -> Columns:
    """Read a frame, or a dict of scalars; a mean over no value is nan, a sum 0."""
    if isinstance(answer, dict):
        return {name: np.array([value]) for name, value in answer.items()}
    made: Columns = {}
    for name in answer.columns:
        column = answer[name]
        if name == "month":
            made[name] = column.dt.to_timestamp().to_numpy().astype("datetime64[M]").astype(np.int64)
        elif name in {"owner", "source", "key"}:
            made[name] = column.to_numpy().astype(np.int64)
        elif name == "won_value":
            made[name] = column.fillna(0).to_numpy()
        else:
            made[name] = column.to_numpy(np.float64, na_value=np.nan)
    if "key" in made:
        made["owner"] = made["key"] >> KEY_SHIFT
        made["month"] = (made["key"] & ((1 << KEY_SHIFT) - 1)) + FIRST_MONTH
    return made


def _in_turn(calls: list[Callable[[], Any]]) -> list[Any]:
    return [call() for call in calls]


def _read_one(query: str, answer: Any) -> Cards:
    return {query: _columns(answer)}


def _read_all(answers: list[Any]) -> Cards:
    return dict(zip(QUERIES, map(_columns, answers), strict=True))


def variants(data: Workload, derived: Derived, rows: str) -> list[Variant]:
    """Build the frames once and list every way to answer from them."""
    levels: dict[str, Idiomatic | Tuned] = {IDIOMATIC: Idiomatic(data)} if rows == FLAT else {}
    levels |= {TUNED: Tuned(data), PREPARED: Tuned(data, derived)}
    if rows == CLUSTERED:
        del levels[PREPARED]
    made: list[Variant] = []
    for level, frames in levels.items():
        calls = [frames.q1, frames.q2, frames.q4, frames.q6]
        for query, call in zip(QUERIES, calls, strict=True):
            made.append(Variant(SIDE, level, rows, query, call, partial(_read_one, query)))
        made.append(Variant(SIDE, level, rows, DASHBOARD, partial(_in_turn, calls), _read_all))
    return made
