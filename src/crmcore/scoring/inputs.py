"""Inputs: the rows of a scheme as a table on which its conditions can be read, and the conditions as of an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..algebra import columns as c
from ..algebra.node import Node
from ..algebra.walk import rewrite, walk
from ..calendars import date_of
from ..errors import ColumnNotFound, CurrencyError
from ..evaluate import Scope, evaluate, resolve
from ..evaluate.rows import Rows
from ..table.column import Column, Mask
from ..table.sweeps import SEEN_FROM
from ..table.table import Table

if TYPE_CHECKING:
    from .rule import Rule
    from .scheme import Scheme

__all__ = ["Inputs", "inputs_of", "seen"]

_DATED = (c.Elapsed, c.Day, c.PeriodOf)
_WIDEST = 365_000
"""Days up to which an age is turned into a date."""


@attrs.frozen(slots=True, eq=False)
class Inputs:
    """The rows that a scheme is applied to, as a table of their own."""

    table: Table
    scope: Scope
    by: str

    def __len__(self) -> int:
        return len(self.table)

    def known(self, rule: Rule) -> Mask:
        """Return for which rows all values that a rule compares are there; whether one is blank is always known."""
        found = np.ones(len(self), bool)
        if rule.value is not None:
            return evaluate(seen(rule.value, self.scope, self.table), self.table, self.scope).present()
        if rule.when is not None:
            for name in compared(rule.when):
                found &= resolve(name, self.table, self.scope).present()
        return found

    def blank(self, rule: Rule) -> Mask:
        """Return for which rows some value that a rule reads is not there."""
        found = ~self.known(rule)
        for name in rule.columns():
            found |= ~resolve(name, self.table, self.scope).present()
        return found


def inputs_of(scheme: Scheme, rows: Rows) -> Inputs:
    """Return rows as a scheme reads them: optional columns that are not there, and blank ones of another kind, are blank.

    Raises:
        CurrencyError: amounts of several currencies, or of another than the scheme means (M2).
    """
    table, scope = rows.as_table(), rows.scope
    blanks: dict[str, Column] = {}
    for name in (*scheme.needs, *scheme.wants):
        column = _there(name, table, scope, optional=name in scheme.optional)
        if column is None or (column.nulls == len(column) and column.kind != "flag"):
            blanks[name] = _blank(name, scheme, len(table))
        elif column.kind == "money":
            _check_currency(name, Rows(table, scope, None), scheme)
    return Inputs(table.replace(blanks) if blanks else table, scope, scheme.table)


def _there(name: str, table: Table, scope: Scope, *, optional: bool) -> Column | None:
    try:
        return resolve(name, table, scope)
    except ColumnNotFound:
        if optional:
            return None
        raise


def _blank(name: str, scheme: Scheme, n: int) -> Column:
    """Return a blank column of a kind that does for what the rules ask of it."""
    kind = "key"
    for rule in scheme.rules:
        for expr in (rule.when, rule.value):
            for node in walk(expr) if expr is not None else ():
                if any(isinstance(x, c.Col) and x.name == name for x in (*node.children(), expr)):
                    kind = _needed_by(node, kind)
    if kind == "key":
        return Column("key", np.zeros(n, np.int8), labels=[None])
    data = np.zeros(n, np.int32 if kind == "day" else np.int64)
    return Column(kind, data, np.zeros(n, bool))


def _needed_by(node: Node, kind: str) -> str:
    if isinstance(node, _DATED):
        return "day"
    if isinstance(node, c.Arithmetic):
        return "number"
    if isinstance(node, c.Compare):
        other = next((x.value for x in (node.left, node.right) if isinstance(x, c.Literal)), None)
        return (
            "day" if isinstance(other, date) else "key" if isinstance(other, (str, bool)) or other is None else "number"
        )
    return kind


def _check_currency(name: str, rows: Rows, scheme: Scheme) -> None:
    column = rows.amounts(name)
    if scheme.currency is None:
        return
    code = column.currency
    if isinstance(code, Column):
        used = np.unique(code.data[column.present()])
        code = code.labels[int(used[0])] if used.size else scheme.currency
    if code != scheme.currency:
        raise CurrencyError(
            f"scheme {scheme.name!r} means amounts in {scheme.currency}, and {name!r} of table {rows.table.name!r} is in "
            f"{code or 'no declared currency'}; convert by a workspace with currency={scheme.currency!r} and rates, or "
            "declare the currency where the data are read (M2)"
        )


def compared(expr: c.Expr) -> Iterable[str]:
    """Return the columns that an expression compares, without those it only asks whether they are blank."""
    found: dict[str, None] = {}

    def visit(node: Node) -> None:
        if isinstance(node, c.Col):
            found[node.name] = None
        if not isinstance(node, c.IsNull):
            for child in node.children():
                visit(child)

    visit(expr)
    return found


def seen(expr: c.Expr, scope: Scope, table: Table) -> c.Expr:
    """Return an expression with comparisons of ages as comparisons of dates, which as_of makes them: the same, sooner."""
    if scope.as_of is None or SEEN_FROM in table.columns:
        return expr
    today = scope.as_of.day

    def dated(node: Node) -> Node | None:
        if (
            not isinstance(node, c.Compare)
            or not isinstance(node.left, c.Elapsed)
            or not isinstance(node.right, c.Literal)
        ):
            return None
        days, span = node.right.value, node.left
        if type(days) is not int or abs(days) > _WIDEST:
            return None
        if _is_today(span.end) and isinstance(span.start, c.Day):
            turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(node.op, node.op)
            return _both(span.start, turned, today - days, "<=", today)
        if _is_today(span.start) and isinstance(span.end, c.Day):
            return _both(span.end, node.op, today + days, ">=", today)
        return None

    return rewrite(expr, dated)


def _is_today(node: c.Expr) -> bool:
    return isinstance(node, c.Day) and isinstance(node.term, c.AsOf)


def _both(when: c.Day, op: str, bound: int, side: str, today: int) -> c.Expr | None:
    try:
        edge = date_of(bound)
    except (ValueError, OverflowError):
        return None
    # a comparison with a date looks at the local day of an instant by itself
    return c.And((c.Compare(op, when.term, c.lit(edge)), c.Compare(side, when.term, c.lit(date_of(today)))))
