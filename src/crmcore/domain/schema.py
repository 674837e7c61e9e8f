"""The records by the name of their table, and what their fields say about the columns.

A record class is made when it is first asked for: making one takes attrs half a millisecond and more, and few
hosts have all tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

import attrs

from .past import Revert
from .record import Record

__all__ = ["ASSUMED", "RECORDS", "REVERTS", "Field", "fields_of", "table_of"]

Value = TypeVar("Value")

_HOMES = {
    "lead": ("lead", "Lead"),
    "opportunity": ("opportunity", "Opportunity"),
    "stage": ("stage", "Stage"),
    "pipeline": ("pipeline", "Pipeline"),
    "change": ("change", "Change"),
    "account": ("account", "Account"),
    "contact": ("account", "Contact"),
    "activity": ("activity", "Activity"),
    "seller": ("people", "Seller"),
    "team": ("people", "Team"),
    "membership": ("people", "Membership"),
    "split": ("people", "Split"),
    "campaign": ("marketing", "Campaign"),
    "touch": ("marketing", "Touch"),
    "cost": ("marketing", "Cost"),
    "target": ("target", "Target"),
    "forecast": ("target", "Forecast"),
    "product": ("billing", "Product"),
    "quote": ("billing", "Quote"),
    "order_line": ("billing", "OrderLine"),
    "invoice": ("billing", "Invoice"),
    "payment": ("billing", "Payment"),
    "subscription": ("billing", "Subscription"),
    "response": ("response", "Response"),
    "rate": ("rate", "Rate"),
}
"""Table name -> module and class of its record."""


class _ByTable(Mapping[str, Value], Generic[Value]):
    """A mapping from the names of all tables to what a function finds for each, when it is asked for."""

    def __init__(self, find: Callable[[Any, str, str], Value]) -> None:
        self._find = find

    def __getitem__(self, table: str) -> Value:
        module, name = _HOMES[table]
        return self._find(import_module(f".{module}", __package__), table, name)

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)

    def __contains__(self, table: object) -> bool:
        return table in _HOMES

    def __repr__(self) -> str:
        return f"<{len(self)} tables: {', '.join(self)}>"


RECORDS: Mapping[str, type[Record]] = _ByTable(lambda module, _, name: getattr(module, name))
"""Table name -> record class; the name is also what a reference to the table is named for."""

REVERTS: Mapping[str, tuple[Revert, ...]] = _ByTable(
    lambda module, table, _: getattr(module, f"{table.upper()}_REVERTS", ())
)
"""Table name -> what is undone there when the past is looked at without a change table (O8)."""


ASSUMED: Mapping[str, Mapping[str, str | int]] = MappingProxyType(
    {"activity": MappingProxyType({"quantity": 1}), "target": MappingProxyType({"kind": "quota"})}
)
"""Table name -> columns that a source may leave out altogether, with what each row then stands for."""


_TABLES = {name: table for table, (_, name) in _HOMES.items()}


def table_of(record: object) -> str | None:
    """Return the table that a record belongs to, None where it is no record of the domain."""
    for kind in type(record).__mro__:
        table = _TABLES.get(kind.__name__)
        if table is not None and kind is RECORDS[table]:
            return table
    return None


class Field(NamedTuple):
    """What one field of a record says about its column.

    Args:
        name: field and column name.
        kind: one of `fields.COLUMN_KINDS`.
        references: the table whose ids it holds, or None.
        recorded: whether it counts for the default as-of date (T8).
        exists: whether it is the instant at which the record comes to exist.
        default: the value of a record that does not give it; `attrs.NOTHING` where it must.
    """

    name: str
    kind: str
    references: str | None
    recorded: bool
    exists: bool
    default: Any


def fields_of(record: type[Record]) -> tuple[Field, ...]:
    """Return what the fields of a record class say about its columns, in order; fields without a column are left out."""
    attributes: tuple[attrs.Attribute[Any], ...] = tuple(attrs.fields(record))  # type: ignore[arg-type]
    return tuple(
        Field(
            name=a.name,
            kind=a.metadata["column"],
            references=a.metadata.get("references"),
            recorded=a.metadata.get("recorded", False),
            exists=a.metadata.get("exists", False),
            default=a.default,
        )
        for a in attributes
        if "column" in a.metadata
    )
