"""Rows of the host - records, dicts, tuples, arrays, dataframes - as drafts of tables. Iterables are read in chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

import attrs
import numpy as np

from ..errors import ColumnNotFound, IngestError
from .arrow import Batch, speaks_arrow, stream
from .builders import Block, Builder
from .builders.arrays import python_values
from .builders.build import shown
from .changes import History
from .draft import Draft, TableBuilder
from .schema import Reading, schema_of
from .table import Table

__all__ = ["CHUNK", "Rows", "draft_of", "drafted"]

CHUNK = 4096
"""Rows that are converted at once: their Python values stay in the cache."""


@attrs.frozen(slots=True, eq=False)
class Rows:
    """Rows as tuples, as a database cursor gives them, with the names of their columns."""

    names: Sequence[str] = attrs.field(converter=tuple)
    values: Iterable[Sequence[Any]]


def draft_of(
    name: str, data: Any, timezone: str | None = None, how: Mapping[str, Mapping[str, Any]] | None = None
) -> Draft:
    """Return a table as it was read.

    Args:
        name: name of the table.
        data: records, dicts, `Rows` or (names, tuples), {name: array}, a dataframe, or a table.
        timezone: zone of timestamps that have none.
        how: column -> what the host states of it, as arguments of `ColumnSpec`.

    Raises:
        ColumnNotFound: `how` speaks of a column that is not there.
        IngestError: rows of a kind that cannot be read, columns of different lengths, a name twice.
        MissingLibraryError: a dataframe without pyarrow or nanoarrow.
    """
    reading = Reading(schema_of(name), timezone, how or {})
    draft = drafted(reading, data)
    for column in reading.how:
        if column not in draft.columns:
            raise ColumnNotFound(column, draft.columns, where=f"in table {name!r}, of which `how` speaks")
    return draft


def drafted(reading: Reading, data: Any) -> Draft:
    """Return rows as a draft, read in the way stated."""
    name = reading.table
    if isinstance(data, History):
        if name != "change":
            raise IngestError(f"table {name!r}: {data!r} is the table 'change'; give it as change=...", table=name)
        return data.to_draft()
    if isinstance(data, Draft):
        return data
    if isinstance(data, Table):
        return Draft(
            name, dict(data.columns), len(data), data.rows, excluded=dict(data.excluded), last_only=data.last_only
        )
    if speaks_arrow(data):
        return _from_arrow(reading, data)
    if isinstance(data, Mapping):
        return _from_arrays(reading, data)
    if isinstance(data, Rows):
        return _from_tuples(reading, data.names, data.values)
    if isinstance(data, tuple) and len(data) == 2 and _are_names(data[0]) and not isinstance(data[1], str):
        return _from_tuples(reading, data[0], data[1])
    if isinstance(data, str | bytes) or not isinstance(data, Iterable):
        raise _unreadable(name, data)
    rows = iter(data)
    first = next(rows, None)
    if first is None:
        return _empty(reading)
    rows = chain([first], rows)
    if attrs.has(type(first)):
        return _from_records(reading, rows, type(first))
    if isinstance(first, Mapping) or hasattr(first, "keys"):
        return _from_dicts(reading, rows)
    if hasattr(first, "_fields"):  # named tuples, also those of database libraries
        return _from_tuples(reading, first._fields, rows)
    raise _unreadable(name, first, "rows of ")


def _are_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and all(isinstance(n, str) for n in value)


def _unreadable(name: str, value: Any, what: str = "") -> IngestError:
    return IngestError(
        f"table {name!r}: cannot read {what}{type(value).__name__} {shown(repr(value))}; give records, dicts, (names, tuples), "
        "{column: array}, or a dataframe",
        table=name,
    )


def _empty(reading: Reading) -> Draft:
    """Return a table without rows: it has all columns of its record, so that metrics on it are results, not errors (R2)."""
    return TableBuilder(reading.table, [reading.spec(n) for n in reading.schema.fields]).finish()


def _chunks(rows: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


# --- records


def _from_records(reading: Reading, rows: Iterable[Any], kind: type) -> Draft:
    attributes, fields = attrs.fields(kind), reading.schema.fields
    own = not _is_record(reading, kind)  # of a record only what is a column, of a host's object everything
    named = [a.name for a in attributes if own or a.name in fields]
    defaults = {a.name: a.default for a in attributes}
    table = TableBuilder(reading.table, [reading.spec(n) for n in named])
    readers = [(made, _reader(f".{name}"), defaults[name]) for name, made in table.builders.items()]
    for chunk in _chunks(rows):
        size = len(chunk)
        try:
            for made, read, default in readers:
                values = read(chunk)
                # most fields of most records are not given: their columns take no time and no room
                if default is None and values[0] is None and values[-1] is None and values.count(None) == size:
                    made.add_blank(size)
                else:
                    made.add(values)
        except AttributeError:
            odd = next((r for r in chunk if type(r) is not kind), None)
            if odd is None:
                raise
            raise IngestError(
                f"table {reading.table!r}: records of two kinds, {kind.__name__} and {type(odd).__name__}",
                table=reading.table,
            ) from None
        table.rows(size, _attributes_of(chunk, named))
    return table.finish()


def _attributes_of(records: list[Any], names: list[str]) -> Callable[[int], Mapping[str, Any]]:
    return lambda row: {name: getattr(records[row], name) for name in names}


def _is_record(reading: Reading, kind: type) -> bool:
    from ..domain import RECORDS

    return reading.schema.known and issubclass(kind, RECORDS[reading.table])


def _reader(part: str) -> Callable[[list[Any]], list[Any]]:
    """Return the function that reads one part of many rows: `.name` or `[place]`.

    Written out it takes half the time of a getter called for each row.
    """
    read: Callable[[list[Any]], list[Any]]
    read = eval(f"lambda rows: [row{part} for row in rows]")  # noqa: S307 - names are identifiers
    return read


# --- dicts


def _from_dicts(reading: Reading, rows: Iterable[Any]) -> Draft:
    table = TableBuilder(reading.table)
    names: list[str] = []
    getters: list[Callable[[Any], Any]] = []
    for chunk in _chunks(rows):
        columns: list[Any] | None = None
        if names and sum(map(len, chunk)) == len(names) * len(chunk):
            try:
                columns = [list(map(get, chunk)) for get in getters]
            except (KeyError, IndexError):
                columns = None
        if columns is None:
            found = [_checked(reading.table, row) for row in chunk]
            for key in dict.fromkeys(chain.from_iterable(found)):
                if key not in table.builders:
                    table.column(reading.spec(key))
                    names.append(key)
            if not names:
                table.rows(len(chunk), lambda _: {})
                continue
            getters = [itemgetter(name) for name in names]
            columns = [[row.get(name) for row in found] for name in names]
        table.add(names, columns)
    return table.finish()


def _checked(table: str, row: Any) -> Mapping[str, Any]:
    if not isinstance(row, Mapping) and not hasattr(row, "keys"):
        raise IngestError(f"table {table!r}: rows of two kinds, dict and {type(row).__name__}", table=table)
    found: Mapping[str, Any] = row if isinstance(row, Mapping) else dict(row)
    for key in found:
        if not isinstance(key, str):
            raise IngestError(f"table {table!r}: {key!r} names no column; names are text", table=table)
    return found


# --- tuples


def _from_tuples(reading: Reading, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Draft:
    _no_name_twice(reading.table, names)
    table = TableBuilder(reading.table, [reading.spec(n) for n in names])
    width = len(names)
    blank = (None,) * width
    readers = [_reader(f"[{place}]") for place in range(width)]
    for chunk in _chunks(rows):
        if set(map(len, chunk)) != {width}:
            for place, row in enumerate(chunk):
                if len(row) != width:
                    kind = f"too {'many' if len(row) > width else 'few'} values"
                    named = [*names, *(f"value {n}" for n in range(width + 1, len(row) + 1))]
                    table.refuse(table.length + place, kind, dict(zip(named, row, strict=False)))
                    chunk[place] = blank
        table.add(names, [read(chunk) for read in readers])
    return table.finish()


def _no_name_twice(table: str, names: Sequence[str]) -> None:
    twice = [n for n, count in Counter(names).items() if count > 1]
    if twice:
        raise IngestError(f"table {table!r} has two columns named {twice[0]!r}", table=table, column=twice[0])


# --- arrays


def _from_arrays(reading: Reading, data: Mapping[Any, Any]) -> Draft:
    if not data:
        return _empty(reading)
    table = TableBuilder(reading.table)
    columns: dict[str, Any] = {}
    for name, values in data.items():
        if not isinstance(name, str):
            raise IngestError(f"table {reading.table!r}: {name!r} names no column; names are text", table=reading.table)
        columns[name] = _column(reading.table, name, values)
    sizes = {name: len(values) for name, values in columns.items()}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name}: {size}" for name, size in sizes.items())
        raise IngestError(f"table {reading.table!r}: columns of different lengths ({shown})", table=reading.table)
    for name, values in columns.items():
        made = table.column(reading.spec(name))
        if isinstance(values, np.ndarray):
            made.add(values)
        elif isinstance(values, _Pieces):
            for piece in values.pieces:
                _add(made, piece)
        else:
            for start in range(0, len(values), CHUNK):
                made.add(values[start : start + CHUNK])
    table.rows(next(iter(sizes.values())), lambda row: {n: _plain(v, row) for n, v in columns.items()})
    return table.finish()


class _Pieces:
    """A column that came as an Arrow stream."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self.pieces: list[Block | list[Any]] = [b.columns[0] for b in batches]
        self.sizes = [len(p.data if isinstance(p, Block) else p) for p in self.pieces]

    def __len__(self) -> int:
        return sum(self.sizes)

    def __getitem__(self, row: int) -> Any:
        for piece, size in zip(self.pieces, self.sizes, strict=True):
            if row < size:
                return _at(piece, row)
            row -= size
        raise IndexError(row)


