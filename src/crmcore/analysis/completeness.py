"""Completeness: how many records of each table have a value in each of its fields."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from ..state.listing import Fact, Heading, Listing
from ..table.column import sort_key
from .choices import names_of
from .view import View

__all__ = ["field_completeness"]

_LABELS = {
    "table": {"en": "Table", "zh": "表"},
    "field": {"en": "Field", "zh": "字段"},
    "records": {"en": "Records", "zh": "记录数"},
    "filled": {"en": "Filled", "zh": "已填"},
    "blank": {"en": "Blank", "zh": "空白"},
    "share": {"en": "Share", "zh": "占比"},
}


def _heading(name: str, unit: str = "label") -> Heading:
    return Heading(name, unit, _LABELS[name])


def field_completeness(view: View, *, tables: str | Sequence[str] | None = None) -> Listing:
    """List how many records of each table have a value in each of its fields.

    share = filled / records. What the profile declares a null word is no value; 0 and False are values. The id, which
    every record has, is not listed, nor is a field that the source does not have at all.

    Args:
        view: the dataset, from one instant.
        tables: the tables that are looked at; all when left out.

    Returns: one row per table and field, the emptiest first, ties by table and field; facts: records x fields
        (`cases`), how many of them are filled, and their share (R1).

    Undefined when: a table has no records; then its fields have no share.

    Raises:
        TableNotFound: no such table, with the nearest names.
        ArgumentError: what is no name.

    Rules: R1, R2, O3

    Source: A09; articles A0, A3
    """
    named = tuple(view.scope.tables) if tables is None else names_of("tables", tables)
    found: list[tuple[str, str, int, int]] = []
    for table in dict.fromkeys(named):
        rows = view.rows(table)
        for name, column in view.scope.tables[table].columns.items():
            if column.kind != "id" or name != "id":
                here = column if rows.places is None else column.take(rows.places)
                found.append((table, name, len(rows), len(rows) - here.nulls))
    found.sort(key=lambda x: (not x[2], Fraction(x[3], x[2] or 1), x[0], sort_key(x[1])))
    cases, filled = sum(x[2] for x in found), sum(x[3] for x in found)
    return Listing(
        [
            (_heading("table"), [x[0] for x in found]),
            (_heading("field"), [x[1] for x in found]),
            (_heading("records", "count"), [x[2] for x in found]),
            (_heading("filled", "count"), [x[3] for x in found]),
            (_heading("blank", "count"), [x[2] - x[3] for x in found]),
            (_heading("share", "ratio"), [x[3] / x[2] if x[2] else None for x in found]),
        ],
        facts=[
            Fact("cases", cases, "count", {"en": "Records x fields", "zh": "记录数×字段数"}),
            Fact("filled", filled, "count", _LABELS["filled"]),
            Fact("share", filled / cases if cases else None, "ratio", _LABELS["share"]),
        ],
    )
