"""Tiers: best in class, average and laggard by rank on a measured value."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing, Values
from ..state.result import Result
from ..table.column import Array
from .choices import several
from .order import RANK, best_first, direction, subjects

if TYPE_CHECKING:
    from .view import View

__all__ = [
    "CUTS",
    "TIER",
    "TIERS",
    "Share",
    "exact_share",
    "seller_tiers",
    "tier_counts",
    "tier_facts",
    "tiered",
    "tiers",
]

Share = int | float | str | Decimal | Fraction

TIERS = ("best_in_class", "average", "laggard")
CUTS: tuple[Share, Share] = ("0.2", "0.5")
"""The best fifth, the next half, and the rest."""
TIER = Heading("tier", "label", {"en": "Tier", "zh": "等级"})
_WORDS = {
    "best_in_class": {"en": "Best in class", "zh": "领先者"},
    "average": {"en": "Average", "zh": "中等"},
    "laggard": {"en": "Laggards", "zh": "落后者"},
}


def exact_share(name: str, value: Share, example: str = "0.2") -> Fraction:
    """Return a share as an exact fraction; 0.2 is a fifth.

    Raises:
        ArgumentError: no number from 0 to 1.
    """
    try:
        share = Fraction(value if isinstance(value, Fraction) else str(value))
    except (ValueError, ZeroDivisionError):
        raise ArgumentError(f"{name} is a share from 0 to 1, such as '{example}', got {value!r}") from None
    if not 0 <= share <= 1:
        raise ArgumentError(f"{name} is a share from 0 to 1, such as '{example}', got {value!r}")
    return share


def tier_counts(n: int, cuts: Sequence[Share] = CUTS) -> tuple[int, int, int]:
    """Return how many of n subjects are best in class, average and laggards.

    best = ceil(cut1 * n), best + average = ceil((cut1 + cut2) * n): who stands on a cut belongs to the better side,
    so that the best fifth of any number has at least one, as in `top_sellers_share`.

    Args:
        n: number of subjects.
        cuts: share of the best and share of the average.

    Raises:
        ArgumentError: cuts that are not two shares with a sum of at most 1.
    """
    if len(several(cuts)) != 2:
        raise ArgumentError(f"cuts are two shares, of the best and of the average, got {cuts!r}")
    best, average = (exact_share("a cut", c) for c in cuts)
    if best + average > 1:
        raise ArgumentError(f"cuts sum to at most 1, as the laggards are the rest, got {cuts!r}")
    first, second = -(-best * n // 1), -(-(best + average) * n // 1)
    return int(first), int(second - first), int(n - second)


def tiers(
    scores: Array | Sequence[float], labels: Sequence[Any], *, cuts: Sequence[Share] = CUTS, better: str = "higher"
) -> Array:
    """Return the tier of each subject by the rank of its score: best_in_class, average or laggard.

    Args:
        scores: one per subject; nan where undefined, which has no tier and takes no part.
        labels: who they are of; equal scores rank in the order of these.
        cuts: share of the best and share of the average; the rest are laggards.
        better: "higher" or "lower".

    Returns: text in the order of the input; None where the score is undefined.

    Raises:
        ArgumentError: cuts that are no shares, labels that are not unique, or lengths that differ.

    Rules: R2.

    Source: C02; article A0 (Aberdeen); vector tier-aberdeen.
    """
    order = best_first(scores, labels, better)
    found = np.full(len(labels), None, object)
    found[order] = np.repeat(np.array(TIERS, object), tier_counts(order.size, cuts))
    return found


def tiered(result: Result, metric: str, *, cuts: Sequence[Share] = CUTS) -> Listing:
    """Rank the groups of a result by the measured value of a metric and put them in tiers.

    Args:
        result: measured by who is ranked, without periods.
        metric: one of its metrics, of which more or less is better.
        cuts: share of the best and share of the average; the rest are laggards.

    Returns: one row per group with a number, best first, ties by label. A group without a label or a number has no
        tier; a fact counts them.

    Raises:
        ArgumentError: a metric without direction, cuts that are no shares, or a result by nothing or by period.

    Rules: R2.

    Source: C02; article A0 (Aberdeen).
    """
    found, who = result[metric], subjects(result)
    if found.metric.unit == "label":
        raise ArgumentError(f"{metric!r} is a class, not a number to rank by")
    scores = np.where(who.named, found.values, np.nan)
    order = best_first(scores, who.labels, direction(found.metric))
    counts = tier_counts(order.size, cuts)
    columns: list[tuple[Heading, Values]] = [
        (RANK, np.arange(1, order.size + 1)),
        *who.columns(order),
        (Heading(metric, found.metric.unit, found.metric.labels), found.values[order]),
        (TIER, [name for name, n in zip(TIERS, counts, strict=True) for _ in range(n)]),
    ]
    unranked = int(np.isnan(found.values[who.named]).sum())
    return Listing(columns, facts=tier_facts(counts, unranked), notes=[cuts_note(cuts)])


def seller_tiers(view: View, *, cuts: Sequence[Share] = CUTS) -> Listing:
    """Put the sellers in tiers by `won_value`.

    Args:
        view: with the table of opportunities.
        cuts: share of the best and share of the average; the rest are laggards.

    Returns: as `tiered`; who has opportunities and won none has won 0, who has none at all does not appear.

    Rules: M2, M3, M7.

    Source: C02; article A0 (Aberdeen).
    """
    return tiered(view.measure(["won_value", "opportunities_created"], by="owner"), "won_value", cuts=cuts)


def tier_facts(counts: Sequence[int], unranked: int) -> list[Fact]:
    """Return how many are in each tier, and in none."""
    return [
        *(Fact(name, n, "count", _WORDS[name]) for name, n in zip(TIERS, counts, strict=True)),
        Fact("unranked", unranked, "count", {"en": "Not ranked", "zh": "未排名"}, quiet=True),
    ]


def cuts_note(cuts: Sequence[Share]) -> dict[str, str]:
    """Return the sentence that states the cuts."""
    best, average = (f"{float(exact_share('a cut', c)) * 100:g} %" for c in cuts)
    return {
        "en": f"Best in class: the best {best}; average: the next {average}; laggards: the rest. Ties by label.",
        "zh": f"领先者：前{best}；中等：其后{average}；落后者：其余。并列按标签排序。",
    }