def _at(piece: Block | list[Any], row: int) -> Any:
    if isinstance(piece, list):
        return piece[row]
    valid = None if piece.valid is None else piece.valid[row : row + 1]
    return python_values(piece._replace(data=piece.data[row : row + 1], valid=valid))[0]


def _add(made: Builder, piece: Block | list[Any]) -> None:
    if isinstance(piece, Block):
        made.add_block(piece)
        return
    for start in range(0, len(piece), CHUNK):
        made.add(piece[start : start + CHUNK])


def _column(table: str, name: str, values: Any) -> Any:
    """Return a column as an array, a list, or pieces of an Arrow stream."""
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise IngestError(
                f"column {name!r} of table {table!r} has shape {values.shape}; a column has one dimension"
            )
        return values
    if isinstance(values, list | tuple):
        return values
    if speaks_arrow(values):
        # a column on its own is a stream of plain arrays; a table of one column is a stream that all libraries read
        try:
            import pyarrow as pa

            return _Pieces(stream(pa.table({name: pa.chunked_array(values)}), f"{table}.{name}")[1])
        except ImportError:
            pass
    if hasattr(values, "__array__"):
        return np.asarray(values)
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise IngestError(
            f"column {name!r} of table {table!r} is {type(values).__name__} {shown(repr(values))}; give an array or a list",
            table=table,
            column=name,
        )
    return list(values)


def _plain(values: Any, row: int) -> Any:
    found = values[row]
    return found.item() if isinstance(found, np.generic) else found


# --- dataframes


def _from_arrow(reading: Reading, data: Any) -> Draft:
    names, batches = stream(data, reading.table)
    table = TableBuilder(reading.table, [reading.spec(n) for n in names])
    for batch in batches:
        for name, piece in zip(names, batch.columns, strict=True):
            _add(table.builders[name], piece)
        table.rows(batch.size, _cells_of(batch, names))
    return table.finish()


def _cells_of(batch: Batch, names: list[str]) -> Callable[[int], Mapping[str, Any]]:
    return lambda row: dict(zip(names, batch.row(row), strict=True))
