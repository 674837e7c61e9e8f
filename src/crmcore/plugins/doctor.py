"""Doctor: every plugin tried on its own, then all together; what is wrong with each, and how to repair it."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ..errors import PluginError, PluginWarning
from ..kpis import CATALOGUE
from .candidates import Candidate, candidates
from .gather import settled
from .hookspecs import API
from .host import Draft, drafts_of
from .installed import ENVIRONMENT
from .labels import Labels
from .plugin import Plugin

__all__ = ["Finding", "examined", "surroundings"]


@attrs.frozen(slots=True)
class Finding:
    """What the doctor says of one plugin.

    Args:
        plugin: the plugin; its `error` says what is wrong.
        repair: what to do about it; None where nothing is wrong.
        notes: what is odd, but harms nothing.
    """

    plugin: Plugin
    repair: str | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, ready for JSON."""
        return {**self.plugin.to_dict(), "repair": self.repair, "notes": list(self.notes)}


def surroundings() -> dict[str, str | None]:
    """Return versions, and what the environment says of plugins."""
    import pluggy

    from .. import __version__

    return {
        "crmcore": __version__,
        "hooks": ".".join(map(str, API)),
        "pluggy": pluggy.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        ENVIRONMENT: os.environ.get(ENVIRONMENT),
    }


def examined(plugins: Iterable[Any] = (), config: Mapping[str, Any] | None = None) -> tuple[Finding, ...]:
    """Examine every installed plugin and those given, whatever the environment says; none of them stops another.

    Args:
        plugins: modules, objects and paths of Python files beside the installed ones.
        config: plugin -> its settings.
    """
    found = candidates(plugins, discover=True, strict=False, environment=False)
    settings = dict(config or {})
    alone = [_tried([c], {k: v for k, v in settings.items() if k == c.name})[0] for c in found]
    well = [draft.candidate for draft in alone if draft.error is None]
    names = {c.name for c in well}
    together = {d.candidate: d for d in _tried(well, {k: v for k, v in settings.items() if k in names})}
    return tuple(_finding(together.get(draft.candidate, draft), together=draft.error is None) for draft in alone)


def _tried(found: list[Candidate], config: Mapping[str, Any]) -> list[Draft]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PluginWarning)  # it is what is reported
        drafts = drafts_of(found, config)
        settled(drafts)
    return drafts


def _finding(draft: Draft, *, together: bool) -> Finding:
    """Return what is to be said of a plugin.

    Args:
        draft: the plugin.
        together: whether what is wrong with it shows beside the others only.
    """
    plugin = draft.plugin
    if draft.error is not None:
        return Finding(plugin, _repair(plugin, draft.error, together=together))
    labelled = {n for d in draft.declared if isinstance(d.value, Labels) for n in (*d.value.names, *d.value.summaries)}
    own = {d.name for d in draft.declared if d.kind == "metrics"}
    unknown = sorted(labelled - own - set(CATALOGUE))
    notes = (f"labels for metrics that are not there: {', '.join(unknown)}",) if unknown else ()
    return Finding(plugin, None, notes)


def _repair(plugin: Plugin, error: PluginError, *, together: bool) -> str:
    package = plugin.distribution or plugin.source
    if together:
        return f"keep one of them: name those you want in discover=[...] or {ENVIRONMENT}, or uninstall {package}"
    cause = error.__cause__
    if isinstance(cause, ModuleNotFoundError) and cause.name:
        return f"install {cause.name!r}, or install {package} again with what it depends on"
    if isinstance(cause, (ImportError, AttributeError)):
        return f"install a version of {package} that fits what is installed beside it"
    if "upgrade" in error.message:
        return "as it says: pip install --upgrade " + ("crmcore" if "upgrade crmcore" in error.message else package)
    if ": config " in error.message:
        return f"correct [plugin.{plugin.name}] in the workspace file, and name the file with --workspace"
    return f"tell the authors of {package}; until then leave it out: name the others in discover=[...] or {ENVIRONMENT}"
