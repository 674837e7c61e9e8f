"""Schemas: what the domain says about the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any

import attrs

from ..domain import RECORDS, fields_of
from ..errors import ArgumentError
from .builders.spec import ColumnSpec

__all__ = ["FieldSchema", "Reading", "TableSchema", "schema_of"]


@attrs.frozen(slots=True)
class FieldSchema:
    """What a record says about one column.

    Args:
        kind: a kind of column, or "moment" (a day or an instant, whichever the values are).
        references: the table whose ids it holds.
        recorded: whether it counts for the default as-of date (T8).
        exists: whether it is when the record came to exist.
        default: the value of a record that does not give it; `attrs.NOTHING` where it must.
        choices: the only words a key may take.
        least: the smallest value a count may take.
    """

    name: str
    kind: str
    references: str | None = None
    recorded: bool = False
    exists: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    least: int | None = None


@attrs.frozen(slots=True, eq=False)
class TableSchema:
    """The columns that the record of a table has; none for a table of the host's own."""

    name: str
    fields: Mapping[str, FieldSchema]

    @property
    def known(self) -> bool:
        """Whether a record of the domain stands behind the table."""
        return bool(self.fields)

    def spec(self, column: str, timezone: str | None = None) -> ColumnSpec:
        """Return how a column is read; what no record has is read by the types of its values.

        Args:
            column: its name.
            timezone: zone of timestamps that have none.
        """
        field = self.fields.get(column)
        if field is None:
            # a host's own table needs no ids, but where it has them they are checked
            kind = "id" if column == "id" else "key" if column in RECORDS or column == "currency" else "auto"
            return ColumnSpec(column, kind, timezone=timezone)
        return ColumnSpec(
            column,
            field.kind,
            timezone=timezone,
            choices=field.choices,
            least=field.least,
            optional=field.kind == "id" and field.default is not attrs.NOTHING,
        )


@attrs.frozen(slots=True, eq=False)
class Reading:
    """How the columns of one table are read.

    Args:
        schema: what the domain says of them.
        timezone: zone of timestamps that have none.
        how: column -> what the host states of it, as arguments of `ColumnSpec`.
    """

    schema: TableSchema
    timezone: str | None = None
    how: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)

    @property
    def table(self) -> str:
        """The name of the table."""
        return self.schema.name

    def spec(self, column: str) -> ColumnSpec:
        """Return how a column is read."""
        stated = self.how.get(column, {})
        unknown = [option for option in stated if option not in _OPTIONS]
        if unknown:
            near = get_close_matches(unknown[0], _OPTIONS, n=1)
            raise ArgumentError(
                f"column {self.schema.name}.{column}: no option {unknown[0]!r}; "
                + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_OPTIONS)}")
            )
        return attrs.evolve(self.schema.spec(column, self.timezone), **stated)


_OPTIONS = tuple(a.name for a in attrs.fields(ColumnSpec) if a.name != "name")


@cache
def schema_of(table: str) -> TableSchema:
    """Return the schema of a table by its name."""
    if table not in RECORDS:
        return TableSchema(table, MappingProxyType({}))
    record: type = RECORDS[table]
    facts = {a.name: a.metadata for a in attrs.fields(record)}
    fields = {
        f.name: FieldSchema(
            f.name,
            f.kind,
            references=f.references,
            recorded=f.recorded,
            exists=f.exists,
            default=f.default,
            choices=tuple(facts[f.name].get("choices", ())),
            least=facts[f.name].get("least"),
        )
        for f in fields_of(record)
    }
    return TableSchema(table, MappingProxyType(fields))
