"""Inquiry: what a result asks back: n, numerators, intervals, totals, exclusions, records. Computed on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import Elapsed, Expr, IsNull
from ..algebra.formulas import Formula
from ..algebra.walk import columns_of, walk
from ..errors import CurrencyError
from ..evaluate import Scope, as_key, evaluate, holds, local_day, resolve, seen_by
from ..evaluate.pricing import priced
from ..metric import Metric
from ..plan.frames import Frame, range_of, span_of
from ..plan.layout import SWEEP_FROM, Sweep, is_spanned
from ..plan.parts import balance_of, is_mean, is_proportion, quotient_of, sample_of, squares_of
from ..plan.question import Asked, Plan, Question
from ..plan.requests import Leaf, inside_windows, leaf_key, leaves_of, reads
from ..state.finish import Label
from ..state.inquiry import Details
from ..state.interval import balance_interval, mean_interval, wilson
from ..state.operand import Operand, add, constant, multiply, ratio
from ..table.column import Array, Mask
from ..table.history import logs_of
from ..table.issue import Issue
from ..table.table import Table
from ..table.views import existence, is_recorded
from ..units import unit
from .compute import Answer, compute, looked_at
from .sweeps import seen_at, turns_at_dates

__all__ = ["Enquirer"]


@attrs.frozen(slots=True, eq=False)
class Enquirer:
    """Answers what a result asks back, on the tables it was measured on."""

    metrics: tuple[Metric, ...]
    question: Question
    answer: Answer
    tables: Mapping[str, Table]
    scope: Scope
    noticed: tuple[Issue, ...]
    facts: Callable[[], Mapping[str, Any]]

    # -- numbers beside the numbers ------------------------------------------------------------------

    def _compute(self, asked: Sequence[Asked]) -> Answer:
        """Compute more formulas for the same groups and periods."""
        question = attrs.evolve(self.question, asked=(*self.question.asked, *asked))
        frames = None if self.question.per is None else self.answer.frames
        return compute(Plan(question), self.tables, self.scope, frames)

    def details(self, confidence: float | None) -> dict[str, Details]:
        asked: list[Asked] = []
        for metric in self.metrics:
            for role, formula in _parts(metric, squares=confidence is not None):
                asked.append(Asked(f"{metric.name} {role}", formula, unit(metric.unit), checked=False))
        answer = self._compute(asked)
        index = None if answer.spread is None else answer.spread.index()
        return {m.name: _details(m, answer.values, confidence, index) for m in self.metrics}

    def total(self) -> dict[str, Any]:
        question = attrs.evolve(self.question, by=())
        today = None if self.scope.as_of is None else self.scope.as_of.day
        frames = None if self.question.per is None else [span_of(self.answer.frames, today)]
        found: dict[str, Any] = {}
        for metric, asked in zip(self.metrics, question.asked, strict=True):
            alone = Plan(attrs.evolve(question, asked=(asked,)))
            try:
                found[metric.name] = _single(
                    compute(alone, self.tables, self.scope, frames).values[metric.name], metric
                )
            except CurrencyError:  # groups of one currency each have no sum (M2)
                found[metric.name] = None
        return found

    # -- rows behind the numbers -----------------------------------------------------------------------

    def _leaves(self) -> list[Leaf]:
        """Return what reads rows, each structure once."""
        found = (read for metric in self.metrics for leaf in leaves_of(metric.formula) for read in reads(leaf))
        return list({(leaf_key(leaf), tuple(e.key for e in leaf.entities)): leaf for leaf in found}.values())

    def _condition(self, leaf: Leaf) -> Expr | None:
        """Return the question's condition as it is for a leaf."""
        windowed = bool(leaf.chain) or self.question.windowed
        return inside_windows(self.question.where, leaf.aggregate) if windowed else self.question.where

    def _where(self, leaf: Leaf, scope: Scope) -> tuple[Table, Mask]:
        """Return the table as a leaf reads it, and which rows its conditions keep."""
        a, where = leaf.aggregate, self._condition(leaf)
        table = priced(scope.tables[str(a.table)], a.at, scope)
        rows = np.ones(len(table), bool)
        for condition in (a.where, where):
            if condition is not None:
                rows = rows & holds(condition, table, scope)
        return table, rows

    def _ranges(self, leaf: Leaf, frames: Iterable[Frame]) -> list[Frame]:
        """Return the runs of days that the leaf looks at in these frames."""
        today = None if self.scope.as_of is None else self.scope.as_of.day
        return [range_of(f, leaf.chain, self.scope.calendar, today) for f in frames]

    def _dated(self, a: Aggregate, ranges: Sequence[Frame], table: Table, rows: Mask, scope: Scope) -> Mask:
        """Return the rows of a flow that have a place in one of the ranges: all of them where one is unbounded."""
        if a.at == STOCK or any(r.start is None for r in ranges):
            return rows
        days = local_day(resolve(str(a.at), table, scope), scope.zone)
        first, last = days.data, days.data
        if is_spanned(a):
            last = np.maximum(table["end"].data - 1, first)
        cut = is_recorded(table.name, str(a.at))
        starts, stops = _merged([(r.start or 0, (r.until if cut else r.stop) or 0) for r in ranges])
        spot = np.searchsorted(starts, last, side="right")  # the last run that begins by then, one too far
        return rows & days.present() & (spot > 0) & (first < np.append(0, stops)[spot])

    def _looking(self, leaf: Leaf, ranges: Iterable[Frame]) -> Iterator[Scope]:
        """Yield what is looked at in these ranges: for a stock the tables at the end of each, or their events (T4)."""
        a, as_of = leaf.aggregate, self.scope.as_of
        if a.at != STOCK:
            yield self.scope
            return
        today = None if as_of is None else as_of.day
        ends = dict.fromkeys(
            None if r.until is None or today is None or r.until > today else r.until - 1 for r in ranges
        )
        conditions = [c for c in (a.where, self._condition(leaf)) if c is not None]
        read = [*conditions, *leaf.entities, *([] if a.expr is None else [IsNull(a.expr)])]
        many = as_of is not None and as_of.informed and self.scope.rates is None and len(ends) >= SWEEP_FROM
        if many and turns_at_dates(read, str(a.table), self.tables):
            sweep = Sweep(str(a.table), tuple(sorted(e for e in ends if e is not None)), None in ends)
            yield seen_at(sweep, read, [tuple(conditions)], self.tables, self.scope)
            return
        yield from (looked_at(self.tables, self.scope, end) for end in ends)

    def used(self) -> dict[str, int]:
        found: dict[str, Mask] = {}
        for leaf in self._leaves():
            a, ranges = leaf.aggregate, self._ranges(leaf, self.answer.frames)
            for scope in self._looking(leaf, ranges):
                table, rows = self._where(leaf, scope)
                rows = self._dated(a, ranges, table, rows, scope)
                for _, blank in _homeless(leaf, table, rows, scope):
                    rows = rows & ~blank
                marks = found.setdefault(table.name, _unmarked(self.tables[table.name]))
                marks[table.row_numbers(np.flatnonzero(rows))] = True
        return {name: int(np.count_nonzero(marks)) for name, marks in found.items()}

    def excluded(self) -> dict[str, int]:
        found: dict[str, int] = {}
        seen: dict[tuple[str, str], Mask] = {}
        for leaf in self._leaves():
            whole = self.tables[str(leaf.aggregate.table)]
            name, made = whole.name, existence(whole)
            found |= {f"{name}: {reason}": count for reason, count in whole.excluded.items()}
            if made is not None and made.nulls:
                found[f"{name}: undated"] = made.nulls  # O9: in today's stocks only
            ranges = self._ranges(leaf, self.answer.frames)
            for scope in self._looking(leaf, ranges):
                table, rows = self._where(leaf, scope)
                for reason, mask in self._left_out(leaf, ranges, table, rows, scope):
                    marks = seen.setdefault((name, reason), _unmarked(whole))
                    marks[table.row_numbers(np.flatnonzero(mask))] = True
        return found | {f"{t}: {reason}": int(np.count_nonzero(m)) for (t, reason), m in seen.items() if m.any()}

    def _left_out(
        self, leaf: Leaf, ranges: Sequence[Frame], table: Table, rows: Mask, scope: Scope
    ) -> Iterator[tuple[str, Mask]]:
        """Yield why rows that the conditions keep are not in the number, and which: undated, or in its days."""
        a = leaf.aggregate
        if (self.question.per is not None or leaf.chain) and a.at not in (None, STOCK):
            dated = resolve(str(a.at), table, scope).present()
            yield f"no {a.at}", rows & ~dated
            rows = self._dated(a, ranges, table, rows, scope)
        for reason, homeless in _homeless(leaf, table, rows, scope):
            yield reason, homeless
            rows = rows & ~homeless
        if a.expr is None:
            return
        column = evaluate(a.expr, table, scope)
        blank = rows & ~column.present()
        for node in walk(a.expr):
            if isinstance(node, Elapsed):
                start, end = evaluate(node.start, table, scope), evaluate(node.end, table, scope)
                backwards = blank & start.present() & end.present()
                yield "negative duration", backwards  # T3
                blank = blank & ~backwards
        if column.kind == "money" and scope.rates is not None:
            unconverted = blank & evaluate(a.expr, scope.tables[table.name], scope).present()
            yield "no rate", unconverted  # M2
            blank = blank & ~unconverted
        yield ("unpriced" if column.kind == "money" else f"no {a.expr!r}"), blank  # M3

    def records(self, metric: Metric, group: tuple[Any, ...], frame: Frame) -> dict[str, Any]:
        quotient = quotient_of(metric.formula)
        roles = {"rows": metric.formula} if quotient is None else {"numerator": quotient[0], "denominator": quotient[1]}
        found: dict[str, Any] = {}
        left: dict[str, list[Any]] = {}
        for role, formula in roles.items():
            ids: dict[Any, None] = {}
            for leaf in (b for outer in leaves_of(formula) for b in reads(outer)):
                table, rows, scope = self._taking_part(leaf, group, frame)
                missing = np.zeros(len(table), bool)
                for reason, mask in self._left_out(leaf, self._ranges(leaf, [frame]), table, rows, scope):
                    missing |= mask
                    names = _ids(table, mask)
                    if names:
                        left.setdefault(reason, []).extend(x for x in names if x not in left.get(reason, []))
                ids.update(dict.fromkeys(_ids(table, rows & ~missing)))
            found[role] = list(ids)
        return found | {"left out": left}

    def _taking_part(self, leaf: Leaf, group: tuple[Any, ...], frame: Frame) -> tuple[Table, Mask, Scope]:
        a, ranges = leaf.aggregate, self._ranges(leaf, [frame])
        (scope,) = self._looking(leaf, ranges)
        table, rows = self._where(leaf, scope)
        for key, label in zip(self.question.by, group, strict=True):
            column = as_key(evaluate(key, table, scope), table, (key.key, seen_by(key, scope)))
            rows = rows & (column.data == column.index.get(label, -1))
        return table, self._dated(a, ranges, table, rows, scope), scope

    def settings(self) -> dict[str, Any]:
        return {**self.facts(), "assumed": self._assumed(), "pro_rata": self._pro_rata()}

    def _assumed(self) -> list[str]:
        """Return the columns that are read as they are today where the past is looked at (O8)."""
        past = self.scope.tables != self.tables or self.question.per is not None
        found: dict[str, None] = {}
        logs = logs_of(self.tables, self.scope.zone)
        for a in (leaf.aggregate for leaf in self._leaves()):
            table = self.tables[str(a.table)]
            known = {name for name, log in logs.get(table.name, {}).items() if log.told}
            if not past or existence(table) is None or (self.scope.tables == self.tables and a.at != STOCK):
                continue
            for part in (a.expr, a.where, self.question.where, *self.question.by):
                for name in columns_of(part) if part is not None else ():
                    column = table.columns.get(name.partition(".")[0])
                    dated = column is None or column.kind in ("instant", "day", "id") or name == "outcome"
                    if not dated and name.partition(".")[0] not in known:
                        found[f"{table.name}.{name}"] = None
        return list(found)

    def _pro_rata(self) -> bool:
        """Was a target or forecast shared out over periods shorter than its own (M8)?"""
        if self.question.per is None:
            return False
        read = {str(leaf.aggregate.table) for leaf in self._leaves() if is_spanned(leaf.aggregate)}
        tables = [self.scope.tables[name] for name in read]
        spans = [s for t in tables for s in zip(t["start"].data.tolist(), t["end"].data.tolist(), strict=True)]
        frames = [(f.start or 0, f.stop or 0) for f in self.answer.frames]
        return any(
            a < stop and start < b and not (start <= a and b <= stop) for a, b in spans for start, stop in frames
        )

    def issues(self) -> tuple[Issue, ...]:
        return self.noticed


