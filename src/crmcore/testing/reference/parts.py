"""Which rows take part in an aggregate, in which group, in which frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction

import attrs

from ...algebra.aggregates import STOCK, Aggregate
from ...algebra.columns import Col, Each, Expr
from ...algebra.node import Node
from ...algebra.walk import aggregates_of, columns_of, conjunction, terms_of
from ...calendars import day_of
from ...domain.money import minor_units
from ...errors import DataError
from .dimensions import dimension, resolved
from .frames import Frame
from .rows import Look, Scene, day_in, holds, value
from .targets import SHARED, share
from .values import Value
from .views import AsOf, Row

__all__ = ["Key", "Part", "Parts", "inner_aggregates", "roll_ups"]

Key = tuple[Value, ...]


@attrs.frozen(eq=False)
class Part:
    """A row that takes part: its group, and how an expression sees it in the frame."""

    key: Key
    look: Look


@attrs.frozen(eq=False)
class _Candidate:
    """A row of a flow for which the conditions are true; `days` are those of a target, or its anchor's one."""

    part: Part
    days: tuple[int, int] | None


def roll_ups(aggregate: Aggregate) -> list[Each]:
    """Return the roll-ups that an aggregate's value and condition are made of, outermost ones only."""
    found: dict[object, Each] = {}

    def visit(node: Node) -> None:
        if isinstance(node, Each):
            found.setdefault(node.key, node)
        else:
            for child in node.children():
                visit(child)

    for child in aggregate.children():
        visit(child)
    return list(found.values())


def inner_aggregates(aggregate: Aggregate) -> list[Aggregate]:
    """Return the aggregates that read rows: this one, or those inside its roll-ups."""
    if not aggregate.rolls_up:
        return [aggregate]
    inside = [a for each in roll_ups(aggregate) for a in aggregates_of(each.formula)]
    return [leaf for a in inside for leaf in inner_aggregates(a)]


