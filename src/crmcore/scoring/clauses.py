"""Clauses: conditions as plain data, for files, and back. A closed vocabulary; nothing is evaluated.

{column = "size", in = ["large", "enterprise"]}
{column = "budget", at_least = 1000, below = 5000}
{column = "last_activity_at", within_days = 30}
{any = [{column = "phone", blank = false}, {column = "email", blank = false}]}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from ..algebra import columns as c
from ..errors import CrmCoreError, DefinitionError, SchemeError
from .rule import age_in_days, is_whole

__all__ = ["check_keys", "clause_of", "condition_of", "value_clause_of", "value_of"]

_COMPARED = {"is": "==", "at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
_DAYS = ("within_days", "older_than_days", "due_within_days")
_MOST_DAYS = 365_000
_COMBINED = ("all", "any", "not")
_TESTS = (*_COMPARED, "is_not", "in", "not_in", "blank", *_DAYS)
_VALUES = ("column", "days_since", "days_until")


def check_keys(found: Any, known: Sequence[str], where: str) -> Mapping[str, Any]:
    """Return a table of a file whose keys are all known.

    Raises:
        SchemeError: no table, or a key that means nothing, with the nearest.
    """
    if not isinstance(found, Mapping):
        raise SchemeError(f"{where}: a table with some of {', '.join(known)} is expected, got {found!r}")
    for key in found:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise SchemeError(f"{where}: {key!r} means nothing here; {hint}")
    return found


def condition_of(found: Any, where: str) -> c.Expr:
    """Return the condition that a table of a file describes; several tests of one column hold together.

    Raises:
        SchemeError: a table that describes none, with what would.
    """
    clause = check_keys(found, ("column", *_TESTS, *_COMBINED), where)
    combined = [k for k in _COMBINED if k in clause]
    if combined:
        if len(clause) > 1:
            raise SchemeError(f"{where}: {combined[0]!r} stands alone, got {', '.join(clause)}; nest them in 'all'")
        return _combined(combined[0], clause[combined[0]], where)
    if "column" not in clause or len(clause) < 2:
        raise SchemeError(
            f"{where}: a condition has a column and a test such as is, in, at_least, blank or within_days, got {dict(clause)!r}"
        )
    name = _path(clause["column"], where)
    terms = [_test(name, test, clause[test], f"{where}, {test}") for test in clause if test != "column"]
    found_condition = terms[0]
    for term in terms[1:]:
        found_condition &= term
    return found_condition


def _combined(kind: str, parts: Any, where: str) -> c.Expr:
    if kind == "not":
        return ~condition_of(parts, f"{where}, not")
    if not isinstance(parts, (list, tuple)) or not parts:
        raise SchemeError(f"{where}: {kind!r} takes a list of conditions, got {parts!r}")
    terms = tuple(condition_of(p, f"{where}, {kind} number {i}") for i, p in enumerate(parts, 1))
    return c.And(terms) if kind == "all" else c.Or(terms)


def _test(name: str, test: str, value: Any, where: str) -> c.Expr:
    column = c.col(name)
    if test == "blank":
        if not isinstance(value, bool):
            raise SchemeError(f"{where}: true or false is expected, got {value!r}")
        return column.is_null() if value else column.not_null()
    if test in _DAYS:
        days = _days(value, where)
        if test == "due_within_days":
            return c.elapsed(c.day(c.as_of()), c.day(name)) < days
        return age_in_days(name) < days if test == "within_days" else age_in_days(name) >= days
    if test in ("in", "not_in"):
        if not isinstance(value, (list, tuple)) or not value:
            raise SchemeError(f"{where}: a list of values is expected, got {value!r}")
        among = c.IsIn(column, tuple(_plain(v, where) for v in value))
        return among if test == "in" else column.not_null() & ~among
    other = c.col(_path(value["column"], where)) if isinstance(value, Mapping) and [*value] == ["column"] else None
    against = other if other is not None else c.lit(_plain(value, where))
    if test == "is_not":
        return column.not_null() & ~c.Compare("==", column, against)
    return c.Compare(_COMPARED[test], column, against)


def value_of(found: Any, where: str) -> c.Expr:
    """Return the value that a file describes: a column, or days since or until a date.

    Raises:
        SchemeError: what describes none.
    """
    if isinstance(found, str):
        return c.col(_path(found, where))
    clause = check_keys(found, _VALUES, where)
    if len(clause) != 1:
        raise SchemeError(f"{where}: a value is one of {', '.join(_VALUES)}, got {dict(clause)!r}")
    ((kind, name),) = clause.items()
    _path(name, where)
    if kind == "column":
        return c.col(name)
    return age_in_days(name) if kind == "days_since" else c.elapsed(c.day(c.as_of()), c.day(name))


def _path(name: Any, where: str) -> str:
    try:
        c.col(name)
    except CrmCoreError as error:
        raise SchemeError(f"{where}: {error}") from None
    return str(name)


def _days(value: Any, where: str) -> int:
    if not is_whole(value, 0, _MOST_DAYS):
        raise SchemeError(f"{where}: a whole number of days is expected, got {value!r}")
    return int(value)


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, float):
        raise SchemeError(f"{where}: {value!r} is a float; numbers are exact: whole, or Decimal")
    if isinstance(value, (str, bool, int, Decimal, datetime, date)):
        try:
            c.lit(value)
        except CrmCoreError as error:
            raise SchemeError(f"{where}: {error}") from None
        return value
    raise SchemeError(f"{where}: text, a number, true or false, or a date is expected, got {value!r}")


# -- back to plain data ---------------------------------------------------------------------------------


def clause_of(expr: c.Expr) -> dict[str, Any]:
    """Return a condition as a file says it.

    Raises:
        DefinitionError: a condition that files have no words for, such as one with arithmetic.
    """
    write = _WRITERS.get(type(expr))
    if write is None:
        raise _unsaid(expr)
    return write(expr)


def value_clause_of(expr: c.Expr) -> str | dict[str, str]:
    """Return a value as a file says it.

    Raises:
        DefinitionError: a value that files have no words for.
    """
    if isinstance(expr, c.Col):
        return expr.name
    name, ahead = _aged(expr)
    return {"days_until" if ahead else "days_since": name}


def _unsaid(expr: c.Expr) -> DefinitionError:
    return DefinitionError(f"{expr!r} cannot be said in a file; keep the scheme in Python, or put it in a column")


def _aged(expr: c.Expr) -> tuple[str, bool]:
    """Return the column of an age in days, and whether it counts ahead."""
    if isinstance(expr, c.Elapsed) and isinstance(expr.start, c.Day) and isinstance(expr.end, c.Day):
        start, end = expr.start.term, expr.end.term
        if isinstance(start, c.Col) and isinstance(end, c.AsOf):
            return start.name, False
        if isinstance(start, c.AsOf) and isinstance(end, c.Col):
            return end.name, True
    raise _unsaid(expr)


def _name(expr: c.Expr, of: c.Expr) -> str:
    if not isinstance(expr, c.Col):
        raise _unsaid(of)
    return expr.name


def _compare(expr: c.Compare) -> dict[str, Any]:
    if isinstance(expr.left, c.Elapsed) and isinstance(expr.right, c.Literal):
        name, ahead = _aged(expr.left)
        test = {("<", False): "within_days", (">=", False): "older_than_days", ("<", True): "due_within_days"}
        if (expr.op, ahead) not in test or not is_whole(expr.right.value, 0, _MOST_DAYS):
            raise _unsaid(expr)
        return {"column": name, test[expr.op, ahead]: expr.right.value}
    word = next(w for w, op in _COMPARED.items() if op == expr.op)
    if isinstance(expr.right, c.Col):
        return {"column": _name(expr.left, expr), word: {"column": expr.right.name}}
    if not isinstance(expr.right, c.Literal):
        raise _unsaid(expr)
    return {"column": _name(expr.left, expr), word: _said(expr.right.value, expr)}


def _said(value: c.Value, expr: c.Expr) -> Any:
    if isinstance(value, (Fraction, float)):
        raise _unsaid(expr)
    return value


def _in(expr: c.IsIn) -> dict[str, Any]:
    if not expr.values:
        raise _unsaid(expr)
    return {"column": _name(expr.term, expr), "in": [_said(v, expr) for v in expr.values]}


def _not(expr: c.Not) -> dict[str, Any]:
    if isinstance(expr.term, c.IsNull):
        return {"column": _name(expr.term.term, expr), "blank": False}
    return {"not": clause_of(expr.term)}


_WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    c.Compare: _compare,
    c.IsIn: _in,
    c.IsNull: lambda e: {"column": _name(e.term, e), "blank": True},
    c.And: lambda e: {"all": [clause_of(t) for t in e.terms]},
    c.Or: lambda e: {"any": [clause_of(t) for t in e.terms]},
    c.Not: _not,
}
