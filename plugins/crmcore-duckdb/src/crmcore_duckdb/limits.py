"""Limits: how much a file may turn out to hold. What is counted is what is there, not what a footer says."""

from __future__ import annotations

from typing import Any

import attrs

from crmcore.errors import ArgumentError

__all__ = ["OPTIONS", "Limits", "limits_of"]


@attrs.frozen(slots=True)
class Limits:
    """What a table may hold before it is refused, and what reading it may take.

    Args:
        rows: rows of a table.
        columns: columns of a table.
        cell: bytes of a text.
        bytes: bytes of all values of a table together, as they are in memory.
        memory: megabytes that DuckDB may take.
        threads: threads that DuckDB may take.
    """

    rows: int = 100_000_000
    columns: int = 2_000
    cell: int = 16 << 20
    bytes: int = 4 << 30
    memory: int = 2_048
    threads: int = 2


OPTIONS = tuple(a.name for a in attrs.fields(Limits))


def limits_of(options: Any) -> Limits:
    """Return the limits that the options of a URL state; `rows=1000000`.

    Raises:
        ArgumentError: an option that is no whole number above 0.
    """
    found: dict[str, int] = {}
    for name in OPTIONS:
        text = options.get(name)
        if text is None:
            continue
        if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) == 0:
            raise ArgumentError(f"option {name}={text!r} is not a whole number above 0")
        found[name] = int(text)
    return Limits(**found)
