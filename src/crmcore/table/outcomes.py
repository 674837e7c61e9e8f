"""Outcomes of hosts that keep them in their stages, or in flags (O2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..domain import OUTCOMES
from .column import Column
from .values import values_of

__all__ = ["outcome_of", "stage_kinds"]

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
    """Return the kind of each stage by its id, and by its name where no id is called so."""
    kind = stages.get("kind") or _from_flags(stages)
    if kind is None or "id" not in stages:
        return {}
    kinds = values_of(kind)
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
