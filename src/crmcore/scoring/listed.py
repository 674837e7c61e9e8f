"""Listed: scores as a table, with the main reasons of each row, and how many rows there are of each grade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..state.listing import Fact, Heading, Listing, Values
from .words import amount_text

if TYPE_CHECKING:
    from .scores import Scores

__all__ = ["listed"]

_ID = Heading("id", "label", {"en": "Id", "zh": "编号"})
_GRADE = Heading("grade", "label", {"en": "Grade", "zh": "等级"})
_REASONS = Heading("reasons", "label", {"en": "Main reasons", "zh": "主要原因"})
_SCORE = {"en": "Score", "zh": "评分"}
_ROWS = {"en": "Rows", "zh": "行数"}
_UNDEFINED = {"en": "Without a score", "zh": "无评分"}
_BLOCK = 1 << 14
"""Rows whose reasons are found together."""


def listed(scores: Scores, reasons: int, top: int | None) -> Listing:
    """Return scores as a table; see `Scores.listing`."""
    told = scores if top is None else scores.at(np.arange(min(top, len(scores))))
    # points are shown as they are, whole where all are whole
    heading = Heading("score", "number" if told.unit == "points" else told.unit, {**_SCORE, **told.labels})
    columns: list[tuple[Heading, Values]] = [(_ID, told.ids.tolist()), (heading, told.values)]
    if told.grade is not None:
        columns.append((_GRADE, told.grades))
    columns += told.beside
    if reasons and told.reasons:
        columns.append((_REASONS, _main(told, reasons)))
    return Listing(columns, facts=_facts(scores), language=scores.language)


def _facts(scores: Scores) -> list[Fact]:
    """Return how many rows there are, without a score, and of each grade."""
    undefined = len(scores) - int(scores.defined.sum())
    found = [Fact("rows", len(scores), "count", _ROWS), Fact("undefined", undefined, "count", _UNDEFINED, quiet=True)]
    if scores.grade is not None:
        counts = np.bincount(scores.grade.data, minlength=len(scores.grade.labels)).tolist()
        for label, count in zip(scores.grade.labels[1:], counts[1:], strict=True):
            names = {language: f"{word} {label}" for language, word in _GRADE.labels.items()}
            found.append(Fact(f"grade_{label}", count, "count", names, quiet=True))
    return found


def _main(scores: Scores, n: int) -> list[str]:
    """Return the first reasons of each row as text, the largest first whatever its sign."""
    labels = [r.label(scores.language) for r in scores.reasons]
    told: dict[tuple[int, Any], str] = {}
    found: list[str] = []
    for start in range(0, len(scores), _BLOCK):
        parts = scores.parts_of(np.arange(start, min(start + _BLOCK, len(scores))))
        amounts = parts.amounts if parts.missing is None else np.where(parts.missing, 0, parts.amounts)
        first = np.argsort(-np.abs(amounts), axis=1, kind="stable")[:, :n]
        for row in zip(first.tolist(), np.take_along_axis(amounts, first, 1).tolist(), strict=True):
            counted = [pair for pair in zip(*row, strict=True) if pair[1]]
            for which, amount in counted:
                if (which, amount) not in told:
                    told[which, amount] = f"{labels[which]} {amount_text(scores.amount(amount), scores.link)}"
            found.append(", ".join(map(told.__getitem__, counted)))
    return found
