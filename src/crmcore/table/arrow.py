"""Dataframes: whatever speaks Arrow's C stream, as typed blocks.

The buffers are read as they are: dictionaries stay coded, fixed-width values are not copied where nobody can change them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..errors import IngestError, MissingLibraryError
from .builders import Block
from .builders.arrays import micros
from .column import Array, Mask

__all__ = ["Batch", "speaks_arrow", "stream"]

_NANO_UNITS = {"SECOND": "s", "MILLI": "ms", "MICRO": "us", "NANO": "ns"}
_INDEX = re.compile(r"__index_level_\d+__")
_TYPE = re.compile(
    r"(?P<name>[a-z_]+?)(?P<bits>\d*)(?:\[(?P<unit>\w+)(?:, tz=(?P<zone>[^\]]+))?\])?(?:\((?P<args>[^)]*)\))?"
)
_WIDTHS = {"int": "i", "uint": "u", "float": "f"}
_FLOATS = {"halffloat": 16, "float": 32, "double": 64, "half_float": 16}


class Batch(NamedTuple):
    """Some rows of a dataframe: for each column a typed block or a list, and the rows as Python values on demand."""

    size: int
    columns: Sequence[Block | list[Any]]
    row: Callable[[int], list[Any]]


def speaks_arrow(data: object) -> bool:
    """Return whether an object hands over its columns as an Arrow stream."""
    return hasattr(data, "__arrow_c_stream__")


def stream(data: Any, where: str) -> tuple[list[str], Iterator[Batch]]:
    """Return the names of the columns of a dataframe, and its rows in batches.

    Args:
        data: an object with `__arrow_c_stream__`.
        where: what errors call it.

    Raises:
        MissingLibraryError: neither pyarrow nor nanoarrow is installed.
        IngestError: a dataframe that cannot be handed over, or a column of a type that no column of ours holds.
    """
    # a pandas frame can be changed in place, and its buffers with it; Arrow's own are immutable
    lasting = not type(data).__module__.startswith("pandas")
    try:
        import pyarrow as pa
    except ImportError:
        return _by_nanoarrow(data, where, lasting)
    try:
        reader = pa.RecordBatchReader.from_stream(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise IngestError(f"{where}: the dataframe cannot be handed over: {error}", table=where) from None
    names = list(reader.schema.names)
    kept = _columns(names, where)

    def batches() -> Iterator[Batch]:
        for batch in reader:
            if batch.num_rows:
                columns = [_pyarrow_block(batch.column(i), f"{where}.{names[i]}", lasting) for i in kept]
                yield Batch(batch.num_rows, columns, _row_of(batch, kept))

    return [names[i] for i in kept], batches()


def _columns(names: list[str], where: str) -> list[int]:
    """Return which columns are taken: all but the index of a pandas frame."""
    kept = [i for i, name in enumerate(names) if not _INDEX.fullmatch(name)]
    seen: set[str] = set()
    for i in kept:
        if names[i] in seen:
            raise IngestError(f"{where} has two columns named {names[i]!r}", table=where, column=names[i])
        seen.add(names[i])
    return kept


def _row_of(batch: Any, kept: list[int]) -> Callable[[int], list[Any]]:
    return lambda row: [_value(batch.column(i)[row]) for i in kept]


def _values(array: Any) -> list[Any]:
    """Return an array of either library as Python values."""
    found: list[Any] = array.to_pylist()
    return found


# --- pyarrow


def _pyarrow_block(array: Any, where: str, lasting: bool) -> Block | list[Any]:
    kind = str(array.type)
    if kind.startswith("extension"):
        return _values(array)
    if kind.startswith("dictionary"):
        labels = array.dictionary.to_pylist()
        indices = _pyarrow_block(array.indices, where, lasting)
        assert isinstance(indices, Block)
        return indices._replace(form="codes", labels=labels)
    if kind in {"string", "large_string", "string_view"}:
        import pyarrow as pa

        if kind == "string_view":
            array = array.cast(pa.large_string())
        return _pyarrow_block(array.dictionary_encode(), where, lasting)
    size, offset, buffers = len(array), array.offset, array.buffers()
    valid = _bits(buffers[0], size, offset) if array.null_count else None
    if kind == "null":
        return Block("bool", np.zeros(size, bool), np.zeros(size, bool), lasting=True)
    block = _fixed(kind, buffers[1] if len(buffers) > 1 else None, size, offset, valid, lasting)
    return _values(array) if block is None else block


# --- nanoarrow


def _by_nanoarrow(data: Any, where: str, lasting: bool) -> tuple[list[str], Iterator[Batch]]:
    try:
        import nanoarrow
    except ImportError:
        raise MissingLibraryError(
            f"{where}: reading a dataframe needs pyarrow (pip install 'crmcore[arrow]') or nanoarrow; "
            "without them hand over {name: array, ...} or rows",
            library="pyarrow",
        ) from None
    try:
        opened = nanoarrow.ArrayStream(data)
    except ImportError as error:
        raise MissingLibraryError(
            f"{where}: this dataframe hands itself over through pyarrow (pip install 'crmcore[arrow]'): {error}",
            library="pyarrow",
        ) from None
    except Exception as error:  # noqa: BLE001 - what a frame raises here is its own affair
        raise IngestError(f"{where}: the dataframe cannot be handed over: {error}", table=where) from None
    names = [field.name for field in opened.schema.fields]
    kept = _columns(names, where)

    def batches() -> Iterator[Batch]:
        for array in opened:
            if len(array):
                children = list(array.iter_children())
                columns = [_nanoarrow_block(children[i], lasting) for i in kept]
                yield Batch(len(array), columns, _child_row(children, kept))

    return [names[i] for i in kept], batches()


def _child_row(children: list[Any], kept: list[int]) -> Callable[[int], list[Any]]:
    return lambda row: [_value(children[i][row]) for i in kept]


def _value(scalar: Any) -> Any:
    """Return a single cell, as text where Python has no value for it (a date in the year 300,000)."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return str(getattr(scalar, "value", scalar))


