"""Change: one field of one record, before and after. The only form of history there is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import attrs

from ..errors import DefinitionError, NotFoundError
from . import fields as column
from .fields import spec
from .record import Id, Moment, Record, is_moment, values_of

__all__ = ["Change", "Step", "differences", "moment_key", "replay"]

AnyRecord = TypeVar("AnyRecord", bound=Record)


@attrs.frozen(eq=False, repr=False)
class Change(Record):
    """One field of one record changed from `old` to `new`.

    Args:
        table: the table of the record, e.g. "opportunity".
        record: its id.
        at: when it became true.
        recorded_at: when it was written down; the same as `at` when the source does not say.
        sequence: order among changes of the same instant (S4).
        actor: the seller or user who made it.
        last_only: whether the source keeps no other change of this field than the last one of each record.

    Rules: O8, S4, S5
    """

    id: Id | None = attrs.field(default=None, metadata=spec("id"))
    table: str = attrs.field(kw_only=True, metadata=spec("key"))
    record: Id = attrs.field(kw_only=True, metadata=spec("key"))
    field: str = attrs.field(kw_only=True, metadata=spec("key"))
    old: Any = attrs.field(default=None, kw_only=True, metadata=spec("text", any=True))
    new: Any = attrs.field(default=None, kw_only=True, metadata=spec("text", any=True))
    at: Moment = attrs.field(kw_only=True, metadata=spec("moment", recorded=True, exists=True))
    recorded_at: Moment | None = column.moment(recorded=True)
    sequence: int = column.count(default=0)
    actor: Id | None = column.ref("seller")
    last_only: bool = column.flag()


@attrs.frozen(eq=False)
class Step:
    """When, by whom and in which order something was done; all changes of one step share it."""

    at: Moment
    by: Id | None = None
    recorded_at: Moment | None = None
    sequence: int = 0


# derived from the changes themselves, so it is never a change of its own
_DERIVED = ("id", "changed_at")


def differences(table: str, old: AnyRecord, new: AnyRecord, step: Step) -> tuple[Change, ...]:
    """Return one change for each field in which two states of a record differ.

    The id of a change follows from what changed and when, so that the same step taken in twice is seen as one.
    """
    record = new.id  # type: ignore[attr-defined]
    stamp = (step.at.astimezone(UTC) if isinstance(step.at, datetime) else step.at).isoformat()
    pairs = zip(_fields(new), values_of(old), values_of(new), strict=True)
    return tuple(
        Change(
            f"{table}:{record}:{a.name}:{stamp}:{step.sequence}",
            table=table,
            record=record,
            field=a.name,
            old=before,
            new=now,
            at=step.at,
            recorded_at=step.recorded_at,
            sequence=step.sequence,
            actor=step.by,
        )
        for a, before, now in pairs
        if a.name not in _DERIVED and before != now
    )


def _fields(record: Any) -> tuple[attrs.Attribute[Any], ...]:
    return tuple(attrs.fields(type(record)))


def replay(record: AnyRecord, changes: Iterable[Change]) -> AnyRecord:
    """Return the record after its changes, taken in the order given.

    Raises:
        DefinitionError: a change of another record.
        NotFoundError: a field that the record does not have.
    """
    name, own = type(record).__name__, record.id  # type: ignore[attr-defined]
    known = {a.name for a in _fields(record)}
    values: dict[str, Any] = {}
    last: Moment | None = None
    for change in changes:
        if change.record != own:
            raise DefinitionError(f"{change!r} is not about {name} {own!r}", change=change)
        if change.field not in known:
            raise NotFoundError(change.field, known, where=f"among the fields of {name}")
        values[change.field] = change.new
        last = change.at if last is None or moment_key(last) < moment_key(change.at) else last
    if last is not None and "changed_at" in known:
        values["changed_at"] = last
    return attrs.evolve(record, **values)  # type: ignore[misc]


def moment_key(at: Moment) -> tuple[int, int]:
    """Return a key that puts dates and instants in one order, without giving a date a time (T2).

    A date comes before the instants of its UTC day.
    """
    if not is_moment(at):
        raise DefinitionError(f"{at!r} is not a date, nor a datetime with a time zone", value=at)
    if isinstance(at, datetime):
        utc = at.astimezone(UTC)
        clock = ((utc.hour * 60 + utc.minute) * 60 + utc.second) * 1_000_000 + utc.microsecond
        return date.toordinal(utc), 1 + clock
    return at.toordinal(), 0
