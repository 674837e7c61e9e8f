"""Column expressions: a value or a condition for each row of a table, as pure data.

A condition is true or false, never unknown: a comparison with a blank is false, and `!=` and
`~` are its plain negation. A value may be blank; arithmetic with a blank is blank.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from ..errors import DefinitionError
from .node import Node

if TYPE_CHECKING:
    from .formulas import Formula

__all__ = [
    "And",
    "Arithmetic",
    "AsOf",
    "Bins",
    "Coalesce",
    "Col",
    "Compare",
    "Day",
    "Each",
    "Elapsed",
    "Expr",
    "IsIn",
    "IsNull",
    "Literal",
    "Maybe",
    "Not",
    "Or",
    "PeriodOf",
    "Value",
    "as_of",
    "bins",
    "coalesce",
    "col",
    "day",
    "each",
    "elapsed",
    "lit",
    "maybe",
    "period",
]

Value = str | int | bool | Decimal | Fraction | float | date | datetime
_PLAIN = (str, int, bool, Decimal, Fraction, float, date, datetime)


@attrs.frozen(eq=False, repr=False)
class Expr(Node):
    """A value per row. Build it with `col`, `lit` and the operators."""

    # a comparison builds a condition, so identity of expressions is their `key`
    __hash__ = Node.__hash__

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]  # a condition, not a bool
        return IsNull(self) if other is None else Compare("==", self, lit(other))

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]  # a condition, not a bool
        return Not(IsNull(self)) if other is None else Not(Compare("==", self, lit(other)))

    def __lt__(self, other: object) -> Expr:
        return Compare("<", self, lit(other))

    def __le__(self, other: object) -> Expr:
        return Compare("<=", self, lit(other))

    def __gt__(self, other: object) -> Expr:
        return Compare(">", self, lit(other))

    def __ge__(self, other: object) -> Expr:
        return Compare(">=", self, lit(other))

    def __add__(self, other: object) -> Expr:
        return Arithmetic("+", self, lit(other))

    def __radd__(self, other: object) -> Expr:
        return Arithmetic("+", lit(other), self)

    def __sub__(self, other: object) -> Expr:
        return Arithmetic("-", self, lit(other))

    def __rsub__(self, other: object) -> Expr:
        return Arithmetic("-", lit(other), self)

    def __mul__(self, other: object) -> Expr:
        return Arithmetic("*", self, lit(other))

    def __rmul__(self, other: object) -> Expr:
        return Arithmetic("*", lit(other), self)

    def __truediv__(self, other: object) -> Expr:
        return Arithmetic("/", self, lit(other))

    def __and__(self, other: object) -> Expr:
        return And(_flat(And, (self, _condition(other))))

    def __or__(self, other: object) -> Expr:
        return Or(_flat(Or, (self, _condition(other))))

    def __invert__(self) -> Expr:
        return self.term if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        raise DefinitionError(
            "a column expression has no truth value of its own; combine conditions with & | ~, not and/or/not"
        )

    def isin(self, values: Iterable[object]) -> Expr:
        """Is the value one of these? `None` among them stands for blank."""
        found = tuple(values)
        plain = tuple(_constant(v) for v in found if v is not None)
        test: Expr = IsIn(self, plain)
        return Or((test, IsNull(self))) if len(plain) < len(found) else test

    def is_null(self) -> Expr:
        """Is the value blank?"""
        return IsNull(self)

    def not_null(self) -> Expr:
        """Is there a value?"""
        return Not(IsNull(self))

    def __repr__(self) -> str:
        from .render import text

        return text(self)


def _condition(value: object) -> Expr:
    if isinstance(value, Expr):
        return value
    raise DefinitionError(
        f"{value!r} is no condition; compare it first, e.g. (col('amount') > 0) & (col('owner') == 'Anna')"
    )


def _flat(kind: type[And | Or], terms: Iterable[Expr]) -> tuple[Expr, ...]:
    """Flatten nested conjunctions (or disjunctions) and drop repeated terms."""
    found: dict[object, Expr] = {}
    for term in terms:
        for part in term.terms if isinstance(term, kind) else (term,):
            found.setdefault(part.key, part)
    return tuple(found.values())


@attrs.frozen(eq=False, repr=False)
class Col(Expr):
    """A column by name; dots follow references: `owner.team`, `lead.created_at`."""

    name: str


@attrs.frozen(eq=False, repr=False)
class Literal(Expr):
    """A constant."""

    value: Value


@attrs.frozen(eq=False, repr=False)
class AsOf(Expr):
    """The instant the measurement looks from."""


@attrs.frozen(eq=False, repr=False)
class Compare(Expr):
    """A comparison, `op` one of == < <= > >=; false where a side is blank."""

    op: str
    left: Expr
    right: Expr


@attrs.frozen(eq=False, repr=False)
class IsIn(Expr):
    """Is the value one of `values`?"""

    term: Expr
    values: tuple[Value, ...]


@attrs.frozen(eq=False, repr=False)
class IsNull(Expr):
    """Is the value blank?"""

    term: Expr


@attrs.frozen(eq=False, repr=False)
class And(Expr):
    terms: tuple[Expr, ...]


@attrs.frozen(eq=False, repr=False)
class Or(Expr):
    terms: tuple[Expr, ...]


@attrs.frozen(eq=False, repr=False)
class Not(Expr):
    term: Expr


@attrs.frozen(eq=False, repr=False)
class Coalesce(Expr):
    """The first value that is not blank."""

    terms: tuple[Expr, ...]


@attrs.frozen(eq=False, repr=False)
class Maybe(Expr):
    """A column where the data has it; blank for every row where it has not."""

    term: Col


@attrs.frozen(eq=False, repr=False)
class Arithmetic(Expr):
    """`op` one of + - * /, on compatible units; blank where a side is blank, and where the divisor is zero.

    The divisor of / is a whole number per row, so that the quotient stays exact: `col("recurring") / col("term_months")`.
    """

    op: str
    left: Expr
    right: Expr


@attrs.frozen(eq=False, repr=False)
class Elapsed(Expr):
    """Time from `start` to `end`: exact between instants, calendar days when either is a date (T2).

    Negative values are blank and counted as a data issue (T3).
    """

    start: Expr
    end: Expr


@attrs.frozen(eq=False, repr=False)
class Day(Expr):
    """The local day of an instant (a date stays itself)."""

    term: Expr


@attrs.frozen(eq=False, repr=False)
class PeriodOf(Expr):
    """The label of the calendar period a date falls in: '2026-Q2'."""

    term: Expr
    grain: str


@attrs.frozen(eq=False, repr=False)
class Bins(Expr):
    """The label of the half-open class [edge, next edge) a value falls in."""

    term: Expr
    edges: tuple[Value, ...]
    labels: tuple[str, ...]


@attrs.frozen(eq=False, repr=False)
class Each(Expr):
    """A roll-up: the value of `formula` for one entity (a value of `by`) inside each group."""

    by: Expr
    formula: Formula


def lit(value: object) -> Expr:
    """Return `value` as an expression; expressions pass through.

    Raises:
        DefinitionError: the value has no place in an expression, or is a timestamp without a zone.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, datetime) and value.tzinfo is None:
        raise DefinitionError(f"{value!r} has no time zone; give an aware datetime or a date")
    if isinstance(value, _PLAIN):
        return Literal(value)
    raise DefinitionError(
        f"{value!r} ({type(value).__name__}) cannot stand in a column expression; "
        "use text, whole numbers, Decimal, Fraction, booleans, dates or aware datetimes"
    )


