"""Builders of labels: categories coded on the fly, ids, and free text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np

from ..column import Array, Column, code_type
from ..ids import as_number
from .build import Block, Builder, Refused, is_blank
from .pack import ints32, ints64
from .parts import Parts
from .spec import ColumnSpec

__all__ = ["IdBuilder", "KeyBuilder", "TextBuilder"]

_MAX_INT = 2**63
_NEAR = 2**20
"""Whole numbers in a range up to this are coded by a table."""


def label_of(value: Any) -> Any:
    """Return a value as a label: text, or a whole number."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        # a frame turns whole numbers with blanks into floats
        return int(value) if float(value).is_integer() else str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise Refused("not a label") from None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise Refused("not a label")


class _Codes(dict[Any, int]):
    """Raw value -> code; a value seen for the first time asks its builder. Below 0: refused, -1 - code of the reason."""

    def __init__(self, builder: KeyBuilder) -> None:
        super().__init__()
        self.builder = builder

    def __missing__(self, raw: Any) -> int:
        code = self.builder.code(raw)
        self[raw] = code
        return code


class KeyBuilder(Builder):
    """Codes and labels, in the order in which labels are first seen; `choices` come first where they are given."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self.labels: list[Any] = [None, *spec.choices]
        self._index: dict[Any, int] = {label: code for code, label in enumerate(self.labels)}
        self._words = {word.casefold(): code for code, word in enumerate(spec.choices, 1)}
        self._codes = _Codes(self)
        self._reasons: list[str] = []
        self._parts = Parts(np.int8)

    def code(self, raw: Any) -> int:
        """Return the code of a raw value, which may be new."""
        if is_blank(raw):
            return 0
        try:
            label = label_of(raw)
        except Refused as refused:
            return self._reason(refused.kind)
        if isinstance(label, str):
            label = self.spec.clean(label)
            if not label:
                return 0
        if self._words:
            code = self._words.get(str(label).casefold(), 0)
            return code or self._reason(f"unknown {self.spec.name}")
        if len(self._index) < len(self.labels):  # labels that came all at once
            self._index = {label: code for code, label in enumerate(self.labels)}
        code = self._index.setdefault(label, len(self.labels))
        if code == len(self.labels):
            self.labels.append(label)
        return code

    def _reason(self, kind: str) -> int:
        if kind not in self._reasons:
            self._reasons.append(kind)
        return -1 - self._reasons.index(kind)

    def _objects(self, values: Sequence[Any]) -> None:
        try:
            codes = ints32(map(self._codes.__getitem__, values), len(values))
        except TypeError:  # a list or another value that cannot be hashed
            codes = np.array([self._code_of(v) for v in values], np.int32)
        self._put(codes, values)

    def _codes_of(self, labels: Sequence[Any]) -> Iterable[int]:
        if len(self.labels) == 1 and set(map(type, labels)) == {int} and len(set(labels)) == len(labels):
            # different whole numbers are labels as they are
            self.labels += labels
            return range(1, len(self.labels))
        return map(self._code_of, labels)

    def _code_of(self, value: Any) -> int:
        try:
            return self._codes[value]
        except TypeError:
            return self._reason("not a label")

    def _put(self, codes: Array, values: Any) -> None:
        if self._reasons:
            refused = np.flatnonzero(codes < 0)
            for offset in refused.tolist():
                self._refuse(offset, self._reasons[-1 - int(codes[offset])], values[offset])
            if refused.size:
                codes = np.maximum(codes, 0)
        self._parts.put(codes.astype(code_type(len(self.labels)), copy=False))

    def _block(self, block: Block) -> None:
        if block.form == "int":
            block = _coded(block)
        if block.form != "codes":
            super()._block(block)
            return
        table = np.array([0, *self._codes_of(block.labels)], np.int32)
        if (table >= 0).all() and (np.diff(table) == 1).all():  # the block's codes are ours, counted from 0
            codes = block.data.astype(code_type(len(self.labels)), copy=True)
            codes += 1
            if block.valid is not None:
                codes *= block.valid
            self._parts.put(codes)
            return
        spots = np.where(block.valid, block.data, -1) if block.valid is not None else block.data
        codes = table.take(spots.astype(np.intp, copy=False) + 1)
        self._put(codes, _Picked(block, spots))

    def _blanks(self, size: int) -> None:
        self._parts.put_blank(size)

    def finish(self) -> Column:
        self._parts.dtype = np.dtype(code_type(len(self.labels)))
        data, _ = self._parts.join()
        return Column("key", data, labels=tuple(self.labels))


class _Picked:
    """The labels of a block's rows, looked up one by one."""

    def __init__(self, block: Block, spots: Array) -> None:
        self.block, self.spots = block, spots

    def __getitem__(self, offset: int) -> Any:
        return self.block.labels[int(self.spots[offset])]


def _coded(block: Block) -> Block:
    """Return whole numbers as codes, where they lie close together."""
    data = (
        block.data if block.valid is None else np.where(block.valid, block.data, block.data[0] if block.valid[0] else 0)
    )
    low, high = int(data.min()), int(data.max())
    if high - low >= _NEAR:
        return block
    there = np.zeros(high - low + 1, bool)
    there[data - low if block.valid is None else data[block.valid] - low] = True
    numbers = np.flatnonzero(there)
    places = np.zeros(len(there), np.int32)
    places[numbers] = np.arange(len(numbers))
    return Block("codes", places.take(data - low), block.valid, labels=(numbers + low).tolist())


