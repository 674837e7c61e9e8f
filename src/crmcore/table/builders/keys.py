"""Builders of labels: categories coded on the fly, ids, and free text."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import numpy as np

from ..column import Array, Column, code_type
from .build import Block, Builder, Refused, is_blank
from .parts import Parts
from .spec import ColumnSpec

__all__ = ["IdBuilder", "KeyBuilder", "TextBuilder"]

_MAX_INT = 2**63


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
        code = self._index.setdefault(label, len(self.labels))
        if code == len(self.labels):
            self.labels.append(label)
        return code

    def _reason(self, kind: str) -> int:
        if kind not in self._reasons:
            self._reasons.append(kind)
        return -1 - self._reasons.index(kind)

    def _objects(self, values: list[Any]) -> None:
        try:
            codes = np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values))
        except TypeError:  # a list or another value that cannot be hashed
            codes = np.array([self._code_of(v) for v in values], np.int32)
        self._put(codes, values)

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
        if block.form != "codes":
            super()._block(block)
            return
        table = np.array([0, *(self._code_of(label) for label in block.labels)], np.int32)
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


class IdBuilder(Builder):
    """Ids: int64 when all are whole numbers, else text. Text cells that are plain whole numbers count as such."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._pieces: list[Array] = []

    def _objects(self, values: list[Any]) -> None:
        kinds = set(map(type, values))
        if kinds == {int}:
            try:
                self._pieces.append(np.array(values, np.int64))
                return
            except OverflowError:
                pass
        self._mixed([self._id(v, offset) for offset, v in enumerate(values)])

    def _mixed(self, found: list[Any]) -> None:
        piece = np.empty(len(found), object)
        piece[:] = found
        self._pieces.append(piece)

    def _id(self, value: Any, offset: int) -> int | str:
        try:
            label = None if is_blank(value) else label_of(value)
        except Refused:
            self._refuse(offset, "not an id", value)
            return ""
        if isinstance(label, str):
            label = self.spec.clean(label)
        if label is None or label == "":
            self._refuse(offset, "blank id", value)
            return ""
        if isinstance(label, int) and not -_MAX_INT <= label < _MAX_INT:
            return str(label)
        return label  # type: ignore[no-any-return]

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
        self._mixed([_whole(self._id(t, offset)) for offset, t in enumerate(texts)])

    def _block(self, block: Block) -> None:
        if block.form == "int" and block.valid is None:
            self._pieces.append(block.data if block.lasting else block.data.copy())
        else:
            super()._block(block)

    def finish(self) -> Column:
        pieces, self._pieces = self._pieces, []
        if not pieces:
            return Column("id", np.zeros(0, np.int64))
        bad = {b.row for b in self.bad}
        at = 0
        whole = True
        for piece in pieces:
            if whole and piece.dtype == object:
                whole = all(isinstance(v, int) or at + i in bad for i, v in enumerate(piece.tolist()))
            at += len(piece)
        if whole:
            numbers = [np.array([v if isinstance(v, int) else 0 for v in p], np.int64) if p.dtype == object else p
                       for p in pieces]
            return Column("id", numbers[0] if len(numbers) == 1 else np.concatenate(numbers))
        data = np.empty(at, object)
        at = 0
        for piece in pieces:
            data[at : at + len(piece)] = [v if isinstance(v, str) else str(v) for v in piece.tolist()]
            at += len(piece)
        return Column("id", data)


def _whole(label: int | str) -> int | str:
    """Return text that is exactly how a whole number is written as that number."""
    if isinstance(label, str) and len(label) < 20 and label.isascii() and label.removeprefix("-").isdigit():
        number = int(label)
        if str(number) == label and -_MAX_INT <= number < _MAX_INT:
            return number
    return label


class TextBuilder(Builder):
    """Free text as Python strings; it is kept, not coded."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._parts = Parts(object)

    def _objects(self, values: list[Any]) -> None:
        piece = np.empty(len(values), object)
        piece[:] = [self._text(v) for v in values]
        self._parts.put(piece)

    def _text(self, value: Any) -> str | None:
        if isinstance(value, str):
            return self.spec.clean(value) or None
        if is_blank(value):
            return None
        return str(value.isoformat() if hasattr(value, "isoformat") else value)

    def _blanks(self, size: int) -> None:
        self._parts.put(np.full(size, None, object))

    def finish(self) -> Column:
        data, _ = self._parts.join()
        return Column("text", data)
