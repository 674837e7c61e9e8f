"""Order: who stands in a result, from best to worst, ties by label."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import attrs
import numpy as np

from ..errors import ArgumentError
from ..metric import Metric
from ..state.listing import Heading, Values
from ..state.result import Result
from ..table.column import Array, Mask, sort_key

__all__ = ["RANK", "Subjects", "best_first", "direction", "heading", "subjects"]

RANK = Heading("rank", "count", {"en": "Rank", "zh": "排名"})
_KEYS = {
    "owner": {"en": "Seller", "zh": "销售人员"},
    "team": {"en": "Team", "zh": "团队"},
    "source": {"en": "Source", "zh": "来源"},
    "account": {"en": "Account", "zh": "客户"},
    "product": {"en": "Product", "zh": "产品"},
}


def best_first(scores: Array | Sequence[float], labels: Sequence[Any], better: str = "higher") -> Array:
    """Return the places of the scores from best to worst; equal ones in the order of their labels.

    Args:
        scores: one per subject; nan where undefined, which is left out.
        labels: who they are of; no two alike.
        better: "higher" or "lower".

    Raises:
        ArgumentError: scores and labels of different lengths, two equal labels, or another word for better.
    """
    values = np.asarray(scores, np.float64)
    if values.shape != (len(labels),):
        raise ArgumentError(f"scores and labels are one per subject, got {values.size} scores and {len(labels)} labels")
    if better not in ("higher", "lower"):
        raise ArgumentError(f"better is 'higher' or 'lower', got {better!r}")
    by_label = sorted(range(len(labels)), key=lambda i: _by_parts(labels[i]))
    twice = next((labels[i] for i, j in pairwise(by_label) if labels[i] == labels[j]), None)
    if twice is not None:
        raise ArgumentError(f"label {twice!r} stands for two subjects; ties are decided by label, so each has its own")
    place = np.array(by_label, np.int64)
    known = place[~np.isnan(values[place])]
    keys = -values[known] if better == "higher" else values[known]
    return known[np.argsort(keys, kind="stable")]


def _by_parts(label: Any) -> tuple[tuple[bool, tuple[int, Any]], ...]:
    parts = label if isinstance(label, tuple) else (label,)
    return tuple((p is None, sort_key(p)) for p in parts)


@attrs.frozen(slots=True, eq=False)
class Subjects:
    """Who stands in the rows of a result: labels by key, and which rows have one in every key."""

    keys: tuple[str, ...]
    labels: tuple[tuple[Any, ...], ...]
    named: Mask

    def columns(self, rows: Array) -> list[tuple[Heading, Values]]:
        """Return the labels of these rows, one column per key."""
        return [(heading(k), [self.labels[r][i] for r in rows.tolist()]) for i, k in enumerate(self.keys)]


def heading(key: str) -> Heading:
    """Return the heading of a column of labels."""
    return Heading(key, "label", _KEYS.get(key, {}))


def subjects(result: Result) -> Subjects:
    """Return who stands in the rows of a result.

    Raises:
        ArgumentError: a result that is not by some key, or that has a row per period.
    """
    if result.periodic or not result.keys:
        raise ArgumentError(
            f"who is ranked stands in the rows: measure by=... and without per=..., got a result by {', '.join(result.axes) or 'nothing'}"
        )
    labels = tuple(zip(*(result.column(k) for k in result.keys), strict=True))
    return Subjects(result.keys, labels, np.array([None not in row for row in labels], bool))


def direction(metric: Metric) -> str:
    """Return whether more or less of a metric is better.

    Raises:
        ArgumentError: a metric of which neither is.
    """
    if metric.better not in ("higher", "lower"):
        raise ArgumentError(f"{metric.name!r} has no better direction to rank by: better is {metric.better!r}")
    return metric.better
