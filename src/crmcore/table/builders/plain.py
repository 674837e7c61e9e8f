"""Builders of flags and scores."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..column import Array, Column, Mask
from .build import Block, Builder, Refused
from .decimals import exact_text
from .parts import Parts
from .spec import ColumnSpec

__all__ = ["FlagBuilder", "ScoreBuilder"]


class FlagBuilder(Builder):
    """True, False, or blank; 1 and 0 stand for them."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._parts = Parts(bool)

    def _objects(self, values: Sequence[Any]) -> None:
        kinds = set(map(type, values))
        if kinds == {bool}:
            self._parts.put(np.array(values, bool))
            return
        if kinds == {bool, type(None)}:
            self._parts.put(
                np.array([v is True for v in values], bool), np.array([v is not None for v in values], bool)
            )
            return
        found = self._each(values, self._flag, None)
        valid = np.array([v is not None for v in found], bool)
        self._parts.put(np.array([v is True for v in found], bool), valid)

    def _flag(self, value: Any) -> bool | None:
        if isinstance(value, str):
            text = self.spec.clean(value)
            if text is None:
                return None
            word = text.casefold()
            if word in self.spec.true_words:
                return True
            if word in self.spec.false_words:
                return False
        elif isinstance(value, bool | np.bool_ | int | float | np.integer | Decimal) and value in {0, 1}:
            return bool(value)
        raise Refused("not a flag")

    def _block(self, block: Block) -> None:
        if block.form == "bool":
            data = block.data if block.lasting else block.data.copy()
            self._parts.put(data if block.valid is None else data & block.valid, block.valid)
        else:
            super()._block(block)

    def _blanks(self, size: int) -> None:
        self._parts.put_blank(size)

    def finish(self) -> Column:
        return Column("flag", *self._parts.join())


class ScoreBuilder(Builder):
    """Floats, the only inexact kind; NaN is blank."""

    def __init__(self, spec: ColumnSpec) -> None:
        super().__init__(spec)
        self._parts = Parts(np.float64)

    def _objects(self, values: Sequence[Any]) -> None:
        if set(map(type, values)) <= {float, int, type(None)}:
            with suppress(OverflowError):
                self._put(np.array([np.nan if v is None else v for v in values], np.float64), None)
                return
        self._put(np.array(self._each(values, self._score, np.nan), np.float64), None)

    def _score(self, value: Any) -> float:
        if isinstance(value, str):
            text = self.spec.clean(value)
            if text is None:
                return np.nan
            digits, decimals = exact_text(text, self.spec)
            return self._finite(Fraction(digits, 10**decimals))
        if isinstance(value, bool | np.bool_):
            raise Refused("not a number")
        if isinstance(value, int | float | Decimal | Fraction | np.integer | np.floating):
            return self._finite(value)
        raise Refused("not a number")

    def _finite(self, value: Any) -> float:
        try:
            found = float(value)
        except OverflowError:
            raise Refused("not a number") from None
        if found in {np.inf, -np.inf}:
            raise Refused("not a number")
        return found

    def _put(self, data: Array, valid: Mask | None) -> None:
        there = np.isfinite(data)
        if not there.all():
            endless = np.isinf(data) if valid is None else np.isinf(data) & valid
            for offset in np.flatnonzero(endless).tolist():
                self._refuse(offset, "not a number", str(data[offset]))
        if valid is not None:
            there &= valid
        self._parts.put(np.where(there, data, 0.0), there)

    def _block(self, block: Block) -> None:
        if block.form in {"float", "int"}:
            self._put(block.data.astype(np.float64), block.valid)
        else:
            super()._block(block)

    def _blanks(self, size: int) -> None:
        self._parts.put_blank(size)

    def finish(self) -> Column:
        return Column("score", *self._parts.join())