def _constant(value: object) -> Value:
    """Return a value that `isin` can look for."""
    found = lit(value)
    if not isinstance(found, Literal):
        raise DefinitionError(f"isin() takes constants, got {value!r}; compare two columns with ==")
    return found.value


def col(name: str) -> Expr:
    """Return the column called `name`; `owner.team` follows the reference `owner`."""
    if not _is_path(name):
        raise DefinitionError(f"{name!r} is no column name; give text such as 'amount' or 'owner.team'")
    return Col(name)


def _is_path(name: object) -> bool:
    return isinstance(name, str) and all(name.split("."))


def _column(value: Expr | str) -> Expr:
    return col(value) if isinstance(value, str) else lit(value)


def as_of() -> Expr:
    """Return the instant the measurement looks from (T8)."""
    return AsOf()


def elapsed(start: Expr | str, end: Expr | str) -> Expr:
    """Return the time from `start` to `end`; text names a column. Rules: T2, T3."""
    return Elapsed(_column(start), _column(end))


def day(moment: Expr | str) -> Expr:
    """Return the local day of `moment`; text names a column. Rules: T1."""
    return Day(_column(moment))


def period(moment: Expr | str, grain: str) -> Expr:
    """Return the label of the `grain` (day, week, month, quarter, year ...) that holds `moment`."""
    return PeriodOf(_column(moment), grain)


def coalesce(*terms: object) -> Expr:
    """Return the first of `terms` that is not blank; text is a constant, columns are `col(...)`."""
    if not terms:
        raise DefinitionError("coalesce() needs at least one expression")
    return Coalesce(tuple(map(lit, terms)))


def maybe(name: str) -> Expr:
    """Return the column called `name` where the data has it, blank where not; for use inside coalesce()."""
    found = col(name)
    assert isinstance(found, Col)
    return Maybe(found)


def bins(value: Expr | str, edges: Iterable[Value], labels: Iterable[str] | None = None) -> Expr:
    """Return the class of `value` among half-open classes cut at `edges`.

    Args:
        value: a number or a date per row; text names a column. Blank has no class.
        edges: ascending cut points; `n` of them make `n + 1` classes, the first without a lower end.
        labels: one per class; by default '< 10', '10 - 20', '>= 20'.
    """
    cuts = tuple(edges)
    if not cuts or not _ascend(cuts):
        raise DefinitionError(f"edges must ascend strictly and be at least one, got {cuts!r}")
    names = (
        tuple(labels)
        if labels is not None
        else (
            f"< {cuts[0]}",
            *(f"{a} - {b}" for a, b in pairwise(cuts)),
            f">= {cuts[-1]}",
        )
    )
    if len(names) != len(cuts) + 1 or len(set(names)) != len(names):
        raise DefinitionError(
            f"{len(cuts)} edges make {len(cuts) + 1} classes, which need as many different labels, got {names!r}"
        )
    return Bins(_column(value), cuts, names)


def _ascend(cuts: Sequence[Any]) -> bool:
    return all(a < b for a, b in pairwise(cuts))


def each(by: Expr | str, formula: object) -> Expr:
    """Return a formula measured for each value of `by` inside each group; rows with a blank `by` are left out.

    `total`, `count`, `quantile`, `top_share` and `gini` then work on those values:
    `count(each("account", count()) >= 2)` is the number of accounts with two or more rows. A formula over several
    tables needs `by` on each of them; an entity is whoever has a row in any.
    """
    from .formulas import number

    return Each(_column(by), number(formula))
