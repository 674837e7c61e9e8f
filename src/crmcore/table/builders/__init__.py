"""Builders: columns from Python values, text cells and arrays, block by block.

One builder per column serves every source, so that records, rows, arrays, dataframes and files give equal columns:

    column = builder(ColumnSpec("amount", "money"))
    column.add([Decimal("12.50"), None])       # or a numpy array
    column.add_text(["7", "n/a"])              # text cells
    column.finish()                            # -> Column
    column.bad                                 # [Bad(row=3, kind="not a number", text="n/a")]: the row is rejected
    column.notes                               # kind -> Note(count, rows): noticed, kept
"""

from __future__ import annotations

from .auto import AutoBuilder
from .build import Bad, Block, Builder, Note
from .keys import IdBuilder, KeyBuilder, TextBuilder
from .money import MoneyBuilder
from .numbers import CountBuilder, NumberBuilder
from .plain import FlagBuilder, ScoreBuilder
from .probability import ProbabilityBuilder
from .spans import SpanBuilder
from .spec import FALSE_WORDS, TIME_UNITS, TRUE_WORDS, ColumnSpec
from .times import FIRST_DAY, LAST_DAY, MomentBuilder

__all__ = [
    "FALSE_WORDS",
    "FIRST_DAY",
    "LAST_DAY",
    "TIME_UNITS",
    "TRUE_WORDS",
    "Bad",
    "Block",
    "Builder",
    "ColumnSpec",
    "Note",
    "builder",
]

_BUILDERS: dict[str, type[Builder]] = {
    "id": IdBuilder,
    "key": KeyBuilder,
    "text": TextBuilder,
    "instant": MomentBuilder,
    "day": MomentBuilder,
    "moment": MomentBuilder,
    "money": MoneyBuilder,
    "number": NumberBuilder,
    "count": CountBuilder,
    "probability": ProbabilityBuilder,
    "duration": SpanBuilder,
    "flag": FlagBuilder,
    "score": ScoreBuilder,
}


def builder(spec: ColumnSpec) -> Builder:
    """Return a new builder of the column that `spec` describes."""
    return AutoBuilder(spec, builder) if spec.kind == "auto" else _BUILDERS[spec.kind](spec)
