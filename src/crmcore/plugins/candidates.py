"""Candidates: what may be a plugin - a module, an object, a Python file, an entry point - before any of its code has run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from importlib.util import module_from_spec, spec_from_file_location
from inspect import getattr_static
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from ..errors import ArgumentError, PluginError
from .installed import ENVIRONMENT, asked_for, installed

__all__ = ["Candidate", "candidates", "given", "named"]

_NUMBERS = count(1)


@attrs.frozen(slots=True, eq=False)
class Candidate:
    """What may be a plugin.

    Args:
        name: by which it is configured, listed and sorted.
        source: where it was found, in words.
        load: gives the plugin; this runs its code.
        strict: whether an error of it ends the building of the workspace.
        module: the module that it is made of, "" for a file.
        file: whether it is a file, which may define metrics without any hook.
        dist: name and version of its package, where an entry point tells.
    """

    name: str
    source: str
    load: Callable[[], Any]
    strict: bool
    module: str = ""
    file: bool = False
    dist: tuple[str, str] | None = None


def candidates(
    plugins: Iterable[Any],
    discover: bool | Iterable[str],
    *,
    strict: bool | None = None,
    environment: bool = True,
) -> tuple[Candidate, ...]:
    """Return what is given and what is discovered, by name; nothing of it has run yet.

    Args:
        plugins: modules, objects and paths of Python files; strict unless `strict` says otherwise.
        discover: True for all installed plugins, which are lenient; names for these, which are strict.
        strict: True or False decides for all.
        environment: whether CRMCORE_PLUGINS has a say.

    Raises:
        ArgumentError: what cannot be a plugin, or a file that is not there.
        PluginError: a name that no installed plugin has.
    """
    if isinstance(plugins, (str, Path, ModuleType)) or not isinstance(plugins, Iterable):
        raise ArgumentError(f"plugins is a list of modules, objects or paths of Python files, got {plugins!r}")
    firm = strict is not False
    found = [given(plugin, strict=firm) for plugin in plugins]
    names, by = asked_for(discover, environment=environment)
    if names is None:
        found += [_entry(e, strict=bool(strict)) for e in installed()]
    elif names:
        found += [_entry(e, strict=firm) for name in names for e in named(name, by)]
    return tuple(sorted(found, key=lambda c: (c.name, c.source)))


def given(plugin: Any, *, strict: bool) -> Candidate:
    """Return the candidate that a module, an object or a path stands for.

    Raises:
        ArgumentError: none of these, or a file that is not there.
    """
    if isinstance(plugin, (str, Path)):
        return _file(Path(plugin), str(plugin), strict=strict)
    if isinstance(plugin, ModuleType):
        last = plugin.__name__.rpartition(".")[2]
        name = last.removeprefix("crmcore_") or last
        return Candidate(name, f"module {plugin.__name__}", lambda: plugin, strict, module=plugin.__name__)
    if isinstance(plugin, type) or plugin is None:
        raise ArgumentError(
            f"a plugin is a module, an object or the path of a Python file, got {plugin!r}"
            + (f"; give an instance: {plugin.__name__}()" if plugin is not None else "")
        )
    kind = type(plugin)
    name = getattr_static(plugin, "name", None)  # two objects of one class are told apart by it
    return Candidate(
        name if isinstance(name, str) and name else kind.__name__,
        f"object of {kind.__module__}.{kind.__qualname__}",
        lambda: plugin,
        strict,
        module=kind.__module__,
    )


def _file(path: Path, shown: str, *, strict: bool) -> Candidate:
    if not path.is_file():
        hint = "" if path.suffix else "; installed plugins are named in discover=[...]"
        raise ArgumentError(f"no file {shown!r} with metrics or hooks{hint}")
    return Candidate(path.stem, shown, lambda: _executed(path, shown), strict, file=True)


def _executed(path: Path, shown: str) -> ModuleType:
    """Run a Python file as a module of its own, which nobody else can import."""
    name = f"crmcore_file_{next(_NUMBERS)}_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{shown!r} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for the module they are made in
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module


def named(name: str, by: str) -> list[Any]:
    """Return the entry points of a name.

    Raises:
        PluginError: there is none, with the nearest names.
    """
    there = installed()
    if all(e.name != name for e in there):
        there = installed(anew=True)  # from a notebook it may have been installed since
    found = [e for e in there if e.name == name]
    if not found:
        known = sorted({e.name for e in there})
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"installed are: {', '.join(known) or 'none'}"
        asker = ENVIRONMENT if by == ENVIRONMENT else f"{by}=[...]"
        raise PluginError(f"{asker}: no installed plugin is called {name!r}; {hint}", plugin=name)
    return found


def _entry(entry: Any, *, strict: bool) -> Candidate:
    dist = entry.dist
    return Candidate(
        entry.name,
        f"entry point {entry.name} = {entry.value}",
        entry.load,
        strict,
        module=entry.module,
        dist=None if dist is None else (dist.name, dist.version),
    )
