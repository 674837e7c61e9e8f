"""Builders of dates, timestamps and durations.

A date is never given a time, and a timestamp without a zone never one that was not stated (T1, T2):

| target  | dates                 | timestamps with zone                 | timestamps without zone                         |
|---------|-----------------------|--------------------------------------|-------------------------------------------------|
| day     | kept                  | their local day, if a zone is stated | their date                                      |
| instant | rejected              | kept                                 | in the stated zone, else rejected               |
| moment  | day column            | instant column                       | in the stated zone, else rejected; without a    |
|         |                       |                                      | zone, a column of midnights only is one of days |

A moment column that mixes dates and timestamps becomes one of days. Wherever a time of day is left out, a note counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ...calendars import Zone
from ..column import Array, Column, Mask
from ..dates import local_days
from .arrays import micros
from .build import Block, Builder, Refused, is_blank
from .decimals import exact_of, exact_text
from .iso import SHORTEST, timestamps
from .moments import dates_only, instants_of, parse
from .pack import ints64, zeroed
from .parts import Parts
from .spec import TIME_UNITS, ColumnSpec

__all__ = ["FIRST_DAY", "LAST_DAY", "MomentBuilder"]

_DAY = 86_400_000_000
_ORDINAL = date(1970, 1, 1).toordinal()
FIRST_DAY = date(1900, 1, 1).toordinal() - _ORDINAL
"""Dates before 1900 are placeholders such as 0001-01-01 or 1899-12-30: out of range."""
LAST_DAY = date(2199, 12, 31).toordinal() - _ORDINAL
"""Dates after 2199 are placeholders such as 9999-12-31: out of range."""

_AWARE = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - where readings are counted from
_GONE = timedelta.min  # stands for blank among timedeltas
_GONE_DAYS = _GONE.days
_BLANK_DAY, _BAD_DAY = -(2**40), -(2**41)
_MEMO = 200_000
_NO = type(None)
_UNITS = {"microseconds": "us", "milliseconds": "ms", "seconds": "s", "minutes": "m", "hours": "h", "days": "D"}


class _Piece(NamedTuple):
    """Values of one form: "day" in days, "instant" and "reading" in microseconds; `rows` where they are not all rows."""

    form: str
    data: Array
    valid: Mask | None
    start: int
    size: int
    rows: Array | None = None


class _Days(dict[str, int]):
    """Text -> day; each text is parsed once."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__()
        self.spec = spec

    def __missing__(self, text: str) -> int:
        if len(self) >= _MEMO:
            self.clear()
        cell = self.spec.clean(text)
        if cell is None:
            day = _BLANK_DAY
        else:
            try:
                found = parse(cell, self.spec)
            except Refused:
                day = _BAD_DAY
            else:
                if isinstance(found, datetime):
                    raise TypeError(text)
                day = found.toordinal() - _ORDINAL
        self[text] = day
        return day


