"""Ledger: the contract of stores once more, in plain Python and by brute force.

Everything is worked out from the list of what was accepted, each time it is asked. It shares no code with the stores, so
that they are not their own judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import attrs

from ...domain.record import Id, Moment
from ...domain.schema import RECORDS, fields_of
from ...errors import ArgumentError, ConsumerConflict, KeyConflict, VersionConflict
from ...stores.contract import Cut
from ...stores.entry import Write

__all__ = ["Answer", "Ledger", "Line", "cut_at", "defaults", "identical"]

Key = tuple[str, Id]


@attrs.frozen
class Line:
    """An accepted write: what a store shows as an `Entry`."""

    number: int
    table: str
    id: Id
    version: int
    values: dict[str, Any]
    old: dict[str, Any]
    at: Moment
    recorded_at: datetime
    actor: Id | None
    sequence: int
    source: str
    key: str | None


@attrs.frozen
class Answer:
    """What a store says of an append, in the order of `Appended`."""

    versions: tuple[int, ...]
    applied: int
    repeated: int
    unchanged: int
    last: int


def identical(one: Any, other: Any) -> bool:
    """Return whether two values are equal and of one type, also inside mappings and sequences."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(identical(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(identical, one, other))
    return bool(one == other)


@cache
def defaults(table: str) -> Mapping[str, Any]:
    """Return what the fields of a domain's record stand for when nobody gives them; blank is left out."""
    if table not in RECORDS:
        return {}
    found = ((field.name, field.default) for field in fields_of(RECORDS[table]) if field.name != "id")
    return {name: value for name, value in found if value is not None and value is not attrs.NOTHING}


def cut_at(instant: datetime) -> Cut:
    """Return the cut of an instant, its day taken in UTC."""
    since = instant.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Cut(since // timedelta(microseconds=1), since.days)


def _place(at: Moment, sequence: int) -> tuple[Any, ...]:
    """Return where an entry stands in valid time: a date before all instants of its UTC day."""
    if isinstance(at, datetime):
        return (at.astimezone(UTC).date(), 1, at.astimezone(UTC).time(), sequence)
    return (at, 0, sequence)


def _counts(line: Line, at: Cut | None, known: datetime | None) -> bool:
    if known is not None and line.recorded_at > known:
        return False
    if at is None:
        return True
    if isinstance(line.at, datetime):
        return cut_at(line.at).instant <= at.instant
    return (line.at - date(1970, 1, 1)).days <= at.day


class Ledger:
    """One tenant's records, changes and consumers."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.keys: dict[tuple[str, str], tuple[Any, int]] = {}
        self.consumers: dict[str, tuple[int, bytes | None]] = {}

    def copy(self) -> Ledger:
        """Return a ledger of its own with the same in it."""
        other = Ledger()
        other.lines, other.keys, other.consumers = list(self.lines), dict(self.keys), dict(self.consumers)
        return other

    # -- writing ---------------------------------------------------------------------------------------

    def append(self, writes: Iterable[Write]) -> Answer:
        """Take all writes or none.

        Raises:
            VersionConflict, KeyConflict: as the contract says.
        """
        tried = self.copy()
        versions, found = [], {"applied": 0, "repeated": 0, "unchanged": 0}
        for write in writes:
            version, what = tried._take(write)
            versions.append(version)
            found[what] += 1
        self.lines, self.keys = tried.lines, tried.keys
        return Answer(tuple(versions), **found, last=len(self.lines))

    def _take(self, write: Write) -> tuple[int, str]:
        values = {name: _in_utc(value) for name, value in write.values.items()}
        sent = {
            name: (value, str(value)) for name, value in values.items()
        }  # 1.5 is not 1.50 where a write is sent again
        content = (write.table, write.id, sent, _in_utc(write.at), write.sequence)
        if write.key is not None and (write.source, write.key) in self.keys:
            first, version = self.keys[write.source, write.key]
            if not identical(first, content):
                raise KeyConflict(f"{write.key!r} again with other content")
            return version, "repeated"
        version = sum(line.table == write.table and identical(line.id, write.id) for line in self.lines)
        if write.expected is not None and write.expected != version:
            raise VersionConflict(f"{write.id!r} has version {version}")
        before = self._fields((write.table, write.id), until=_place(write.at, write.sequence))
        standard = defaults(write.table)
        changed, old = {}, {}
        for name, value in values.items():
            new = standard.get(name) if value is None else value
            was = before.get(name, standard.get(name))
            if not identical(new, was):
                changed[name] = new
                if was is not None and version:
                    old[name] = was
        if not changed and write.key is None and version:  # a new id makes a record, also without values
            return version, "unchanged"
        version += 1
        self.lines.append(
            Line(
                len(self.lines) + 1, write.table, write.id, version, changed, old, _in_utc(write.at),
                _in_utc(write.recorded_at), write.actor, write.sequence, write.source, write.key,
            )
        )  # fmt: skip
        if write.key is not None:
            self.keys[write.source, write.key] = (content, version)
        return version, "applied"

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:
        """Advance a consumer.

        Raises:
            ConsumerConflict, ArgumentError: as the contract says.
        """
        if self.consumers.get(name, (0, None))[0] != expected:
            raise ConsumerConflict(f"{name!r} is not at {expected}")
        if not expected <= cursor <= len(self.lines):
            raise ArgumentError(f"{cursor} is not between {expected} and {len(self.lines)}")
        self.consumers[name] = (cursor, state)

    def is_late(self, write: Write) -> bool:
        """Return whether something later in valid time is known of the record."""
        own = (x for x in self.lines if x.table == write.table and identical(x.id, write.id))
        place = _place(write.at, write.sequence)
        return any(_place(line.at, line.sequence) > place for line in own)

    # -- reading ---------------------------------------------------------------------------------------

    def _fields(self, key: Key, *, until: Any = None, at: Cut | None = None, known: Any = None) -> dict[str, Any]:
        """Return the fields of a record with what was last set, None included: later in valid time, then number."""
        own = [x for x in self.lines if (x.table, type(x.id), x.id) == (key[0], type(key[1]), key[1])]
        own = [line for line in own if _counts(line, at, known)]
        found: dict[str, Any] = {}
        for line in sorted(own, key=lambda x: (_place(x.at, x.sequence), x.number)):
            if until is None or _place(line.at, line.sequence) <= until:
                found.update(line.values)
        return found

    def records(
        self, table: str, *, at: Cut | None = None, known: datetime | None = None
    ) -> dict[Id, tuple[int, dict[str, Any]]]:
        """Return id -> version and values other than blank and default, in the order of the first lines."""
        made: dict[Id, int] = {}
        for line in self.lines:
            if line.table == table:
                made[line.id] = line.version if _counts(line, at, known) else made.get(line.id, 0)
        found = {id_: version for id_, version in made.items() if version}
        standard = defaults(table)
        return {
            id_: (
                version,
                {
                    name: value
                    for name, value in self._fields((table, id_), at=at, known=known).items()
                    if value is not None and not identical(value, standard.get(name))
                },
            )
            for id_, version in found.items()
        }

    def tables(self) -> tuple[str, ...]:
        """Return the names of tables with records, sorted."""
        return tuple(sorted({line.table for line in self.lines}))

    def rows(self, table: str, names: Iterable[str], **past: Any) -> Iterator[tuple[Any, ...]]:
        """Yield id, version and the named fields of each record, defaults filled in."""
        standard, columns = defaults(table), tuple(names)
        for id_, (version, values) in self.records(table, **past).items():
            yield (id_, version, *(values.get(name, standard.get(name)) for name in columns))


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
