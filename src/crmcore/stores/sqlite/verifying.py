"""Verify: whether a file says what was written to it, down to the last bit that anybody reads (K12)."""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from ...errors import CrmCoreError, StoreCorrupt
from ..codec import Row, link
from ..contract import Verification
from ..fold import fold
from .connections import Connections
from .head import seal_of, seed_of
from .layout import HEAD, OWN, STATES, Shape, number_in, order_out, place, places, shape_of
from .migrations import MIGRATIONS
from .past import ENTRY, entry_in, histories

__all__ = ["verify"]

_BATCH = 1_000
_MOST = 100
"""Faults that are told of one part."""
_BROKEN = (CrmCoreError, sqlite3.Error, ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""What reading a damaged file may raise."""


def verify(connections: Connections, progress: Callable[[int], object] | None = None) -> Verification:
    """Check a file: its format, the log and its chain, and each state against the fold of its entries."""
    with connections.reading() as connection:
        check = _Check(connection, progress)
        for part in (check.format, check.tenants, check.others):
            with check.told(part.__name__):
                part()
        return Verification(check.entries, check.records, tuple(check.faults))


class _Check:
    """A check under way.

    Args:
        connection: in a transaction, so that all is of one moment.
        progress: called with the number of entries checked.
    """

    def __init__(self, connection: sqlite3.Connection, progress: Callable[[int], object] | None) -> None:
        self._connection = connection
        self._progress = progress
        self.entries = self.records = 0
        self.faults: list[str] = []

    @contextmanager
    def told(self, where: str) -> Iterator[None]:
        """Tell what cannot even be read as a fault."""
        try:
            yield
        except _BROKEN as error:
            self.faults.append(f"{where}: {error}")

    # --- the file

    def format(self) -> None:
        """Check pages, indexes and schema."""
        for (found,) in self._connection.execute(f"PRAGMA integrity_check({_MOST})"):
            if found != "ok":
                self.faults.append(f"format: {found}")
        for row in self._connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
            self.faults.append(f"format: a row of {row[0]!r} belongs to no tenant")
        with closing(sqlite3.connect(":memory:")) as fresh:
            for step in MIGRATIONS:
                for statement in step.statements:
                    fresh.execute(statement)
            if _schema(fresh) != _schema(self._connection):
                self.faults.append("format: the tables of the file are not those of its format")

    # --- tenants

    def tenants(self) -> None:
        """Check the log and the records of each tenant."""
        found = self._connection.execute("SELECT number, name, last, chain FROM tenant ORDER BY number").fetchall()
        for number, name, last, chain in found:
            with self.told(f"log of tenant {name!r}"):
                self._log(number, name, last, chain)
            reached = 0
            kinds = self._connection.execute(f"SELECT DISTINCT _kind FROM {OWN} WHERE _tenant = ?", (number,))
            for shape in (*STATES.values(), *(shape_of(kind) for (kind,) in kinds.fetchall())):
                with self.told(f"{shape.kind} of tenant {name!r}"):
                    reached += self._states(number, name, shape)
            if reached != last:
                self.faults.append(f"tenant {name!r}: {last} entries, but its records have {reached}")
            with self.told(f"consumers of tenant {name!r}"):
                self._consumers(number, name, last)

    def _log(self, tenant: int, name: str, last: int, chain: bytes) -> None:
        tied, number, told = seed_of(tenant, name), 0, 0
        rows = self._connection.execute(
            f"SELECT {ENTRY}, digest, chain FROM log WHERE tenant = ? AND place > ? AND place < ? ORDER BY place",
            (tenant, *places(tenant)),
        )
        while some := rows.fetchmany(_BATCH):
            for row in some:
                number += 1
                found = number_in(row[0])
                made = link(tied + (row[12] or b""), Row(found, *row[1:12]))
                tied = row[13]
                if (made != tied or found != number) and told < _MOST:
                    told += 1
                    self.faults.append(
                        f"tenant {name!r}: entry {found} was altered"
                        if found == number
                        else f"tenant {name!r}: entry {number} is missing, {found} stands in its place"
                    )
                    number = found
            self.entries += len(some)
            if self._progress is not None:
                self._progress(self.entries)
        if (number, tied) != (last, chain):
            self.faults.append(f"tenant {name!r}: its log ends at {number}, not as it should at {last}")

    def _states(self, tenant: int, name: str, shape: Shape) -> int:
        """Check the records of one table, and return how many entries have made them."""
        columns = [*HEAD, *shape.columns_of(shape.kinds), "_own"]
        own: Counter[str] = Counter()
        used: set[str] = set()
        first: int | None = places(tenant)[0]
        reached = 0
        while first is not None:
            start = first
            log, first = histories(self._connection, shape, tenant, start, _BATCH)
            if first is None:
                break
            reached += len(log)
            rows = self._connection.execute(
                shape.select(shape.kinds, " AND _place > ? AND _place <= ? ORDER BY _place", in_order=True),
                (*shape.bound(tenant), start, first),
            ).fetchall()
            wanted = self._expected(tenant, shape, log, used, own)
            for row in rows:
                cells = wanted.pop(row[1], None)
                if cells is None or not _same([cells.get(c) for c in columns], row):
                    self._fault(f"tenant {name!r}: {shape.kind} {row[1]!r} is not what its entries say")
            for id_ in wanted:
                self._fault(f"tenant {name!r}: {shape.kind} {id_!r} has entries, but is missing")
            self.records += len(rows)
        self._fields(tenant, name, shape, used, own)
        return reached

    def _expected(
        self, tenant: int, shape: Shape, log: list[Any], used: set[str], own: Counter[str]
    ) -> dict[Any, dict[str, Any]]:
        """Return the cells that the records of these entries should have, by id."""
        entries = [entry_in(row) for row in log]
        ends: dict[Any, tuple[int, int]] = {}
        counts: Counter[Any] = Counter()
        for entry in entries:
            counts[entry.table, entry.id] += 1
            if entry.version != counts[entry.table, entry.id]:
                raise StoreCorrupt(f"entry {entry.number} has version {entry.version} of {entry.id!r}")
            ends[entry.table, entry.id] = (ends.get((entry.table, entry.id), (entry.number,))[0], entry.number)
        found: dict[Any, dict[str, Any]] = {}
        for (table, id_), held in fold(entries).items():
            if table != shape.kind:
                raise StoreCorrupt(f"an entry of {table} stands among those of {shape.kind}")
            made, last = ends[table, id_]
            head = (place(tenant, made), id_, held.version, *order_out(held.newest), last)
            found[id_] = dict(zip(HEAD, head, strict=True)) | shape.cells(held.values)
            used.update(n for n in held.values if n in shape.kinds)
            own.update(n for n in held.values if n not in shape.kinds)
        return found

    def _fields(self, tenant: int, name: str, shape: Shape, used: set[str], own: Counter[str]) -> None:
        rows = self._connection.execute(
            "SELECT name, records FROM field WHERE tenant = ? AND kind = ?", (tenant, shape.kind)
        ).fetchall()
        typed = {field for field, records in rows if records is None}
        counted = {field: records for field, records in rows if records}
        if not used <= typed <= shape.kinds.keys() or counted != own:
            self._fault(f"tenant {name!r}: the list of fields of {shape.kind} is not that of its records")

    def _consumers(self, tenant: int, name: str, last: int) -> None:
        rows = self._connection.execute("SELECT name, cursor, state, seal FROM consumer WHERE tenant = ?", (tenant,))
        for consumer, cursor, state, seal in rows.fetchall():
            if seal != seal_of(tenant, consumer, cursor, state) or not 0 <= cursor <= last:
                self._fault(f"tenant {name!r}: consumer {consumer!r} was altered")

    def others(self) -> None:
        """Check that there are no rows beside those of the tenants."""
        names = ["log", *(shape.name for shape in STATES.values()), OWN]
        rows = [self._connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names]
        if rows[0] != self.entries or sum(rows[1:]) != self.records:
            self.faults.append(
                f"rows of nobody: {rows[0]} entries and {sum(rows[1:])} records, "
                f"of which {self.entries} and {self.records} belong to tenants"
            )

    def _fault(self, text: str) -> None:
        if len(self.faults) < 10 * _MOST:
            self.faults.append(text)


def _same(one: list[Any], other: tuple[Any, ...]) -> bool:
    return tuple(one) == other and list(map(type, one)) == list(map(type, other))


def _schema(connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name"
    ).fetchall()