class MomentBuilder(Builder):
    """Dates and timestamps; `spec.kind` says which of them the column is to hold."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._pieces: list[_Piece] = []
        self._days = _Days(spec)
        self._epoch = _AWARE
        self._stamped = False
        self._short = dates_only(spec.formats) and spec.unit is None

    # --- what comes in

    def _put(self, form: str, data: Array, valid: Mask | None) -> None:
        if valid is not None:
            data = zeroed(data, valid)
        unit = 1 if form == "day" else _DAY
        low, high = FIRST_DAY * unit, (LAST_DAY + 1) * unit
        if int(data.min()) < low or int(data.max()) >= high:
            out = np.flatnonzero((data < low) | (data >= high))
            for row in out.tolist():
                self._refuse(row, "date out of range", _written(form, int(data[row])))
            valid = np.ones(len(data), bool) if valid is None else valid.copy()
            valid[out] = False
            data = data * valid
        if valid is not None and not valid.any():
            self._blanks(len(data))  # nothing that says what the column is
        else:
            self._pieces.append(_Piece(form, data, valid, self.length, len(data)))

    def _objects(self, values: Sequence[Any]) -> None:
        if self._stamped:
            # most likely this chunk is like the last one
            try:
                if self._timestamps(values):
                    return
            except (TypeError, ValueError, AttributeError, OverflowError):
                pass
        kinds = set(map(type, values))
        kinds.discard(_NO)
        if kinds and all(issubclass(k, datetime) and k.__name__ != "NaTType" for k in kinds):
            if self._timestamps(values):
                return
        elif kinds == {int} and self.spec.unit is not None:
            if self._counted(values):
                return
        elif kinds == {date}:
            days = ints64([_BLANK_DAY if v is None else v.toordinal() for v in values])
            valid = days != _BLANK_DAY
            self._put("day", days - _ORDINAL, None if valid.all() else valid)
            return
        elif kinds == {str}:
            if self._iso(values):
                return
            if None not in values:
                self._texts(list(values))
                return
            for blank in self.spec.null_words:
                self._texts([blank if v is None else v for v in values])
                return
        self._mixed(values)

    def _timestamps(self, values: Sequence[Any]) -> bool:
        """Take datetimes at once, if all of them have a zone, or none has."""
        epochs = (_AWARE, _NAIVE) if self._epoch is _AWARE else (_NAIVE, _AWARE)
        for epoch in epochs:
            try:
                gone = [_GONE if v is None else v - epoch for v in values]
            except TypeError:
                continue
            except OverflowError:
                return False
            self._epoch = epoch
            if epoch is _NAIVE and self.spec.timezone not in {None, "UTC"} and _folded(values):
                return False
            days = ints64([t.days for t in gone])
            valid = days != _GONE_DAYS
            data = days * 86_400
            data += ints64([t.seconds for t in gone])
            data *= 1_000_000
            data += ints64([t.microseconds for t in gone])
            self._put("instant" if epoch is _AWARE else "reading", data, None if valid.all() else valid)
            self._stamped = True
            return True
        self._stamped = False
        return False

    def _counted(self, values: Sequence[int | None]) -> bool:
        """Take whole numbers of the declared unit since 1970."""
        try:
            data = ints64([0 if v is None else v for v in values])
        except OverflowError:
            return False
        valid = np.array([v is not None for v in values], bool) if None in values else None
        self._put("instant", micros(data, _UNITS[self.spec.unit or "days"]), valid)
        return True

    def _texts(self, texts: list[str]) -> None:
        spec = self.spec
        lengths = set(map(len, texts))
        if self._short and (spec.formats or max(lengths) <= 10):
            try:
                days = np.fromiter(map(self._days.__getitem__, texts), np.int64, len(texts))
            except TypeError:  # a mapped value is a timestamp
                self._mixed(texts)
                return
            valid = days > _BLANK_DAY
            for row in np.flatnonzero(days == _BAD_DAY).tolist():
                self._refuse(row, "not a date", texts[row])
            self._put("day", days, None if valid.all() else valid)
            return
        if not self._iso(texts):
            self._mixed(texts)

    def _iso(self, texts: Sequence[str | None]) -> bool:
        """Take timestamps in ISO 8601 at once, if all of them are of a few common shapes."""
        if self.spec.formats or self.spec.value_map is not None or self.spec.unit is not None:
            return False
        if self.spec.null_words <= {""}:
            cells: list[str] = list(filter(None, texts)) if None in texts or "" in texts else list(texts)  # type: ignore[arg-type]
        else:
            cells = [t for t in texts if t is not None and t not in self.spec.null_words]
        lengths = set(map(len, cells))
        if not lengths or len(lengths) > 3 or min(lengths) < SHORTEST:
            return False
        read = [(n, timestamps(cells if len(lengths) == 1 else [t for t in cells if len(t) == n])) for n in lengths]
        forms = {part[0] for _, part in read if part is not None}
        if len(forms) > 1 or any(part is None for _, part in read):
            return False
        pieces = {n: part[1] for n, part in read if part is not None}
        data = _interleaved(cells, pieces)
        valid = None
        if len(cells) < len(texts):
            blank = self.spec.null_words
            # the truth of a text is quicker than its hash
            there = map(bool, texts) if blank <= {""} else (t is not None and t not in blank for t in texts)
            valid = np.fromiter(there, bool, len(texts))
            data, part = np.zeros(len(texts), np.int64), data
            data[valid] = part
        self._put(forms.pop(), data, valid)
        return True

    def _mixed(self, values: Sequence[Any]) -> None:
        """Take values one by one, and keep those of each form together."""
        forms: dict[str, tuple[list[int], list[int]]] = {}
        for offset, value in enumerate(values):
            if is_blank(value):
                continue
            try:
                found = self._one(value)
            except Refused as refused:
                self._refuse(offset, refused.kind, value)
                continue
            if found is not None:
                form, number = found
                rows, numbers = forms.setdefault(form, ([], []))
                rows.append(offset)
                numbers.append(number)
        size = len(values)
        if not forms:
            self._blanks(size)
        for nth, (form, (rows, numbers)) in enumerate(forms.items()):
            self._pieces.append(
                _Piece(
                    form, np.array(numbers, np.int64), None, self.length, 0 if nth else size, np.array(rows, np.int64)
                )
            )

    def _one(self, value: Any) -> tuple[str, int] | None:
        if isinstance(value, str):
            text = self.spec.clean(value)
            if text is None:
                return None
            value = parse(text, self.spec) if self.spec.unit is None else self._number(*exact_text(text, self.spec))
        elif self.spec.unit is not None and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            value = self._number(*exact_of(value))
        if isinstance(value, np.datetime64):
            value = (
                value.astype("M8[us]").item()
                if np.datetime_data(value.dtype)[0] not in {"D", "M", "Y", "W"}
                else value.item()
            )
            if value is None:
                return None
        if isinstance(value, datetime):
            try:
                if value.tzinfo is not None and value.utcoffset() is not None:
                    form, number = "instant", _microseconds(value - _AWARE)
                elif value.fold and self.spec.timezone is not None:
                    form, number = "instant", Zone(self.spec.timezone).instant(value)
                else:
                    form, number = "reading", _microseconds(value.replace(tzinfo=None) - _NAIVE)
            except OverflowError:
                raise Refused("date out of range") from None
            day = number // _DAY
        elif isinstance(value, date):
            form, number = "day", value.toordinal() - _ORDINAL
            day = number
        else:
            raise Refused("not a date")
        if not FIRST_DAY <= day <= LAST_DAY:
            raise Refused("date out of range")
        return form, number

    def _number(self, digits: int, decimals: int) -> datetime:
        """Return the timestamp that a number of the declared unit since 1970 means, to the microsecond."""
        exact = Fraction(digits * TIME_UNITS[self.spec.unit or "days"], 10**decimals)
        try:
            return _AWARE + timedelta(microseconds=round(exact))
        except OverflowError:
            raise Refused("date out of range") from None

    def _block(self, block: Block) -> None:
        if block.form == "int" and self.spec.unit is not None:
            data = micros(block.data, _UNITS[self.spec.unit])
            block = block._replace(form="instant", data=data, lasting=block.lasting or data is not block.data)
        if block.form in {"day", "instant", "reading"}:
            copy = not block.lasting and block.valid is None  # blanks are set to 0 in a copy anyway
            self._put(block.form, block.data.astype(np.int64, copy=copy), block.valid)
        else:
            super()._block(block)

    def _blanks(self, size: int) -> None:
        self._pieces.append(_Piece("blank", np.zeros(0, np.int64), None, self.length, size))

    # --- what goes out

    def finish(self) -> Column:
        pieces, self._pieces = self._pieces, []
        self._days.clear()
        forms = {p.form for p in pieces} - {"blank"}
        target = self.spec.kind
        if target not in {"day", "instant"}:
            target = "day" if forms == {"day"} else "instant"
            if "day" in forms or self._midnights(pieces, forms):
                target = "day"
        convert = self._to_day if target == "day" else self._to_instant
        parts = Parts(np.int32 if target == "day" else np.int64)
        for piece in pieces:
            if piece.form == "blank":
                parts.put_blank(piece.size)
                continue
            data, valid = convert(piece)
            if piece.rows is None:
                parts.put(data, valid)
                continue
            if piece.size:
                parts.put(np.zeros(piece.size, parts.dtype), np.zeros(piece.size, bool))
            spread, there = parts.pieces[-1].data, parts.pieces[-1].valid
            assert spread is not None
            assert there is not None
            spread[piece.rows] = data
            there[piece.rows] = True if valid is None else valid
        return Column(target, *parts.join())

    def _midnights(self, pieces: list[_Piece], forms: set[str]) -> bool:
        """Are these the dates of a frame that has no type for them: readings without a zone, each at midnight?"""
        if forms != {"reading"} or self.spec.timezone is not None:
            return False
        return not any((p.data % _DAY).any() for p in pieces)

    def _rows(self, piece: _Piece, which: Array) -> Array:
        """Return the row positions of places in a piece."""
        if piece.valid is not None:
            which = which[piece.valid[which]]
        return (which if piece.rows is None else piece.rows[which]) + piece.start - self.length

    def _reject(self, piece: _Piece, kind: str) -> tuple[Array, Mask]:
        places = np.arange(len(piece.data))
        if piece.valid is not None:
            places = places[piece.valid]
        for place, row in zip(places.tolist(), self._rows(piece, places).tolist(), strict=True):
            self._refuse(row, kind, _written(piece.form, int(piece.data[place])))
        return np.zeros(len(piece.data), np.int64), np.zeros(len(piece.data), bool)

    def _to_instant(self, piece: _Piece) -> tuple[Array, Mask | None]:
        if piece.form == "instant":
            return piece.data, piece.valid
        if piece.form == "day":
            return self._reject(piece, "date without a time")  # T2: a date is never given a made-up time
        if self.spec.timezone is None:
            return self._reject(piece, "naive timestamp")
        data, unclear = instants_of(piece.data, Zone(self.spec.timezone))
        self._note("unclear local time", self._rows(piece, unclear))
        if data is not piece.data and piece.valid is not None:
            data = zeroed(data, piece.valid)
        return data, piece.valid

    def _to_day(self, piece: _Piece) -> tuple[Array, Mask | None]:
        if piece.form == "day":
            return piece.data.astype(np.int32), piece.valid
        zone = self.spec.timezone
        if piece.form == "instant":
            if zone is None and self.spec.kind == "day":
                return self._reject(piece, "timestamp where a date is due")
            days = local_days(piece.data, Zone(zone or "UTC"))
            self._note("time of day left out", self._rows(piece, np.arange(len(days))))
        else:
            days = np.floor_divide(piece.data, _DAY)
            late = np.flatnonzero(piece.data - days * _DAY)
            self._note("time of day left out", self._rows(piece, late))
            if self.spec.kind != "day":
                self._note("midnight read as a date", self._rows(piece, np.flatnonzero(piece.data == days * _DAY)))
        days = days.astype(np.int32)
        return (days if piece.valid is None else days * piece.valid), piece.valid


def _interleaved(cells: list[str], pieces: dict[int, Array]) -> Array:
    """Return what was read of cells of each length in the order of the cells."""
    if len(pieces) == 1:
        return next(iter(pieces.values()))
    sizes = np.fromiter(map(len, cells), np.int64, len(cells))
    data = np.empty(len(cells), np.int64)
    for length, piece in pieces.items():
        data[sizes == length] = piece
    return data


def _folded(values: Sequence[Any]) -> bool:
    """Return whether a timestamp says that it is the second occurrence of its reading."""
    return 1 in [0 if v is None else v.fold for v in values]


def _microseconds(gone: timedelta) -> int:
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


def _written(form: str, number: int) -> str:
    """Return a stored value as text."""
    try:
        if form == "day":
            return date.fromordinal(number + _ORDINAL).isoformat()
        return (_NAIVE + timedelta(microseconds=number)).isoformat() + ("+00:00" if form == "instant" else "")
    except (OverflowError, ValueError):
        return f"{number} {'days' if form == 'day' else 'microseconds'} since 1970-01-01"
