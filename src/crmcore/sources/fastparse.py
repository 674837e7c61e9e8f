"""Arrow strings to typed blocks at the speed of pyarrow, where the outcome is certain to be that of the builders.

Every way below first checks that all texts of a block have a shape it reads exactly as the reference does. A block with
anything else in it - a space, a sign, a word, a date out of range - goes to the builder as a list of texts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..table.builders import Block, Builder, ColumnSpec, builder
from ..table.builders.moments import dates_only
from ..table.column import Array, Mask

__all__ = ["add_strings"]

_FEW = 4
"""Texts are coded first where each occurs at least this often on average."""
_SAMPLE = 4096
_DAY = 86_400_000_000
_DIGITS = np.zeros(256, bool)
_DIGITS[48:58] = True
_NUMERIC = _DIGITS.copy()
_NUMERIC[[45, 46]] = True  # - and .


def add_strings(target: Builder, texts: Any) -> None:
    """Add a pyarrow array of strings to a builder; the column is the same as from the list of them.

    Args:
        target: any builder.
        texts: strings without nulls.
    """
    if len(texts) == 0:
        return
    spec = target.spec
    for way in _WAYS.get(spec.kind, (_coded,)):
        block = way(texts, spec)
        if block is not None:
            target.add_block(block)
            return
    target.add_text(texts.to_pylist())


class _Cells:
    """The bytes of the cells that are not blank, and where blank ones are."""

    def __init__(self, texts: Any, null_words: frozenset[str]) -> None:
        import pyarrow as pa
        from pyarrow import compute

        size = len(texts)
        _, offsets, data = texts.buffers()
        starts = np.frombuffer(offsets, np.int32, size + 1, texts.offset * 4)
        self.lengths = np.diff(starts)
        words = [word for word in null_words if word]
        if words:
            gone = np.asarray(compute.is_in(texts, value_set=pa.array(words, pa.string())))
            if gone.any():
                texts = compute.if_else(pa.array(gone), pa.scalar("", pa.string()), texts)
                _, offsets, data = texts.buffers()
                starts = np.frombuffer(offsets, np.int32, size + 1, texts.offset * 4)
                self.lengths = np.diff(starts)
        blank = self.lengths == 0
        self.valid: Mask | None = ~blank if blank.any() else None
        empty = data is None or starts[-1] == starts[0]
        self.data = np.frombuffer(b"" if empty else data, np.uint8)[starts[0] : starts[-1]]
        if self.valid is None:
            self.array = texts
        else:
            bits = pa.py_buffer(np.packbits(self.valid, bitorder="little"))
            placed = pa.py_buffer(starts) if texts.offset else offsets
            self.array = pa.Array.from_buffers(
                pa.string(), size, [bits, placed, data if data is not None else pa.py_buffer(b"")]
            )

    def values(self, array: Any, dtype: Any, wide: int = 1) -> Array:
        """Return the values of an arrow array of numbers, 0 where blank; of wide numbers the low word."""
        found = np.frombuffer(
            array.buffers()[1], dtype, len(array) * wide, array.offset * wide * np.dtype(dtype).itemsize
        )
        if wide > 1:
            found = np.ascontiguousarray(found[::wide])
        return found if self.valid is None else np.where(self.valid, found, 0)


def _plain(spec: ColumnSpec) -> bool:
    return spec.value_map is None and spec.decimal_mark == "." and not any(_numeric(word) for word in spec.null_words)


def _numeric(word: str) -> bool:
    return word != "" and set(word) <= set("0123456789-.")


def _cast(array: Any, kind: Any) -> Any:
    """Return the array as another type, or None where a text does not have its shape."""
    import pyarrow as pa
    from pyarrow import compute

    try:
        return compute.cast(array, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _whole(texts: Any, spec: ColumnSpec) -> Block | None:
    """Read whole numbers as they are usually written: digits, no sign, no zero before."""
    import pyarrow as pa

    if not _plain(spec):
        return None
    cells = _Cells(texts, spec.null_words if spec.kind != "id" else frozenset())
    if spec.kind == "id" and cells.valid is not None:
        return None  # a blank id rejects its row
    if not len(cells.data) or not _DIGITS[cells.data].all() or int(cells.lengths.max()) > 18:
        return None
    starts = np.cumsum(cells.lengths) - cells.lengths
    if spec.kind == "id" and bool(((cells.data[starts] == 48) & (cells.lengths > 1)).any()):
        return None  # 007 is no whole number but a text
    numbers = _cast(cells.array, pa.int64())
    return None if numbers is None else Block("int", cells.values(numbers, np.int64), cells.valid, lasting=True)


def _decimal(texts: Any, spec: ColumnSpec) -> Block | None:
    """Read numbers of digits, a point and a minus, up to 15 digits long."""
    import pyarrow as pa

    if not _plain(spec):
        return None
    cells = _Cells(texts, spec.null_words)
    if not len(cells.data) or not _NUMERIC[cells.data].all() or int(cells.lengths.max()) > 15:
        return None
    for decimals in (2, 9):
        exact = _cast(cells.array, pa.decimal128(15 + decimals, decimals))
        if exact is not None:
            break
    else:
        return None
    if 10 ** (15 + decimals) >= 2**63 and not _fits(exact, cells):
        return None
    return Block("decimal", cells.values(exact, np.int64, wide=2), cells.valid, decimals=decimals, lasting=True)


def _inexact(texts: Any, spec: ColumnSpec) -> Block | None:
    """Read scores of digits, a point and a minus: the float nearest to the decimal, as the builder takes it."""
    import pyarrow as pa

    if not _plain(spec):
        return None
    cells = _Cells(texts, spec.null_words)
    if not len(cells.data) or not _NUMERIC[cells.data].all():
        return None
    floats = _cast(cells.array, pa.float64())
    return None if floats is None else Block("float", cells.values(floats, np.float64), cells.valid, lasting=True)


def _fits(exact: Any, cells: _Cells) -> bool:
    """Return whether every 128-bit number is within 64 bits: its high word repeats its sign."""
    words = np.frombuffer(exact.buffers()[1], np.int64, len(exact) * 2, exact.offset * 16)
    low, high = words[::2], words[1::2]
    fits = high == (low >> 63)
    return bool((fits if cells.valid is None else fits | ~cells.valid).all())


def _moment(texts: Any, spec: ColumnSpec) -> Block | None:
    """Read dates and timestamps of ISO 8601, all with a zone or all without."""
    import pyarrow as pa

    if spec.formats or spec.value_map is not None:
        return None
    cells = _Cells(texts, spec.null_words)
    lengths = cells.lengths if cells.valid is None else cells.lengths[cells.valid]
    if not len(lengths):
        return None
    short, long = int(lengths.min()), int(lengths.max())
    if short == long == 10:
        days = _cast(cells.array, pa.date32()) if _dashes(cells, 10) else None
        return None if days is None else _within(Block("day", cells.values(days, np.int32), cells.valid), 1)
    if short < 19 or long > 27:
        return None
    zoned = bool(cells.data[int(lengths[0]) - 1] == 90)  # Z
    stem = lengths - zoned
    if not _stamps(cells, lengths) or bool(((stem < 19) | (stem == 20) | (stem > 26)).any()):
        return None
    if bool(((cells.data[np.cumsum(lengths) - 1] == 90) != zoned).any()):
        return None
    stamps = _cast(cells.array, pa.timestamp("us", "UTC" if zoned else None))
    if stamps is None:
        return None
    form = "instant" if zoned else "reading"
    return _within(Block(form, cells.values(stamps, np.int64), cells.valid, lasting=True), _DAY)


def _dashes(cells: _Cells, width: int) -> bool:
    rows = cells.data.reshape(-1, width)
    return bool((rows[:, 4] == 45).all() and (rows[:, 7] == 45).all())


def _stamps(cells: _Cells, lengths: Array) -> bool:
    """Return whether all texts have the dashes, the T or space and the colons of YYYY-MM-DDTHH:MM:SS."""
    if int(lengths.min()) == int(lengths.max()):
        rows = cells.data.reshape(-1, int(lengths[0]))
        column: Callable[[int], Array] = lambda i: rows[:, i]  # noqa: E731
    else:
        starts = np.cumsum(lengths) - lengths
        column = lambda i: cells.data[starts + i]  # noqa: E731
    between = column(10)
    return bool(
        (column(4) == 45).all()
        and (column(7) == 45).all()
        and ((between == 84) | (between == 32)).all()
        and (column(13) == 58).all()
        and (column(16) == 58).all()
    )


def _within(block: Block, unit: int) -> Block | None:
    """Return the block unless a date in it is out of the range that a moment may have."""
    from ..table.builders.times import FIRST_DAY, LAST_DAY

    data = block.data
    return block if FIRST_DAY * unit <= int(data.min()) and int(data.max()) < (LAST_DAY + 1) * unit else None


def _coded(texts: Any, spec: ColumnSpec) -> Block | None:
    """Read each of few texts once, by a builder of its own, and put its value in all its places."""
    if spec.percent == "text" or (spec.kind in {"moment", "instant"} and not _are_dates(spec)):
        return None
    if spec.kind != "key" and len(texts) > _SAMPLE and len(texts.slice(0, _SAMPLE).unique()) * _FEW > _SAMPLE:
        return None
    coded = texts.dictionary_encode()
    labels = coded.dictionary.to_pylist()
    codes = np.asarray(coded.indices)
    if spec.kind == "key":
        return Block("codes", codes, labels=labels)
    if len(labels) * _FEW > len(texts):
        return None
    once = builder(spec)
    once.add_text(labels)
    column = once.finish()
    if once.bad or once.notes:
        return None
    valid = None if column.valid is None else column.valid[codes]
    data = column.data[codes]
    if column.kind in {"day", "instant"}:
        return Block(column.kind, data, valid, lasting=True)
    if column.kind == "flag":
        return Block("bool", data, valid, lasting=True)
    if column.kind == "duration":
        return Block("span", data, valid, lasting=True)
    if column.kind == "score":
        return Block("float", data, valid, lasting=True)
    decimals = len(str(column.scale)) - 1
    if column.kind == "probability" and spec.percent != 1:
        decimals = 2  # as it came in: 0-100
    return Block("decimal", data.astype(np.int64, copy=False), valid, decimals=decimals, lasting=True)


def _are_dates(spec: ColumnSpec) -> bool:
    """Return whether texts of this column can only be dates, so that no time of day depends on other rows."""
    return bool(spec.formats) and dates_only(spec.formats)


_WAYS: dict[str, tuple[Callable[[Any, ColumnSpec], Block | None], ...]] = {
    "id": (_whole,),
    "text": (),
    "count": (_whole, _coded),
    "money": (_decimal, _coded),
    "number": (_decimal, _coded),
    "score": (_inexact, _coded),
    "day": (_moment, _coded),
    "instant": (_moment, _coded),
    "moment": (_moment, _coded),
}
