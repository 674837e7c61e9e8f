"""Stores: records and their changes, kept. The contract, and the backends that need no other library."""

from __future__ import annotations
