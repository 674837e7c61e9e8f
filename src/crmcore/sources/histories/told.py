"""Told: histories that a profile declares - what columns each shape has, and the history that a file of it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import numpy as np

from ...calendars import Zone
from ...table.changes import History, untold
from ...table.column import Column
from ...table.draft import Draft
from ...table.stacked import stacked
from ..profile import FieldMap
from .field_changes import from_diffs, from_field_changes, percent
from .last_change import from_last_change
from .row_versions import from_row_versions
from .stays import from_entered_and_left, from_intervals

__all__ = ["FIELDED", "PATTERNS", "SHAPES", "history_of", "joined", "kind_of", "misses"]

_ELSE = ("old_else", "new_else")
"""Columns that count where the one before them is blank."""
SHAPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "field_changes": (("record", "field", "new", "at"), ("old", *_ELSE, "actor", "recorded_at", "sequence")),
    "diffs": (("record", "diff", "at"), ("actor", "sequence")),
    "row_versions": (("record", "at"), ("version", "created", "actor", "recorded_at")),
    "intervals": (("record", "value", "begin"), ("end", "into", "actor", "sequence")),
    "entered_and_left": (("record",), ()),
    "last_change": (("record", "value", "at"), ()),
}
"""Shape -> columns that it needs, and others that it may have."""
FIELDED = ("field_changes", "diffs")
"""Shapes whose rows name the field that changed."""
PATTERNS = ("entered", "left")
"""Columns of which each stands for many, one for each stage."""
_DATES = frozenset({"at", "recorded_at", "created", "begin", "end"})
_TEXTS = frozenset({"old", "new", "diff", *_ELSE})
_STAGED = ("entered_", "left_")
_ZERO = {"instant": np.int64, "day": np.int32, "count": np.int64, "flag": np.bool_}


def kind_of(shape: str, column: str) -> str | None:
    """Return the kind of a column of a history, None where any will do."""
    dated = column in PATTERNS or column.startswith(_STAGED) if shape == "entered_and_left" else column in _DATES
    return "moment" if dated else "text" if shape in FIELDED and column in _TEXTS else None


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
        if not any(name == "entered" or name.startswith("entered_") for name in more):
            return "history = 'entered_and_left' needs columns such as entered_NAME and left_NAME, for the stages"
        more = [name for name in more if not name.startswith(_STAGED) and name not in PATTERNS]
    if more and shape != "row_versions":
        allowed = ", ".join([*needed, *others, *((*_STAGED, *PATTERNS) if shape == "entered_and_left" else ())])
        return f"history = {shape!r} has no column {more[0]!r}; there are {allowed}"
    return None


def history_of(shape: str, draft: Draft, fields: Sequence[FieldMap] = ()) -> History:
    """Return the history that the rows of a file tell."""
    some: dict[str, Any] = {name: name if name in draft.columns else None for name in SHAPES[shape][1]}
    if shape in FIELDED:
        return _of_fields(shape, draft, fields, some)
    if shape == "row_versions":
        control = {name for names in SHAPES[shape] for name in names}
        ours = {name: name for name in draft.columns if name not in control}
        return from_row_versions(draft, record="record", at="at", fields=ours, **some)
    if shape == "intervals":
        return from_intervals(draft, record="record", value="value", begin="begin", **some)
    if shape == "entered_and_left":
        left = any(name.startswith("left_") for name in draft.columns)
        return from_entered_and_left(draft, record="record", entered="entered_{}", left="left_{}" if left else None)
    return from_last_change(draft, record="record", value="value", at="at")


def _of_fields(shape: str, draft: Draft, fields: Sequence[FieldMap], some: Mapping[str, Any]) -> History:
    """Return the history of a log that names the fields that changed."""
    names = {field.theirs: field.ours for field in fields}
    values: dict[str, Mapping[Any, Any] | Callable[[str], Any]] = {}
    for field in fields:
        if field.values:
            values[field.ours] = dict(field.values)
        elif field.percent in _PERCENT:
            values[field.ours] = _PERCENT[field.percent]
    if shape == "diffs":
        return from_diffs(draft, record="record", diff="diff", at="at", fields=names, values=values, **some)
    who = {name: some[name] for name in ("actor", "recorded_at", "sequence")}
    old = [name for name in ("old", "old_else") if some[name] is not None]
    new = ["new", *(["new_else"] if some["new_else"] else [])]
    return from_field_changes(
        draft, record="record", field="field", old=old, new=new, at="at", fields=names, values=values, **who
    )


def _percent_text(text: str) -> Decimal:
    return percent(text.rstrip().removesuffix("%"))


_PERCENT: Mapping[Any, Callable[[str], Any]] = {100: percent, "text": _percent_text}


def joined(first: Draft, second: Draft) -> Draft:
    """Return the changes of a file with those of a history below that are new; what one of them has no column for is blank."""
    second = untold(first, second)
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
