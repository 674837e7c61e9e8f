"""A result as CSV and as lines of JSON: raw values, nothing rounded."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from math import isnan
from typing import TYPE_CHECKING, Any

from .cells import inert_row

if TYPE_CHECKING:
    from ..listing import Listing
    from ..result import Result

__all__ = ["csv_text", "jsonl", "listing_csv"]


def csv_text(result: Result, *, total: bool = False, formulas: bool = False) -> str:
    """Return a result as CSV: a header, then a row per group and period; blank and undefined are empty cells.

    Args:
        result: the numbers.
        total: give the total as a last row, called "(total)"; without keys and periods the only row is the total.
        formulas: leave text as it is that a spreadsheet would run; by default it stands after a '.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = _columns(result)
    writer.writerow(inert_row(columns, formulas=formulas))
    writer.writerows(inert_row(row, formulas=formulas) for row in zip(*columns.values(), strict=True))
    if total and result.axes:
        totals = {result.axes[0]: "(total)"} | result.total
        writer.writerow([totals.get(name) for name in columns])
    return text.getvalue()


def listing_csv(listing: Listing, *, formulas: bool = False) -> str:
    """Return a listing as CSV: a header of names, then its rows; blank and undefined are empty cells.

    Args:
        listing: the rows.
        formulas: leave text as it is that a spreadsheet would run; by default it stands after a '.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(inert_row(listing.names, formulas=formulas))
    columns = [listing.plain(name) for name in listing.names]
    writer.writerows(inert_row(row, formulas=formulas) for row in zip(*columns, strict=True))
    return text.getvalue()


def jsonl(result: Result, *, total: bool = False) -> str:
    """Return a result as one JSON object per line and row.

    Args:
        result: the numbers.
        total: give the total as a last line, {"total": {...}}.
    """
    return "".join(f"{json.dumps(line, ensure_ascii=False, default=str)}\n" for line in _lines(result, total=total))


def _lines(result: Result, *, total: bool) -> Iterator[dict[str, Any]]:
    columns = _columns(result)
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))
    if total:
        yield {"total": result.total}


def _columns(result: Result) -> dict[str, list[Any]]:
    """Return keys, metrics, and where intervals were asked for `<metric>_low` and `<metric>_high`."""
    columns: dict[str, list[Any]] = {key: result.column(key) for key in result.axes}
    for name in result.names:
        columns[name] = result.plain(name)
        if result.confidence is not None:
            measured = result[name]
            for bound, values in (("low", measured.low), ("high", measured.high)):
                if values is not None:
                    columns[f"{name}_{bound}"] = [None if isnan(v) else v for v in values.tolist()]
    return columns
