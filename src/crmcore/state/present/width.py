"""How many columns of a terminal a text takes."""

from __future__ import annotations

import unicodedata

__all__ = ["aligned", "clean", "padded", "width"]

_NONE = frozenset({"Mn", "Me", "Cf"})
_WIDE = frozenset("WF")


def width(text: str) -> int:
    """Return the columns of a text: 2 for a wide East Asian character, 0 for a combining mark, 1 for any other."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(c) in _NONE else 2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in text
    )


def clean(text: str) -> str:
    """Return a text on one line that moves no cursor: control characters become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)


def padded(text: str, columns: int, *, right: bool) -> str:
    """Return a text filled up with spaces to so many columns, on the left when it is aligned right."""
    space = " " * max(columns - width(text), 0)
    return space + text if right else text + space


def aligned(headers: list[str], rows: list[list[str]], right: list[bool], total: list[str] | None = None) -> list[str]:
    """Return the lines of a table: headers, a rule, rows, and where there is a total a rule and the total."""
    below = [] if total is None else [total]
    lines = [[clean(cell) for cell in line] for line in (headers, *rows, *below)]
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    shown = [
        "  ".join(padded(cell, w, right=r) for cell, w, r in zip(line, widths, right, strict=True)).rstrip()
        for line in lines
    ]
    rule = "  ".join("-" * w for w in widths)
    last = [rule, shown[-1]] if below else []
    return [shown[0], rule, *shown[1 : 1 + len(rows)], *last]
