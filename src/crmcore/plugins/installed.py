"""Installed plugins: the entry points of the group `crmcore`. Finding them reads files; loading one runs its code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from ..errors import ArgumentError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["ENVIRONMENT", "GROUP", "asked_for", "distribution_of", "installed"]

GROUP = "crmcore"
ENVIRONMENT = "CRMCORE_PLUGINS"


def installed(*, anew: bool = False) -> tuple[EntryPoint, ...]:
    """Return the entry points of the group, by name; the folders of packages are read once for each `sys.path`, or `anew`."""
    if anew:
        _scan.cache_clear()
    return _scan(tuple(sys.path))


@lru_cache(maxsize=4)
def _scan(_: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value)))


def asked_for(discover: bool | Iterable[str], *, environment: bool = True) -> tuple[tuple[str, ...] | None, str]:
    """Return the names of the installed plugins to load, None for all, and who asked.

    The environment variable CRMCORE_PLUGINS, where it is set, decides over the argument: names parted by commas, or nothing
    for none. Without `environment` it is not looked at.

    Raises:
        ArgumentError: neither a truth value nor names.
    """
    stated = os.environ.get(ENVIRONMENT) if environment else None
    if stated is not None:
        return tuple(dict.fromkeys(n.strip() for n in stated.split(",") if n.strip())), ENVIRONMENT
    if isinstance(discover, bool):
        return (None if discover else ()), "discover"
    if isinstance(discover, str) or not isinstance(discover, Iterable):
        raise ArgumentError(f"discover is True, False or a list of names, got {discover!r}")
    names = tuple(discover)
    if not all(isinstance(n, str) for n in names):
        raise ArgumentError(f"discover is True, False or a list of names, got {discover!r}")
    return tuple(dict.fromkeys(names)), "discover"


def distribution_of(module: str) -> tuple[str, str] | None:
    """Return name and version of the installed package that a module is named after, or None."""
    top = module.partition(".")[0]
    return _named(top) if top else None


@lru_cache(maxsize=256)
def _named(top: str) -> tuple[str, str] | None:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(top.replace("_", "-"))
    except (PackageNotFoundError, ValueError):
        return None
    return found.name, found.version
