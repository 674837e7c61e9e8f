"""Derived: changes that follow from others - outcome and close date from moves between stages - to be kept like them (O2, O5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..calendars.moments import utc_of
from ..table.dataset import Dataset
from ..table.history import logs_of, whole
from ..table.values import values_of
from .texts import text_of

if TYPE_CHECKING:
    from ..calendars import Zone

__all__ = ["derived_changes"]

_NAMES = ("id", "table", "record", "field", "old", "new", "at", "recorded_at", "sequence")


def derived_changes(data: Dataset, zone: Zone) -> Dataset | None:
    """Return the dataset with the changes of opportunities that follow from their moves, in the place of its own.

    Args:
        data: with a table `change`.
        zone: where days end.

    Returns: None where nothing follows, or the changes tell of outcomes themselves.
    """
    changes = data["change"]
    fields = changes["field"]
    told = set(fields.labels)
    if "stage" not in told or "outcome" in told or "opportunity" not in data:
        return None
    moves = changes.select(np.flatnonzero(fields.data == fields.index["stage"]))
    logs = logs_of({**data.tables, "change": moves}, zone).get("opportunity", {})
    rows: list[tuple[Any, ...]] = []
    for field, log in logs.items():
        if field in told or not len(log):
            continue
        ids = values_of(whole(data["opportunity"], zone)["id"], log.rows)
        sides = (values_of(log.pool, side) for side in (log.old, log.new))
        for n, (id_, old, new, at, known, sequence) in enumerate(
            zip(ids, *sides, log.at.tolist(), log.known.tolist(), log.sequence.tolist(), strict=True)
        ):
            before, after = (None if value is None else text_of(value) for value in (old, new))
            moments = map(utc_of, (at, known))
            name = f"derived:opportunity:{id_}:{field}:{at}:{sequence}:{n}"
            rows.append((name, "opportunity", id_, field, before, after, *moments, sequence))
    if not rows:
        return None
    return Dataset.of({**data.tables, **Dataset(change=(_NAMES, rows)).tables}, left_out=data.left_out)
