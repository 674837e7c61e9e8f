"""What is left of a condition in a segment, once the clustering column has decided its part."""

from __future__ import annotations

import attrs
import numpy as np

from ..algebra.columns import Expr
from ..algebra.walk import columns_of
from ..evaluate import Scope, holds, seen_by
from ..table.column import Column, Mask
from ..table.table import Segment, Table

__all__ = ["Residual", "residual"]


@attrs.frozen(slots=True, eq=False)
class Residual:
    """The rows of a segment that a condition keeps: all of them (mask None) or those where the mask is true."""

    key: object
    mask: Mask | None
    rows: int
    density: float

    def also(self, mask: Mask, key: object, segment: Segment) -> Residual | None:
        """Return the rows that have a value as well; None when no row does."""
        both = mask if self.mask is None else self.mask & mask
        return _measured((self.key, key), both, int(np.count_nonzero(both[segment.start : segment.stop])), segment)

    def others(self, segment: Segment) -> Residual:
        """Return the other rows of the segment."""
        assert self.mask is not None
        mask = np.zeros(self.mask.size, bool)
        mask[segment.start : segment.stop] = ~self.mask[segment.start : segment.stop]
        rows = segment.stop - segment.start - self.rows
        return Residual(("others", self.key), mask, rows, rows / (segment.stop - segment.start))


_ALL: object = "all"


def residual(terms: tuple[Expr, ...], table: Table, scope: Scope, segment: Segment) -> Residual | None:
    """Return what the terms keep of a segment; None when they keep nothing."""
    length = segment.stop - segment.start
    left: list[Expr] = []
    for term in terms:
        decided = _decided(term, table, scope, segment) if table.clustered is not None else None
        if decided is None:
            left.append(term)
        elif not decided:
            return None
    if not left:
        return Residual(_ALL, None, length, 1.0) if length else None
    key = ("mask", frozenset(t.key for t in left), scope.zone.name, scope.calendar, scope.as_of, scope.world)
    mask, counts = table.kept(key, lambda: _mask(left, table, scope))
    return _measured(key, mask, counts[segment.start], segment)


def _measured(key: object, mask: Mask, rows: int, segment: Segment) -> Residual | None:
    length = segment.stop - segment.start
    if rows == 0:
        return None
    if rows == length:
        return Residual(_ALL, None, length, 1.0)
    return Residual(key, mask, rows, rows / length)


def _mask(terms: list[Expr], table: Table, scope: Scope) -> tuple[Mask, dict[int, int]]:
    mask = holds(terms[0], table, scope)
    for term in terms[1:]:
        mask = mask & holds(term, table, scope)
    return mask, {s.start: int(np.count_nonzero(mask[s.start : s.stop])) for s in table.segments}


def _decided(term: Expr, table: Table, scope: Scope, segment: Segment) -> bool | None:
    """Return whether the term holds throughout the segment, None when the clustering column does not tell."""
    name = table.clustered
    assert name is not None
    if columns_of(term) != [name] or table.columns[name].kind != "key":
        return None
    holding = table.kept(("labels", term.key, seen_by(term, scope)), lambda: _on_labels(term, name, table, scope))
    return bool(holding[segment.code])


def _on_labels(term: Expr, name: str, table: Table, scope: Scope) -> Mask:
    column = table.columns[name]
    codes = np.arange(len(column.labels))
    small = Table(table.name, {name: Column("key", codes, labels=column.labels)})
    return holds(term, small, scope)
