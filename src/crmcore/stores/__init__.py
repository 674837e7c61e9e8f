"""Stores: records and their changes, kept. The contract, and the backends that need no other library."""

from __future__ import annotations

from .contract import (
    Appended,
    Backend,
    Batch,
    Capabilities,
    Consumer,
    Cut,
    Stats,
    Store,
    Stored,
    StoreSpec,
    Transaction,
    Verification,
)
from .entry import Entry, Write
from .opening import BUILT_IN, open_store
from .url import StoreUrl, parse_url

__all__ = [
    "BUILT_IN",
    "Appended",
    "Backend",
    "Batch",
    "Capabilities",
    "Consumer",
    "Cut",
    "Entry",
    "Stats",
    "Store",
    "StoreSpec",
    "StoreUrl",
    "Stored",
    "Transaction",
    "Verification",
    "Write",
    "open_store",
    "parse_url",
]
