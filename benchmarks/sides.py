"""Who takes part: the peers, and crmcore where `benchmarks.ours` is there.

`benchmarks/ours.py` is a module with

* `prepare(data: Workload) -> object`: ingest once; derived columns and plans may stay on what it returns;
* `q1(obj)`, `q2(obj)`, `q4(obj)`, `q6(obj)`: the timed calls, each ending with its own finished result in memory, as
  the peers' end with a frame; `dashboard(obj)`: a dict of the four results by query;

and, where it needs them,

* `canonical(query, result) -> Columns`: reads a query's result outside the clock; without it a result is canonical
  columns itself (`variant.KEYS` and `variant.VALUES`);
* `MONEY_SCALE`: 100 where money is presented in major units;
* `EXTRA`: more ways to run the same queries, `{label: (prepare, {query: call})}`: without a kept plan, without
  clustering.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any

from attrs import evolve, frozen

from benchmarks.data import Derived, Workload, clustered, derive
from benchmarks.events import Events, filled, transitions
from benchmarks.timing import timed
from benchmarks.variant import CLUSTERED, DASHBOARD, FLAT, IDIOMATIC, QUERIES, Cards, Columns, Variant

OURS = "crmcore"
MAIN = "measure"  # the level of our timed calls: the public function
PEERS = ("polars", "duckdb", "pandas")
MODULE = "benchmarks.ours"


def load_ours() -> ModuleType | None:
    """Import our side; None where there is none."""
    if importlib.util.find_spec(MODULE) is None:
        return None
    return importlib.import_module(MODULE)


def money_scale(side: str) -> int:
    """Give the minor units in one presented unit of a side's money."""
    return int(getattr(load_ours(), "MONEY_SCALE", 1)) if side == OURS else 1


def _read(canonical: Callable[[str, Any], Columns], query: str, answer: Any) -> Cards:
    results = answer if query == DASHBOARD else {query: answer}
    return {one: canonical(one, result) for one, result in results.items()}


def _as_it_is(query: str, answer: Any) -> Columns:
    del query
    columns: Columns = answer
    return columns


@frozen
class Lineup:
    """Hold what takes part, and the seconds that each side took to load its tables."""

    variants: list[Variant]
    loading: dict[str, float]


def _ours(data: Workload) -> Lineup:
    module = load_ours()
    if module is None:
        return Lineup([], {})
    canonical = getattr(module, "canonical", _as_it_is)
    calls = {query: getattr(module, query.lower()) for query in (*QUERIES, DASHBOARD)}
    ways = {MAIN: (module.prepare, calls)} | dict(getattr(module, "EXTRA", {}))
    lineup = Lineup([], {})
    for label, (prepare, queries) in ways.items():
        obj, spent = timed(partial(prepare, data))
        lineup.loading[f"{OURS} {label}"] = spent
        for query, call in queries.items():
            read = partial(_read, canonical, query)
            lineup.variants.append(Variant(OURS, label, FLAT, query, partial(call, obj), read))
    return lineup


def _peer(side: str, data: Workload, derived: Derived, rows: str) -> Lineup:
    module = importlib.import_module(f"benchmarks.peers.{side}_peer")
    variants, spent = timed(partial(module.variants, data, derived, rows))
    return Lineup(variants, {f"{side} ({rows} rows)": spent})


def build(data: Workload, sides: Sequence[str], orders: Sequence[str] = (FLAT, CLUSTERED)) -> Lineup:
    """Load the tables into every side; peers get the rows in creation order and ordered by outcome, as asked."""
    lineup = _ours(data) if OURS in sides else Lineup([], {})
    peers = [side for side in sides if side != OURS]
    if not peers:
        return lineup
    for rows in orders:
        workload = data if rows == FLAT else clustered(data)
        derived = derive(workload)
        for side in peers:
            more = _peer(side, workload, derived, rows)
            lineup.variants.extend(more.variants)
            lineup.loading.update(more.loading)
    return lineup


def _dense(variant: Variant) -> Variant:
    """Read the open values as those of every stage at every month-end."""
    if variant.query != "Q5":
        return variant
    running = variant.side != OURS and variant.level != IDIOMATIC

    def read(answer: Any) -> Cards:
        return {query: filled(columns, running) for query, columns in variant.read(answer).items()}

    return evolve(variant, read=read)


def build_history(events: Events, sides: Sequence[str]) -> Lineup:
    """Load the log of stages into every side."""
    lineup = Lineup([], {})
    if OURS in sides:
        module = importlib.import_module("benchmarks.ours_history")
        variants, seconds = module.variants(events)
        lineup.variants.extend(variants)
        lineup.loading.update({f"{OURS} history, {step}": spent for step, spent in seconds.items()})
    kept = transitions(events)
    for side in sides:
        if side != OURS:
            module = importlib.import_module(f"benchmarks.peers.{side}_history")
            variants, spent = timed(partial(module.variants, events, kept))
            lineup.variants.extend(variants)
            lineup.loading[f"{side} (log of stages)"] = spent
    return Lineup(list(map(_dense, lineup.variants)), lineup.loading)
