"""Builders of exact numbers: money, number, count, probability."""

from __future__ import annotations

from collections.abc import Sequence
import re
from decimal import Decimal
from typing import Any

import attrs
import numpy as np

from ...domain import Money
from ..column import Array, Column, Mask
from .arrays import python_values, shortest
from .build import Block, Builder, Refused, is_blank
from .decimals import BEYOND, MAX_DECIMALS, Exact, digits_of, exact_of, exact_text, floats, half_even, nearest, written
from .keys import KeyBuilder
from .parts import Parts
from .spec import ColumnSpec

__all__ = ["CountBuilder", "MoneyBuilder", "NumberBuilder", "ProbabilityBuilder"]

_LIMIT = 2**63
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

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        if spec.decimals is not None and self.most:
            self.least = self.most = spec.decimals
            self.rounds = True
        self._parts = Parts(np.int64)
        self._decimals: list[int] = []

    # --- pieces

    def _put(self, data: Array, valid: Mask | None, decimals: int) -> None:
        """Keep a piece that has `decimals` decimals."""
        if valid is not None:
            data = data * valid
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
                whole, valid = self._drop(lossy, whole, valid, self.finer, [written(int(data[i]), decimals) for i in lossy])
            data, decimals = whole, self.most
        if decimals < self.least:
            data, valid = self._raised(data, valid, self.least - decimals, self.length)
            decimals = self.least
        self._keep(data, valid, decimals)

    def _keep(self, data: Array, valid: Mask | None, decimals: int) -> None:
        """Keep a piece that is ready; subclasses check its range."""
        self._parts.put(data, valid)
        self._decimals.append(decimals)

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
        return data * 10**by, valid

    # --- Python values

    def _objects(self, values: Sequence[Any]) -> None:
        kinds = set(map(type, values))
        blanks = _NO in kinds
        kinds.discard(_NO)
        if len(kinds) == 1:
            valid = np.array([v is not None for v in values], bool) if blanks else None
            kind = kinds.pop()
            if kind is int:
                try:
                    self._put(np.array([v or 0 for v in values] if blanks else values, np.int64), valid, 0)
                    return
                except OverflowError:
                    pass
            elif kind is float:
                self._floats(np.array([0.0 if v is None else v for v in values] if blanks else values, np.float64), valid)
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
                    data = np.array(digits, np.int64)
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
            try:
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
                if isinstance(value, float) and decimals >= 0:
                    floating.append(offset)
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
        """Take a typed block, in steps that stay in the cache."""
        for start in range(0, len(block.data), _STEP):
            stop = start + _STEP
            super().add_block(block._replace(data=block.data[start:stop], valid=None if block.valid is None else block.valid[start:stop]))

    def _block(self, block: Block) -> None:
        if block.form == "int":
            self._put(block.data if block.lasting else block.data.copy(), block.valid, 0)
        elif block.form == "decimal":
            self._put(block.data, block.valid, block.decimals)
        elif block.form == "float":
            self._floats(block.data, block.valid)
        else:
            super()._block(block)

    def _floats(self, values: Array, valid: Mask | None, *, quiet: bool = False) -> None:
        if values.dtype != np.float64:
            values = shortest(values)
        there = np.isfinite(values)
        if not there.all():
            endless = np.flatnonzero(np.isinf(values) if valid is None else np.isinf(values) & valid)
            for offset in endless.tolist():
                self._refuse(offset, "not a number", str(values[offset]))
            values = np.where(there, values, 0.0)
        elif valid is None:
            there = None
        if there is not None and valid is not None:
            there &= valid
            values = np.where(there, values, 0.0)
        if self.inexact and not quiet:
            self._note(self.inexact, np.arange(len(values)) if there is None else np.flatnonzero(there))
        digits, decimals, unsure = floats(values, self.least)
        if unsure.any():
            if not self._rounded(values, there, digits, decimals, unsure):
                cells = [Decimal(repr(v)) for v in values.tolist()]
                there_ = [True] * len(cells) if there is None else there.tolist()
                self._one_by_one([c if t else None for c, t in zip(cells, there_, strict=True)], quiet=True)
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
        self._decimals.append(self.least)

    # --- the end

    def _joined(self) -> tuple[Array, Mask | None, int]:
        decimals = max(self._decimals, default=self.least)
        at = 0
        for i, (data, valid) in enumerate(self._parts.pieces):
            if self._decimals[i] < decimals and data.any():
                self._parts.pieces[i] = self._raised(data, valid, decimals - self._decimals[i], at)
            at += len(data)
        return *self._parts.join(), decimals

    def finish(self) -> Column:
        data, valid, decimals = self._joined()
        return Column(self.spec.kind, data, valid, scale=10**decimals)


