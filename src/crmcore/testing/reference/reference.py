"""Measure: any metric over plain records, by the definitions alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import attrs

from ...algebra.aggregates import STOCK, Aggregate
from ...algebra.columns import Col, Expr
from ...algebra.formulas import Classify, Window
from ...algebra.node import Node
from ...algebra.render import text
from ...algebra.walk import aggregates_of
from ...calendars import Calendar, Zone, day_of
from ...domain.rate import Rate
from ...errors import ArgumentError, CurrencyError, UnitError
from ...metric import Metric
from ...units import DAY
from ...units import unit as unit_named
from .dimensions import TIME, dimension, of_formula
from .formulas import Found, Measure, fractions_of
from .frames import UNBOUNDED, Frame, of_period, span_of
from .parts import Key, Parts, inner_aggregates, roll_ups
from .presence import days_taken, groups_taken
from .reductions import Number
from .rows import Scene
from .values import label_of, microseconds, sort_key
from .views import AsOf, Book

__all__ = ["Reference", "measure"]

Records = Mapping[str, Sequence[Mapping[str, object]]]
UNDATED = "undated"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.frozen(eq=False)
class Reference:
    """What the definitions give.

    Args:
        rows: one per group and period: the labels of its keys, the label of its `period` (None without `per`), and the
            value of each metric: a float, a label, or None where it is undefined.
        details: one per row: metric -> `n`, `numerator`, `denominator` (exact, of a ratio) and `reason`.
        total: the metrics over all groups and the span of all periods shown.
        as_of: the instant looked from, None where nothing was recorded at any date; `source` says where it came from.
        excluded: reason -> rows whose value was left out of some aggregate, or that are undated (M2, M3, O9, T3).
    """

    rows: list[dict[str, Any]]
    details: list[dict[str, dict[str, Any]]]
    total: dict[str, float | str | None]
    as_of: datetime | None
    source: str | None
    excluded: dict[str, int]


def measure(
    metrics: Metric | Iterable[Metric],
    records: Records,
    *,
    by: str | Expr | Iterable[str | Expr] = (),
    per: str | None = None,
    where: Expr | None = None,
    as_of: date | datetime | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    timezone: str = "UTC",
    currency: str | None = None,
    rates: Iterable[Rate] = (),
) -> Reference:
    """Measure metrics record by record, on whole numbers and fractions.

    Args:
        metrics: one or several.
        records: table -> rows of plain values. Money is a Decimal, its currency in a column `<name>_currency`, or
            Money. References hold the id of the record they point to. A table that is absent is empty.
        by: names or expressions that make the groups, resolved on every table that is read.
        per: the kind of period that makes the rows of a group.
        where: a condition and-ed to that of every aggregate.
        as_of: a date means the end of that local day; None is the newest recorded instant (T8).
        calendar: says where periods start.
        timezone: says where days start (T1).
        currency: what amounts are converted to (M2).
        rates: what one currency is worth in another, from a day on.

    Raises:
        ColumnNotFound: a table lacks a column.
        UnitError: money is added to days, or a metric measures something else than its unit says.
        CurrencyError: amounts of several currencies would be added.
        ArgumentError: `per` or a window, and an aggregate that counts at no date.
    """
    asked = [metrics] if isinstance(metrics, Metric) else list(metrics)
    keys = [Col(k) if isinstance(k, str) else k for k in ([by] if isinstance(by, str | Expr) else by)]
    zone = Zone(timezone)
    book = Book(records, zone)
    looked_from = _as_of(as_of, book, zone)
    parts = Parts(Scene(book, zone, calendar, looked_from, currency, tuple(rates)), keys, where)
    for metric in asked:
        _check_dates(metric, metric.formula, dated=per is not None)
        _check(metric, parts)
    return _Query(asked, keys, per, parts).answer()


def _as_of(given: date | datetime | None, book: Book, zone: Zone) -> AsOf | None:
    if given is None:
        return book.newest
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise ArgumentError(f"as_of {given!r} has no time zone; give an aware datetime or a date", as_of=given)
        us = microseconds(given)
        return AsOf(us, zone.local_day(us), "given")
    return AsOf(zone.end_of_day(day_of(given)), day_of(given), "given")


def _check(metric: Metric, parts: Parts) -> None:
    """Raise where a metric reads what is not there, or measures something else than its unit says."""
    formula, declared = metric.formula, unit_named(metric.unit)
    for aggregate in aggregates_of(formula):
        parts.check(aggregate)
    measured = of_formula(parts.scene.book, formula.term if isinstance(formula, Classify) else formula)
    if measured != declared.dimension and not isinstance(formula, Classify):
        raise UnitError(
            f"metric {metric.name!r} is declared in {metric.unit} ({declared.dimension}), but its formula measures "
            f"{measured}: {formula!r}",
            metric=metric.name,
        )


def _check_dates(metric: Metric, node: Node, *, dated: bool) -> None:
    """Raise where dates matter to an aggregate that counts at none."""
    if isinstance(node, Aggregate):
        for each in roll_ups(node):
            _check_dates(metric, each.formula, dated=dated)
        if dated and node.at is None and not node.rolls_up:
            raise ArgumentError(
                f"metric {metric.name!r}: {node!r} of table {node.table!r} has no date column to count at, which per "
                "and windows need; give the metric an anchor, e.g. anchor='closed_at'",
                metric=metric.name,
            )
        return
    for child in node.children():
        _check_dates(metric, child, dated=dated or isinstance(node, Window))


class _Query:
    """One question: which frames and groups there are, and the numbers in them."""

    def __init__(self, metrics: Sequence[Metric], keys: Sequence[Expr], per: str | None, parts: Parts) -> None:
        self.metrics, self.keys, self.per, self.parts = metrics, keys, per, parts
        self.names = [k.name if isinstance(k, Col) else text(k) for k in keys]
        self.excluded: dict[str, set[tuple[str, int]]] = {}
        self.measures = [(m, Measure(parts, unit_named(m.unit).microseconds, self.excluded)) for m in metrics]

    def answer(self) -> Reference:
        """Return all rows, the total, and what was left out."""
        as_of, frames = self.parts.scene.as_of, self._frames()
        rows, details = [], []
        for group in self._groups(list(frames.values())):
            labels = dict(zip(self.names, self._labels(group), strict=True))
            for label, frame in frames.items():
                found = self._found(group, frame)
                rows.append({**labels, "period": label, **{name: _finished(f.value) for name, f in found.items()}})
                details.append(self._details(found, group, frame))
        total = self._total(span_of(list(frames.values()), as_of))
        excluded = {reason: len(places) for reason, places in self.excluded.items()}
        if undated := self._undated():
            excluded[UNDATED] = undated
        return Reference(
            rows=rows,
            details=details,
            total=total,
            as_of=None if as_of is None else _EPOCH + timedelta(microseconds=as_of.us),
            source=None if as_of is None else as_of.source,
            excluded=excluded,
        )

    def _labels(self, group: Key) -> list[Any]:
        """Return how the group's keys are shown: durations in days."""
        book, table = self.parts.scene.book, str(self._leaves()[0].table)
        timed = [dimension(book, table, key) == TIME for key in self.keys]
        return [label_of(v / DAY if t and isinstance(v, Fraction) else v) for v, t in zip(group, timed, strict=True)]

    def _found(self, group: Key | None, frame: Frame) -> dict[str, Found]:
        return {m.name: measured.of(m.formula, group, frame) for m, measured in self.measures}

    def _total(self, span: Frame) -> dict[str, float | str | None]:
        """Return the metrics over all groups; groups of one currency each have no sum (M2)."""
        total: dict[str, float | str | None] = {}
        for m, measured in self.measures:
            try:
                total[m.name] = _finished(measured.of(m.formula, None, span).value)
            except CurrencyError:
                total[m.name] = None
        return total

    def _details(self, found: Mapping[str, Found], group: Key, frame: Frame) -> dict[str, dict[str, Any]]:
        details = {}
        for metric, measured in self.measures:
            top, bottom = fractions_of(measured, metric.formula, group, frame) or (None, None)
            details[metric.name] = {
                "n": found[metric.name].n,
                "numerator": None if top is None else top.value,
                "denominator": None if bottom is None else bottom.value,
                "reason": found[metric.name].reason,
            }
        return details

    def _frames(self) -> dict[str | None, Frame]:
        """Return the frames shown, by label: the periods from the first to the last that has a row (T7)."""
        if self.per is None:
            return {None: UNBOUNDED}
        scene = self.parts.scene
        span = self._flow_days() or self._stock_days()
        if span is None:
            scene.calendar.axis(self.per)  # a wrong grain is an error also where there is no row
            return {}
        periods = scene.calendar.periods(*span, self.per)
        return {p.label: of_period(p, scene.as_of, self.per) for p in periods}

    def _leaves(self) -> list[Aggregate]:
        return [leaf for m in self.metrics for a in aggregates_of(m.formula) for leaf in inner_aggregates(a)]

    def _flow_days(self) -> tuple[int, int] | None:
        """Return the first and the last day on which a row takes part in a flow."""
        ranges = [days for m, measured in self.measures for _, days in days_taken(measured, m.formula)]
        return (min(low for low, _ in ranges), max(high for _, high in ranges) - 1) if ranges else None

    def _stock_days(self) -> tuple[int, int] | None:
        """Return the days from the first existence of a row to as_of, for stocks (T4)."""
        scene, as_of = self.parts.scene, self.parts.scene.as_of
        tables = {str(a.table) for a in self._leaves() if a.at == STOCK}
        if as_of is None:
            return None
        rows = [(scene.book.sheet(t).exists, row) for t in tables for row in scene.book.view(t, as_of.us)]
        if not rows:
            return None
        dated = [v for name, row in rows if name is not None and (v := row.values.get(name)) is not None]
        days = [scene.zone.local_day(scene.book.end(v)) for v in dated]
        return min(days, default=as_of.day), as_of.day

    def _groups(self, frames: Sequence[Frame]) -> list[Key]:
        """Return the groups of which a row takes part in some aggregate, in a frame shown or in a window of it."""
        if not self.keys:
            return [()]
        found: set[Key] = set()
        for metric, measured in self.measures:
            for frame in frames:
                found |= groups_taken(measured, metric.formula, frame)
        return sorted(found, key=lambda group: [sort_key(v) for v in group])

    def _undated(self) -> int:
        """Count the rows of the tables read that bear no date of existence (O9)."""
        book = self.parts.scene.book
        sheets = [book.sheet(t) for t in {str(a.table) for a in self._leaves()}]
        return sum(row.values.get(s.exists) is None for s in sheets if s.exists is not None for row in s.rows)


def _finished(value: Number | str | None) -> float | str | None:
    """Return the number that is shown: an exact one is rounded once (Q4)."""
    return value if value is None or isinstance(value, str) else float(value)
