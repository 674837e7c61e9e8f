"""crmcore on the log of stages: moves between stages, and the public `measure` of a stock at every month-end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from attrs import frozen

from benchmarks.data import DAY_US, FIRST_MONTH, OUTCOMES, Array
from benchmarks.events import MONTH_STARTS, STAGE_NAMES, STAGES, Events, transitions
from benchmarks.ours import AS_OF, named
from benchmarks.timing import timed
from benchmarks.variant import FLAT, Cards, Columns, Variant
from crmcore.calendars import Zone
from crmcore.table.dataset import Dataset
from crmcore.table.history import ENDED, Matrix, flows_of, logs_of
from crmcore.workspace import Workspace

SIDE = "crmcore"
MAIN = "measure"
ANEW = "derived anew"
_LAST = int(MONTH_STARTS[-1].astype(np.int64))
_UTC = Zone("UTC")
_KINDS = ["open"] * STAGES + ["won", "lost"]


@frozen(eq=False)
class History:
    """Hold the dataset that was ingested once, and a workspace."""

    workspace: Workspace
    data: Dataset


def arrow(events: Events, out: Array) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return opportunities, changes of their stages and the stages as Arrow tables with dictionary columns."""
    instants = pa.timestamp("us", tz="UTC")
    now = np.zeros(events.outcome.size, np.int8)
    now[events.deal] = events.stage
    ids = np.arange(1, now.size + 1)
    opportunity = pa.table(
        {
            "id": pa.array(ids),
            "stage": named(now, list(STAGE_NAMES)),
            "outcome": named(events.outcome, list(OUTCOMES)),
            "amount": pa.array(events.amount, mask=~events.priced),
            "created_at": pa.array(events.created_at).cast(instants),
        }
    )
    nothing = np.zeros(events.size, np.int8)
    before = pa.array(out.astype(np.int32), mask=out >= len(STAGE_NAMES))
    change = pa.table(
        {
            "table": named(nothing, ["opportunity"]),
            "field": named(nothing, ["stage"]),
            "record": pa.array(ids[events.deal]),
            "at": pa.array(events.at).cast(instants),
            "old": pa.DictionaryArray.from_arrays(before, pa.array(STAGE_NAMES)),
            "new": named(events.stage, list(STAGE_NAMES)),
        }
    )
    stage = pa.table({"id": STAGE_NAMES, "name": STAGE_NAMES, "order": range(len(STAGE_NAMES)), "kind": _KINDS})
    return opportunity, change, stage


def prepare(events: Events) -> tuple[History, dict[str, float]]:
    """Ingest the tables, derive the logs and the moves; return the seconds of each step, too."""
    opportunity, change, stage = arrow(events, transitions(events).out)
    data, ingested = timed(partial(Dataset, opportunity=opportunity, change=change, stage=stage))
    _, ordered = timed(partial(logs_of, data.tables, _UTC))
    _, derived = timed(partial(flows_of, data.tables, _UTC, _LAST))
    return History(Workspace(), data), {"ingest": ingested, "logs": ordered, "stays and moves": derived}


def q3(obj: History) -> Matrix:
    """Add up the moves and the times before them."""
    return flows_of(obj.data.tables, _UTC, _LAST).matrix()


def q5(obj: History) -> Any:
    """Measure the open value by stage at every month-end."""
    return obj.workspace.measure("open_value", obj.data, by="stage", per="month", as_of=AS_OF)


def _anew(obj: History, call: Callable[[History], Any]) -> Any:
    """Forget what was derived from the ingested tables before."""
    tables = {name: table.replace({}) for name, table in obj.data.tables.items()}
    return call(History(Workspace(), Dataset.of(tables)))


def _read_q3(found: Matrix) -> Cards:
    moved = found.stays.copy()
    moved[:, :, ENDED.index("still there")] = 0
    moves = moved.sum(axis=2)
    stage, into = np.nonzero(moves)
    microseconds = np.array([sum(found.time[a, b, 1:]) for a, b in zip(stage, into, strict=True)], object)
    number = {name: code for code, name in enumerate(STAGE_NAMES)}
    codes = np.array([number.get(label, -1) for label in found.labels])
    seconds = (microseconds // 1_000_000).astype(np.int64)
    n = moves[stage, into]
    days = np.array([int(t) / (int(k) * DAY_US) for t, k in zip(microseconds, n, strict=True)])
    return {"Q3": {"stage": codes[stage], "into": codes[into], "moves": n, "seconds": seconds, "mean_days": days}}


def _read_q5(found: Any) -> Cards:
    months = [(int(p[:4]) - 1970) * 12 + int(p[5:]) - 1 - FIRST_MONTH for p in found.column("period")]
    columns: Columns = {
        "stage": np.array([STAGE_NAMES.index(name) for name in found.column("stage")]),
        "month": np.array(months),
        "open_value": np.asarray(found["open_value"].values),
    }
    there = columns["stage"] < STAGES
    return {"Q5": {name: column[there] for name, column in columns.items()}}


def variants(events: Events) -> tuple[list[Variant], dict[str, float]]:
    """Ingest once and list the ways to answer; give the seconds of each step of loading."""
    obj, seconds = prepare(events)
    calls = (("Q3", q3, _read_q3), ("Q5", q5, _read_q5))
    made = [Variant(SIDE, MAIN, FLAT, query, partial(call, obj), read) for query, call, read in calls]
    made += [Variant(SIDE, ANEW, FLAT, query, partial(_anew, obj, call), read) for query, call, read in calls]
    return made, seconds
