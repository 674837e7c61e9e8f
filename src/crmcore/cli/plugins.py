"""`crmcore plugins`: what plugins there are, what is wrong with them, and how to begin one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from difflib import get_close_matches
from shlex import quote
from typing import Any

from ..errors import PluginError
from ..plugins import Plugin
from ..plugins.installed import ENVIRONMENT, installed
from ..state.present.width import aligned
from .question import settings_of, workspace_of
from .screen import show

__all__ = ["run"]

BROKEN = 1
"""Exit status where a plugin is broken."""
_SHOWN = 4
"""Names of a kind that a line lists."""


def run(args: argparse.Namespace) -> int:
    """List, show, examine or begin."""
    return {"list": _list, "info": _info, "doctor": _doctor, "new": _new}[args.action](args)


def _list(args: argparse.Namespace) -> int:
    plugins = workspace_of(args).plugins
    if args.json:
        show(_json([p.to_dict() for p in plugins]))
    elif plugins:
        headers = ["plugin", "version", "declares", "source"]
        rows = [[p.name, p.version or "", _declares(p), p.source] for p in plugins]
        show("\n".join(aligned(headers, rows, [False] * len(headers))), table=True)
    else:
        there = ", ".join(dict.fromkeys(e.name for e in installed()))
        show(
            f"No plugins. Installed are: {there}; --discover loads them." if there else "No plugins; none is installed."
        )
    return 0


def _declares(plugin: Plugin) -> str:
    if plugin.error is not None:
        return f"left out: {plugin.error}"
    listed = (
        (kind, ", ".join(names) if len(names) <= _SHOWN else len(names)) for kind, names in plugin.declared.items()
    )
    return "; ".join(f"{kind}: {names}" for kind, names in listed) or "nothing"


def _info(args: argparse.Namespace) -> int:
    plugins = {p.name: p for p in workspace_of(args).plugins}
    plugin = plugins.get(args.name)
    if plugin is None:
        raise _not_loaded(args.name, plugins)
    show(_json(plugin.to_dict()) if args.json else _told(plugin))
    return 0


def _not_loaded(name: str, plugins: Sequence[str] | dict[str, Plugin]) -> PluginError:
    known = list(plugins)
    near = get_close_matches(name, known, n=1)
    if any(e.name == name for e in installed()):
        hint = "it is installed; --discover loads it"
    elif near:
        hint = f"did you mean {near[0]!r}?"
    else:
        hint = f"loaded are: {', '.join(known) or 'none; --discover loads the installed ones'}"
    return PluginError(f"no plugin {name!r} in the workspace; {hint}", plugin=name)


def _told(plugin: Plugin) -> str:
    """Return one plugin as text."""
    pairs = [
        ("source", plugin.source),
        ("package", " ".join(filter(None, (plugin.distribution, plugin.version)))),
        ("hooks", f"{', '.join(plugin.hooks)} (version {'.'.join(map(str, plugin.api))})" if plugin.api else ""),
        *((kind, ", ".join(names)) for kind, names in plugin.declared.items()),
        *((f"config {key}", str(value)) for key, value in plugin.config.items()),
        ("left out", plugin.error or ""),
    ]
    return "\n".join([plugin.name, *(f"  {name}: {value}" for name, value in pairs if value)])


def _doctor(args: argparse.Namespace) -> int:
    from ..plugins.doctor import examined, surroundings

    settings = settings_of(args)
    around = surroundings()
    findings = examined([*settings.get("plugins", ()), *args.plugin], settings.get("config"))
    broken = sum(f.plugin.error is not None for f in findings)
    if args.json:
        show(_json({"surroundings": around, "plugins": [f.to_dict() for f in findings]}))
        return BROKEN if broken else 0
    stated = around.pop(ENVIRONMENT)
    lines = [", ".join(f"{name} {version}" for name, version in around.items())]
    lines.append(f"{ENVIRONMENT} is {'not set' if stated is None else repr(stated)}")
    for finding in findings:
        plugin = finding.plugin
        package = " ".join(filter(None, (plugin.distribution, plugin.version)))
        head = f"{plugin.name} ({package + ', ' if package else ''}{plugin.source})"
        lines += ["", f"{'broken' if plugin.error else 'ok'}: {head}"]
        lines.append(f"  {plugin.error or (_declares(plugin) if plugin.declared else 'declares nothing')}")
        lines += [f"  {note}" for note in finding.notes]
        lines += [f"  repair: {finding.repair}"] if finding.repair else []
    lines += ["", f"{len(findings)} examined, {broken} broken." if findings else "No plugin is installed."]
    show("\n".join(lines))
    return BROKEN if broken else 0


def _new(args: argparse.Namespace) -> int:
    from ..plugins.create import create

    files = create(args.kind, args.name, args.into)
    for file in files:
        show(str(file))
    folder = quote(str(files[0].parent))
    show(f"\ncd {folder} && pip install -e '.[test]' && pytest")
    return 0


def _json(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=2)