def _parts(metric: Metric, *, squares: bool) -> Iterator[tuple[str, Formula]]:
    sample = sample_of(metric.formula)
    if sample is not None:
        yield "n", sample
    quotient = quotient_of(metric.formula)
    if quotient is not None:
        yield "numerator", quotient[0]
        yield "denominator", quotient[1]
    if not squares:
        return
    beside = squares_of(metric.formula)
    if beside is not None:
        yield "squares", beside
    balance = balance_of(metric.formula)
    if balance is not None:
        yield from (("plus", balance.plus), ("minus", balance.minus), ("both", balance.both), ("base", balance.base))


def _numbers(value: Operand | Label, index: Array | None) -> Array:
    assert isinstance(value, Operand)
    data = value.floats()
    data = data if value.why is None else np.where(value.why == 0, data, np.nan)
    return data if index is None else data[index]


def _details(
    metric: Metric, found: Mapping[str, Operand | Label], confidence: float | None, index: Array | None
) -> Details:
    roles = [role for role, _ in _parts(metric, squares=confidence is not None)]
    parts = {role: _numbers(found[f"{metric.name} {role}"], index) for role in roles}
    low = high = None
    if confidence is not None and is_proportion(metric.formula):
        low, high = wilson(parts["numerator"], parts["denominator"], confidence)
    elif confidence is not None and "both" in parts:
        balance = balance_of(metric.formula)
        assert balance is not None
        bounds = balance_interval(parts["plus"], parts["minus"], parts["both"], parts["base"], confidence)
        factor = float(balance.factor)
        low, high = (factor * bound for bound in (bounds if factor > 0 else reversed(bounds)))
    elif confidence is not None and is_mean(metric.formula) and "squares" in parts:
        sums, squares, n = (found[f"{metric.name} {role}"] for role in ("numerator", "squares", "n"))
        variance = _numbers(_variance(sums, squares, n), index)
        low, high = mean_interval(_numbers(found[metric.name], index), variance, parts["n"], confidence)
    return Details(parts["n"], parts.get("numerator"), parts.get("denominator"), low, high)


