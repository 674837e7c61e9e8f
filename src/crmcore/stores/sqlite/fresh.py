"""Fresh: the first entries of many new records of one table, written at once, which is what an import is made of.

What is written is the same to the last bit as through `Chunk`; writes that are unusual in any way are left to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, repeat
from json.encoder import encode_basestring as quoted
from typing import Any

from ...errors import CrmCoreError
from ..codec import dump, instant
from ..entry import Write
from ..values import LONGEST_NAME, check_name, checked, defaults_of
from .columns import Filled, filled, is_text, is_whole, microseconds
from .head import Head
from .layout import Shape, order_out, place, shape_of
from .rows import write_fields

__all__ = ["Fresh", "fresh_of"]

_LOG = (
    "INSERT INTO log (tenant, place, kind, id, version, body, old, at, recorded, actor, sequence, source, key, digest, "
    "previous, chain) VALUES (?, ?, ?, ?, 1, ?, '{}', ?, ?, ?, ?, ?, ?, ?, NULL, ?)"
)
_DAY_0 = date(1970, 1, 1).toordinal()
_CLOCKS = 86_400_000_000


def fresh_of(writes: Sequence[Write]) -> Fresh | None:
    """Return writes that name new records of one table, or None where that is not certain."""
    if set(map(type, writes)) != {Write}:
        return None
    table, values = writes[0].table, [w.values for w in writes]
    names = _names(table, tuple(dict.fromkeys(chain.from_iterable(values)))) if type(table) is str else None
    if names is None or any([w.table != table for w in writes]):  # noqa: C419 - a list is faster
        return None
    ids = [w.id for w in writes]
    if not (_are_ids(ids) and len(set(ids)) == len(ids) and _are_usual(writes)):
        return None
    moments, recorded = _moments(writes), _recorded(writes)
    if moments is None or recorded is None:
        return None
    found: dict[str, Filled] = {}
    for name in names:
        column = filled(table, name, [v.get(name) for v in values])
        if column is None:
            return None
        found[name] = column
    return Fresh(shape_of(table), writes, found, moments, recorded)


class Fresh:
    """Writes that are sure to be taken if their records and keys are new.

    Args:
        shape: of their table.
        writes: in order.
        found: what each field is.
        moments: when they became true: their text in JSON, their cell in the log, and their order.
        recorded: when they were recorded.
    """

    def __init__(
        self,
        shape: Shape,
        writes: Sequence[Write],
        found: Mapping[str, Filled],
        moments: tuple[Sequence[Any], Sequence[Any], Sequence[int]],
        recorded: Sequence[int],
    ) -> None:
        self._shape = shape
        self._writes = writes
        self._found = {name: found[name] for name in sorted(found)}
        self._moments = moments
        self._recorded = recorded

    def write(self, connection: sqlite3.Connection, head: Head) -> bool:
        """Write states, entries and what fields there are, and return True; nothing is written where a record or key is known."""
        tenant = head.settle(connection)
        connection.execute("SAVEPOINT fresh")
        try:
            self._write(connection, head, tenant)
            known = False
        except sqlite3.IntegrityError:
            connection.execute("ROLLBACK TO fresh")
            known = True
        connection.execute("RELEASE fresh")
        return not known

    def _write(self, connection: sqlite3.Connection, head: Head, tenant: int) -> None:
        first = head.last + 1
        numbers = range(first, first + len(self._writes))
        places = [place(tenant, number) for number in numbers]
        self._states(connection, tenant, numbers, places)
        self._log(connection, head, tenant, numbers, places)

    def _states(self, connection: sqlite3.Connection, tenant: int, numbers: range, places: list[int]) -> None:
        shape, writes, found = self._shape, self._writes, self._found
        own = {name: field.texts for name, field in found.items() if name not in shape.kinds}
        cells = [column for field in found.values() for column in field.cells.items()]
        bound = [repeat(value) for value in shape.bound(tenant)]
        ids = [w.id for w in writes]
        sequences = [w.sequence for w in writes]
        rows = zip(
            *bound, places, ids, repeat(1), self._moments[2], sequences, numbers,
            *[column for _, column in cells], _objects(own.values(), len(writes), blank=None),
        )  # fmt: skip
        connection.executemany(shape.insert((*[name for name, _ in cells], "_own")), rows)
        typed = [name for name in shape.kinds if name in found and found[name].cells]
        counts = {name: len(texts) - texts.count("") for name, texts in own.items()}
        write_fields(connection, tenant, shape, typed, counts)

    def _log(self, connection: sqlite3.Connection, head: Head, tenant: int, numbers: range, places: list[int]) -> None:
        texts = [field.texts for field in self._found.values()]
        bodies = _objects(texts, len(self._writes), blank="{}")
        kept = [len(row) - row.count("") for row in zip(*texts, strict=True)] or repeat(0)
        table, tied = self._shape.kind, head.chain
        prefix = quoted(table)
        tails: dict[Any, str] = {}
        rows = []
        for number, at, w, body, fields, moment, cell, us in zip(
            numbers,
            places,
            self._writes,
            bodies,
            kept,
            self._moments[0],
            self._moments[1],
            self._recorded,
            strict=False,
        ):
            id_, key, values = w.id, w.key, quoted(body)
            name = f"{prefix},{quoted(id_) if type(id_) is str else id_}"
            who = (us, w.actor, w.sequence, w.source)
            tail = tails.get(who)
            if tail is None:
                tail = tails[who] = _tail(us, w)
            content, ended = None, "null"
            if key is not None:
                given = values if len(w.values) == fields else quoted(dump(_given(w)))
                content = _hash(f"[{name},{given},{moment},{w.sequence}]".encode())
                tied, ended = tied + content, quoted(key)
            tied = _hash(tied + f'[{number},{name},1,{values},"{{}}",{moment},{tail},{ended}]'.encode())
            rows.append((tenant, at, table, id_, body, cell, *who, key, content, tied))
        connection.executemany(_LOG, rows)
        head.last, head.chain = numbers[-1], tied


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


def _tail(recorded: int, write: Write) -> str:
    actor: Any = write.actor
    who = "null" if actor is None else quoted(actor) if type(actor) is str else actor
    return f"{recorded},{who},{write.sequence},{quoted(write.source)}"


def _given(write: Write) -> dict[str, Any]:
    """Return the values of a write, a cleared field with the default of its record."""
    defaults = defaults_of(write.table)
    return {name: defaults.get(name) if v is None else v for name, v in write.values.items()}


def _objects(texts: Any, size: int, blank: str | None) -> list[str | None]:
    """Return JSON objects of fields, `blank` for one without any."""
    parts = list(texts)
    if not parts:
        return [blank] * size
    joined = [",".join(filter(None, row)) for row in zip(*parts, strict=True)]
    return ["{" + text + "}" if text else blank for text in joined]


@lru_cache(maxsize=256)
def _names(table: str, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return fields in the order of JSON, or None where a store does not keep them."""
    try:
        check_name(table, "table")
        checked(table, 0, dict.fromkeys(names))
    except CrmCoreError:
        return None
    return tuple(sorted(names))


