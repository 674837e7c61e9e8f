"""Sources: the numbers that totals and multisets read, with how they are summed and packed exactly."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from ..errors import UnitError
from ..evaluate import Scope, as_key, evaluate, holds
from ..evaluate.pricing import converted
from ..plan.requests import Grid, Request
from ..state.currencies import NONE, Currencies, gathered
from ..table.column import NUMERIC, Array, Column, Mask
from ..table.table import Table
from .cells import cells_of

__all__ = ["Source", "currencies_met", "source_of"]


@attrs.frozen(slots=True, eq=False)
class Source:
    """A column ready to be summed or packed."""

    key: object
    data: Array
    valid: Mask | None
    scale: int
    kind: str
    exact: bool
    wide: bool
    low: int
    bits: int
    packed: Any
    lookup: Array | None
    bound: int | None = None

    @property
    def sum_type(self) -> Any:
        return object if self.data.dtype == object else np.float64 if not self.exact else np.int64

    def constant(self, a: int, b: int) -> int | None:
        """Return the value that all of the rows a .. b have, of numbers that fit in a byte; None where they differ."""
        part = self.data[a:b]
        if part.dtype != np.int8 or part.min() != part.max():
            return None
        return int(part[0])

    def chunk(self, a: int, b: int, rows: Array | None) -> Array:
        """Return the values of rows a .. b, or of the picked ones, ready for addition."""
        part = self.data[a:b] if rows is None else self.data[a:b].take(rows)
        return part if part.dtype in (object, np.float64) else part.astype(np.int64, copy=False)

    def pack(self, keys: Array | None, a: int, b: int, rows: Array | None, out: Array) -> None:
        """Write cell << bits | (value - low) of these rows to `out`."""
        part = self.data[a:b] if rows is None else self.data[a:b].take(rows)
        if keys is None:
            np.subtract(part, self.low, out=out, casting="unsafe", dtype=np.int64)
            return
        shifted = keys << self.bits
        shifted += part
        if self.low:
            shifted -= self.low
        out[:] = shifted

    def counted(self, packed: Array, size: int) -> Array:
        """Return how many packed values each cell has."""
        return np.bincount((packed >> self.bits).astype(np.int64), minlength=size)


def source_of(grid: Grid, request: Request, table: Table, scope: Scope) -> Source:
    """Return the numbers that a request reads.

    Raises:
        CurrencyError: amounts of several currencies without rates (M2).
        UnitError: a total of something that has no sum.
    """
    assert request.expr is not None
    seen = (scope.zone.name, scope.calendar, scope.as_of, scope.world)
    key: tuple[object, ...] = (request.op, request.expr.key, grid.priced, seen)
    if request.op == "values":
        cells = cells_of(grid, table, scope)
        key = (*key, cells.size)
        bits = max(cells.size - 1, 0).bit_length()
        return table.kept(
            ("source", key), lambda: _multiset(key, request, in_one_currency(grid, request, table, scope), table, bits)
        )
    return table.kept(("source", key), lambda: _summed(key, request, in_one_currency(grid, request, table, scope)))


def in_one_currency(grid: Grid, request: Request, table: Table, scope: Scope) -> Column:
    """Return the column of a request; amounts of another currency are converted where there are rates (M2)."""
    assert request.expr is not None
    column = evaluate(request.expr, table, scope)
    if column.kind == "money" and column.currency is not None and scope.rates is not None:
        return converted(column, grid.priced, table, scope)
    return column


def currencies_met(grid: Grid, request: Request, table: Table, scope: Scope) -> tuple[Currencies, Array]:
    """Return the currencies of the amounts that a request reads, and the numbers of the key combinations they are in.

    Raises:
        CurrencyError: amounts of several currencies would meet in one group (M2).
    """
    assert request.expr is not None
    nowhere = np.zeros(0, np.int64)
    column = in_one_currency(grid, request, table, scope)
    if column.kind != "money":
        return NONE, nowhere
    rows = column.present()
    for term in request.where:
        rows = rows & holds(term, table, scope)
    if not rows.any():
        return NONE, nowhere
    currency = column.currency
    if not isinstance(currency, Column):
        return Currencies((currency,)), nowhere
    groups = cells_of(grid, table, scope).combinations()
    part = np.zeros(np.count_nonzero(rows), np.int64) if groups is None else groups[rows]
    numbers, spots = np.unique(part, return_inverse=True)
    named = Currencies(tuple(currency.labels), currency.data[rows].astype(np.int64))
    return gathered(named, spots, numbers.size, f"{request.expr!r} in table {table.name!r}"), numbers


def _summed(key: object, request: Request, column: Column) -> Source:
    if column.kind not in NUMERIC:
        raise UnitError(f"{request.op}({request.expr!r}): a {column.kind} column has no sum")
    data, scale = column.data, column.scale
    exact = column.kind != "score"
    if request.op == "squares":
        if exact and data.dtype != object:
            reach = max(map(abs, column.bounds)) ** 2
            data = data.astype(np.int64) ** 2 if reach < 2**63 else data.astype(object) ** 2
        else:
            data = data * data
        scale = scale * scale
        column = Column(column.kind, data, column.valid, scale=scale)
    wide = exact and data.dtype != object and not _sum_fits(column)
    if data.dtype == bool:
        data = data.view(np.int8)
    return Source(
        key,
        data,
        None,
        scale,
        column.kind,
        exact,
        wide,
        0,
        0,
        np.int64,
        None,
        column.magnitude if exact and data.dtype != object else None,
    )


def _sum_fits(column: Column) -> bool:
    if column.magnitude < 2**63:
        return True
    # a float sum of magnitudes errs by far less than the margin left to 2**63
    return float(np.abs(column.data.astype(np.float64)).sum()) < 2.0**62


def _multiset(key: object, request: Request, column: Column, table: Table, cell_bits: int) -> Source:
    assert request.expr is not None
    # the request's own condition already asks for a value; only a conversion can lose more rows (no rate)
    valid = column.valid if column.kind == "money" and column.currency is not None else None
    lookup: Array | None = None
    if column.kind in ("text", "id"):
        column = as_key(column, table, key)
    data = column.data
    if data.dtype == bool:
        data = data.view(np.int8)
    if data.dtype == object or column.kind == "score":
        lookup, data = np.unique(data, return_inverse=True)
    low, high = (int(data.min()), int(data.max())) if data.size else (0, 0)
    bits = max((high - low).bit_length(), 1)
    if bits + cell_bits > 62:
        lookup, data = np.unique(data, return_inverse=True)
        low, bits = 0, max(int(lookup.size).bit_length(), 1)
    packed = np.int32 if bits + cell_bits <= 31 else np.int64  # int16 sorts ten times slower without AVX-512
    return Source(key, data, valid, column.scale, column.kind, True, False, low, bits, packed, lookup)