def _variance(sums: Operand | Label, squares: Operand | Label, n: Operand | Label) -> Operand:
    """Return the sample variance, (n x squares - sums^2) / (n x (n - 1)): large values lose nothing of it (Q3)."""
    assert isinstance(sums, Operand)
    assert isinstance(squares, Operand)
    assert isinstance(n, Operand)
    others = add(n, constant(Fraction(1), n.data.shape), -1)
    return ratio(add(multiply(n, squares), multiply(sums, sums), -1), multiply(n, others))


def _single(value: Operand | Label, metric: Metric) -> Any:
    if value.why is not None and value.why.size and value.why.flat[0] != 0:
        return None
    if not value.data.size:
        return None
    if isinstance(value, Label):
        return value.names[int(value.data.flat[0])]
    number = float(value.floats().flat[0])
    return int(number) if metric.unit == "count" and number.is_integer() else number


def _homeless(leaf: Leaf, table: Table, rows: Mask, scope: Scope) -> Iterator[tuple[str, Mask]]:
    """Yield which of the rows belong to no entity of a roll-up: they are in none of its numbers."""
    for by in leaf.entities:
        yield f"no {by!r}", rows & ~evaluate(by, table, scope).present()


def _merged(runs: Iterable[tuple[int, int]]) -> tuple[Array, Array]:
    """Return the starts and stops of the days in any of the runs, in order and apart from each other."""
    starts: list[int] = []
    stops: list[int] = []
    for start, stop in sorted(r for r in runs if r[0] < r[1]):
        if stops and start <= stops[-1]:
            stops[-1] = max(stops[-1], stop)
        else:
            starts.append(start)
            stops.append(stop)
    return np.array(starts, np.int64), np.array(stops, np.int64)


def _unmarked(table: Table) -> Mask:
    """Return a mark, not set, for each row number of a table."""
    return np.zeros(len(table) if table.rows is None else int(table.rows.max(initial=-1)) + 1, bool)


def _ids(table: Table, rows: Mask) -> list[Any]:
    positions = np.flatnonzero(rows)
    if "id" not in table:
        return [int(r) + 1 for r in table.row_numbers(positions).tolist()]
    ids = table["id"]
    found = ids.data[positions].tolist()
    return [ids.labels[k] for k in found] if ids.kind == "key" else found
