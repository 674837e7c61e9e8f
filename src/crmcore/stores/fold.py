"""Fold: what a log says of records, at any instant and as it was known at any other (K6, K7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from ..domain.record import Id, Moment
from .codec import instant
from .contract import Cut, Stored
from .entry import Entry, order_of
from .values import defaults_of, same

__all__ = ["Held", "Order", "fold", "stored", "within"]

Order = tuple[int, int, int]


@attrs.define(slots=True)
class Held:
    """A record as its entries make it.

    Args:
        version: number of its entries.
        values: the fields that have a value other than their default.
        newest: order of its newest entry in valid time.
    """

    version: int
    values: Mapping[str, Any]
    newest: Order


@attrs.define(slots=True)
class _Folded:
    version: int = 0
    newest: Order = (0, 0, 0)
    fields: dict[str, tuple[Order, Any]] = attrs.Factory(dict)


def within(at: Moment, cut: Cut) -> bool:
    """Return whether something was true by an instant; both ends count."""
    if isinstance(at, datetime):
        return instant(at) <= cut.instant
    return at.toordinal() - _DAY_0 <= cut.day


_DAY_0 = 719_163
"""Ordinal of 1970-01-01."""


def fold(
    entries: Iterable[Entry], *, at: Cut | None = None, known: datetime | None = None
) -> dict[tuple[str, Id], Held]:
    """Return the records that entries make, by table and id, in the order of the first entry of each.

    Args:
        entries: in the order of their numbers.
        at: only what was true until then.
        known: only what was recorded until then.
    """
    found: dict[tuple[str, Id], _Folded] = {}
    for entry in entries:
        record = found.setdefault((entry.table, entry.id), _Folded())  # made, whether or not that was known
        if (known is not None and entry.recorded_at > known) or (at is not None and not within(entry.at, at)):
            continue
        order = order_of(entry.at, entry.sequence)
        record.version = entry.version
        record.newest = max(record.newest, order)
        for name, value in entry.values.items():
            before = record.fields.get(name)
            if before is None or before[0] <= order:
                record.fields[name] = (order, value)
    return {key: _held(key[0], folded) for key, folded in found.items() if folded.version}


def _held(table: str, folded: _Folded) -> Held:
    defaults = defaults_of(table)
    values = {
        name: value
        for name, (_, value) in folded.fields.items()
        if value is not None and not same(value, defaults.get(name))
    }
    return Held(folded.version, values, folded.newest)


def stored(table: str, id: Id, held: Held) -> Stored:  # noqa: A002
    """Return a record as the contract shows it."""
    return Stored(table, id, held.version, dict(held.values))
