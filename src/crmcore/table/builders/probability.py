"""Builder of probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from ..column import Array, Column, Mask
from .arrays import python_values
from .build import Block, Refused
from .decimals import Exact, exact_text, written
from .numbers import NumberBuilder
from .spec import ColumnSpec

__all__ = ["ProbabilityBuilder"]


class ProbabilityBuilder(NumberBuilder):
    """Probabilities in 1/10,000; what is outside of 0-1 rejects the row."""

    least = most = 4
    rounds = True
    beyond = finer = "not a probability"
    inexact = ""
    fractions = False

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
