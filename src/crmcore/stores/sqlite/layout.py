"""Layout: the tables of a store's file, and how records stand in them.

log          every entry, in cells; `chain` ties it to the one before, `previous` to the one of the same record before
tenant       a number for each tenant, with the last number and the chain of its log
state_NAME   the records of a table of the domain as they stand: a column for each field
state_own    the records of the host's own tables
field        which typed columns of a table have been used, and how many records have a field of the host's own
consumer     cursors and states
migration    the steps that made the file what it is

`place` is the tenant's number and the entry's in one: rows of a tenant lie together, in the order they were made.
"""

# ruff: noqa: S608 - names in statements come from the layout, every value is bound

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from ...errors import StoreCorrupt
from ..codec import dump, load
from ..fold import Held, Order
from .forms import FORMS, Cell, Form
from .layout_1 import FIELDS

__all__ = ["HEAD", "MAX_TENANTS", "OWN", "STATES", "Shape", "number_in", "place", "places", "shape_of"]

_BITS = 40
MAX_TENANTS = 1 << 22
_CLOCKS = 86_400_000_001
HEAD = ("_place", "_id", "_version", "_newest", "_sequence", "_last")
"""Columns that every state table has, beside the tenant's."""


def place(tenant: int, number: int) -> int:
    """Return the place of an entry, or of a record by its first one."""
    return tenant << _BITS | number


def places(tenant: int) -> tuple[int, int]:
    """Return the places that a tenant's rows lie between."""
    return tenant << _BITS, (tenant + 1) << _BITS


def number_in(at: int) -> int:
    """Return the number of the entry at a place."""
    return at & ((1 << _BITS) - 1)


def order_out(order: Order) -> tuple[int, int]:
    """Return an order in valid time as two cells."""
    return order[0] * _CLOCKS + order[1], order[2]


def order_in(newest: int, sequence: int) -> Order:
    """Return the order that two cells stand for."""
    return (*divmod(newest, _CLOCKS), sequence)


