"""Builders of exact numbers: whole ones, and those at a scale."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from math import isfinite, lcm
from typing import Any

import numpy as np

from ..column import Array, Column, Mask
from .arrays import shortest
from .build import Block, Builder, Refused, is_blank
from .decimals import BEYOND, MAX_DECIMALS, Exact, digits_of, exact_of, exact_text, floats, half_even, nearest, written
from .pack import floats64, ints64, multiplied, zeroed
from .parts import Parts
from .spec import ColumnSpec

__all__ = ["CountBuilder", "NumberBuilder"]

_LIMIT = 2**63
_FINEST = 10**12
"""The largest scale that fractions may make."""
_PLAIN = re.compile(r"[0-9.\-]*", re.ASCII)
_STEP = 65_536
_NONE: Exact = (0, -1)
_NO = type(None)


class NumberBuilder(Builder):
    """Whole numbers at one scale, which grows with the decimals that the values need.

    Pieces keep the scale they came with; the column gets the largest.
    """

    least = 0
    """Decimals that the column has at least."""
    most = MAX_DECIMALS
    """Decimals that it can have."""
    rounds = False
    """Whether further decimals are rounded away and counted; else they reject the row."""
    beyond = BEYOND
    """The issue of a value with too many digits."""
    finer = BEYOND
    """The issue of a value with too many decimals."""
    inexact = "float number"
    """The note about values that came as floats; "" for none."""
    fractions = True
    """Whether the scale may be that of a fraction without an end in decimals, such as a third."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        if spec.decimals is not None and self.most:
            self.least = self.most = spec.decimals
            self.rounds = True
        self._parts = Parts(np.int64)
        self._fractions: list[tuple[int, Fraction]] = []

    # --- pieces

    def _put(self, data: Array, valid: Mask | None, decimals: int) -> None:
        """Keep a piece that has `decimals` decimals."""
        if valid is not None and (decimals >= self.least or not valid.all()):
            data = zeroed(data, valid)
        while decimals > self.least and not (data % 10).any():
            data, decimals = data // 10, decimals - 1
        if decimals > self.most:
            unit = 10 ** (decimals - self.most)
            whole, rest = np.divmod(data, unit)
            lossy = np.flatnonzero(rest)
            if self.rounds:
                self._note("rounded", lossy)
                whole += (2 * rest > unit) | ((2 * rest == unit) & (whole % 2 == 1))
            else:
                whole, valid = self._drop(
                    lossy, whole, valid, self.finer, [written(int(data[i]), decimals) for i in lossy]
                )
            data, decimals = whole, self.most
        if decimals < self.least:
            data, valid = self._raised(data, valid, self.least - decimals, self.length)
            decimals = self.least
        self._keep(data, valid, decimals)

    def _keep(self, data: Array, valid: Mask | None, decimals: int) -> None:
        """Keep a piece that is ready; subclasses check its range."""
        self._parts.put(data, valid, decimals)

    def _drop(
        self, rows: Array, data: Array, valid: Mask | None, kind: str, texts: list[str], start: int | None = None
    ) -> tuple[Array, Mask | None]:
        """Reject rows of a piece, by default the one at hand, and return the rest of it."""
        if not rows.size:
            return data, valid
        first = 0 if start is None else start - self.length
        for row, text in zip(rows.tolist(), texts, strict=True):
            self._refuse(first + row, kind, text)
        kept = np.ones(len(data), bool) if valid is None else valid.copy()
        kept[rows] = False
        return data * kept, kept

    def _raised(self, data: Array, valid: Mask | None, by: int, start: int) -> tuple[Array, Mask | None]:
        """Return the piece that begins at row `start` with `by` more decimals; what no longer fits is rejected."""
        bound = (_LIMIT - 1) // 10**by
        if len(data) and (int(data.max()) > bound or int(data.min()) < -bound):
            wide = np.flatnonzero((data > bound) | (data < -bound))
            data, valid = self._drop(wide, data, valid, self.beyond, [str(data[i]) for i in wide], start)
        return multiplied(data, 10**by), valid

    # --- Python values

    def _objects(self, values: Sequence[Any]) -> None:
        self._typed(values, set(map(type, values)))

    def _typed(self, values: Sequence[Any], kinds: set[type]) -> None:
        blanks = _NO in kinds
        kinds.discard(_NO)
        if len(kinds) == 1:
            valid = np.array([v is not None for v in values], bool) if blanks else None
            kind = kinds.pop()
            if kind is int:
                with suppress(OverflowError):
                    self._put(ints64([v or 0 for v in values] if blanks else values), valid, 0)
                    return
            elif kind is float:
                self._floats(floats64([0.0 if v is None else v for v in values] if blanks else values), valid)
                return
            elif kind is Decimal and self._decimal(values, valid):
                return
        self._one_by_one(values)

    def _decimal(self, values: Sequence[Decimal | None], valid: Mask | None) -> bool:
        """Take Decimals at once, if no digit would be lost."""
        for decimals in dict.fromkeys((self.least, MAX_DECIMALS)):
            digits = digits_of(values, decimals)
            if digits is not None:
                try:
                    data = ints64(digits)
                except OverflowError:
                    return False
                self._put(data, valid, decimals)
                return True
        return False

    def _texts(self, texts: list[str]) -> None:
        spec = self.spec
        if spec.value_map is None and spec.decimal_mark == "." and max(map(len, texts)) <= 15:
            blank = [t in spec.null_words for t in texts]
            some = any(blank)
            cells = ["0" if b else t for t, b in zip(texts, blank, strict=True)] if some else texts
            if _PLAIN.fullmatch("".join(cells)):
                try:
                    # up to 15 digits the nearest float determines the decimal, and is parsed faster
                    found = np.array(list(map(float, cells)), np.float64)
                except ValueError:
                    pass
                else:
                    self._floats(found, ~np.array(blank) if some else None, quiet=True)
                    return
        self._one_by_one(texts)

    def _exact(self, value: Any) -> Exact:
        """Return a value as digits and decimals, `_NONE` when it is blank."""
        if isinstance(value, str):
            text = self.spec.clean(value)
            return _NONE if text is None else self._text(text)
        return exact_of(value)

    def _text(self, text: str) -> Exact:
        return exact_text(text, self.spec)

    def _one_by_one(self, values: Sequence[Any], *, quiet: bool = False) -> None:
        found: list[Exact] = []
        floating: list[int] = []
        lossy: list[int] = []
        for offset, value in enumerate(values):
            if isinstance(value, float) and isfinite(value):
                floating.append(offset)
            try:
                if self.fractions and isinstance(value, Fraction):
                    self._fractions.append((self.length + offset, value))
                    digits, decimals = 0, 0  # its place is filled at the end
                else:
                    digits, decimals = _NONE if is_blank(value) else self._exact(value)
                if decimals > self.most:
                    if not self.rounds:
                        raise Refused(self.finer)
                    digits, lost = half_even(digits, decimals, self.most)
                    decimals = self.most
                    if lost:
                        lossy.append(offset)
                if abs(digits) * 10 ** max(self.least - decimals, 0) >= _LIMIT:
                    raise Refused(self.beyond)
            except Refused as refused:
                self._refuse(offset, self.beyond if refused.kind == BEYOND else refused.kind, value)
                digits, decimals = _NONE
            found.append((digits, decimals))
        self._note("rounded", lossy)
        if self.inexact and not quiet:
            self._note(self.inexact, floating)
        common = max(self.least, *(d for _, d in found))
        data, valid = np.zeros(len(found), np.int64), np.zeros(len(found), bool)
        for offset, (digits, decimals) in enumerate(found):
            if decimals >= 0:
                number = digits * 10 ** (common - decimals)
                if abs(number) < _LIMIT:
                    data[offset], valid[offset] = number, True
                else:
                    self._refuse(offset, self.beyond, written(digits, decimals))
        self._put(data, valid, common)

    # --- arrays

    def add_block(self, block: Block) -> None:
        """Take a typed block; floats and decimals in steps that stay in the cache."""
        if block.form == "int":
            super().add_block(block)
            return
        for start in range(0, len(block.data), _STEP):
            stop = start + _STEP
            super().add_block(
                block._replace(
                    data=block.data[start:stop], valid=None if block.valid is None else block.valid[start:stop]
                )
            )

    def _block(self, block: Block) -> None:
        if block.form == "int":
            raised = self.least > 0 or block.valid is not None  # then it is copied anyway
            self._put(block.data if raised or block.lasting else block.data.copy(), block.valid, 0)
        elif block.form == "decimal":
            self._put(block.data, block.valid, block.decimals)
        elif block.form == "float":
            self._floats(block.data, block.valid)
        else:
            super()._block(block)

    def _floats(self, values: Array, valid: Mask | None, *, quiet: bool = False) -> None:
        if values.dtype != np.float64:
            values = shortest(values)
        finite = np.isfinite(values)
        there: Mask | None = None
        if valid is not None or not finite.all():
            there = finite if valid is None else finite & valid
            endless = np.isinf(values) if valid is None else np.isinf(values) & valid
            for offset in np.flatnonzero(endless).tolist():
                self._refuse(offset, "not a number", str(values[offset]))
            values = np.where(there, values, 0.0)
        if self.inexact and not quiet:
            self._note(self.inexact, np.arange(len(values)) if there is None else np.flatnonzero(there))
        digits, decimals, unsure = floats(values, self.least)
        if unsure.any():
            if not self._rounded(values, there, digits, decimals, unsure):
                cells: list[Decimal | None] = [Decimal(repr(v)) for v in values.tolist()]
                if there is not None:
                    cells = [c if t else None for c, t in zip(cells, there.tolist(), strict=True)]
                self._one_by_one(cells, quiet=True)
            return
        self._put(digits, there, decimals)

    def _rounded(self, values: Array, there: Mask | None, digits: Array, decimals: int, unsure: Mask) -> bool:
        """Round floats with endless decimals at once, unless one is too close to a tie to tell from the float."""
        if not self.rounds:
            return False
        rows = np.flatnonzero(unsure)
        near, doubtful = nearest(values[rows], self.most)
        if doubtful.any():
            return False
        if decimals < self.most:
            digits, decimals = digits * 10 ** (self.most - decimals), self.most
        # what was rounded gets zeros behind, so that the rounding of the others leaves it alone
        digits[rows] = near * 10 ** (decimals - self.most)
        self._note("rounded", rows)
        self._put(digits, there, decimals)
        return True

    def _blanks(self, size: int) -> None:
        self._parts.put_blank(size)

    # --- the end

    def _joined(self) -> tuple[Array, Mask | None, int]:
        decimals = max((p.decimals for p in self._parts.pieces), default=0)
        decimals = max(decimals, self.least)
        at = 0
        for piece in self._parts.pieces:
            if piece.data is not None and piece.decimals < decimals:
                piece.data, piece.valid = self._raised(piece.data, piece.valid, decimals - piece.decimals, at)
            at += piece.size
        return *self._parts.join(), decimals

    def finish(self) -> Column:
        data, valid, decimals = self._joined()
        scale = 10**decimals
        if self._fractions:
            scale = lcm(scale, *(f.denominator for _, f in self._fractions))
            data, valid = self._with_fractions(data, valid, scale, 10**decimals)
        return Column(self.spec.kind, data, valid, scale=scale)

    def _with_fractions(self, data: Array, valid: Mask | None, scale: int, own: int) -> tuple[Array, Mask | None]:
        """Return the data at the scale of the fractions; a scale that is too large rejects them."""
        most = max(abs(int(data.max())), abs(int(data.min()))) * (scale // own)
        most = max(most, *(abs(f.numerator) * (scale // f.denominator) for _, f in self._fractions))
        if most >= _LIMIT or scale > _FINEST:
            rows = np.array([row for row, _ in self._fractions])
            return self._drop(rows, data, valid, self.finer, [str(f) for _, f in self._fractions], 0)
        data = multiplied(data, scale // own)
        for row, fraction in self._fractions:
            data[row] = fraction.numerator * (scale // fraction.denominator)
        return data, valid


class CountBuilder(NumberBuilder):
    """Whole numbers."""

    most = 0
    finer = "not a whole number"
    fractions = False
    inexact = ""  # a frame turns whole numbers with blanks into floats; nothing is lost by it

    def _keep(self, data: Array, valid: Mask | None, decimals: int) -> None:
        least = self.spec.least
        if least is not None and len(data):
            low = data < least if valid is None else (data < least) & valid
            rows = np.flatnonzero(low)
            data, valid = self._drop(rows, data, valid, f"below {least}", [str(data[i]) for i in rows])
        super()._keep(data, valid, decimals)