def _nanoarrow_block(array: Any, lasting: bool) -> Block | list[Any]:
    from nanoarrow import c_array

    schema, view, size = array.schema, c_array(array).view(), len(array)
    kind = schema.type.name.lower()
    if kind == "null":
        return Block("bool", np.zeros(size, bool), np.zeros(size, bool), lasting=True)
    if kind in {"timestamp", "duration"}:
        zone = f", tz={schema.timezone}" if kind == "timestamp" and schema.timezone else ""
        kind = f"{kind}[{_NANO_UNITS[schema.unit.name]}{zone}]"
    elif kind.startswith("decimal"):
        kind = f"{kind}({schema.precision}, {schema.scale})"
    labels: Sequence[Any] | None = None
    if kind == "dictionary":
        labels = _texts(view.dictionary)
        kind = view.storage_type
        if labels is None:
            return _values(array)
    buffers = [memoryview(b).cast("B") for b in view.buffers]
    valid = _bits(buffers[0], size, view.offset) if view.null_count else None
    block = _fixed(kind, buffers[1] if len(buffers) > 1 else None, size, view.offset, valid, lasting)
    if block is None:
        return _values(array)
    return block if labels is None else block._replace(form="codes", labels=labels)


def _texts(view: Any) -> list[str] | None:
    """Return the strings of a dictionary, or None for a dictionary of something else."""
    if view.storage_type not in {"string", "large_string"} or view.null_count:
        return None
    width = 4 if view.storage_type == "string" else 8
    _, places, data = (memoryview(b).cast("B") for b in view.buffers)
    ends = _view(places, f"i{width}", view.length + 1, view.offset).tolist()
    return [bytes(data[a:b]).decode() for a, b in pairwise(ends)]


# --- buffers


def _bits(buffer: Any, size: int, offset: int) -> Mask | None:
    """Return a bitmap as a mask."""
    if buffer is None:
        return None
    octets = np.frombuffer(buffer, np.uint8)[offset // 8 : (offset + size + 7) // 8]
    start = offset % 8
    return np.unpackbits(octets, bitorder="little")[start : start + size].view(bool)


def _fixed(kind: str, buffer: Any, size: int, offset: int, valid: Mask | None, lasting: bool) -> Block | None:
    """Return the block of a fixed-width type, or None for a type that goes by Python values."""
    found = _TYPE.fullmatch(kind)
    if found is None or buffer is None:
        return None
    name, bits, unit = found["name"], int(found["bits"] or 0), found["unit"]
    if name == "bool":
        data = _bits(buffer, size, offset)
        assert data is not None
        return Block("bool", data, valid, lasting=True)
    if kind in _FLOATS:
        name, bits = "float", _FLOATS[kind]
    if name in _WIDTHS:
        data = _view(buffer, f"{_WIDTHS[name]}{bits // 8}", size, offset)
        if name == "float":
            return Block("float", data if bits > 16 else data.astype(np.float32), valid, lasting=lasting)
        if kind == "uint64" and size and int(data.max()) >= 2**63:
            return None
        return Block("int", data.astype(np.int64, copy=False), valid, lasting=lasting or kind != "int64")
    if name == "date":
        if bits == 32:
            return Block("day", _view(buffer, "i4", size, offset), valid, lasting=lasting)
        return Block("day", np.floor_divide(_view(buffer, "i8", size, offset), 86_400_000), valid, lasting=True)
    if name in {"timestamp", "duration"} and unit is not None:
        form = "span" if name == "duration" else "reading" if found["zone"] is None else "instant"
        data = _view(buffer, "i8", size, offset)
        return Block(form, micros(data, unit), valid, lasting=lasting or unit != "us")
    if name == "decimal":
        return _decimals(bits, found["args"], buffer, size, offset, valid)
    return None


def _view(buffer: Any, dtype: str, size: int, offset: int) -> Array:
    kind = np.dtype(dtype)
    return np.frombuffer(buffer, kind, size, offset * kind.itemsize)


def _decimals(bits: int, args: str | None, buffer: Any, size: int, offset: int, valid: Mask | None) -> Block | None:
    scale = int((args or "0,0").split(",")[1])
    if not 0 <= scale <= 18:
        return None
    if bits in {32, 64}:
        return Block(
            "decimal",
            _view(buffer, f"i{bits // 8}", size, offset).astype(np.int64),
            valid,
            decimals=scale,
            lasting=True,
        )
    if bits != 128:
        return None
    words = np.frombuffer(buffer, "<i8", 2 * size, offset * 16).reshape(size, 2)
    low, high = words[:, 0], words[:, 1]
    fits = high == low >> 63  # the upper word only repeats the sign
    if not (fits if valid is None else fits | ~valid).all():
        return None
    return Block("decimal", np.ascontiguousarray(low), valid, decimals=scale, lasting=True)
