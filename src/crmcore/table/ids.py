"""Ids: which occur twice, which references find none, and one type for both sides of a reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .column import Array, Column, Mask, code_type

__all__ = ["as_number", "holder_of", "like_ids", "repeated"]

_MAX_INT = 2**63


def repeated(ids: Column, keep: Mask | None = None) -> Array:
    """Return the positions of the second and later occurrences of ids, in order; rows not kept do not count."""
    rows = None if keep is None else np.flatnonzero(keep)
    data = ids.data if rows is None else ids.data[rows]
    found = _repeated_text(data) if data.dtype == object else _repeated_int(data)
    return found if rows is None else rows[found]


def _repeated_int(data: Array) -> Array:
    none = np.zeros(0, np.int64)
    size = len(data)
    if size < 2 or bool((data[1:] > data[:-1]).all()):
        return none
    low, high = int(data.min()), int(data.max())
    if high - low < 8 * size:
        # marks in a table of all numbers in between cost less than sorting
        marks = np.zeros(high - low + 1, bool)
        marks[data - low] = True
        if np.count_nonzero(marks) == size:
            return none
    else:
        ordered = np.sort(data)
        if not (ordered[1:] == ordered[:-1]).any():
            return none
    order = np.argsort(data, kind="stable")
    ordered = data[order]
    return np.sort(order[1:][ordered[1:] == ordered[:-1]])


def _repeated_text(data: Array) -> Array:
    listed = data.tolist()
    if len(set(listed)) == len(listed):
        return np.zeros(0, np.int64)
    seen: set[Any] = set()
    found = []
    for row, label in enumerate(listed):
        if label in seen:
            found.append(row)
        seen.add(label)
    return np.array(found, np.int64)


def like_ids(column: Column, ids: Column) -> Column:
    """Return a key column with labels of the type that the ids have: whole numbers, or text.

    A file knows only text, so the label "17" and the id 17 mean the same there.
    """
    convert: Callable[[Any], Any] = _as_text if ids.data.dtype == object else as_number
    labels = [None, *map(convert, column.labels[1:])]
    if labels == list(column.labels):
        return column
    index: dict[Any, int] = {}
    codes = np.array([index.setdefault(label, len(index)) for label in labels], np.int64)
    if len(index) == len(labels):
        return column.replace(labels=tuple(labels))
    data = codes.take(column.data).astype(code_type(len(index)))
    return column.replace(data=data, labels=tuple(index))


def _as_text(label: Any) -> Any:
    return str(label) if isinstance(label, int) else label


def as_number(label: Any) -> Any:
    """Return text that is exactly how a whole number is written as that number, anything else as it is: "007" stays text."""
    if isinstance(label, str) and len(label) < 20 and label.isascii() and label.removeprefix("-").isdigit():
        number = int(label)
        if str(number) == label and -_MAX_INT <= number < _MAX_INT:
            return number
    return label


def holder_of(ids: Column) -> Callable[[list[Any]], list[bool]]:
    """Return a function that says which of some labels are among the ids."""
    if ids.data.dtype == object:
        known = set(ids.data.tolist())
        return lambda labels: [label in known for label in labels]
    numbers = np.sort(ids.data)

    def held(labels: list[Any]) -> list[bool]:
        whole = np.array([v if isinstance(v, int) and -_MAX_INT <= v < _MAX_INT else 0 for v in labels], np.int64)
        places = np.minimum(np.searchsorted(numbers, whole), max(len(numbers) - 1, 0))
        hit = numbers[places] == whole if len(numbers) else np.zeros(len(labels), bool)
        return [bool(h) and isinstance(v, int) for h, v in zip(hit.tolist(), labels, strict=True)]

    return held
