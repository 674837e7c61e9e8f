"""Journeys from paths: text such as "mail > search > mail", with how often each converted and how often not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError
from ...table.column import Array, Column
from .columns import amounts, column, counts
from .journeys import Journeys, in_order, runs

__all__ = ["from_paths"]


def from_paths(
    paths: Column | Iterable[str | Sequence[Any] | None],
    conversions: Any,
    *,
    nulls: Any = None,
    value: Any = None,
    lead: Any = None,
    opportunity: Any = None,
    separator: str = ">",
) -> Journeys:
    """Return journeys from paths, one row each.

    A channel that follows itself is two touches. Equal paths may stand in several rows; they add up. A part without a
    name, as in "mail > > search", is a touch of a blank channel; a blank path is a conversion that no touch came before.

    Args:
        paths: text, cut at the separator and stripped, or sequences of channels, the first touch first.
        conversions: how often each path ended in a conversion.
        nulls: how often it ended in none; 0 when left out.
        value: amount of its conversions together; a blank one is no amount, and its conversions are counted (M3).
        lead: the touch of each path that made the lead, from 0; -1 for none.
        opportunity: the touch that made the opportunity, likewise.
        separator: what stands between the channels in text.

    Raises:
        ArgumentError: arrays of different lengths, a separator of nothing, a value without a conversion.
        DataError: a count or an amount that cannot be read.

    Rules: M3, W3.

    Examples:
        >>> from_paths(["mail > search", "search"], [3, 1], nulls=[2, 8], value=["900.00", "100.00"])
        Journeys(2; 3 touches of 2 channels, 4 conversions, 10 without)
    """
    if not separator:
        raise ArgumentError(f"separator is what stands between channels, such as '>', got {separator!r}")
    which, distinct = _distinct(paths)
    found = [_channels(path, separator) for path in distinct]
    labels = in_order(channel for path in found for channel in path)
    index = {label: code for code, label in enumerate(labels)}
    flat = np.array([index[channel] for path in found for channel in path], np.int64)
    sizes = np.array([len(path) for path in found], np.int64)
    starts = np.cumsum(sizes) - sizes
    rows = {"conversions": counts("conversions", conversions)}
    rows["nulls"] = np.zeros(which.size, np.int64) if nulls is None else counts("nulls", nulls)
    rows |= {n: np.asarray(v, np.int64) for n, v in (("lead", lead), ("opportunity", opportunity)) if v is not None}
    amount = None if value is None else amounts("value", value)
    for name, data in [*rows.items(), *([] if amount is None else [("value", amount.data)])]:
        if data.size != which.size:
            raise ArgumentError(f"{name} has {data.size} values, there are {which.size} paths")
    lengths = sizes[which]
    there = lengths > 0
    kept = np.flatnonzero(there)
    converted = rows["conversions"]
    codes = flat[runs(starts[which[kept]], lengths[kept])]
    return Journeys(
        labels,
        codes.astype(np.min_scalar_type(max(len(labels) - 1, 0))),
        np.concatenate([[0], np.cumsum(lengths[kept])]),
        rows["conversions"][kept],
        rows["nulls"][kept],
        lead=rows["lead"][kept] if "lead" in rows else None,
        opportunity=rows["opportunity"][kept] if "opportunity" in rows else None,
        value=None if amount is None else amount.take(kept),
        untouched=int(converted[~there].sum()),
        untouched_value=0 if amount is None else sum(amount.data[~there].tolist()),
        unpriced=0 if amount is None else int(converted[~amount.present()].sum()),
    )


def _distinct(paths: Column | Iterable[Any]) -> tuple[Array, list[Any]]:
    """Return which path each row has, and the different paths."""
    if isinstance(paths, Column):
        found = column("paths", "key", paths)
        return found.data.astype(np.int64), list(found.labels)
    if isinstance(paths, str):
        raise ArgumentError(f"paths are many, one a row; put {paths!r} into a list")
    index: dict[Any, int] = {}
    rows = [index.setdefault(p if isinstance(p, str) or p is None else tuple(p), len(index)) for p in paths]
    return np.array(rows, np.int64), list(index)


def _channels(path: Any, separator: str) -> tuple[Any, ...]:
    if path is None:
        return ()
    if not isinstance(path, str):
        return tuple(path)
    return tuple(part.strip() or None for part in path.split(separator)) if path.strip() else ()
