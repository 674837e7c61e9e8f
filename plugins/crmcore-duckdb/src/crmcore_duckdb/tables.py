"""Tables as a dataset, from Arrow batches: no Python value is made of a cell whose type has a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import pyarrow as pa

from crmcore.stores.values import defaults_of
from crmcore.table.arrow import stream
from crmcore.table.builders import Block, Builder
from crmcore.table.builders.money import MoneyBuilder
from crmcore.table.dataset import Dataset
from crmcore.table.draft import Draft, TableBuilder
from crmcore.table.ingest import assemble
from crmcore.table.schema import Reading, schema_of

from .forms import Field, decoded

__all__ = ["Loaded", "dataset_from"]

_CHUNK = 4096


@attrs.define(slots=True, eq=False)
class Loaded:
    """A table on its way into a dataset.

    Args:
        fields: those that are there, "id" first.
        names: the columns of the table in order, "id" left out.
        batches: of the columns of the fields; read once.
    """

    fields: Sequence[Field]
    names: Sequence[str]
    batches: Iterable[Any]


def dataset_from(tables: Mapping[str, Loaded], timezone: str | None = None) -> Dataset:
    """Return tables as a dataset: what `Dataset` makes of the same values.

    Args:
        tables: the tables by name.
        timezone: zone of timestamps that have none.
    """
    drafts = (_draft(name, loaded, timezone) for name, loaded in tables.items())
    made = assemble(drafts, timezone)
    return Dataset.of(made.tables, made.issues, made.rejected)


def _draft(name: str, loaded: Loaded, timezone: str | None) -> Draft:
    reading = Reading(schema_of(name), timezone)
    held = {field.name for field in loaded.fields}
    columns = ("id", *loaded.names) if "id" in held else loaded.names
    table = TableBuilder(name, [reading.spec(column) for column in columns])
    defaults = defaults_of(name)
    blank = [(table.builders[column], defaults.get(column)) for column in loaded.names if column not in held]
    for batch in loaded.batches:
        size = batch.num_rows
        blocks = _blocks(batch, name)
        arrays = iter(zip(batch.columns, blocks, strict=True))
        for field in loaded.fields:
            own = [next(arrays) for _ in field.columns]
            _take(table.builders[field.name], field, own)
        for made, default in blank:
            if default is None:
                made.add_blank(size)
            else:
                made.add([default] * size)
        table.rows(size, _row_of(batch, loaded.fields))
    return table.finish()


def _blocks(batch: Any, table: str) -> Sequence[Block | list[Any]]:
    """Return the columns of a batch as typed blocks, or as values where a type has none."""
    places = [str(place) for place in range(batch.num_columns)]
    _, batches = stream(pa.Table.from_batches([batch.rename_columns(places)]), table)
    return next(batches).columns


def _take(made: Builder, field: Field, own: Sequence[tuple[Any, Block | list[Any]]]) -> None:
    """Give a builder the next rows of a field."""
    _, block = own[0]
    if field.form == "money" and isinstance(made, MoneyBuilder) and isinstance(block, Block):
        made.add_amounts(block, own[1][0].to_pylist())
    elif field.form == "span":
        assert isinstance(block, Block)
        made.add_block(block._replace(form="span"))
    elif isinstance(block, Block) and field.form not in {"money", "mixed"}:
        made.add_block(block)
    else:
        values = decoded(field, [a for a, _ in own])
        for start in range(0, len(values), _CHUNK):
            made.add(values[start : start + _CHUNK])


def _row_of(batch: Any, fields: Sequence[Field]) -> Callable[[int], Mapping[str, Any]]:
    def row(place: int) -> Mapping[str, Any]:
        cells = iter(batch.slice(place, 1).columns)
        return {field.name: decoded(field, [next(cells) for _ in field.columns])[0] for field in fields}

    return row
