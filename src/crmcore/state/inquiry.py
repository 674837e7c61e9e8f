"""Inquiry: what a result asks back, and the answers: finished numbers, details, rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from ..metric import Metric
from ..plan.frames import Frame
from ..plan.question import Asked
from ..table.column import Array
from ..table.issue import Issue
from .finish import Label
from .groups import Spread
from .operand import Operand

__all__ = ["Answered", "Details", "Inquiry"]


@attrs.frozen(slots=True, eq=False)
class Details:
    """What a number rests on, per row; arrays are nan where a member does not apply."""

    n: Array
    numerator: Array | None = None
    denominator: Array | None = None
    low: Array | None = None
    high: Array | None = None

    def members(self) -> dict[str, Array]:
        """Return the members that apply, by name."""
        found = {a.name: getattr(self, a.name) for a in attrs.fields(Details)}
        return {name: data for name, data in found.items() if data is not None}

    def reordered(self, pick: Callable[[Array], Array]) -> Details:
        """Return the details with `pick` applied to each member."""
        return attrs.evolve(self, **{name: pick(data) for name, data in self.members().items()})


class Answered(Protocol):
    """Finished numbers by name: groups x frames, or listed cells and where they stand among those."""

    @property
    def values(self) -> Mapping[str, Operand | Label]: ...

    @property
    def spread(self) -> Spread | None: ...


class Inquiry(Protocol):
    """What a result asks back when more is wanted than its numbers; computed on demand, on the same tables."""

    def _compute(self, asked: Sequence[Asked]) -> Answered: ...

    def details(self, confidence: float | None) -> dict[str, Details]: ...

    def total(self) -> dict[str, Any]: ...

    def excluded(self) -> dict[str, int]: ...

    def used(self) -> dict[str, int]: ...

    def records(self, metric: Metric, group: tuple[Any, ...], frame: Frame) -> dict[str, Any]: ...

    def settings(self) -> dict[str, Any]: ...

    def issues(self) -> tuple[Issue, ...]: ...
