"""The tables that `compare` prints, and the targets they are held against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.agreement import Agreement
from benchmarks.sides import MAIN, OURS
from benchmarks.variant import CLUSTERED, DASHBOARD, FLAT, IDIOMATIC, PREPARED, TUNED, Variant

if TYPE_CHECKING:
    from benchmarks.compare import Comparison

TITLES = {
    "Q1": "Q1 scorecard by owner and closed month",
    "Q2": "Q2 twelve figures without grouping",
    "Q3": "Q3 moves between stages and the time before them",
    "Q5": "Q5 open value by stage at 36 month-ends",
    "Q4": "Q4 conversion and acquisition cost by source",
    "Q6": "Q6 p50 and p90 of the cycle by owner",
    DASHBOARD: "dashboard: Q1, Q2, Q4 and Q6 in one go",
}
# peer / ours, against the fastest tuned peer on rows in creation order
TARGETS = {
    1_000_000: {"Q1": 4.0, "Q2": 2.5, "Q4": 4.0, "Q6": 3.0, DASHBOARD: 4.0},
    10_000_000: {"Q1": 3.0, "Q2": 2.0, "Q4": 2.2, "Q6": 2.2, DASHBOARD: 2.5},
}
# on the log of stages, against the fastest prepared peer
PREPARED_TARGETS = {1_000_000: {"Q3": 1.4, "Q5": 3.5}, 10_000_000: {"Q3": 1.2, "Q5": 3.2}}
IDIOMATIC_TARGETS = {"duckdb": 5.0, "polars": 10.0, "pandas": 10.0}
IDIOMATIC_QUERIES = ("Q1", "Q2")
SMALL = 10_000  # up to so many rows a call's own cost is what counts
SMALL_TARGETS_MS = {"with a kept plan": 0.2, "uncached": 0.5}  # five metrics by owner and month: Q1
_MB = 1_000_000


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}" if seconds < 0.01 else f"{seconds * 1e3:.1f}"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Align the first column left, the others right."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    aligned = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return ["  " + "  ".join(line) for line in aligned]


def _among(seen: Comparison, level: str | None = None, rows: str | None = None, side: str | None = None) -> list[str]:
    def fits(variant: Variant) -> bool:
        return (
            variant.side != OURS
            and (level is None or variant.level == level)
            and (rows is None or variant.rows == rows)
            and (side is None or variant.side == side)
        )

    return [name for name, variant in seen.variants.items() if fits(variant)]


def base_of(seen: Comparison) -> str | None:
    """Give the variant that ratios refer to: ours, else the fastest tuned peer."""
    main = f"{OURS} {MAIN}"
    if main in seen.variants:
        return main
    tuned = _among(seen, TUNED, FLAT)
    return seen.times.fastest(tuned) if tuned else None


def table(seen: Comparison) -> list[str]:
    """Show every variant of a query, fastest first."""
    base = base_of(seen)
    rows = []
    for name in sorted(seen.variants, key=seen.times.median):
        ratio = f"{seen.times.ratio(name, base):.2f}" if base else ""
        median, least = seen.times.median(name), seen.times.least(name)
        processor = _ms(seen.times.processor_median(name))
        rows.append((name, _ms(median), _ms(least), processor, _ms(seen.first[name]), ratio))
    speed = seen.nbytes / seen.bound / 1e9
    lines = ["", TITLES[seen.query]]
    lines += _grid(("", "median ms", "least ms", "processor ms", "first call ms", f"x {base}"), rows)
    lines.append(
        f"  {seen.nbytes / _MB:.1f} MB of raw columns; one thread reads as much in {_ms(seen.bound)} ms ({speed:.0f} GB/s)"
    )
    if seen.peaks:
        peaks = ", ".join(f"{name} {peak / _MB:.1f} MB" for name, peak in seen.peaks.items())
        lines.append(f"  extra memory at the peak of one call: {peaks}")
    return lines


def agreement(checked: Sequence[Agreement]) -> list[str]:
    """Say that all results agree, and how far their floats are from correctly rounded."""
    worst = max(checked, key=lambda a: a.ulps)
    lines = ["", f"All {len(checked)} results equal the exact reference."]
    if worst.ulps:
        lines.append(f"Furthest from correctly rounded: {worst.column} of {worst.who}, by {worst.ulps:.0f} ulp.")
    return lines


def loading(seconds: dict[str, float]) -> list[str]:
    """Say what each side took to load its tables from numpy, derived columns of the prepared levels aside."""
    return ["", "Loading the tables, once: " + ", ".join(f"{name} {_ms(s)} ms" for name, s in seconds.items())]


def _against(seen: Comparison, base: str, names: list[str]) -> tuple[str, float] | None:
    if not names:
        return None
    fastest = seen.times.fastest(names)
    return fastest, seen.times.ratio(fastest, base)


_BASELINES: tuple[tuple[str, str | None, str | None], ...] = (
    ("fastest tuned", TUNED, FLAT),
    ("tuned, clustered", TUNED, CLUSTERED),
    ("fastest prepared", PREPARED, None),
    ("fastest of all", None, None),
)


def summary(shown: Sequence[Comparison], rows: int) -> list[str]:
    """Show each query's ratio to the fastest peer of each kind, and the targets; peer / ours where we take part."""
    body = []
    for seen in shown:
        base = base_of(seen)
        if base is None:
            continue
        line = [seen.query, _ms(seen.times.median(base)), f"{seen.times.median(base) / seen.bound:.1f}"]
        for _, level, order in _BASELINES:
            found = _against(seen, base, _among(seen, level, order))
            line.append(f"{found[1]:.2f} {found[0].split()[0]}" if found else "")
        tuned = _among(seen, TUNED, FLAT)
        line.append(f"{min(map(seen.times.least, tuned)) / seen.times.least(base):.2f}" if tuned else "")
        goal = TARGETS.get(rows, {}).get(seen.query) or PREPARED_TARGETS.get(rows, {}).get(seen.query)
        line.append(f"{goal:.1f}" if goal else "")
        for side in IDIOMATIC_TARGETS:
            found = _against(seen, base, _among(seen, IDIOMATIC, FLAT, side))
            line.append(f"{found[1]:.1f}" if found else "")
        body.append(line)
    heads = [label for label, _, _ in _BASELINES]
    idiomatic = [f"idiomatic {side}" for side in IDIOMATIC_TARGETS]
    ours = any(v.side == OURS for seen in shown for v in seen.variants.values())
    what = f"{OURS} {MAIN}" if ours else "the fastest tuned peer"
    lines = ["", f"Ratios of medians by round, peer / {what} (x bound: multiple of the time one thread needs to read):"]
    lines += _grid(("", "ms", "x bound", *heads, "tuned, by least", "target", *idiomatic), body)
    if rows <= SMALL:
        goals = ", ".join(f"{goal} ms {how}" for how, goal in SMALL_TARGETS_MS.items())
        return [*lines, f"  targets for one call of Q1: {goals}"]
    goals = ", ".join(f"{side} {goal:.0f}" for side, goal in IDIOMATIC_TARGETS.items())
    return [*lines, f"  targets against the idiomatic peers on {' and '.join(IDIOMATIC_QUERIES)}: {goals}"]


def figures(shown: Sequence[Comparison], rows: int, rounds: int) -> dict[str, Any]:
    """Give what the tables show as plain data."""
    made: dict[str, Any] = {"rows": rows, "rounds": rounds, "queries": {}}
    for seen in shown:
        base = base_of(seen)
        made["queries"][seen.query] = {
            "base": base,
            "bytes": seen.nbytes,
            "bound_seconds": seen.bound,
            "peak_bytes": seen.peaks,
            "variants": {
                name: {
                    "median_seconds": seen.times.median(name),
                    "processor_seconds": seen.times.processor_median(name),
                    "least_seconds": seen.times.least(name),
                    "first_seconds": seen.first[name],
                    "ratio": seen.times.ratio(name, base) if base else None,
                }
                for name in seen.variants
            },
        }
    return made
