"""Breaks: changes of a stage that do not begin where the one before them led."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...table.column import Array

__all__ = ["breaks"]


def breaks(
    records: Array, at: Array, numbers: Array, before: Sequence[str | None], after: Sequence[str | None]
) -> list[int]:
    """Return the places of changes whose old value is not the new one of the change before, in ascending order.

    Something happened in between that the log does not tell, or a value was renamed. Where the old value is blank, or nothing
    orders the changes of an instant, nothing can be said.

    Args:
        records: code of the record of each change.
        at: when it was.
        numbers: what orders those of one record and instant.
        before: old values.
        after: new values.
    """
    if len(records) < 2:
        return []
    index: dict[str | None, int] = {None: -1}
    old, new = (np.array([index.setdefault(v, len(index)) for v in side], np.int64) for side in (before, after))
    steps = np.lexsort((numbers, at, records))
    who, when, nth = records[steps], at[steps], numbers[steps]
    follows = who[1:] == who[:-1]
    tied = follows & (when[1:] == when[:-1]) & (nth[1:] == nth[:-1])
    unsure = np.append(tied, [False]) | np.append([False], tied)
    odd = follows & ~unsure[1:] & ~unsure[:-1] & (old[steps][1:] >= 0) & (old[steps][1:] != new[steps][:-1])
    found: list[int] = np.sort(steps[1:][odd]).tolist()
    return found
