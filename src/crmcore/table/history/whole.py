"""Whole: a table with the rows that count nowhere today, for they may have counted in the past (O3, E05)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...calendars import Zone
from ..column import Column, Mask
from ..stacked import stacked
from ..table import Table

__all__ = ["GONE", "gone", "whole"]

GONE = ("deleted", "merged_into", "sample", "test")
"""Columns that leave a row out where they say something (O3)."""


def whole(table: Table, zone: Zone) -> Table:
    """Return the table with the rows that were left out of it below its own."""
    aside = table.aside
    if aside is None:
        return table

    def make() -> Table:
        columns: Mapping[str, Column] = {
            name: stacked(column, aside.columns[name], zone)
            for name, column in table.columns.items()
            if name in aside.columns
        }
        numbers = [t.row_numbers(np.arange(len(t))) for t in (table, aside)]
        return Table(
            table.name,
            columns,
            length=len(table) + len(aside),
            references=table.references,
            excluded=table.excluded,
            rows=np.concatenate(numbers),
        )

    return table.kept(("whole", zone.name), make)


def gone(table: Table) -> Mask:
    """Return which rows count nowhere, by what the table says of them now."""
    found = np.zeros(len(table), bool)
    for name in GONE:
        column = table.columns.get(name)
        if column is not None:
            found |= column.data & column.present() if column.kind == "flag" else column.present()
    return found
