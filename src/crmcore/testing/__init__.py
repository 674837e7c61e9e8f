"""What proves an engine, a store or a metric right: the reference interpreter, and strategies that make its input."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .metrics import MetricSuite
    from .plugins import PluginSuite
    from .reference import Reference, mean_interval, measure, wilson
    from .scorers import ScorerSuite
    from .stores import StoreSuite
    from .suite import Suite, flag, needs

__all__ = [
    "MetricSuite",
    "PluginSuite",
    "Reference",
    "ScorerSuite",
    "StoreSuite",
    "Suite",
    "flag",
    "mean_interval",
    "measure",
    "needs",
    "wilson",
]

_HOME = {
    **dict.fromkeys(("Reference", "mean_interval", "measure", "wilson"), "reference"),
    "MetricSuite": "metrics",
    "PluginSuite": "plugins",
    "StoreSuite": "stores",
    **dict.fromkeys(("Suite", "flag", "needs"), "suite"),
    "ScorerSuite": "scorers",
}
"""Name -> module it comes from."""


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
