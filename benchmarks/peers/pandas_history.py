"""pandas on the log of stages: moves between stages, and the open value at every month-end."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.events import MONTH_STARTS, STAGES, Events, Transitions
from benchmarks.variant import FLAT, IDIOMATIC, Cards, Variant

SIDE = "pandas"


class Pandas:
    """Hold the log and the amounts."""

    def __init__(self, events: Events) -> None:
        self.log = pd.DataFrame({"deal": events.deal, "stage": events.stage, "at": events.at})
        self.amount = pd.Series(events.amount)

    def q3(self) -> pd.DataFrame:
        """Sort by deal and look at the next row."""
        log = self.log.sort_values("deal", kind="stable")
        same = log["deal"] == log["deal"].shift(-1)
        seconds = (log["at"].shift(-1) - log["at"]).dt.total_seconds()
        moved = log.assign(into=log["stage"].shift(-1), seconds=seconds)[same]
        found = moved.groupby(["stage", "into"])["seconds"].agg(["size", "sum", "mean"])
        return found.set_axis(["moves", "seconds", "mean_days"], axis=1).reset_index()

    def q5(self) -> pd.DataFrame:
        """Take the last event of each deal before each month-end."""
        found = []
        for month, end in enumerate(MONTH_STARTS[1:]):
            last = self.log[self.log["at"] < end].drop_duplicates("deal", keep="last")
            last = last[last["stage"] < STAGES]
            value = self.amount.reindex(last["deal"]).groupby(last["stage"].to_numpy()).sum()
            found.append(pd.DataFrame({"stage": value.index, "month": month, "open_value": value.to_numpy()}))
        return pd.concat(found)


def _read(query: str, frame: Any) -> Cards:
    columns = {name: np.asarray(frame[name]) for name in frame.columns}
    if "mean_days" in columns:
        columns["mean_days"] = columns["mean_days"] / 86_400
        columns["into"] = columns["into"].astype(np.int64)
    return {query: columns}


def variants(events: Events, kept: Transitions) -> list[Variant]:
    """Build the frame once and list the ways to answer from it."""
    del kept
    peer = Pandas(events)
    return [
        Variant(SIDE, IDIOMATIC, FLAT, query, call, partial(_read, query))
        for query, call in (("Q3", peer.q3), ("Q5", peer.q5))
    ]
