"""Norms: what a reasonable number of visits a day is, learnt from the best sellers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algebra.columns import coalesce, col
from ..errors import ArgumentError
from ..state.listing import Fact, Heading, Listing, Values
from ..table.column import Array, sort_key
from .order import best_first, heading
from .tiers import Share, exact_share
from .tiles import quantile_edges

if TYPE_CHECKING:
    from .view import Rows, View

__all__ = ["quartiles", "visits_per_day_norm"]


def quartiles(values: Array | Sequence[int]) -> tuple[float, float, float] | None:
    """Return the exact quartiles of whole numbers, the linear ones (type 7), each rounded once; None of none.

    Rules: R2, Q1.
    """
    edges = [float(e) for e in quantile_edges(values, 4)]
    return (edges[0], edges[1], edges[2]) if edges else None


def visits_per_day_norm(view: View, *, kind: str = "visit", best: Share = "0.2") -> Listing:
    """State how many visits the best sellers make on a day with visits, and each seller's own figure beside it.

    The best are the first `best` of the sellers with a won deal by `won_value`, at least one, ties by label. Their
    norm is over all their days with at least one visit: quartiles and mean of the visits of a seller on a day.

    Args:
        view: with opportunities and activities.
        kind: kind of activity that is counted.
        best: share of the sellers that set the norm.

    Returns: one row per seller with a won deal or with a day, by won value, ties by label; the norm is in the facts.
        Visits without a date or a seller are left out and counted.

    Undefined when: none of the best has a day with a visit; the norm is None.

    Raises:
        ArgumentError: a share outside (0, 1], or no word for the kind.

    Rules: R1, R2, T1, M2, M7, Q1.

    Source: A01; article A1.
    """
    share = exact_share("best", best)
    if share == 0:
        raise ArgumentError(f"best is a share above 0, such as '0.2', got {best!r}")
    if not kind:
        raise ArgumentError(f"kind is a kind of activity, such as 'visit', got {kind!r}")
    values, winners = _won(view)
    chosen = winners[: int(-(-share * len(winners) // 1))]
    rows = view.rows("activity", where=col("kind") == kind)
    days, undated, unowned = _by_day(rows)
    undated += len(view.undated("activity", where=col("kind") == kind))
    listed = [*winners, *sorted((s for s in days if s not in values), key=sort_key)]
    per_day = [days.get(s, np.empty(0, np.int64)) for s in listed]
    visits = np.array([int(d.sum()) for d in per_day], np.int64)
    counts = np.array([d.size for d in per_day], np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = visits / counts
    medians = [None if (q := quartiles(d)) is None else q[1] for d in per_day]
    columns: list[tuple[Heading, Values]] = [
        (heading("owner"), listed),
        (Heading("won_value", "money", {"en": "Won value", "zh": "赢单金额"}), [values.get(s, 0.0) for s in listed]),
        (
            Heading("sets_norm", "label", {"en": "Sets the norm", "zh": "参与基准"}),
            ["yes" if i < len(chosen) else "no" for i in range(len(listed))],
        ),
        (Heading("days", "count", {"en": "Days with visits", "zh": "有拜访天数"}), counts),
        (Heading("visits", "count", {"en": "Visits", "zh": "拜访数"}), visits),
        (Heading("mean_per_day", "count/day", {"en": "Mean per day", "zh": "日均"}), means),
        (Heading("median_per_day", "count/day", {"en": "Median per day", "zh": "日中位数"}), medians),
    ]
    note = {
        "en": f"Activities of kind {kind!r} on days with at least one; the norm is that of the best {float(share) * 100:g} % of the "
        "sellers with a won deal, by won value.",
        "zh": f"统计类型为{kind!r}的活动，仅计有活动的日子；基准取自赢单金额前{float(share) * 100:g}%的销售人员。",
    }
    norm = np.concatenate([np.empty(0, np.int64), *per_day[: len(chosen)]])
    return Listing(columns, facts=_facts(norm, len(chosen), undated, unowned), notes=[note])


def _won(view: View) -> tuple[dict[Any, float], list[Any]]:
    """Return the won value of each seller with a won deal, and these sellers from best to worst."""
    result = view.measure(["won_deals", "won_value"], by="owner")
    found = {row["owner"]: row["won_value"] for row in result.rows() if row["won_deals"] and row["owner"] is not None}
    labels = list(found)
    return found, [labels[i] for i in best_first(np.array([found[s] for s in labels]), labels).tolist()]


def _by_day(rows: Rows) -> tuple[dict[Any, Array], int, int]:
    """Return the visits on each day with some, by seller; how many rows have no date, and how many no seller."""
    owners, days = rows.key("owner"), rows.days("at")
    pieces = rows.values(coalesce(col("quantity"), 1))
    dated = days.present()
    keep = np.flatnonzero(dated & owners.present() & (pieces.data > 0))
    order = keep[np.lexsort((days.data[keep], owners.data[keep]))]
    who, day = owners.data[order].astype(np.int64), days.data[order].astype(np.int64)
    found: dict[Any, Array] = {}
    if order.size:
        starts = np.flatnonzero(np.append(True, (who[1:] != who[:-1]) | (day[1:] != day[:-1])))
        sums = np.add.reduceat(pieces.data[order].astype(np.int64), starts)
        sellers, first = np.unique(who[starts], return_index=True)
        for code, part in zip(sellers.tolist(), np.split(sums, first[1:]), strict=True):
            found[owners.labels[code]] = part
    return found, int((~dated).sum()), int((dated & ~owners.present()).sum())


def _facts(norm: Array, sellers: int, undated: int, unowned: int) -> list[Fact]:
    low, middle, high = quartiles(norm) or (None, None, None)
    mean = int(norm.sum()) / norm.size if norm.size else None
    return [
        Fact("norm_lower_quartile", low, "count/day", {"en": "Norm, lower quartile", "zh": "基准下四分位"}),
        Fact("norm_median", middle, "count/day", {"en": "Norm, median", "zh": "基准中位数"}),
        Fact("norm_upper_quartile", high, "count/day", {"en": "Norm, upper quartile", "zh": "基准上四分位"}),
        Fact("norm_mean", mean, "count/day", {"en": "Norm, mean", "zh": "基准均值"}),
        Fact("norm_days", int(norm.size), "count", {"en": "Days behind the norm", "zh": "基准天数"}),
        Fact("norm_sellers", sellers, "count", {"en": "Sellers behind the norm", "zh": "基准人数"}),
        Fact("undated", undated, "count", {"en": "Left out, no date", "zh": "无日期（已排除）"}, quiet=True),
        Fact("without_seller", unowned, "count", {"en": "Left out, no seller", "zh": "无归属人（已排除）"}, quiet=True),
    ]