class CountBuilder(NumberBuilder):
    """Whole numbers."""

    most = 0
    finer = "not a whole number"
    inexact = ""  # a frame turns whole numbers with blanks into floats; nothing is lost by it

    def _keep(self, data: Array, valid: Mask | None, decimals: int) -> None:
        least = self.spec.least
        if least is not None and len(data):
            low = data < least if valid is None else (data < least) & valid
            rows = np.flatnonzero(low)
            data, valid = self._drop(rows, data, valid, f"below {least}", [str(data[i]) for i in rows])
        super()._keep(data, valid, decimals)


class MoneyBuilder(NumberBuilder):
    """Amounts, with the currencies that `Money` values bring along.

    Attributes:
        currencies: builder of the currency column, once a value named a currency.
    """

    least = 2
    beyond = finer = "amount beyond the scale"
    inexact = "float amount"

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self.currencies: KeyBuilder | None = None

    def _objects(self, values: Sequence[Any]) -> None:
        if Money in set(map(type, values)):
            self._currency([v.currency if isinstance(v, Money) else None for v in values])
            values = [v.amount if isinstance(v, Money) else v for v in values]
        super()._objects(values)

    def _currency(self, codes: list[str | None]) -> None:
        if self.currencies is None:
            if codes.count(None) == len(codes):
                return
            self.currencies = KeyBuilder(ColumnSpec(f"{self.spec.name} currency", "key"))
        self.currencies.add_blank(self.length - self.currencies.length)
        self.currencies.add(codes)

    def finish(self) -> Column:
        column = super().finish()
        currency: str | Column | None = self.spec.currency
        if self.currencies is not None:
            self.currencies.add_blank(self.length - self.currencies.length)
            codes = self.currencies.finish()
            there = codes.data[column.present()]
            one = len(codes.labels) == 2 and (there != 0).all()
            currency = codes.labels[1] if one else codes
        return column.replace(currency=currency)


class ProbabilityBuilder(NumberBuilder):
    """Probabilities in 1/10,000; what is outside of 0-1 rejects the row."""

    least = most = 4
    rounds = True
    beyond = finer = "not a probability"
    inexact = ""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(attrs.evolve(spec, decimals=None))
        if spec.percent != 1:
            self.least = self.most = 2  # 0-100 at two decimals is 0-1 at four

    def _text(self, text: str) -> Exact:
        sign = text.endswith("%")
        if self.spec.percent == "text":
            if not sign:
                raise Refused("not a percentage")
        elif sign and self.spec.percent == 1:
            raise Refused("not a probability")
        return exact_text(text[:-1].rstrip() if sign else text, self.spec)

    def _exact(self, value: Any) -> Exact:
        if self.spec.percent == "text" and not isinstance(value, str):
            raise Refused("not a percentage")
        return super()._exact(value)

    def _objects(self, values: Sequence[Any]) -> None:
        if self.spec.percent == "text":
            self._one_by_one(values)
        else:
            super()._objects(values)

    def _texts(self, texts: list[str]) -> None:
        if self.spec.percent == "text":
            self._one_by_one(texts)
        else:
            super()._texts(texts)

    def _block(self, block: Block) -> None:
        if self.spec.percent == "text":
            self._objects(python_values(block))
        else:
            super()._block(block)

    def _keep(self, data: Array, valid: Mask | None, decimals: int) -> None:
        outside = (data < 0) | (data > 10_000)
        if outside.any():
            rows = np.flatnonzero(outside)
            texts = [written(int(data[i]), self.least) for i in rows]
            data, valid = self._drop(rows, data, valid, "not a probability", texts)
        super()._keep(data, valid, decimals)

    def finish(self) -> Column:
        data, valid, _ = self._joined()
        return Column("probability", data.astype(np.int32), valid, scale=10_000)
