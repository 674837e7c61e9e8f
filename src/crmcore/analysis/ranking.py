"""Rankings that few cases do not win: by the rate that is shrunk towards what all share (R3)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ..algebra.aggregates import Aggregate
from ..algebra.columns import Coalesce, Col, Literal
from ..algebra.walk import aggregates_of, columns_of, walk
from ..domain.schema import RECORDS, fields_of
from ..errors import ArgumentError
from ..plan.parts import is_proportion
from ..state.interval import wilson
from ..state.listing import Fact, Heading, Listing, Values
from ..state.result import Result
from ..table.column import Array
from .betabinomial import beta_prior
from .order import RANK, Subjects, best_first, direction, subjects
from .rates import Prior, gamma_prior_by_moments
from .tiers import Share, exact_share

if TYPE_CHECKING:
    from .view import View

__all__ = ["best_prospectors", "contacts_per_meeting_ranking", "shrunken_count_ranking", "shrunken_ranking"]

_N = Heading("n", "count", {"en": "Cases", "zh": "样本量"})
_NUMERATOR = Heading("numerator", "count", {"en": "Numerator", "zh": "分子"})
_LOW = Heading("low", "ratio", {"en": "From", "zh": "下限"})
_HIGH = Heading("high", "ratio", {"en": "To", "zh": "上限"})
_ALIKE = {
    "en": "The groups differ no more than chance explains: all have the same shrunken rate, and the order is that of the labels.",
    "zh": "各组差异未超出偶然波动：收缩后比率全部相同，按标签排序。",
}


def shrunken_ranking(result: Result, metric: str, *, confidence: Share = 0.95) -> Listing:
    """Rank the groups of a result by the shrunken rate of a proportion.

    (k + a) / (n + a + b), with the beta distribution (a, b) under which the counts of all groups are most likely

    Args:
        result: measured by who is ranked, without periods.
        metric: a proportion among its metrics, of which more or less is better.
        confidence: of the Wilson interval that stands beside.

    Returns: one row per group with cases, best first, ties by label. A group without a label, and one without a case,
        is not ranked; facts count them.

    Raises:
        ArgumentError: a metric that is no proportion or has no direction, or a result by nothing or by period.

    Rules: R1, R2, R3.

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 5.1; article A1.
    """
    found, level = result[metric], float(exact_share("confidence", confidence, "0.95"))
    if not is_proportion(found.metric.formula):
        raise ArgumentError(
            f"{metric!r} is no proportion of cases, so no share of them can be shrunk; shrunken_count_ranking() ranks "
            "ratios of two counts, result.ranked() any number"
        )
    who = subjects(result)
    better = direction(found.metric)
    k, n = _counts(result, metric)
    some = who.named & (n > 0)
    prior = beta_prior(k[some], n[some])
    order = _order(prior, k, n, some, who, better)
    low, high = wilson(k[order], n[order], level)
    note = {
        "en": f"Ranked by the shrunken rate (beta-binomial, maximum likelihood). From, to: Wilson interval, {level * 100:g} %.",
        "zh": f"按收缩后比率排名（贝塔-二项分布，最大似然）。区间：Wilson，{level * 100:g} %。",
    }
    return _listing(result, metric, who, prior, order, [(_LOW, low), (_HIGH, high)], note)


def shrunken_count_ranking(result: Result, metric: str) -> Listing:
    """Rank the groups of a result by the shrunken ratio of two counts, such as contacts per meeting.

    (k + mean * strength) / (n + strength), where k ~ Poisson(n * rate) and the gamma distribution of the rates has the
    moments of all groups

    Args:
        result: measured by who is ranked, without periods.
        metric: a ratio of two counts among its metrics, of which more or less is better.

    Returns: one row per group with a denominator, best first, ties by label. A group without a label, and one whose
        denominator is 0, is not ranked; facts count them.

    Raises:
        ArgumentError: a metric that is no ratio of counts or has no direction, or a result by nothing or by period.

    Rules: R1, R2, R3.

    Source: Marshall 1991, Applied Statistics 40(2); article A1.
    """
    who = subjects(result)
    better = direction(result[metric].metric)
    k, n = _counts(result, metric)
    some = who.named & (n > 0)
    prior = gamma_prior_by_moments(k[some], n[some])
    order = _order(prior, k, n, some, who, better)
    note = {
        "en": "Ranked by the shrunken ratio (gamma-Poisson, by moments).",
        "zh": "按收缩后比值排名（伽马-泊松分布，矩估计）。",
    }
    return _listing(result, metric, who, prior, order, [], note)


def best_prospectors(view: View, *, by: str = "owner", confidence: Share = 0.95) -> Listing:
    """Rank who turns leads into customers: `lead_conversion_rate`, shrunk.

    A lead counts for whoever owns it today. Where the leads of those who left are handed on unless they converted,
    those who left convert all of theirs; `where=col("owner.active")` leaves them out.

    Args:
        view: with the table of leads.
        by: "owner", "team", or another column of leads.
        confidence: of the Wilson interval that stands beside.

    Returns: as `shrunken_ranking`.

    Rules: R1, R2, R3, R5.

    Source: A01, F02; article A1.
    """
    metric = "lead_conversion_rate"
    return shrunken_ranking(view.measure(metric, by=by), metric, confidence=confidence)


def contacts_per_meeting_ranking(view: View, *, by: str = "owner") -> Listing:
    """Rank who needs the fewest calls and e-mails for a meeting: `contacts_per_meeting`, shrunk.

    Args:
        view: with the table of activities.
        by: "owner", "team", or another column of activities.

    Returns: as `shrunken_count_ranking`.

    Rules: R1, R2, R3.

    Source: A01; article A1.
    """
    metric = "contacts_per_meeting"
    return shrunken_count_ranking(view.measure(metric, by=by), metric)


def _counts(result: Result, metric: str) -> tuple[Array, Array]:
    """Return numerator and denominator of each row, which have to be counts."""
    found = result[metric]
    if found.numerator is None or found.denominator is None:
        raise ArgumentError(f"{metric!r} is no ratio, so it has no counts to shrink; result.ranked() ranks any number")
    other = next((a for a in aggregates_of(found.metric.formula) if not _is_count(a)), None)
    if other is not None:
        raise ArgumentError(f"{metric!r} is no ratio of two counts: it has {other!r}; result.ranked() ranks any number")
    return found.numerator.astype(np.int64), found.denominator.astype(np.int64)


def _is_count(a: Aggregate) -> bool:
    """Does an aggregate count rows, or add up a column of counts?"""
    if a.op in ("count", "distinct"):
        return True
    if a.op != "total" or a.rolls_up or a.expr is None:
        return False
    kinds = {f.name: f.kind for f in fields_of(RECORDS[str(a.table)])}
    return all(isinstance(n, (Col, Coalesce, Literal)) for n in walk(a.expr)) and all(
        kinds.get(name) == "count" for name in columns_of(a.expr)
    )


def _order(prior: Prior, k: Array, n: Array, some: Array, who: Subjects, better: str) -> Array:
    return best_first(np.where(some, prior.shrunken(k, n), np.nan), who.labels, better)


def _listing(
    result: Result,
    metric: str,
    who: Subjects,
    prior: Prior,
    order: Array,
    interval: list[tuple[Heading, Values]],
    note: dict[str, str],
) -> Listing:
    found = result[metric].metric
    k, n = _counts(result, metric)
    columns: list[tuple[Heading, Values]] = [
        (RANK, np.arange(1, order.size + 1)),
        *who.columns(order),
        (_N, n[order]),
        (_NUMERATOR, k[order]),
        (Heading(metric, found.unit, found.labels), result[metric].values[order]),
        *interval,
        (
            Heading("shrunken_rate", found.unit, {"en": "Shrunken rate", "zh": "收缩后比率"}),
            prior.shrunken(k[order], n[order]),
        ),
    ]
    alike = prior.strength == inf
    facts = [
        Fact(
            "shared_rate",
            None if np.isnan(prior.mean) else prior.mean,
            found.unit,
            {"en": "Rate that all share", "zh": "共同比率"},
        ),
        Fact(
            "shared_cases",
            None if alike else prior.strength,
            "number",
            {"en": "Weight of that rate, in cases", "zh": "共同比率的权重（样本数）"},
        ),
        Fact(
            "without_cases",
            int((who.named & (n == 0)).sum()),
            "count",
            {"en": "Not ranked, without a case", "zh": "无样本未排名"},
            quiet=True,
        ),
        Fact(
            "cases_of_no_group",
            int(n[~who.named].sum()),
            "count",
            {"en": "Cases of no group, left out", "zh": "未归属样本（已排除）"},
            quiet=True,
        ),
    ]
    return Listing(columns, facts=facts, notes=[note, _ALIKE] if alike and order.size > 1 else [note])
