"""Smaller: of rows that show a fault, a few that still do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .business import Records

__all__ = ["few", "told"]

TRIES = 400
"""Attempts at leaving rows out."""


def few(records: Records, fails: Callable[[Records], bool]) -> Records:
    """Return as few of the rows as `TRIES` attempts find, for which `fails` is still true."""
    left, tries = {name: list(rows) for name, rows in records.items()}, TRIES

    def still(name: str, rows: list[Any]) -> bool:
        nonlocal tries
        tries -= 1
        return tries >= 0 and fails({**left, name: rows})

    for name in sorted(left, key=lambda n: -len(left[n])):
        if left[name] and still(name, []):
            left[name] = []
    for name in sorted(left, key=lambda n: -len(left[n])):
        size = len(left[name])
        while size:
            place = 0
            while place < len(left[name]):
                rows = left[name][:place] + left[name][place + size :]
                if still(name, rows):
                    left[name] = rows
                else:
                    place += size
            size //= 2
    return left


def told(records: Records) -> str:
    """Return rows in words, a line for each; blank columns are left out."""
    lines = [
        f"  {name}: " + ", ".join(f"{column}={value!r}" for column, value in row.items() if value is not None)
        for name, rows in records.items()
        for row in rows
    ]
    return "\n".join([*lines[:12], *([f"  ... and {len(lines) - 12} more rows"] if len(lines) > 12 else [])])