def _are_ids(ids: Sequence[Any]) -> bool:
    types = set(map(type, ids))
    if types == {str}:
        return "" not in ids and is_text(ids)
    return types == {int} and is_whole(ids)


def _are_usual(writes: Sequence[Write]) -> bool:
    """Return whether versions, sequences, actors, sources and keys are such as a store takes, each key once."""
    expected = [w.expected for w in writes if w.expected is not None]
    sequences = [w.sequence for w in writes]
    actors = [w.actor for w in writes if w.actor is not None]
    sources = [w.source for w in writes if w.source != ""]
    keyed = [w for w in writes if w.key is not None]
    return (
        set(map(type, expected)) <= {int}
        and not any(expected)
        and set(map(type, sequences)) == {int}
        and min(sequences) >= 0
        and is_whole(sequences)
        and (not actors or _are_ids(actors))
        and _are_labels(sources)
        and _are_labels([w.key for w in keyed])
        and len({(w.source, w.key) for w in keyed}) == len(keyed)
    )


def _are_labels(labels: Sequence[Any]) -> bool:
    """Return whether all are names as `check_name` takes them."""
    if not labels:
        return True
    if set(map(type, labels)) != {str} or not "".join(labels).isprintable():
        return False
    sizes = list(map(len, labels))
    return min(sizes) > 0 and max(sizes) <= LONGEST_NAME


def _recorded(writes: Sequence[Write]) -> Sequence[int] | None:
    """Return when writes were recorded, most often all at one instant."""
    instants = [w.recorded_at for w in writes]
    if set(map(type, instants)) != {datetime} or any([at.tzinfo is not UTC for at in instants]):  # noqa: C419
        return None
    one = instants[0]
    return [instant(one)] * len(instants) if all([at is one for at in instants]) else microseconds(instants)  # noqa: C419


def _moments(writes: Sequence[Write]) -> tuple[Sequence[Any], Sequence[Any], Sequence[int]] | None:
    """Return when writes became true, all dates or all instants: text in JSON, cell in the log, order."""
    moments = [w.at for w in writes]
    types = set(map(type, moments))
    if types == {date}:
        days = [at.isoformat() for at in moments]
        return [f'"{day}"' for day in days], days, [order_out((at.toordinal(), 0, 0))[0] for at in moments]
    if types != {datetime} or any([at.tzinfo is not UTC for at in moments]):  # type: ignore[attr-defined]  # noqa: C419
        return None
    found = microseconds(moments)  # type: ignore[arg-type]
    parts = [divmod(us, _CLOCKS) for us in found]
    return found, found, [order_out((day + _DAY_0, clock + 1, 0))[0] for day, clock in parts]
