"""Told: histories that a profile declares - what columns each shape has, and the history that a file of it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs
import numpy as np

from ...calendars import Zone
from ...table.changes import History
from ...table.column import Column
from ...table.draft import Draft
from ...table.stacked import stacked
from .last_change import from_last_change
from .row_versions import from_row_versions
from .stays import from_entered_and_left, from_intervals

__all__ = ["SHAPES", "history_of", "is_date", "joined", "misses"]

SHAPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "row_versions": (("record", "at"), ("version", "created", "actor", "recorded_at")),
    "intervals": (("record", "value", "begin"), ("end", "into", "actor", "sequence")),
    "entered_and_left": (("record",), ()),
    "last_change": (("record", "value", "at"), ()),
}
"""Shape -> columns that it needs, and others that it may have."""
_DATES = frozenset({"at", "recorded_at", "created", "begin", "end"})
_STAGED = ("entered_", "left_")
_ZERO = {"instant": np.int64, "day": np.int32, "count": np.int64, "flag": np.bool_}


def is_date(shape: str, column: str) -> bool:
    """Is a column of a history with a date or instant?"""
    return column.startswith(_STAGED) if shape == "entered_and_left" else column in _DATES


def misses(shape: str, columns: Iterable[str]) -> str | None:
    """Return what is wrong with the columns of a history, None if nothing is."""
    needed, others = SHAPES[shape]
    given = list(columns)
    lacking = [name for name in needed if name not in given]
    if lacking:
        return f"history = {shape!r} needs {' and '.join(map(repr, lacking))}"
    more = [name for name in given if name not in needed and name not in others]
    if shape == "row_versions" and not more:
        return "history = 'row_versions' needs at least one of our columns, such as stage"
    if shape == "entered_and_left":
        if not any(name.startswith("entered_") for name in more):
            return "history = 'entered_and_left' needs columns such as entered_NAME and left_NAME, for the stages"
        more = [name for name in more if not name.startswith(_STAGED)]
    if more and shape != "row_versions":
        allowed = ", ".join([*needed, *others, *(_STAGED if shape == "entered_and_left" else ())])
        return f"history = {shape!r} has no column {more[0]!r}; there are {allowed}"
    return None


def history_of(shape: str, draft: Draft) -> History:
    """Return the history that the rows of a file tell."""
    if shape == "row_versions":
        control = {name for names in SHAPES[shape] for name in names}
        fields = {name: name for name in draft.columns if name not in control}
        known = "recorded_at" if "recorded_at" in draft.columns else None
        return from_row_versions(
            draft,
            record="record",
            at="at",
            version="version",
            created="created",
            actor="actor",
            recorded_at=known,
            fields=fields,
        )
    if shape == "intervals":
        return from_intervals(
            draft,
            record="record",
            value="value",
            begin="begin",
            end="end",
            into="into",
            actor="actor",
            sequence="sequence",
        )
    if shape == "entered_and_left":
        return from_entered_and_left(draft, record="record", entered="entered_{}", left="left_{}")
    return from_last_change(draft, record="record", value="value", at="at")


def joined(first: Draft, second: Draft) -> Draft:
    """Return the changes of a file with those of a history below; what one of them has no column for is blank."""
    names = [*first.columns, *(name for name in second.columns if name not in first.columns)]
    columns = {
        name: _ids(first.columns[name], second.length)
        if name == "id"
        else stacked(_column(first, second, name), _column(second, first, name), Zone("UTC"))
        for name in names
    }
    numbers = None
    if first.numbers is not None:
        after = int(first.numbers.max(initial=-1)) + 1
        numbers = np.append(first.numbers, after + np.arange(second.length))
    return attrs.evolve(
        first,
        columns=columns,
        length=first.length + second.length,
        numbers=numbers,
        issues=[*first.issues, *second.issues],
        excluded=_added(first.excluded, second.excluded),
        last_only=first.last_only | second.last_only,
    )


def _added(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {reason: first.get(reason, 0) + second.get(reason, 0) for reason in [*first, *second]}


def _column(draft: Draft, other: Draft, name: str) -> Column:
    """Return a column of a table, blank and of the kind of another table's where it has none."""
    if name in draft.columns:
        return draft.columns[name]
    kind, size = other.columns[name].kind, draft.length
    if kind == "key":
        return Column("key", np.zeros(size, np.int8), labels=(None,))
    if kind == "text":
        return Column("text", np.full(size, None, object))
    return Column(kind, np.zeros(size, _ZERO[kind]), np.full(size, kind == "flag"))


def _ids(ids: Column, more: int) -> Column:
    """Return ids with as many new ones below."""
    if ids.data.dtype == object:
        new = np.array([f"history:{number}" for number in range(1, more + 1)], object)
    else:
        new = int(ids.data.max(initial=0)) + 1 + np.arange(more)
    return Column("id", np.append(ids.data, new))
