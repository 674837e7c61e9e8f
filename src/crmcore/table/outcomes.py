"""Outcomes of hosts that keep them in their stages, or in flags (O2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..domain import OUTCOMES
from .column import Column, Mask
from .values import values_of

__all__ = ["filled", "outcome_of", "stage_kinds"]

_LABELS = (None, *OUTCOMES)


def _from_flags(columns: Mapping[str, Column]) -> Column | None:
    """Return the outcome that the flags is_closed and is_won say: closed and not won is lost."""
    won, closed = columns.get("is_won"), columns.get("is_closed")
    if won is None or closed is None or won.kind != "flag" or closed.kind != "flag":
        return None
    codes = np.where(won.data, 2, np.where(closed.data, 3, 1))
    codes[~(won.present() & closed.present())] = 0
    return Column("key", codes.astype(np.int8), labels=_LABELS)


def stage_kinds(stages: Mapping[str, Column]) -> dict[Any, str | None]:
    """Return the kind of each stage by its id, and by its name where no id is called so.

    Where some stages have a kind, one without is what its flags say, or else open, as a record of a stage is; where none
    has, and no flags, nothing is said.

    Rules: O2
    """
    said = [c for c in (stages.get("kind"), _from_flags(stages)) if c is not None and c.present().any()]
    if not said or "id" not in stages:
        return {}
    kinds = values_of(said[0])
    if said[0] is stages.get("kind"):
        kinds = [next(filter(None, told), "open") for told in zip(*map(values_of, said), strict=True)]
    found: dict[Any, str | None] = {}
    for column in ("name", "id"):
        if column in stages:
            found |= dict(zip(values_of(stages[column]), kinds, strict=True))
    return found


def outcome_of(columns: Mapping[str, Column], kinds: Mapping[Any, str | None]) -> tuple[Column, str] | None:
    """Return the outcome of each opportunity and where it comes from, or None where nothing says it.

    Rules: O2
    """
    found = _from_flags(columns)
    if found is not None:
        return found, "is_won and is_closed"
    stage = columns.get("stage")
    if stage is None or stage.kind != "key" or not kinds:
        return None
    by_id = {str(label): kind for label, kind in kinds.items()}  # ids of a file may be numbers here and texts there
    codes = [_LABELS.index(by_id.get(str(label))) if label is not None else 0 for label in stage.labels]
    return Column("key", np.array(codes, np.int8).take(stage.data), labels=_LABELS), "the kind of its stage"


def filled(given: Column, derived: Column) -> tuple[Column, Mask]:
    """Return the outcomes that are given, the blank ones from those derived, and which these are.

    Args:
        given: a column of keys.
        derived: the same rows.

    Rules: O2
    """
    rows = ~given.present() & derived.present()
    labels = (*given.labels, *(label for label in derived.labels if label not in given.labels))
    codes = np.array([labels.index(label) for label in derived.labels], given.data.dtype)
    return given.replace(data=np.where(rows, codes[derived.data], given.data), labels=labels), rows
