"""Parquet snapshots of stores, and DuckDB databases as a source: `parquet:///folder`, `duckdb:///file`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import crmcore as cc
from crmcore.stores import Backend, Capabilities, StoreSpec, StoreUrl

if TYPE_CHECKING:
    from .limits import Limits
    from .manifest import Manifest
    from .writing import export

__all__ = ["CRMCORE_API", "Limits", "Manifest", "crmcore_stores", "export"]

CRMCORE_API = (1, 0)
_HOMES = {"Limits": "limits", "Manifest": "manifest", "export": "writing"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = found
    return found


def _parquet(url: StoreUrl, *, create: bool = False) -> Backend:
    """Open a snapshot; a Parquet file, or a folder of such that is no snapshot, as tables of the host."""
    from . import database, snapshot
    from .manifest import is_snapshot

    return snapshot.opened(url, create=create) if is_snapshot(url.file()) else database.opened(url, create=create)


def _database(url: StoreUrl, *, create: bool = False) -> Backend:
    from . import database

    return database.opened(url, create=create)


@cc.hookimpl
def crmcore_stores() -> Iterable[StoreSpec]:
    """Declare the two sources; neither DuckDB nor pyarrow is imported before one is opened."""
    only_read = Capabilities(processes=False, backup=False, read_only=True)
    return [
        StoreSpec("parquet", _parquet, "A snapshot, or other Parquet files, to be read.", only_read),
        StoreSpec(
            "duckdb",
            _database,
            "The tables of a DuckDB database, to be read.",
            Capabilities(processes=False, backup=False, tamper_evident=False, read_only=True),
        ),
    ]
