"""Features: the columns and expressions that a learned scorer looks at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ..algebra.columns import Col, Expr, Maybe, col
from ..algebra.walk import columns_of, walk
from ..errors import ArgumentError, DefinitionError
from .checks import whole
from .scores import Reason

__all__ = ["Feature", "features_of", "listed", "needs_of", "wants_of"]


def _expression(value: Any) -> Expr:
    if isinstance(value, Expr):
        return value
    if not isinstance(value, str):
        raise ArgumentError(
            f"a feature is a column such as 'source' or an expression such as bins('size', [50]), got {value!r}"
        )
    return col(value)


@attrs.frozen(slots=True, eq=False)
class Feature:
    """One column or expression that a scorer learns from.

    Args:
        column: its name, or an expression; `owner.team` follows a reference.
        name: what its reason is called; the column's name when left out.
        blank: a blank is a value of its own, as where it matters that somebody gave no e-mail address. Else it counts nothing.
        split: text between several values in one cell, such as ";" for tags.
        least: rows that must have a value before it counts.
        labels: the name by language.
    """

    column: Expr = attrs.field(converter=_expression)
    name: str = ""
    blank: bool = attrs.field(default=False, kw_only=True)
    split: str | None = attrs.field(default=None, kw_only=True)
    least: int = attrs.field(default=0, kw_only=True)
    labels: Mapping[str, str] = attrs.field(factory=dict, kw_only=True)

    def __attrs_post_init__(self) -> None:
        whole("least", self.least)
        if not self.name:
            object.__setattr__(self, "name", self.column.name if isinstance(self.column, Col) else repr(self.column))

    @property
    def reason(self) -> Reason:
        """What it is called where it counts."""
        return Reason(self.name, self.labels or {"en": self.name})


def listed(given: Any) -> tuple[Any, ...]:
    """Return one feature, or several, as a tuple."""
    alone = isinstance(given, (str, Expr, Feature)) or not isinstance(given, Iterable)
    return (given,) if alone else tuple(given)


def features_of(scorer: str, given: Iterable[Any], *, split: bool = False) -> tuple[Feature, ...]:
    """Return the features of a scorer.

    Args:
        scorer: whose they are.
        given: columns, expressions or features.
        split: whether the scorer counts split values.

    Raises:
        ArgumentError: none, or what is no column and no expression.
        DefinitionError: two of one name, or split values that are not counted.
    """
    found = tuple(f if isinstance(f, Feature) else Feature(f) for f in given)
    if not found:
        raise ArgumentError(f"scorer {scorer!r} has no features; name the columns it learns from, such as ['source']")
    names = [f.name for f in found]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise DefinitionError(f"scorer {scorer!r} has two features called {twice!r}; name one of them otherwise")
    parted = next((f.name for f in found if f.split is not None), None)
    if parted is not None and not split:
        raise DefinitionError(f"feature {parted!r} of {scorer!r}: only naive Bayes counts split values")
    return found


def needs_of(expressions: Iterable[Expr]) -> tuple[str, ...]:
    """Return the columns that expressions cannot do without."""
    several = list(expressions)
    optional = set(wants_of(several))
    return tuple(dict.fromkeys(n for e in several for n in columns_of(e) if n not in optional))


def wants_of(expressions: Iterable[Expr]) -> tuple[str, ...]:
    """Return the columns that expressions use where they are there."""
    terms = [node.term for e in expressions for node in walk(e) if isinstance(node, Maybe)]
    return tuple(dict.fromkeys(n for term in terms for n in columns_of(term)))
