"""Best in class: who improved most over the year before in four measures together (Aberdeen)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing, Values
from ..table.column import Array
from .order import RANK, best_first, heading, subjects
from .tiers import CUTS, TIER, TIERS, Share, cuts_note, tier_counts, tier_facts

if TYPE_CHECKING:
    from .view import View

__all__ = ["average_ranks", "best_in_class", "composite_rank"]

_ATTAINMENT = {"owner": "quota_attainment", "team": "team_quota_attainment"}
_WINDOW = ".trailing(365).change(year)"
_MEASURES = (
    ("attainment", "higher", {"en": "Change of attainment", "zh": "达成率变化"}),
    ("cycle", "lower", {"en": "Change of sales cycle", "zh": "销售周期变化"}),
    ("win_rate", "higher", {"en": "Change of win rate", "zh": "赢率变化"}),
    ("admin_time", "lower", {"en": "Change of admin time", "zh": "行政时间占比变化"}),
)
_COMPOSITE = Heading("composite_rank", "number", {"en": "Mean of ranks", "zh": "平均名次"})
_REASON = Heading("lacks", "label", {"en": "Lacks", "zh": "缺失项"})


def average_ranks(scores: Array | Sequence[float], better: str = "higher") -> Array:
    """Return the rank of each score, 1 for the best; equal scores share the mean of their ranks.

    Args:
        scores: one per subject, all defined.
        better: "higher" or "lower".

    Returns: float64, whole or half; their sum is n (n + 1) / 2 whatever the ties.

    Raises:
        ArgumentError: an undefined score, or another word for better.
    """
    values = np.asarray(scores, np.float64)
    if better not in ("higher", "lower"):
        raise ArgumentError(f"better is 'higher' or 'lower', got {better!r}")
    if bool(np.isnan(values).any()):
        raise ArgumentError(
            f"ranks are those of defined scores; {int(np.isnan(values).sum())} of {values.size} are undefined"
        )
    found, at, counts = np.unique(values if better == "lower" else -values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[at], np.float64) if found.size else np.empty(0)


def composite_rank(measures: Array | Sequence[Array | Sequence[float]], better: Sequence[str]) -> Array:
    """Return the mean of the ranks that each subject has in several measures, ties averaged.

    Ranks are among the subjects that have every measure, so that a rank means the same in each of them.

    Args:
        measures: for each measure one score per subject, nan where it lacks it.
        better: for each measure "higher" or "lower".

    Returns: float64, 1 for who is best in everything; nan for who lacks a measure.

    Raises:
        ArgumentError: measures of different lengths, or not one direction for each.

    Rules: R2.

    Source: C02; article A0 (Aberdeen).
    """
    listed = [np.asarray(m, np.float64) for m in measures]
    if not listed or len({m.shape for m in listed}) > 1 or len(better) != len(listed):
        raise ArgumentError(
            f"measures are arrays of one length with a direction each, got lengths {[m.size for m in listed]} and {better!r}"
        )
    table = np.stack(listed)
    complete = ~np.isnan(table).any(axis=0)
    ranks = [average_ranks(row[complete], b) for row, b in zip(table, better, strict=True)]
    found = np.full(table.shape[1], np.nan)
    found[complete] = np.mean(ranks, axis=0)
    return found


def best_in_class(view: View, *, by: str = "owner", cuts: Sequence[Share] = CUTS) -> Listing:
    """Rank sellers or teams by how four measures changed over the year before, and put them in tiers.

    composite = mean of the ranks in the relative change of quota attainment, `sales_cycle_days`, `win_rate` and
    `admin_time_share`, each over the 365 days up to as_of against the 365 days up to the same day a year earlier

    Shorter cycles and less time on administration are better.

    Args:
        view: with opportunities, activities and quotas.
        by: "owner", measured against the quotas of sellers, or "team", against those of teams.
        cuts: share of the best and share of the average by composite rank; the rest are laggards.

    Returns: one row per seller or team, best first, ties by label. Who lacks a change has no rank and no tier, stands
        at the end, and `lacks` says what and why; it is empty for the others.

    Raises:
        ArgumentError: another `by`, or cuts that are no shares.
        NotFoundError: a table or column that one of the measures needs.

    Rules: R1, R2, T5, T6, M7, M8.

    Source: C01, C02; article A0 (Aberdeen).
    """
    if by not in _ATTAINMENT:
        raise ArgumentError(f"by is 'owner' or 'team', who have quotas of their own, got {by!r}")
    tier_counts(0, cuts)
    if view.scope.as_of is None:  # nothing has a date, but what is not there at all is an error all the same
        view.measure([_ATTAINMENT[by], "sales_cycle_days", "win_rate", "admin_time_share"], by=by)
        return _listing(by, [], np.empty((4, 0)), np.empty(0), [], cuts)
    names = [f"{m}{_WINDOW}" for m in (_ATTAINMENT[by], "sales_cycle_days", "win_rate", "admin_time_share")]
    result = view.measure(names, by=by)
    who = subjects(result)
    rows = np.flatnonzero(who.named)
    measured = [result[m.name] for m in result.metrics]
    changes = np.array([m.values[rows] for m in measured], np.float64).reshape(4, rows.size)
    lacks = [
        "; ".join(f"{n}: {m.reason(r)}" for (n, _, _), m in zip(_MEASURES, measured, strict=True) if m.reason(r))
        for r in rows.tolist()
    ]
    labels = [who.labels[r][0] for r in rows.tolist()]
    return _listing(by, labels, changes, composite_rank(changes, [b for _, b, _ in _MEASURES]), lacks, cuts)


def _listing(
    by: str, labels: list[Any], changes: Array, composite: Array, lacks: list[str], cuts: Sequence[Share]
) -> Listing:
    ranked = best_first(composite, labels, "lower")
    unranked = [i for i in best_first(np.zeros(len(labels)), labels).tolist() if np.isnan(composite[i])]
    order = np.array([*ranked.tolist(), *unranked], np.int64)
    counts = tier_counts(ranked.size, cuts)
    missing: list[Any] = [None] * len(unranked)
    columns: list[tuple[Heading, Values]] = [
        (RANK, [*range(1, ranked.size + 1), *missing]),
        (heading(by), [labels[i] for i in order.tolist()]),
        *((Heading(f"{n}_change", "ratio", words), changes[i][order]) for i, (n, _, words) in enumerate(_MEASURES)),
        (_COMPOSITE, composite[order]),
        (TIER, [*(t for t, n in zip(TIERS, counts, strict=True) for _ in range(n)), *missing]),
        (_REASON, [lacks[i] for i in order.tolist()]),
    ]
    note = {
        "en": "Each change is that of the last 365 days against those up to the same day a year earlier; a shorter cycle and less time on "
        "administration are better.",
        "zh": "各项变化为最近365天与截至上年同日的365天相比；周期越短、行政时间占比越低越好。",
    }
    facts: list[Fact] = tier_facts(counts, len(unranked))
    return Listing(columns, facts=facts, notes=[note, cuts_note(cuts)])