class IdBuilder(Builder):
    """Ids: int64 when all are whole numbers, else text. Text cells that are plain whole numbers count as such.

    A blank id rejects the row, unless the spec calls ids optional: then a column of blanks has row numbers for ids (from
    1), and single blanks become "#" and the row number.
    """

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._pieces: list[Array] = []  # of int64, or of objects: int, str, None

    def _objects(self, values: Sequence[Any]) -> None:
        kinds = set(map(type, values))
        if kinds == {int}:
            with suppress(OverflowError):
                self._pieces.append(ints64(values))
                return
        if kinds == {str} and _as_they_are(values, self.spec):
            self._listed(values)
            return
        self._listed([self._id(v, offset) for offset, v in enumerate(values)])

    def _listed(self, found: Sequence[Any]) -> None:
        piece = np.empty(len(found), object)
        piece[:] = found
        self._pieces.append(piece)

    def _id(self, value: Any, offset: int) -> int | str | None:
        try:
            label = None if is_blank(value) else label_of(value)
        except Refused:
            self._refuse(offset, "not an id", value)
            return None
        if isinstance(label, str):
            label = self.spec.clean(label) or None
        if label is None and not self.spec.optional:
            self._refuse(offset, "blank id", "" if value is None else value)
        if isinstance(label, int) and not -_MAX_INT <= label < _MAX_INT:
            return str(label)
        return label

    def _texts(self, texts: list[str]) -> None:
        if self.spec.value_map is None:
            try:
                numbers = np.array(list(map(int, texts)), np.int64)
            except (ValueError, OverflowError):
                pass
            else:
                if list(map(str, numbers.tolist())) == texts:
                    self._pieces.append(numbers)
                    return
        self._listed([as_number(self._id(t, offset)) for offset, t in enumerate(texts)])

    def _block(self, block: Block) -> None:
        if block.form == "int" and block.valid is None:
            self._pieces.append(block.data if block.lasting else block.data.copy())
        else:
            super()._block(block)

    def _blanks(self, size: int) -> None:
        self._objects([None] * size)

    def finish(self) -> Column:
        pieces, self._pieces = self._pieces, []
        blanks = sum(p.tolist().count(None) for p in pieces if p.dtype == object)
        if blanks == self.length:
            return Column("id", np.arange(1, self.length + 1))
        fill = blanks > len(self.bad)  # optional ids; a rejected row's cell does not matter
        if not fill and all(p.dtype != object or all(isinstance(v, int | None) for v in p.tolist()) for p in pieces):
            numbers = [p if p.dtype != object else np.array([v or 0 for v in p.tolist()], np.int64) for p in pieces]
            return Column("id", numbers[0] if len(numbers) == 1 else np.concatenate(numbers))
        data = np.empty(self.length, object)
        at = 0
        for piece in pieces:
            listed = piece.tolist()
            if set(map(type, listed)) == {str}:
                data[at : at + len(listed)] = piece
                at += len(listed)
                continue
            data[at : at + len(listed)] = [f"#{at + i}" if v is None else str(v) for i, v in enumerate(listed, 1)]
            at += len(listed)
        return Column("id", data)


def _as_they_are(texts: Sequence[str], spec: ColumnSpec) -> bool:
    """Return whether cleaning would leave each of some texts as it is, and none is blank."""
    if spec.value_map is not None or "" in texts or not spec.null_words.isdisjoint(texts):
        return False
    return not spec.strip or list(map(str.strip, texts)) == list(texts)


class TextBuilder(Builder):
    """Free text as Python strings; it is kept, not coded. Where all of it comes in codes, those are kept beside it."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._parts = Parts(object)
        self._index: dict[str, int] = {}
        self._coded: list[Array] | None = []

    def _objects(self, values: Sequence[Any]) -> None:
        self._coded = None
        piece = np.empty(len(values), object)
        piece[:] = values if self._are_plain(values) else [self._text(v) for v in values]
        self._parts.put(piece)

    def _are_plain(self, values: Sequence[Any]) -> bool:
        kinds = set(map(type, values))
        kinds.discard(type(None))
        return kinds == {str} and _as_they_are([v for v in values if v is not None], self.spec)

    def _text(self, value: Any) -> str | None:
        if isinstance(value, str):
            return self.spec.clean(value) or None
        if is_blank(value):
            return None
        if isinstance(value, bytes):
            return value.decode(errors="backslashreplace")  # some databases give text, and numbers, as bytes
        return str(value.isoformat() if hasattr(value, "isoformat") else value)

    def _block(self, block: Block) -> None:
        if block.form != "codes":
            super()._block(block)
            return
        texts = np.array([None, *map(self._text, block.labels)], object)
        spots = block.data.astype(np.intp) + 1
        if block.valid is not None:
            spots *= block.valid
        self._parts.put(texts.take(spots))
        if self._coded is not None:
            index = self._index
            codes = [-1 if text is None else index.setdefault(text, len(index)) for text in texts.tolist()]
            self._coded.append(np.array(codes, np.int32).take(spots))

    def _blanks(self, size: int) -> None:
        self._parts.put(np.full(size, None, object))
        if self._coded is not None:
            self._coded.append(np.full(size, -1, np.int32))

    def finish(self) -> Column:
        data, _ = self._parts.join()
        column = Column("text", data)
        if self._coded and self._index:
            column.coded = np.concatenate(self._coded), list(self._index)
        return column