class Parts:
    """The rows that take part, found once per aggregate and frame.

    Args:
        scene: as seen from as_of.
        by: the expressions that make the groups.
        where: the condition and-ed to that of every aggregate.
    """

    def __init__(self, scene: Scene, by: Sequence[Expr], where: Expr | None) -> None:
        self.scene, self.by, self.where = scene, tuple(by), where
        self._names: dict[object, int] = {}
        self._known: dict[int, tuple[Aggregate, int]] = {}  # by id, with the aggregate itself to keep the id its own
        self._keys: dict[tuple[str, int, int | None, int | None], Key] = {}
        self._candidates: dict[tuple[int, bool], list[_Candidate]] = {}
        self._found: dict[tuple[int, Frame], dict[Key | None, list[Part]]] = {}

    def of(self, aggregate: Aggregate, frame: Frame, group: Key | None = None) -> list[Part]:
        """Return the rows, of a group or all, that take part in an aggregate that reads rows."""
        return self._by_group(aggregate, frame).get(group, [])

    def groups(self, aggregate: Aggregate, frame: Frame) -> set[Key]:
        """Return the groups of which a row takes part."""
        return {group for group in self._by_group(aggregate, frame) if group is not None}

    def _by_group(self, aggregate: Aggregate, frame: Frame) -> dict[Key | None, list[Part]]:
        key = (self._number(aggregate), frame)
        if key not in self._found:
            rows = self._stock(aggregate, frame) if aggregate.at == STOCK else self._flow(aggregate, frame)
            found: dict[Key | None, list[Part]] = {None: rows}
            for part in rows:
                found.setdefault(part.key, []).append(part)
            self._found[key] = found
        return self._found[key]

    def _number(self, aggregate: Aggregate) -> int:
        """Return the same number for aggregates of the same structure."""
        if id(aggregate) not in self._known:
            self._known[id(aggregate)] = (aggregate, self._names.setdefault(aggregate.key, len(self._names)))
        return self._known[id(aggregate)][1]

    def ranges(self, aggregate: Aggregate) -> Iterator[tuple[Key, tuple[int, int]]]:
        """Yield group and days [first, stop) of the rows that take part in a flow, whatever the frame."""
        for candidate in self._flowing(aggregate):
            if candidate.days is not None:
                yield candidate.part.key, candidate.days

    def cut(self, aggregate: Aggregate) -> bool:
        """Does as_of cut the flow: is its anchor something that is recorded?"""
        if aggregate.at is None:
            return False
        sheet, column = resolved(self.scene.book, str(aggregate.table), aggregate.at)
        return sheet.recorded(column)

    # -- stocks ----------------------------------------------------------------------------------------

    def instant(self, frame: Frame) -> AsOf | None:
        """Return the instant at which a stock is measured: as_of, or the end of the frame's last day before it (T4)."""
        as_of, zone = self.scene.as_of, self.scene.zone
        if as_of is None or frame.end is None or frame.running:
            return as_of
        us = min(zone.end_of_day(frame.end - 1), as_of.us)
        return AsOf(us, zone.local_day(us), as_of.source)

    def _stock(self, aggregate: Aggregate, frame: Frame) -> list[Part]:
        if frame.empty:
            return []
        at = self.instant(frame)
        scene, where = attrs.evolve(self.scene, as_of=at), self._condition(aggregate, windowed=frame.windowed)
        rows = scene.book.view(str(aggregate.table), scene.us)
        return [p for r in rows if (p := self._part(where, r, scene, None if at is None else at.day)) is not None]

    # -- flows -----------------------------------------------------------------------------------------

    def _flow(self, aggregate: Aggregate, frame: Frame) -> list[Part]:
        days, flowing = frame.days(cut=self.cut(aggregate)), self._flowing(aggregate, windowed=frame.windowed)
        if days is None:
            return [c.part for c in flowing]
        low, high = days
        inside = [c for c in flowing if c.days is not None and c.days[0] < high and low < c.days[1]]
        if _is_spanned(aggregate.table, aggregate.at):
            return [self._shared(c, frame) for c in inside]
        return [c.part for c in inside]

    def _flowing(self, aggregate: Aggregate, *, windowed: bool = False) -> list[_Candidate]:
        key = (self._number(aggregate), windowed)
        if key not in self._candidates:
            where, cut = self._condition(aggregate, windowed=windowed), self.cut(aggregate)
            anchor = None if aggregate.at is None else Col(aggregate.at)
            rows = self.scene.book.view(str(aggregate.table), self.scene.us)
            found = [self._candidate(where, anchor, row, cut=cut) for row in rows]
            self._candidates[key] = [c for c in found if c is not None]
        return self._candidates[key]

    def _condition(self, aggregate: Aggregate, *, windowed: bool) -> Expr | None:
        """Return the condition on rows. In a window, terms of the question about the anchor's date are not in it (T6).

        They say which periods are shown; the days of a window are those of the window.
        """
        kept = [t for t in terms_of(self.where) if not (windowed and columns_of(t) == [aggregate.at])]
        return conjunction(aggregate.where, *kept)

    def _candidate(self, where: Expr | None, anchor: Col | None, row: Row, *, cut: bool) -> _Candidate | None:
        """Return the row if the condition is true, unless its anchor lies after as_of (T8)."""
        scene = self.scene
        look = Look(scene, row.table, row)
        at = None if anchor is None else value(anchor, look)
        if cut and at is not None and scene.us is not None and scene.book.end(at) > scene.us:
            return None
        day = day_in(scene, at, anchor)
        part = self._part(where, row, scene, day, None if scene.converts else look)
        if part is None or day is None:
            return None if part is None else _Candidate(part, None)
        end = row.values.get("end") if anchor is not None and _is_spanned(row.table, anchor.name) else None
        return _Candidate(part, (day, max(day_of(end), day + 1) if isinstance(end, date) else day + 1))

    def _part(
        self, where: Expr | None, row: Row, scene: Scene, day: int | None, look: Look | None = None
    ) -> Part | None:
        if not holds(where, Look(scene, row.table, row, day) if look is None else look):
            return None
        # what the aggregate's value meets and leaves out is noted apart from what the condition does
        return Part(self._key(row, scene, day), Look(scene, row.table, row, day))

    def _key(self, row: Row, scene: Scene, day: int | None) -> Key:
        place = (row.table, row.number, scene.us, day if scene.converts else None)
        if place not in self._keys:
            look = Look(scene, row.table, row, day)
            self._keys[place] = tuple(value(key, look) for key in self.by)
        return self._keys[place]

    def _shared(self, candidate: _Candidate, frame: Frame) -> Part:
        """Return the part with what of the target belongs to the frame (M8)."""
        look = candidate.part.look
        assert look.row is not None
        assert candidate.days is not None
        shares: dict[str, Fraction] = {}
        for name in SHARED:
            amount = look.row.values.get(name)
            if isinstance(amount, Fraction):
                priced = name in look.row.currencies
                digits = max(_decimals(amount), minor_units(look.row.currencies[name]) if priced else 0)
                shares[name] = share(amount, digits, *candidate.days, frame, self.scene.calendar)
        return Part(candidate.part.key, attrs.evolve(look, shares=shares))

    def check(self, aggregate: Aggregate) -> None:
        """Raise where the aggregate, the groups or the condition read what its table lacks, or mix units."""
        book, table = self.scene.book, str(aggregate.table)
        for expr in (aggregate.expr, aggregate.where):
            if expr is not None:
                dimension(book, table, expr)
        for each in roll_ups(aggregate):
            inside = Parts(self.scene, (*self.by, each.by), self.where)
            for inner in aggregates_of(each.formula):
                inside.check(inner)
        if not aggregate.rolls_up:
            anchor = Col(aggregate.at) if aggregate.at not in (None, STOCK) else None
            for expr in (self.where, anchor, *self.by):
                if expr is not None:
                    dimension(book, table, expr)


def _is_spanned(table: str | None, anchor: str | None) -> bool:
    return table in ("target", "forecast") and anchor == "start"


def _decimals(amount: Fraction) -> int:
    for digits in range(31):
        if (amount * 10**digits).denominator == 1:
            return digits
    raise DataError(f"{amount!r} has no end in decimals; a target is a decimal number", value=amount)