class Shape:
    """How the records of one table stand in a state table. Its names are the layout's, never a caller's.

    Args:
        kind: name of the table, as writers call it.
        fields: kind of field by name; none for a table of the host's own.
    """

    def __init__(self, kind: str, fields: Mapping[str, str], name: str) -> None:
        self.kind = kind
        self.kinds = fields
        self.name = name
        self.own = name == OWN
        self.scope = "_tenant = ? AND _kind = ?" if self.own else "_tenant = ?"
        self.forms: dict[str, Form] = {field: FORMS[form] for field, form in fields.items()}
        self.in_order = f"{name} NOT INDEXED"
        """The table where it is read by places: the index on ids would find the tenant, and leave all rows to be sorted."""
        self.money = frozenset(field for field, form in fields.items() if form == "money")

    def bound(self, tenant: int) -> tuple[Any, ...]:
        """Return what the scope is bound to."""
        return (tenant, self.kind) if self.own else (tenant,)

    @cached_property
    def create(self) -> tuple[str, ...]:
        """The statements that make the table."""
        return (
            f"CREATE TABLE {self.name} ({', '.join(self._definitions())})",
            f"CREATE UNIQUE INDEX {self.name}_id ON {self.name} ({'_tenant, _kind, _id' if self.own else '_tenant, _id'})",
        )

    def _definitions(self) -> Iterable[str]:
        yield "_place INTEGER PRIMARY KEY"
        yield "_tenant INTEGER NOT NULL"
        if self.own:
            yield "_kind TEXT NOT NULL"
        yield "_id NOT NULL"
        yield from (f"{name} INTEGER NOT NULL" for name in HEAD[2:])
        yield from map(quoted, self.columns_of(self.kinds))
        yield "_own TEXT"

    def columns_of(self, fields: Iterable[str]) -> list[str]:
        """Return the columns of these fields, in order."""
        columns: list[str] = []
        for field in fields:
            columns.append(field)
            if field in self.money:
                columns.append(currency_of(field))
        return columns

    # --- records to cells, and back

    def cells(self, values: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what a record has, by column."""
        forms, money = self.forms, self.money
        found: dict[str, Cell] = {}
        own: dict[str, Any] | None = None
        for name, value in values.items():
            if name in money:
                found[name] = forms[name].encode(value.amount)
                found[currency_of(name)] = value.currency
            elif name in forms:
                found[name] = forms[name].encode(value)
            elif own is None:
                own = {name: value}
            else:
                own[name] = value
        if own is not None:
            found["_own"] = dump(own)
        return found

    def values(self, fields: Sequence[str], cells: Sequence[Any]) -> dict[str, Any]:
        """Return the values of a record.

        Args:
            fields: typed fields that were read.
            cells: those of `columns_of(fields)`, and last the host's own.
        """
        from ...domain import Money

        found: dict[str, Any] = {}
        at = 0
        for name in fields:
            cell = cells[at]
            at += 1
            if name in self.money:
                if cell is not None:
                    found[name] = Money(self.forms[name].decode(cell), cells[at])
                at += 1
            elif cell is not None:
                found[name] = self.forms[name].decode(cell)
        own = cells[at]
        if own is not None:
            found |= load_own(own)
        return found

    def money_of(self, name: str, amounts: Sequence[Any], currencies: Sequence[Any]) -> list[Any]:
        """Return the values of a field of money, from the cells of its two columns."""
        from ...domain import Money

        decode = self.forms[name].decode
        return [None if a is None else Money(decode(a), c) for a, c in zip(amounts, currencies, strict=True)]

    # --- statements

    def select(self, fields: Iterable[str], where: str, *, in_order: bool = False) -> str:
        """Return the statement that reads records: head, columns of the fields, the host's own."""
        columns = ", ".join([*HEAD, *map(quoted, self.columns_of(fields)), "_own"])
        return f"SELECT {columns} FROM {self.in_order if in_order else self.name} WHERE {self.scope}{where}"

    @cache  # noqa: B019 - shapes live as long as the process
    def insert(self, columns: tuple[str, ...]) -> str:
        """Return the statement that adds a record: scope, head, columns."""
        names = ["_tenant", *(["_kind"] if self.own else []), *HEAD, *map(quoted, columns)]
        return f"INSERT INTO {self.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"

    @cache  # noqa: B019 - as above
    def update(self, columns: tuple[str, ...]) -> str:
        """Return the statement that changes a record: version, newest, sequence, last, columns; then scope and place."""
        names = [*HEAD[2:], *map(quoted, columns)]
        return f"UPDATE {self.name} SET {', '.join(f'{n} = ?' for n in names)} WHERE {self.scope} AND _place = ?"


def held_in(shape: Shape, fields: Sequence[str], row: Sequence[Any]) -> Held:
    """Return the state of a record from its row, as `Shape.select` reads it."""
    return Held(row[2], shape.values(fields, row[6:]), order_in(row[3], row[4]))


def load_own(cell: Any) -> dict[str, Any]:
    """Return the values of the host's own fields."""
    if not isinstance(cell, str):
        raise StoreCorrupt(f"the host's own fields are text, found {type(cell).__name__}")
    return load(cell)


def currency_of(field: str) -> str:
    """Return the column that holds the currency of a field of money."""
    return f"_{field}_currency"


def quoted(name: str) -> str:
    """Return a name of the layout as an identifier."""
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise AssertionError(name)
    return f'"{name}"'


OWN = "state_own"

STATES: Mapping[str, Shape] = {
    kind: Shape(kind, {name: form for form, names in fields.items() for name in names.split()}, f"state_{kind}")
    for kind, fields in FIELDS.items()
}
"""Table of the domain -> its shape."""


def shape_of(kind: str) -> Shape:
    """Return how the records of a table stand."""
    return STATES.get(kind) or Shape(kind, {}, OWN)
