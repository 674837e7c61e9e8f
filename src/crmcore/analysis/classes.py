"""Classes A, B and C: who brings the most, by cumulative share of the total."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra.columns import Expr
from ..errors import ArgumentError
from ..metric import Metric
from ..state.listing import Fact, Heading, Listing, Values
from ..state.operand import Operand, reach
from ..state.result import Result
from ..table.column import Array, sort_key
from .choices import several
from .exact import Numbers, whole_numbers
from .order import subjects
from .tiers import Share, exact_share
from .tiles import label_order

if TYPE_CHECKING:
    from .view import View

__all__ = ["CUTS", "abc", "abc_classes", "classes_of"]

CUTS: tuple[Share, ...] = ("0.8", "0.95")
"""A up to 80 % of the total, B up to 95 %, C the rest."""
_SHARE = Heading("share", "ratio", {"en": "Share", "zh": "占比"})
_CUMULATIVE = Heading("cumulative_share", "ratio", {"en": "Cumulative share", "zh": "累计占比"})
_CLASS = Heading("class", "label", {"en": "Class", "zh": "分类"})


def abc(values: Numbers, labels: Sequence[Any] | Array, *, cuts: Sequence[Share] = CUTS) -> Array:
    """Return the class of each value: A while the values before it make up less than 80 % of the total, then B, then C.

    Values stand in descending order, equal ones in the order of their labels. Compared in whole numbers.

    Args:
        values: one per subject, none blank; a float is read as the shortest decimal that stands for it.
        labels: who they are of; no two alike.
        cuts: ascending shares of the total at which a class ends; n of them make n + 1 classes.

    Returns: letters, in the order given.

    Undefined when: the values do not add up to more than 0; then there is no class.

    Raises:
        ArgumentError: no numbers, a label twice, or cuts that do not ascend between 0 and 1.

    Rules: R2, M3, Q3.

    Source: M28; article A2.

    Examples:
        >>> abc([500, 300, 120, 80], ["a", "b", "c", "d"]).tolist()
        ['A', 'A', 'B', 'B']
    """
    shares = _cuts(cuts)
    numbers, _ = whole_numbers(values)
    order = _largest_first(numbers, label_order(labels, numbers.size))
    found = np.full(numbers.size, None, object)
    classes = _classes(numbers[order], shares)
    if classes is not None:
        found[order] = classes
    return found


def classes_of(result: Result, metric: str, *, cuts: Sequence[Share] = CUTS) -> Listing:
    """Put the groups of a result in classes by their cumulative share of a metric.

    Args:
        result: measured by who is classed, without periods.
        metric: a sum or a count among its metrics, whose groups add up.
        cuts: ascending shares of the total at which a class ends.

    Returns: one row per group with a label, the largest first, ties by label, with its share, the cumulative share up to
        and with it, and its class. Facts count the classes, and state what the group without a label has.

    Undefined when: the total is not above 0: then there are no shares and no classes.

    Raises:
        ArgumentError: a metric whose groups do not add up, a result by nothing or by period, or wrong cuts.

    Rules: R1, R2, M3, Q3, Q4.

    Source: M28; article A2.
    """
    shares = _cuts(cuts)
    who = subjects(result)
    exact = _sums(result, metric)
    named = [i for i, (there, v) in enumerate(zip(who.named.tolist(), exact, strict=True)) if there and v is not None]
    numbers, scale = whole_numbers([v for i in named if (v := exact[i]) is not None])
    labels = [who.labels[i] for i in named]
    by_label = sorted(range(len(labels)), key=lambda i: [sort_key(part) for part in labels[i]])
    rank = np.empty(len(labels), np.int64)
    rank[by_label] = np.arange(len(labels))
    order = _largest_first(numbers, rank)
    rows, ordered = np.array(named, np.int64)[order], numbers[order]
    classes = _classes(ordered, shares)
    unit = result[metric].metric.unit
    columns: list[tuple[Heading, Values]] = [
        *who.columns(rows),
        (Heading(metric, unit, result[metric].metric.labels), Operand(ordered, scale)),
        (_SHARE, _of_total(ordered, classes)),
        (_CUMULATIVE, _of_total(_running(ordered), classes, whole=_total(ordered))),
        (_CLASS, [None] * len(rows) if classes is None else classes),
    ]
    rest = sum(
        (v for v, there in zip(exact, who.named.tolist(), strict=True) if v is not None and not there), Fraction(0)
    )
    return Listing(columns, facts=_facts(classes, ordered, scale, rest, shares, unit), notes=[_note(shares)])


def abc_classes(
    view: View, *, by: str | Expr = "account", metric: str | Metric = "won_value", cuts: Sequence[Share] = CUTS
) -> Listing:
    """Put accounts, or whatever else brings something, in classes A, B and C by what they bring.

    Args:
        view: with what the metric reads.
        by: who is classed: a column or expression, such as owner or product.
        metric: what they bring: a sum or a count, such as won_value or order_value.
        cuts: ascending shares of the total at which a class ends.

    Returns: as `classes_of`.

    Raises:
        ArgumentError: a metric whose groups do not add up, or wrong cuts.
        NotFoundError: a metric, table or column that is not there.

    Rules: R1, R2, M2, M3, Q3, Q4.

    Source: M28; article A2.
    """
    _cuts(cuts)
    name = metric if isinstance(metric, str) else metric.name
    return classes_of(view.measure(metric, by=by), name, cuts=cuts)


def _cuts(cuts: Sequence[Share]) -> tuple[Fraction, ...]:
    found = tuple(exact_share("a cut", c) for c in several(cuts))
    if not 1 <= len(found) < len(ascii_uppercase) or list(found) != sorted(set(found)) or found[0] == 0:
        raise ArgumentError(f"cuts are ascending shares of the total, such as ('0.8', '0.95'), got {cuts!r}")
    return found


def _sums(result: Result, metric: str) -> list[Fraction | None]:
    """Return the exact number of each row, which have to add up to the total."""
    pairs = result.fractions(metric)
    found = [None if pair is None else pair[0] for pair in pairs]
    added = float(sum((v for v in found if v is not None), Fraction(0)))
    if any(pair is not None and pair[1] != 1 for pair in pairs) or (found and added != result.total[metric]):
        raise ArgumentError(
            f"the groups of {metric!r} do not add up, so they have no shares of a total; class them by a sum or a count, "
            "such as 'won_value' or 'order_value'"
        )
    return found


def _largest_first(numbers: Array, rank: Array) -> Array:
    place = np.argsort(rank)
    return place[np.argsort(-numbers[place], kind="stable")]


def _running(ordered: Array) -> Array:
    """Return cumulative sums, as Python integers where int64 may be too small."""
    safe = ordered.dtype != object and reach(ordered) * max(ordered.size, 1) < 2**63
    return np.cumsum(ordered if safe else ordered.astype(object), dtype=np.int64 if safe else object)


def _total(ordered: Array) -> int:
    return int(_running(ordered)[-1]) if ordered.size else 0


def _classes(ordered: Array, cuts: Sequence[Fraction]) -> Array | None:
    """Return the classes of descending numbers; None where they do not add up to more than 0."""
    running = _running(ordered)
    whole = int(running[-1]) if running.size else 0
    if whole <= 0:
        return None
    before = running - ordered
    number = np.zeros(ordered.size, np.int64)
    for cut in cuts:
        # before / whole >= cut, where before is a whole number
        number += before >= -(-cut.numerator * whole // cut.denominator)
    return np.array([*ascii_uppercase], object)[number]


def _of_total(numbers: Array, classes: Array | None, whole: int | None = None) -> list[float | None]:
    if classes is None:
        return [None] * numbers.size
    total = sum(numbers.tolist()) if whole is None else whole
    return [n / total for n in numbers.tolist()]


def _facts(
    classes: Array | None, ordered: Array, scale: int, rest: Fraction, cuts: Sequence[Fraction], unit: str
) -> list[Fact]:
    counts = {} if classes is None else {c: int((classes == c).sum()) for c in ascii_uppercase[: len(cuts) + 1]}
    return [
        Fact("total", float(Fraction(_total(ordered), scale)), unit, {"en": "Total", "zh": "合计"}),
        *(
            Fact(f"class_{c.lower()}", n, "count", {"en": f"In class {c}", "zh": f"{c}类数量"})
            for c, n in counts.items()
        ),
        Fact("unnamed", float(rest), unit, {"en": "Without a label, left out", "zh": "无标签（未计入）"}, quiet=True),
    ]


def _note(cuts: Sequence[Fraction]) -> dict[str, str]:
    shown = [f"{float(c) * 100:g} %" for c in cuts]
    first = ", ".join(f"{c} below {s}" for c, s in zip(ascii_uppercase, shown, strict=False))
    last = ascii_uppercase[len(cuts)]
    zh = "，".join(f"{c}类低于{s}" for c, s in zip(ascii_uppercase, shown, strict=False))
    return {
        "en": f"Class by the cumulative share of those before: {first}, {last} the rest. Ties by label.",
        "zh": f"按排在前面者的累计占比分类：{zh}，其余为{last}类。并列按标签排序。",
    }
