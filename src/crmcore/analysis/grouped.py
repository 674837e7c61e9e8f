"""Grouped: rows in groups by the columns that are asked for, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..state.listing import Heading, Values
from ..table.column import Array, sort_key
from .order import heading
from .view import Rows

__all__ = ["Groups", "groups_of", "label_key"]

By = str | Expr | Iterable[str | Expr]


@attrs.frozen(slots=True, eq=False)
class Groups:
    """Which group each row is in; blank is a group like the others, and comes last.

    Args:
        names: what the groups are by.
        labels: of each group, one label per name.
        code: of each row, the number of its group.
    """

    names: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    code: Array

    def columns(self, groups: Sequence[int]) -> list[tuple[Heading, Values]]:
        """Return the labels of these groups, one column per name."""
        return [(heading(name), [self.labels[g][i] for g in groups]) for i, name in enumerate(self.names)]


def groups_of(rows: Rows, by: By = ()) -> Groups:
    """Return the groups of rows by columns or expressions; all rows are one group where there are none."""
    asked = (by,) if isinstance(by, (str, Expr)) else tuple(by)
    keys = [rows.key(expr) for expr in asked]
    names = tuple(expr if isinstance(expr, str) else repr(expr) for expr in asked)
    combined = np.zeros(len(rows), np.int64)
    for key in keys:
        combined = np.unique(combined * len(key.labels) + key.data, return_inverse=True)[1].reshape(-1)
    size = int(combined.max(initial=-1)) + 1
    one_of = np.zeros(size, np.int64)
    one_of[combined] = np.arange(len(rows))
    labels = [tuple(key.labels[key.data[row]] for key in keys) for row in one_of.tolist()]
    order = sorted(range(size), key=lambda g: tuple(map(label_key, labels[g])))
    place = np.empty(size, np.int64)
    place[order] = np.arange(size)
    return Groups(names, tuple(labels[g] for g in order), place[combined])


def label_key(label: Any) -> tuple[bool, tuple[int, Any]]:
    """Order labels: numbers before text, blank last."""
    return label is None, sort_key(label)
