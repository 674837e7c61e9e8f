"""Dataset: the tables of one business together, with what ingest noticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from ..calendars import Zone
from ..calendars.moments import moment_of
from ..errors import ArgumentError
from .ingest import assemble
from .issue import Issue, Rejected
from .rows import draft_of
from .table import Table, table_named
from .views import newest, view

__all__ = ["Dataset"]


class Dataset(Mapping[str, Table]):
    """Tables by name, with the issues and the rejected rows of their ingest.

    Each table is given by its name: `opportunity`, `lead`, `activity` and so on are tables of the domain, whose columns
    have the types of its records; any other name is a table of the host's own, whose values decide. It is one of

    - records of the domain, or objects of any attrs class with fields of the same names,
    - dicts, or tuples with their names: `(names, rows)`; a generator or a cursor is read in chunks,
    - a dict of numpy arrays or lists, one per column,
    - a dataframe of pandas, polars, pyarrow or DuckDB: anything with `__arrow_c_stream__`,
    - a table of another dataset.

    Columns that no record knows stay available as dimensions. A table without an id column has its row numbers for ids.

    Args:
        timezone: IANA name of the zone of timestamps that have none; without it their rows are rejected.
        how: "table.column" -> what is to be known of its values and is never guessed, as arguments of `ColumnSpec`:
            `{"opportunity.probability": {"percent": 100}, "lead.created_at": {"unit": "milliseconds"}}`.
        tables: the tables by name.

    Raises:
        IngestError: input that cannot be read at all.
        ArgumentError: a zone that does not exist, or an option of `how` that means nothing.
        ColumnNotFound: `how` speaks of a column that is not there.
        MissingLibraryError: a dataframe without a library that reads it.

    Rules: O2, O3, O4, M1, M3, M6, T2, T3
    """

    def __init__(
        self, *, timezone: str | None = None, how: Mapping[str, Mapping[str, Any]] | None = None, **tables: Any
    ) -> None:
        if timezone is not None:
            Zone(timezone)
        for name, data in tables.items():
            if data is None:
                raise ArgumentError(f"table {name!r} is None; leave it out, or give [] for a table without rows")
        stated = _by_table(how or {}, tables)
        made = assemble((draft_of(n, data, timezone, stated.get(n)) for n, data in tables.items()), timezone)
        self._set(made.tables, made.issues, made.rejected, made.left_out)

    @classmethod
    def of(
        cls,
        tables: Mapping[str, Table],
        issues: Iterable[Issue] = (),
        rejected: Iterable[Rejected] = (),
        left_out: Mapping[str, Table] | None = None,
        seen_from: tuple[int, int, int] | None = None,
    ) -> Dataset:
        """Return a dataset of tables that are ready; nothing is checked."""
        dataset = cls.__new__(cls)
        dataset._set(tables, issues, rejected, left_out or {}, seen_from)
        return dataset

    def _set(
        self,
        tables: Mapping[str, Table],
        issues: Iterable[Issue],
        rejected: Iterable[Rejected],
        left_out: Mapping[str, Table],
        seen_from: tuple[int, int, int] | None = None,
    ) -> None:
        self.tables: Mapping[str, Table] = MappingProxyType(dict(tables))
        self.issues: tuple[Issue, ...] = tuple(issues)
        self.rejected: tuple[Rejected, ...] = tuple(rejected)
        self.left_out: Mapping[str, Table] = MappingProxyType(dict(left_out))
        """Rows that enter no number, by table: deleted, merged, samples and tests (O3)."""
        self.seen_from = seen_from
        """Where it was made by `as_of`: the instant, in microseconds, its local day, and the instant of what was known."""

    def as_of(self, valid: date, *, known: date | None = None, timezone: str = "UTC") -> Dataset:
        """Return the dataset as it was at a moment, as far as it was known by another.

        With a table `change`, each column of which a change is known has the values it had; deleted and merged records
        are back while they were not. Without, the past is rebuilt from the dates on the records. Measured, it is looked at
        from that moment.

        Args:
            valid: what was true by then: a date (its end, local) or an aware datetime.
            known: what had been recorded by then; by default `valid`.
            timezone: IANA name of the zone in which days end.

        Raises:
            ArgumentError: what is no moment, or no zone.
            IngestError: a change to a value that its column cannot take.

        Rules: O8, O9, S5

        Examples:
            >>> import crmcore as cc
            >>> from datetime import date
            >>> deals = [{"id": "D1", "created_at": date(2026, 1, 5), "stage": "offer", "amount": 900}]
            >>> moves = [
            ...     {
            ...         "table": "opportunity",
            ...         "record": "D1",
            ...         "field": "stage",
            ...         "old": "new",
            ...         "new": "offer",
            ...         "at": date(2026, 2, 9),
            ...     },
            ...     {
            ...         "table": "opportunity",
            ...         "record": "D1",
            ...         "field": "amount",
            ...         "old": "500",
            ...         "new": "900",
            ...         "at": date(2026, 3, 2),
            ...     },
            ... ]
            >>> data = cc.Dataset(opportunity=deals, change=moves)
            >>> cc.measure("open_value", data.as_of(date(2026, 1, 31)), by="stage").rows()
            [{'stage': 'new', 'open_value': 500.0}]
        """
        zone = Zone(timezone)
        instant, day = moment_of(valid, "valid", zone)
        learnt = instant if known is None else moment_of(known, "known", zone)[0]
        last = newest(self.tables, zone)
        there, _ = view(self.tables, instant, day, zone, today=last is None or instant >= last[0], known=learnt)
        return Dataset.of(
            {name: there[name] for name in there}, self.issues, self.rejected, seen_from=(instant, day, learnt)
        )

    def __getitem__(self, name: str) -> Table:
        return table_named(self.tables, name)

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        inside = ", ".join(f"{t.name}: {len(t)}" for t in self.tables.values())
        return f"Dataset({inside}; {len(self.issues)} issues, {len(self.rejected)} rows rejected)"


def _by_table(how: Mapping[str, Mapping[str, Any]], tables: Iterable[str]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return what is stated of columns by table and column."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, stated in how.items():
        table, _, column = name.partition(".")
        if table not in tables or not column:
            raise ArgumentError(
                f"how: {name!r} names no column of these tables; write 'table.column', e.g. 'lead.created_at'"
            )
        found.setdefault(table, {})[column] = stated
    return found
