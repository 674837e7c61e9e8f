"""Measure loading against the peers: python -m benchmarks.load [--rows N] [--rounds R] [--case NAME ...].

`benchmarks/ours_load.py`, where it is there, is a module with any of the functions `records(objects)`, `tuples(rows)`,
`dicts(rows)`, `arrow(table)`, `csv(path)`, `sqlite(connection, statement)` and `sqlite_text(connection, statement)`,
each giving a loaded dataset; `facts(dataset) -> dict` to hold it against the peers' (see `load_peers.facts`);
`EXTRA`, `{case: {label: function}}` for further ways; and `RECORD`, what makes a record from the eight fields.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import load_peers
from benchmarks.data import generate
from benchmarks.load_data import STATEMENT, STATEMENT_TEXT, Deal, Handed, hand_over
from benchmarks.timing import Times, rotate

OURS = "crmcore"
MODULE = "benchmarks.ours_load"
# case -> the yardstick, and the target: ours / yardstick, or seconds
YARDSTICKS = {
    "records": ("polars, a list per field", 1.0),
    "tuples": ("polars", 1.0),
    "dicts": ("polars", 1.0),
    "arrow": ("polars", None),
    "csv": ("pyarrow, one thread", 3.0),
    "sqlite": ("cursor alone", 1.5),
    "sqlite_text": ("cursor alone", 1.5),
}
ARROW_TARGET_MS = 20.0  # a million rows, dictionary columns, integer ids; the check for duplicate ids apart


def load_ours() -> ModuleType | None:
    """Import our side; None where there is none."""
    return importlib.import_module(MODULE) if importlib.util.find_spec(MODULE) else None


def _arguments(handed: Handed, connection: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    return {
        "records": (handed.records,),
        "tuples": (handed.tuples,),
        "dicts": (handed.dicts,),
        "arrow": (handed.arrow,),
        "csv": (handed.csv,),
        "sqlite": (connection, STATEMENT),
        "sqlite_text": (connection, STATEMENT_TEXT),
    }


def ways(case: str, ours: ModuleType | None) -> dict[str, Callable[..., Any]]:
    """List who loads this form, ours first."""
    mine: dict[str, Callable[..., Any]] = {}
    if ours is not None:
        if hasattr(ours, case):
            mine[OURS] = getattr(ours, case)
        mine |= {f"{OURS}, {label}": way for label, way in getattr(ours, "EXTRA", {}).get(case, {}).items()}
    return mine | load_peers.WAYS[case]


def verify(case: str, calls: dict[str, Callable[[], Any]], wanted: dict[str, int], ours: ModuleType | None) -> int:
    """Load once with everybody and hold the facts against those of the Arrow table; give how many were held."""
    held = 0
    for name, call in calls.items():
        loaded = call()
        read = getattr(ours, "facts", None) if name.startswith(OURS) else load_peers.facts
        got = read(loaded) if read else None
        if got is None:
            continue
        assert got == wanted, f"{name} loaded {case} as {got}, expected {wanted}"
        held += 1
    return held


def _print(case: str, times: Times, rows: int, held: int) -> None:
    yardstick, target = YARDSTICKS[case]
    goal = f", target {target:g} x {yardstick}" if target else f", target {ARROW_TARGET_MS:g} ms at a million rows"
    print(f"\n{case} ({held} of {len(times.rounds)} checked{goal})")
    width = max(map(len, times.rounds))
    for name in sorted(times.rounds, key=times.median):
        median, least = times.median(name), times.least(name)
        ratio = times.ratio(name, yardstick)
        print(
            f"  {name:<{width}}  median {median * 1e3:8.1f} ms  least {least * 1e3:8.1f} ms  "
            f"{median / rows * 1e6:7.3f} us/row  {ratio:6.2f} x {yardstick}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the cases and print their tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="R")
    parser.add_argument("--case", nargs="+", choices=list(YARDSTICKS), default=list(YARDSTICKS))
    parser.add_argument("--aware", action="store_true", help="Python's instants carry their zone")
    parser.add_argument("--peers-only", action="store_true", help="leave crmcore out")
    chosen = parser.parse_args(arguments)
    ours = None if chosen.peers_only else load_ours()
    print(f"{chosen.rows:,} rows of eight fields, {chosen.rounds} rounds" + ("" if ours else "; peers only"))
    with tempfile.TemporaryDirectory() as folder:
        record = getattr(ours, "RECORD", Deal)
        handed = hand_over(generate(chosen.rows), Path(folder), aware=chosen.aware, record=record)
        wanted = load_peers.facts(handed.arrow)
        assert wanted is not None
        connection = sqlite3.connect(handed.sqlite)
        given = _arguments(handed, connection)
        for case in chosen.case:
            calls: dict[str, Callable[[], Any]] = {
                name: partial(way, *given[case]) for name, way in ways(case, ours).items()
            }
            held = verify(case, calls, wanted, ours)
            _print(case, rotate(calls, chosen.rounds), chosen.rows, held)
        connection.close()


if __name__ == "__main__":
    main()
