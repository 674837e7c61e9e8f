"""What an expression or a formula measures: money, time or plain numbers, told from the columns it reads."""

from __future__ import annotations

from ...algebra import columns as c
from ...algebra import formulas as f
from ...algebra.aggregates import Aggregate
from ...errors import ColumnNotFound, UnitError
from ...units import NUMBER, Dimension
from .views import Book, Sheet

__all__ = ["MONEY", "TIME", "dimension", "has", "of_aggregate", "of_formula", "resolved"]

MONEY, TIME = Dimension(money=1), Dimension(time=1)
_KINDS = {"money": MONEY, "duration": TIME}
_OF_ROWS = (NUMBER, MONEY, TIME)
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


def has(book: Book, table: str, node: c.Maybe) -> bool:
    """Is the column there?"""
    try:
        resolved(book, table, node.term.name)
    except ColumnNotFound:
        return False
    return True


def dimension(book: Book, table: str, node: c.Expr) -> Dimension:
    """Return what an expression measures.

    Raises:
        ColumnNotFound: a column that the table lacks.
        UnitError: money + days, money x money, or money beside a duration.
    """
    if isinstance(node, c.Maybe):
        return dimension(book, table, node.term) if has(book, table, node) else NUMBER
    if isinstance(node, c.Each):
        measured = of_formula(book, node.formula)
        return measured if measured in _OF_ROWS else NUMBER
    parts = [dimension(book, table, t) for t in node.children() if isinstance(t, c.Expr)]
    if isinstance(node, c.Col):
        sheet, name = resolved(book, table, node.name)
        return _KINDS.get(sheet.kind(name), NUMBER)
    if isinstance(node, c.Elapsed):
        return TIME
    if isinstance(node, c.Arithmetic):
        return _of_arithmetic(book, table, node, parts)
    if isinstance(node, c.Compare):
        _one(book, table, node, (node.left, node.right), parts)
    if isinstance(node, c.Coalesce):
        return _one(book, table, node, node.terms, parts)
    return NUMBER


def of_aggregate(book: Book, aggregate: Aggregate) -> Dimension:
    """Return what an aggregate measures: the square of money for `squares`, a plain number for a count."""
    if aggregate.expr is None:
        return NUMBER
    inner = dimension(book, str(aggregate.table), aggregate.expr)
    if aggregate.op == "squares":
        return inner * inner
    return NUMBER if aggregate.op in ("count", "distinct", "top_share", "gini") else inner


def _of_arithmetic(book: Book, table: str, node: c.Arithmetic, parts: list[Dimension]) -> Dimension:
    for side in (node.left, node.right):
        if _is_word(book, table, side):
            raise UnitError(f"{node!r}: {side!r} is no number")
    if node.op == "*":
        product = parts[0] * parts[1]
        if product not in _OF_ROWS:
            raise UnitError(f"{node!r}: {parts[0]} x {parts[1]} has no meaning for one row")
        return product
    if node.op == "/":
        if parts[1] != NUMBER:
            raise UnitError(f"{node!r}: the divisor is no plain number")
        return parts[0]
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


def _one(book: Book, table: str, node: c.Expr, terms: tuple[c.Expr, ...], parts: list[Dimension]) -> Dimension:
    """Return the one dimension of several terms; a bare number, or a missing column, takes that of the others."""
    known = [not isinstance(t, c.Literal) and (not isinstance(t, c.Maybe) or has(book, table, t)) for t in terms]
    found = {p for k, p in zip(known, parts, strict=True) if k}
    if len(found) > 1:
        raise UnitError(f"{node!r}: {' and '.join(sorted(map(str, found)))} do not go together")
    return found.pop() if found else NUMBER


def of_formula(book: Book, node: f.Formula) -> Dimension:
    """Return what a formula measures.

    Raises:
        UnitError: money + a number, or a label that is calculated with.
    """
    if isinstance(node, Aggregate):
        return of_aggregate(book, node)
    if isinstance(node, f.Span):
        return TIME
    if isinstance(node, f.Classify):
        raise UnitError(f"{node!r} gives labels, which cannot be calculated with")
    parts = [of_formula(book, term) for term in node.children() if isinstance(term, f.Formula)]
    if isinstance(node, f.Number | f.Share):
        return NUMBER
    if isinstance(node, f.Ratio):
        return parts[0] / parts[1]
    if isinstance(node, f.Binary):
        if node.op == "*":
            return parts[0] * parts[1]
        if parts[0] != parts[1]:
            raise UnitError(f"{node!r}: {parts[0]} {node.op} {parts[1]} has no meaning")
    if isinstance(node, f.Root):
        return _root(node, parts[0])
    return parts[0]


def _root(node: f.Root, power: Dimension) -> Dimension:
    if power.money % node.n or power.time % node.n:
        raise UnitError(f"{node!r}: {power} has no root of this degree")
    return Dimension(power.money // node.n, power.time // node.n)
