"""The records of a business, and the view of them at an instant: what was there by then, as it was then (O8, O9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import attrs

from ...calendars import Zone, day_of
from ...domain.money import Money
from ...domain.schema import RECORDS, REVERTS, Field, fields_of
from ...errors import ColumnNotFound, DefinitionError
from .values import Instant, Value, value_of

__all__ = ["AsOf", "Book", "Row", "Sheet"]

_OUT = ("deleted", "sample", "test", "merged_into")  # O3
_SUFFIX = "_currency"


@attrs.frozen(eq=False)
class Row:
    """One record: its values, and the currency of each amount that has one."""

    table: str
    number: int
    values: Mapping[str, Value]
    currencies: Mapping[str, str | None]


@attrs.frozen
class AsOf:
    """The instant a measurement looks from, in microseconds, its local day, and where it came from (T8)."""

    us: int
    day: int
    source: str


@attrs.frozen(eq=False)
class Sheet:
    """The rows of one table, with what is known of its columns."""

    name: str
    rows: tuple[Row, ...]
    fields: Mapping[str, Field]
    kinds: Mapping[str, str]
    exists: str | None
    priced_in: frozenset[str]
    """Amounts of which at least one row names its currency."""

    def kind(self, column: str) -> str:
        """Return the kind of a column: by the record's field, else by its values.

        Raises:
            ColumnNotFound: neither the record nor a row has such a column.
        """
        try:
            return self.kinds[column]
        except KeyError:
            raise ColumnNotFound(column, self.kinds, where=f"in table {self.name!r}") from None

    def recorded(self, column: str) -> bool:
        """Does the column say when something was recorded, so that as_of cuts it?"""
        field = self.fields.get(column)
        return field is not None and (field.recorded or field.exists)


class Book:
    """All records by table. Deleted, merged, sample and test records are not in it (O3).

    Args:
        records: table -> rows, each column name -> plain value; the currency of `amount` is in `amount_currency`, or
            in the `Money` itself.
    """

    def __init__(self, records: Mapping[str, Iterable[Mapping[str, object]]], zone: Zone) -> None:
        self.zone = zone
        self.sheets = {name: _sheet(name, rows) for name, rows in records.items()}
        self._views: dict[tuple[str, int | None], tuple[Row, ...]] = {}
        self._pasts: dict[tuple[str, int | None], dict[Value, Row]] = {}
        self.newest = self._newest()

    def sheet(self, name: str) -> Sheet:
        """Return a table; one that is absent is empty."""
        if name not in self.sheets:
            self.sheets[name] = _sheet(name, ())
        return self.sheets[name]

    def end(self, value: Value) -> int:
        """Return the instant of a date column's value; a day means the end of that local day (T8)."""
        if isinstance(value, Instant):
            return value.us
        if not isinstance(value, date):
            raise DefinitionError(f"{value!r} is no date")
        return self.zone.end_of_day(day_of(value))

    def _newest(self) -> AsOf | None:
        """Return the newest recorded value of all tables, the first column where several have it (T8)."""
        found: AsOf | None = None
        for name in [*(n for n in RECORDS if n in self.sheets), *(n for n in self.sheets if n not in RECORDS)]:
            sheet = self.sheets[name]
            for column in (f.name for f in sheet.fields.values() if f.recorded):
                ends = [self.end(v) for r in sheet.rows if isinstance(v := r.values.get(column), date | Instant)]
                if ends and (found is None or max(ends) > found.us):
                    found = AsOf(max(ends), self.zone.local_day(max(ends)), f"{name}.{column}")
        return found

    def view(self, table: str, us: int | None) -> tuple[Row, ...]:
        """Return the rows that are there at an instant, as they were then; without one, all as they are.

        A row without a date of existence is there only today: at or after the newest recorded instant (O9).
        """
        key = (table, us)
        if key not in self._views:
            sheet = self.sheet(table)
            self._views[key] = tuple(self._then(r, us) for r in sheet.rows if self._is_there(sheet, r, us))
        return self._views[key]

    def referred(self, table: str, label: Value, us: int | None) -> Row | None:
        """Return the row a reference points to, as it was at an instant.

        It is found whether or not it existed by then: who refers to it knows it.
        """
        key = (table, us)
        if key not in self._pasts:
            found: dict[Value, Row] = {}
            for row in self.sheet(table).rows:
                found.setdefault(row.values.get("id"), self._then(row, us))
            self._pasts[key] = found
        return self._pasts[key].get(label)

    def _is_there(self, sheet: Sheet, row: Row, us: int | None) -> bool:
        if us is None or sheet.exists is None:
            return True
        since = row.values.get(sheet.exists)
        if since is None:
            return self.newest is None or us >= self.newest.us  # O9
        return self.end(since) <= us

    def _then(self, row: Row, us: int | None) -> Row:
        """Return the row with what happened after the instant undone (O8)."""
        if us is None:
            return row
        undone: dict[str, Value] = {}
        for revert in REVERTS.get(row.table, ()):
            at = row.values.get(revert.when)
            if at is not None and self.end(at) > us:
                undone.update({name: value_of(value) for name, value in revert.resets.items()})
        return attrs.evolve(row, values={**row.values, **undone}) if undone else row


def _sheet(name: str, records: Iterable[Mapping[str, object]]) -> Sheet:
    fields = {f.name: f for f in fields_of(RECORDS[name])} if name in RECORDS else {}
    given = [r for r in records if not any(r.get(flag) for flag in _OUT)]  # O3
    kinds = {f.name: f.kind for f in fields.values()}
    for record in given:
        for column, value in record.items():
            known = kinds.setdefault(column, "blank")
            if value is not None and (known == "blank" or (column not in fields and isinstance(value, float))):
                kinds[column] = _kind(value, priced=f"{column}{_SUFFIX}" in record)
    rows = tuple(_row(name, number, record, kinds) for number, record in enumerate(given))
    there = {column for record in given for column in record}
    exists = next((f.name for f in fields.values() if f.exists and f.name in there), None)  # O9
    priced = frozenset(column for r in rows for column, code in r.currencies.items() if code is not None)
    return Sheet(name, rows, fields, kinds, exists, priced)


def _row(table: str, number: int, record: Mapping[str, object], kinds: Mapping[str, str]) -> Row:
    values = {column: value_of(value, kinds[column]) for column, value in record.items()}
    currencies: dict[str, str | None] = {}
    for column, value in record.items():
        if kinds[column] == "money":
            code = value.currency if isinstance(value, Money) else record.get(f"{column}{_SUFFIX}")
            currencies[column] = str(code) if code else None
    return Row(table, number, values, currencies)


def _kind(value: Any, *, priced: bool) -> str:
    """Return the kind of a column that no record knows, from one of its values."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, str):
        return "key"
    if isinstance(value, Money) or priced:
        return "money"
    kind = value_of(value)
    if isinstance(kind, Instant | date):
        return "instant" if isinstance(kind, Instant) else "day"
    if isinstance(kind, float):
        return "score"
    return "duration" if not isinstance(value, int) and hasattr(value, "total_seconds") else "number"
