"""Cells of CSV files: text stays text, also in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["RUN", "inert", "inert_row"]

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that a spreadsheet runs as a formula; the last four are their full-width forms."""


def inert(value: Any) -> Any:
    """Return a cell that no spreadsheet runs: text that begins as a formula stands after a ', and so does one after a '.

    Numbers, dates and blanks stay as they are, so that -5 is a number. Taking one ' away gives back the text.

    Examples:
        >>> inert("=1+1"), inert("Anna"), inert(-5)
        ("'=1+1", 'Anna', -5)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(RUN) else value


def inert_row(cells: Iterable[Any], *, formulas: bool) -> Sequence[Any]:
    """Return the cells of a row as `inert` gives them, or as they are where formulas are wanted."""
    return [*cells] if formulas else [inert(cell) for cell in cells]
