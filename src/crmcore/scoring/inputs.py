"""Inputs: the rows of a scheme as a table on which its conditions can be read, and the conditions as of an instant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import attrs
import numpy as np

from ..algebra import columns as c
from ..algebra.node import Node
from ..algebra.walk import rewrite, walk
from ..calendars import date_of
from ..errors import CurrencyError, DefinitionError
from ..evaluate import Scope, evaluate, resolve
from ..evaluate.rows import Rows
from ..table.column import Column, Mask
from ..table.sweeps import SEEN_FROM
from ..table.table import Table
from .absent import blank_columns, condition_without, value_without

if TYPE_CHECKING:
    from .rule import Rule
    from .scheme import Scheme

__all__ = ["Inputs", "inputs_of", "seen"]

_WIDEST = 365_000
"""Days up to which an age is turned into a date."""


@attrs.frozen(slots=True, eq=False)
class Inputs:
    """The rows that a scheme is applied to, as a table of their own; `gone` are its columns without any value."""

    table: Table
    scope: Scope
    by: str
    gone: frozenset[str]

    def __len__(self) -> int:
        return len(self.table)

    def condition(self, expr: c.Expr) -> c.Expr:
        """Return a condition as it is looked at on these rows."""
        return seen(condition_without(expr, self.gone), self.scope, self.table)

    def value(self, expr: c.Expr) -> c.Expr | None:
        """Return a value as it is looked at on these rows; None where every row lacks it."""
        return value_without(expr, self.gone)

    def known(self, rule: Rule) -> Mask:
        """Return for which rows all values that a rule compares are there; whether one is blank is always known."""
        if rule.value is not None:
            value = self.value(rule.value)
            return self._none() if value is None else evaluate(value, self.table, self.scope).present()
        return self._present(() if rule.when is None else compared(rule.when))

    def blank(self, rule: Rule) -> Mask:
        """Return for which rows some value that a rule reads is not there."""
        there: Mask = self.known(rule) & self._present(rule.columns())
        return ~there

    def _present(self, names: Iterable[str]) -> Mask:
        found = np.ones(len(self), bool)
        for name in names:
            found &= False if name in self.gone else resolve(name, self.table, self.scope).present()
        return found

    def _none(self) -> Mask:
        return np.zeros(len(self), bool)


def inputs_of(scheme: Scheme, rows: Rows) -> Inputs:
    """Return rows as a scheme reads them: optional columns that are not there are blank.

    Raises:
        CurrencyError: amounts of several currencies, or of another than the scheme means (M2).
        DefinitionError: a condition on values of another type than the column holds, which no row could ever meet.
    """
    table, scope = rows.as_table(), rows.scope
    names = (*scheme.needs, *scheme.wants)
    gone = blank_columns(names, table, scope, optional=scheme.optional)
    for rule in scheme.rules:
        for expr in (rule.when, rule.value):
            if expr is not None:
                _check_types(rule, condition_without(expr, gone), table, scope)
    for name in names:
        if name not in gone and resolve(name, table, scope).kind == "money":
            _check_currency(name, Rows(table, scope, None), scheme)
    return Inputs(table, scope, scheme.table, gone)


def _check_types(rule: Rule, expr: c.Expr, table: Table, scope: Scope) -> None:
    """Raise where words are compared with what is no word: a CSV file says yes, and nobody has said that it means True."""
    for node in walk(expr):
        if isinstance(node, c.IsIn):
            term, values = node.term, node.values
        elif isinstance(node, c.Compare) and isinstance(node.right, c.Literal):
            term, values = node.left, (node.right.value,)
        else:
            continue
        if not isinstance(term, c.Col) or not values:
            continue
        column = resolve(term.name, table, scope)
        held = [x for x in column.labels if x is not None] if column.kind == "key" else []
        if held and not {type(x) for x in held} & {type(v) for v in values}:
            raise DefinitionError(
                f"rule {rule.name!r}: column {term.name!r} of table {table.name!r} holds {type(held[0]).__name__} values such as "
                f"{held[0]!r}, not {values[0]!r}; where the data are read, a profile may state its kind: kind = {_kind(values[0])!r}"
            )


def _kind(value: object) -> str:
    kinds = {bool: "flag", int: "number", Decimal: "number", date: "day", datetime: "instant"}
    return kinds.get(type(value), "key")


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
