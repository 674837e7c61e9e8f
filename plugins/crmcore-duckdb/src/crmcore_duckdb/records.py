"""What is written: the tables of a store as fields and Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa

from crmcore.stores import Cut, Store

from .forms import Field, Survey, arrow_types, encoded

__all__ = ["Records", "schema_of_file"]


def schema_of_file(fields: tuple[Field, ...]) -> Any:
    """Return the schema of the file that holds these fields."""
    return pa.schema([(c, t) for f in fields for c, t in zip(f.columns, arrow_types(f), strict=True)])


class Records:
    """The records of a store; each table is walked through twice, so that its types are known before it is written."""

    def __init__(self, store: Store, at: Cut | None, known: datetime | None, size: int) -> None:
        self.store, self.at, self.known, self.size = store, at, known, size

    def fields(self, table: str) -> tuple[Field, ...]:
        """Return the fields that some record has, "id" first."""
        found: dict[str, Survey] = {}
        for batch in self.store.scan(table, at=self.at, known=self.known, size=self.size):
            for name, values in zip(batch.names, batch.columns, strict=True):
                found.setdefault(name, Survey()).see(values)
        names = _Names()
        fields = (survey.field(name, names) for name, survey in found.items())
        return tuple(f for f in fields if f is not None)

    def batches(self, table: str, fields: tuple[Field, ...]) -> Iterator[Any]:
        """Yield the records as Arrow batches.

        Raises:
            ArrowInvalid, OverflowError, TypeError: a value that came after the first walk, and fits no field.
        """
        schema = schema_of_file(fields)
        for batch in self.store.scan(table, at=self.at, known=self.known, size=self.size):
            found = dict(zip(batch.names, batch.columns, strict=True))
            arrays = [a for f in fields for a in encoded(f, found.get(f.name, [None] * len(batch)))]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


class _Names:
    """Names of columns that no two fields share; DuckDB does not tell upper from lower case."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def __call__(self, wanted: str) -> str:
        name, number = wanted, 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{wanted}.{number}"
        self.taken.add(name.casefold())
        return name
