"""Rows: records and entries on their way into the database, and out of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, LiteralString

import attrs
from psycopg import sql

from crmcore.domain.record import Id
from crmcore.stores.codec import Row, load
from crmcore.stores.fold import Held

from .layout import OTHERS, Column, Layout, id_in, id_out

__all__ = ["ENTRY", "Statements", "Tables", "as_json", "entry_cells", "row_in"]

ENTRY = sql.SQL("number, kind, id, version, new, old, at_us, at_day, recorded_us, actor, sequence, source, key")
"""The columns of an entry, in the order that `row_in` takes them."""


def row_in(cells: Sequence[Any]) -> Row:
    """Return an entry as the chain is made over it."""
    number, kind, cell, version, new, old, at_us, at_day, recorded, actor, sequence, source, key = cells
    at = at_us if at_day is None else at_day.isoformat()
    by = None if actor is None else id_in(actor)
    return Row(number, kind, id_in(cell), version, new, old, at, recorded, by, sequence, source, key)


def entry_cells(row: Row, digest: bytes | None, chain: bytes) -> dict[str, Any]:
    """Return an entry as cells by column."""
    return {
        "number": row.number,
        "kind": row.table,
        "id": id_out(row.id),
        "version": row.version,
        "new": row.values,
        "old": row.old,
        "at_us" if isinstance(row.at, int) else "at_day": row.at,
        "recorded_us": row.recorded_at,
        "actor": None if row.actor is None else id_out(row.actor),
        "sequence": row.sequence,
        "source": row.source,
        "key": row.key,
        "digest": None if digest is None else f"\\x{digest.hex()}",
        "chain": f"\\x{chain.hex()}",
    }


def _cell(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)  # else a Decimal


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_cell).encode


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as one parameter, which the server takes apart."""
    return _encode(list(rows))


@attrs.frozen(slots=True)
class Statements:
    """What is asked of the records of one table, with the parameters tenant, table and rows.

    Args:
        home: the table that they are in.
        where: those of the tenant and table, of the alias t.
        select: the columns of a record, of the alias t, in the order that `Tables.found` takes them.
        insert: adds new records.
        update: changes records that are there.
    """

    home: sql.Identifier
    where: sql.SQL
    select: sql.Composed
    insert: sql.Composed
    update: sql.Composed


class Tables:
    """The tables of a store: SQL over them, with names from the registry alone, and rows as records."""

    def __init__(self, schema: str, layout: Layout) -> None:
        self.schema = schema
        self.layout = layout
        self.entry = sql.Identifier(schema, "_entry")
        self.head = sql.Identifier(schema, "_head")
        self.consumer = sql.Identifier(schema, "_consumer")
        self.tenants = sql.SQL("{}()").format(sql.Identifier(schema, "_tenants"))
        self._statements: dict[str, Statements] = {}

    def of(self, table: str) -> Statements:
        """Return the statements of a table; those of the host's tables share theirs."""
        home = self.layout.home(table)
        found = self._statements.get(home)
        if found is None:
            found = self._statements[home] = self._made(home)
        return found

    def _made(self, home: str) -> Statements:
        columns = self.layout.columns(home)
        table = sql.Identifier(self.schema, home)
        where = sql.SQL(
            "t._tenant = %(tenant)s AND t._kind = %(table)s" if home == OTHERS else "t._tenant = %(tenant)s"
        )
        kind, value = (sql.SQL(part if home == OTHERS else "") for part in (", _kind", ", %(table)s"))
        rows = sql.SQL(
            "json_to_recordset(%(rows)s::json) AS x "
            "(_id text, _version bigint, _made bigint, _newest bigint[], _extra text{})"
        ).format(_each(", {} {}", columns, typed=True))
        insert = sql.SQL(
            "INSERT INTO {} (_tenant{}, _id, _version, _made, _newest, _extra{}) "
            "SELECT %(tenant)s{}, x._id, x._version, x._made, x._newest, x._extra::json{} FROM {}"
        ).format(table, kind, _each(", {}", columns), value, _each(", x.{}", columns), rows)
        update = sql.SQL(
            "UPDATE {} t SET _version = x._version, _newest = x._newest, _extra = x._extra::json{} FROM {} WHERE {} AND t._id = x._id"
        ).format(table, _each(", {0} = x.{0}", columns), rows, where)
        select = sql.SQL("t._id, t._version, t._newest, t._extra::text{}").format(_each(", t.{}", columns))
        return Statements(table, where, select, insert, update)

    def cells(self, id: Id, made: int, held: Held) -> dict[str, Any]:  # noqa: A002
        """Return a record as cells by column, but for the fields."""
        return {"_id": id_out(id), "_version": held.version, "_made": made, "_newest": held.newest}

    def found(self, table: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Id, Held]]:
        """Return rows of `select` as records."""
        if not rows:
            return []
        ids, versions, newest, extras, *cells = map(list, zip(*rows, strict=True))
        values: list[dict[str, Any]] = [{} for _ in rows]
        for name, column in self.layout.back(table, cells):
            for record, value in zip(values, column, strict=True):
                if value is not None:
                    record[name] = value
        for record, extra in zip(values, extras, strict=True):
            if extra is not None:
                record.update(load(extra))
        return [
            (id_in(cell), Held(version, record, tuple(order)))
            for cell, version, order, record in zip(ids, versions, newest, values, strict=True)
        ]


def _each(pattern: LiteralString, columns: Iterable[Column], *, typed: bool = False) -> sql.Composed:
    """Return a piece of SQL for each column, one after the other."""
    part = sql.SQL(pattern)
    return sql.Composed(
        [
            part.format(sql.Identifier(c.name), sql.SQL(c.type)) if typed else part.format(sql.Identifier(c.name))
            for c in columns
        ]
    )
