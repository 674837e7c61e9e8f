"""Write and Entry: what a writer asks a store for, and what the store's log keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import attrs

from ..domain.change import Change, moment_key
from ..domain.record import Id, Moment

__all__ = ["Entry", "Write", "order_of"]


def _frozen(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values if isinstance(values, MappingProxyType) else MappingProxyType(dict(values))


@attrs.frozen(slots=True, eq=False)
class Write:
    """Fields of one record take new values; those not named stay as they are.

    Args:
        table: a table of the domain, or one of the host's own.
        id: of the record; a new id makes a new record.
        values: field -> new value, None to clear it; beside the record's own fields the host's own are taken.
        at: when it became true (valid time).
        recorded_at: when it was learnt (recorded time), an aware datetime.
        actor: who did it.
        sequence: order among what happened at one `at` (S4).
        expected: the version the writer has seen, 0 for a record that must be new; None takes any.
        key: names this write for its source, so that it is taken once however often it is sent; None takes it each time.
        source: who sends; keys are told apart by it.
    """

    table: str
    id: Id
    values: Mapping[str, Any] = attrs.field(converter=_frozen)
    at: Moment
    recorded_at: datetime
    actor: Id | None = None
    sequence: int = 0
    expected: int | None = None
    key: str | None = None
    source: str = ""


@attrs.frozen(slots=True, eq=False)
class Entry:
    """One entry of a log: what a write changed.

    Args:
        number: its place in the log of its tenant: 1, 2, 3 ... without a gap.
        version: that the record has since: 1, 2, 3 ...
        old: field -> the value that `values` replaced, of those that had one.
        values: field -> new value, only what changed.
    """

    number: int
    table: str
    id: Id
    version: int
    values: Mapping[str, Any] = attrs.field(converter=_frozen)
    old: Mapping[str, Any] = attrs.field(converter=_frozen)
    at: Moment
    recorded_at: datetime
    actor: Id | None
    sequence: int
    source: str
    key: str | None

    def changes(self) -> Iterator[Change]:
        """Yield the changes of the domain that the entry is made of, one for each field."""
        for name, new in self.values.items():
            yield Change(
                f"{self.number}:{name}",
                table=self.table,
                record=self.id,
                field=name,
                old=self.old.get(name),
                new=new,
                at=self.at,
                recorded_at=self.recorded_at,
                sequence=self.sequence,
                actor=self.actor,
            )


def order_of(at: date, sequence: int) -> tuple[int, int, int]:
    """Return what orders the entries of a record in valid time; of equal ones the later number wins (S4)."""
    return (*moment_key(at), sequence)
