"""What a source that is only read refuses, and how its fields become batches and records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

from crmcore.errors import StoreError
from crmcore.stores import Appended, Batch, Capabilities, Consumer, Transaction, Write
from crmcore.stores.values import check_name, defaults_of, same

from .engine import Engine, quoted
from .forms import Field, decoded

__all__ = ["ReadOnlyBackend", "ReadOnlyStore", "batch_of", "selected", "values_in"]


class ReadOnlyBackend:
    """What the backends of this package share.

    Attributes:
        name: of the folder or file.
        tenant: the only one whose records are there.
    """

    capabilities: Capabilities
    name: str
    tenant: str
    engine: Engine

    def owns(self, tenant: str) -> bool:
        """Return whether a tenant is the one whose records are there; any other has none (K10).

        Raises:
            ArgumentError: it is no name.
            StoreError: the store is closed.
        """
        self.engine.usable()
        return check_name(tenant, "tenant") == self.tenant

    def backup(self, target: str | Path) -> NoReturn:  # noqa: ARG002 - the contract's
        """Refuse: a copy of the files is one."""
        self.engine.usable()
        raise StoreError(f"{self.name!r} is read only: copy the file or folder itself")

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self.engine.close()


class ReadOnlyStore:
    """What the stores of this package share: everything that would write is refused."""

    name: str
    tenant: str
    engine: Engine

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} of tenant {self.tenant!r}>"

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Refuse."""
        self._refuse("a transaction")

    def append(self, writes: Iterable[Write]) -> Appended:  # noqa: ARG002 - the contract's
        """Refuse."""
        self._refuse("a write")

    def advance(self, name: str, cursor: int, state: bytes | None, *, expected: int) -> None:  # noqa: ARG002
        """Refuse."""
        self._refuse("the cursor of a consumer")

    def consumer(self, name: str) -> Consumer:
        """Return a consumer that has read nothing: none is kept here."""
        self.engine.usable()
        return Consumer(check_name(name, "consumer"), 0, None)

    def _refuse(self, what: str) -> NoReturn:
        self.engine.usable()
        raise StoreError(f"{self.name!r} is read only: it takes no {what.removeprefix('a ')}; write to its source")


def selected(fields: Iterable[Field]) -> str:
    """Return the columns of fields as the list of a SELECT."""
    return ", ".join(quoted(column) for field in fields for column in field.columns)


def values_in(fields: Sequence[Field], arrays: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield the values of each field from the arrays that `selected` asked for."""
    for field in fields:
        yield decoded(field, [next(arrays) for _ in field.columns])


def batch_of(names: Sequence[str], defaults: Mapping[str, Any], found: Mapping[str, list[Any]], size: int) -> Batch:
    """Return a batch: of fields that are not there, the default of the record."""
    columns = tuple(found[n] if n in found else [defaults.get(n)] * size for n in names)
    return Batch(("id", "version", *names), (found["id"], found.get("version", [1] * size), *columns))


def kept(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record that have a value other than their default."""
    defaults = defaults_of(table)
    return {n: v for n, v in values.items() if v is not None and not same(v, defaults.get(n))}
