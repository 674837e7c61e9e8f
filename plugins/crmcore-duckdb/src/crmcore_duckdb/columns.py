"""Columns of tables that somebody else has made: which field a type of DuckDB becomes."""

from __future__ import annotations

import re

import attrs

from .engine import quoted
from .forms import Field

__all__ = ["HostColumn", "host_column"]

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
_SMALL = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_WHOLE = {*_SMALL, *(f"U{kind}" for kind in _SMALL)}
"""Beyond 64 bits is an error when it is read."""
_READINGS = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_FORMS = {
    "VARCHAR": ("text", ""),
    "JSON": ("text", "VARCHAR"),
    "UUID": ("text", "VARCHAR"),
    "BOOLEAN": ("flag", ""),
    "DATE": ("day", ""),
    "TIMESTAMP WITH TIME ZONE": ("instant", ""),
    "DOUBLE": ("score", ""),
    "FLOAT": ("score", ""),
}
"""Type -> form, and what it is cast to; "" for nothing."""


@attrs.frozen(slots=True)
class HostColumn:
    """A column of a table of the host: its field, how it is selected, whether its timestamps have no zone."""

    field: Field
    sql: str
    reading: bool = False


def host_column(name: str, kind: str) -> HostColumn | None:
    """Return a column of the host; None for a type that no column of ours holds, such as a list.

    Args:
        name: of the column.
        kind: its type, in DuckDB's words.
    """
    sql = quoted(name)
    decimal = _DECIMAL.fullmatch(kind)
    if kind in _FORMS or kind.startswith("ENUM("):
        form, cast = _FORMS.get(kind, ("text", "VARCHAR"))
        return HostColumn(Field(name, form, (name,)), f"CAST({sql} AS {cast})" if cast else sql)
    if kind in _WHOLE:
        return HostColumn(Field(name, "whole", (name,)), f"CAST({sql} AS BIGINT)")
    if decimal is not None:
        return HostColumn(Field(name, "decimal", (name,), int(decimal[2])), sql)
    if kind in _READINGS:
        return HostColumn(Field(name, "reading", (name,)), f"CAST({sql} AS TIMESTAMP)", reading=True)
    return None
