"""What an expression measures: money, time or plain numbers, told from the columns it reads."""

from __future__ import annotations

from ...algebra import columns as c
from ...algebra.aggregates import Aggregate
from ...errors import ColumnNotFound, DefinitionError, UnitError
from ...units import NUMBER, Dimension
from .views import Book, Sheet

__all__ = ["MONEY", "TIME", "dimension", "inexact", "no_roll_up", "of_aggregate", "resolved"]

MONEY, TIME = Dimension(money=1), Dimension(time=1)
_KINDS = {"money": MONEY, "duration": TIME}
_WORDS = frozenset({"id", "key", "text", "instant", "day", "moment"})


def resolved(book: Book, table: str, name: str) -> tuple[Sheet, str]:
    """Return the table and the column that a name stands for, along references: `owner.team` is `team` of seller.

    Raises:
        ColumnNotFound: no such column, or a dot behind something that is no reference.
    """
    sheet = book.sheet(table)
    head, dot, rest = name.partition(".")
    if not dot or name in sheet.kinds:
        sheet.kind(name)
        return sheet, name
    field = sheet.fields.get(head)
    if field is None or field.references is None:
        known = [f.name for f in sheet.fields.values() if f.references is not None]
        raise ColumnNotFound(head, known, where=f"that refers to another table, in table {table!r}")
    return resolved(book, field.references, rest)


def inexact(book: Book, table: str, node: c.Expr) -> bool:
    """Is the expression's value a float: made of a score, or of a float constant?"""
    if isinstance(node, c.Col):
        sheet, name = resolved(book, table, node.name)
        return sheet.kind(name) == "score"
    if isinstance(node, c.Literal):
        return isinstance(node.value, float)
    if isinstance(node, c.Each):
        inner = node.aggregate
        return inner.expr is not None and inner.op not in ("count", "distinct") and inexact(book, table, inner.expr)
    terms = node.children() if isinstance(node, c.Arithmetic | c.Coalesce) else ()
    return any(inexact(book, table, t) for t in terms if isinstance(t, c.Expr))


def dimension(book: Book, table: str, node: c.Expr) -> Dimension:
    """Return what an expression measures.

    Raises:
        ColumnNotFound: a column that the table lacks.
        UnitError: money + days, money x money, or money beside a duration.
    """
    parts = [dimension(book, table, t) for t in node.children() if isinstance(t, c.Expr)]
    if isinstance(node, c.Col):
        sheet, name = resolved(book, table, node.name)
        return _KINDS.get(sheet.kind(name), NUMBER)
    if isinstance(node, c.Elapsed):
        return TIME
    if isinstance(node, c.Each):
        return of_aggregate(book, table, node.aggregate)
    if isinstance(node, c.Arithmetic):
        return _of_arithmetic(book, table, node, parts)
    if isinstance(node, c.Compare):
        _one(node, (node.left, node.right), parts)
    if isinstance(node, c.Coalesce):
        return _one(node, node.terms, parts)
    return NUMBER


def of_aggregate(book: Book, table: str, aggregate: Aggregate) -> Dimension:
    """Return what an aggregate measures: the square of money for `squares`, a plain number for a count."""
    if aggregate.expr is None:
        return NUMBER
    inner = dimension(book, table, aggregate.expr)
    if aggregate.op == "squares":
        return inner * inner
    return NUMBER if aggregate.op in ("count", "distinct", "top_share", "gini") else inner


def _of_arithmetic(book: Book, table: str, node: c.Arithmetic, parts: list[Dimension]) -> Dimension:
    for side in (node.left, node.right):
        if _is_word(book, table, side):
            raise UnitError(f"{node!r}: {side!r} is no number")
    if node.op == "*":
        product = parts[0] * parts[1]
        if product not in (NUMBER, MONEY, TIME):
            raise UnitError(f"{node!r}: {parts[0]} x {parts[1]} has no meaning for one row")
        return product
    if parts[0] != parts[1]:
        raise UnitError(f"{node!r}: {parts[0]} {node.op} {parts[1]} has no meaning")
    return parts[0]


def _is_word(book: Book, table: str, node: c.Expr) -> bool:
    if isinstance(node, c.Col):
        sheet, name = resolved(book, table, node.name)
        return sheet.kind(name) in _WORDS
    return (
        isinstance(node, c.Literal)
        and not isinstance(node.value, int | float)
        and not hasattr(node.value, "as_integer_ratio")
    )


def _one(node: c.Expr, terms: tuple[c.Expr, ...], parts: list[Dimension]) -> Dimension:
    """Return the one dimension of several terms; a bare number takes that of the others."""
    found = {p for t, p in zip(terms, parts, strict=True) if not isinstance(t, c.Literal)}
    if len(found) > 1:
        raise UnitError(f"{node!r}: {' and '.join(sorted(map(str, found)))} do not go together")
    return found.pop() if found else NUMBER


def no_roll_up(node: c.Expr) -> DefinitionError:
    """Return the error for a roll-up where a row is looked at."""
    return DefinitionError(f"{node!r} is a roll-up: it has a value per entity, not per row; put it inside an aggregate")
