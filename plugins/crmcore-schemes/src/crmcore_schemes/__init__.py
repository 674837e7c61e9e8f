"""BANT, MEDDIC, customer health and ABC grading.

Read this file first: it is the whole plugin. The rules themselves stand in the TOML files beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import attrs

import crmcore as cc
from crmcore.errors import ArgumentError
from crmcore.plugins import Labels
from crmcore.scoring import Scheme, Scorer

from .abc_grading import AbcGrading
from .metrics import METRICS

CRMCORE_API = (1, 0)
"""Version of the hooks that this plugin is written for."""

HERE = Path(__file__).parent
SHIPPED = ("bant.toml", "meddic.toml", "customer_health.toml")


@attrs.frozen(kw_only=True)
class CONFIG:
    """What a workspace may state for this plugin; types and keys are checked before any hook is called.

    Args:
        folder: TOML schemes of your own; one that is named as ours is takes its place.
        a_percent: accounts are A until those before them make this percentage of the revenue.
        b_percent: then B until this one, then C.
    """

    folder: Path | None = None
    a_percent: int = 80
    b_percent: int = 95


# A hook declares. It is called once, when a workspace is built; rows are scored much later, by what it returned.
@cc.hookimpl
def crmcore_scorers(config: CONFIG) -> list[Scorer]:
    """Declare the schemes, and ABC grading, which rules per row cannot express."""
    own = [] if config.folder is None else schemes_in(config.folder)
    ours = [Scheme.load(HERE / name) for name in SHIPPED]
    # Two scorers of one name would be an error, so what the host replaces is left out here.
    by_name = {scheme.name: scheme for scheme in (*ours, *own)}
    return [*by_name.values(), AbcGrading(config.a_percent, config.b_percent)]


@cc.hookimpl
def crmcore_metrics() -> Iterable[cc.Metric | Labels]:
    """Declare the metrics that go with the schemes, and what they are called in German."""
    return [*METRICS, Labels.load(HERE / "labels_de.toml")]


@cc.hookimpl
def crmcore_profiles() -> dict[str, Path]:
    """Declare how CSV files are read whose checklists say yes and no: `cc.read(folder, profile="checklists")`."""
    return {"checklists": HERE / "checklists.toml"}


def schemes_in(folder: Path) -> list[Scheme]:
    """Return the schemes of the TOML files in a folder, in the order of their names.

    Raises:
        ArgumentError: no such folder. What is wrong in a file, `Scheme.load` says with the group and the rule.
    """
    if not folder.is_dir():
        raise ArgumentError(f"folder of schemes {str(folder)!r} is not there")
    return [Scheme.load(path) for path in sorted(folder.glob("*.toml"))]
