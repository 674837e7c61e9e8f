"""Question: what is measured, once names are resolved. Plan: a question with what can be known before the data."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

import attrs

from ..algebra.aggregates import STOCK
from ..algebra.columns import Expr
from ..algebra.formulas import Formula
from ..units import Unit
from .layout import Layout
from .requests import leaves_of, reading

__all__ = ["Asked", "Plan", "Question"]

LAYOUTS = 8
"""Layouts a plan keeps: one per as_of and span of days that it met."""


@attrs.frozen(slots=True, eq=False)
class Asked:
    """A formula to evaluate, under a name, in a unit; `checked` holds it to the unit's dimension."""

    name: str
    formula: Formula
    unit: Unit
    checked: bool = True


@attrs.frozen(slots=True, eq=False)
class Question:
    """Formulas by keys, per calendar period, for the rows that a condition keeps.

    `windowed` says that the frames were made by a window, which a condition on dates does not cut short (T6).
    """

    asked: tuple[Asked, ...]
    by: tuple[Expr, ...] = ()
    per: str | None = None
    where: Expr | None = None
    windowed: bool = False


class Plan:
    """A question with the anchors of its flows and the tables of its stocks, and layouts kept for the next time."""

    def __init__(self, question: Question) -> None:
        self.question = question
        leaves = [leaf for a in question.asked for leaf in leaves_of(a.formula)]
        inner = [a for leaf in leaves for a in reading(leaf.aggregate)]
        self.tables = tuple(dict.fromkeys(str(a.table) for a in inner))
        self.stocks = tuple(dict.fromkeys(str(a.table) for a in inner if a.at == STOCK))
        self.anchors = tuple(dict.fromkeys((str(a.table), a.at) for a in inner if a.at != STOCK))
        self._layouts: OrderedDict[Hashable, Layout] = OrderedDict()
        self._inner: dict[Hashable, Plan] = {}

    def inner(self, key: Hashable, make: Callable[[], Question]) -> Plan:
        """Return the plan of a question that a roll-up of this one asks, made on first use."""
        if key not in self._inner:
            self._inner[key] = Plan(make())
        return self._inner[key]

    def layout(self, key: Hashable, make: Callable[[], Layout]) -> Layout:
        """Return the layout for what `key` tells of the data, made on first use."""
        found = self._layouts.get(key)
        if found is None:
            found = self._layouts[key] = make()
            if len(self._layouts) > LAYOUTS:
                self._layouts.popitem(last=False)
        return found
