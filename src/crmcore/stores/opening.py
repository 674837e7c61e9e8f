"""Open a store by its URL."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from ..errors import StoreNotFound
from .contract import Backend, Capabilities, StoreSpec
from .url import StoreUrl, parse_url

__all__ = ["BUILT_IN", "open_store"]


def _later(module: str) -> object:
    def opened(url: StoreUrl, *, create: bool = True) -> Backend:
        backend: Backend = import_module(f".{module}", __package__).opened(url, create=create)
        return backend

    return opened


BUILT_IN: Mapping[str, StoreSpec] = {
    "memory": StoreSpec(
        "memory",
        _later("memory"),  # type: ignore[arg-type]  # loaded when it is opened
        "In memory, gone with the process: for tests and trials.",
        Capabilities(durable=False, processes=False, backup=False, tamper_evident=False),
    ),
    "sqlite": StoreSpec(
        "sqlite",
        _later("sqlite"),  # type: ignore[arg-type]  # loaded when it is opened
        "One file, with nothing to install: the default.",
    ),
}
"""The stores that come with crmcore, by scheme."""


def open_store(
    url: str | StoreUrl,
    *,
    specs: Mapping[str, StoreSpec] | None = None,
    root: str | Path | None = None,
    create: bool = True,
) -> Backend:
    """Open a store.

    Args:
        url: such as "sqlite:///crm.db", "memory:" or "postgresql://user@host/name".
        specs: kinds of stores beside those of crmcore, by scheme; plugins bring them.
        root: folder that a store's file must lie in, for URLs that come from outside.
        create: make a store that is not there.

    Raises:
        StoreNotFound: no kind of store of that scheme, with the nearest ones.
        ArgumentError: text that is no URL.
        StoreError: a store that cannot be opened.
    """
    parsed = parse_url(url, root=root)
    known = {**BUILT_IN, **(specs or {})}
    if parsed.scheme not in known:
        raise StoreNotFound(parsed.scheme, known)
    return known[parsed.scheme].open(parsed, create=create)
