"""Finished columns as an Arrow C stream, which every dataframe library reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import MissingLibraryError
from ..table.column import Array, Mask

if TYPE_CHECKING:
    from .result import Result

__all__ = ["Numbers", "Texts", "capsule", "stream"]

_EXACT = 2.0**53


class Texts(NamedTuple):
    """A column of text; None where blank."""

    name: str
    values: Sequence[str | None]


class Numbers(NamedTuple):
    """A column of float64 or int64, with a mask of the values that are defined."""

    name: str
    values: Array
    defined: Mask


def stream(result: Result, requested_schema: Any = None) -> Any:
    """Return a capsule with the rows: keys, period and labels utf8, counts int64, other metrics float64, null if undefined.

    Raises:
        MissingLibraryError: neither pyarrow nor nanoarrow is there.
    """
    return capsule(_columns(result), len(result), requested_schema)


def capsule(columns: list[Texts | Numbers], rows: int, requested_schema: Any = None) -> Any:
    """Return a capsule with the columns, each of so many rows.

    Raises:
        MissingLibraryError: neither pyarrow nor nanoarrow is there.
    """
    try:
        import pyarrow as pa
    except ImportError:
        return _with_nanoarrow(columns, rows, requested_schema)
    return _with_pyarrow(pa, columns, requested_schema)


def _columns(result: Result) -> list[Texts | Numbers]:
    columns: list[Texts | Numbers] = [
        Texts(key, [None if x is None else str(x) for x in result.column(key)]) for key in result.axes
    ]
    for name in result.names:
        measured = result[name]
        if measured.metric.unit == "label":
            columns.append(Texts(name, [None if x is None else str(x) for x in measured]))
        else:
            columns.append(Numbers(name, *_numbers(measured.values, measured.defined, measured.metric.unit)))
    return columns


def _numbers(values: Array, defined: Mask, unit: str) -> tuple[Array, Mask]:
    """Return counts as int64 where all are whole, other numbers as they are."""
    known = values[defined]
    if unit == "count" and bool((np.abs(known) < _EXACT).all()) and bool((known == np.floor(known)).all()):
        return np.where(defined, values, 0).astype(np.int64), defined
    return values, defined


def _with_pyarrow(pa: Any, columns: list[Texts | Numbers], requested_schema: Any) -> Any:
    arrays = [
        pa.array(c.values, pa.string())
        if isinstance(c, Texts)
        else pa.array(c.values, mask=~c.defined, from_pandas=False)
        for c in columns
    ]
    return pa.table(arrays, names=[c.name for c in columns]).__arrow_c_stream__(requested_schema)


def _with_nanoarrow(columns: list[Texts | Numbers], rows: int, requested_schema: Any) -> Any:
    try:
        import nanoarrow as na
    except ImportError:
        raise MissingLibraryError(
            "a table of numbers is read through Arrow, which needs pyarrow or nanoarrow: pip install 'crmcore[arrow]'"
        ) from None
    arrays, types = [], []
    for column in columns:
        if isinstance(column, Texts):
            types.append(na.string())
            arrays.append(na.c_array(column.values, na.string()))
            continue
        kind = na.int64() if column.values.dtype == np.int64 else na.float64()
        bits = None if column.defined.all() else np.packbits(column.defined, bitorder="little")
        types.append(kind)
        arrays.append(na.c_array_from_buffers(kind, rows, [bits, np.ascontiguousarray(column.values)]))
    schema = na.struct(dict(zip((c.name for c in columns), types, strict=True)))
    whole = na.c_array_from_buffers(schema, rows, [None], children=arrays)
    return na.c_array_stream(whole).__arrow_c_stream__(requested_schema)
