"""Verify: whether the log is whole, and whether the records are what it says (K12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from psycopg import sql

from crmcore.errors import CrmCoreError
from crmcore.stores.codec import EMPTY, entry_of, link
from crmcore.stores.contract import Verification
from crmcore.stores.fold import fold

from .connections import Connection, Connections
from .layout import EXTRA, OTHERS
from .reading import stream
from .rows import ENTRY, Tables, row_in

__all__ = ["verified"]

_EVERY = 10_000
_MANY = 100
"""Faults of a tenant that are told in words."""


class _Check:
    """What a check has found so far."""

    def __init__(self, progress: Callable[[int], object] | None) -> None:
        self.entries = self.records = 0
        self.faults: list[str] = []
        self._progress = progress

    def entry(self) -> None:
        """Count an entry."""
        self.entries += 1
        if self._progress is not None and self.entries % _EVERY == 0:
            self._progress(self.entries)

    def end(self) -> None:
        """Tell how many entries there were."""
        if self._progress is not None:
            self._progress(self.entries)


def verified(
    connections: Connections, tables: Tables, tenants: Sequence[str], progress: Callable[[int], object] | None
) -> Verification:
    """Return what a check of tenants finds; each is looked at in one state, while others may write."""
    check = _Check(progress)
    for tenant in tenants:
        with connections.reading(tenant) as connection:
            told: list[str] = []
            for fault in _faults(connection, tables, tenant, check):
                told.append(f"tenant {tenant!r}: {fault}")
                if len(told) == _MANY:
                    told.append(f"tenant {tenant!r}: and more, which were not looked for")
                    break
            check.faults.extend(told)
    check.end()
    return Verification(check.entries, check.records, tuple(check.faults))


def _faults(connection: Connection, tables: Tables, tenant: str, check: _Check) -> Iterator[str]:
    yield from _log(connection, tables, tenant, check)
    for home in tables.layout.homes():
        yield from _state(connection, tables, tenant, home, check)
    query = sql.SQL(
        "SELECT c.name FROM {} c LEFT JOIN {} h USING (_tenant) WHERE _tenant = %s AND c.cursor > coalesce(h.number, 0)"
    )
    for (name,) in connection.execute(query.format(tables.consumer, tables.head), (tenant,)).fetchall():
        yield f"consumer {name!r} is beyond the log"


def _log(connection: Connection, tables: Tables, tenant: str, check: _Check) -> Iterator[str]:
    """Go through the log: numbers, versions, links, and where it ends."""
    query = sql.SQL("SELECT {}, digest, chain FROM {} WHERE _tenant = %(tenant)s ORDER BY number").format(
        ENTRY, tables.entry
    )
    number, chain = 0, EMPTY
    for rows in stream(connection, query, {"tenant": tenant}, 1_000):
        for *cells, content, linked in rows:
            check.entry()
            number += 1
            if cells[0] != number:
                yield f"entries {number} to {cells[0] - 1} of the log are missing"
                number = cells[0]
            try:
                found = link(chain + (content or b""), row_in(cells))
            except (ValueError, TypeError):
                found = b""
            if found != linked:
                yield f"entry {number} is not what was written, or the one before it is not"
            chain = bytes(linked)
    query = sql.SQL("SELECT number, chain FROM {} WHERE _tenant = %s").format(tables.head)
    end: Any = connection.execute(query, (tenant,)).fetchone()
    if end is None:
        if number:  # else a tenant that has nothing but a consumer
            yield f"the log ends with entry {number}, and where it should end is gone"
    elif end[0] != number or bytes(end[1]) != chain:
        yield f"the log ends with entry {number}, and should end with {end[0]}"


_OF_TABLE = {True: "kind = %(home)s", False: "kind <> ALL(%(domain)s)"}


def _state(connection: Connection, tables: Tables, tenant: str, home: str, check: _Check) -> Iterator[str]:
    """Compare records with what their entries make, table by table, both in the order of their ids."""
    domain = [name for name in tables.layout.homes() if name != OTHERS]
    asked = {"tenant": tenant, "home": home, "domain": domain}
    kind = sql.SQL("_kind") if home == OTHERS else sql.Literal(home)
    names = [c.name for c in tables.layout.columns(home)]
    columns = sql.SQL("").join(sql.SQL(", {}").format(sql.Identifier(name)) for name in names)
    states = sql.SQL(
        "SELECT {} AS kind, _id, _version, _newest, _made, _extra::text{} FROM {} WHERE _tenant = %(tenant)s ORDER BY 1, 2"
    ).format(kind, columns, sql.Identifier(tables.schema, home))
    entries = sql.SQL("SELECT {} FROM {} WHERE _tenant = %(tenant)s AND {} ORDER BY kind, id, number").format(
        ENTRY, tables.entry, sql.SQL(_OF_TABLE[home != OTHERS])
    )
    rows = (row for some in stream(connection, entries, asked, 1_000, name="entries") for row in some)
    made = ((key, list(group)) for key, group in groupby(rows, key=lambda row: (row[1], row[2])))
    kept = (row for some in stream(connection, states, asked, 1_000, name="states") for row in some)
    expected, state = next(made, None), next(kept, None)
    while expected is not None or state is not None:
        there = None if state is None else (state[0], state[1])
        if expected is None or (there is not None and _before(there, expected[0])):
            assert there is not None  # one of the two is there
            yield f"{there[0]} {there[1]!r} is not in the log"
            state = next(kept, None)
        elif there is None or _before(expected[0], there):
            yield f"{expected[0][0]} {expected[0][1]!r} is in the log, and not among the records"
            expected = next(made, None)
        else:
            assert state is not None  # its key was compared
            check.records += 1
            yield from _differences(tables, expected[1], names, state)
            expected, state = next(made, None), next(kept, None)


def _before(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Compare as COLLATE "C" orders: by bytes."""
    return tuple(part.encode() for part in one) < tuple(part.encode() for part in other)


def _differences(
    tables: Tables, entries: list[tuple[Any, ...]], names: list[str], state: tuple[Any, ...]
) -> Iterator[str]:
    kind, id_, version, newest, made, extra, *cells = state
    try:
        ((_, held),) = fold(entry_of(row_in(row)) for row in entries).items()
    except (CrmCoreError, ValueError, TypeError) as error:
        yield f"the entries of {kind} {id_!r} cannot be read: {error}"
        return
    wanted = tables.layout.cells(kind, held.values)
    found = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
    if extra is not None:
        found[EXTRA] = extra
    if [row[3] for row in entries] != list(range(1, len(entries) + 1)):
        yield f"the versions of {kind} {id_!r} have a gap"
    if (version, tuple(newest), made) != (held.version, held.newest, entries[0][0]) or found != wanted:
        off = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        yield f"{kind} {id_!r} is not what its entries say" + (f": {', '.join(off)}" if off else "")
