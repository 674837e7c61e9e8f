"""Layout: which columns a field of the domain has in its table, and how its values become cells and back.

A column holds what its SQL type holds without loss. A value that it would not give back as it was - the int 1 in a column
of decimals, a Fraction, a number beyond 64 bits - stands whole in the JSON column `_extra`, with the host's own fields, and
what stands there goes before what stands in the column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain
from types import MappingProxyType
from typing import Any, LiteralString

import attrs

from crmcore.domain import RECORDS, Money, fields_of
from crmcore.domain.record import Id
from crmcore.stores.codec import dump

__all__ = ["EXTRA", "OTHERS", "TYPED", "Column", "Layout", "Typed", "id_in", "id_out", "tables", "wanted"]

EXTRA = "_extra"
OTHERS = "_record"
"""The table of what is not of the domain: the host's own tables, whose fields all stand in `_extra`."""
_TEXT: LiteralString = "text"
_TICK = timedelta(microseconds=1)
_BIG = 2**63
_Cells = tuple[Any, ...]


def id_out(value: Id) -> str:
    """Return an id as text that keeps its type: 7 is "#7", "7" is "7", and "#7" is "##7"."""
    if isinstance(value, int):
        return f"#{value}"
    return f"#{value}" if value[:1] == "#" else value


def id_in(cell: str) -> Id:
    """Return the id that `id_out` gave a cell for."""
    if cell[:1] != "#":
        return cell
    return cell[1:] if cell[1:2] == "#" else int(cell[1:])


@attrs.frozen(slots=True)
class Column:
    """One column of a table: its name, and its SQL type."""

    name: str
    type: LiteralString


@attrs.frozen(slots=True)
class Typed:
    """How the values of one kind of field are kept.

    Args:
        suffixes: SQL type by what follows the field's name in that of the column.
        out: value -> cells, or None for one that the columns would not give back as it was.
        back: cells of many rows, a list for each column -> values; blank is None.
    """

    suffixes: Mapping[str, LiteralString]
    out: Callable[[Any], _Cells | None]
    back: Callable[..., list[Any]]


def _plain(*kinds: type) -> Callable[[Any], _Cells | None]:
    return lambda value: (value,) if type(value) in kinds else None


def _as_is(cells: list[Any]) -> list[Any]:
    return cells


def _key_out(value: Any) -> _Cells | None:
    return (id_out(value),) if type(value) in {str, int} else None


def _keys_back(cells: list[Any]) -> list[Any]:
    return [v if v is None or v[:1] != "#" else id_in(v) for v in cells]


def _moment_out(value: Any) -> _Cells | None:
    return (value, None) if isinstance(value, datetime) else (None, value)


def _moments_back(instants: list[Any], days: list[Any]) -> list[Any]:
    return [d if t is None else t for t, d in zip(instants, days, strict=True)]


def _fits(value: Any) -> bool:
    """Return whether numeric holds a decimal as it is."""
    return type(value) is Decimal and -16_000 < int(value.as_tuple().exponent) <= 0 and value.adjusted() < 100_000


def _money_out(value: Any) -> _Cells | None:
    return (value.amount, value.currency) if _fits(value.amount) else None


def _money_back(amounts: list[Any], currencies: list[Any]) -> list[Any]:
    return [None if a is None else Money(a, c) for a, c in zip(amounts, currencies, strict=True)]


def _number_out(value: Any) -> _Cells | None:
    return (value,) if _fits(value) else None


def _count_out(value: Any) -> _Cells | None:
    return (value,) if type(value) is int and -_BIG <= value < _BIG else None


