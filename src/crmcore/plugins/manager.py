"""Manager: pluggy's part. One manager per workspace that is built, thrown away afterwards; `pm.hook` is never called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pluggy import PluginManager, PluginValidationError

from . import hookspecs
from .hookspecs import HOOKS

__all__ = ["implementations"]

Call = Callable[[Any], Any]


class _Manager(PluginManager):
    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        """Look at hooks only: up to pluggy 1.6 looking at a name evaluates it."""
        return super().parse_hookimpl_opts(plugin, name) if name in HOOKS else None


def implementations(
    plugins: Mapping[str, Any],
) -> tuple[dict[tuple[str, str], Call], dict[str, PluginValidationError]]:
    """Return what implements each hook, by plugin and hook, and the plugins that pluggy refuses.

    A plugin that was refused may have been half registered, so the others get a manager in which it never was.
    """
    refused: dict[str, PluginValidationError] = {}
    while True:
        manager = _Manager("crmcore")
        manager.add_hookspecs(hookspecs)
        failed = len(refused)
        for name, plugin in plugins.items():
            if name not in refused:
                try:
                    manager.register(plugin, name)
                except PluginValidationError as error:
                    refused[name] = error
        if len(refused) == failed:
            manager.check_pending()
            break
    found = {
        (impl.plugin_name, hook): _call(impl) for hook in HOOKS for impl in getattr(manager.hook, hook).get_hookimpls()
    }
    return found, refused


def _call(impl: Any) -> Call:
    """Return a call of one implementation, with the arguments that it takes."""
    return lambda config: impl.function(*(config for _ in impl.argnames))
