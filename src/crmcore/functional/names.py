"""Names of the totals that a formula is made of: the arguments of `.of`.

1. A count or sum over several values of a column is the sum of its parts, one argument each: the deals decided are
   `won` + `lost`.
2. What the catalogue measures by itself is called as there, without `_deals`: `won`, `open_value`, `calls`,
   `leads_created`, `spend_value`.
3. Anything else is called after its condition and what is taken of the rows that meet it: `won_value` (a sum of
   amounts), `won_priced` (how many of them have an amount), `won_days` and `won_timed` (a sum of times, and how many
   have one), `won_accounts` (how many different ones), `with_owner` (how many have a value), `leads` (all rows).
4. Where windows differ within one formula, they are part of the name: `spend_value_previous_month`.
5. A share of the total needs that total: `lost_of_all` beside `lost`.
6. A condition too long for a name leaves `numerator` and `denominator`; a formula that these do not fit has no `.of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import attrs

from ..algebra import as_of, coalesce, col, elapsed, maybe
from ..algebra.aggregates import Aggregate
from ..algebra.columns import Col, Compare, Expr, IsIn, IsNull, Literal, Not
from ..algebra.formulas import Window
from ..algebra.node import Key
from ..algebra.walk import conjunction, rewrite, terms_of
from ..kpis import CATALOGUE
from ..kpis.experience import DETRACTOR, NPS_ANSWER, PROMOTER, SATISFIED
from ..kpis.populations import CLOSED, OVERDUE, REOPENED
from ..units import Unit
from .kinds import dimension_of

__all__ = ["LONGEST", "name_of", "parts_of", "window_name"]

LONGEST = 32
"""Characters of a name; a longer one says no more than `numerator`."""

_QUANTITY = (coalesce(col("quantity"), 1).key, coalesce(maybe("quantity"), 1).key)
"""How many records a record stands for."""
_PLURALS = {"opportunity": "opportunities", "activity": "activities"}

_WAITED, _RESPONSE = elapsed("created_at", as_of()), elapsed("created_at", "first_response_at")
_ANSWERED_OR_LATE = _RESPONSE.not_null() | (col("first_response_at").is_null() & (_WAITED > 0))
_WORDS: tuple[tuple[Expr, str], ...] = (
    (OVERDUE | (_WAITED > 0), "stale"),
    (OVERDUE, "overdue"),
    (CLOSED | REOPENED, "ever_closed"),
    (REOPENED, "reopened"),
    (col("due") < as_of(), "judged"),
    (col("done") <= col("due"), "on_time"),
    (_ANSWERED_OR_LATE, "judged"),
    (_RESPONSE <= 0, "in_time"),
    (PROMOTER, "promoters"),
    (DETRACTOR, "detractors"),
    (NPS_ANSWER, "answers"),
    (SATISFIED, "satisfied"),
)
"""Words for conditions that have no single value to be called after, whatever number they compare with."""


def parts_of(aggregate: Aggregate) -> tuple[Aggregate, ...]:
    """Return the aggregates whose sum this one is: one for each value that its condition lets pass."""
    if aggregate.op not in ("count", "total", "squares") or aggregate.rolls_up:
        return (aggregate,)
    terms = terms_of(aggregate.where)
    for spot, term in enumerate(terms):
        if isinstance(term, IsIn) and isinstance(term.term, Col) and len(term.values) > 1:
            rest = (*terms[:spot], *terms[spot + 1 :])
            found: list[Aggregate] = []
            for value in term.values:
                one = Compare("==", term.term, Literal(value))
                found.extend(parts_of(attrs.evolve(aggregate, where=conjunction(one, *rest))))
            return tuple(found)
    return (aggregate,)


def name_of(aggregate: Aggregate, unit: Unit) -> str | None:
    """Return what an aggregate is called in a metric of this unit, or None where it has no short name."""
    name = _catalogued().get(_identity(aggregate)) or _built(aggregate, unit)
    return name if name is not None and len(name) <= LONGEST else None


def window_name(chain: Iterable[Window]) -> str:
    """Return the windows around a leaf as the end of a name; none for the period itself."""
    words = []
    for window in chain:
        units = f"{window.n}_{window.unit}s"
        if window.kind == "trailing":
            words.append(f"_trailing_{units}")
        elif window.kind == "to_date":
            words.append(f"_{window.unit}_to_date")
        elif window.kind == "previous":
            words.append(f"_previous_{window.unit if window.n == 1 else units}")
    return "".join(words)


# -- by the catalogue -------------------------------------------------------------------------------


def _identity(aggregate: Aggregate) -> tuple[object, ...]:
    where = frozenset(t.key for t in terms_of(aggregate.where))
    return (*attrs.evolve(aggregate, where=None).key, where)


@cache
def _catalogued() -> Mapping[tuple[object, ...], str]:
    """Return the names of the aggregates that are metrics by themselves."""
    found: dict[tuple[object, ...], str] = {}
    for metric in CATALOGUE.values():
        if isinstance(metric.formula, Aggregate):
            found.setdefault(_identity(metric.formula), metric.name.removesuffix("_deals"))
    return found


# -- by structure -----------------------------------------------------------------------------------


def _built(aggregate: Aggregate, unit: Unit) -> str | None:
    which = _condition(aggregate)
    if which is None:
        return None
    before, behind = which
    noun = _noun(aggregate, unit)
    if noun is None:
        return None
    if not noun and not before:
        noun = _plural(str(aggregate.table))
    if noun == "value" and not before:
        noun = f"{aggregate.table}_value"
    if before and noun.startswith(f"{before[-1]}_"):
        before = before[:-1]
    return "_".join(word for word in (*before, noun, *behind) if word)


def _condition(aggregate: Aggregate) -> tuple[list[str], list[str]] | None:
    """Return the words of a condition that stand before the noun, and those behind it; None where one has no word."""
    before: list[str] = []
    behind: list[str] = []
    terms = {term.key: term for term in terms_of(aggregate.where)}
    shapes = {_shape(term): key for key, term in terms.items()}
    for condition, word in _WORDS:
        wanted = [_shape(t) for t in terms_of(condition)]
        if all(shape in shapes for shape in wanted):
            before.append(word)
            for shape in wanted:
                terms.pop(shapes.pop(shape))
    if aggregate.table == "target":
        return _whose(terms.values())
    plain: list[str] = []
    for term in terms.values():
        word_of = _word(term)
        if word_of is None:
            return None
        (behind if word_of.startswith(("with_", "without_")) else plain).append(word_of)
    return [*plain, *before], behind


def _whose(terms: Iterable[Expr]) -> tuple[list[str], list[str]] | None:
    """Return whose target it is, and of which kind; the metric it is set for is the one it is compared with."""
    values = {
        t.left.name: t.right.value
        for t in terms
        if isinstance(t, Compare) and isinstance(t.left, Col) and isinstance(t.right, Literal)
    }
    return [_slug(values[name]) for name in ("scope", "kind") if name in values], []


def _word(term: Expr) -> str | None:
    if isinstance(term, Compare) and isinstance(term.left, Col) and isinstance(term.right, Literal):
        value, column = term.right.value, _slug(term.left.name)
        if term.op == "==" and isinstance(value, bool):
            return column if value else f"not_{column}"
        return _slug(value) if term.op == "==" and isinstance(value, str) else None
    if isinstance(term, IsNull) and isinstance(term.term, Col):
        return f"without_{_slug(term.term.name)}"
    if isinstance(term, Not) and isinstance(term.term, IsNull) and isinstance(term.term.term, Col):
        return f"with_{_slug(term.term.term.name)}"
    return None


def _noun(aggregate: Aggregate, unit: Unit) -> str | None:
    """Return what is taken of the rows; "" for the rows themselves, None where there is no word for it."""
    table, expr = str(aggregate.table), aggregate.expr
    dimension = dimension_of(expr, table)
    if aggregate.op == "count":
        if expr is None:
            return ""
        if dimension.money or dimension.time:
            return "priced" if dimension.money else "timed"
        return f"with_{_slug(expr.name)}" if isinstance(expr, Col) else None
    if aggregate.op == "distinct":
        return _plural(_slug(expr.name)) if isinstance(expr, Col) else None
    prefix = {"squares": "squared_", "smallest": "smallest_", "largest": "largest_"}.get(aggregate.op, "")
    if aggregate.op != "total" and not prefix:
        return None
    if dimension.time:
        return prefix + (unit.name.rpartition("/")[2].rstrip("s") + "s" if unit.dimension.time else "time")
    if expr is not None and expr.key in _QUANTITY:
        return prefix + _plural(table)
    if not isinstance(expr, Col):
        return None
    return prefix + ("value" if expr.name == "amount" else _slug(expr.name))


def _plural(word: str) -> str:
    return _PLURALS.get(word) or f"{word}s"


def _slug(value: object) -> str:
    return re.sub(r"\W+", "_", str(value).lower()).strip("_")


def _shape(term: Expr) -> Key:
    """Return the structure of a condition with every number in it made zero."""
    zero = Literal(0)

    def number(node: object) -> Expr | None:
        plain = isinstance(node, Literal) and not isinstance(node.value, (str, bool))
        return zero if plain else None

    return rewrite(term, number).key