def _duration_out(value: Any) -> _Cells | None:
    return _count_out(value // _TICK)


def _durations_back(cells: list[Any]) -> list[Any]:
    return [None if v is None else timedelta(microseconds=v) for v in cells]


TYPED: Mapping[str, Typed] = MappingProxyType(
    {
        "key": Typed({"": _TEXT}, _key_out, _keys_back),
        "text": Typed({"": _TEXT}, _plain(str), _as_is),
        "instant": Typed({"": "timestamptz"}, _plain(datetime), _as_is),
        "moment": Typed({"": "timestamptz", "_day": "date"}, _moment_out, _moments_back),
        "day": Typed({"": "date"}, _plain(date), _as_is),
        "money": Typed({"": "numeric", "_currency": _TEXT}, _money_out, _money_back),
        "number": Typed({"": "numeric"}, _number_out, _as_is),
        "probability": Typed({"": "numeric"}, _number_out, _as_is),
        "count": Typed({"": "bigint"}, _count_out, _as_is),
        "score": Typed({"": "double precision"}, _plain(float), _as_is),
        "duration": Typed({"": "bigint"}, _duration_out, _durations_back),
        "flag": Typed({"": "boolean"}, _plain(bool), _as_is),
    }
)
"""Kind of a field -> how it is kept; durations count microseconds."""


def tables() -> tuple[str, ...]:
    """Return the names of the tables of the domain that have a table of their own here."""
    return tuple(name for name in RECORDS if name != "change")  # the log itself is made of changes


@cache
def wanted(table: str) -> Mapping[str, tuple[Typed, tuple[Column, ...]]]:
    """Return how each field of a table of the domain would be kept, in the order of its record."""
    found = {}
    for field in fields_of(RECORDS[table]):
        if field.kind in TYPED and field.name != "id":
            how = TYPED[field.kind]
            found[field.name] = how, tuple(Column(field.name + s, t) for s, t in how.suffixes.items())
    return MappingProxyType(found)


class Layout:
    """The columns that are there: a field whose columns a database lacks is kept in `_extra`.

    Args:
        present: table -> column -> SQL type, as the database says.
    """

    def __init__(self, present: Mapping[str, Mapping[str, str]]) -> None:
        self._tables: dict[str, dict[str, tuple[Typed, tuple[Column, ...]]]] = {}
        for table in tables():
            there = present.get(table)
            if there is not None:
                self._tables[table] = {
                    name: (how, columns)
                    for name, (how, columns) in wanted(table).items()
                    if all(there.get(c.name) == c.type for c in columns)
                }

    def home(self, table: str) -> str:
        """Return the table that the records of a table are in."""
        return table if table in self._tables else OTHERS

    def homes(self) -> Sequence[str]:
        """Return all tables that records are in."""
        return (*self._tables, OTHERS)

    def fields(self, table: str) -> Mapping[str, tuple[Typed, tuple[Column, ...]]]:
        """Return the fields of a table that have columns of their own; none for a host's table."""
        return self._tables.get(table, {})

    def columns(self, table: str) -> tuple[Column, ...]:
        """Return those columns, in order."""
        return tuple(chain.from_iterable(columns for _, columns in self.fields(table).values()))

    def cells(self, table: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a record as cells by column, with what no column holds as JSON in `_extra`."""
        fields = self.fields(table)
        cells: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for name, value in values.items():
            how, columns = fields.get(name, _NOWHERE)
            found = how.out(value)
            if found is None:
                extra[name] = value
            else:
                for column, cell in zip(columns, found, strict=True):
                    if cell is not None:
                        cells[column.name] = cell
        if extra:
            cells[EXTRA] = dump(extra)
        return cells

    def back(self, table: str, cells: Sequence[list[Any]]) -> Iterator[tuple[str, list[Any]]]:
        """Yield each field with its values, from the cells of `columns` column by column; what is blank throughout is left out."""
        place = 0
        for name, (how, columns) in self.fields(table).items():
            some = cells[place : place + len(columns)]
            place += len(columns)
            if any(column.count(None) < len(column) for column in some):
                yield name, how.back(*some)


_NOWHERE: tuple[Typed, tuple[Column, ...]] = (Typed({}, lambda _: None, list), ())
