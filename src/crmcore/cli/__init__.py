"""The command line: `crmcore` and `python -m crmcore`. A command's own modules load when it runs."""

from __future__ import annotations

from .main import main

__all__ = ["main"]
