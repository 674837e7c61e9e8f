"""Plugins: hooks, and the host that calls them once for each workspace. Only here is pluggy imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import secret
    from .gather import Gathered, gather
    from .hookspecs import API, HOOKS, hookimpl, hookspec
    from .labels import Labels
    from .plugin import Plugin, Registry

__all__ = [
    "API",
    "HOOKS",
    "Gathered",
    "Labels",
    "Plugin",
    "Registry",
    "gather",
    "hookimpl",
    "hookspec",
    "secret",
]

_HOMES = {
    **dict.fromkeys(("API", "HOOKS", "hookimpl", "hookspec"), "hookspecs"),
    **dict.fromkeys(("Gathered", "gather"), "gather"),
    **dict.fromkeys(("Plugin", "Registry"), "plugin"),
    "Labels": "labels",
    "secret": "config",
}
"""Name -> module it comes from: who declares labels loads no host, and pluggy is loaded where there is a plugin."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
