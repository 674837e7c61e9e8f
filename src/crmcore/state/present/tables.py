"""A result as a table: for a terminal, for a page, for Markdown."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from .sheet import sheet_of
from .width import aligned, clean

if TYPE_CHECKING:
    from ..result import Result

__all__ = ["html_table", "markdown", "text_table"]


def text_table(result: Result, *, language: str | None = None, total: bool = False, limit: int | None = None) -> str:
    """Return a result as a table of text: numbers right aligned, wide characters counted as two.

    Args:
        result: the numbers.
        language: of labels and notes, "en" or "zh"; by default that of the workspace.
        total: give the total over all groups and periods as a last row.
        limit: rows that are shown.
    """
    sheet = sheet_of(result, language, total=total, limit=limit)
    lines = aligned(sheet.headers, sheet.rows, sheet.right, sheet.total)
    return "\n".join([*lines, "", *map(clean, sheet.notes)])


_SIGNS = re.compile(r"([\\`*\[\]|~])")


def markdown(result: Result, *, language: str | None = None, total: bool = False, limit: int | None = None) -> str:
    """Return a result as a Markdown table; the arguments are those of `text_table`."""
    sheet = sheet_of(result, language, total=total, limit=limit)
    lines = [_line(sheet.headers), _line(["---:" if r else "---" for r in sheet.right], raw=True)]
    lines += [_line(row) for row in sheet.rows]
    if sheet.total is not None:
        lines.append(_line([f"**{_marked(cell)}**" if cell else "" for cell in sheet.total], raw=True))
    return "\n".join([*lines, "", *(_marked(note) + "  " for note in sheet.notes[:-1]), _marked(sheet.notes[-1])])


def _line(cells: list[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(cells if raw else map(_marked, cells)) + " |"


def _marked(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return _SIGNS.sub(r"\\\1", escape(clean(text), quote=False))


def html_table(result: Result, *, language: str | None = None, total: bool = False, limit: int | None = None) -> str:
    """Return a result as an HTML table without any script; the arguments are those of `text_table`."""
    sheet = sheet_of(result, language, total=total, limit=limit)

    def line(cells: list[str], tag: str) -> str:
        inner = "".join(
            f'<{tag} style="text-align: {"right" if r else "left"}">{escape(cell)}</{tag}>'
            for cell, r in zip(cells, sheet.right, strict=True)
        )
        return f"<tr>{inner}</tr>"

    total_row = "" if sheet.total is None else f"\n<tfoot>\n{line(sheet.total, 'th')}\n</tfoot>"
    rows = "\n".join(line(row, "td") for row in sheet.rows)
    notes = "\n".join(f"<p>{escape(note)}</p>" for note in sheet.notes)
    return (
        f'<div class="crmcore-result">\n<table>\n<thead>\n{line(sheet.headers, "th")}\n</thead>\n'
        f"<tbody>\n{rows}\n</tbody>{total_row}\n</table>\n{notes}\n</div>"
    )
