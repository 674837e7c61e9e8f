"""The arrays that a metric takes: which columns of which tables, by which keyword, and which it cannot do without."""

from __future__ import annotations

import attrs

from ..algebra.aggregates import STOCK, Aggregate
from ..algebra.columns import AsOf, Col
from ..algebra.formulas import Span, Window
from ..algebra.walk import aggregates_of, columns_of, walk
from ..domain import REVERTS
from ..metric import Metric
from ..plan.requests import each_of, leaves_of
from ..table.schema import schema_of
from ..table.shares import SPANNED
from .kinds import field_of, optional_columns

__all__ = ["Argument", "Arguments", "arguments_of"]

_STRENGTH = ("", "past", "stock", "flow")


@attrs.frozen(slots=True)
class Argument:
    """One array: the keyword it is given by, and the column it becomes.

    Args:
        keyword: the column's name, `__` for the dots of a reference; after the table where a metric reads several.
        column: name of the column, with dots through references: `lead.created_at`.
        kind: kind of the column; "auto" follows the values.
        needed: whether the metric cannot be computed without it, whatever else is asked.
        dates: what it dates: "flow" the rows by their anchor, "stock" what is there at the end of a period, "past" what
            was true by as_of (O8); "" when it dates nothing. See `MetricFunction` for when it is asked for.
    """

    keyword: str
    table: str
    column: str
    kind: str
    needed: bool
    dates: str = ""


@attrs.frozen(slots=True)
class Arguments:
    """All arrays that a metric takes.

    Args:
        looks_from: whether the definition looks from a date, so that `as_of` has to be given.
        windowed: whether the definition itself looks at other days than those of the period.
        stocks: whether the definition counts what is there at an instant (T4).
        needs_period: whether the definition measures the period itself, so that `per` has to be given.
    """

    tables: tuple[str, ...]
    listed: tuple[Argument, ...]
    looks_from: bool
    windowed: bool
    stocks: bool
    needs_period: bool

    @property
    def several(self) -> bool:
        """Does the metric read more than one table?"""
        return len(self.tables) > 1


def arguments_of(metric: Metric) -> Arguments:
    """Return the arrays that a metric takes."""
    leaves = leaves_of(metric.formula)
    read = [a for leaf in leaves for a in _read(leaf.aggregate)]
    tables = tuple(dict.fromkeys(str(a.table) for a in read))
    found: dict[tuple[str, str], tuple[bool, str]] = {}

    def enter(table: str, column: str, *, needed: bool, dates: str = "") -> None:
        before = found.get((table, column), (False, ""))
        found[table, column] = (needed or before[0], max(dates, before[1], key=_STRENGTH.index))

    for leaf in leaves:
        spared = optional_columns(leaf.aggregate)
        for aggregate in _read(leaf.aggregate):
            for column in columns_of(aggregate):
                enter(str(aggregate.table), column, needed=column not in spared)
    for aggregate in read:
        stock = aggregate.at == STOCK
        for column in _dated(str(aggregate.table), columns_of(aggregate), stock=stock):
            enter(str(aggregate.table), column, needed=False, dates="stock" if stock else "past")
        if aggregate.at is not None and not stock:
            enter(str(aggregate.table), aggregate.at, needed=False, dates="flow")
            if aggregate.table in SPANNED and aggregate.at == "start":  # it counts in the periods that contain it (M8)
                enter(str(aggregate.table), "end", needed=False, dates="flow")
    nodes = list(walk(metric.formula))
    return Arguments(
        tables,
        tuple(
            _argument(t, c, len(tables) > 1, needed, dates)
            for (t, c), (needed, dates) in sorted(found.items(), key=lambda x: not x[1][0])
        ),
        looks_from=any(isinstance(n, (AsOf, Window)) for n in nodes),
        windowed=any(isinstance(n, Window) for n in nodes),
        stocks=any(a.at == STOCK for a in read),
        needs_period=any(isinstance(n, Span) for n in nodes),
    )


def _argument(table: str, column: str, several: bool, needed: bool, dates: str) -> Argument:
    path = f"{table}.{column}" if several else column
    field = field_of(table, column)
    return Argument(path.replace(".", "__"), table, column, "auto" if field is None else field.kind, needed, dates)


def _read(aggregate: Aggregate) -> list[Aggregate]:
    """Return the aggregates that read rows: those inside roll-ups, or the aggregate itself."""
    if not aggregate.rolls_up:
        return [aggregate]
    inside = [(each, part) for each in each_of(aggregate) for part in aggregates_of(each.formula)]
    return [_keyed(each.by, read) for each, part in inside for read in _read(part)]


def _keyed(by: object, aggregate: Aggregate) -> Aggregate:
    """Return an aggregate that also reads the entity of its roll-up."""
    return aggregate.also(by.not_null()) if isinstance(by, Col) else aggregate


def _dated(table: str, columns: list[str], *, stock: bool) -> list[str]:
    """Return the dates that tell what of these columns was true at an earlier instant, of a stock also what was there (O8)."""
    found = [f.name for f in schema_of(table).fields.values() if f.exists and stock]
    return found + [r.when for r in REVERTS.get(table, ()) if any(name in columns for name in r.resets)]
