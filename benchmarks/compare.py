"""Measure the KPI queries against polars, DuckDB and pandas: python -m benchmarks.compare [--rows N] [--rounds R].

Q1 is a scorecard by owner and closed month, Q2 twelve figures without grouping, Q4 conversion and acquisition cost by
source, Q6 two quantiles of the cycle by owner, `dashboard` the four in one go. Q3 and Q5 are asked of a log of 4.7 stages
per deal: how often deals moved from each stage to each other and how long they were there before, and the open value by
stage at 36 month-ends. Every result is held against an exact
reference before anything is timed. With 1,000 rows the same queries show what a call costs by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from attrs import field, frozen

from benchmarks import memory, report
from benchmarks.agreement import Agreement, check
from benchmarks.data import Workload, bytes_read, generate
from benchmarks.events import bytes_of, history
from benchmarks.reference import Expected, expected
from benchmarks.reference_history import expected_history
from benchmarks.sides import MAIN, OURS, PEERS, Lineup, build, build_history, load_ours, money_scale
from benchmarks.timing import Times, read_seconds, rotate, timed
from benchmarks.variant import DASHBOARD, FLAT, HISTORY, QUERIES, THREADS, TUNED, Variant


@frozen
class Comparison:
    """Hold what one query showed."""

    query: str
    variants: dict[str, Variant]
    times: Times
    first: dict[str, float]  # seconds of each variant's first call
    nbytes: int  # of the raw columns the query needs
    bound: float  # seconds in which one thread reads so many bytes
    peaks: dict[str, int] = field(factory=dict)  # bytes of extra memory, by name and kind


def verify(variants: Sequence[Variant], wanted: dict[str, Expected]) -> tuple[dict[str, float], list[Agreement]]:
    """Hold each variant's result against the reference; give the seconds of the first calls and the worst digits."""
    first: dict[str, float] = {}
    worst: list[Agreement] = []
    for variant in variants:
        answer, first[variant.name] = timed(variant.call)
        ours = variant.side == OURS
        for query, columns in variant.read(answer).items():
            scale = money_scale(variant.side)
            worst.append(check(variant.name, query, columns, wanted[query], strict=ours, money_scale=scale))
    return first, worst


_ALL = [*QUERIES, DASHBOARD, *HISTORY]


def _rounds(rows: int) -> int:
    return 21 if rows <= report.SMALL else 9 if rows <= 2_000_000 else 5


def _peaks(rows: int, variants: dict[str, Variant], query: str) -> dict[str, int]:
    """Measure ours both ways, and the tuned peers in fresh processes."""
    peaks: dict[str, int] = {}
    for name, variant in variants.items():
        if variant.side == OURS and variant.level == MAIN:
            peaks[f"{name}, allocated"] = memory.traced(variant.call)
        elif variant.level != TUNED or variant.rows != FLAT:
            continue
        grown = memory.resident(rows, name, query)
        if grown is not None:
            peaks[f"{name}, resident"] = grown
    return peaks


def compare(
    lineup: Lineup, wanted: dict[str, Expected], query: str, rounds: int, repeat: int, nbytes: int
) -> tuple[Comparison, list[Agreement]]:
    """Verify, warm up and time one query."""
    variants = {v.name: v for v in lineup.variants if v.query == query}
    first, worst = verify(list(variants.values()), wanted)
    times = rotate({name: variant.call for name, variant in variants.items()}, rounds, repeat)
    return Comparison(query, variants, times, first, nbytes, read_seconds(nbytes)), worst


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N", help="opportunities (default 1000000)")
    parser.add_argument("--rounds", type=int, metavar="R", help="rounds (default 9; 21 up to 10,000 rows, 5 above 2M)")
    parser.add_argument("--query", nargs="+", choices=_ALL, default=_ALL)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--peers-only", action="store_true", help="leave crmcore out")
    parser.add_argument("--seed", type=int, default=20240501)
    parser.add_argument("--no-memory", action="store_true", help="leave the fresh processes for peak memory out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    return parser.parse_args(arguments)


def _loaded(
    data: Workload, sides: Sequence[str], queries: Sequence[str]
) -> tuple[dict[str, Expected], dict[str, int], Lineup]:
    """Load the tables that the queries need into every side; give what must come out and the bytes read, too."""
    wanted: dict[str, Expected] = {}
    sizes: dict[str, int] = {}
    lineup = Lineup([], {})
    if not set(queries) <= set(HISTORY):
        wanted, sizes, lineup = expected(data), bytes_read(data), build(data, sides)
    if set(queries) & set(HISTORY):
        events = history(data)
        more = build_history(events, sides)
        wanted, sizes = wanted | expected_history(events), sizes | bytes_of(events)
        lineup = Lineup([*lineup.variants, *more.variants], lineup.loading | more.loading)
        print(f"{events.size:,} events in the log of stages")
        for step, seconds in more.loading.items():
            print(f"  {step}: {seconds * 1e9 / events.size:.1f} ns per event")
    return wanted, sizes, lineup


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the comparison and print its tables."""
    chosen = _parse(arguments)
    sides = list(chosen.peers)
    if not chosen.peers_only:
        if load_ours() is None:
            sys.exit("benchmarks.ours is not there; --peers-only runs the peers alone")
        sides.insert(0, OURS)
    rounds = chosen.rounds or _rounds(chosen.rows)
    repeat = 10 if chosen.rows <= report.SMALL else 1
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", *chosen.peers))
    print(f"{chosen.rows:,} opportunities, {rounds} rounds, {THREADS} threads for polars and DuckDB; {versions}")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.2f}: other work moves the times, the ratios less")

    data = generate(chosen.rows, chosen.seed)
    wanted, sizes, lineup = _loaded(data, sides, chosen.query)
    shown: list[Comparison] = []
    agreements: list[Agreement] = []
    for query in chosen.query:
        seen, worst = compare(lineup, wanted, query, rounds, repeat, sizes[query])
        agreements += worst
        if not chosen.no_memory and chosen.rows > report.SMALL and query not in HISTORY:
            seen.peaks.update(_peaks(chosen.rows, seen.variants, query))
        shown.append(seen)
        print("\n".join(report.table(seen)))
    print("\n".join(report.agreement(agreements)))
    print("\n".join(report.loading(lineup.loading)))
    print("\n".join(report.summary(shown, chosen.rows)))
    print(f"load at the end {os.getloadavg()[0]:.2f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(report.figures(shown, chosen.rows, rounds), indent=1) + "\n")


if __name__ == "__main__":
    main()
