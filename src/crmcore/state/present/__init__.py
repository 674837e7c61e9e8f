"""Present: a result as text, Markdown, HTML, CSV and lines of JSON."""

from __future__ import annotations

from .cells import inert, inert_row
from .raw import csv_text, jsonl, listing_csv
from .tables import html_table, markdown, text_table

__all__ = ["csv_text", "html_table", "inert", "inert_row", "jsonl", "listing_csv", "markdown", "text_table"]
