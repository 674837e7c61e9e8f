"""Conditions: `--where COLUMN=VALUE`, with the value in the type of the column."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from ..algebra.columns import Expr, col, lit
from ..algebra.walk import conjunction
from ..calendars.moments import read_moment
from ..errors import ArgumentError, ColumnNotFound
from ..evaluate import Scope, resolve
from ..table.column import Column
from ..table.dataset import Dataset
from ..workspace import Workspace

__all__ = ["condition_of", "moment", "pair"]

FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def pair(text: str, option: str) -> tuple[str, str]:
    """Return name and value of NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ArgumentError(f"{option} takes NAME=VALUE, got {text!r}")
    if name.rstrip()[-1] in "<>!":
        raise ArgumentError(
            f"{option} compares by = alone, got {text!r}; for other conditions write a metric or use Python"
        )
    return name.strip(), value.strip()


def condition_of(texts: Iterable[str], tables: Iterable[str], data: Dataset, workspace: Workspace) -> Expr | None:
    """Return the conjunction of all COLUMN=VALUE.

    Args:
        texts: the conditions; COLUMN= is true where the column is blank.
        tables: names of the tables that will be filtered; the first that has the column says its type.
        data: the tables.
        workspace: gives dates their zone.

    Raises:
        ColumnNotFound: no table has the column.
        ArgumentError: a value that is none of the column's type.
    """
    terms: list[Expr] = []
    for text in texts:
        name, value = pair(text, "--where")
        column = _column(name, list(tables), data, workspace)
        terms.append(col(name).is_null() if not value else col(name) == lit(_value(name, value, column)))
    return conjunction(*terms)


def _column(name: str, tables: list[str], data: Dataset, workspace: Workspace) -> Column:
    scope = Scope(data.tables, data.tables, zone=workspace.zone, calendar=workspace.calendar, rates=workspace.rates)
    first: ColumnNotFound | None = None
    for table in tables:
        if table in data.tables:
            try:
                return resolve(name, data.tables[table], scope)
            except ColumnNotFound as error:
                first = first or error
    raise first or ColumnNotFound(name)


def _value(name: str, text: str, column: Column) -> Any:
    kind = column.kind
    if kind == "key":
        return _label(name, text, column)
    if kind == "flag":
        if text.lower() not in FLAGS:
            raise ArgumentError(f"--where {name}={text}: {name!r} is true or false")
        return FLAGS[text.lower()]
    if kind in ("day", "instant"):
        return moment(text, f"--where {name}")
    if kind == "text" or (kind == "id" and column.data.dtype == object):
        return text
    return int(number) if (number := _number(name, text)) == int(number) else number


def _label(name: str, text: str, column: Column) -> Any:
    """Return the label that reads as the text; a text that no row has is said, since it may be a slip."""
    labels = {str(x): x for x in column.labels if x is not None}
    if text not in labels:
        alike = {x.casefold(): x for x in labels}
        near = [alike[x] for x in get_close_matches(text.casefold(), alike, n=3, cutoff=0.55)]
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        print(f"crmcore: note: no row has {name} {text!r}{hint}", file=sys.stderr)
    return labels.get(text, text)


def _number(name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ArgumentError(f"--where {name}={text}: {name!r} holds numbers; write e.g. {name}=1200.50")
    return number


def moment(text: str, option: str) -> date:
    """Return a date (2026-06-30) or an aware datetime (2026-06-30T12:00+08:00)."""
    found = read_moment(text)
    if found is None:
        raise ArgumentError(f"{option} takes a date such as 2026-06-30, got {text!r}")
    return found
