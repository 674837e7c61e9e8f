"""Parts of a formula that explain it: its n, its numerator and denominator, whether it is a proportion or a mean."""

from __future__ import annotations

from fractions import Fraction

import attrs

from ..algebra.aggregates import Aggregate
from ..algebra.columns import Col, Compare, Expr, IsIn, Literal
from ..algebra.formulas import Binary, Formula, Number, Ratio, Window
from ..algebra.walk import aggregates_of, conjunction, terms_of

__all__ = ["Balance", "balance_of", "core_of", "is_mean", "is_proportion", "quotient_of", "sample_of", "squares_of"]


def sample_of(node: Formula) -> Formula | None:
    """Return the formula that counts the rows a number rests on (R3): the denominator's, the smaller count of two sides."""
    if isinstance(node, Aggregate):
        return node if node.op == "count" else attrs.evolve(node, op="count", q=None, method="linear")
    if isinstance(node, Window):
        inner = sample_of(node.term)
        return None if inner is None else attrs.evolve(node, term=inner)
    if isinstance(node, Ratio) and aggregates_of(node.denominator):
        return sample_of(node.denominator)
    counts = [s for c in node.children() if isinstance(c, Formula) and (s := sample_of(c)) is not None]
    return None if not counts else counts[0] if len(counts) == 1 else Binary("min", *counts)


def quotient_of(node: Formula) -> tuple[Formula, Formula] | None:
    """Return numerator and denominator of a formula that is a ratio, seen through its windows and a constant factor."""
    if isinstance(node, Ratio):
        return node.numerator, node.denominator
    scaled = _scaled(node)
    if scaled is not None and isinstance(scaled[1], Ratio):
        return Binary("*", scaled[0], scaled[1].numerator), scaled[1].denominator
    if isinstance(node, Window):
        inner = quotient_of(node.term)
        if inner is not None:
            return attrs.evolve(node, term=inner[0]), attrs.evolve(node, term=inner[1])
    return None


def _scaled(node: Formula) -> tuple[Number, Formula] | None:
    """Return the constant and the other factor of a product with a constant."""
    if isinstance(node, Binary) and node.op == "*":
        for a, b in ((node.left, node.right), (node.right, node.left)):
            if isinstance(a, Number):
                return a, b
    return None


@attrs.frozen(slots=True, eq=False)
class Balance:
    """A difference of two shares of the same rows, times a constant: 100 x (promoters - detractors) / answers (R3).

    `both` counts the rows that are in either share.
    """

    factor: Fraction
    plus: Formula
    minus: Formula
    both: Formula
    base: Formula


def balance_of(node: Formula) -> Balance | None:
    """Return the counts of a formula that is a difference of two shares of the same rows; None of any other."""
    core = core_of(node)
    factor, ratio = _scaled(core) or (_ONE, core)
    if not isinstance(ratio, Ratio):
        return None
    more, difference = _scaled(ratio.numerator) or (_ONE, ratio.numerator)
    if not (isinstance(difference, Binary) and difference.op == "-"):
        return None
    plus, minus, base = difference.left, difference.right, ratio.denominator
    if not (is_proportion(Ratio(plus, base)) and is_proportion(Ratio(minus, base))):
        return None
    assert isinstance(plus, Aggregate)
    assert isinstance(minus, Aggregate)
    both = attrs.evolve(plus, where=conjunction(plus.where, minus.where))
    counts = (_under(node, count) for count in (plus, minus, both, base))
    return Balance(factor.value * more.value, *counts)


_ONE = Number(Fraction(1))


def _under(windows: Formula, term: Formula) -> Formula:
    """Return a term under the windows that another formula stands under."""
    return attrs.evolve(windows, term=_under(windows.term, term)) if isinstance(windows, Window) else term


def core_of(node: Formula) -> Formula:
    """Return a formula without the windows it stands under."""
    return core_of(node.term) if isinstance(node, Window) else node


def is_proportion(node: Formula) -> bool:
    """Does the numerator count a subset of the rows that the denominator counts? Then a Wilson interval applies (R3)."""
    core = core_of(node)
    if not isinstance(core, Ratio):
        return False
    a, b = core.numerator, core.denominator
    if not (isinstance(a, Aggregate) and isinstance(b, Aggregate) and a.op == b.op == "count"):
        return False
    if (a.table, a.at) != (b.table, b.at):
        return False
    have = terms_of(a.where)
    needed = [*terms_of(b.where)]
    if b.expr is not None and (a.expr is None or a.expr.key != b.expr.key):
        return False
    return all(any(_implies(x, y) for x in have) for y in needed)


def _implies(a: Expr, b: Expr) -> bool:
    """Is condition b true wherever a is, as far as structure tells?"""
    if a.key == b.key:
        return True
    one, other = _choices(a), _choices(b)
    return one is not None and other is not None and one[0] == other[0] and one[1] <= other[1]


def _choices(term: Expr) -> tuple[str, frozenset[object]] | None:
    if isinstance(term, IsIn) and isinstance(term.term, Col):
        return term.term.name, frozenset((type(v), v) for v in term.values)
    if isinstance(term, Compare) and term.op == "==" and isinstance(term.left, Col) and isinstance(term.right, Literal):
        return term.left.name, frozenset([(type(term.right.value), term.right.value)])
    return None


def is_mean(node: Formula) -> bool:
    """Is the formula total(x) / number of rows that have x?"""
    core = core_of(node)
    if not isinstance(core, Ratio):
        return False
    a, b = core.numerator, core.denominator
    return isinstance(a, Aggregate) and a.op == "total" and attrs.evolve(a, op="count") == b


def squares_of(node: Formula) -> Formula | None:
    """Return the sum of squares beside a mean, under the mean's windows."""
    if isinstance(node, Window):
        inner = squares_of(node.term)
        return None if inner is None else attrs.evolve(node, term=inner)
    if isinstance(node, Ratio) and isinstance(node.numerator, Aggregate) and is_mean(node):
        return attrs.evolve(node.numerator, op="squares")
    return None
