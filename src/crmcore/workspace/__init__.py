"""The host's object: settings, metrics, and how they are measured."""

from __future__ import annotations

from .definition import columns_needed, definition
from .workspace import Workspace

__all__ = ["Workspace", "columns_needed", "definition"]
