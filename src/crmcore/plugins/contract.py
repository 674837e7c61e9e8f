"""Contract: what of a plugin is checked before pluggy sees it, without running any of its code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from inspect import Parameter, getattr_static, isasyncgenfunction, iscoroutinefunction, signature
from operator import itemgetter
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

from .hookspecs import API, HOOKS

__all__ = ["Unfit", "api_of", "hooks_of"]

_PREFIX = "crmcore_"
_MARK = "crmcore_impl"
_OPTIONS = ("wrapper", "hookwrapper", "tryfirst", "trylast", "specname")


class Unfit(Exception):
    """What is wrong with a plugin; the host says whose it is."""

    def __init__(self, message: str, hook: str | None = None) -> None:
        super().__init__(message)
        self.hook = hook


def hooks_of(plugin: Any) -> tuple[str, ...]:
    """Return the names of the hooks that a plugin implements, sorted.

    Raises:
        Unfit: a hook that is none, or that is not written as hooks are; the nearest name stands first.
    """
    found = []
    for name, value in sorted(_values(plugin), key=itemgetter(0)):
        function, bound = _function(name, value, plugin)
        mark = getattr(function, _MARK, None)
        if isinstance(value, ModuleType) or (mark is None and not name.startswith(_PREFIX)):
            continue
        if name not in HOOKS:
            if mark is not None and mark.get("optionalhook"):
                continue  # of a later version of this page
            raise Unfit(f"no hook is called {name!r}; {_nearest(name)}", name)
        if function is None:
            raise Unfit(f"{name} is {_kind(value)}, not a function", name)
        if mark is None:
            raise Unfit(f"{name} has no @crmcore.hookimpl above it", name)
        _check_options(name, mark)
        _check_arguments(name, function, bound=bound)
        found.append(name)
    for name, lines in _twice(plugin):
        raise Unfit(
            f"{name} is defined twice, on lines {' and '.join(map(str, lines))}; Python keeps the last only", name
        )
    return tuple(found)


def api_of(plugin: Any) -> tuple[int, int]:
    """Return the version of the hooks that a plugin is written for.

    Raises:
        Unfit: it says none, or one that this crmcore does not have; the message says what to upgrade.
    """
    ours = ".".join(map(str, API))
    stated = getattr_static(plugin, "CRMCORE_API", None)
    if stated is None:
        raise Unfit(f"it does not say for which version of the hooks it is written; add CRMCORE_API = {API}")
    if not isinstance(stated, tuple) or len(stated) != 2 or not all(type(n) is int for n in stated):
        raise Unfit(f"CRMCORE_API is two numbers such as {API}, got {stated!r}")
    major, minor = stated
    theirs = f"{major}.{minor}"
    if (major, minor) > API:
        raise Unfit(f"it is written for hooks {theirs}, and this crmcore has {ours}; upgrade crmcore")
    if major < API[0]:
        raise Unfit(f"it is written for hooks {theirs}, and this crmcore has {ours}; upgrade the plugin")
    return major, minor


def _values(plugin: Any) -> Iterable[tuple[str, Any]]:
    """Return the names that a plugin has and what stands under them, without asking it."""
    if isinstance(plugin, ModuleType):
        return vars(plugin).items()
    names = {name for base in type(plugin).__mro__ for name in vars(base)}
    with suppress(AttributeError):  # an object with slots only has none
        names.update(object.__getattribute__(plugin, "__dict__"))
    return ((name, getattr_static(plugin, name, None)) for name in names)


def _function(name: str, value: Any, plugin: Any) -> tuple[FunctionType | None, bool]:
    """Return the function behind a name, and whether its first argument is the plugin's own."""
    if isinstance(value, (staticmethod, classmethod, MethodType)):
        inner = value.__func__
        return inner if isinstance(inner, FunctionType) else None, not isinstance(value, staticmethod)
    if not isinstance(value, FunctionType):
        return None, False
    classes = () if isinstance(plugin, ModuleType) else type(plugin).__mro__
    return value, any(vars(base).get(name) is value for base in classes)


def _check_options(name: str, mark: dict[str, Any]) -> None:
    for option in _OPTIONS:
        if mark.get(option):
            raise Unfit(
                f"{name} has {option}={mark[option]!r}; hooks take no options, since their order does not matter", name
            )


def _check_arguments(name: str, function: FunctionType, *, bound: bool) -> None:
    if iscoroutinefunction(function) or isasyncgenfunction(function):
        raise Unfit(f"{name} is async; a hook is a plain function", name)
    known = [p.name for p in signature(HOOKS[name]).parameters.values()]
    parameters = list(signature(function).parameters.values())[bound:]
    for p in parameters:
        if p.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            raise Unfit(f"{name} takes *{p.name}; a hook names its arguments: {', '.join(known)}", name)
        if p.default is not Parameter.empty:
            raise Unfit(
                f"{name} has a default for {p.name!r}, which versions of pluggy read differently; remove it", name
            )
        if p.name not in known:
            raise Unfit(f"{name} takes {p.name!r}, which no caller gives; it may take {', '.join(known)}", name)


def _twice(plugin: Any) -> Iterator[tuple[str, list[int]]]:
    """Yield hooks that stand twice at the top level of a module's file."""
    path = getattr_static(plugin, "__file__", None) if isinstance(plugin, ModuleType) else None
    if not isinstance(path, str) or not path.endswith(".py"):
        return
    try:
        text = Path(path).read_text("utf-8")
        names = re.findall(rf"^(?:async )?def ({_PREFIX}\w+)", text, re.MULTILINE)
        if len(names) == len(set(names)):
            return
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return  # it was executed, so whatever this is, it is no fault of the plugin
    lines: dict[str, list[int]] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in HOOKS:
            lines.setdefault(node.name, []).append(node.lineno)
    yield from ((name, at) for name, at in lines.items() if len(at) > 1)


def _nearest(name: str) -> str:
    near = get_close_matches(name.removeprefix(_PREFIX), [h.removeprefix(_PREFIX) for h in HOOKS], n=1)
    return f"did you mean '{_PREFIX}{near[0]}'?" if near else f"there are {', '.join(HOOKS)}"


def _kind(value: Any) -> str:
    return "a property" if isinstance(value, property) else f"a {type(value).__name__}"
