"""SQLite: one file that keeps every change and every record; nothing to install."""

from __future__ import annotations

from ...errors import ArgumentError
from ..url import StoreUrl
from .backend import SqliteBackend

__all__ = ["SqliteBackend", "opened"]

_MODES = ("rw", "ro")


def opened(url: StoreUrl, *, create: bool = True) -> SqliteBackend:
    """Open the store of a URL such as sqlite:///crm.db, sqlite:////srv/crm.db or sqlite:///crm.db?mode=ro.

    Options: `mode`, rw or ro for reading only (a file that cannot be written is opened so by itself); `timeout`,
    seconds to wait for another writer, 30 by default.
    """
    options = url.only("mode", "timeout").options
    mode = options.get("mode", "rw")
    if mode not in _MODES:
        raise ArgumentError(f"{url}: mode is one of {', '.join(_MODES)}, got {mode!r}")
    text = options.get("timeout", "30")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise ArgumentError(f"{url}: timeout is a whole number of seconds, got {text!r}")
    return SqliteBackend(url.file(), create=create, read_only=mode == "ro", timeout=int(text))
