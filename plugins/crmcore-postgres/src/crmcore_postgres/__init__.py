"""Stores of crmcore in PostgreSQL: many writers, many tenants, kept apart by the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import crmcore as cc

if TYPE_CHECKING:
    from crmcore.stores import StoreSpec

    from .backend import PostgresBackend
    from .schema import install

CRMCORE_API = (1, 0)

__all__ = ["CRMCORE_API", "PostgresBackend", "crmcore_stores", "install"]

_HOMES = {"PostgresBackend": "backend", "install": "schema"}


@cc.hookimpl
def crmcore_stores() -> list[StoreSpec]:
    """Declare the stores that URLs beginning with postgresql: name."""
    from .backend import SPEC

    return [SPEC]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
