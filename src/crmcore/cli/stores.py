"""Stores on the command line: a path or a URL, opened with the kinds of stores that plugins bring."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError, StoreNotFound
from ..stores import BUILT_IN, Backend, StoreUrl, open_store, parse_url
from ..workspace import Workspace

__all__ = ["opened", "url_of"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]+:")  # two characters at least: C: is a drive


def url_of(text: str) -> StoreUrl:
    """Return the URL that a text is, or the one of the SQLite file whose path it is.

    Raises:
        ArgumentError: text that is neither.
    """
    if _SCHEME.match(text):
        return parse_url(text)
    if not text:
        raise ArgumentError("a store is a path such as crm.db, or a URL such as sqlite:///crm.db; the text is empty")
    return StoreUrl("sqlite", text)


def opened(text: str, settings: Mapping[str, Any], *, create: bool) -> Backend:
    """Open the store of a path or URL.

    Args:
        text: the path or URL.
        settings: of the workspace, whose plugins may bring the kind of store.
        create: make it if it is not there.

    Raises:
        ArgumentError: text that names no store, or one that is gone with the process.
        StoreNotFound: no kind of store of that scheme.
        StoreError: a store that cannot be opened.
    """
    url = url_of(text)
    specs = {} if url.scheme in BUILT_IN else Workspace(**settings).stores
    if url.scheme == "memory":
        raise ArgumentError("a store in memory is gone with the command; name a file, such as crm.db")
    if url.scheme not in (known := {**BUILT_IN, **specs}):
        raise StoreNotFound(url.scheme, known, hint="a package may bring it: --discover loads those that are installed")
    return open_store(url, specs=specs, create=create)
