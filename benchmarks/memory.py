"""Peak extra memory of one call: allocations traced in Python, or the resident set of a fresh process.

python -m benchmarks.memory --rows N --variant NAME --query Q prints the bytes of the second kind.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data import generate
from benchmarks.sides import build
from benchmarks.variant import CLUSTERED, FLAT, Variant

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
_WARM_ROWS = 1_000
# glibc gives freed arrays back at once, so that the call does not live on what loading left behind
_ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(128 * 1024), "MALLOC_TRIM_THRESHOLD_": "0"}
_ROOT = Path(__file__).resolve().parent.parent


def traced(call: Callable[[], Any]) -> int:
    """Give the most bytes that Python and numpy held at once during a call, beyond those held before."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        answer = call()
        peak = tracemalloc.get_traced_memory()[1]
        del answer
    finally:
        tracemalloc.stop()
    return peak - before


def _resident(field: str) -> int:
    found = re.search(rf"^{field}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    assert found, f"{_STATUS} has no {field}"
    return int(found[1]) * 1024


def _pick(rows: int, name: str, query: str) -> Variant:
    side, _, rest = name.partition(" ")
    order = CLUSTERED if CLUSTERED in rest else FLAT
    for variant in build(generate(rows), [side], [order]).variants:
        if (variant.name, variant.query) == (name, query):
            return variant
    raise SystemExit(f"no variant {name!r} of {query}")


def _resident_here(rows: int, name: str, query: str) -> int:
    """Load the library and start its threads on a few rows, then watch the first call on all of them."""
    _pick(_WARM_ROWS, name, query).call()
    variant = _pick(rows, name, query)
    gc.collect()
    _CLEAR.write_text(_RESET_PEAK)
    before = _resident("VmRSS")
    answer = variant.call()
    peak = _resident("VmHWM")
    del answer
    return max(peak - before, 0)


def resident(rows: int, name: str, query: str) -> int | None:
    """Give the growth of the resident set during one call in a fresh process; None where the system has no /proc.

    Memory that a library's own allocator keeps mapped and uses again does not show, so it is exact to some megabytes.
    """
    if not _CLEAR.exists():
        return None
    arguments = ["--rows", str(rows), "--variant", name, "--query", query]
    command = [sys.executable, "-m", "benchmarks.memory", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=_ROOT, env=os.environ | _ALLOCATOR)
    return int(done.stdout.split()[-1])


def main() -> None:
    """Print the growth of the resident set during one call."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--variant", required=True, help="such as 'polars tuned'")
    parser.add_argument("--query", required=True)
    chosen = parser.parse_args()
    print(_resident_here(chosen.rows, chosen.variant, chosen.query))


if __name__ == "__main__":
    main()
