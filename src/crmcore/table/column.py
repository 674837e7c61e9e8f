"""Column: one typed numpy array with its validity, and the facts about it that planning needs.

| kind        | data                                   | null          | value                     |
|-------------|----------------------------------------|---------------|---------------------------|
| id          | int64, or an object array of text      | never         | itself                    |
| key         | int8/16/32 codes into `labels`         | code 0        | labels[code], labels[0] is None |
| text        | object array of str or None            | None          | itself                    |
| instant     | int64 microseconds since 1970 UTC      | 0, not valid  |                           |
| day         | int32 days since 1970-01-01            | 0, not valid  |                           |
| money       | int64 / scale, with a currency         | 0, not valid  | data / scale              |
| number      | int64 / scale                          | 0, not valid  | data / scale              |
| count       | int64 (scale 1)                        | 0, not valid  |                           |
| probability | int32 / 10,000                         | 0, not valid  |                           |
| duration    | int64 microseconds (scale one day) or int32 days (scale 1) | 0, not valid | days = data / scale |
| flag        | bool                                   | False, not valid |                        |
| score       | float64                                | 0.0, not valid | inexact                  |
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["KINDS", "NUMERIC", "Array", "Column", "Mask", "code_type", "narrow"]

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

KINDS = ("id", "key", "text", "instant", "day", "money", "number", "count", "probability", "duration", "flag", "score")
NUMERIC = frozenset({"money", "number", "count", "probability", "duration", "flag", "score"})


def code_type(size: int) -> type[np.signedinteger[Any]]:
    """Return the narrowest integer type that holds codes 0 .. size - 1."""
    return np.int8 if size <= 127 else np.int16 if size <= 32767 else np.int32


def narrow(data: Array) -> Array:
    """Return an integer array in the narrowest of int8/16/32/64 that holds its values."""
    if data.size == 0:
        return data.astype(np.int8)
    low, high = int(data.min()), int(data.max())
    for kind in (np.int8, np.int16, np.int32):
        info = np.iinfo(kind)
        if info.min <= low and high <= info.max:
            return data.astype(kind, copy=False)
    return data


class Column:
    """One typed column. Immutable: nothing writes to `data` or `valid` after construction.

    Args:
        kind: one of `KINDS`.
        data: the values; nulls are stored as 0 (code 0, None).
        valid: False where null; None when there is no null. Always None for keys and text.
        labels: for keys, labels[0] is None (blank), the others are the values.
        scale: the value is data / scale.
        currency: for money, a code, or a key column of codes, or None when none is declared.
    """

    __slots__ = ("__dict__", "currency", "data", "kind", "labels", "scale", "valid")

    def __init__(
        self,
        kind: str,
        data: Array,
        valid: Mask | None = None,
        *,
        labels: Sequence[Any] = (),
        scale: int = 1,
        currency: str | Column | None = None,
    ) -> None:
        self.kind = kind
        self.data = data
        self.valid = None if valid is not None and bool(valid.all()) else valid
        self.labels = labels
        self.scale = scale
        self.currency = currency

    def __len__(self) -> int:
        return int(self.data.shape[0])

    def __repr__(self) -> str:
        more = (
            f", {len(self.labels) - 1} values"
            if self.kind == "key"
            else f", scale {self.scale}"
            if self.scale > 1
            else ""
        )
        return f"Column({self.kind}, {len(self)} rows, {self.nulls} blank{more})"

    @cached_property
    def nulls(self) -> int:
        """Number of rows without a value."""
        if self.kind == "key":
            return len(self) - int(np.count_nonzero(self.data))
        if self.kind == "text":
            return len(self) - int(np.count_nonzero(self.present()))
        return 0 if self.valid is None else len(self) - int(np.count_nonzero(self.valid))

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """Smallest and largest stored value (0, 0 when empty); nulls count as 0."""
        return (int(self.data.min()), int(self.data.max())) if len(self) else (0, 0)

    @cached_property
    def magnitude(self) -> int:
        """An upper bound of the sum of |data|: exact int64 sums cannot overflow below 2**63."""
        low, high = self.bounds
        return max(abs(low), abs(high)) * len(self)

    @cached_property
    def index(self) -> dict[Any, int]:
        """Label -> code, for keys."""
        return {label: code for code, label in enumerate(self.labels)}

    @cached_property
    def rank(self) -> Array:
        """Position of each code when labels are sorted, blank last."""
        order = sorted(range(1, len(self.labels)), key=lambda c: sort_key(self.labels[c]))
        rank = np.empty(len(self.labels), np.int64)
        rank[order] = np.arange(len(order))
        rank[0] = len(order)
        return rank

    @cached_property
    def coded(self) -> tuple[Array, Sequence[str]]:
        """Codes of texts, -1 where there is none, and the texts that they count, for text; some may stand nowhere."""
        codes: dict[str | None, int] = {None: -1}
        found = [codes.setdefault(text, len(codes) - 1) for text in self.data.tolist()]
        return np.array(found, np.int32), [text for text in codes if text is not None]

    def present(self) -> Mask:
        """Return a mask of the rows that have a value."""
        if self.kind == "key":
            found: Mask = self.data != 0
            return found
        if self.kind == "text":
            known: tuple[Array, Sequence[str]] | None = self.__dict__.get("coded")
            return np.array([v is not None for v in self.data], bool) if known is None else known[0] >= 0
        return np.ones(len(self), bool) if self.valid is None else self.valid

    def take(self, rows: Array) -> Column:
        """Return the column at these row positions, or where a mask is true."""
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        currency = self.currency.take(rows) if isinstance(self.currency, Column) else self.currency
        valid = None if self.valid is None else _taken(self.valid, rows)
        found = Column(
            self.kind, _taken(self.data, rows), valid, labels=self.labels, scale=self.scale, currency=currency
        )
        if "coded" in self.__dict__:
            found.coded = (self.coded[0].take(rows), self.coded[1])
        return found

    def replace(
        self,
        *,
        kind: str | None = None,
        data: Array | None = None,
        valid: Mask | EllipsisType | None = ...,
        labels: Sequence[Any] | None = None,
        scale: int | None = None,
        currency: str | Column | EllipsisType | None = ...,
    ) -> Column:
        """Return the column with other data, validity or facts; what is not given stays."""
        return Column(
            self.kind if kind is None else kind,
            self.data if data is None else data,
            self.valid if valid is ... else valid,
            labels=self.labels if labels is None else labels,
            scale=self.scale if scale is None else scale,
            currency=self.currency if currency is ... else currency,
        )


def _taken(data: Array, rows: Array) -> Array:
    """Return the data at these positions; one value that fills a whole column stays one."""
    if data.strides == (0,) and len(data):
        return np.broadcast_to(data[:1], rows.shape)
    return data.take(rows)


def sort_key(label: Any) -> tuple[int, Any]:
    """Order labels of mixed types: numbers before text."""
    return (0, label) if isinstance(label, (int, float)) else (1, str(label))
