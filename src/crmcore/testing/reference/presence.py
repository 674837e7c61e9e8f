"""Where rows take part in a formula: in which groups, and on which days."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...algebra import formulas as f
from ...algebra.aggregates import STOCK, Aggregate
from .frames import Frame
from .parts import Key, roll_ups

if TYPE_CHECKING:
    from .formulas import Measure

__all__ = ["days_taken", "groups_taken"]

Days = tuple[int, int]


def groups_taken(measure: Measure, node: f.Formula, frame: Frame) -> set[Key]:
    """Return the groups of which a row takes part in the formula, in the frame or in a window of it.

    A row that belongs to no entity makes none, and takes part all the same.
    """
    if isinstance(node, Aggregate):
        if not node.rolls_up:
            return measure.parts.groups(node, frame)
        found = (groups_taken(measure.inside(e.by), e.formula, frame) for e in roll_ups(node))
        return {key[:-1] for keys in found for key in keys}
    inner = measure.window(node, frame) if isinstance(node, f.Window) else frame
    terms = (term for term in node.children() if isinstance(term, f.Formula))
    return {key for term in terms for key in groups_taken(measure, term, inner)}


def days_taken(measure: Measure, node: f.Formula) -> Iterator[tuple[Key, Days]]:
    """Yield the days [first, stop) on which rows take part in the flows of a formula, whatever its windows (T7)."""
    if not isinstance(node, Aggregate):
        for term in node.children():
            if isinstance(term, f.Formula):
                yield from days_taken(measure, term)
    elif node.rolls_up:
        for each in roll_ups(node):
            for key, days in days_taken(measure.inside(each.by), each.formula):
                yield key[:-1], days
    elif node.at != STOCK:
        yield from measure.parts.ranges(node)
