"""Build a workspace with ten plugins, beside pluggy alone: python -m benchmarks.plugins [--plugins N].

Each plugin is an installed package of its own with five metrics, names for them in German, a scorer, a store and a profile.
`given` hands over modules that are imported, `discovered` finds them by their entry points; `pluggy` registers the same
modules in a manager and calls every hook, without any check, and `bare` builds a workspace without plugins. `cold` is the
first workspace of a new process, with the scan of all installed packages and the import of the ten and of what they import
from crmcore; its parts are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from pluggy import PluginManager

from benchmarks.timing import rotate
from crmcore.plugins import hookspecs
from crmcore.workspace import Workspace

TARGET = 0.030
"""Seconds that a workspace with ten plugins may take."""

SOURCE = """
import crmcore as cc
from crmcore.plugins import Labels
from crmcore.scoring import Group, Rule, Scheme
from crmcore.stores import Capabilities, StoreSpec
from crmcore.stores.memory import MemoryBackend

CRMCORE_API = (1, 0)

def _metric(name, floor):
    return cc.Metric(
        name, cc.count((cc.col("outcome") == "won") & (cc.col("amount") >= floor)) / cc.count(), unit="ratio",
        anchor="closed_at", summary="share of deals that were won above a floor", labels={{"en": name, "zh": name}},
    )

@cc.hookimpl
def crmcore_metrics():
    names = [f"{name}_rate_{{n}}" for n in range(5)]
    return [*(_metric(n, 1_000 * i) for i, n in enumerate(names)), Labels("de", names={{n: n for n in names}})]

@cc.hookimpl
def crmcore_scorers():
    rules = [Rule("web", when=cc.col("source") == "web", points=10), Rule("fair", when=cc.col("source") == "fair", points=20)]
    return [Scheme("{name}_fit", "lead", groups=[Group("source", rules)])]

def _opened(url, *, create=True):
    return MemoryBackend()

@cc.hookimpl
def crmcore_stores():
    return [StoreSpec("{name}", _opened, "for the benchmark", Capabilities(durable=False))]

@cc.hookimpl
def crmcore_profiles():
    return {{"{name}": {{"file": [{{"match": "a.csv", "table": "lead", "columns": {{"id": "Nr"}}}}]}}}}
"""

COLD = """
import json, sys
from time import perf_counter
start = perf_counter()
import crmcore
from crmcore.workspace import Workspace
Workspace()
crmcore_there = perf_counter()
from crmcore.plugins.installed import installed
entries = [e for e in installed() if e.name.startswith("bench")]
scanned = perf_counter()
import pluggy, crmcore.scoring, crmcore.stores.memory, crmcore.sources
imported = perf_counter()
for e in entries:
    e.load()
loaded = perf_counter()
workspace = Workspace(discover=[e.name for e in entries])
built = perf_counter()
assert len(workspace.plugins) == int(sys.argv[1]), workspace.plugins
print(json.dumps({
    "crmcore and a bare workspace": crmcore_there - start,
    "scan of installed packages": scanned - crmcore_there,
    "pluggy, scoring, stores, sources": imported - scanned,
    "import of the plugins": loaded - imported,
    "host": built - loaded,
}))
"""


def install(folder: Path, number: int) -> list[str]:
    """Write packages with an entry point each into a folder, and return the names of the plugins."""
    names = [f"bench{n:02}" for n in range(number)]
    for name in names:
        (folder / f"crmcore_{name}.py").write_text(SOURCE.format(name=name), encoding="utf-8")
        info = folder / f"crmcore_{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crmcore-{name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[crmcore]\n{name} = crmcore_{name}\n", encoding="utf-8")
    return names


def plain(modules: Sequence[ModuleType]) -> int:
    """Register modules with pluggy and call each hook: what a host without any rule would do."""
    manager = PluginManager("crmcore")
    manager.add_hookspecs(hookspecs)
    for module in modules:
        manager.register(module)
    results: list[Any] = [getattr(manager.hook, hook)(config=None) for hook in hookspecs.HOOKS]
    return sum(len(part) for result in results for part in result)


def cold(folder: Path, number: int) -> dict[str, float]:
    """Return the seconds of each part in a new process."""
    run = subprocess.run(
        [sys.executable, "-c", COLD, str(number)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path[1:]])},
        capture_output=True,
        text=True,
        check=True,
    )
    parts: dict[str, float] = json.loads(run.stdout)
    return parts


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plugins", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--starts", type=int, default=5, help="new processes in which the first workspace is timed")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as made:
        folder = Path(made)
        names = install(folder, options.plugins)
        sys.path.insert(0, made)
        modules = [import_module(f"crmcore_{name}") for name in names]
        calls: dict[str, Callable[[], Any]] = {
            "bare": Workspace,
            "given": lambda: Workspace(plugins=modules),
            "discovered": lambda: Workspace(discover=names),
            "pluggy": lambda: plain(modules),
        }
        declared = [len(w.metrics) + len(w.scorers) for w in (calls["given"](), calls["discovered"]())]
        assert declared[0] == declared[1]
        plain(modules)
        times = rotate(calls, options.rounds)
        starts = [cold(folder, options.plugins) for _ in range(options.starts)]
        sys.path.remove(made)
    print(f"workspace with {options.plugins} plugins, median of {options.rounds} rounds")
    for name in calls:
        print(
            f"  {name:<12}{times.median(name) * 1e3:8.2f} ms  ({times.processor_median(name) * 1e3:.2f} ms of one processor)"
        )
    print(
        f"  given / pluggy alone {times.ratio('given', 'pluggy'):.2f}, given / bare {times.ratio('given', 'bare'):.2f}"
    )
    print(f"first workspace of a process, median of {options.starts}")
    for part in starts[0]:
        print(f"  {part:<34}{median(s[part] for s in starts) * 1e3:8.2f} ms")
    # one thread and no waiting: on a machine that does nothing else, the wall shows what the processor does
    slow = [n for n in ("given", "discovered") if times.processor_median(n) > TARGET]
    print(f"target {TARGET * 1e3:.0f} ms: {'missed by ' + ', '.join(slow) if slow else 'met'}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
