"""Question: what is measured, once names are resolved and nothing is left to guess."""

from __future__ import annotations

import attrs

from ..algebra.columns import Expr
from ..algebra.formulas import Formula
from ..units import Unit

__all__ = ["Asked", "Question"]


@attrs.frozen(slots=True, eq=False)
class Asked:
    """A formula to evaluate, under a name, in a unit."""

    name: str
    formula: Formula
    unit: Unit


@attrs.frozen(slots=True, eq=False)
class Question:
    """Formulas by keys, per calendar period, for the rows that a condition keeps."""

    asked: tuple[Asked, ...]
    by: tuple[Expr, ...] = ()
    per: str | None = None
    where: Expr | None = None
